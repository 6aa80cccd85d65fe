"""The paper's limitations: whose colour is whose, and written words.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch

from .engine import call
from .held_out import lone
from .lab import Section
from .measure import difference, share, table, verdict
from .sheets import contact_sheet


def two(s):
    return (s.word == 0) & (s.second == 1) & (s.shape != s.shape2) & (s.colour != s.colour2)


def written(s):
    """The word is another shape's name, and there is one object."""
    return (s.word > 0) & (s.word != s.shape + 1) & (s.second == 0)


def of_two(seen, s):
    """What became of two objects: both there, each in its colour; with colours swapped; only one seen."""
    shape2, colour2 = seen["shape2"] - 1, seen["colour2"] - 1
    straight = (seen["shape"] == s.shape) & (shape2 == s.shape2)
    crossed = (seen["shape"] == s.shape2) & (shape2 == s.shape)
    # The judge's first object may be the caption's second.
    first = torch.where(crossed, colour2, seen["colour"])
    second = torch.where(crossed, seen["colour"], colour2)
    shapes = straight | crossed
    return {"shapes": shapes, "bound": shapes & (first == s.colour) & (second == s.colour2),
            "swapped": shapes & (first == s.colour2) & (second == s.colour), "one": seen["shape2"] == 0}


def binding(lab):
    section = Section("8. Attribute binding and written words")
    s = lab.held_out.scenes(18, lab.size(40), two)
    prompts = lab.world.pair_briefs(s)
    x, truth = lab.engine.pictures(call("generate", "--prompt", y, "--size", 64, "--seed", i) for i, y in enumerate(prompts)), lab.held_out.pictures(s)
    here, there = ({k: share(v) for k, v in of_two(lab.reader.read(p), s).items()} for p in (x, truth))
    alone = lab.held_out.scenes(18, lab.size(40), lone)
    right = lab.reader.right(lab.engine.pictures(
        call("generate", "--prompt", y, "--size", 64, "--seed", i) for i, y in enumerate(lab.world.briefs(alone))), alone)
    one = share(right["shape"] & right["colour"])
    k = min(8, len(s))
    contact_sheet(lab.out / "binding.png", [truth[:k], x[:k]], ["a scene\nof that\ncaption", "made"])

    w = lab.held_out.scenes(19, lab.size(40), written)
    names = lab.world.values["word"]
    word_prompts = [f"{y} with the word {names[i]}" for y, i in zip(lab.world.briefs(w), w.word.tolist())]
    y, word_truth = (lab.engine.pictures(call("generate", "--prompt", p, "--size", 64, "--seed", i) for i, p in enumerate(word_prompts)),
                     lab.held_out.pictures(w))
    reads, reads_truth = lab.reader.read(y), lab.reader.read(word_truth)
    words = {name: [share(v) for v in (fit(reads), fit(reads_truth))] for name, fit in {
        "the word can be read": lambda r: r["word"] == w.word,
        "another word": lambda r: (r["word"] != w.word) & (r["word"] > 0),
        "no word": lambda r: r["word"] == 0,
        "the object is of the caption's shape": lambda r: r["shape"] == w.shape,
        "the object is of the word's shape": lambda r: r["shape"] == w.word - 1}.items()}
    k = min(8, len(w))
    contact_sheet(lab.out / "words.png", [word_truth[:k], y[:k]], ["a scene\nof that\ncaption", "made"])
    section.figures = {"two objects": {k: [here[k].figures(), there[k].figures()] for k in here}, "one object": one.figures(),
                       "words": {k: [v.figures() for v in pair] for k, pair in words.items()}}
    d, low, high = difference(one, here["bound"])
    # Each against what the judge can read in true renderings.
    lost_words = difference(words["the word can be read"][1], words["the word can be read"][0])
    section.text = (
        "The paper (7): unCLIP confuses which attribute belongs to which object, and writes words badly.\n\n"
        f"Here: {len(s)} captions with two objects of different shape and colour, against {len(alone)} with one; {len(w)} captions with a word, "
        "the name of another shape. The judge's own reading of true renderings is beside it.\n\n"
        + table(["two objects", "generated", "true renderings"], [[name, here[k], there[k]] for k, name in (
            ("shapes", "both shapes"), ("bound", "both shapes, each in its colour"), ("swapped", "both shapes, colours swapped"),
            ("one", "only one object seen"))])
        + f"\nOne object alone has shape and colour right in {one}.\n\n![Two objects](binding.png)\n\n"
        + table(["a written word", "generated", "true renderings"], [[name, *pair] for name, pair in words.items()])
        + "\n![Written words](words.png)\n\n"
        + verdict(True if low > 0 and here["swapped"].bounds[0] > there["swapped"].bounds[1] else None if low > 0 or high > 0.1 else False,
                  f"binding: two objects are right by {100 * d:.0f} points ({100 * low:.0f} to {100 * high:.0f}) less often than one; "
                  f"colours are swapped in {here['swapped']}.")
        + "\n" + verdict(True if lost_words[1] > 0 else False if lost_words[2] < 0.1 else None,
                         f"words: {words['the word can be read'][0]} of the generated ones can be read, of true renderings "
                         f"{words['the word can be read'][1]}."))
    return section
