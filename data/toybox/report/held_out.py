"""Scenes that were never trained on, their captions, and what the judge reads in pictures of them.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch
import torch.nn.functional as F

import safetensors
from judge import Judge

FIRST_SEED = 1_000_000   # seeds from here on are held out
POOL, AT_ONCE = 4, 1000  # so many draws of so many scenes, whatever is taken of them, as a scene depends on how many are drawn
KIND = ("shape", "colour", "background")


def wordless(s):
    return s.word == 0


def lone(s):
    return (s.word == 0) & (s.second == 0)


class HeldOut:
    """Scenes of a world that were never trained on."""

    def __init__(self, world):
        self.world, self._pools = world, {}
        self.level = torch.tensor([name in world.level for name in world.values["shape"]])

    def _pool(self, part):
        if part not in self._pools:
            self._pools[part] = self.world.join([self.world.draw(AT_ONCE, FIRST_SEED + POOL * part + i) for i in range(POOL)])
        return self._pools[part]

    def scenes(self, part, n, keep=wordless):
        """n held-out scenes; each part of the report has its own number. keep: scenes -> which of them are fit."""
        pool = self._pool(part)
        return pool.pick(torch.nonzero(keep(pool))[:n, 0])

    def pictures(self, s, size=64):
        """True renderings [n, 3, size, size] in [-1, 1], at the 8 bits that a file has."""
        n = max(1, (512 // size) ** 2)   # what memory holds at once
        x = torch.cat([self.world.render(s.pick(slice(i, i + n)), size) for i in range(0, len(s), n)])
        return (x * 255).round().permute(0, 3, 1, 2) / 127.5 - 1

    def is_level(self, s):
        """Of which scenes the first thing does not show a tilt."""
        return self.level[s.shape]


class Reader:
    """The judge, and how well it reads true renderings, which bounds what can be said of others."""

    def __init__(self, path, held_out):
        self.held_out, self.judge = held_out, Judge(held_out.world.heads).eval()
        self.judge.load_state_dict({k: v.float() for k, v in safetensors.read(path).items()})
        self._calibration = None

    @torch.no_grad()
    def read(self, x):
        """What pictures [n, 3, h, w] show, see Judge.read(); larger ones are averaged down to 64."""
        return self.judge.read(F.adaptive_avg_pool2d(x, 64))

    @torch.no_grad()
    def nearer_to_b(self, x, name, a, b):
        """In which pictures [n, 3, h, w] it would rather see value b [n] of an attribute than value a [n]."""
        logits = dict(zip((n for n, _ in self.held_out.world.heads), self.judge(F.adaptive_avg_pool2d(x, 64))))[name]
        return (logits.gather(1, b[:, None]) > logits.gather(1, a[:, None]))[:, 0]

    @torch.no_grad()
    def features(self, x):
        """What the judge knows of pictures before it names anything: [n, dim]."""
        return self.judge.features(F.adaptive_avg_pool2d(x, 64))

    def right(self, x, s, names=KIND):
        """Which pictures show what scenes say, by attribute."""
        seen = self.read(x)
        return {k: seen[k] == getattr(s, k) for k in names}

    def all_right(self, x, s, names=KIND):
        """[n]: which pictures show all of those attributes as scenes have them."""
        return torch.stack(list(self.right(x, s, names).values())).all(0)

    def calibration(self):
        """On 1000 true renderings: (scenes, what is read in them)."""
        if self._calibration is None:
            s = self.held_out.scenes(1, 1000)
            self._calibration = s, self.read(self.held_out.pictures(s))
        return self._calibration

    def limits(self):
        """From how much on a move, a growth and a turn count as visible, and how wrong the judge is about each at the most
        in 95 % of true renderings: two sigmas, but for its few gross errors.

        Three pixels and a bit, a twelfth, ten degrees; more where the judge is not that good.
        """
        s, seen = self.calibration()
        move, growth, turn = moves(seen["pose"], pose(s))
        turn = turn[~self.held_out.is_level(s)]
        errors = [v.quantile(0.95).item() for v in (move, growth, turn)]
        return [max(usual, e) for usual, e in zip((0.1, 0.08, 0.17), errors)], errors

    def changed(self, seen, s):
        """Which of the pictures read as @seen differ visibly in place, size or tilt from scenes s."""
        (far, much, wide), _ = self.limits()
        move, growth, turn = moves(seen["pose"], pose(s))
        return (move > far) | (growth > much) | ((turn > wide) & ~self.held_out.is_level(s)) | (seen["size"] != s.size)


def pose(s):
    return torch.stack([s.x, s.y, s.radius, s.tilt], 1)


def moves(a, b):
    """Between poses [n, 4]: how far (half sides), by which share of the radius, by which angle (radians)."""
    return torch.hypot(*(a - b)[:, :2].T), ((a - b)[:, 2] / b[:, 2]).abs(), (a - b)[:, 3].abs()
