"""Words that the model never saw: somebody says so, as the picture will be noise.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

quick = {"steps": 2, "size": "64", "seed": 5}
image, layer = new(64, 64)
for before, after in (("a cat", "a dog"), ("summer", "winter"), ("qwerty", "asdf")):
    notes = values(TEXT_EDIT, image, [layer], **{"from": before, "to": after, **quick})["notes"]
    say(any(f'"{before}"' in note and "balls" in note for note in notes.splitlines()), "a note says what the model knows", (before, after, notes))
notes = values(TEXT_EDIT, image, [layer], **{"from": "a red ball", "to": "a blue ball", **quick})["notes"]
say("a red ball" not in notes and "a blue ball" not in notes, "words that it knows are not talked about", notes)
