"""The plug-in from scripts: in_gimp.py in GIMP's Python, and Script-Fu with named arguments.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import re
import sys

import session
from tap import Tap

SCHEME_CALL = """
(begin (script-fu-use-v3)
  (let* ((image (gimp-image-new 40 30 RGB))
         (layer (gimp-layer-new image "photo" 40 30 RGB-IMAGE 100 LAYER-MODE-NORMAL)))
    (gimp-image-insert-layer image layer 0 0)
    (gimp-drawable-fill layer FILL-WHITE)
    (let ((values (%s #:run-mode RUN-NONINTERACTIVE #:image image #:drawables (vector layer) %s)))
      (display "@values@") (write values) (newline))))
"""


def scheme_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def script_fu(gimp, tap):
    model = f'#:model {scheme_string(gimp.env["UNCLIP_TEST_MODEL"])} #:steps 2 #:size "{gimp.env["UNCLIP_TEST_SIZE"]}"'
    status, printed = gimp.console(
        "plug-in-script-fu-eval",
        SCHEME_CALL % ("plug-in-unclip-variations", f"#:count 2 #:eta 0.25 #:seed 11 #:guidance 1.5 #:framing \"stretch\" {model}"),
        SCHEME_CALL % ("plug-in-unclip-text-edit", f'#:to "a blue ball" #:strength 0.3 #:stages 2 #:seed 12 {model}'),
        SCHEME_CALL % ("plug-in-unclip-text-edit", f'#:to "a blue ball" {model} #:size "huge"'.replace(f'#:size "{gimp.env["UNCLIP_TEST_SIZE"]}"', "")))
    values = re.findall(r"@values@(.*)", printed)
    tap.say(status == 0 and len(values) == 3, "Script-Fu: named arguments", printed)
    used = [re.search(r"\) (.*)\)", line)[1] if line else "" for line in values]
    model_path = scheme_string(gimp.env["UNCLIP_TEST_MODEL"])
    tap.say(used[:1] and used[0].startswith(f'11 2 1.5 {model_path} 0.25 64 "stretch" '), "Script-Fu: variations' values", values)
    tap.say(used[1:] and re.match(r"12 2 \d+(\.\d+)? " + re.escape(model_path) + ' 0.3 64 "pad" "(f32|bf16)" "[0-9a-f]{16}"', used[1]),
            "Script-Fu: text edit's values", values)
    tap.say(used[2:] and f"{model_path} 0.4 " in used[2] and '"huge"' not in used[2], "Script-Fu: a choice that does not exist is the default", values)
    status, printed = gimp.console("plug-in-script-fu-eval",
                                   '(begin (script-fu-use-v3) (display "@values@") (write (plug-in-unclip-models #:run-mode RUN-NONINTERACTIVE)) (newline))')
    tap.say(status == 0 and "@values@(() ())" in printed, "Script-Fu: models are listed", printed)
    for what, name, arguments, words, wanted in (
            ("a count out of range", "plug-in-unclip-variations", f"#:count 99 {model}", "out of range", 70),
            ("an unknown argument", "plug-in-unclip-variations", f"#:cuont 2 {model}", "cuont", 70),
            ("text edit without a caption", "plug-in-unclip-text-edit", model, "blue ball", 70),
            ("generate without a caption", "plug-in-unclip-generate", model, "red ball", 70),
            ("enlarge with an argument that it lacks", "plug-in-unclip-enlarge", "#:guidance 2", "guidance", 70),
            ("interpolate of one layer alone", "plug-in-unclip-interpolate", model, "two layers", 70),
            ("mix of nothing", "plug-in-unclip-mix", model, "captions", 70),
            ("probe without a label", "plug-in-unclip-probe", model, "labels", 70)):
        status, printed = gimp.console("plug-in-script-fu-eval", SCHEME_CALL % (name, arguments))
        tap.say(status == wanted and words in printed, f"Script-Fu: {what} fails", f"{status}\n{printed}")


def complaining(tap):
    """A clone's folder may have any name."""
    ours = ["(unclip:7): Gtk-WARNING **: 12:00:00.000: a", "gimp-console: LibGimp-WARNING: unclip: gimp_wire_read(): b",
            "(gimp:8): Gimp-Core-CRITICAL **: plug-in-unclip-variations"]
    others = ["(gimp:8): Gtk-WARNING **: /home/u/gimp-unclip/build/plugin/unclip: c", "/srv/my unclip/tests: warning", "gimp-unclip: warning"]
    found = session.complaints("\n".join(ours + others))
    tap.say(found == ours, "complaints are told from paths", found)


def main():
    tap = Tap()
    if session.model() is None:
        session.skip_all("neither Toybox nor another model is at hand; see README for how to get one")
    complaining(tap)
    with session.Session(sys.argv[1]) as gimp:
        # 64 pixels are there in every model; the largest takes its upsampler through, too.
        gimp.env["UNCLIP_TEST_SIZE"] = "64"
        gimp.env["UNCLIP_TEST_TOOLS"] = str(session.HERE / "gimp_tools.py")
        status, printed = gimp.python("in_gimp.py")
        tap.say(tap.repeat(printed) and status == 0, "Python in GIMP came to its end", f"{status}\n{printed}")
        complaints = session.complaints(printed)
        tap.say(not complaints, "no warnings of ours", "\n".join(complaints))
        script_fu(gimp, tap)
    print(f"1..{tap.n}")


main()
