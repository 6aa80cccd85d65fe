"""The same edit again, to the last bit: each of several results alone, of a layer and of a selection.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
from remembered import *

# Each of several results alone, as it is, with and without a selection.
for selected in (False, True):
    image, layer = new()
    if selected:
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 20, 10, 50, 40)
        Gimp.Selection.feather(image, 5)
    stages = call(TEXT_EDIT, image, [layer], stages=2, **WORDS)
    varied = call(VARIATIONS, image, [layer], count=2, eta=0.5, seed=7, **QUICK)
    mixed = call(MIX, image, [layer], captions="a star", count=2, seed=3, **QUICK)
    if selected:
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 9, 9)
    for result in (*stages, *varied, *mixed):
        again = values(AGAIN, image, [result])
        say(len(again["layers"]) == 1 and same(again["layers"][0], result), f"{result.get_name()} again, {'of a selection' if selected else 'of a layer'}")
    if selected:
        mask = values(AGAIN, image, [stages[0]], selection="current")["layers"][0].get_mask()
        say(floats(mask, "Y float") == floats(layer.create_mask(Gimp.AddMaskType.SELECTION), "Y float"), "or of what is selected now")
