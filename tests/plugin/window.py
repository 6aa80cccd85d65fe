"""GIMP's window on a virtual screen: its accessible tree, in which what is pressed is found by role and name as a screen
reader finds it, and a server in it that runs Python.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import session

SCREEN = "1280x900x24"
# What people set or press.
OPERABLE = ("text", "spin button", "slider", "combo box", "button", "check box", "toggle button", "drawing area")
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

    def send(self, command):
        """Has the server run it; where its answer will be."""
        path = self.gimp.home / f"command-{self.number}"
        self.reply = self.gimp.home / f"reply-{self.number}"
        self.number += 1
        path.with_suffix(".part").write_text(command)
        path.with_suffix(".part").rename(path)
        return self.reply

    def ask(self, command, seconds=60):
        reply = self.send(command)
        self.wait(reply.exists, f"an answer to {command!r}", seconds)
        found = json.loads(reply.read_text())
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["answer"]

    def start(self, command, condition):
        """What the condition finds once the command has begun, which ends with end()."""
        self.send(command)
        return self.wait(condition, f"what {command!r} shows")

    def end(self):
        self.wait(self.reply.exists, "the command's end")

    def focus(self, title):
        """Keys go to the window of that title, which no window manager sees to here."""
        subprocess.run(["xdotool", "search", "--onlyvisible", "--name", f"^{title}$", "windowfocus", "--sync"], env=self.gimp.env, check=True)

    def key(self, *keys):
        subprocess.run(["xdotool", "key", *keys], env=self.gimp.env, check=True)

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

    def settle(self, look, what):
        """What it sees once that is the same at three looks in a row, a tenth of a second apart."""
        seen = []

        def is_settled():
            seen.append(look())
            return len(seen) >= 3 and seen[-1] == seen[-2] == seen[-3]

        self.wait(is_settled, f"{what} to stay as it is")
        return seen[-1]

    def lie(self, below):
        """Waits until all of it is shown and has its place, which comes piece by piece."""
        from gi.repository import Atspi

        def look():
            found = []
            for node in self.walk(below):
                component = node.get_component_iface()
                extents = component.get_extents(Atspi.CoordType.SCREEN) if component else None
                found.append((node.get_role_name(), node.get_name(), extents and (extents.x, extents.y, extents.width, extents.height)))
            return found

        self.settle(look, below.get_name())

    def at_work(self):
        """The processes of this session's plug-in."""
        program, found = str(self.gimp.home / "GIMP" / "plug-ins" / "unclip" / "unclip").encode(), []
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if path.read_bytes().startswith(program):
                    found.append(int(path.parent.name))
        return found

    def spent(self):
        """Their processor time in seconds, of the user's kind."""
        total = 0
        for process in self.at_work():
            with contextlib.suppress(OSError):
                total += int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])
        return total / os.sysconf("SC_CLK_TCK")

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
        self.lie(dialog)
        return dialog

    def run(self, dialog, seconds=90):
        """Has the dialog make candidates; names of the check boxes that pick them."""
        self.press(self.wait(lambda: self.ready("Run", dialog), "Run to be ready", 20))
        self.wait(lambda: self.ready("Insert", dialog), "candidates", seconds)
        return [name for role, name in self.all(dialog) if role == "check box" and name.startswith("Insert ")]

    def ready(self, name, below):
        """The button of that name, if it can be pressed."""
        found = self.find("button", name, below)
        return found if found is not None and is_sensitive(found) else None

    def close(self, dialog, button, title):
        self.press(self.find("button", button, dialog))
        self.wait(lambda: self.find("dialog", title) is None, f"dialog {title} to close")

    def messages(self):
        """What GIMP says in windows of its own."""
        return [node.get_name() for application in self.application() for box in self.walk(application)
                if box.get_role_name() in ("dialog", "alert") and box.get_name() == "GIMP Message"
                for node in self.walk(box) if node.get_role_name() == "label" and node.get_name() != "GIMP Message"]

    def dismiss(self):
        """Closes these windows."""
        for box in [box for application in self.application() for box in self.walk(application)
                    if box.get_role_name() in ("dialog", "alert") and box.get_name() == "GIMP Message"]:
            self.press(self.find("button", "OK", box))
        self.wait(lambda: not self.messages(), "messages to close", 10)

    def layers(self, n, what):
        """Names of the image's layers, once there are n and the plug-in has nothing more to do with them."""
        self.wait(lambda: self.ask("answer = len(image.get_layers())") == n, what, 90)
        self.wait(lambda: not self.at_work(), "the plug-in to end")
        return self.ask("answer = [l.get_name() for l in image.get_layers()]")


def is_sensitive(node):
    from gi.repository import Atspi
    return node.get_state_set().contains(Atspi.StateType.SENSITIVE)


def is_focused(node):
    from gi.repository import Atspi
    return node.get_state_set().contains(Atspi.StateType.FOCUSED)


def is_showing(node):
    from gi.repository import Atspi
    return node.get_state_set().contains(Atspi.StateType.SHOWING)


def prepare():
    """Skips the test where the tools for this are not; begins it anew on a bus of its own: the accessible tree is on it, and the
    user's desktop is not."""
    if session.model() is None:
        session.skip_all("neither Toybox nor another model is at hand")
    for tool in ("Xvfb", "import", "xdotool", "dbus-run-session"):
        if shutil.which(tool) is None:
            session.skip_all(f"{tool} is not installed")
    if "UNCLIP_TEST_BUS" not in os.environ:
        # And a folder of its own for that bus, which tests that run at the same time would share.
        with tempfile.TemporaryDirectory(prefix="unclip-bus-") as folder:
            os.environ |= {"UNCLIP_TEST_BUS": "own", "XDG_RUNTIME_DIR": folder}
            sys.exit(subprocess.call(["dbus-run-session", "--", sys.executable, *sys.argv]))


@contextlib.contextmanager
def window(gimp, shots, screen_size=SCREEN):
    """GIMP on a screen of its own, with the server in it."""
    # It takes the first number that is free, and tells.
    told, tell = os.pipe()
    screen = subprocess.Popen(["Xvfb", "-displayfd", str(tell), "-ac", "-screen", "0", screen_size], pass_fds=[tell],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(tell)
    with open(told) as number:
        env = gimp.env = {**gimp.env, "DISPLAY": f":{number.readline().strip()}", "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "0", "GTK_MODULES": ""}
    # For Atspi and the tools, until the window closes.
    outside = dict(os.environ)
    os.environ.update(env)
    server = session.HERE / "server.py"
    log = open(gimp.home / "gimp.log", "w")
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
        os.environ.clear()
        os.environ.update(outside)
