"""What says how numbers are to be seen: orientation in EXIF (PNG, JPEG, WebP, TIFF), colour profiles, TIFF's alpha, CMYK, 16 bits.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
import gi
gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, GLib

S = 64


def seen(path):
    """The colours in the middles of the four quarters, as the model sees them."""
    code, _, err = run("eval", TOYBOX, "preprocess", "--in", path, "--out", "seen.safetensors", "--quiet")
    if code != 0 or err:
        return err
    header, body = read("seen.safetensors")
    h, w = header["rgb8"]["shape"][-3:-1]
    at = header["rgb8"]["data_offsets"][0]
    return [tuple(body[at + (int(y * h) * w + int(x * w)) * 3:][:3]) for y in (0.25, 0.75) for x in (0.25, 0.75)]


def close(what, got, wanted, tolerance):
    good = isinstance(got, list) and all(abs(a - b) <= tolerance for p, q in zip(got, wanted) for a, b in zip(p, q))
    check(what, good, "" if good else "%s, not %s" % (got, wanted))


# ---- orientation
quarters = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (200, 200, 200)]
turned = {1: (0, 1, 2, 3), 2: (1, 0, 3, 2), 3: (3, 2, 1, 0), 4: (2, 3, 0, 1), 5: (0, 2, 1, 3), 6: (2, 0, 3, 1), 7: (3, 1, 2, 0), 8: (1, 3, 0, 2)}
png("quarters.png", S, S, pixel=lambda x, y: quarters[2 * (y >= S // 2) + (x >= S // 2)])
pixbuf = GdkPixbuf.Pixbuf.new_from_file("quarters.png")
readable = {kind.get_name() for kind in GdkPixbuf.Pixbuf.get_formats()}


def exif(orientation, order=">"):
    return (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def oriented(kind, n):
    if kind == "png":
        png("in", S, S, pixel=lambda x, y: quarters[2 * (y >= S // 2) + (x >= S // 2)], before=chunk(b"eXIf", exif(n)))
        return
    pixbuf.savev("in", kind, ["quality"] if kind == "jpeg" else [], ["100"] if kind == "jpeg" else [])
    data = P("in").read_bytes()
    if kind == "jpeg":
        body = b"Exif\0\0" + exif(n, "<")
        P("in").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:])
    elif kind == "webp":
        frame = data[12:] if data[12:16] != b"VP8X" else data[30:]
        body = b"WEBPVP8X" + struct.pack("<IB3x", 10, 8) + struct.pack("<I", S - 1)[:3] * 2 + frame + b"EXIF" + struct.pack("<I", len(exif(n))) + exif(n)
        P("in").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


for kind in ("png", "jpeg", "webp"):
    if kind not in readable:
        continue
    for n, order in turned.items():
        oriented(kind, n)
        close("%s, orientation %d" % (kind, n), seen("in"), [quarters[i] for i in order], 12)


def tiff(path, rows, entries):
    """One strip, without compression; entries: (tag, type, values), short ones."""
    tags = {256: (4, [S]), 257: (4, [S]), 259: (3, [1]), 262: (3, [2]), 273: (4, [0]), 278: (4, [S]), 279: (4, [len(rows)]), 284: (3, [1]), **entries}
    directory, extra, start = b"", b"", 8 + len(rows) + len(rows) % 2
    end = start + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        values = [8] if tag == 273 else values
        data = struct.pack("<%d%s" % (len(values), "HI"[kind == 4]), *values)
        if len(data) > 4:
            directory += struct.pack("<HHII", tag, kind, len(values), end + len(extra))
            extra += data
        else:
            directory += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
    P(path).write_bytes(b"II*\0" + struct.pack("<I", start) + rows + b"\0" * (len(rows) % 2) + struct.pack("<H", len(tags)) + directory + bytes(4) + extra)


plain = b"".join(bytes(quarters[2 * (y >= S // 2) + (x >= S // 2)]) for y in range(S) for x in range(S))
for n, order in turned.items():
    tiff("in", plain, {258: (3, [8, 8, 8]), 277: (3, [3]), 274: (3, [n])})
    close("tiff, orientation %d" % n, seen("in"), [quarters[i] for i in order], 2)

# ---- alpha and 16 bits in TIFF
over = lambda c, a: tuple(round(v * a / 255 + 255 - a) for v in c)
png("in", S, S, 6, pixel=lambda x, y: [200, 100, 50, 128])
wanted = seen("in")
tiff("in", bytes([200, 100, 50, 128]) * S * S, {258: (3, [8] * 4), 277: (3, [4]), 338: (3, [2])})
close("tiff with alpha", seen("in"), wanted, 2)
tiff("in", bytes([100, 50, 25, 128]) * S * S, {258: (3, [8] * 4), 277: (3, [4]), 338: (3, [1])})
close("tiff with colours times alpha", seen("in"), wanted, 2)
tiff("in", struct.pack("<3H", 200 * 257, 100 * 257, 50 * 257) * S * S, {258: (3, [16] * 3), 277: (3, [3])})
close("tiff, 16 bits", seen("in"), [(200, 100, 50)] * 4, 1)


# ---- profiles
def profile(space, tags):
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = bytearray(128)
    head[0:4] = struct.pack(">I", at + len(body))
    head[8:12], head[12:16], head[16:20], head[20:24], head[36:40] = b"\x02\x10\0\0", b"mntr", space, b"XYZ ", b"acsp"
    head[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    return bytes(head) + table + body


fixed = lambda *v: b"XYZ \0\0\0\0" + struct.pack(">3i", *[round(x * 65536) for x in v])
curve = lambda g: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(g * 256))
name = lambda n: b"desc\0\0\0\0" + struct.pack(">I", len(n) + 1) + n + b"\0" + bytes(78)
white = fixed(0.9642, 1, 0.8249)
adobe = profile(b"RGB ", {b"desc": name(b"wide"), b"cprt": b"text\0\0\0\0none\0", b"wtpt": white, b"rXYZ": fixed(0.60974, 0.31111, 0.01947), b"gXYZ": fixed(0.20528, 0.62567, 0.06087),
                          b"bXYZ": fixed(0.14919, 0.06322, 0.74457), b"rTRC": curve(2.2), b"gTRC": curve(2.2), b"bTRC": curve(2.2)})
linear = profile(b"GRAY", {b"desc": name(b"linear gray"), b"cprt": b"text\0\0\0\0none\0", b"wtpt": white, b"kTRC": curve(1)})
# (120, 150, 100) of Adobe RGB in sRGB, by the two colour spaces' definitions; and half of the light.
wide, half = [(106, 151, 97)] * 4, [(188, 188, 188)] * 4
for depth in (8, 16):
    one = 257 if depth == 16 else 1
    for kind, alpha in ((2, ""), (6, ", alpha")):
        png("in", S, S, kind, depth, pixel=lambda x, y: [120 * one, 150 * one, 100 * one, 255 * one], before=chunk(b"iCCP", b"p\0\0" + zlib.compress(adobe)))
        close("png with a wide profile, %d bits%s" % (depth, alpha), seen("in"), wide, 2)
    png("in", S, S, 0, depth, pixel=lambda x, y: [128 * one], before=chunk(b"iCCP", b"p\0\0" + zlib.compress(linear)))
    close("gray png with a gray profile, %d bits" % depth, seen("in"), half, 2)
png("flat.png", S, S, pixel=lambda x, y: [120, 150, 100])
GdkPixbuf.Pixbuf.new_from_file("flat.png").savev("in", "jpeg", ["quality"], ["100"])
data = P("in").read_bytes()
body = b"ICC_PROFILE\0\1\1" + adobe
P("in").write_bytes(data[:2] + b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body + data[2:])
close("jpeg with a wide profile", seen("in"), wide, 3)
P("in").write_bytes(data[:2] + b"\xff\xe2" + struct.pack(">H", 102) + (b"ICC_PROFILE\0\1\1" + adobe)[:100] + data[2:])
close("jpeg with a cut profile: as without", seen("in"), [(120, 150, 100)] * 4, 3)
if shutil.which("convert"):
    subprocess.run(["convert", "flat.png", "-colorspace", "CMYK", "-quality", "100", "in.jpg"], check=True)
    close("cmyk jpeg", seen("in.jpg"), [(120, 150, 100)] * 4, 6)
done()
