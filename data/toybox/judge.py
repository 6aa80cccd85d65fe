"""The attribute classifier that measures generated pictures; no part of the model.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from torch import nn


class Judge(nn.Module):
    """A plain convolutional classifier of shape, colour, background and size."""

    def __init__(self, width=24):
        super().__init__()
        layers, c = [], 3
        for i, n in enumerate((width, 2 * width, 4 * width, 6 * width)):
            layers += [nn.Conv2d(c, n, 3, padding=1), nn.GroupNorm(4, n), nn.ReLU(), nn.MaxPool2d(2)]
            c = n
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(c * 16, 128), nn.ReLU())
        self.heads = nn.Linear(128, 8 + 8 + 6 + 3)

    def forward(self, x):
        return self.heads(self.body(x)).split([8, 8, 6, 3], 1)
