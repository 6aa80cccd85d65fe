"""Every header says itself all that it needs: headers.py PROJECT BUILD compiles each one alone, as a source beside it is.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

# Loops over vectors whose width the file of an instruction set gives: no headers by themselves.
TEMPLATES = {"blas_backend/simd", "blas_backend/x86", "blas_backend/arm"}


def flags(command):
    """A compile command's options, without what it reads and writes."""
    words, kept = iter(shlex.split(command)[1:]), []
    for word in words:
        if word in ("-o", "-MF", "-MQ", "-MT"):
            next(words)
        elif word.startswith("-") and word not in ("-c", "-MD", "-MMD", "-Werror"):   # that a header is the main file is a warning
            kept.append(word)
    return kept


def main():
    project, build = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    by_folder = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (build / entry["file"]).resolve()
        words = shlex.split(entry["command"])
        compiler = words[1] if os.path.basename(words[0]) == "ccache" else words[0]
        by_folder.setdefault(source.parent, (compiler, flags(entry["command"])))
    headers = [path for room in ("blas_backend", "core", "cli", "plugin", "tests") for path in sorted((project / room).rglob("*.h"))
               if str(path.parent.relative_to(project)) not in TEMPLATES]

    def compiled(header):
        """None, or what the compiler says."""
        nearest = next((folder for folder in (header.parent, *header.parent.parents) if folder in by_folder), project / "core" / "edits")
        compiler, options = by_folder[nearest]
        done = subprocess.run([compiler, *options, "-fsyntax-only", "-x", "c", header],
                              cwd=build, capture_output=True, text=True)
        return done.stderr if done.returncode else None

    print(f"1..{len(headers)}")
    with ThreadPoolExecutor(2) as pool:
        for number, (header, said) in enumerate(zip(headers, pool.map(compiled, headers)), 1):
            print(f"{'not ok' if said else 'ok'} {number} - /headers/{header.relative_to(project)}", flush=True)
            for line in (said or "").splitlines()[:8]:
                print("#", line)


main()
