"""Where an edit applies: context around a selection, its edge, the seam, layers with effects, large layers.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

QUICK = {"steps": 2, "size": "64", "seed": 5}
PLAIN = {"eta": 1.0, **QUICK}


def mask_of(layer):
    return floats(layer.get_mask(), "Y float")


def selected(mask, width):
    at = [(i % width, i // width) for i, value in enumerate(mask) if value > 0.5]
    return min(x for x, y in at), min(y for x, y in at), max(x for x, y in at) + 1, max(y for x, y in at) + 1


# What the model sees: with other context there is another picture, and the same where the rectangles are the same.
image, layer = new(96, 80)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 30, 20, 24, 20)
pictures = {}
for name, arguments in {"auto": {}, "selection": {"context": "selection"}, "percent": {"context": "percent", "padding": 50.0}, "pixels": {"context": "pixels", "padding": 12.0},
                        "none": {"context": "pixels", "padding": 0.0}, "layer": {"context": "layer"}, "far": {"context": "pixels", "padding": 9999.0}}.items():
    made = values(VARIATIONS, image, [layer], count=1, **PLAIN, **arguments)
    pictures[name] = floats(made["layers"][0])
    say(made["used-context"] == arguments.get("context", "auto"), f"context {name} is returned")
    say(selected(mask_of(made["layers"][0]), 96) == (30, 20, 54, 40), f"and what is edited is what is selected, with {name}")
same = {frozenset(k for k in pictures if pictures[k] == pictures[name]) for name in pictures}
say(same == {frozenset(s) for s in (("auto",), ("selection", "none"), ("percent", "pixels"), ("layer", "far"))}, "contexts differ as their rectangles do", same)

# Grown, shrunk, soft; the image's own selection stays.
before = floats(image.get_selection(), "Y float")
for grow, wanted in ((6, (24, 14, 60, 46)), (-5, (35, 25, 49, 35))):
    say(selected(mask_of(vary(image, layer, grow=grow, **QUICK)[0]), 96) == wanted, f"grown by {grow}")
soft = mask_of(vary(image, layer, feather=14.0, **QUICK)[0])
row = soft[96 * 30:96 * 31]
say(0.4 < row[30] < 0.6 and 0 < row[27] < row[30] < row[33] < 1 and row[42] > 0.9 and row[0] == 0, "feathered", [round(v, 2) for v in row[24:40]])
say(floats(image.get_selection(), "Y float") == before, "the image's selection is as it was")
image.select_rectangle(Gimp.ChannelOps.REPLACE, 60, 20, 4, 4)
try:
    vary(image, layer, grow=-5, **QUICK)
    say(False, "a selection that shrinks to nothing is refused")
except Refused as said:
    say("selection" in str(said), "a selection that shrinks to nothing is refused", said)

# The seam: just inside of the edge the edit is nearer to what was there.
image, layer = new(128, 128)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 30, 30, 60, 60)
own = floats(layer)
apart = {}
for match in (True, False):
    got = floats(edit(image, layer, strength=1.0, guidance=6.0, match_seam=match, **QUICK)[0])
    edge = [4 * (128 * y + x) + c for i in range(30, 90) for x, y in ((i, 31), (i, 88), (31, i), (88, i)) for c in range(3)]
    apart[match] = sum(abs(got[i] - own[i]) for i in edge) / len(edge)
say(apart[True] < 0.7 * apart[False], "colours are matched at the seam", apart)
say(floats(vary(image, layer, eta=0.0, precision="f32", **QUICK)[0]) == floats(vary(image, layer, eta=0.0, precision="f32", match_seam=False, **QUICK)[0]),
    "where nothing is edited nothing is matched")

# Effects: own pixels with the effects on top, or what is seen and none.
image, layer = new(64, 64)
layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", "inverted"))
was = seen(image)
for source, n in (("own", 1), ("seen", 0)):
    made = values(VARIATIONS, image, [layer], count=1, eta=0.0, source=source, precision="f32", **QUICK)
    result = made["layers"][0]
    say(made["used-source"] == source and len(result.get_filters()) == n and distance(seen(image), was) < .02, f"effects, {source}",
        (len(result.get_filters()), distance(seen(image), was)))
    result.set_visible(False)
    layer.set_visible(True)
say(len(layer.get_filters()) == 1, "the layer's own effects stay")

# A large layer keeps its own detail where nothing changed: stripes as fine as pixels, far from what was edited.
width, height = 1600, 1200
image, layer = new(width, height)
stripes = array.array("f", (0.45 + (i // 3 % 2) * 0.1 for i in range(3 * width * 200)))
layer.get_buffer().set(rect(0, 0, width, 200), "R'G'B' float", stripes.tobytes())
layer.update(0, 0, width, height)
image.select_rectangle(Gimp.ChannelOps.REPLACE, 600, 500, 400, 300)
result = edit(image, layer, strength=1.0, context="layer", match_seam=True, **QUICK)[0]
now = floats(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
then = floats(layer)
outside_pixels = [4 * (width * y + x) + c for y in range(0, height, 7) for x in range(0, width, 3) if not (600 <= x < 1000 and 500 <= y < 800) for c in range(3)]
say(all(now[i] == then[i] for i in outside_pixels), "a large layer: outside of the selection every pixel is the same, to the last bit")
Gimp.Selection.none(image)
result = floats(vary(image, layer, eta=0.0, precision="f32", **QUICK)[0])
say(all(result[i] == then[i] for i in outside_pixels), "and where nothing was edited, too")
