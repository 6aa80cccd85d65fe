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
MAKE_IMAGE = """
image, layer = new_image(96, 80, alpha=0.6)
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

    def wait(self, condition, what, seconds=30):
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

    def find(self, role, name, below=None):
        """The first accessible of that role and name; None: there is none."""
        todo = [below] if below is not None else list(self.application())
        while todo:
            node = todo.pop(0)
            if node is None:
                continue
            if node.get_role_name() == role and node.get_name() == name:
                return node
            todo.extend(node.get_child_at_index(i) for i in range(node.get_child_count()))
        return None

    def press(self, node):
        node.do_action(0)

    def names(self, below):
        """Roles and names of all that can be operated below a node."""
        todo, found = [below], []
        while todo:
            node = todo.pop(0)
            if node is None:
                continue
            if node.get_role_name() in ("text", "spin button", "slider", "combo box", "push button", "check box", "toggle button"):
                found.append((node.get_role_name(), node.get_name()))
            todo.extend(node.get_child_at_index(i) for i in range(node.get_child_count()))
        return found

    def menu(self, *path):
        node = None
        for name in path:
            node = self.wait(lambda: self.find("menu item", name, node) or self.find("menu", name, node), f"menu {name}")
        self.press(node)

    def dialog(self, title):
        return self.wait(lambda: self.find("dialog", title), f"dialog {title}")


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
         "-b", f"exec(compile(open('{server}').read(), '{server}', 'exec'))"],
        env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield Window(gimp, shots)
    finally:
        for process in (running, screen):
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


def key(keys):
    subprocess.run(["xdotool", "key", "--clearmodifiers", keys])


def try_dialog(win, tap, title, label, fill, result):
    """One procedure: cancelled, done, undone, repeated."""
    slug = title.lower().replace(" ", "-")
    before = win.state()

    win.menu("Filters", "unCLIP", label)
    dialog = win.dialog(title)
    time.sleep(0.5)
    win.shot(slug)
    unnamed = [role for role, name in win.names(dialog) if not name and role in ("push button", "check box")]
    tap.say(not unnamed, f"{title}: what can be pressed has a name", win.names(dialog))
    win.press(win.find("push button", "Cancel", dialog))
    win.wait(lambda: win.find("dialog", title) is None, "the dialog to close")
    tap.say(win.state() == before, f"{title}: Cancel changes nothing")

    win.menu("Filters", "unCLIP", label)
    dialog = win.dialog(title)
    fill(win, dialog)
    win.press(win.wait(lambda: win.find("toggle button", "More settings", dialog), "the expander"))
    time.sleep(0.7)
    win.shot(f"{slug}-filled")
    win.press(win.find("push button", "OK", dialog))
    win.wait(lambda: win.ask("answer = len(image.get_layers())") == 2, f"a result of {title}", 60)
    time.sleep(0.5)
    win.shot(f"{slug}-done")
    names = win.ask("answer = [l.get_name() for l in image.get_layers()]")
    tap.say(names[0].startswith(result) and names[1] == "photo", f"{title}: OK makes a layer", names)

    win.menu("Edit", win.wait(lambda: undo_item(win), "Undo in the menu"))
    win.wait(lambda: win.ask("answer = len(image.get_layers())") == 1, "undo")
    tap.say(win.state() == before, f"{title}: one undo takes all of it back", f"{before}\n{win.state()}")
    return before


def undo_item(win):
    menu = win.find("menu", "Edit")
    for i in range(menu.get_child_count()):
        name = menu.get_child_at_index(i).get_name()
        if name.startswith("Undo"):
            return name
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
        with window(gimp, sys.argv[2]) as win:
            import gi
            gi.require_version("Atspi", "2.0")
            win.ask(MAKE_IMAGE, 90)
            time.sleep(1)
            win.shot("image")
            run(win, tap, gimp)
    print(f"1..{tap.n}")


main()
