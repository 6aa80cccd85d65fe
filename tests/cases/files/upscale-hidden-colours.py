"""What transparent pixels hide does not come out of an upscaling: as a dark or coloured fringe round what is seen.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *


def disc(hidden):
    return lambda x, y: [220, 60, 40, 255] if (x - 16) ** 2 + (y - 16) ** 2 < 100 else [*hidden, 0]


png("black.png", 32, 32, 6, pixel=disc([0, 0, 0]))
png("green.png", 32, 32, 6, pixel=disc([0, 255, 0]))
for name in ("black", "green"):
    accepted(name, run("upscale", "--image", name + ".png", "--super-res-steps", "2", "--threads", "1", "--out", name + "-large.png"))
check("the same picture, whatever is hidden", pixels("black-large.png") == pixels("green-large.png"))
done()
