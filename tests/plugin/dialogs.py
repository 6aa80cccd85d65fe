"""The plug-in as people use it: GIMP's window on a virtual screen, each dialog from the menu, run, stopped, a candidate picked and
inserted, Cancel, undo, and the same again. What is pressed is found by role and name, as a screen reader finds it.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import subprocess
import sys

import session
from tap import Tap
from window import MAKE_IMAGE, OPERABLE, is_sensitive, prepare, window

STEPS = "Steps (0: the model's)"
# Dialogs that offer candidates; the others make the whole at OK.
CHOOSING = ("Variations", "Text Edit", "Generate", "Mix")


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
    """From the menu to what makes layers."""
    dialog = win.open(title)
    fill(win, dialog, {"Model": win.gimp.env["UNCLIP_TEST_MODEL"], **texts})
    choosing = title in CHOOSING
    win.wait(lambda: win.ready("Run" if choosing else "OK", dialog), "the dialog to be ready", 10)
    win.lie(dialog)
    win.shot(f"{slug}-filled")
    if choosing:
        win.run(dialog)
        win.lie(dialog)
        win.shot(f"{slug}-candidates")
    win.close(dialog, "Insert" if choosing else "OK", title)


def run_once(win, tap, title, texts, result):
    """One procedure from the menu: opened without a model, cancelled, done, undone in one step, repeated."""
    slug = title.lower().replace(" ", "-")
    before = win.state()

    dialog = win.open(title)
    win.shot(f"{slug}-no-model")
    tap.say(not is_sensitive(win.find("button", "Run", dialog)) and not is_sensitive(win.find("button", "Insert", dialog)),
            f"{title}: without a model nothing can be run")
    said = [name for role, name in win.all(dialog) if role == "label"]
    tap.say(any("toybox" in text and "UNCLIP_MODEL_PATH" in text for text in said), f"{title}: says that there is no model", said)
    help_and_cancel(win, tap, title, slug, dialog, before)

    fill_and_agree(win, title, slug, texts)
    names = win.layers(2, f"a result of {title}")
    win.shot(f"{slug}-done")
    tap.say(names[0].startswith(result) and names[1] == "photo", f"{title}: Insert makes a layer of the candidate that is shown", names)
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
    if title == "Probe":
        win.press(win.menu_item("Filters", f"Repeat \"{title}\""))
        look_at_bars(win, tap)
        win.wait(lambda: not win.at_work(), "the plug-in to end")
        undo(win)
        win.wait(lambda: win.ask(EVERYTHING) == n, "undo")


def look_at_bars(win, tap):
    bar = win.wait(lambda: next(node for node in win.walk(*win.application()) if node.get_role_name() == "level bar"), "bars", 90)
    win.lie(win.find("dialog", "Labels"))
    win.shot("probe-bars")
    tap.say(bar.get_name().startswith("a ") and bar.get_name().endswith("%"), "Probe: a bar says whose it is, and how long", bar.get_name())
    win.close(win.find("dialog", "Labels"), "Close", "Labels")


def set_number(win, dialog, name, value):
    win.wait(lambda: win.find("spin button", name, dialog), name).set_current_value(value)


def checked(win, dialog, beginning):
    """Check boxes and toggle buttons whose names begin so."""
    return [node for node in win.walk(dialog) if node.get_role_name() in ("check box", "toggle button") and node.get_name().startswith(beginning)]


def choose(win, tap):
    """Candidates are run, others come, one is kept, two are inserted, which one undo takes back."""
    before = win.state()
    dialog = win.open("Variations")
    set_number(win, dialog, "How many", 3)
    names = win.run(dialog)
    tap.say(len(names) == 3 and len(set(names)) == 3, "Candidates: as many as were asked for, each with a seed of its own", names)
    tap.say(win.state() == before, "Candidates: the image is not touched before Insert")

    win.press(win.find("button", "More", dialog))
    more = win.wait(lambda: len(checked(win, dialog, "Insert ")) == 6 and win.ready("Insert", dialog) and checked(win, dialog, "Insert "), "more candidates", 90)
    tap.say(len({node.get_name() for node in more}) == 6, "Candidates: More has other seeds", [node.get_name() for node in more])
    kept = checked(win, dialog, "Keep ")[4]
    win.press(kept)
    seed = kept.get_name().split()[1]
    set_number(win, dialog, "How many", 2)
    stale = win.wait(lambda: [name for role, name in win.all(dialog) if role == "button" and name == "Run"], "Run")
    tap.say(bool(stale), "Candidates: with other settings they can be made anew")
    win.run(dialog)
    names = [node.get_name() for node in checked(win, dialog, "Insert ")]
    tap.say(len(names) == 3 and names[0] == f"Insert {seed}", "Candidates: Run makes others, and keeps what is kept", (seed, names))

    for node in checked(win, dialog, "Insert ")[:2]:
        win.press(node)
    win.lie(dialog)
    win.shot("candidates-picked")
    win.close(dialog, "Insert", "Variations")
    win.layers(2, "candidates in the image")
    seeds = win.ask("answer = sorted(record(l)['seed'] for i in image.get_layers() for l in ([i] + (i.get_children() if i.is_group() else [])) if record(l))")
    tap.say(seeds == sorted(int(name.split("#")[1]) for name in names[:2]), "Candidates: those that are ticked become layers, of their seeds", (seeds, names))
    win.shot("candidates-inserted")
    undo(win)
    win.layers(1, "undo")
    tap.say(win.state() == before, "Candidates: one undo takes all of them back")


def models(win, tap):
    """What is here, and what each can do."""
    dialog = win.open("Models")
    win.shot("models")
    said = [name for role, name in win.all(dialog) if role == "label"]
    tap.say({"Variations", "Text Edit", "Generate", "Yes"} <= set(said), "Models: says what the model can do", said)
    win.close(dialog, "Close", "Models")
    win.wait(lambda: not win.at_work(), "the plug-in to end")


def stop_and_close(win, tap):
    """Stop keeps the candidates that are done; closing the dialog while it works asks nothing and leaves nothing; GIMP can be used meanwhile."""
    before, said = win.state(), win.messages()
    dialog = win.open("Variations")
    win.press(win.find("toggle button", "More settings", dialog))
    set_number(win, dialog, STEPS, 60)
    set_number(win, dialog, "How many", 16)
    win.press(win.wait(lambda: win.ready("Run", dialog), "Run to be ready"))
    win.wait(lambda: checked(win, dialog, "Insert "), "the first candidate", 90)
    answered = win.ask("answer = image.get_width()")
    win.lie(win.find("button", "Stop", dialog))
    win.shot("running")
    tap.say(answered == 96 and win.find("button", "Stop", dialog) is not None, "GIMP can be used while the engine works")
    win.press(win.find("button", "Stop", dialog))
    win.wait(lambda: win.ready("Insert", dialog), "it to stop")
    n = len(checked(win, dialog, "Insert "))
    tap.say(0 < n < 16, "Stop keeps the candidates that are done", n)

    set_number(win, dialog, STEPS, 1000)
    win.press(win.wait(lambda: win.ready("Run", dialog), "Run to be ready"))
    win.wait(lambda: win.find("button", "Stop", dialog), "it to work")
    win.close(dialog, "Cancel", "Variations")
    win.wait(lambda: not win.at_work(), "the plug-in to be gone")
    after = win.settle(win.state, "the image")
    tap.say(after == before and win.messages() == said, "Cancel while it works leaves the image as it was, and asks nothing", f"{win.messages()}\n{before}\n{after}")
    tap.say(undo_item(win) is None, "and nothing to undo")


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
            choose(win, tap)
            stop_and_close(win, tap)
            run_once(win, tap, "Text Edit", {"Shows now": "a red ball", "Should show": "a blue ball"}, "Text Edit θ 0.40")
            win.ask("other = layer.copy(); image.insert_layer(other, None, 1); image.set_selected_layers([layer])")
            remembered = gimp.home / "data" / "gimp-unclip" / "captions"
            tap.say(remembered.read_text() == "a blue ball\na red ball\n", "Text Edit: captions are remembered, the newest first", remembered.read_text())
            for title in NEW:
                run_new(win, tap, title)
        complaints = session.complaints((gimp.home / "gimp.log").read_text(errors="replace"))
        tap.say(not complaints, "no warnings of ours", "\n".join(complaints))
    print(f"1..{tap.n}")


main()
