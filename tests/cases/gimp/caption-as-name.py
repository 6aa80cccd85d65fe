"""A caption as a group's name: one short line, whatever is written.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import unicodedata

from common import *

quick = {"stages": 2, "steps": 2, "size": "64"}
for what, caption in {
        "long and of several lines": "a blue ball\nand then " * 300, "of one long word": "ball" * 500, "with tabs": "a\tblue\r\n\vball",
        "with control characters": "a \x01blue\x1b[31m\x7f ball\x85", "with marks of direction": "a \u202eblue\u2066 \u200fball\u2029",
        "with a mark of byte order": "\ufeffa blue ball", "with markup": "<b>a & blue</b> ball", "with accents": "u\u0308" * 200,
        "of figures": "\U0001f534" * 300, "of spaces within": "a    blue \u3000 ball"}.items():
    image, layer = new(64, 64)
    name = edit(image, layer, to=caption, **quick)[0].get_parent().get_name()
    hidden = [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")]
    say(len(name) <= 120 and not hidden and "  " not in name, f"the name of a caption {what}", (len(name), ascii(name[:60])))
    say(len(caption) < 100 or name.endswith("…"), "what is cut says so", ascii(name[-10:]))
    if what == "with markup":
        say(name.endswith(caption), "markup is text like any other", name)
    if what == "with accents":
        say(name.replace("…", "").endswith("u\u0308"), "an accent is not cut from its letter", ascii(name[-6:]))
    image.delete()
