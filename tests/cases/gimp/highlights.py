"""32 bit float, values above 1: where the edit makes no difference to speak of, highlights should stay highlights.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *
image, layer = new(64, 64, precision=Gimp.Precision.FLOAT_LINEAR)
values = floats(layer, "RGBA float")
for i in range(64 * 64):
    for c in range(3):
        values[4 * i + c] *= 4
layer.get_buffer().set(rect(0, 0, 64, 64), "RGBA float", values.tobytes())
share = lambda v: sum(x > 1.001 for x in v) / len(v)
out = floats(vary(image, layer)[0], "RGBA float")
say(share(out) > .25 * share(values), "not every highlight is cut to 1", f"{share(values):.2f} before, {share(out):.2f} after")
