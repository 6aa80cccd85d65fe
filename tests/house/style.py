"""What every source file keeps to: style.py PROJECT

Blanks as the house has them, `name (args)`, a licence line, and no line that a screen cannot show. Alignment is done by hand,
so that clang-format, which .clang-format sets up for what one writes, is not asked here.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import pathlib
import re
import sys

ROOMS = ["blas_backend", "cli", "core", "plugin", "tests", "data/toybox", "data/demo"]
KINDS = {".c", ".h", ".py", ".sh", ".build"}
LONGEST = 215   # the longest that there is, without what stands in quotes; near 100 is what we want
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
CODE = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|/\*.*?\*/|//[^\n]*', re.S)
CALL = re.compile(r"\b([A-Za-z]\w+|_\w+)\(")


def blanked(text):
    """@text without strings and comments, line by line the same."""
    return CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def faults(path):
    text = path.read_text(encoding="utf-8")
    if "SPDX-License-Identifier: GPL-3.0-or-later" not in text and text.strip():
        yield 1, "has no SPDX line"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "does not end in a line's end"
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            yield number, "has a tab"
        if line != line.rstrip():
            yield number, "ends in blanks"
        if len(STRING.sub('""', line)) > LONGEST:
            yield number, f"has {len(line)} characters"
    if path.suffix in (".c", ".h"):
        for number, line in enumerate(blanked(text).split("\n"), 1):
            call = None if line.lstrip().startswith("#") or line.endswith("\\") else CALL.search(line)
            if call and not call[1] == "N_":
                yield number, f"calls {call[1]} without a blank"


def main():
    project = pathlib.Path(sys.argv[1])
    n = 0
    print(f"1..{len(ROOMS)}")
    for number, room in enumerate(ROOMS, 1):
        files = sorted(p for p in (project / room).rglob("*") if p.suffix in KINDS and p.is_file())
        said = [f"# {path.relative_to(project)}:{line} {what}" for path in files for line, what in faults(path)]
        print(f"{'not ok' if said else 'ok'} {number} - /style/{room}", *said, sep="\n")
        n += len(said)
    sys.exit(n > 0)


main()
