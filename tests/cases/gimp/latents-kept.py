"""Latents in the place of inversions, and layers that changed since.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import os
import pathlib
import tempfile
from common import *
from remembered import *

folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ["UNCLIP_TEST_SCRATCH"]))
# Latents.
image, layer = new()
first = values(TEXT_EDIT, image, [layer], **WORDS)
kept = parasite(first["layers"][0], "unclip-latents-1")
say(not first["reused-latents"] and kept and len(kept) < 4 << 20, "the first edit inverts, and keeps its latents", kept and len(kept))
other = {**WORDS, "to": "a green ball", "strength": 0.6}
second = values(TEXT_EDIT, image, [layer], **other)
alone, single = new()
fresh = values(TEXT_EDIT, alone, [single], **other)
say(second["reused-latents"] and not fresh["reused-latents"] and same(second["layers"][0], fresh["layers"][0]), "the next one needs no inversion, and makes the same")
say(not values(TEXT_EDIT, image, [layer], **{**WORDS, "seed": 6})["reused-latents"], "another seed of a text edit does")
values(VARIATIONS, image, [layer], count=1, seed=1, **QUICK)
say(values(VARIATIONS, image, [layer], count=1, seed=2, **QUICK)["reused-latents"], "variations of another seed do not")
say(not values(TEXT_EDIT, image, [layer], **{**WORDS, "steps": 3})["reused-latents"], "other steps do")
file = Gio.File.new_for_path(str(folder / "kept.xcf"))
Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
loaded = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
base = loaded.get_layers()[-1]
say(values(TEXT_EDIT, loaded, [base], **WORDS)["reused-latents"], "XCF keeps them")
said = values(AGAIN, loaded, [next(l for l in loaded.get_layers() if l.get_name() == first["layers"][0].get_name())])
say(same(said["layers"][0], first["layers"][0]) and said["notes"] == first["notes"], "and the edit", said["notes"])
layer.get_buffer().set(rect(0, 0, 1, 1), "R'G'B' u8", bytes([1, 2, 3]))
layer.update(0, 0, 1, 1)
say(not values(TEXT_EDIT, image, [layer], **WORDS)["reused-latents"], "a layer of which one pixel changed is inverted anew")
said = values(AGAIN, image, first["layers"])
say("photo" in said["notes"], "and Edit Again says so", said["notes"])
small = values(TEXT_EDIT, *(lambda i, l: (i, [l]))(*new()), keep_latents=False, **WORDS)["layers"][0]
say(parasite(small, "unclip-latents-1") is None and parasite(small, "unclip-edit"), "without latents if they are not to be kept")
