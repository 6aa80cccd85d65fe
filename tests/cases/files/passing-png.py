"""PNG of all kinds that have broken other programs; all of these are as they should be today.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *


def seen(path):
    r = run("eval", TOYBOX, "preprocess", "--in", path, "--out", "seen.safetensors")
    if r[0] != 0:
        return r, None
    header, body = read("seen.safetensors")
    begin, end = header["rgb8"]["data_offsets"]
    return r, body[begin:end]


_, plain = seen(png("plain.png"))
palette = chunk(b"PLTE", bytes([120, 40, 200, 0, 255, 0]))
data = zlib.compress(b"".join(b"\0" + bytes([120, 40, 200]) * 40 for _ in range(30)))
same = {"16 bits": png("a.png", depth=16, pixel=lambda x, y: [120 * 257, 40 * 257, 200 * 257]), "alpha": png("b.png", kind=6),
        "palette": png("c.png", kind=3, pixel=lambda x, y: [0], before=palette), "palette, short tRNS": png("d.png", kind=3, pixel=lambda x, y: [0], before=palette + chunk(b"tRNS", b"\xff")),
        "gAMA": png("e.png", before=chunk(b"gAMA", struct.pack(">I", 100000))), "broken iCCP": png("f.png", before=chunk(b"iCCP", b"x\0\0" + zlib.compress(b"x"))),
        "APNG": png("g.png", before=chunk(b"acTL", struct.pack(">II", 1, 0))), "empty IDAT first": png("h.png", idat=chunk(b"IDAT", b"") + chunk(b"IDAT", data)),
        "IDAT by bytes": png("i.png", idat=b"".join(chunk(b"IDAT", data[k:k + 1]) for k in range(len(data)))), "eXIf cut": png("j.png", before=chunk(b"eXIf", b"MM\0*\0\0")),
        "text bomb": png("k.png", before=chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 26))))}
for name, path in same.items():
    r, got = seen(path)
    check(name, r[0] == 0 and got == plain, r[2])
whole_ = P("plain.png").read_bytes()
P("tail.png").write_bytes(whole_ + b"garbage" * 99)
check("bytes behind the end", seen("tail.png")[1] == plain)
for name, bytes_ in {"half": whole_[:len(whole_) // 2], "no end": whole_[:-12], "lost carriage returns": whole_.replace(b"\r\n", b"\n"), "no IDAT": SIGNATURE + whole_[8:33] + chunk(b"IEND", b""),
                     "2^31 square": whole_[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", 0x7fffffff, 0x7fffffff, 8, 2, 0, 0, 0)) + whole_[33:]}.items():
    P("bad.png").write_bytes(bytes_)
    refused(name, run("probe", "--image", "bad.png", "--label", "a"), "bad.png")
done()
