"""eta 0 is the same picture, at whatever precision the CPU takes for the fastest.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
for name, keys in (("gray", {"gray": True}), ("gray with a profile", {"gray": True, "profile": Gimp.ColorProfile.new_d65_gray_srgb_trc()}),
                   ("half float", {"width": 150, "height": 90, "precision": Gimp.Precision.HALF_LINEAR}),
                   ("8 bit", {"width": 150, "height": 90})):
    image, layer = new(**keys)
    for precision in ("auto", "bf16", "f32"):
        far = distance(floats(layer), floats(vary(image, layer, eta=0.0, precision=precision)[0]))
        say(far < 1e-3, f"{name}, {precision}: eta 0 returns the layer", f"{far * 255:.1f}/255")
