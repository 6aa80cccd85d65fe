"""unclip info is asked whether a download is sound: files that no job can use are not.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
m = model("pointer")
replace(m / "tokenizer/vocab.json", POINTER)
refused("vocab.json is a Git LFS pointer: generate", generate("pointer", "o.png"))
refused("the same: info", run("info", "./pointer"), "vocab.json")
m = model("empty")
(m / "tokenizer/merges.txt").unlink()
refused("merges.txt is missing: info", run("info", "./empty"), "merges.txt")
done()
