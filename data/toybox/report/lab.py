"""What every section is given, and what it gives back.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass, field
from pathlib import Path

import torch

from .engine import Engine
from .held_out import HeldOut, Reader
from .measure import share

HALF_WIDTH = 0.04   # of the 95 % intervals in the quality table
BATCH = 16


@dataclass
class Section:
    """title; rows of the quality table; text: Markdown; figures: the same for machines."""

    title: str
    text: str = ""
    rows: list = field(default_factory=list)      # (what, to reach, reached, whether), texts
    figures: dict = field(default_factory=dict)

    def row(self, what, target, reached, met, figures):
        """A row of the quality table; figures is the same for machines."""
        self.rows.append((what, target, reached, "yes" if met else "no"))
        self.figures[what] = {**figures, "to_reach": target, "met": bool(met)}
        print(f"  {what:70s} {reached:30s} to reach: {target:9s} {self.rows[-1][3]}", flush=True)

    def share_row(self, what, target, s):
        self.row(what, f"≥ {100 * target:g} %", f"{s}  (n = {s.n})", s.p >= target, s.figures())


@dataclass
class Lab:
    engine: Engine
    held_out: HeldOut
    reader: Reader
    out: Path
    scale: float   # of all sample sizes

    @property
    def world(self):
        return self.held_out.world

    def size(self, n, least=2):
        return max(least, round(n * self.scale))

    def sample(self, measure, most, watch, least=64):
        """Measures until the share that is watched is known to ± 4 points, or most is reached.

        measure: (first, last) -> name -> truth values of items first … last - 1. Returns name -> Share.
        """
        least, most, hits = self.size(least), self.size(most), {}
        n = 0
        while n < most:
            last = min(most, max(n + BATCH, least))
            for name, values in measure(n, last).items():
                hits.setdefault(name, []).append(values)
            n = last
            shares = {name: share(torch.cat(values)) for name, values in hits.items()}
            # Smaller samples, as they are taken for trying out, are not asked for more than they can give.
            if max(shares[w].half_width for w in watch) <= HALF_WIDTH / self.scale ** 0.5:
                break
        return shares
