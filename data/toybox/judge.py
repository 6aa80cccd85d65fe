"""The attribute classifier that measures generated pictures; no part of the model.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch
import torch.nn.functional as F
from torch import nn

# The attributes it reads and the numbers for each. shape2, colour2 and word have one value for "none"; the
# pose is x, y, radius and tilt, scaled to about -1 to 1.
HEADS = [("shape", 8), ("colour", 8), ("background", 9), ("size", 3), ("pattern", 3), ("shape2", 9), ("colour2", 9), ("word", 9),
         ("pose", 4)]
POSE_SCALE = torch.tensor([2.0, 2.0, 6.0, 2.0])
POSE_SHIFT = torch.tensor([0.0, 0.0, 3.0, 0.0])


class Judge(nn.Module):
    """A plain convolutional classifier of pictures [n, 3, 64, 64] in [-1, 1]."""

    def __init__(self, values=HEADS):
        super().__init__()
        self.values = values

        def conv(n_in, n_out, side=3, stride=1):
            return nn.Sequential(nn.Conv2d(n_in, n_out, side, stride, side // 2, bias=False), nn.BatchNorm2d(n_out), nn.ReLU())

        # What is seen is seen anywhere (the maxima), and where it is seen counts as well (the last map, flattened).
        self.body = nn.Sequential(conv(3, 48, 5, 2), conv(48, 64), nn.MaxPool2d(2), conv(64, 96), conv(96, 128), nn.MaxPool2d(2),
                                  conv(128, 192), conv(192, 192))
        self.place = nn.Sequential(conv(192, 48, 1), nn.Flatten(), nn.Linear(48 * 64, 128), nn.ReLU())
        self.heads = nn.Linear(192 + 128, sum(n for _, n in values))

    def features(self, x):
        """[n, 320]: also what the distance of two pictures is measured in."""
        maps = self.body(x)
        return torch.cat([maps.amax((2, 3)), self.place(maps)], 1)

    def forward(self, x):
        """One tensor for each of its values."""
        return self.heads(self.features(x)).split([n for _, n in self.values], 1)

    def read(self, x):
        """What pictures show: a dictionary of [n] indices, and "pose" [n, 4]: x, y, radius (half sides), tilt (radians)."""
        out = {name: a for (name, _), a in zip(self.values, self(x))}
        return {k: (a + POSE_SHIFT) / POSE_SCALE if k == "pose" else a.argmax(1) for k, a in out.items()}


def truth(scenes, name):
    """The value that a head of that name should give for scenes."""
    if name == "pose":
        return torch.stack([scenes.x, scenes.y, scenes.radius, scenes.tilt], 1) * POSE_SCALE - POSE_SHIFT
    if name in ("shape2", "colour2"):
        return torch.where(scenes.second == 1, getattr(scenes, name) + 1, 0)
    return getattr(scenes, name)


def judged(answers, heads, scenes):
    """Losses and shares of right answers, by attribute; the pose's share is its mean square error."""
    losses, right = {}, {}
    for (name, _), a in zip(heads, answers):
        t = truth(scenes, name).to(a.device)
        if name == "pose":
            losses[name] = right[name] = F.mse_loss(a, t)
        else:
            losses[name] = F.cross_entropy(a, t)
            right[name] = (a.argmax(1) == t).float().mean()
    return losses, right
