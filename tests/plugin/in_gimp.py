"""The procedures from GIMP's Python: every argument, wrong ones, every kind of layer. TAP on stdout,
marked, because GIMP prints there too.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.environ["UNCLIP_TEST_TOOLS"]))
from gi.repository import Gimp, Gio
from gimp_tools import *

MODEL = os.environ["UNCLIP_TEST_MODEL"]
SCRATCH = os.environ["UNCLIP_TEST_SCRATCH"]
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# One small model at two steps: what is tested is the plug-in, not the picture.
QUICK = {"model": MODEL, "steps": 2, "size": os.environ["UNCLIP_TEST_SIZE"]}
EDIT = {"from": "a red ball", "to": "a blue ball", **QUICK}


def say(ok, what, detail=""):
    print(f"@TAP@{'ok' if ok else 'not ok'} - {what}", flush=True)
    if not ok and detail:
        for line in str(detail).splitlines():
            print(f"@TAP@# {line}", flush=True)


def case(function):
    """Every check of a case is a point; a case that breaks off is one that failed."""
    try:
        function()
    except Exception:
        say(False, f"{function.__name__} breaks off", traceback.format_exc())
    for image in Gimp.get_images():
        image.delete()


def equal(is_, should, what):
    say(is_ == should, what, f"is {is_!r}, should be {should!r}")


def images_and_layers():
    return [(image.get_id(), len(image.get_layers())) for image in Gimp.get_images()]


def refused(what, words, procedure, image, drawables, **arguments):
    before = images_and_layers()
    try:
        call(procedure, image, drawables, **arguments)
        say(False, what, "was done all the same")
    except Failed as failed:
        status, message = failed.args
        say(status in (Gimp.PDBStatusType.CALLING_ERROR, Gimp.PDBStatusType.EXECUTION_ERROR)
            and all(word in message for word in words) and images_and_layers() == before, what, message)


def distance(a, b):
    return max((abs(x - y) for x, y in zip(a, b)), default=0)


def registered():
    shared = {"seed": -1, "model": "", "precision": "auto", "metadata": "full"}
    steps = {**shared, "steps": 0}
    drawing = {**steps, "guidance": 0.0, "size": "auto"}
    editing = {**drawing, "framing": "pad", "image-encoder": None}
    placed = {**editing, "context": "auto", "padding": 25.0, "grow": 0, "feather": 0.0, "match-seam": True, "source": "own"}
    inverting = {**placed, "keep-latents": True}
    own = {VARIATIONS: {"count": 4, "eta": 0.95, **inverting},
           TEXT_EDIT: {"from": "", "to": "", "strength": 0.4, "stages": 1, **inverting},
           INTERPOLATE: {"frames": 9, "delay": 100, "into": "group", "hold": "nothing", **inverting},
           MIX: {"weights": "", "captions": "", "structure": False, "count": 1, **placed},
           GENERATE: {"prompt": "", "count": 1, "prior": "diffusion", **drawing},
           ENLARGE: {"into": "image", **steps},
           PROBE: {"labels": "", "pca": "", **editing},
           EDIT_AGAIN: {"action": "run", "changes": "", "entry": 0, "selection": "recorded"}}
    found = sorted(Gimp.get_pdb().query_procedures("plug-in-unclip-.*", *7 * [".*"]))
    equal([name for name in found if name != "plug-in-unclip-models"], sorted(own), "the procedures are those that are tested here")
    for name, arguments in own.items():
        procedure = Gimp.get_pdb().lookup_procedure(name)
        config = procedure.create_config()
        for argument, default in arguments.items():
            equal(config.get_property(argument), default, f"{name}: default of {argument}")
        equal({spec.get_name() for spec in procedure.get_arguments()}, {*arguments, "run-mode", "image", "drawables"}, f"{name}: arguments")
        values = [spec.get_name() for spec in procedure.get_return_values()]
        used = {"used-procedure", "used-arguments"} if name == EDIT_AGAIN else {"used-seed", "used-model", "used-precision", "used-fingerprint", "used-engine", "used-metadata"}
        say(values[0] == "layers" and values[-1] == "notes" and used < set(values),
            f"{name}: return values", values)
        equal(procedure.get_menu_paths(), ["<Image>/Filters/unCLIP"], f"{name}: menu")
        equal(procedure.get_image_types(), "*", f"{name}: image types")
        say(bool(procedure.get_help_id() and procedure.get_blurb() and procedure.get_help()), f"{name}: documented")


def variations():
    image, layer = new_image(100, 80, alpha=0.5, layer=(5, 10, 70, 60))
    Gimp.Image.insert_layer(image, Gimp.Layer.new(image, "above", 10, 10, 0, 100, 0), None, 0)
    before = state(image)
    layers, *used = call(VARIATIONS, image, [layer], count=2, eta=0.5, seed=7, guidance=2.0, framing="crop", precision="f32", **QUICK)
    fingerprint = record(layers[0])["fingerprint"]
    engine, notes = record(layers[0])["engine"], record(layers[0])["notes"]
    equal(used, [7, 2, 2.0, MODEL, 0.5, 64, "crop", "f32", fingerprint, engine, "auto", "own", "full", False, notes], "variations: used settings")
    equal([l.get_name() for l in image.get_layers()], ["above", "Variations", "photo"], "variations: group above the layer")
    equal([l.get_name() for l in layers], ["Variation #7", "Variation #8"], "variations: names with seeds")
    equal([l.get_visible() for l in layers], [True, False], "variations: the first is visible")
    equal([l.get_id() for l in image.get_layers()[1].get_children()], [l.get_id() for l in layers], "variations: order in the group")
    equal({(size_of(l), tuple(l.get_offsets())[1:], l.type()) for l in layers},
          {((70, 60), (5, 10), Gimp.ImageType.RGBA_IMAGE)}, "variations: size, place and type of the layer")
    equal(state(image)["layers"][2], hidden(before["layers"][1]), "variations: the layer itself is untouched, but hidden as it would shine through")
    equal(floats(layers[0])[3::4], floats(layer)[3::4], "variations: alpha kept")
    say(layers[0].get_mask() is None, "variations: no mask without a selection")
    equal([l.get_name() for l in image.get_selected_layers()], ["above"], "variations: what was selected stays selected")
    kept = record(layers[1])
    for member in ("arguments", "alone", "layers", "selection"):  # ../cases/gimp/history.py
        say(member in kept, f"variations: {member} in the parasite")
        kept.pop(member, None)
    equal(kept, {"procedure": VARIATIONS, "engine": engine, "model": os.path.basename(MODEL), "folder": MODEL, "fingerprint": fingerprint,
                 "rng": "philox", "seed": 8, "eta": 0.5, "steps": 2, "guidance": 2.0, "size": 64, "framing": "crop",
                 "precision": "f32", "notes": notes}, "variations: settings in the parasite")
    say(len(fingerprint) == 16 and engine, "variations: model and engine in the parasite")
    again = call(VARIATIONS, image, [layer], count=1, eta=0.5, seed=8, guidance=2.0, framing="crop", precision="f32", **QUICK)[0]
    equal(hash(pixels(again[0])), hash(pixels(layers[1])), "variations: a seed gives its picture again")
    equal([l.get_name() for l in image.get_layers()[1].get_children()], ["Variation #8 (2)", "Variation #7", "Variation #8"],
          "variations: another one joins the earlier ones, and a name that is taken keeps its seed")
    seeds = {call(VARIATIONS, image, [layer], count=1, **QUICK)[1] for _ in range(2)}
    say(len(seeds) == 2 and all(0 <= s < 1000000 for s in seeds), "variations: -1 draws another seed each time", seeds)


def text_edit():
    image, layer = new_image(64, 64)
    before = state(image)
    layers, *used = call(TEXT_EDIT, image, [layer], strength=0.5, stages=2, seed=3, framing="stretch", guidance=3.0, **EDIT)
    equal(used[:5] + used[5:7], [3, 2, 3.0, MODEL, 0.5, 64, "stretch"], "text edit: used settings")
    equal([l.get_name() for l in image.get_layers()], ["Text Edit: a blue ball", "photo"], "text edit: group")
    equal([l.get_name() for l in layers], ["Text Edit θ 0.50", "Text Edit θ 0.25"], "text edit: strongest first")
    equal([l.get_visible() for l in layers], [True, False], "text edit: the strongest is visible")
    kept = record(layers[0])
    equal({k: kept[k] for k in ("procedure", "from", "to", "theta", "seed", "steps")},
          {"procedure": TEXT_EDIT, "from": "a red ball", "to": "a blue ball", "theta": 0.5, "seed": 3, "steps": 2},
          "text edit: settings in the parasite")
    equal(state(image)["layers"][1], before["layers"][0], "text edit: the layer itself is untouched")
    layers = call(TEXT_EDIT, image, [layer], to=" a blue ball ", **QUICK)[0]
    equal(record(layers[0])["from"] + "|" + record(layers[0])["to"], "|a blue ball", "text edit: captions are trimmed, from may be empty")
    exact, short = (call(TEXT_EDIT, image, [layer], precision=p, seed=3, **EDIT)[0][0] for p in ("f32", "bf16"))
    apart = [abs(a - b) for a, b in zip(floats(exact), floats(short))]
    say(0 < sum(apart) / len(apart) < 0.05, "text edit: bfloat16 changes the picture, and slightly", sum(apart) / len(apart))
    encoder = Gio.File.new_for_path(os.path.join(MODEL, "image_encoder"))
    layers = call(TEXT_EDIT, image, [layer], image_encoder=encoder, **EDIT)[0]
    equal(record(layers[0])["image-encoder"], encoder.get_path(), "text edit: image encoder of another folder")


def refusals():
    image, layer = new_image(32, 32)
    other = Gimp.Layer.new(image, "other", 32, 32, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(other, None, 0)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    channel = Gimp.Channel.new(image, "channel", 32, 32, 50, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    for name, arguments in ((VARIATIONS, QUICK), (TEXT_EDIT, EDIT)):
        refused(f"{name}: two layers", ["one layer"], name, image, [layer, other], **arguments)
        refused(f"{name}: no layer", ["one layer"], name, image, [], **arguments)
        refused(f"{name}: group", ["group"], name, image, [group], **arguments)
        refused(f"{name}: channel", ["channel"], name, image, [channel], **arguments)
        refused(f"{name}: layer mask", ["mask"], name, image, [mask], **arguments)
        refused(f"{name}: transparent layer", ["transparent"], name, image, [other], **arguments)
        refused(f"{name}: unknown model", ["nowhere", "UNCLIP_MODEL_PATH"], name, image, [layer], **{**arguments, "model": "nowhere"})
        refused(f"{name}: folder without a model", [SCRATCH, "model_index.json"], name, image, [layer], **{**arguments, "model": SCRATCH})
        refused(f"{name}: no model at all", ["toybox"], name, image, [layer], **{**arguments, "model": ""})
        refused(f"{name}: image encoder not there", ["image_encoder"], name, image, [layer],
                image_encoder=Gio.File.new_for_path(SCRATCH), **arguments)
    refused("text edit: empty caption", ["to", "blue ball"], TEXT_EDIT, image, [layer], **{**EDIT, "to": ""})
    refused("text edit: caption of spaces", ["to", "blue ball"], TEXT_EDIT, image, [layer], **{**EDIT, "to": "  "})
    refused("text edit: caption left out", ["to", "blue ball"], TEXT_EDIT, image, [layer], **QUICK)
    refused("text edit: captions that are the same", [], TEXT_EDIT, image, [layer], **{**EDIT, "to": "a red ball"})
    layer.set_offsets(0, 16)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 32, 8)
    refused("selection beside the layer", ["selection", "None"], VARIATIONS, image, [layer], **QUICK)
    Gimp.edit_copy([other])
    floating = Gimp.edit_paste(other, False)
    if image.get_floating_sel() is not None:
        refused("floating selection", ["anchor"], VARIATIONS, image, [layer], **QUICK)
    image, layer = new_image(32, 32)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    refused("indexed image", ["Mode", "RGB"], VARIATIONS, image, [layer], **QUICK)


def selection():
    image, layer = new_image(200, 120, layer=(-10, 20, 150, 130))
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 30, 40, 50, 30)
    Gimp.Selection.feather(image, 6)
    before = state(image)
    seen = pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    layers = call(TEXT_EDIT, image, [layer], strength=1.0, **EDIT)[0]
    after = pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    selected = array.array("f", pixels(image.get_selection(), "Y float"))
    equal(state(image)["selection"], before["selection"], "selection: stays")
    mask = layers[0].get_mask()
    say(mask is not None, "selection: the result has a mask")
    masked = array.array("f", pixels(mask, "Y float"))
    wanted = array.array("f", bytes(4 * 150 * 130))
    for y in range(130):
        for x in range(150):
            X, Y = x - 10, y + 20
            if 0 <= X < 200 and 0 <= Y < 120:
                wanted[y * 150 + x] = selected[Y * 200 + X]
    say(any(0 < v < 1 for v in masked) and distance(masked, wanted) < 1e-6, "selection: the mask is the selection, feathered")
    outside = [i for i in range(200 * 120) if selected[i] == 0]
    say(all(seen[16 * i:16 * i + 16] == after[16 * i:16 * i + 16] for i in outside), "selection: outside nothing changes")
    say(layers[0].get_edit_mask() is False, "selection: the layer and not its mask is edited next")
    equal(state(image)["layers"][1], before["layers"][0], "selection: the layer itself is untouched")
    own, result = pixels(layer), pixels(layers[0])
    far = [y * 150 + x for y in range(110, 130) for x in range(120, 150)]
    say(all(own[16 * i:16 * i + 16] == result[16 * i:16 * i + 16] for i in far), "selection: far from it the layer is copied")
    equal(size_of(layers[0]), (150, 130), "selection: the result has the layer's size")


def outside_is_same(image, before, selected, what):
    after = pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    outside = [i for i in range(len(selected)) if selected[i] == 0]
    say(outside and all(before[16 * i:16 * i + 16] == after[16 * i:16 * i + 16] for i in outside), f"{what}: outside of the selection nothing changes")
    say(before != after, f"{what}: inside something does")


def generate():
    (new,), *used = call(GENERATE, None, [], prompt="a red ball", seed=7, **QUICK)
    equal(used[:2] + used[3:6], [7, 2, MODEL, "diffusion", 64], "generate: used settings")
    image = new.get_image()
    equal(((image.get_width(), image.get_height()), image.get_layers(), new.has_alpha(), tags(image).get(SOURCE_TYPE)), ((64, 64), [new], False, GENERATED),
          "generate: without an image there is a new one")
    alone = pixels(new, "R'G'B' u8")
    kept = record(new)
    equal((kept["prompt"], kept["prior"], kept["seed"], kept["procedure"]), ("a red ball", "diffusion", 7, GENERATE), "generate: settings in the parasite")

    image, layer = new_image(100, 80)
    before = state(image)
    layers, *used = call(GENERATE, image, [layer], prompt=" a red ball ", count=2, seed=7, prior="text", **QUICK)
    equal([l.get_name() for l in image.get_layers()], ["a red ball", "photo"], "generate: several come in a group above the layer")
    equal([(l.get_name(), l.get_visible(), size_of(l), tuple(l.get_offsets())[1:]) for l in layers],
          [("a red ball #7", True, (64, 64), (18, 8)), ("a red ball #8", False, (64, 64), (18, 8))], "generate: in the middle, each with its seed")
    equal((used[4], record(layers[0])["prior"]), ("text", "text"), "generate: used prior")
    equal((state(image)["layers"][1], tags(image).get(SOURCE_TYPE)), (before["layers"][0], COMPOSITE), "generate: the layer itself is untouched")
    again, = call(GENERATE, image, [layer], prompt="a red ball", seed=7, **QUICK)[0]
    equal(hash(pixels(again, "R'G'B' u8")), hash(alone), "generate: a seed gives its picture again, wherever")

    image, layer = new_image(100, 80)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 20, 60, 30)
    Gimp.Selection.feather(image, 4)
    selected, seen = array.array("f", pixels(image.get_selection(), "Y float")), pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    first, = call(GENERATE, image, [layer], prompt="a red ball", seed=7, **QUICK)[0]
    left, top, right, bottom = Gimp.Selection.bounds(image)[2:]
    equal((tuple(first.get_offsets())[1:], size_of(first)), ((left, top), (right - left, bottom - top)), "generate: as large as the selection")
    outside_is_same(image, seen, selected, "generate")
    for what, words, arguments in (("empty caption", ["prompt"], {"prompt": "  "}), ("no caption", ["prompt"], {}),
                                   ("unknown model", ["nowhere"], {"prompt": "a ball", "model": "nowhere"})):
        refused(f"generate: {what}", words, GENERATE, image, [layer], **{**QUICK, **arguments})
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 10, 10)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    refused("generate: indexed image", ["Mode"], GENERATE, image, [layer], prompt="a ball", **QUICK)
    empty = Gimp.Image.new(90, 70, Gimp.ImageBaseType.GRAY)
    only, = call(GENERATE, empty, [], prompt="a red ball", **QUICK)[0]
    equal((empty.get_layers(), only.type(), tuple(only.get_offsets())[1:]), ([only], Gimp.ImageType.GRAYA_IMAGE, (13, 3)), "generate: into an image without layers, and gray")


def enlarge():
    quick = {"model": MODEL, "steps": 2}
    image, layer = new_image(40, 30, precision=Gimp.Precision.U16_NON_LINEAR, alpha=0.5, layer=(5, 6, 32, 20))
    before, there = state(image), images_and_layers()
    (large,), *used = call(ENLARGE, image, [layer], seed=7, **quick)
    new = large.get_image()
    equal((used[:4], used[4] in ("f32", "bf16")), ([7, 2, MODEL, 4], True), "enlarge: used settings")
    equal((size_of(large), (new.get_width(), new.get_height()), new.get_precision(), large.get_name(), tags(new).get(SOURCE_TYPE)),
          ((128, 80), (128, 80), image.get_precision(), "photo ×4", COMPOSITE), "enlarge: a new image four times as large")
    equal((state(image), images_and_layers()[-len(there):]), (before, there), "enlarge: in the image itself nothing changes")
    alpha = floats(large)[3::4]
    say(abs(alpha[128 * 40 + 64] - 0.5) < 0.01 and alpha[0] > 0.99, "enlarge: alpha goes along", (alpha[128 * 40 + 64], alpha[0]))
    small, big = floats(layer), floats(large)
    apart = [abs(sum(big[4 * ((4 * y + i) * 128 + 4 * x + k) + c] for i in range(4) for k in range(4)) / 16 - small[4 * (y * 32 + x) + c])
             for y in range(2, 18, 5) for x in range(2, 30, 5) for c in range(3)]
    say(sum(apart) / len(apart) < 0.1, "enlarge: it shows the same", sum(apart) / len(apart))

    larger, = call(ENLARGE, image, [layer], into="layer", **quick)[0]
    equal((size_of(larger), tuple(larger.get_offsets())[1:], [l.get_name() for l in image.get_layers()]), ((128, 80), (-43, -24), ["photo ×4", "photo"]),
          "enlarge: a layer over the same middle")
    equal(state(image)["layers"][1], before["layers"][0], "enlarge: the layer itself is untouched")

    image, layer = new_image(60, 50)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 10, 20, 12)
    part, = call(ENLARGE, image, [layer], **quick)[0]
    alpha = floats(part)[3::4]
    equal((size_of(part), alpha[0] < 0.01, alpha[80 * 24 + 40] > 0.99), ((80, 48), True, True), "enlarge: of a selection its rectangle, transparent around")
    Gimp.Selection.none(image)
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    layer.add_mask(mask)
    refused("enlarge: all is hidden", ["transparent"], ENLARGE, image, [layer], **quick)
    image, layer = new_image(1100, 8)
    refused("enlarge: too large", ["1100", "1024"], ENLARGE, image, [layer], **quick)
    refused("enlarge: no layer", ["one layer"], ENLARGE, image, [], **quick)
    refused("enlarge: no image", ["open"], ENLARGE, None, [], **quick)


def two_layers():
    """The upper layer and, below it, one that shows something else."""
    image, upper = new_image(64, 48)
    lower = upper.copy()
    lower.set_name("lower")
    image.insert_layer(lower, None, 1)
    lower.get_buffer().set(rectangle(0, 0, 30, 48), "R'G'B'A float", array.array("f", [0.1, 0.2, 0.9, 1] * 30 * 48).tobytes())
    return image, upper, lower


def interpolate():
    image, upper, lower = two_layers()
    before = state(image)
    layers, *used = call(INTERPOLATE, image, [upper], frames=4, seed=7, **QUICK)
    equal(used[:2] + used[3:6], [7, 2, MODEL, 64, "pad"], "interpolate: used settings")
    equal([l.get_name() for l in image.get_layers()], ["Interpolate", "photo", "lower"], "interpolate: a group above the upper layer")
    equal([l.get_name() for l in layers], [f"Frame {k} (100ms)" for k in (4, 3, 2, 1)], "interpolate: frames play upwards, and say how long")
    equal([l.get_visible() for l in layers], [True, False, False, False], "interpolate: the last is visible")
    equal((hash(pixels(layers[0])), hash(pixels(layers[3]))), (hash(pixels(upper)), hash(pixels(lower))), "interpolate: the ends are the layers themselves")
    say(len({hash(pixels(l)) for l in layers}) == 4, "interpolate: and between them there is something else")
    equal(state(image)["layers"][1:], before["layers"], "interpolate: the layers themselves are untouched")
    kept = record(layers[1])
    equal([kept[k] for k in ("frame", "frames", "hold", "first", "last", "seed")], [3, 4, "nothing", "lower", "photo", 7], "interpolate: settings in the parasite")

    there = images_and_layers()
    layers = call(INTERPOLATE, image, [lower, upper], frames=3, seed=7, into="image", delay=40, **QUICK)[0]
    new = layers[0].get_image()
    equal(([l.get_name() for l in new.get_layers()], {l.get_visible() for l in layers}, (new.get_width(), new.get_height())),
          ([f"Frame {k} (40ms)" for k in (3, 2, 1)], {True}, (64, 48)), "interpolate: a new image of frames, whatever the order of the layers")
    equal((hash(pixels(layers[0])), hash(pixels(layers[2]))), (hash(pixels(upper)), hash(pixels(lower))), "interpolate: from the lower to the upper")
    equal(images_and_layers()[-len(there):], there, "interpolate: and nothing in this one")
    held = call(INTERPOLATE, image, [lower, upper], frames=2, seed=7, into="image", hold="z_i", **QUICK)[0]
    say(hash(pixels(held[1])) == hash(pixels(lower)) and hash(pixels(held[0])) != hash(pixels(upper)), "interpolate: with something kept the last is not the layer")

    lower.scale(20, 30, False)
    layers = call(INTERPOLATE, image, [lower, upper], frames=2, **QUICK)[0]
    equal(({size_of(l) for l in layers}, hash(pixels(layers[0]))), ({(64, 48)}, hash(pixels(upper))), "interpolate: of two sizes the upper layer's")
    image, upper, lower = two_layers()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 10, 30, 20)
    selected, seen = array.array("f", pixels(image.get_selection(), "Y float")), pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    layers = call(INTERPOLATE, image, [upper, lower], frames=3, **QUICK)[0]
    layers[0].set_visible(False)
    layers[2].set_visible(True)
    outside_is_same(image, seen, selected, "interpolate")
    image, alpha = new_image(40, 30, alpha=0.4)
    image.insert_layer(alpha.copy(), None, 1)
    equal(call(INTERPOLATE, image, [alpha], frames=2, **QUICK)[0][0].get_name(), "Frame 2 (100ms) (replace)", "interpolate: frames that can be seen through replace each other")

    third = Gimp.Layer.new(image, "third", 9, 9, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(third, None, 9)
    for what, words, drawables in (("the lowest layer", ["two layers"], [third]), ("three layers", ["two layers"], [alpha, image.get_layers()[1], third]),
                                   ("no layer", ["two layers"], []), ("a transparent one", ["transparent"], [alpha, third]),
                                   ("a group", ["group"], [alpha, image.get_layers()[0]])):
        refused(f"interpolate: {what}", words, INTERPOLATE, image, drawables, **QUICK)
    refused("interpolate: no image", ["open"], INTERPOLATE, None, [], **QUICK)


def mix():
    image, upper, lower = two_layers()
    before = state(image)
    layers, *used = call(MIX, image, [lower, upper], weights="1, -0.25", captions=" a red ball = 0.5,a star", count=2, seed=7, **QUICK)
    equal(used[:2] + [used[4]], [7, 2, ["1", "-0.25", "0.5", "1"]], "mix: used settings, the layers from the top down")
    equal([l.get_name() for l in image.get_layers()], ["Mix", "photo", "lower"], "mix: a group above the uppermost layer")
    equal([(l.get_name(), l.get_visible(), size_of(l)) for l in layers], [("Mix #7", True, (64, 48)), ("Mix #8", False, (64, 48))], "mix: each with its seed")
    equal(state(image)["layers"][1:], before["layers"], "mix: the layers themselves are untouched")
    equal(record(layers[0])["mix"], '1 photo, -0.25 lower, 0.5 "a red ball", 1 "a star"', "mix: what was mixed is in the parasite")
    again = call(MIX, image, [upper, lower], weights="1, -0.25", captions="a red ball=0.5, a star=1", seed=8, **QUICK)[0]
    equal(hash(pixels(again[0])), hash(pixels(layers[1])), "mix: a seed gives its picture again, whatever the order of the layers")
    kept, = call(MIX, image, [upper], captions="a red ball", structure=True, **QUICK)[0]
    new, = call(MIX, image, [upper], captions="a red ball", **QUICK)[0]
    far = [sum(abs(a - b) for a, b in zip(floats(l), floats(upper))) for l in (kept, new)]
    say(far[0] < far[1], "mix: with the layout kept it is more like the layer", far)
    image, upper, lower = two_layers()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 10, 30, 20)
    selected, seen = array.array("f", pixels(image.get_selection(), "Y float")), pixels(Gimp.Layer.new_from_visible(image, image, "seen"), "R'G'B'A float")
    call(MIX, image, [upper, lower], **QUICK)
    outside_is_same(image, seen, selected, "mix")
    for what, words, drawables, arguments in (
            ("one layer alone", ["2"], [upper], {}), ("too many", ["8"], [upper], {"captions": ",".join("abcdefgh")}),
            ("no layer", ["layers"], [], {"captions": "a, b"}), ("weights that are too few", ["weights"], [upper, lower], {"weights": "1"}),
            ("a weight that is none", ["weights", "much"], [upper, lower], {"weights": "1, much"}),
            ("weights that come to nothing", [], [upper, lower], {"weights": "1, -1"})):
        refused(f"mix: {what}", words, MIX, image, drawables, **QUICK, **arguments)


def probe():
    image, layer = new_image(64, 48)
    before = state(image)
    layers, *used = call(PROBE, image, [layer], labels="a moon, a red ball,\n a star,,", **QUICK)
    labels, probabilities, similarities = used[4:7]
    equal((layers, sorted(labels), used[1]), ([], ["a moon", "a red ball", "a star"], 0), "probe: labels alone make no layer")
    numbers = [float(text) for text in probabilities]
    say(numbers == sorted(numbers, reverse=True) and abs(sum(numbers) - 1) < 1e-4, "probe: probabilities, the largest first, add up to 1", probabilities)
    say(all(-1 <= float(text) <= 1 for text in similarities) and len(similarities) == 3, "probe: similarities", similarities)
    equal(state(image), before, "probe: labels change nothing")
    layers, *used = call(PROBE, image, [layer], pca=" 1,8, 1", seed=7, **QUICK)
    equal(([l.get_name() for l in layers], used[4:7], [l.get_name() for l in image.get_layers()]), (["PCA 1", "PCA 8"], [[], [], []], ["Probe", "photo"]),
          "probe: a layer for each number of components")
    equal(([size_of(l) for l in layers], record(layers[1])["pca"], used[:2]), ([(64, 48)] * 2, 8, [7, 2]), "probe: at the layer's size")
    say(hash(pixels(layers[0])) != hash(pixels(layers[1])) and state(image)["layers"][1] == before["layers"][0], "probe: each shows something else, and the layer is untouched")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 10, 20, 20)
    equal(call(PROBE, image, [layer], pca="4", **QUICK)[0][0].get_mask() is not None, True, "probe: with a selection the layer has a mask")
    for what, words, arguments in (("neither labels nor numbers", ["labels", "pca"], {}), ("labels of commas", ["labels"], {"labels": " , ,"}),
                                   ("no number", ["pca", "many"], {"pca": "1, many"}), ("a negative number", ["pca", "-1"], {"pca": "-1"}),
                                   ("more than there are", ["99999"], {"pca": "99999"}),
                                   ("more than are drawn", ["16"], {"pca": ",".join(map(str, range(17)))})):
        refused(f"probe: {what}", words, PROBE, image, [layer], **QUICK, **arguments)


def own_mask():
    image, layer = new_image(40, 30)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 20, 30)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    Gimp.Selection.none(image)
    own = pixels(layer.get_mask(), "Y float")
    result = call(VARIATIONS, image, [layer], count=1, **QUICK)[0][0]
    equal(hash(pixels(result.get_mask(), "Y float")), hash(own), "mask: what the layer hides stays hidden")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 0, 20, 30)
    result = call(VARIATIONS, image, [layer], count=1, **QUICK)[0][0]
    mask = array.array("f", pixels(result.get_mask(), "Y float"))
    equal([x for x in range(40) if mask[40 * 15 + x] == 1], list(range(10, 20)), "mask: with a selection only what both show")
    layer.set_apply_mask(False)
    Gimp.Selection.none(image)
    result = call(VARIATIONS, image, [layer], count=1, **QUICK)[0][0]
    say(result.get_mask() is None, "mask: one that is switched off counts for nothing")


def kinds():
    P = Gimp.Precision
    adobe = Gimp.ColorProfile.new_rgb_adobe()
    linear = Gimp.ColorProfile.new_rgb_srgb_linear()
    for what, keys in {
            "8 bit": {}, "8 bit with alpha": {"alpha": 0.3}, "16 bit": {"precision": P.U16_NON_LINEAR},
            "16 bit linear with alpha": {"precision": P.U16_LINEAR, "alpha": 0.3},
            "32 bit float linear": {"precision": P.FLOAT_LINEAR, "alpha": 0.3},
            "gray": {"gray": True}, "gray 16 bit with alpha": {"gray": True, "alpha": 0.3, "precision": P.U16_NON_LINEAR},
            "Adobe RGB": {"profile": adobe}, "Adobe RGB in float": {"profile": adobe, "precision": P.FLOAT_NON_LINEAR}}.items():
        image, layer = new_image(48, 40, **keys)
        before = state(image)
        layers = call(VARIATIONS, image, [layer], count=1, eta=0.0, **QUICK)[0]
        equal((layers[0].type(), image.get_precision()), (layer.type(), before["precision"]), f"{what}: type and precision")
        far = distance(floats(layers[0]), floats(layer))
        say(far < 0.02, f"{what}: eta 0 gives the same colours", far)
        own = before["layers"][0]
        equal(state(image)["layers"][1], hidden(own) if "alpha" in keys else own, f"{what}: the layer itself is untouched")
        image.delete()

    # A colour that sRGB lacks and a highlight survive where nothing was edited.
    image, layer = new_image(40, 40, precision=P.FLOAT_LINEAR)
    layer.get_buffer().set(rectangle(0, 0, 2, 1), "RGBA float", array.array("f", [7, 5, 3, 1, -0.2, 1, 0.1, 1]).tobytes())
    layers = call(VARIATIONS, image, [layer], count=1, eta=0.0, **QUICK)[0]
    far = distance(array.array("f", pixels(layers[0], "RGBA float"))[:8], [7, 5, 3, 1, -0.2, 1, 0.1, 1])
    say(far < 1e-3, "float: highlights and wide colours stay where nothing was edited", far)


def hidden(item):
    """A layer's state with its eye closed."""
    return (item[0], False) + item[2:]


def seconds_of(layer, image):
    start = time.monotonic()
    call(VARIATIONS, image, [layer], count=1, eta=0.5, **QUICK)
    return time.monotonic() - start


def sizes():
    for what, keys in {"icon": {"width": 40, "height": 30}, "one pixel": {"width": 1, "height": 1},
                       "a line": {"width": 300, "height": 1}, "larger than the image": {"width": 32, "height": 32, "layer": (-20, -30, 90, 100)},
                       "smaller than the image": {"width": 90, "height": 90, "layer": (40, 50, 20, 10)},
                       "off the canvas": {"width": 32, "height": 32, "layer": (100, 200, 40, 40)}}.items():
        image, layer = new_image(**keys)
        layers = call(VARIATIONS, image, [layer], count=1, eta=0.5, **QUICK)[0]
        equal((size_of(layers[0]), tuple(layers[0].get_offsets())[1:]), (size_of(layer), tuple(layer.get_offsets())[1:]), what)
    # The model's share is the same whatever the size, so what comes on top is the layer's.
    image, layer = new_image(40, 30)
    least = seconds_of(layer, image)
    image, layer = new_image(3000, 2048)
    most = seconds_of(layer, image)
    equal(size_of(image.get_layers()[0]), (3000, 2048), "a photo of 6 megapixels")
    say(most - least < 30, "a photo takes only some seconds more than an icon", f"{least:.1f} s and {most:.1f} s")
    print(f"@TAP@# an icon took {least:.1f} s, 6 megapixels {most:.1f} s")


def provenance():
    image, layer = new_image(40, 40)
    equal(tags(image).get(SOURCE_TYPE), None, "a new image has no source type")
    layers = call(VARIATIONS, image, [layer], count=1, seed=5, **QUICK)[0]
    equal(tags(image).get(SOURCE_TYPE), COMPOSITE, "source type of an edited image")
    file = Gio.File.new_for_path(os.path.join(SCRATCH, "kept.xcf"))
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)
    loaded = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, file)
    equal(tags(loaded).get(SOURCE_TYPE), COMPOSITE, "XCF keeps the source type")
    equal(record(loaded.get_layers()[0]), record(layers[0]), "XCF keeps the settings")
    image, layer = new_image(40, 40)
    set_source_type(image, GENERATED)
    call(VARIATIONS, image, [layer], count=1, **QUICK)
    equal(tags(image).get(SOURCE_TYPE), GENERATED, "a source type that says more is kept")
    image, layer = new_image(40, 40)
    set_source_type(image, "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture")
    call(VARIATIONS, image, [layer], count=1, **QUICK)
    equal(tags(image).get(SOURCE_TYPE), COMPOSITE, "a photo's source type is raised")


def notes():
    """What the model was not made for is done all the same, and told."""
    with open(os.path.join(MODEL, "model_index.json")) as file:
        about = json.load(file).get("_unclip_about")
    if about is None:
        return say(True, "notes # SKIP the model does not say what it was made for")
    own = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(os.path.join(MODEL, "../../demo/picture.png")))
    strange, layer = new_image(96, 96)
    paint_landscape(layer)

    def noted(image, **arguments):
        layers, *used = call(TEXT_EDIT, image, image.get_layers()[-1:], seed=1, **{**EDIT, **arguments})
        equal(record(layers[0]).get("notes", ""), used[-1], "notes: the layer keeps what is returned")
        return used[-1].splitlines()

    equal(noted(own), [], "notes: none of a picture and captions that the model knows")
    said = noted(own, to="a zeppelin")
    say(len(said) == 1 and "zeppelin" in said[0] and about["sentence"].rstrip(".") in said[0], "notes: a caption without a known word", said)
    said = noted(strange)
    say(len(said) == 1 and "picture" in said[0] and about["sentence"].rstrip(".") in said[0], "notes: a picture unlike the model's own", said)
    equal(len(noted(strange, to="a zeppelin")), 2, "notes: both")


for function in (registered, variations, text_edit, interpolate, mix, generate, enlarge, probe, refusals, selection, own_mask, kinds, sizes, provenance, notes):
    case(function)
print("@TAP@end", flush=True)
