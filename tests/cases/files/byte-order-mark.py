"""config.json after an editor that puts a byte order mark before it: read, or refused with the true reason.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
m = model("m")
replace(m / "decoder/config.json", b"\xef\xbb\xbf" + (TOYBOX / "decoder/config.json").read_bytes())
r = generate("m", "o.png")
check("config.json", r[0] == 0 or "byte order mark" in r[2], r[2])
m = model("m2")
replace(m / "tokenizer/merges.txt", b"\xef\xbb\xbf" + (TOYBOX / "tokenizer/merges.txt").read_bytes())
r = generate("m2", "o2.png")
check("merges.txt", r[0] == 0 or "byte order mark" in r[2], r[2])
done()
