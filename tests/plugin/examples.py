"""The examples of every help page, and the README's in Python-Fu, run as they stand there.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import html
import re
import sys
import textwrap

import session
from tap import Tap

PAGES = session.HERE.parents[1] / "plugin" / "help" / "en"
# What an example calls image, layer and other.
SCHEME = """(begin (script-fu-use-v3)
  (let* ((image (gimp-image-new 40 30 RGB))
         (other (gimp-layer-new image "other" 40 30 RGB-IMAGE 100 LAYER-MODE-NORMAL))
         (layer (gimp-layer-new image "photo" 40 30 RGB-IMAGE 100 LAYER-MODE-NORMAL)))
    (gimp-image-insert-layer image other 0 0)
    (gimp-drawable-fill other FILL-BACKGROUND)
    (gimp-image-insert-layer image layer 0 0)
    (gimp-drawable-fill layer FILL-FOREGROUND)
    (let ((values {call}))
      (display "@values@") (write values) (newline))))"""
PYTHON = """
image, layer = new_image(40, 30)
other = layer.copy()
image.insert_layer(other, None, 1)
{call}
print(f"@values@ {{values.index(0) == Gimp.PDBStatusType.SUCCESS}}", flush=True)
"""


def examples(page, kind):
    return [html.unescape(text) for text in re.findall(rf'<pre class="{kind}">(.*?)</pre>', (PAGES / page).read_text(), re.S)]


def of_readme():
    """Python-Fu's, without its indentation."""
    blocks = re.findall(r"(?m)(?:^    .*\n)+", (session.HERE.parents[1] / "README.md").read_text())
    return textwrap.dedent(next(block for block in blocks if "lookup_procedure" in block))


def main():
    tap = Tap()
    if session.model() is None:
        session.skip_all("neither Toybox nor another model is at hand")
    procedures = session.procedures()
    pages = {path.name for path in PAGES.glob("*.html")}
    tap.say(pages == set(procedures.values()), "every procedure has its page", (pages, procedures))
    with session.Session(sys.argv[1]) as gimp:
        gimp.env["UNCLIP_TEST_TOOLS"] = str(session.HERE / "gimp_tools.py")
        # They name no model, which means Toybox; any other stands in for it.
        folder = gimp.home / "models"
        folder.mkdir()
        (folder / "toybox").symlink_to(gimp.env["UNCLIP_TEST_MODEL"])
        gimp.env["UNCLIP_MODEL_PATH"] = str(folder)
        scheme = {name: examples(page, "script-fu") for name, page in procedures.items()}
        python = {name: examples(page, "python-fu") for name, page in procedures.items()}
        tap.say(all(len(found) == 1 and f"({name} " in found[0] for name, found in scheme.items())
                and all(len(found) == 1 and f'"{name}"' in found[0] for name, found in python.items()), "every page has its two examples", (scheme, python))
        calls = [re.fullmatch(r"\(begin \(script-fu-use-v3\)\s*(.*)\)", found[0], re.S)[1] for found in scheme.values()]
        status, printed = gimp.console("plug-in-script-fu-eval", *(SCHEME.format(call=call) for call in calls))
        values = re.findall(r"@values@(.*)", printed)
        tap.say(status == 0 and len(values) == len(procedures), "Script-Fu: every example runs", printed)
        start = f"import sys; sys.path.insert(0, {str(session.HERE)!r})\nfrom gimp_tools import *\n"
        pythons = [found[0] for found in python.values()] + [of_readme()]
        status, printed = gimp.console("python-fu-eval", *(start + PYTHON.format(call=call) for call in pythons))
        tap.say(status == 0 and printed.count("@values@ True") == len(pythons), "Python-Fu: every example runs", printed)
        complaints = session.complaints(printed)
        tap.say(not complaints, "no warnings of ours", "\n".join(complaints))
    print(f"1..{tap.n}")


main()
