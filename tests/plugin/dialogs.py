"""The plug-in as people use it: GIMP's window on a virtual screen, each dialog from the menu, OK, Cancel,
undo, and the same again. What is pressed is found by role and name, as a screen reader finds it.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import session
from tap import Tap

SCREEN = "1280x900x24"
STEPS = "Steps (0: the model's)"
OPERABLE = ("text", "spin button", "slider", "combo box", "button", "check box", "toggle button")
MAKE_IMAGE = """
image, layer = new_image(96, 80, alpha=0.6)
image.undo_disable()
image.undo_enable()
image.clean_all()
display = Gimp.Display.new(image)
"""


class Window:
    """GIMP's window, its accessible tree, and the server in it."""

    def __init__(self, gimp, shots):
        self.gimp, self.shots, self.number = gimp, pathlib.Path(shots), 0
        self.shots.mkdir(parents=True, exist_ok=True)

    def ask(self, command, seconds=60):
        path = self.gimp.home / f"command-{self.number}"
        reply = self.gimp.home / f"reply-{self.number}"
        self.number += 1
        path.with_suffix(".part").write_text(command)
        path.with_suffix(".part").rename(path)
        self.wait(reply.exists, f"an answer to {command!r}", seconds)
        found = json.loads(reply.read_text())
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["answer"]

    def state(self):
        return self.ask("answer = repr(state(image))")

    def wait(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(Exception):
                found = condition()
                if found:
                    return found
            time.sleep(0.1)
        self.shot("gave-up")
        raise TimeoutError(f"waited {seconds} s for {what}")

    def shot(self, name):
        subprocess.run(["import", "-window", "root", str(self.shots / f"{name}.png")])

    def application(self):
        from gi.repository import Atspi
        desktop = Atspi.get_desktop(0)
        for i in range(desktop.get_child_count()):
            child = desktop.get_child_at_index(i)
            if child is not None and child.get_name().startswith("gimp"):
                yield child
            elif child is not None and child.get_name() == "unclip":
                yield child

    def walk(self, *todo):
        """Every accessible from these nodes down."""
        todo = list(todo)
        while todo:
            node = todo.pop(0)
            if node is not None:
                yield node
                todo.extend(node.get_child_at_index(i) for i in range(node.get_child_count()))

    def find(self, role, name, below=None):
        """The first accessible of that role and name; None: there is none."""
        for node in self.walk(*([below] if below is not None else self.application())):
            if node.get_role_name() == role and node.get_name() == name:
                return node
        return None

    def press(self, node):
        node.do_action(0)

    def all(self, below):
        """Role and name of every accessible below a node."""
        return [(node.get_role_name(), node.get_name()) for node in self.walk(below)]

    def menu_item(self, *path):
        node = None
        for name in path:
            above = node
            node = self.wait(lambda: self.find("menu item", name, above) or self.find("menu", name, above), f"menu {name}")
        return node

    def open(self, title):
        self.press(self.menu_item("Filters", "unCLIP", f"{title}…"))
        dialog = self.wait(lambda: self.find("dialog", title), f"dialog {title}")
        time.sleep(0.5)
        return dialog

    def close(self, dialog, button, title):
        self.press(self.find("button", button, dialog))
        self.wait(lambda: self.find("dialog", title) is None, f"dialog {title} to close")

    def layers(self, n, what):
        """Names of the image's layers, once there are n."""
        self.wait(lambda: self.ask("answer = len(image.get_layers())") == n, what, 90)
        time.sleep(0.5)
        return self.ask("answer = [l.get_name() for l in image.get_layers()]")


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


@contextlib.contextmanager
def window(gimp, shots):
    number = 90 + os.getpid() % 400
    env = {**gimp.env, "DISPLAY": f":{number}", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "0", "GTK_MODULES": ""}
    os.environ.update(env)
    screen = subprocess.Popen(["Xvfb", f":{number}", "-ac", "-screen", "0", SCREEN], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = session.HERE / "server.py"
    log = open(gimp.home / "gimp.log", "w")
    time.sleep(1)
    running = subprocess.Popen(
        ["gimp", "-s", "-d", "-f", "-n", "--batch-interpreter", "python-fu-eval",
         "-b", f"exec(compile(open({str(server)!r}).read(), {str(server)!r}, 'exec'))"],
        env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Window(gimp, shots)
    finally:
        for process in (running, screen):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


def is_sensitive(node):
    from gi.repository import Atspi
    return node.get_state_set().contains(Atspi.StateType.SENSITIVE)


def fill(win, dialog, texts):
    for name, text in texts.items():
        win.wait(lambda: win.find("text", name, dialog), f"entry {name}").set_text_contents(text)
    win.press(win.find("toggle button", "More settings", dialog))
    win.wait(lambda: win.find("spin button", STEPS, dialog), "steps").set_current_value(2)


def run_once(win, tap, title, texts, result):
    """One procedure from the menu: opened without a model, cancelled, done, undone in one step, repeated."""
    slug = title.lower().replace(" ", "-")
    before = win.state()

    dialog = win.open(title)
    win.shot(f"{slug}-no-model")
    tap.say(not is_sensitive(win.find("button", "OK", dialog)), f"{title}: without a model there is no OK")
    said = [name for role, name in win.all(dialog) if role == "label"]
    tap.say(any("toybox" in text and "UNCLIP_MODEL_PATH" in text for text in said), f"{title}: says that there is no model", said)
    unnamed = [role for role, name in win.all(dialog) if role in OPERABLE and not name]
    tap.say(not unnamed, f"{title}: all that can be operated has a name", win.all(dialog))
    win.press(win.find("button", "Help", dialog))
    page = slug + ".html"
    shown = win.wait(lambda: page in win.notes.read_text(), f"help page {page}", 20)
    tap.say(shown, f"{title}: Help shows its page")
    win.close(dialog, "Cancel", title)
    tap.say(win.state() == before, f"{title}: Cancel changes nothing")

    dialog = win.open(title)
    fill(win, dialog, {"Model": win.gimp.env["UNCLIP_TEST_MODEL"], **texts})
    win.wait(lambda: is_sensitive(win.find("button", "OK", dialog)), "OK to be ready", 10)
    time.sleep(0.7)
    win.shot(f"{slug}-filled")
    win.close(dialog, "OK", title)
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


def break_off(win, tap):
    """Cancel in the progress bar, which kills the plug-in's process in the middle of its work."""
    before = win.state()
    dialog = win.open("Variations")
    win.press(win.find("toggle button", "More settings", dialog))
    win.wait(lambda: win.find("spin button", STEPS, dialog), "steps").set_current_value(1000)
    win.close(dialog, "OK", "Variations")
    # The bar's text is on the screenshot alone: GTK tells it to nobody.
    time.sleep(5)
    win.shot("progress")
    tap.say(at_work(win), "the plug-in is at work")
    win.press(win.wait(lambda: progress_cancel(win), "Cancel in the progress bar"))
    # Not the end of the bar: GIMP 3.0.4 was seen to leave it standing after its Help had been used.
    win.wait(lambda: not at_work(win), "the plug-in to be gone")
    time.sleep(1)
    tap.say(win.state() == before, "Cancel in the progress bar leaves the image as it was")
    tap.say(undo_item(win) is None, "and nothing to undo")


def at_work(win):
    """Whether a process of this session's plug-in runs."""
    program = str(win.gimp.home / "GIMP" / "plug-ins" / "unclip" / "unclip").encode()
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().startswith(program):
                return True
    return False


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
    if session.model() is None:
        session.skip_all("neither Toybox nor another model is at hand")
    for tool in ("Xvfb", "import", "xdotool", "dbus-run-session"):
        if shutil.which(tool) is None:
            session.skip_all(f"{tool} is not installed")
    if "UNCLIP_TEST_BUS" not in os.environ:
        # A bus of its own: the accessible tree is on it, and the user's desktop is not.
        os.environ["UNCLIP_TEST_BUS"] = "own"
        os.execvp("dbus-run-session", ["dbus-run-session", "--", sys.executable, *sys.argv])

    with session.Session(sys.argv[1]) as gimp:
        gimp.env["UNCLIP_TEST_TOOLS"] = str(session.HERE / "gimp_tools.py")
        notes = fake_browser(gimp)
        with window(gimp, sys.argv[2]) as win:
            import gi
            gi.require_version("Atspi", "2.0")
            win.notes = notes
            win.ask(MAKE_IMAGE, 90)
            # Without a window manager GIMP's window is as small as it can be.
            subprocess.run(["xdotool", "search", "--onlyvisible", "--class", "gimp", "windowsize", "%@", "1280", "900"])
            time.sleep(1)
            win.shot("image")
            run_once(win, tap, "Variations", {}, "Variation")
            break_off(win, tap)
            run_once(win, tap, "Text Edit", {"Shows now": "a red ball", "Should show": "a blue ball"}, "Text Edit θ 0.40")
        complaints = session.complaints((gimp.home / "gimp.log").read_text(errors="replace"))
        tap.say(not complaints, "no warnings of ours", "\n".join(complaints))
    print(f"1..{tap.n}")


main()
