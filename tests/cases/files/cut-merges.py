"""merges.txt cut short by an interrupted download: every caption would be cut into other tokens than the model knows.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
m = model("m")
text = (TOYBOX / "tokenizer/merges.txt").read_text()
replace(m / "tokenizer/merges.txt", text[:len(text) // 4])
refused("a quarter of it", generate("m", "o.png"), "merges.txt")
replace(m / "tokenizer/merges.txt", "")
refused("nothing of it", generate("m", "o.png"), "merges.txt")
done()
