"""For these cases, inside GIMP's Python: images made of numbers, the procedures by name, what the canvas shows.

A case runs with
    CASES=this/folder ./run exec gimp-console -i -d -f --quit --batch-interpreter python-fu-eval \
      -b "import os, sys; sys.path.insert(0, os.environ['CASES']); exec(open(os.environ['CASES'] + '/NAME.py').read())"
and prints lines "CASE ok …" or "CASE fault …".

SPDX-License-Identifier: GPL-3.0-or-later
"""
import array
import math
import os
import sys
import time

import gi
gi.require_version("GExiv2", "0.10")
from gi.repository import Gegl, GExiv2, Gimp, Gio, GLib

VARIATIONS, TEXT_EDIT = "plug-in-unclip-variations", "plug-in-unclip-text-edit"


class Refused(Exception):
    pass


def values(name, image, drawables, **arguments):
    """What the procedure returns, by the names that it gives that."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_core_object_array("drawables", drawables)
    for key, value in arguments.items():
        config.set_property(key.strip("_").replace("_", "-"), value)
    returned = procedure.run(config)
    if returned.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise Refused(Gimp.get_pdb().get_last_error())
    names = [spec.name for spec in procedure.get_return_values()]
    return {name: returned.get_core_object_array(i) if name == "layers" else returned.index(i) for i, name in enumerate(names, 1)}


def call(name, image, drawables, **arguments):
    """The new layers."""
    return values(name, image, drawables, **arguments)["layers"]


def vary(image, layer, **arguments):
    return call(VARIATIONS, image, [layer], **{"count": 1, "seed": 5, **arguments})


def edit(image, layer, **arguments):
    return call(TEXT_EDIT, image, [layer], **{"_from": "a red ball", "to": "a blue ball", "seed": 5, **arguments})


def rect(x, y, width, height):
    r = Gegl.Rectangle()
    r.x, r.y, r.width, r.height = x, y, width, height
    return r


def size(drawable):
    return drawable.get_width(), drawable.get_height()


def floats(drawable, format="R'G'B'A float"):
    data = drawable.get_buffer().get(rect(0, 0, *size(drawable)), 1.0, format, Gegl.AbyssPolicy.NONE)
    return array.array("f", bytes(data))


def paint(drawable, alpha=1.0):
    """A red disc on a slope of greens; alpha: that of the disc."""
    width, height = size(drawable)
    out = array.array("f")
    for y in range(height):
        for x in range(width):
            inside = math.hypot(x / width - .5, y / height - .5) < .3
            out.extend((.8, .15, .1) if inside else (.2, .5 + .2 * x / width, .3 + .2 * y / height))
            out.append(alpha if inside else 1.0)
    drawable.get_buffer().set(rect(0, 0, width, height), "R'G'B'A float", out.tobytes())
    drawable.update(0, 0, width, height)


def new(width=96, height=80, gray=False, precision=Gimp.Precision.U8_NON_LINEAR, alpha=None, layer=None, profile=None):
    kinds = Gimp.ImageType
    image = Gimp.Image.new_with_precision(width, height, Gimp.ImageBaseType.GRAY if gray else Gimp.ImageBaseType.RGB, precision)
    if profile is not None:
        image.set_color_profile(profile)
    kind = (kinds.GRAYA_IMAGE if gray else kinds.RGBA_IMAGE) if alpha is not None else (kinds.GRAY_IMAGE if gray else kinds.RGB_IMAGE)
    x, y, w, h = layer or (0, 0, width, height)
    made = Gimp.Layer.new(image, "photo", w, h, kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(made, None, 0)
    made.set_offsets(x, y)
    paint(made, 1.0 if alpha is None else alpha)
    return image, made


def seen(image):
    """The canvas, as floats."""
    return floats(Gimp.Layer.new_from_visible(image, image, "seen"))


def distance(a, b):
    return max((abs(p - q) for p, q in zip(a, b)), default=0)


def say(ok, what, detail=""):
    # In one piece, as GIMP and its other plug-ins print in between.
    sys.stdout.write(f"CASE {'ok' if ok else 'fault'} {what} {detail}\n")
    sys.stdout.flush()
