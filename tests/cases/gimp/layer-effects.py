"""A layer that shows through a non-destructive effect: the result should show the same at eta 0, by whatever way.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
image, layer = new(128, 128)
layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-linear", "inverted"))
before = seen(image)
vary(image, layer, eta=0.0, precision="f32")
say(distance(before, seen(image)) < .02, "eta 0 on a layer with an effect leaves the canvas as it was", distance(before, seen(image)))
