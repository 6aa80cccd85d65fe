"""The program begins wherever it is started from: begins.py UNCLIP LIBRARIES

It begins again in its own place once (core/start.c), which must not lose it: called through the dynamic loader, as AppImages and
their like do; under valgrind, where there is one; without /proc; by a file that is gone.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

UNCLIP, LIBRARIES = sys.argv[1:3]
# Without /proc the loader does not know where the program lies.
ENVIRONMENT = {**os.environ, "LD_LIBRARY_PATH": LIBRARIES, "LC_ALL": "C.UTF-8"}
faults = 0


def check(what, *command, **more):
    global faults
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT, timeout=120, **more)
    good = done.returncode == 0 and done.stdout.startswith("unclip ") and done.stderr == ""
    faults += not good
    print("ok    " if good else "FAULT ", what, "" if good else f"status {done.returncode}, {done.stdout!r}, {done.stderr!r}")


def loader():
    """The program's own, from its PT_INTERP; the only text in it that begins so."""
    data = pathlib.Path(UNCLIP).read_bytes()
    at = data.find(b"/lib")
    return data[at:data.index(b"\0", at)].decode()


def main():
    check("as ever", UNCLIP, "--version")
    check("by another name", "unclip-by-another-name", "--version", executable=UNCLIP)
    check("through the loader", loader(), UNCLIP, "--version")
    with tempfile.NamedTemporaryFile(suffix="-unclip") as copy:
        shutil.copyfile(UNCLIP, copy.name)
        os.chmod(copy.name, 0o755)
        file = os.open(copy.name, os.O_RDONLY)
        copy.file.close()
        os.unlink(copy.name)
        pathlib.Path(copy.name).touch()
        check("its file replaced", f"/proc/self/fd/{file}", "--version", pass_fds=[file])
        os.close(file)
    if shutil.which("valgrind"):
        check("under valgrind", "valgrind", "-q", UNCLIP, "--version")
    if os.geteuid() == 0 and shutil.which("unshare"):
        check("without /proc", "unshare", "--mount", "sh", "-c", "umount -l /proc && exec \"$0\" --version", UNCLIP)
    sys.exit(faults > 0)


main()
