"""A round of soak.py in GIMP: the plug-in is killed in the middle, or left alone, and the image is saved afterwards.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "plugin"))
import session

PATIENCE = 300   # seconds; GIMP alone takes three to start on an idle machine

# Runs in GIMP's Python. The layer's pixels, and whether the image has what a whole run adds, are the answers.
SCRIPT = """
import os
from gi.repository import Gegl, Gimp, Gio
rect = Gegl.Rectangle.new (0, 0, 64, 48)
def pixels (layer):
    return bytes (layer.get_buffer ().get (rect, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE))
image = Gimp.Image.new (64, 48, Gimp.ImageBaseType.RGB)
layer = Gimp.Layer.new (image, "photo", 64, 48, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
image.insert_layer (layer, None, 0)
before = bytes ((7 * i + i // 192) % 256 for i in range (64 * 48 * 3))
layer.get_buffer ().set (rect, "R'G'B' u8", before)
procedure = Gimp.get_pdb ().lookup_procedure ("plug-in-unclip-variations")
config = procedure.create_config ()
for name, value in (("image", image), ("count", 2), ("steps", 25), ("model", os.environ["SOAK_MODEL"]), ("size", "64")):
    config.set_property (name, value)
config.set_core_object_array ("drawables", [layer])
print ("@SOAK@ begins", flush=True)
status = procedure.run (config).index (0)
n_layers = len (image.get_layers ())
file = Gio.File.new_for_path (os.environ["SOAK_OUT"])
saved = Gimp.file_save (Gimp.RunMode.NONINTERACTIVE, image, file, None)
again = Gimp.file_load (Gimp.RunMode.NONINTERACTIVE, file)
photo = [l for l in again.get_layers () if l.get_name () == "photo"] + [c for g in again.get_layers () if g.is_group () for c in g.get_children () if c.get_name () == "photo"]
same = len (photo) == 1 and pixels (photo[0]) == before and pixels (layer) == before
print ("@SOAK@", "success" if status == Gimp.PDBStatusType.SUCCESS else "failure", n_layers, saved, same, flush=True)
"""


def plugin_of(gimp):
    """The process of our plug-in that runs for this GIMP; None: there is none yet, or any more."""
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if not entry.name.isdigit():
                continue
            words = (entry / "cmdline").read_bytes().split(b"\0")
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == gimp.pid and words[0].endswith(b"/unclip/unclip") and b"-run" in words:
            return int(entry.name)
    return None


def disturb(gimp, rng, printed):
    """Kills the plug-in at some moment after the call began; what was done."""
    end = time.monotonic() + PATIENCE / 2
    while gimp.poll() is None and time.monotonic() < end and "@SOAK@ begins" not in printed.read_text(errors="replace"):
        time.sleep(0.05)
    time.sleep(rng.random() * rng.choice([0.05, 0.5, 2]))
    number = rng.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
    pid = plugin_of(gimp)
    if pid is None:
        return "nothing"
    os.kill(pid, number)
    return number.name


class Gimp:
    """A home for all rounds, as GIMP takes long to get to know its plug-ins."""

    def __init__(self, plugin):
        self.is_there = os.path.exists(plugin) and shutil.which("gimp-console") is not None
        if self.is_there:
            self.session = session.Session(plugin)
            self.session.__enter__()

    def finish(self):
        if self.is_there:
            self.session.__exit__()

    def play(self, place, rng, model):
        """(what it was, why it was lost, or None)"""
        place.mkdir()
        return play(place, rng, {**self.session.env, "SOAK_MODEL": str(model), "SOAK_OUT": str(place / "out.xcf")})


def play(place, rng, env):
    printed = place / "printed"
    with open(printed, "wb") as out:
        gimp = subprocess.Popen(["gimp-console", "-i", "-d", "-f", "--quit", "--batch-interpreter", "python-fu-eval", "-b", SCRIPT],
                                env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        done = disturb(gimp, rng, printed) if rng.random() < 0.8 else "nothing"
        try:
            gimp.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            gimp.kill()
            gimp.wait()
    text = printed.read_text(errors="replace")
    answers = [line.split()[1:] for line in text.splitlines() if line.startswith("@SOAK@") and "begins" not in line]
    what = f"gimp, {done}"
    if not answers:
        return what, f"GIMP did not come to its end (status {gimp.returncode}): {text[-600:]!r}"
    said, n_layers, saved, same = answers[0]
    # A whole run adds a group, or nothing: killed after that, GIMP says failure.
    if same != "True" or saved != "True" or (said == "success" and n_layers != "2") or (done == "nothing" and said != "success"):
        return what, f"{answers[0]}: {text[-600:]!r}"
    shutil.rmtree(place)
    return what, None
