"""What people say of a Toybox scene: a small grammar with paraphrases and partial descriptions.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import random

from world import BACKGROUNDS, COLOUR_NAMES, PLACES_X, PLACES_Y, SHAPES, SIZES

SHAPE_WORDS = {
    "ball": ["ball", "ball", "sphere"], "square": ["square", "square", "block"],
    "triangle": ["triangle"], "star": ["star"], "heart": ["heart"],
    "ring": ["ring", "ring", "hoop"], "cross": ["cross", "cross", "plus sign"],
    "moon": ["moon", "moon", "crescent"],
}
SIZE_WORDS = {"small": ["small", "small", "little", "tiny"], "medium": ["medium", "medium-sized"],
              "large": ["large", "big", "big", "huge"]}
GROUND = {
    "sand": ["on sand", "on sand", "on the beach", "on sandy ground"],
    "grass": ["on grass", "on grass", "on a lawn", "in a meadow"],
    "sky": ["in the sky", "in the sky", "in a blue sky", "in front of clouds"],
    "night": ["at night", "at night", "in the night sky", "in front of stars"],
    "snow": ["on snow", "on snow", "in the snow"],
    "brick": ["on a brick wall", "on bricks", "in front of a brick wall"],
}
PREFIXES = ["", "", "", "", "a picture of ", "a photo of ", "an image of ", "there is "]


def place_words(x, y, rng):
    if x == "centre" and y == "middle":
        return rng.choice(["in the centre", "in the middle", "centre"])
    if x == "centre":
        return rng.choice([f"at the {y}", f"{y}"])
    if y == "middle":
        return rng.choice([f"on the {x}", f"{x}"])
    return rng.choice([f"{y} {x}", f"at the {y} {x}", f"in the {y} {x} corner"])


def describe(shape, colour, background, size, x, y, rng, full=False):
    """One caption; parts are left out at random, unless @full."""
    say = lambda p: full or rng.random() < p
    words = []
    if say(0.5):
        words.append(rng.choice(SIZE_WORDS[size]))
    if say(0.92):
        words.append(colour)
    words.append(rng.choice(SHAPE_WORDS[shape]) if say(0.94) else rng.choice(["thing", "object", "toy"]))
    text = " ".join(words)
    article = rng.choice(["a", "a", "a", "the"])
    if article == "a" and text[0] in "aeiou":
        article = "an"
    text = f"{article} {text}"
    if say(0.7):
        text += " " + rng.choice(GROUND[background])
    if say(0.5):
        text += ", " + place_words(x, y, rng)
    if not full and rng.random() < 0.1:
        return text.split(" ", 1)[1]   # "red ball on sand"
    return rng.choice(PREFIXES) + text


def captions(scenes, seed, full=False):
    """One caption for each scene of a batch."""
    rng = random.Random(seed)
    rows = zip(*(getattr(scenes, k).tolist() for k in ("shape", "colour", "background", "size", "place_x", "place_y")))
    return [describe(SHAPES[a], COLOUR_NAMES[b], BACKGROUNDS[c], SIZES[d], PLACES_X[e], PLACES_Y[f], rng, full)
            for a, b, c, d, e, f in rows]
