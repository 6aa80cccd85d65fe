"""Eta 0 and strength 0 are the picture itself, at every size and precision, brought back to its own size, with a guidance too.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *


def rows(path, width=150, height=90, n=3):
    """The pixels of an 8-bit picture, its predictors undone."""
    raw, before, out = pixels(path), bytearray(width * n), []
    for y in range(height):
        kind, row = raw[y * (width * n + 1)], bytearray(raw[y * (width * n + 1) + 1:(y + 1) * (width * n + 1)])
        for i in range(width * n):
            left, above, corner = row[i - n] if i >= n else 0, before[i], before[i - n] if i >= n else 0
            nearest = min((left, above, corner), key=lambda v: abs(left + above - corner - v))
            row[i] = row[i] + (0, left, above, (left + above) // 2, nearest)[kind] & 255
        out.append(bytes(row))
        before = row
    return out


png("a.png", 150, 90, pixel=lambda x, y: (x, 2 * y, (x * y) % 256, 255))
FIT = ["--fit", "--steps", "1", "--threads", "1", "--super-res-steps", "2"]
for name, args in (("eta 0", ("variations", "--eta", "0")), ("eta 0 with guidance", ("variations", "--eta", "0", "--guidance", "4")),
                   ("strength 0", ("text-edit", "--from", "a red ball", "--to", "a blue ball", "--strength", "0"))):
    for precision, size in (("bf16", "64"), ("f32", "64"), ("bf16", "256")):
        out = name.replace(" ", "-") + precision + size
        where = ["--out", out] if args[0] == "variations" else ["--out", out + ".png"]
        r = run(*args, "--image", "a.png", *FIT, "--precision", precision, "--size", size, *where)
        made = out + "/a-1.png" if args[0] == "variations" else out + ".png"
        check("%s, %s, %s" % (name, precision, size), r[0] == 0 and rows(made) == rows("a.png"), "exit %s %s" % (r[0], r[2]))
done()
