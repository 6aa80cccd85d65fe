"""Shares, means and medians with their 95 % intervals, and how they are written.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass

import numpy as np
import torch

Z = 1.959964   # of a 95 % interval
N_RESAMPLES = 1000


@dataclass(frozen=True)
class Share:
    """hits of n, with Wilson's interval; n is a fraction where it is an effective number, see clustered()."""

    hits: float
    n: float

    @property
    def p(self):
        return self.hits / self.n

    @property
    def bounds(self):
        centre = (self.p + Z * Z / (2 * self.n)) / (1 + Z * Z / self.n)
        return centre - self.half_width, centre + self.half_width

    @property
    def half_width(self):
        return Z / (1 + Z * Z / self.n) * (self.p * (1 - self.p) / self.n + Z * Z / (4 * self.n ** 2)) ** 0.5

    def __str__(self):
        return f"{100 * self.p:.1f} % ± {100 * self.half_width:.1f}"

    def point(self):
        """For a plot, in percent."""
        return 100 * self.p, 100 * self.bounds[0], 100 * self.bounds[1]

    def figures(self):
        return {"share": round(self.p, 4), "low": round(self.bounds[0], 4), "high": round(self.bounds[1], 4), "n": round(self.n, 1)}


def share(hits):
    """Of a tensor of truth values."""
    return Share(int(hits.sum()), len(hits))


def clustered(shares, n_each):
    """The share over clusters of n_each things, which may be alike: as of fewer things, by how much more clusters differ than chance has it."""
    p, n = float(np.mean(shares)), len(shares) * n_each
    by_chance = p * (1 - p) / n_each
    alike = max(1.0, float(np.var(shares, ddof=1)) / by_chance) if by_chance > 0 and len(shares) > 1 else 1.0
    return Share(p * n / alike, n / alike)


def difference(a, b):
    """a.p - b.p of two shares with its interval (Newcombe's, from Wilson's bounds)."""
    d = a.p - b.p
    (low_a, high_a), (low_b, high_b) = a.bounds, b.bounds
    return d, d - ((a.p - low_a) ** 2 + (high_b - b.p) ** 2) ** 0.5, d + ((high_a - a.p) ** 2 + (b.p - low_b) ** 2) ** 0.5


@dataclass(frozen=True)
class Value:
    """A mean or median of n things, with the interval that resampling them gives."""

    value: float
    low: float
    high: float
    n: int

    def text(self, digits=1, unit=""):
        return f"{self.value:.{digits}f}{unit} ({self.low:.{digits}f} to {self.high:.{digits}f})"

    def point(self):
        return self.value, self.low, self.high

    def figures(self):
        return {"value": round(self.value, 5), "low": round(self.low, 5), "high": round(self.high, 5), "n": self.n}


def resampled(values, statistic):
    values = np.asarray(values, dtype=float)
    drawn = np.random.default_rng(1).integers(0, len(values), (N_RESAMPLES, len(values)))
    low, high = np.percentile(statistic(values[drawn], axis=1), [2.5, 97.5])
    return Value(float(statistic(values, axis=0)), float(low), float(high), len(values))


def mean(values):
    return resampled(values, np.mean)


def median(values):
    return resampled(values, np.median)


def psnr(a, b):
    """In dB, of two pictures in [-1, 1]; 120 for the same one."""
    return -10 * np.log10(max(float(((a - b) ** 2).mean()) / 4, 1e-12))


def sharpness(x):
    """Root mean square of the brightness's gradient of a picture [3, h, w]; its plain mean is the same for an edge however wide."""
    y = x.mean(0)
    dx, dy = y[:-1, 1:] - y[:-1, :-1], y[1:, :-1] - y[:-1, :-1]
    return float((dx ** 2 + dy ** 2).mean().sqrt())


def spread(features):
    """Mean distance 1 - cosine of all pairs of rows [n, dim]."""
    unit = torch.nn.functional.normalize(features, dim=1)
    n = len(unit)
    return float((1 - unit @ unit.T).sum() / (n * (n - 1)))


def table(head, rows):
    """Markdown."""
    line = lambda cells: "| " + " | ".join(map(str, cells)) + " |\n"
    return line(head) + line(["---"] * len(head)) + "".join(map(line, rows))


def verdict(shown, because):
    """One plain sentence: shown is True, False, or None where the error bars leave it open."""
    start = {True: "Toybox shows this", False: "Toybox does not show this", None: "Toybox leaves this open"}[shown]
    return f"**{start}:** {because}\n"
