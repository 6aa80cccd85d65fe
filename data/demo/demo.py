"""The demo: Variations and Text Edit on a picture, inside GIMP and through the PDB, as any script would.

Run by `./run demo` in gimp-console's Python. Writes to $UNCLIP_DEMO_OUT the sheets variations.png and
text-edit.png and, at the end and only if all went well, demo.xcf with every layer.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import sys
import time

from gi.repository import Gegl, Gimp, Gio

VARIATIONS = "plug-in-unclip-variations"
TEXT_EDIT = "plug-in-unclip-text-edit"
OUT = os.environ["UNCLIP_DEMO_OUT"]
# GIMP runs this as a string, which knows of no file; ./run puts results into the project's build/demo-output.
PICTURE = os.environ.get("UNCLIP_DEMO_PICTURE") or os.path.realpath(f"{OUT}/../../data/demo/picture.png")

TILE, GAP, LINE = 192, 16, 30   # pixels of a sheet: a picture, the space between two, a line of text


def edit(what, procedure, layer, **arguments):
    """Runs a procedure on a layer; its new layers, and its other return values by name."""
    found = Gimp.get_pdb().lookup_procedure(procedure)
    if found is None:
        raise RuntimeError(f"GIMP does not know {procedure}: the plug-in is not installed")
    config = found.create_config()
    config.set_property("image", layer.get_image())
    config.set_core_object_array("drawables", [layer])
    for name, value in arguments.items():
        config.set_property(name, value)
    start = time.monotonic()
    values = found.run(config)
    if values.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise RuntimeError(f"{what}: {Gimp.get_pdb().get_last_error()}")
    used = {spec.name: values.index(i + 1) for i, spec in enumerate(found.get_return_values()) if i > 0}
    layers = values.get_core_object_array(1)
    print(f"  {what}: {len(layers)} {'layer' if len(layers) == 1 else 'layers'} in {time.monotonic() - start:.1f} s "
          f"(seed {used['used-seed']}, {used['used-steps']} steps)", flush=True)
    return layers


def write(sheet, x, y, text, size):
    font = Gimp.Font.get_by_name("Sans-serif") or Gimp.context_get_font()
    layer = Gimp.TextLayer.new(sheet, text, font, size, Gimp.Unit.pixel())
    sheet.insert_layer(layer, None, 0)
    layer.set_offsets(x, y)


def show(sheet, x, y, layer, caption):
    shown = Gimp.Layer.new_from_drawable(layer, sheet)
    sheet.insert_layer(shown, None, 0)
    shown.set_visible(True)
    shown.scale(TILE, TILE, False)
    shown.set_offsets(x, y)
    write(sheet, x, y + TILE + 5, caption, 14)


def save_sheet(name, rows):
    """rows: (title, [(layer, caption)])."""
    columns = max(len(pictures) for _, pictures in rows)
    height = LINE + TILE + LINE
    Gimp.context_set_foreground(Gegl.Color.new("black"))
    Gimp.context_set_background(Gegl.Color.new("white"))
    sheet = Gimp.Image.new(GAP + columns * (TILE + GAP), GAP + len(rows) * (height + GAP), Gimp.ImageBaseType.RGB)
    paper = Gimp.Layer.new(sheet, "paper", sheet.get_width(), sheet.get_height(), Gimp.ImageType.RGB_IMAGE, 100,
                           Gimp.LayerMode.NORMAL)
    sheet.insert_layer(paper, None, 0)
    paper.fill(Gimp.FillType.WHITE)
    for i, (title, pictures) in enumerate(rows):
        y = GAP + i * (height + GAP)
        write(sheet, GAP, y, title, 18)
        for k, (layer, caption) in enumerate(pictures):
            show(sheet, GAP + k * (TILE + GAP), y + LINE, layer, caption)
    sheet.flatten()
    save(sheet, name)
    sheet.delete()


def save(image, name):
    path = os.path.join(OUT, name)
    if not Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(path), None):
        raise RuntimeError(f"{path} could not be written")


def text_edit(layer, before, after, strength=0.4, stages=4):
    layers = edit(f'Text Edit, "{before}" to "{after}"', TEXT_EDIT, layer,
                  **{"from": before, "to": after, "strength": strength, "stages": stages, "seed": 1})
    # The strongest is on top; a sheet is read the other way.
    shown = [(stage, f"θ {strength * (k + 1) / len(layers):.2f}") for k, stage in enumerate(reversed(layers))]
    return f"“{before}” → “{after}”", [(layer, "before"), *shown]


def main():
    print(f"unCLIP on {PICTURE}", flush=True)
    Gimp.fonts_refresh()   # ./run starts GIMP without fonts, which is quicker
    image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(PICTURE))
    if image is None:
        raise RuntimeError(f"{PICTURE} could not be opened")
    photo = image.get_layers()[0]
    photo.set_name("before")

    layers = edit("Variations", VARIATIONS, photo, count=4, seed=1)
    save_sheet("variations.png", [("Variations", [(photo, "before"), *((l, l.get_name()) for l in layers)])])

    save_sheet("text-edit.png", [
        text_edit(photo, "a red ball", "a blue ball"),
        text_edit(photo, "a ball on grass", "a ball on snow"),
        text_edit(photo, "a ball", "a star")])

    for layer in image.get_layers():
        layer.set_visible(layer.get_id() == photo.get_id())
    save(image, "demo.xcf")
    print(f"Results in {OUT}:", flush=True)
    for name, what in (("variations.png", "the picture and four variations"),
                       ("text-edit.png", "the picture and its edits, stage by stage"),
                       ("demo.xcf", "all layers, for GIMP")):
        print(f"  {name:16}{what}", flush=True)


try:
    main()
except Exception as error:
    # Without demo.xcf the caller knows that it did not come to its end.
    print(f"demo: {error}", file=sys.stderr, flush=True)
