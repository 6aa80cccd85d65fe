"""The dialogs in every language of po/, on a small screen, with large letters, and by the keyboard alone.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import collections
import contextlib
import os
import pathlib
import subprocess
import sys

import session
from tap import Tap
from window import MAKE_IMAGE, OPERABLE, is_focused, is_sensitive, is_showing, prepare, window

ABOUT = {"sentence": "It knows marbles", "words": ["ball", "red"], "fillers": ["a"]}
# Those that have captions, about which there are notes.
SPEAKING = ("text-edit", "generate", "mix", "probe")
# For what takes two.
ADD_LAYER = """
below = Gimp.Layer.new(image, 'below', 96, 80, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer(below, None, 1)
image.set_selected_layers([layer])
"""
RUN = """
procedure = Gimp.get_pdb().lookup_procedure("{name}")
config = procedure.create_config()
config.set_property("image", image)
config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
config.set_core_object_array("drawables", [layer])
procedure.run(config)
"""
MODELS = "plug-in-unclip-models"
RUN_MODELS = f"""
procedure = Gimp.get_pdb().lookup_procedure("{MODELS}")
config = procedure.create_config()
config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
procedure.run(config)
"""
# Of 600 pixels' height GDK_SCALE=2 makes 1200, and the dialogs' letters are half as large again.
LARGE = "2048x1200x24"


def speak(gimp, language):
    """The session in that language. The C locale has none, so that another is made here."""
    (gimp.home / "locale").mkdir()
    subprocess.run(["localedef", "--no-archive", "-i", "en_US", "-f", "UTF-8", str(gimp.home / "locale" / "en_US.UTF-8")], check=True)
    gimp.env |= {"LOCPATH": str(gimp.home / "locale"), "LANG": "en_US.UTF-8", "LANGUAGE": language, "UNCLIP_LOCALE_DIR": sys.argv[3],
                 "UNCLIP_MODEL_PATH": gimp.model_that_says(ABOUT)}
    for name in ("LC_ALL", "LC_MESSAGES"):
        gimp.env.pop(name, None)
        os.environ.pop(name, None)


def our_dialog(win):
    for application in win.application():
        if application.get_name() == "unclip":
            return next(node for node in win.walk(application) if node.get_role_name() == "dialog")
    return None


def mnemonics(win, dialog):
    """Names of the widgets by their key."""
    found = collections.defaultdict(set)
    for node in win.walk(dialog):
        action = node.get_action_iface()
        for i in range(action.get_n_actions() if action else 0):
            key = action.get_key_binding(i).lower()
            if key.startswith("<alt>"):
                found[key].add((node.get_role_name(), node.get_name()))
    return found


def bottom(node):
    from gi.repository import Atspi
    extents = node.get_component_iface().get_extents(Atspi.CoordType.SCREEN)
    return extents.y + extents.height


def look(win, tap, what, name, screen_height):
    dialog = win.start(RUN.format(name=name), lambda: our_dialog(win))
    win.lie(dialog)
    title = dialog.get_name()
    for more in (False, True):
        if more:
            win.press(next(node for node in win.walk(dialog) if node.get_role_name() == "toggle button"))
            win.lie(dialog)
        win.shot(f"{what}-{name}{'-more' if more else ''}".replace(" ", "-"))
        buttons = [node for node in win.walk(dialog) if node.get_role_name() == "button" and 0 < bottom(node)]
        last = max(map(bottom, buttons))
        tap.say(len(buttons) >= 6 and last <= screen_height and bottom(dialog) <= screen_height,
                f"{what}: {title}{', all settings' if more else ''}: every button is on the screen", (last, bottom(dialog), screen_height))
    shared = {key: names for key, names in mnemonics(win, dialog).items() if len(names) > 1}
    tap.say(not shared and len(mnemonics(win, dialog)) >= 12, f"{what}: {title}: no two share a mnemonic", mnemonics(win, dialog))
    unnamed = [node.get_role_name() for node in win.walk(dialog) if node.get_role_name() in OPERABLE and not node.get_name()]
    tap.say(not unnamed, f"{what}: {title}: all that can be operated has a name", win.all(dialog))
    return dialog, title


def look_at_models(win, tap, what, screen_height):
    """Its dialog is another: it has no settings."""
    dialog = win.start(RUN_MODELS, lambda: our_dialog(win))
    win.lie(dialog)
    win.shot(f"{what}-{MODELS}".replace(" ", "-"))
    title = dialog.get_name()
    last = max(bottom(node) for node in win.walk(dialog) if node.get_role_name() == "button")
    tap.say(last <= screen_height, f"{what}: {title}: every button is on the screen", (last, screen_height))
    unnamed = [node.get_role_name() for node in win.walk(dialog) if node.get_role_name() in OPERABLE and not node.get_name()]
    tap.say(not unnamed, f"{what}: {title}: all that can be operated has a name", win.all(dialog))
    shared = {key: names for key, names in mnemonics(win, dialog).items() if len(names) > 1}
    tap.say(not shared, f"{what}: {title}: no two share a mnemonic", mnemonics(win, dialog))
    win.focus(title)
    win.key("Escape")
    win.end()


def told_while_typing(win, tap, what, name, dialog, title):
    """Words that the model does not know are talked about at once, and no longer when they are gone."""
    def notes():
        return [node.get_name() for node in win.walk(dialog) if node.get_role_name() == "label" and "marbles" in node.get_name()]

    # Of Mix the second one: the first is for numbers.
    caption = [node for node in win.walk(dialog) if node.get_role_name() == "text"][name.endswith("mix")]
    caption.set_text_contents("qwerty")
    said = win.wait(notes, "a note", 10)
    tap.say(len(said) == 1 and "qwerty" in said[0], f"{what}: {title}: a word that the model does not know is told", said)
    caption.set_text_contents("a red ball")
    win.wait(lambda: not notes(), "the note to go", 10)
    tap.say(not notes(), f"{what}: {title}: one that it knows is not", notes())


def tab_through(win, tap, what, dialog, title):
    """By Tab alone one comes to everything, and once around."""
    def focused():
        return next(((node.get_role_name(), node.get_name()) for node in win.walk(dialog) if is_focused(node)), None)

    # From one that tells: GTK does not say of a combo box that it has the focus.
    while focused() is None:
        win.key("Tab")
        win.settle(focused, "the focus")
    order = [focused()]
    while len(order) < 80 and (len(order) < 2 or order[-1] != order[0]):
        before = focused()
        win.key("Tab")
        with contextlib.suppress(TimeoutError):
            win.wait(lambda: focused() not in (before, None), "the focus to go on", 2)
        order.append(focused())
    combos = [node.get_name() for node in win.walk(dialog) if node.get_role_name() == "combo box" and is_sensitive(node)]
    reached = {found[1] for found in order if found}
    wanted = {node.get_name() for node in win.walk(dialog) if node.get_role_name() in OPERABLE and is_sensitive(node)} - set(combos)
    tap.say(order[-1] == order[0] and reached == wanted and order.count(None) == len(combos),
            f"{what}: {title}: Tab comes to all, and around", (order, wanted ^ reached, combos))


def reasons(win, tap):
    """Where nothing can be done the dialog says why, whatever is selected, and offers what helps."""
    convert = "image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, '')"
    for what, before, words, button, after in (
            ("two layers", "other = Gimp.Layer.new(image, 'other', 9, 9, 0, 100, 0); image.insert_layer(other, None, 0); "
             "image.set_selected_layers([layer, other])", "single", "Select One Layer", "image.remove_layer(other); image.set_selected_layers([layer])"),
            ("a group", "group = Gimp.GroupLayer.new(image, 'group'); image.insert_layer(group, None, 0); image.set_selected_layers([group])",
             "group", "Look Again", "image.remove_layer(group); image.set_selected_layers([layer])"),
            ("a channel", "channel = Gimp.Channel.new(image, 'channel', 9, 9, 50, Gimp.context_get_foreground()); image.insert_channel(channel, None, 0); "
             "image.set_selected_channels([channel])", "channel", "Look Again", "image.remove_channel(channel); image.set_selected_layers([layer])"),
            ("an indexed image", convert, "Image ▸ Mode", "Convert to RGB", ""),
            ("no image", "image.clean_all(); display.delete()", "open one", None, "")):
        win.ask(before + "; Gimp.displays_flush()")
        item = win.menu_item("Filters", "unCLIP", "Variations…")
        tap.say(win.settle(lambda: is_sensitive(item), "the menu entry"), f"{what}: the menu entry can be chosen")
        win.press(item)
        dialog = win.wait(lambda: our_dialog(win), f"a dialog about {what}", 20)

        def said():
            return [name for role, name in win.all(dialog) if role == "label" and words in name]

        tap.say(len(win.wait(said, f"a word about {what}", 20)) == 1, f"{what}: the dialog says what to do", said())
        win.lie(dialog)
        win.shot(f"reason-{what}".replace(" ", "-"))
        if what == "a group":
            win.ask("image.set_selected_layers([layer])")
        if button is not None:
            win.press(win.wait(lambda: win.find("button", button, dialog), button, 10))
            helped = win.wait(lambda: not any(words in node.get_name() and is_showing(node) for node in win.walk(dialog) if node.get_role_name() == "label")
                              or what == "a channel", "it to help", 20)
            tap.say(helped, f"{what}: {button} helps")
        win.press(win.find("button", "Cancel", dialog))
        win.wait(lambda: our_dialog(win) is None, "the dialog to close")
        win.wait(lambda: not win.at_work(), "the plug-in to end")
        win.ask(after or "answer = 0")


def use_toybox(win, tap):
    """Where another model is not there, the one that comes along is a button away."""
    dialog = win.start(RUN.format(name="plug-in-unclip-variations"), lambda: our_dialog(win))
    win.wait(lambda: win.find("text", "Model", dialog), "the model's row").set_text_contents("no-such-model")
    button = win.wait(lambda: win.ready("Use Toybox", dialog), "Use Toybox", 10)
    tap.say(not win.ready("Run", dialog), "another model: without it nothing can be run")
    win.press(button)
    tap.say(win.wait(lambda: win.ready("Run", dialog), "Run", 10) and not win.ready("Use Toybox", dialog), "another model: Use Toybox helps")
    win.close(dialog, "Cancel", "Variations")
    win.end()


def main():
    tap = Tap()
    prepare()
    languages = ["en", *pathlib.Path(sys.argv[4]).read_text().split()]
    for language, screen, scale in [*((language, "1024x600x24", 1) for language in languages), (languages[-1], LARGE, 2)]:
        what = language + (" in large letters" if scale == 2 else "")
        with session.Session(sys.argv[1]) as gimp:
            gimp.env["UNCLIP_TEST_TOOLS"] = str(session.HERE / "gimp_tools.py")
            speak(gimp, language)
            if scale == 2:
                gimp.env["GDK_SCALE"] = "2"
                settings = gimp.home / "config" / "gtk-3.0" / "settings.ini"
                settings.parent.mkdir(parents=True)
                settings.write_text(f"[Settings]\ngtk-xft-dpi={144 * 1024}\n")
            with window(gimp, sys.argv[2], screen) as win:
                import gi
                gi.require_version("Atspi", "2.0")
                win.ask(MAKE_IMAGE + ADD_LAYER, 120)
                for name in session.procedures():
                    # Its window is a list, and then the dialog of another procedure.
                    if name.endswith("edit-again"):
                        continue
                    if name == MODELS:
                        look_at_models(win, tap, what, 600)
                        continue
                    dialog, title = look(win, tap, what, name, 600)
                    if name.endswith(SPEAKING):
                        told_while_typing(win, tap, what, name, dialog, title)
                    win.focus(title)
                    if language == "en":
                        tab_through(win, tap, what, dialog, title)
                    win.key("Escape")  # leaves it
                    win.end()
                if language == "en":
                    use_toybox(win, tap)
                    reasons(win, tap)
            complaints = session.complaints((gimp.home / "gimp.log").read_text(errors="replace"))
            tap.say(not complaints, f"{what}: no warnings of ours", "\n".join(complaints))
    print(f"1..{tap.n}")


main()
