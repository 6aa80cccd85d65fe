"""Half of a BMP: said to be cut short, as for PNG, JPEG, TIFF, TGA and PPM, and not black where it ends.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
w = h = 40
rows = (bytes([200, 40, 120]) * w) * h
P("in.bmp").write_bytes(b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, w, h, 1, 24, 0, len(rows), 2835, 2835, 0, 0) + rows)
accepted("whole", run("probe", "--image", "in.bmp", "--label", "a"))
P("cut.bmp").write_bytes(P("in.bmp").read_bytes()[:54 + len(rows) // 2])
refused("half", run("probe", "--image", "cut.bmp", "--label", "a"), "cut.bmp")
done()
