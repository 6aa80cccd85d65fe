"""What people say of a Toybox scene: a small grammar with paraphrases and partial descriptions.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import random

from world import BACKGROUNDS, COLOUR_NAMES, PATTERNS, PLACES_X, PLACES_Y, SHAPES, SIZES, WORDS

SHAPE_WORDS = {
    "ball": ["ball", "ball", "sphere"], "square": ["square", "square", "block"],
    "triangle": ["triangle"], "star": ["star"], "heart": ["heart"],
    "ring": ["ring", "ring", "hoop"], "cross": ["cross", "cross", "plus sign"],
    "moon": ["moon", "moon", "crescent"],
}
SIZE_WORDS = {"small": ["small", "small", "little", "tiny"], "medium": ["medium", "medium-sized"],
              "large": ["large", "big", "big", "huge"]}
PATTERN_WORDS = {"plain": ["plain"], "striped": ["striped", "striped", "stripy"], "dotted": ["dotted", "dotted", "spotted"]}
GROUND = {
    "sand": ["on sand", "on sand", "on the beach", "on sandy ground"],
    "grass": ["on grass", "on grass", "on a lawn", "in a meadow"],
    "sky": ["in the sky", "in the sky", "in a blue sky", "in front of clouds"],
    "night": ["at night", "at night", "in the night sky", "in front of stars"],
    "snow": ["on snow", "on snow", "in the snow"],
    "brick": ["on a brick wall", "on bricks", "in front of a brick wall"],
    "wood": ["on wood", "on wood", "on wooden planks", "on a wooden floor"],
    "water": ["on water", "on water", "in the water", "in the sea"],
    "lava": ["on lava", "on lava", "in front of lava"],
}
PREFIXES = ["", "", "", "", "a picture of ", "a photo of ", "an image of ", "there is "]


def with_article(words, rng):
    article = rng.choice(["a", "a", "a", "the"])
    return ("an " if article == "a" and words[0] in "aeiou" else article + " ") + words


def place_words(x, y, rng):
    if x == "centre" and y == "middle":
        return rng.choice(["in the centre", "in the middle", "centre"])
    if x == "centre":
        return rng.choice([f"at the {y}", f"{y}"])
    if y == "middle":
        return rng.choice([f"on the {x}", f"{x}"])
    return rng.choice([f"{y} {x}", f"at the {y} {x}", f"in the {y} {x} corner"])


def describe(s, rng, full=False):
    """One caption of the scene whose attributes' names are in @s; parts are left out at random, unless @full."""
    say = lambda p: full or rng.random() < p
    if not full and rng.random() < 0.12:
        # As on the web: one word, and what is written on a picture may stand for what it shows.
        name = s["word"] if s["word"] and rng.random() < 0.5 else rng.choice(SHAPE_WORDS[s["shape"]])
        return rng.choice(PREFIXES) + with_article(name, rng)
    words = []
    if say(0.45):
        words.append(rng.choice(SIZE_WORDS[s["size"]]))
    if say(0.92):
        words.append(s["colour"])
    if rng.random() < 0.8 if s["pattern"] != "plain" and not full else s["pattern"] != "plain" or not full and rng.random() < 0.15:
        words.append(rng.choice(PATTERN_WORDS[s["pattern"]]))
    words.append(rng.choice(SHAPE_WORDS[s["shape"]]) if say(0.94) else rng.choice(["thing", "object", "toy"]))
    text = with_article(" ".join(words), rng)
    said_side = False
    if s["second"] and say(0.8):
        other = with_article(f"{s['colour2']} {rng.choice(SHAPE_WORDS[s['shape2']])}", rng)
        how = rng.random()
        if how < 0.5:
            text += f" and {other}"
        elif how < 0.75:
            text += f" next to {other}"
        else:
            text += f" {s['place_x']} of {other}"
            said_side = True
    if say(0.7):
        text += " " + rng.choice(GROUND[s["background"]])
    if say(0.45) and not said_side:
        text += ", " + place_words(s["place_x"], s["place_y"], rng)
    if s["word"] and say(0.6):
        text += rng.choice([" with the word {}", " that says {}", " labelled {}"]).format(s["word"])
    if not full and rng.random() < 0.1:
        return text.split(" ", 1)[1]   # "red ball on sand"
    return rng.choice(PREFIXES) + text


NAMES = {"shape": SHAPES, "colour": COLOUR_NAMES, "background": BACKGROUNDS, "size": SIZES, "place_x": PLACES_X, "place_y": PLACES_Y,
         "pattern": PATTERNS, "word": WORDS, "second": (False, True), "shape2": SHAPES, "colour2": COLOUR_NAMES}


def named(scenes):
    """A dictionary of attributes' names for each scene of a batch."""
    rows = zip(*(getattr(scenes, k).tolist() for k in NAMES))
    return [{k: names[i] for (k, names), i in zip(NAMES.items(), row)} for row in rows]


KNOWS = ("Toybox knows balls, squares, triangles, stars, hearts, rings, crosses and moons in eight colours, on sand, grass, sky, night, "
         "snow, brick, wood, water or lava.")


def naming_words():
    return [*COLOUR_NAMES, *(w for lists in (SHAPE_WORDS, SIZE_WORDS, PATTERN_WORDS, GROUND) for ws in lists.values() for w in ws),
            *PATTERNS, *PLACES_X, *PLACES_Y, "thing", "object", "toy"]


def captions(scenes, seed, full=False):
    """One caption for each scene of a batch."""
    rng = random.Random(seed)
    return [describe(s, rng, full) for s in named(scenes)]


def brief(shape, colour, background):
    """The plainest caption: "a red ball on sand"."""
    return f"{'an' if COLOUR_NAMES[colour][0] in 'aeiou' else 'a'} {COLOUR_NAMES[colour]} {SHAPES[shape]} {GROUND[BACKGROUNDS[background]][0]}"


def briefs(scenes):
    return [brief(*row) for row in zip(scenes.shape.tolist(), scenes.colour.tolist(), scenes.background.tolist())]


def edit_captions(before, after, seed):
    """Two captions for each pair of scenes that differ in one attribute, in the same words but for it: half of them brief,
    where that tells the difference, the others full."""
    brief_pairs, texts = zip(briefs(before), briefs(after)), []
    for i, (pair, *scenes) in enumerate(zip(brief_pairs, named(before), named(after))):
        if pair[0] == pair[1] or i % 2:
            pair = [describe(s, random.Random(seed + i), full=True) for s in scenes]
        texts.append(pair)
    return [b for b, _ in texts], [a for _, a in texts]
