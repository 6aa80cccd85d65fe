"""GIMP with settings of its own for one test: a scratch home, the plug-in under test, a model.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
MODELS = ["toybox", "karlo-tiny"]


def model():
    """Folder of the model that the tests run, the best of those at hand; None: there is none."""
    folders = os.environ.get("UNCLIP_MODEL_PATH", "").split(":") + [os.environ.get("UNCLIP_TEST_REFERENCE", "")]
    for name in MODELS:
        for folder in folders:
            if folder and os.path.exists(os.path.join(folder, name, "model_index.json")):
                return os.path.realpath(os.path.join(folder, name))
    return None


def procedures():
    """Names in the PDB and of the help pages, as the help says."""
    listed = (HERE.parents[1] / "plugin" / "help" / "en" / "gimp-help.xml").read_text()
    return dict(re.findall(r'help-item id="([^"]+)" ref="([^"]+)"', listed))


# This plug-in as GLib and GIMP name the one who speaks, and its procedures. Its mere name is also in the paths of many a clone.
OURS = r"\(unclip:\d+\)|(?:^|[\s\"'])unclip: |plug-in-unclip-"


def complaints(printed):
    """Warnings of this plug-in among what GIMP printed, which complains a lot itself."""
    return [line for line in printed.splitlines()
            if re.search(OURS, line) and re.search("warning|critical|mnemonic", line, re.I)
            # GIMP closes its end before any plug-in has said good-bye: a broken pipe, in the words of any language.
            and "gimp_flush(): error: " not in line]


# GIMP closes its end before a plug-in has said good-bye, which then falls anywhere into what others print, in the middle of a line too.
GOOD_BYE = r"\n\(unclip:\d+\): LibGimp-WARNING \*\*: [^\n]*gimp_flush\(\): error: [^\n]*\n"

# Of GIMP's own plug-ins, those that the tests need: a new home asks every one of a hundred what it is, which takes longer than most tests.
NEEDED = ["python-eval", "script-fu", "help", "web-browser", "file-png"]


def system_plug_ins():
    """GIMP's folder of them."""
    found = subprocess.run(["pkg-config", "--variable=gimplibdir", "gimp-3.0"], capture_output=True, text=True, check=True)
    return pathlib.Path(found.stdout.strip()) / "plug-ins"


def skip_all(reason):
    print(f"1..0 # SKIP {reason}")
    sys.exit(0)


class Session:
    """A scratch home; `with` removes it again."""

    def __init__(self, plugin):
        self.plugin = os.path.realpath(plugin)

    def __enter__(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="unclip-plugin-test-"))
        config = self.home / "GIMP"
        folder = config / "plug-ins" / "unclip"
        folder.mkdir(parents=True)
        (folder / "unclip").symlink_to(self.plugin)
        few = config / "few"
        few.mkdir()
        for name in NEEDED:
            (few / name).symlink_to(system_plug_ins() / name)
        (config / "gimprc").write_text("(show-welcome-dialog no)\n(check-updates no)\n(undo-levels 20)\n"
                                       '(plug-in-path "${gimp_dir}/plug-ins:${gimp_dir}/few")\n')
        empty = self.home / "no-models"
        empty.mkdir()
        self.env = {**os.environ, "HOME": str(self.home), "GIMP3_DIRECTORY": str(config),
                    "XDG_CONFIG_HOME": str(self.home / "config"), "XDG_DATA_HOME": str(self.home / "data"),
                    "XDG_CACHE_HOME": str(self.home / "cache"), "UNCLIP_MODEL_PATH": str(empty),
                    "UNCLIP_TEST_SCRATCH": str(self.home), "UNCLIP_TEST_MODEL": model() or "",
                    "LANG": "C.UTF-8", "LANGUAGE": "en", "OMP_WAIT_POLICY": "passive"}
        return self

    def __exit__(self, *error):
        shutil.rmtree(self.home, ignore_errors=True)

    def model_that_says(self, about):
        """The test's model with another "_unclip_about" (None: without one, so that it has no notes to give of pictures and words);
        the folder to look for it in."""
        original = pathlib.Path(self.env["UNCLIP_TEST_MODEL"])
        folder = self.home / "models" / "toybox"
        folder.mkdir(parents=True)
        for entry in original.iterdir():
            if entry.name != "model_index.json":
                (folder / entry.name).symlink_to(entry)
        index = json.loads((original / "model_index.json").read_text())
        index.pop("_unclip_about", None)
        (folder / "model_index.json").write_text(json.dumps(index | ({"_unclip_about": about} if about else {})))
        return str(folder.parent)

    def console(self, interpreter, *commands, timeout=400):
        """Runs batch commands in gimp-console; (exit status, what it printed)."""
        batch = [word for command in commands for word in ("-b", command)]
        done = subprocess.run(["gimp-console", "-i", "-d", "-f", "--quit", "--batch-interpreter", interpreter, *batch],
                              env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        return done.returncode, re.sub(GOOD_BYE, "", done.stdout.decode(errors="replace"))

    def python(self, name, timeout=400):
        """Runs a file of this folder inside GIMP's Python."""
        path = HERE / name
        return self.console("python-fu-eval", f"exec(compile(open({str(path)!r}).read(), {str(path)!r}, 'exec'))",
                            timeout=timeout)
