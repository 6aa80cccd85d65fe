"""Layers after a crop, larger than the canvas, off it; selections at their rim. All of it should hold.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
image, layer = new(200, 160)
image.crop(120, 90, 40, 30)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 100, 70, 60, 60)
mask = floats(vary(image, layer, steps=2)[0].get_mask(), "Y float")
say(sum(mask) == 400, "cropped, selection over the corner: the mask is what both share", sum(mask))
image, layer = new(80, 60, layer=(-60, -50, 220, 180))
image.select_ellipse(Gimp.ChannelOps.REPLACE, 50, 40, 30, 20)
before = seen(image)
vary(image, layer, steps=2)
after, selected = seen(image), floats(image.get_selection(), "Y float")
say(all(before[4 * i:4 * i + 4] == after[4 * i:4 * i + 4] for i in range(80 * 60) if selected[i] == 0), "layer larger than the canvas: outside nothing changes")
image, layer = new(80, 60, layer=(100, 100, 50, 50))
image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 80, 60)
try:
    vary(image, layer)
    say(False, "selection beside the layer was taken")
except Refused as refused:
    say("selection" in str(refused), "selection beside the layer is refused", refused)
