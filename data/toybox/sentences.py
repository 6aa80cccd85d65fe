"""What people say of a scene of the new Toybox world: a small grammar with synonyms, plurals, relations and partial descriptions.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import random

import captions
from captions import PATTERN_WORDS, PREFIXES, SIZE_WORDS, place_words, with_article
from scenes import COLOURS, draw_scene
from things import THINGS
from world import PATTERNS, PLACES_X, PLACES_Y

EXPRESSION_WORDS = {"happy": ["happy", "happy", "smiling", "laughing"], "sad": ["sad", "sad", "unhappy", "crying"],
                    "surprised": ["surprised", "surprised", "astonished"], "angry": ["angry", "angry", "furious"]}
STYLE_WORDS = {"shaded": ["shaded", "shiny"], "outlined": ["outlined", "cartoon"], "flat": ["flat"]}
GROUND_WORDS = {**captions.GROUND, "sky": [*captions.GROUND["sky"], "on a sky", "on sky"],
                "plain": ["on a plain background", "on a plain background", "on plain paper"]}
RELATION_WORDS = {"left": ["left of", "to the left of", "next to", "beside"], "right": ["right of", "to the right of", "next to", "beside"],
                  "above": ["above", "above", "over"], "below": ["below", "below", "under"]}
MERGES = 400   # of the tokenizer's vocabulary: with fewer, some captions are longer than the text tower reads
OPPOSITE = {"left": "right", "right": "left", "above": "below", "below": "above"}


def facing(thing):
    return "facing left" if thing.mirror else "facing right"


def noun(thing, rng, several=False):
    kind = THINGS[thing.name]
    words = (kind.plurals if several else kind.words).split()
    return rng.choice([words[0], words[0], *words])   # its name more often than the other words for it


def parts(thing, style, rng, say, several=False):
    """Adjectives and the noun."""
    words = []
    if style and say(0.25):
        words.append(rng.choice(STYLE_WORDS[style]))
    if thing.expression and say(0.85):
        words.append(rng.choice(EXPRESSION_WORDS[thing.expression]))
    # A colour that such things have is not worth saying; another one mostly is.
    if say(0.6 if thing.colour in THINGS[thing.name].natural.split() else 0.92):
        words.append(thing.colour)
    if thing.pattern != "plain" and say(0.8):
        words.append(rng.choice(PATTERN_WORDS[thing.pattern]))
    words.append(noun(thing, rng, several) if several or say(0.97) else "thing")
    return " ".join(words)


def alike(scene):
    """Whether there are two that are named by one plural."""
    named = {(t.name, t.colour, t.pattern, t.expression) for t in scene.things}
    return len(scene.things) == 2 and len(named) == 1


def sentence(scene, rng, full=False):
    """One caption of a scene; parts are left out at random, unless @full."""
    say = lambda p: full or rng.random() < p
    first = scene.things[0]
    if not full and rng.random() < 0.12:
        # As on the web: one word, and what is written on a picture may stand for what it shows.
        if alike(scene):
            return noun(first, rng, True)
        return rng.choice(PREFIXES) + with_article(scene.word if scene.word and rng.random() < 0.5 else noun(first, rng), rng)
    if alike(scene):
        text = "two " + parts(first, scene.style, rng, say, True)
    elif len(scene.things) == 2:
        one, other = scene.things
        relation = scene.relation
        if rng.random() < 0.5:
            one, other, relation = other, one, OPPOSITE[relation]
        how = rng.choice(RELATION_WORDS[relation]) if say(0.75) else "and"
        text = " ".join((with_article(parts(one, scene.style, rng, say), rng), how, with_article(parts(other, "", rng, say), rng)))
    else:
        sized = [rng.choice(SIZE_WORDS[scene.size])] if say(0.4) else []
        text = with_article(" ".join([*sized, parts(first, scene.style, rng, say)]), rng)
        if THINGS[first.name].faced and say(0.35):
            text += " " + facing(first)
    if say(0.7):
        text += " " + rng.choice(GROUND_WORDS[scene.ground])
    if scene.word and say(0.6):
        text += rng.choice([" with the word {}", " that says {}", " labelled {}"]).format(scene.word)
    if len(scene.things) == 1 and say(0.4):
        text += ", " + place_words(scene.place_x, scene.place_y, rng)
    if not full and rng.random() < 0.1:
        return text.split(" ", 1)[1]   # "red ball on sand"
    prefix = rng.choice(PREFIXES)
    return ("there are " if alike(scene) and prefix == "there is " else prefix) + text


def brief(scene, placed=False):
    """The plainest caption, in which nothing is left to chance: "a red apple and a blue cup on sand"."""
    texts = []
    for thing in scene.things:
        words = [thing.expression, thing.colour, "" if thing.pattern == "plain" else thing.pattern, thing.name]
        text = " ".join(word for word in words if word)
        texts.append(("an " if text[0] in "aeiou" else "a ") + text)
    joint = f" {RELATION_WORDS[scene.relation][0]} " if scene.relation else ""
    at = [side for side in (scene.place_y, scene.place_x) if side not in ("middle", "centre")] or ["in the middle"]
    place = ", " + " ".join(at) if placed and not scene.relation else ""
    return f"{joint.join(texts)} {GROUND_WORDS[scene.ground][0]}{place}"


KNOWS = (f"Toybox knows {len(THINGS)} things (cats, dogs, birds, fish, apples, flowers, trees, houses, cars, boats, rockets, cups, hats, suns, stars, faces "
         f"with an expression and others) in {len(COLOURS)} colours, on sand, grass, sky, night, snow, brick, wood, water, lava or plain paper.")


def naming_words():
    words = (EXPRESSION_WORDS, STYLE_WORDS, SIZE_WORDS, PATTERN_WORDS, GROUND_WORDS)
    return [*COLOURS, *(text for kind in THINGS.values() for text in (kind.words, kind.plurals)), *(w for lists in words for ws in lists.values() for w in ws),
            *PATTERNS, *PLACES_X, *PLACES_Y, "thing"]


def vocabulary_texts(n=20000, n_things=len(THINGS)):
    """What the tokenizer's vocabulary is learnt from."""
    return [sentence(draw_scene(5_000_000 + i, n_things), random.Random(i)) for i in range(n)]
