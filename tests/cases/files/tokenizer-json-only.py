"""A folder as newer tools save it: tokenizer.json, with merges as pairs, and neither vocab.json nor merges.txt. To be read, or refused
with the true reason; downloading it again brings the same files.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
m = model("m")
vocab = json.loads((TOYBOX / "tokenizer/vocab.json").read_text())
merges = [line.split(" ") for line in (TOYBOX / "tokenizer/merges.txt").read_text().split("\n")[1:] if line]
for name in ("vocab.json", "merges.txt"):
    (m / "tokenizer" / name).unlink()
(m / "tokenizer/tokenizer.json").write_text(json.dumps({"version": "1.0", "model": {"type": "BPE", "vocab": vocab, "merges": merges}}))
r = generate("m", "o.png")
check("read, or the reason", r[0] == 0 or "vocab.json" in r[2] or "tokenizer.json" in r[2], r[2])
done()
