"""Every language of po/ has all that the sources say, and says it with the same formats: translations.py PROJECT

SPDX-License-Identifier: GPL-3.0-or-later
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

# What meson's i18n, preset "glib", gives xgettext, and the texts of GLib's plurals.
KEYWORDS = ["_", "N_", "C_:1c,2", "NC_:1c,2", "g_dcgettext:2", "g_dngettext:2,3", "g_dpgettext2:2c,3", "ngettext:1,2"]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})


def texts(catalogue, *kinds):
    """The first lines of the messages of these kinds."""
    printed = run("msgattrib", *kinds, "--no-obsolete", "--no-wrap", str(catalogue)).stdout
    return [line for line in printed.splitlines() if line.startswith("msgid ") and line != 'msgid ""']


def main():
    project = pathlib.Path(sys.argv[1])
    for tool in ("xgettext", "msgmerge", "msgattrib", "msgfmt"):
        if shutil.which(tool) is None:
            print(f"1..0 # SKIP {tool} is not installed")
            return
    languages = (project / "po" / "LINGUAS").read_text().split()
    print(f"1..{2 * len(languages)}")
    with tempfile.TemporaryDirectory() as scratch:
        template = pathlib.Path(scratch) / "template.pot"
        made = run("xgettext", "--directory", str(project), "--files-from", str(project / "po" / "POTFILES.in"), "--from-code=UTF-8",
                   *(f"--keyword={keyword}" for keyword in KEYWORDS), "--output", str(template))
        assert made.returncode == 0 and template.exists(), made.stderr
        for i, language in enumerate(languages):
            merged = pathlib.Path(scratch) / f"{language}.po"
            done = run("msgmerge", "--no-fuzzy-matching", "--output-file", str(merged), str(project / "po" / f"{language}.po"), str(template))
            lacking = texts(merged, "--untranslated") + texts(merged, "--only-fuzzy")
            complete = done.returncode == 0 and merged.exists() and len(texts(merged)) > 100 and not lacking
            print(f"{'ok' if complete else 'not ok'} {2 * i + 1} - {language}: nothing is untranslated")
            checked = run("msgfmt", "--check", "--output-file", "/dev/null", str(merged))
            print(f"{'ok' if checked.returncode == 0 else 'not ok'} {2 * i + 2} - {language}: formats agree")
            for line in [done.stderr if done.returncode else "", *lacking, checked.stderr if checked.returncode else ""]:
                for part in line.splitlines():
                    print(f"# {part}")


main()
