"""The seed in a layer's name can be given again, and gives that very picture.

SPDX-License-Identifier: GPL-3.0-or-later
"""
from common import *

image, layer = new(64, 64)
quick = {"steps": 2, "size": "64"}
largest = Gimp.get_pdb().lookup_procedure(VARIATIONS).find_argument("seed").maximum
several = call(VARIATIONS, image, [layer], count=3, seed=2147483647, **quick)
seeds = [int(made.get_name().split("#")[1].split()[0]) for made in several]
say(all(0 <= seed <= largest for seed in seeds), "each name's seed is one that the argument takes", (seeds, largest))
say(len(set(seeds)) == 3, "and no two are the same", seeds)
for made, seed in zip(several, seeds):
    alone, = call(VARIATIONS, image, [layer], count=1, seed=seed, **quick)
    say(floats(alone) == floats(made), "which alone gives that picture again", seed)
say(all(floats(a) != floats(b) for a, b in zip(several, several[1:])), "the pictures differ")
