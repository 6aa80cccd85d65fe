"""What people do to an image while its dialog is open or the engine works: the result is there all the same, and is seen.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import contextlib
import os
import signal
import sys

import session
from tap import Tap
from window import prepare, window

STEPS = "Steps (0: the model's)"
ENOUGH = 0.5
MAKE = """
for i in Gimp.get_images():
    i.clean_all()
for n in range(1, 200):
    if Gimp.Display.id_is_valid(n):
        Gimp.Display.get_by_id(n).delete()
for i in Gimp.get_images():
    i.delete()
image, layer = new_image(96, 80, alpha=0.6)
other = Gimp.Layer.new(image, 'other', 96, 80, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(other, None, 1)
image.set_selected_layers([layer])
{before}
image.clean_all()
display = Gimp.Display.new(image)
Gimp.displays_flush()
"""
RESULTS = """
def below(items):
    return [l for i in items for l in [i] + (below(i.get_children()) if i.is_group() else [])]
made = [(i, l) for i in Gimp.get_images() for l in below(i.get_layers()) if record(l)]
"""
LOOK = RESULTS + """
def seen(l):
    return l is None or (l.get_visible() and seen(l.get_parent()))
def most(l):
    mask = l.get_mask()
    values = floats(l)
    return max(values[3::4]) * (1 if mask is None else max(array.array("f", pixels(mask, "Y float"))))
home, result = made[0] if made else (None, None)
fine = len(made) == 1 and seen(result) and most(result) > .5
answer = [bool(fine and ({wanted})), repr([(i.get_id(), l.get_name(), seen(l), size_of(l), tuple(l.get_offsets())[1:], most(l) if not l.is_group() else None)
          for i in Gimp.get_images() for l in below(i.get_layers())])]
"""
SELECT = "image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 20, 40, 40)"
SAME_PLACE = "size_of(result) == size_of(layer) and result.get_offsets() == layer.get_offsets()"
MASKED = "result.get_mask() is not None and sum(array.array('f', pixels(result.get_mask(), 'Y float'))) == 1600"
# What: before, meanwhile, what there has to be (Python in GIMP), words of a message ("": none).
WHILE_AT_WORK = {
    "the selection is dropped": (SELECT, "Gimp.Selection.none(image)", MASKED, ""),
    "another selection is made": (SELECT, "image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 9, 9)", MASKED, ""),
    "the layer is moved": (SELECT, "layer.set_offsets(30, 10)", f"{SAME_PLACE} and {MASKED}", ""),
    "the canvas grows": ("", "image.resize(200, 180, 50, 60)", SAME_PLACE, ""),
    "the image is scaled": (SELECT, "image.scale(48, 40)", f"{SAME_PLACE} and result.get_mask() is not None", ""),
    "the image is turned": ("", "image.rotate(Gimp.RotationType.DEGREES90)", SAME_PLACE, ""),
    "the layer gets other edges": ("", "layer.resize(60, 50, -10, -10)", "size_of(result) == (96, 80) and tuple(result.get_offsets())[1:] == (0, 0)", ""),
    "the image is cropped": ("", "image.crop(50, 40, 30, 20)", "size_of(result) == (96, 80) and tuple(result.get_offsets())[1:] == (-30, -20)", ""),
    "the image becomes gray": ("", "image.convert_grayscale()", f"{SAME_PLACE} and result.type() == layer.type()", ""),
    "the image becomes indexed": ("", "image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 99, False, False, '')",
                                  f"{SAME_PLACE} and result.type() == layer.type()", ""),
    "the image becomes float": ("", "image.convert_precision(Gimp.Precision.FLOAT_LINEAR)", SAME_PLACE, ""),
    "the layer goes into a group": ("", "group = Gimp.GroupLayer.new(image, 'group'); image.insert_layer(group, None, 0); image.reorder_item(layer, group, 0)",
                                    "result.get_parent() == group", ""),
    "another layer is selected": ("", "image.set_selected_layers([other])", "image.get_selected_layers() == [other]", ""),
    "the layer is locked": ("", "layer.set_lock_content(True); layer.set_lock_position(True); layer.set_lock_visibility(True)",
                            f"{SAME_PLACE} and not layer.get_visible()", ""),
    "a part of it floats": (SELECT, "Gimp.Selection.float(image, [layer], 3, 3)", "image.get_floating_sel() is not None", ""),
    "its mask is applied": ("layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE)); layer.set_edit_mask(False)", "layer.remove_mask(Gimp.MaskApplyMode.APPLY)", SAME_PLACE, ""),
    "the image is flattened": ("", "image.flatten()", "home == image and image.get_layers()[0] == result", "above"),
    "it is merged down": ("", "image.merge_down(layer, Gimp.MergeType.EXPAND_AS_NECESSARY)", "home == image and image.get_layers()[0] == result", "above"),
    "the layer is deleted": ("", "image.remove_layer(layer)", "home != image", "new image"),
    "the image is closed": ("", "image.clean_all(); display.delete()", "True", "new image"),
}
# The same of other procedures.
OTHERS_AT_WORK = {
    "Generate, the image is closed": ("", "image.clean_all(); display.delete()", "home != image", "closed"),
    "Generate, the layer is deleted": ("", "image.remove_layer(layer)", "home == image and image.get_layers()[0] == result", ""),
    "Generate, the selection is dropped": (SELECT, "Gimp.Selection.none(image)", "size_of(result) == (40, 40) and tuple(result.get_offsets())[1:] == (20, 20)", ""),
    "Enlarge, the layer is deleted": ("", "image.remove_layer(layer)", "home != image and size_of(result) == (384, 320)", ""),
}
# What is filled in beside the steps.
FIELDS = {"Variations": {"How many": 1}, "Generate": {"Should show": "a red ball"}, "Enlarge": {}}
IN_DIALOG = {
    "the selection is dropped": (SELECT, "Gimp.Selection.none(image)", "result.get_mask() is None", ""),
    "a selection is made": ("", SELECT, MASKED, ""),
    "the layer is deleted": ("", "image.remove_layer(layer)", None, "gone"),
    "a part of it floats": (SELECT, "Gimp.Selection.float(image, [layer], 3, 3)", None, "anchor"),
}


@contextlib.contextmanager
def held(processes):
    """Stopped for as long, so that however fast the machine is, their work is not over before the image has changed."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)


def messages(win, dismiss=False):
    """What GIMP's message windows say."""
    said = []
    for node in list(win.walk(*win.application())):
        if node.get_role_name() in ("dialog", "alert") and node.get_name() == "GIMP Message":
            said += [name for role, name in win.all(node) if role == "label" and name != "GIMP Message"]
            if dismiss:
                win.press(win.find("button", "OK", node))
    return said


def start(win, title, steps, change):
    """Run or OK in the dialog; change: what is done before that. Gives the processor time that the plug-in had taken till then, and the dialog."""
    dialog = win.open(title)
    win.press(win.find("toggle button", "More settings", dialog))
    win.wait(lambda: win.find("spin button", STEPS, dialog), "steps").set_current_value(steps)
    for name, value in FIELDS[title].items():
        if isinstance(value, str):
            win.find("text", name, dialog).set_text_contents(value)
        else:
            win.find("spin button", name, dialog).set_current_value(value)
    if change is not None:
        win.ask(change)
    button = win.wait(lambda: win.ready("Run", dialog) or win.ready("OK", dialog), "the dialog to be ready")
    before = win.spent()
    win.press(button)
    return before, dialog


def take(win, title, dialog, refusal):
    """What was made goes into the image; or, where the dialog says no, what it says, and it is closed. "": nothing was said there."""
    if refusal:
        said = win.wait(lambda: [name for role, name in win.all(dialog) if role == "label" and refusal in name], "a word in the dialog", 20)
        win.close(dialog, "Cancel", title)
        return " ".join(said)
    if win.find("button", "Run", dialog) or win.find("button", "Stop", dialog):
        win.wait(lambda: win.ready("Insert", dialog), "candidates", 300)
        win.close(dialog, "Insert", title)
    return ""


def one(win, tap, what, case, in_dialog):
    setting, change, wanted, words = case
    title = what.partition(",")[0] if what in OTHERS_AT_WORK else "Variations"
    log = win.gimp.home / "gimp.log"
    for steps in (60, 240, 960, 3840):
        win.ask(MAKE.format(before=setting))
        mark = len(log.read_text(errors="replace"))
        before, dialog = start(win, title, 2 if in_dialog else steps, change if in_dialog else None)
        if in_dialog:
            break
        # Taking the work costs some hundredths of a second, each step some tenths.
        win.wait(lambda: win.spent() > before + ENOUGH or not win.at_work(), "the engine to begin")
        with held(win.at_work()):
            is_early = bool(win.at_work()) and win.ask(RESULTS + "answer = not made")
            if is_early:
                win.ask(change)
        if is_early:
            break
        win.wait(lambda: not win.at_work(), "the plug-in to end", 300)
    said = take(win, title, dialog, words if not wanted else "")
    win.wait(lambda: not win.at_work(), "the plug-in to end", 300)
    said += " ".join(win.wait(lambda: messages(win), "a message", 20) if words and not said else messages(win))
    found, detail = win.ask(LOOK.format(wanted=wanted)) if wanted else (win.ask("answer = len(Gimp.get_images()) == 1"), "")
    complaints = session.complaints(log.read_text(errors="replace")[mark:])
    tap.say(found and (words in said if words else not said) and not complaints, f"{what}, {'dialog' if in_dialog else 'at work'}",
            f"{detail}\nsaid {said!r}\n{complaints}")
    if messages(win):
        messages(win, dismiss=True)
        win.wait(lambda: not messages(win), "messages to close")


def main():
    tap = Tap()
    prepare()
    with session.Session(sys.argv[1]) as gimp:
        gimp.env |= {"UNCLIP_TEST_TOOLS": str(session.HERE / "gimp_tools.py"), "UNCLIP_MODEL_PATH": gimp.model_that_says(None)}
        with window(gimp, sys.argv[2]) as win:
            import gi
            gi.require_version("Atspi", "2.0")
            for cases, in_dialog in ((IN_DIALOG, True), (WHILE_AT_WORK, False), (OTHERS_AT_WORK, False)):
                for what, case in cases.items():
                    if len(sys.argv) < 6 or what in sys.argv[5:]:
                        one(win, tap, what, case, in_dialog)
    print(f"1..{tap.n}")


main()
