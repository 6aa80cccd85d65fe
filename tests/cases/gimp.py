"""One case of gimp/ in a GIMP of its own: gimp.py PLUGIN NAME

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "plugin"))
import session  # noqa: E402

RUN = "import os, sys; sys.path.insert(0, os.environ['CASES']); exec(open(os.environ['CASES'] + '/' + os.environ['CASE'] + '.py').read())"


def main():
    if session.model() is None:
        print("there is no model")
        sys.exit(77)
    with session.Session(sys.argv[1]) as gimp:
        gimp.env |= {"CASES": str(HERE / "gimp"), "CASE": sys.argv[2], "UNCLIP_MODEL_PATH": str(pathlib.Path(session.model()).parent)}
        status, printed = gimp.console("python-fu-eval", RUN)
    lines = [line for line in printed.splitlines() if line.startswith("CASE ")]
    print("\n".join(lines))
    if status != 0 or not lines or any(not line.startswith("CASE ok") for line in lines):
        print(f"exit {status}", printed, sep="\n")
        sys.exit(1)


main()
