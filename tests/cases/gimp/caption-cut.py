"""A caption that is longer than the model reads: how much of it is left out is told, and kept beside the picture.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json

from common import *

# Toybox reads 32 tokens, start and end included.
fits = "a blue ball" + " x" * 27
image, layer = new(64, 64)
for n, wanted in (0, None), (1, "its last word is"), (2, "its last 2 words are"), (300, "its last 300 words are"):
    found = values(TEXT_EDIT, image, [layer], to=fits + " red" * n, seed=5, steps=2, size="64")
    notes = found["notes"]
    say((wanted or "") in notes and ("left out" in notes) == bool(wanted), f"of {n} words too many", notes)
    kept = json.loads(bytes(b & 255 for b in found["layers"][0].get_parasite("unclip-edit").get_data()).rstrip(b"\0"))
    say(kept["notes"] == notes and kept["to"] == fits + " red" * n, "the record has note and whole caption", kept)
notes = values(TEXT_EDIT, image, [layer], **{"from": fits.replace("blue", "red") + " y" * 4, "to": fits + " red" * 5, "seed": 5, "steps": 2, "size": "64"})["notes"]
say([int(line.split("last ")[1].split()[0]) for line in notes.splitlines() if "left out" in line] == [4, 5], "each caption has a note of its own", notes)
