"""The plug-in as people use it: GIMP's window on a virtual screen, each dialog from the menu, OK, Cancel,
undo, and the same again. What is pressed is found by role and name, as a screen reader finds it.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import subprocess
import sys

import session
from tap import Tap
from window import MAKE_IMAGE, OPERABLE, is_sensitive, prepare, window

STEPS = "Steps (0: the model's)"
ENOUGH = 3  # seconds of the processor: loading the model takes less, and a thousand steps take more


def fake_browser(gimp):
    """A web browser that writes down what it was asked to show; the path of its notes."""
    notes = gimp.home / "browsed"
    program = gimp.home / "browser.sh"
    program.write_text(f'#!/bin/sh\necho "$@" >>{notes}\n')
    program.chmod(0o755)
    applications = gimp.home / "data" / "applications"
    applications.mkdir(parents=True)
    (applications / "test-browser.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=Browser\nExec={program} %u\nMimeType=text/html;x-scheme-handler/file;x-scheme-handler/http;x-scheme-handler/https;\n")
    (gimp.home / "config").mkdir()
    (gimp.home / "config" / "mimeapps.list").write_text(
        "[Default Applications]\n" + "".join(
            f"{kind}=test-browser.desktop\n" for kind in
            ("text/html", "x-scheme-handler/file", "x-scheme-handler/http", "x-scheme-handler/https")))
    with open(gimp.home / "GIMP" / "gimprc", "a") as gimprc:
        gimprc.write("(help-browser web-browser)\n(user-manual-online no)\n")
    return notes


def fill(win, dialog, texts):
    for name, text in texts.items():
        win.wait(lambda: win.find("text", name, dialog), f"entry {name}").set_text_contents(text)
    win.press(win.find("toggle button", "More settings", dialog))
    win.wait(lambda: win.find("spin button", STEPS, dialog), "steps").set_current_value(2)


def help_and_cancel(win, tap, title, slug, dialog, before):
    """What every open dialog has; @before: the image's state, which stays."""
    unnamed = [role for role, name in win.all(dialog) if role in OPERABLE and not name]
    tap.say(not unnamed, f"{title}: all that can be operated has a name", win.all(dialog))
    win.press(win.find("button", "Help", dialog))
    page = slug + ".html"
    shown = win.wait(lambda: page in win.notes.read_text(), f"help page {page}", 20)
    tap.say(shown, f"{title}: Help shows its page")
    win.close(dialog, "Cancel", title)
    tap.say(win.state() == before, f"{title}: Cancel changes nothing")


def fill_and_agree(win, title, slug, texts):
    """From the menu to OK."""
    dialog = win.open(title)
    fill(win, dialog, {"Model": win.gimp.env["UNCLIP_TEST_MODEL"], **texts})
    win.wait(lambda: is_sensitive(win.find("button", "OK", dialog)), "OK to be ready", 10)
    win.lie(dialog)
    win.shot(f"{slug}-filled")
    win.close(dialog, "OK", title)


def run_once(win, tap, title, texts, result):
    """One procedure from the menu: opened without a model, cancelled, done, undone in one step, repeated."""
    slug = title.lower().replace(" ", "-")
    before = win.state()

    dialog = win.open(title)
    win.shot(f"{slug}-no-model")
    tap.say(not is_sensitive(win.find("button", "OK", dialog)), f"{title}: without a model there is no OK")
    said = [name for role, name in win.all(dialog) if role == "label"]
    tap.say(any("toybox" in text and "UNCLIP_MODEL_PATH" in text for text in said), f"{title}: says that there is no model", said)
    help_and_cancel(win, tap, title, slug, dialog, before)

    fill_and_agree(win, title, slug, texts)
    names = win.layers(2, f"a result of {title}")
    win.shot(f"{slug}-done")
    tap.say(names[0].startswith(result) and names[1] == "photo", f"{title}: OK makes a layer", names)
    undo(win)
    win.layers(1, "undo")
    tap.say(win.state() == before, f"{title}: one undo takes all of it back", f"{before}\n{win.state()}")

    win.ask("image.set_selected_layers([layer])")
    win.press(win.menu_item("Filters", f"Repeat \"{title}\""))
    names = win.layers(2, f"{title} repeated")
    kept = win.ask("""
first = image.get_layers()[0]
answer = record(first.get_children()[0] if first.is_group() else first)""")
    tap.say(kept["steps"] == 2, f"{title}: repeated with the last values", kept)
    undo(win)
    win.layers(1, "undo")


# What is filled in, and the beginning of the name of what comes of it: of a layer in the image, or (False) of one in an image of its own.
NEW = {
    "Generate": ({"Should show": "a red ball"}, True, "a red ball #"),
    "Interpolate": ({}, True, "Interpolate"),
    "Mix": ({"Captions": "a red ball=0.5"}, True, "Mix #"),
    "Probe": ({"Labels": "a red ball, a blue star, a moon", "Principal components": "4"}, True, "PCA 4"),
    "Enlarge": ({}, False, "photo ×4"),
}
EVERYTHING = "answer = sum(1 + len(i.get_layers()) for i in Gimp.get_images())"


def run_new(win, tap, title):
    """One procedure from the menu whose result is something else than this layer again: cancelled, done, taken back."""
    texts, is_here, result = NEW[title]
    slug = title.lower()
    before, n = win.state(), win.ask(EVERYTHING)
    help_and_cancel(win, tap, title, slug, win.open(title), before)

    fill_and_agree(win, title, slug, texts)
    if title == "Probe":
        look_at_bars(win, tap)
    win.wait(lambda: win.ask(EVERYTHING) > n, f"a result of {title}", 90)
    win.wait(lambda: not win.at_work(), "the plug-in to end")
    win.shot(f"{slug}-done")
    found = win.ask("homes = [i for i in Gimp.get_images() if i != image] or [image]; answer = [homes[0] == image, homes[0].get_layers()[0].get_name()]")
    tap.say(found[0] == is_here and found[1].startswith(result), f"{title}: OK makes what it should", found)
    if is_here:
        undo(win)
        win.wait(lambda: win.ask(EVERYTHING) == n, "undo")
    tap.say(win.state() == before, f"{title}: {'one undo takes all of it back' if is_here else 'the image itself stays as it was'}", f"{before}\n{win.state()}")


def look_at_bars(win, tap):
    bar = win.wait(lambda: next(node for node in win.walk(*win.application()) if node.get_role_name() == "level bar"), "bars", 90)
    win.lie(win.find("dialog", "Labels"))
    win.shot("probe-bars")
    tap.say(bar.get_name().startswith("a ") and bar.get_name().endswith("%"), "Probe: a bar says whose it is, and how long", bar.get_name())
    win.close(win.find("dialog", "Labels"), "Close", "Labels")


def break_off(win, tap):
    """Cancel in the progress bar, which kills the plug-in's process in the middle of its work."""
    before = win.state()
    dialog = win.open("Variations")
    win.press(win.find("toggle button", "More settings", dialog))
    win.wait(lambda: win.find("spin button", STEPS, dialog), "steps").set_current_value(1000)
    win.close(dialog, "OK", "Variations")
    win.wait(lambda: win.spent() > ENOUGH, "the engine to be at work")
    cancel = win.wait(lambda: progress_cancel(win), "Cancel in the progress bar")
    # The bar's text is on the screenshot alone: GTK tells it to nobody.
    win.shot("progress")
    tap.say(win.at_work(), "the plug-in is at work")
    win.press(cancel)
    # Not the end of the bar: GIMP 3.0.4 was seen to leave it standing after its Help had been used.
    win.wait(lambda: not win.at_work(), "the plug-in to be gone")
    tap.say(win.settle(win.state, "the image") == before, "Cancel in the progress bar leaves the image as it was")
    tap.say(undo_item(win) is None, "and nothing to undo")


def progress_cancel(win):
    """The button beside the progress bar; None: nothing is in progress. GIMP keeps others, hidden ones: Help's."""
    from gi.repository import Atspi
    for application in win.application():
        for node in win.walk(application):
            if node.get_name() == "Cancel" and node.get_role_name() == "button":
                states = node.get_state_set()
                if states.contains(Atspi.StateType.SHOWING) and states.contains(Atspi.StateType.SENSITIVE):
                    return node
    return None


def undo(win):
    win.press(win.wait(lambda: undo_item(win), "Undo in the menu"))


def undo_item(win):
    menu = win.find("menu", "Edit")
    for i in range(menu.get_child_count()):
        item = menu.get_child_at_index(i)
        if item.get_name().startswith("Undo") and "History" not in item.get_name() and is_sensitive(item):
            return item
    return None


def main():
    tap = Tap()
    prepare()
    with session.Session(sys.argv[1]) as gimp:
        gimp.env["UNCLIP_TEST_TOOLS"] = str(session.HERE / "gimp_tools.py")
        notes = fake_browser(gimp)
        with window(gimp, sys.argv[2]) as win:
            import gi
            gi.require_version("Atspi", "2.0")
            win.notes = notes
            win.ask(MAKE_IMAGE, 90)
            # Without a window manager GIMP's window is as small as it can be.
            subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "gimp", "windowsize", "--sync", "%@", "1280", "900"])
            win.shot("image")
            run_once(win, tap, "Variations", {}, "Variation")
            break_off(win, tap)
            run_once(win, tap, "Text Edit", {"Shows now": "a red ball", "Should show": "a blue ball"}, "Text Edit θ 0.40")
            win.ask("other = layer.copy(); image.insert_layer(other, None, 1); image.set_selected_layers([layer])")
            for title in NEW:
                run_new(win, tap, title)
        complaints = session.complaints((gimp.home / "gimp.log").read_text(errors="replace"))
        tap.say(not complaints, "no warnings of ours", "\n".join(complaints))
    print(f"1..{tap.n}")


main()
