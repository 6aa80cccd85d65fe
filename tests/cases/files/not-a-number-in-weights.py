"""A checkpoint with one NaN (a bad conversion, a flipped bit): not a black picture that counts as success.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
m = model("m")
header, body = read(TOYBOX / DECODER)
name = min(k for k in header if k != "__metadata__")
begin, end = header[name]["data_offsets"]
body = bytearray(body)
body[begin:begin + 4] = {"F32": b"\0\0\xc0\x7f", "BF16": b"\xc0\x7f\xc0\x7f", "F16": b"\0\x7e\0\x7e"}[header[name]["dtype"]]
write(m / DECODER, header, bytes(body))
png("in.png")
refused("generate", generate("m", "o.png"), made=["o.png"])
refused("variations", run("variations", "--model", "./m", *SMALL, "--image", "in.png", "--out", "d"), made=["d"])
done()
