"""Renders the demo's picture anew: a red ball on grass that Toybox was not trained on.

    python3 data/demo/picture.py     (needs PyTorch and Pillow)

SPDX-License-Identifier: GPL-3.0-or-later
"""

import pathlib
import sys

from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "toybox"))
import world

HELD_OUT = 1_000_000   # seeds from here on are never trained on
WANTED = {"shape": world.SHAPES.index("ball"), "colour": world.COLOUR_NAMES.index("red"),
          "background": world.BACKGROUNDS.index("grass"), "size": world.SIZES.index("medium"),
          "place_x": world.PLACES_X.index("centre"), "place_y": world.PLACES_Y.index("middle")}

seed = HELD_OUT
while True:
    scenes = world.draw_scenes(4096, seed)
    fits = [i for i in range(len(scenes)) if all(int(vars(scenes)[k][i]) == v for k, v in WANTED.items())]
    if fits:
        break
    seed += 1
picture = world.render(scenes.pick([fits[0]]), 256)[0]
Image.fromarray((picture * 255).round().byte().numpy()).save(HERE / "picture.png", optimize=True)
print(f"seed {seed}, scene {fits[0]}")
