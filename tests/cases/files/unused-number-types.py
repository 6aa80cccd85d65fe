"""A tensor that nothing asks for, of a type that the format has and the engine does not compute with: no reason to refuse the file.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
run("generate", *GENERATE, "--out", "as.png")
header, body = read(TOYBOX / DECODER)
for dtype, size in (("I64", 8), ("I16", 2), ("U32", 4), ("I8", 1)):
    m = model("m-" + dtype)
    write(m / DECODER, {**header, "extra": {"dtype": dtype, "shape": [4], "data_offsets": [len(body), len(body) + 4 * size]}}, body + bytes(4 * size))
    accepted(dtype, generate("m-" + dtype, dtype + ".png"), dtype + ".png", "as.png")
done()
