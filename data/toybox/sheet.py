"""A contact sheet of true renderings of the new world, to be looked at: would a stranger name each of them at once?

    python3 sheet.py SHEET.png [things | expressions | colours | styles | scenes] [--first 16] [--side 64] [--show 160] [--seed 1] [--names]

Things come in an order of the seed, each in a scene of its own, without their names unless asked for. Pictures smaller than
they are shown are enlarged in whole pixels.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import itertools
import math
import random
from dataclasses import replace

from PIL import Image, ImageDraw

from report.sheets import INK, PAPER, font
from scenes import COLOURS, STYLES, draw_scene, in_bytes
from sentences import sentence
from things import EXPRESSIONS, N_GATE, NAMES, THINGS
from world import PATTERNS


def single(name, seed):
    """The first scene from a seed on that shows one of that name and nothing else."""
    for i in itertools.count(seed * 100_000):
        s = draw_scene(i)
        if len(s.things) == 1 and s.things[0].name == name and not s.word:
            return s


def changed(scene, **fields):
    """A scene whose thing has other fields."""
    return replace(scene, things=(replace(scene.things[0], **fields),))


def central(name, seed):
    """One of that name in the middle, on a plain ground."""
    return replace(changed(single(name, seed), x=0.0, y=0.0, radius=0.8, pattern="plain"), ground="plain")


def shown(what, seed, known):
    """(scenes, how many stand in a row); @known: names of the things"""
    if what == "scenes":
        return [draw_scene(seed * 100_000 + i, len(known)) for i in range(64)], 8
    if what == "things":
        names = random.Random(seed).sample(known, len(known))
        return [single(name, seed + i) for i, name in enumerate(names)], 8
    if what == "expressions":
        faced = [name for name in known if THINGS[name].faces]
        return [changed(central(name, seed + i), expression=e) for e in EXPRESSIONS for i, name in enumerate(faced)], len(faced)
    if what == "styles":
        return [replace(changed(central(name, seed), pattern=PATTERNS[i] if THINGS[name].patterned else "plain", mirror=bool(i % 2)), style=style)
                for name in known for i, style in enumerate(STYLES)], 12
    return [changed(replace(central(name, seed), ground="sky"), colour=c) for name in known for c in COLOURS], len(COLOURS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet")
    parser.add_argument("what", nargs="?", default="things", choices=("things", "expressions", "colours", "styles", "scenes"))
    parser.add_argument("--first", type=int, default=len(NAMES), metavar="N", help=f"only the N things that are needed most; {N_GATE} are the gate's")
    parser.add_argument("--side", type=int, default=64, help="pixels of a rendering")
    parser.add_argument("--show", type=int, default=160, help="pixels that the sheet gives to each")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--names", action="store_true", help="what each one shows, under it")
    args = parser.parse_args()
    scenes, columns = shown(args.what, args.seed, NAMES[:args.first])
    step, line = args.show + 4, 30 if args.names else 4
    sheet = Image.new("RGB", (columns * step, math.ceil(len(scenes) / columns) * (args.show + line)), PAPER)
    pen = ImageDraw.Draw(sheet)
    how = Image.Resampling.NEAREST if args.side <= args.show else Image.Resampling.LANCZOS
    for i, s in enumerate(scenes):
        x, y = i % columns * step, i // columns * (args.show + line)
        sheet.paste(Image.fromarray(in_bytes(s, args.side)).resize((args.show, args.show), how), (x, y))
        if args.names:
            words = sentence(s, random.Random(i), full=True).split(" ")
            middle = len(words) // 2
            pen.multiline_text((x + 2, y + args.show), f"{' '.join(words[:middle])}\n{' '.join(words[middle:])}", INK, font(10), spacing=1)
    sheet.save(args.sheet)


if __name__ == "__main__":
    main()
