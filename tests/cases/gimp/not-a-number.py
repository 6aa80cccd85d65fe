"""Numbers that are none, words that no choice has, texts that are missing: the default, which is told, but never part of a picture.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

quick = {"steps": 2, "size": "64", "seed": 5}
image, layer = new(64, 64)
for name, arguments in (VARIATIONS, {"eta": 0.95, "guidance": 0.0}), (TEXT_EDIT, {"strength": 0.4, "guidance": 0.0}):
    captions = {"from": "a red ball", "to": "a blue ball"} if name == TEXT_EDIT else {"count": 1}
    for argument in arguments:
        for number in float("nan"), float("inf"), -float("inf"):
            used = values(name, image, [layer], **captions, **quick, **{argument: number})[f"used-{argument}"]
            say(used == arguments[argument] or argument == "guidance" and used >= 1, f"{argument} {number} of {name} is the default, which is told", used)
for name in "framing", "size", "precision":
    found = values(VARIATIONS, image, [layer], **{"count": 1, "steps": 2, "seed": 5, "size": "64", name: "nonsense"})
    say(found["used-framing"] == "pad" and found["used-precision"] in ("f32", "bf16") and found["used-size"] in (64, 256),
        f"a {name} that does not exist is the default, which is told", (found["used-framing"], found["used-precision"], found["used-size"]))
found = values(TEXT_EDIT, image, [layer], **{"from": None, "to": "a blue ball", "model": None, **quick})
say(found["used-seed"] == 5, "texts that are left out are empty ones")
