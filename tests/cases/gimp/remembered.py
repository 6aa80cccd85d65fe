"""For these cases: what layers and images remember of edits.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
from common import Gimp, Refused, floats, values

AGAIN, GENERATE, MIX = "plug-in-unclip-edit-again", "plug-in-unclip-generate", "plug-in-unclip-mix"
QUICK = {"steps": 2, "size": "64"}
WORDS = {"_from": "a red ball", "to": "a blue ball", "seed": 5, **QUICK}


def parasite(holder, name):
    found = holder.get_parasite(name)
    return bytes(b & 255 for b in found.get_data()) if found else None


def record(layer):
    return json.loads(parasite(layer, "unclip-edit").rstrip(b"\0"))


def log(image):
    return json.loads((parasite(image, "unclip-log") or b"[]").rstrip(b"\0"))


def remembered(image):
    def of(layers):
        for layer in layers:
            yield from (name for name in layer.get_parasite_list() if name.startswith("unclip-") and name != "unclip-origin")
            if layer.is_group():
                yield from of(layer.get_children())
    return sorted(set(of(image.get_layers()))) + [name for name in image.get_parasite_list() if name.startswith("unclip-")]


def same(a, b):
    mask = [layer.get_mask() and floats(layer.get_mask(), "Y float") for layer in (a, b)]
    return floats(a) == floats(b) and mask[0] == mask[1]


def is_refused(words, image, layers, **arguments):
    try:
        values(AGAIN, image, layers, **arguments)
    except Refused as said:
        return all(word in str(said) for word in words)
    return False
