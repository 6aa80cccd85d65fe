"""Pressing Repeat three times: each time another draw of the same layer, side by side, not of the last result.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
image, layer = new()
names = []
for i in range(3):
    names.append(image.get_selected_drawables()[0].get_name())
    call(VARIATIONS, image, image.get_selected_drawables(), count=2, eta=.3)


def depth(items):
    return max((1 + depth(i.get_children()) if i.is_group() else 1 for i in items), default=0)


say(names == ["photo"] * 3, "Repeat works on the layer that was worked on first", names)
say(depth(image.get_layers()) <= 2, "groups are not put into groups", depth(image.get_layers()))
