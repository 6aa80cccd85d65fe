"""Inside GIMP: images made of numbers, calls by name, and what there is to see of a layer.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import array
import json
import math

import gi
gi.require_version("GExiv2", "0.10")
from gi.repository import Gegl, GExiv2, Gimp

VARIATIONS = "plug-in-unclip-variations"
TEXT_EDIT = "plug-in-unclip-text-edit"
INTERPOLATE = "plug-in-unclip-interpolate"
MIX = "plug-in-unclip-mix"
GENERATE = "plug-in-unclip-generate"
ENLARGE = "plug-in-unclip-enlarge"
PROBE = "plug-in-unclip-probe"
EDIT_AGAIN = "plug-in-unclip-edit-again"
SOURCE_TYPE = "Xmp.iptcExt.DigitalSourceType"


class Failed(Exception):
    """A procedure said no: (status, message)."""


def call(procedure, image, drawables, **arguments):
    """The return values without the status; layers as a list."""
    found = Gimp.get_pdb().lookup_procedure(procedure)
    config = found.create_config()
    config.set_property("image", image)
    if drawables:
        config.set_core_object_array("drawables", drawables)
    for name, value in arguments.items():
        config.set_property(name.strip("_").replace("_", "-"), value)
    values = found.run(config)
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise Failed(values.index(0), Gimp.get_pdb().get_last_error())
    return [values.get_core_object_array(1)] + [values.index(i) for i in range(2, values.length())]


def size_of(drawable):
    return drawable.get_width(), drawable.get_height()


def rectangle(x, y, width, height):
    r = Gegl.Rectangle()
    r.x, r.y, r.width, r.height = x, y, width, height
    return r


def pixels(drawable, format="R'G'B'A float"):
    data = drawable.get_buffer().get(rectangle(0, 0, *size_of(drawable)), 1.0, format, Gegl.AbyssPolicy.NONE)
    return bytes(data)


def floats(drawable):
    return array.array("f", pixels(drawable))


def paint(drawable, alpha=1.0):
    """A disc on a slope of colours: a picture that any model can do something with."""
    width, height = size_of(drawable)
    row, values = array.array("f"), array.array("f")
    for y in range(min(height, 256)):
        for x in range(width):
            inside = math.hypot(x / width - 0.5, y / min(height, 256) - 0.5) < 0.3
            colour = (0.8, 0.15, 0.1) if inside else (0.2, 0.5 + 0.2 * x / width, 0.3 + 0.2 * y / min(height, 256))
            values.extend(colour)
            values.append(alpha if inside else 1.0)
    data = values.tobytes() * (height // min(height, 256))
    drawable.get_buffer().set(rectangle(0, 0, width, len(data) // (16 * width)), "R'G'B'A float", data)
    drawable.update(0, 0, width, height)


def paint_landscape(drawable):
    """A dull sky, hills with trees before it, and a path: nothing that Toybox knows."""
    width, height = size_of(drawable)
    values = array.array("f")
    for j in range(height):
        for i in range(width):
            x, y = i / width, j / height
            hill = 0.45 + 0.1 * math.sin(5 * x) + 0.03 * math.sin(31 * x + 2)
            leaf = 40 * math.sin(57 * x + 9 * math.sin(23 * y)) * math.sin(61 * y)
            if y < hill:
                colour = 150 + 60 * y, 155 + 50 * y, 165 + 40 * y
            elif abs(x - 0.5) < 0.3 * (y - hill):
                colour = 150 + leaf / 3, 135 + leaf / 3, 115 + leaf / 3
            else:
                colour = 70 + leaf, 85 + leaf, 50 + leaf / 2
            values.extend(min(max(value / 255, 0), 1) for value in colour)
    drawable.get_buffer().set(rectangle(0, 0, width, height), "R'G'B' float", values.tobytes())
    drawable.update(0, 0, width, height)


def new_image(width, height, gray=False, precision=Gimp.Precision.U8_NON_LINEAR, alpha=None, layer=None, profile=None):
    """An image and its layer; alpha: that of the disc; layer: (x, y, width, height)."""
    base = Gimp.ImageBaseType.GRAY if gray else Gimp.ImageBaseType.RGB
    image = Gimp.Image.new_with_precision(width, height, base, precision)
    if profile is not None:
        image.set_color_profile(profile)
    kind = {(False, False): Gimp.ImageType.RGB_IMAGE, (False, True): Gimp.ImageType.RGBA_IMAGE,
            (True, False): Gimp.ImageType.GRAY_IMAGE, (True, True): Gimp.ImageType.GRAYA_IMAGE}[gray, alpha is not None]
    x, y, w, h = layer or (0, 0, width, height)
    new = Gimp.Layer.new(image, "photo", w, h, kind, 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(new, None, 0)
    new.set_offsets(x, y)
    paint(new, 1.0 if alpha is None else alpha)
    return image, new


def record(layer):
    parasite = layer.get_parasite("unclip-edit")
    return json.loads(bytes(b & 255 for b in parasite.get_data()).rstrip(b"\0").decode()) if parasite else None


def tags(image):
    metadata = image.get_metadata()
    if metadata is None:
        return {}
    names = (GExiv2.Metadata.get_exif_tags(metadata) + GExiv2.Metadata.get_xmp_tags(metadata)
             + GExiv2.Metadata.get_iptc_tags(metadata))
    return {name: GExiv2.Metadata.try_get_tag_string(metadata, name) for name in names}


def set_source_type(image, value):
    metadata = image.get_metadata() or Gimp.Metadata.new()
    GExiv2.Metadata.try_set_tag_string(metadata, SOURCE_TYPE, value)
    image.set_metadata(metadata)
    return tags(image).get(SOURCE_TYPE)


def state(image):
    """All that an edit might change, in a form that can be compared."""
    def item(layer):
        mask = layer.get_mask()
        return (layer.get_name(), layer.get_visible(), tuple(layer.get_offsets())[1:], size_of(layer),
                layer.type(), layer.get_opacity(), layer.get_mode(), record(layer),
                None if layer.is_group() else hash(pixels(layer)),
                None if mask is None else hash(pixels(mask, "Y float")),
                [item(child) for child in layer.get_children()] if layer.is_group() else [])
    return {"layers": [item(layer) for layer in image.get_layers()],
            "selected": [layer.get_name() for layer in image.get_selected_layers()],
            "selection": hash(pixels(image.get_selection(), "Y float")),
            "tags": tags(image), "precision": image.get_precision(), "parasites": [name for name in image.get_parasite_list()
                          if not name.startswith("GimpProcedureConfig")]}  # GIMP's own: last values
