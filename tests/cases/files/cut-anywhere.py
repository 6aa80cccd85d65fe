"""Pictures of every kind that gdk-pixbuf reads, cut anywhere: an error that names the file, or the whole picture, never half of it.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from case import *
import gi
gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, GLib

W, H = 48, 40


def seen(path):
    """What the model is shown, or None and the message."""
    r = run("eval", TOYBOX, "preprocess", "--in", path, "--out", "seen.safetensors", "--quiet")
    if r[0] != 0:
        return None, r
    header, body = read("seen.safetensors")
    begin, end = header["rgb8"]["data_offsets"]
    return body[begin:end], r


rows = [bytes(v for x in range(W) for v in (x * 5 + 10, y * 6 + 10, (x * y * 7) % 200 + 50)) for y in range(H)]
files = {"pnm": b"P6 %d %d 255\n" % (W, H) + b"".join(rows),
         "ascii.ppm": b"P3 %d %d 255\n" % (W, H) + b"\n".join(b" ".join(b"%d" % v for v in row) for row in rows) + b"\n",
         "tga": struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, W, H, 24, 0x20) + b"".join(rows)}
P("whole.ppm").write_bytes(files["pnm"])
pixbuf = GdkPixbuf.Pixbuf.new_from_file("whole.ppm")
for kind in GdkPixbuf.Pixbuf.get_formats():
    name = kind.get_name()
    if kind.is_writable():
        try:
            pixbuf.savev("saved", name, ["quality"] if name == "jpeg" else [], ["90"] if name == "jpeg" else [])
            files[name] = P("saved").read_bytes()
        except GLib.Error:
            pass
for name, options in {"gif": [], "interlaced.gif": ["-interlace", "GIF"], "progressive.jpg": ["-interlace", "Plane"], "palette.bmp": ["-type", "palette"], "lzw.tif": ["-compress", "LZW"], "xpm": []}.items():
    if shutil.which("convert") and subprocess.run(["convert", "whole.ppm", *options, "made." + name], capture_output=True).returncode == 0:
        files[name] = P("made." + name).read_bytes()

for name, data in files.items():
    P("in").write_bytes(data)
    whole_, r = seen("in")
    if whole_ is None:
        check(name + " whole", False, r[2])
        continue
    wrong = []
    for size in sorted({1 + (len(data) - 2) * i // 11 for i in range(12)} | {len(data) - 2}):
        P("cut").write_bytes(data[:size])
        got, r = seen("cut")
        if got is None and (r[0] != 1 or "cut" not in r[2] or r[2].count("\n") != 1) or got not in (None, whole_):
            wrong.append((size, r[2]))
    check("%s, %d bytes" % (name, len(data)), not wrong, wrong or "")
check("kinds", {"png", "jpeg", "bmp", "tiff", "ico", "pnm", "tga"} <= set(files), sorted(files))
done()
