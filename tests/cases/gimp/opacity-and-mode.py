"""A layer of 40 % in Multiply: the result in Normal at 100 % covers all below it.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
image, below = new()
top = Gimp.Layer.new(image, "top", 96, 80, Gimp.ImageType.RGB_IMAGE, 40, Gimp.LayerMode.MULTIPLY)
image.insert_layer(top, None, 0)
paint(top)
before = seen(image)
vary(image, top, eta=0.0, precision="f32")
say(distance(before, seen(image)) < .02, "eta 0 on a layer of 40 % in Multiply leaves the canvas as it was", distance(before, seen(image)))
