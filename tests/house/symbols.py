"""The library gives away what unclip.h declares, and no name of another's: symbols.py LIBRARY PROJECT

SPDX-License-Identifier: GPL-3.0-or-later
"""

import pathlib
import re
import shutil
import subprocess
import sys

if shutil.which("nm") is None:
    print("1..0 # SKIP nm is not installed")
    sys.exit(77)
listed = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True).stdout
symbols = {line.split()[-1].split("@")[0] for line in listed.splitlines()}
core = pathlib.Path(sys.argv[2]) / "core"
declared = set()
for header in core.rglob("*.h"):
    for declaration in re.findall(r"^UNCLIP_API\b[^;]*", header.read_text(encoding="utf-8"), re.M):
        declared.add(re.search(r"(\w+)\s*\(", declaration)[1])
strangers, hidden = sorted(symbols - declared), sorted(declared - symbols)
print("1..2")
print(f"{'not ok' if strangers or not symbols else 'ok'} 1 - /symbols/ours", *[f"# {name} is exported, and no header declares it UNCLIP_API" for name in strangers], sep="\n")
print(f"{'not ok' if hidden or not all(s.startswith('unclip_') for s in symbols) else 'ok'} 2 - /symbols/all",
      *[f"# {name} is declared and not exported" for name in hidden], sep="\n")
