"""Every kind of layer: nothing is refused without a reason, and eta 0 shows what was there.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

QUICK = {"steps": 2, "size": "64", "seed": 5}

P = Gimp.Precision
kinds = {f"{name}{' gray' if gray else ''}{' transparent' if alpha is not None else ''}": dict(gray=gray, precision=precision, alpha=alpha)
         for name, precision in (("8 bit", P.U8_NON_LINEAR), ("8 bit linear", P.U8_LINEAR), ("16 bit", P.U16_NON_LINEAR), ("32 bit integer", P.U32_LINEAR),
                                 ("half", P.HALF_LINEAR), ("float", P.FLOAT_LINEAR), ("double", P.DOUBLE_LINEAR)) for gray in (False, True) for alpha in (None, 0.4)}
kinds["wide gamut"] = dict(profile=Gimp.ColorProfile.new_rgb_adobe(), precision=P.FLOAT_LINEAR)
for name, arguments in kinds.items():
    image, layer = new(40, 32, **arguments)
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 8, 6, 20, 18)
    was = seen(image)
    try:
        result = vary(image, layer, eta=0.0, feather=3.0, precision="f32", **QUICK)[0]
        say(distance(seen(image), was) < .02 and result.type() == layer.type(), f"{name}: eta 0 of a selection leaves the canvas as it was", distance(seen(image), was))
    except Refused as said:
        say(False, name, said)
    image.delete()


def locked(image, layer):
    for lock in ("content", "position", "visibility", "alpha"):
        getattr(layer, f"set_lock_{lock}")(True)
    return layer


def hidden(image, layer):
    layer.set_visible(False)
    return layer


def grouped(image, layer):
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    return layer


def masked(image, layer):
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.ALPHA))
    return layer


def outside(image, layer):
    layer.set_offsets(500, -300)
    return layer


def text(image, layer):
    fonts = Gimp.fonts_get_list("")
    if not fonts:
        say(True, "text: there is no font here")
        return None
    made = Gimp.TextLayer.new(image, "unCLIP", fonts[0], 20, Gimp.Unit.pixel())
    image.insert_layer(made, None, 0)
    return made


for kind in (locked, hidden, grouped, masked, outside, text):
    image, layer = new(64, 48, alpha=1.0)
    layer = kind(image, layer)
    if layer is None:
        continue
    was, shown, parent = floats(layer), seen(image), layer.get_parent()
    locks = [getattr(layer, f"get_lock_{lock}")() for lock in ("content", "position", "visibility")]
    try:
        result = vary(image, layer, eta=0.0, precision="f32", **QUICK)[0]
    except Refused as said:
        say(False, kind.__name__, said)
        continue
    say(floats(layer) == was and locks == [getattr(layer, f"get_lock_{lock}")() for lock in ("content", "position", "visibility")], f"{kind.__name__}: the layer is as it was")
    say(distance(seen(image), shown) < .02, f"{kind.__name__}: so is the canvas", distance(seen(image), shown))
    say(result.get_parent() == parent and result.get_visible() == (kind is not hidden) and result.get_offsets()[1:] == layer.get_offsets()[1:], f"{kind.__name__}: the result is beside it")

image, layer = new(40, 30)
image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
try:
    vary(image, layer, **QUICK)
    say(False, "indexed")
except Refused as said:
    say("Mode" in str(said) and "RGB" in str(said), "indexed: it says how to convert", said)

