"""A result that is selected: Repeat draws once more from the layer that it was made of, a run of its own edits it further.

SPDX-License-Identifier: GPL-3.0-or-later
"""
import json
from common import *


def origin(layer):
    return json.loads(bytes(layer.get_parasite("unclip-origin").get_data()).rstrip(b"\0"))["tattoo"]


def names(items):
    return [(l.get_name(), names(l.get_children())) if l.is_group() else l.get_name() for l in items]


image, layer = new(64, 64)
first = vary(image, layer, seed=1, steps=1, size="64")[0]
last = {"run_mode": Gimp.RunMode.WITH_LAST_VALS}
again = call(VARIATIONS, image, [first], **last)
say({origin(l) for l in again} == {layer.get_tattoo()}, "Repeat on a result starts from its origin", [origin(l) for l in again])
group = again[0].get_parent()
say(image.get_layers() == [group, first, layer], "its results come above the earlier one", names(image.get_layers()))
more = call(VARIATIONS, image, [again[0]], **last)
say(more[0].get_parent() == group and image.get_item_position(more[0]) == 0, "and then into the same group, above", names(image.get_layers()))
say([l.get_visible() for l in group.get_children()].count(True) == 1, "of which one is visible")
further = vary(image, again[1], seed=2, steps=1, size="64")[0]
say(origin(further) == again[1].get_tattoo() and further.get_parent() == group and image.get_item_position(further) == 0,
    "a run of its own works on the result itself, in the same group", names(image.get_layers()))
say({l for l in group.get_children() if l.get_visible()} == {further, again[1]}, "which then shows that one and what was made of it")
edited = edit(image, first, steps=1, size="64")[0]
other = call(VARIATIONS, image, [edited], **last)
say({origin(l) for l in other} == {edited.get_tattoo()}, "Repeat of another procedure works on the result itself")
image.remove_layer(layer)
lone = call(VARIATIONS, image, [first], **last)
say({origin(l) for l in lone} == {first.get_tattoo()}, "where the origin is gone, so does Repeat")
