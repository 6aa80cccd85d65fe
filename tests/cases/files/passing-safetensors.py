"""Weights as people have reported them elsewhere; all of these are as they should be today.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
run("generate", *GENERATE, "--out", "as.png")
header, body = read(TOYBOX / DECODER)
text = json.dumps(header).encode()
first = min(k for k in header if k != "__metadata__")


def case(name, data, good, same=True):
    m = model("m-" + name.replace(" ", "-"))
    data(m / DECODER) if callable(data) else replace(m / DECODER, data)
    out = name.replace(" ", "-") + ".png"
    if good:
        accepted(name, generate(m, out), out, "as.png")
    else:
        refused(name, generate(m, out), made=[out])


def with_entry(**entry):
    return lambda path: write(path, {**header, first: {**header[first], **entry}}, body)


case("git lfs pointer", POINTER, False)
case("page instead of weights", "<!DOCTYPE html><html><body>restricted</body></html>" * 9, False)
case("nothing", b"", False)
case("cut in the middle", (TOYBOX / DECODER).read_bytes()[:4000000], False)
case("one byte less", (TOYBOX / DECODER).read_bytes()[:-1], False)
case("header of 2^63 bytes", struct.pack("<Q", 1 << 63) + bytes(100), False)
case("header padded with zeros", lambda p: write(p, None, body, text + bytes(8)), False)
case("size of the data and shape differ", with_entry(dtype="F64", shape=[4], data_offsets=[0, 16]), False)
case("used tensor of F8", with_entry(dtype="F8_E4M3"), False)
case("key twice", lambda p: write(p, None, body, text[:-1] + b"," + json.dumps(first).encode() + b":" + json.dumps({**header[first], "data_offsets": [48, 96]}).encode() + b"}"), False)
case("shape overflows", with_entry(shape=[1 << 31, 1 << 31, 4]), False)
case("unaligned", lambda p: write(p, None, body, text + b" " * ((3 - len(text)) % 8), b""), True)
case("a megabyte of blanks", lambda p: write(p, None, body, text + b" " * (1 << 20)), True)
case("bytes behind the data", lambda p: write(p, header, body + b"x" * 1000), True)
done()
