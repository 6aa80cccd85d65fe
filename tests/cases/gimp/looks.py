"""Layers that show more or less than their own pixels: at eta 0 the canvas stays as it is, with and without a selection,
once and again.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

SPACE, COMPOSITE, MODE = Gimp.LayerColorSpace, Gimp.LayerCompositeMode, Gimp.LayerMode


def mask(layer, image):
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 15, 60, 40)
    Gimp.Selection.feather(image, 12)
    layer.add_mask(layer.create_mask(Gimp.AddMaskType.SELECTION))
    Gimp.Selection.none(image)


def group(layer, image):
    made = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(made, None, 0)
    image.reorder_item(layer, made, 0)
    made.set_opacity(30)


LOOKS = {
    "half transparent": lambda l, i: paint(l, .5),
    "Multiply": lambda l, i: (l.set_opacity(40), l.set_mode(MODE.MULTIPLY)),
    "effect": lambda l, i: l.append_filter(Gimp.DrawableFilter.new(l, "gegl:gaussian-blur", "blurred")),
    "soft mask": mask,
    "hidden": lambda l, i: l.set_visible(False),
    "in a faint group": lambda l, i: (paint(l, .5), l.set_mode(MODE.ADDITION), group(l, i)),
    "spaces": lambda l, i: (paint(l, .5), l.set_mode(MODE.SUBTRACT), l.set_blend_space(SPACE.RGB_LINEAR), l.set_composite_space(SPACE.RGB_PERCEPTUAL)),
    "intersection": lambda l, i: (paint(l, .5), l.set_composite_mode(COMPOSITE.INTERSECTION)),
    "locked": lambda l, i: (paint(l, .5), l.set_lock_content(True), l.set_lock_position(True), l.set_lock_visibility(True)),
}


for name, change in LOOKS.items():
    for selected in (False, True):
        image, _ = new()
        layer = Gimp.Layer.new(image, "top", 80, 60, Gimp.ImageType.RGBA_IMAGE, 100, MODE.NORMAL)
        image.insert_layer(layer, None, 0)
        layer.set_offsets(8, 12)
        paint(layer)
        change(layer, image)
        if selected:
            image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 20, 50, 30)
            Gimp.Selection.feather(image, 10)
        image.set_selected_layers([layer])
        before = seen(image)
        for time in ("", ", again"):
            results = call(VARIATIONS, image, [layer], count=2 if selected else 1, seed=5, eta=.0, precision="f32", steps=1, size="64")
            far = distance(before, seen(image))
            say(far < .004 and image.get_selected_layers() == [layer] and (name == "hidden" or results[0].get_visible()),
                f"{name}{', selected' if selected else ''}{time}: the canvas stays", far)
            if name == "hidden":  # by its owner: what was made of it once is wanted, to be seen, when it is made again
                break
        image.delete()
