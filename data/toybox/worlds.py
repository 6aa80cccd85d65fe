"""The worlds that a Toybox can be trained on, each with what the trainer asks of one.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import dataclasses
import random
from dataclasses import dataclass
from functools import partial
from typing import Callable

import numpy as np
import torch

import captions
import configs
import judge
import scenes
import sentences
import things
import world


@dataclass(frozen=True)
class World:
    """A batch below is a thing with a length, pick (index), join (batches), and attributes that are tensors, one value a scene."""

    draw: Callable           # (n, seed) to a batch, n at most 1000
    join: Callable           # batches to one
    render: Callable         # (batch, size) to [n, size, size, 3], 0 to 1; also (batch, size, window), as world.render has it
    edited: Callable         # (batch, seed): one attribute of each is another
    told_alike: Callable     # (batch, seed): captions say the same of them
    captions: Callable       # (batch, seed) to texts
    edit_captions: Callable  # (before, after, seed) to texts of both, in the same words but for what differs
    full: Callable           # (batch, seed) to texts that leave nothing out
    briefs: Callable         # batch to the plainest texts, those of edit_captions
    pair_briefs: Callable    # the same, and both of two are named
    others: Callable         # (batch, attribute) to the values, for each scene, that an edit of it may bring
    values: dict             # by attribute, the names of a batch's values
    level: frozenset         # names of shapes on which a tilt does not show
    to_reach: dict           # shares, by what the report measures
    sentence: str            # what it is, for who has a model of it
    naming: Callable         # () to texts all of whose words name something that there is
    spoken: Callable         # () to texts from which the vocabulary is learnt
    merges: int              # of the tokenizer
    heads: list              # attributes that a judge reads, and how many values each has
    sizes: configs.Sizes     # of the networks


class Batch:
    """Scenes of the new world, with their attributes as the judge names them: the first thing is the shape."""

    # Attributes of a batch and of a scene: those that have other names there.
    OF_SCENE = {"shape": "name", "background": "ground"}
    VALUES = {"shape": things.NAMES, "colour": list(scenes.COLOURS), "background": scenes.GROUNDS, "size": list(scenes.SIZES), "style": scenes.STYLES,
              "pattern": world.PATTERNS, "expression": ["", *things.EXPRESSIONS], "word": ["", *things.NAMES],
              "place_x": world.PLACES_X, "place_y": world.PLACES_Y, "shape2": things.NAMES, "colour2": list(scenes.COLOURS)}

    def __init__(self, rows):
        self.rows = list(rows)

    def __len__(self):
        return len(self.rows)

    def pick(self, index):
        return Batch(self.rows[index] if isinstance(index, slice) else [self.rows[i] for i in index])

    def replace(self, **fields):
        """Attributes that an edit may change, as tensors; also word, phase, and second with 0 alone, which leaves the first thing."""
        rows = self.rows
        for name, values in fields.items():
            rows = [self._changed(s, name, v) for s, v in zip(rows, values.tolist())]
        return Batch(rows)

    def _changed(self, scene, name, value):
        if name == "phase":
            return dataclasses.replace(scene, phase=tuple(value))
        if name == "second":
            return scene if value else dataclasses.replace(scene, things=scene.things[:1], relation="")
        if name == "word":
            return dataclasses.replace(scene, word=self.VALUES["word"][value])
        return scenes.with_value(scene, self.OF_SCENE.get(name, name), self.VALUES[name][value])

    def value(self, scene, name):
        first, second = scene.things[0], scene.things[-1]
        thing = second if name.endswith("2") else first
        return {"shape": thing.name, "colour": thing.colour, "background": scene.ground,
                "size": scene.size or "small"}.get(name.rstrip("2")) or getattr(scene if hasattr(scene, name) else thing, name)

    def __getattr__(self, name):
        if name == "second":
            return torch.tensor([len(s.things) - 1 for s in self.rows])
        if name == "phase":
            return torch.tensor([s.phase for s in self.rows])
        if name in self.VALUES:
            places = {value: i for i, value in enumerate(self.VALUES[name])}
            return torch.tensor([places[self.value(s, name)] for s in self.rows])
        if name in ("x", "y", "radius", "tilt"):
            return torch.tensor([getattr(s.things[0], name) for s in self.rows])
        raise AttributeError(name)


def render_things(batch, size, window=None):
    if window is None:
        return torch.from_numpy(np.stack([scenes.render(s, size) for s in batch.rows]))
    tops, lefts = (torch.as_tensor(v).expand(len(batch)).tolist() for v in window[:2])
    return torch.from_numpy(np.stack([scenes.render(s, size, (top, left, window[2])) for s, top, left in zip(batch.rows, tops, lefts)]))


def each(change, batch, seed):
    return Batch(change(s, random.Random(seed * 1000 + i)) for i, s in enumerate(batch.rows))


def tell_things(batch, seed):
    r = random.Random(seed)
    return [sentences.sentence(s, r) for s in batch.rows]


def tell_edits(before, after, seed):
    """Half of them say where the thing is."""
    return [[sentences.brief(s, placed=bool(i % 2)) for i, s in enumerate(batch.rows)] for batch in (before, after)]


def brief_things(batch):
    return [sentences.brief(s) for s in batch.rows]


def other_things(n_things, batch, name):
    names = {value: i for i, value in enumerate(Batch.VALUES[name])}
    return [[names[v] for v in scenes.choices(s, Batch.OF_SCENE.get(name, name), n_things)] for s in batch.rows]


def other_solids(batch, name):
    return [[v for v in range(len(SOLID_VALUES[name])) if v != old] for old in getattr(batch, name).tolist()]


def brief_solids(batch):
    article = lambda text: ("an " if text[0] in "aeiou" else "a ") + text
    second = [f" and {article(f'{world.COLOUR_NAMES[c]} {world.SHAPES[k]}')} " if two else " " for two, c, k in
              zip(*(getattr(batch, name).tolist() for name in ("second", "colour2", "shape2")))]
    first = [article(f"{world.COLOUR_NAMES[c]} {world.SHAPES[k]}") for c, k in zip(batch.colour.tolist(), batch.shape.tolist())]
    return [a + b + captions.GROUND[world.BACKGROUNDS[g]][0] for a, b, g in zip(first, second, batch.background.tolist())]


def things_world(n_things):
    """The new world with its first things."""
    values = {name: len(v) for name, v in Batch.VALUES.items()}
    heads = [(name, values[name]) for name in ("shape", "colour", "background", "size", "pattern", "style", "expression", "word")]
    heads += [(name, values[name] + 1) for name in ("shape2", "colour2")] + [("pose", 4)]
    return World(draw=lambda n, seed: Batch(scenes.draw_scene(seed * 1000 + i, n_things) for i in range(n)),
                 join=lambda batches: Batch(s for b in batches for s in b.rows), render=render_things,
                 edited=partial(each, partial(scenes.edited, n_things=n_things)), told_alike=partial(each, scenes.settle),
                 captions=tell_things, edit_captions=tell_edits, sentence=sentences.KNOWS, naming=sentences.naming_words, spoken=sentences.vocabulary_texts, merges=sentences.MERGES,
                 heads=heads, sizes=configs.THINGS,
                 full=lambda batch, seed: [sentences.sentence(s, random.Random(seed + i), full=True) for i, s in enumerate(batch.rows)],
                 briefs=brief_things, pair_briefs=brief_things, others=partial(other_things, n_things),
                 values={**Batch.VALUES, "shape": things.NAMES[:n_things]}, level=frozenset(("ball", "ring", "sun")),
                 to_reach={"generate": 0.85, "generate with background": 0.80, "kept": 0.88, "changed": 0.65, "colour": 0.85, "shape": 0.70,
                           "background": 0.85, "expression": 0.75, "interpolation": 0.88, "label": 0.95, "two": 0.50})


SOLID_VALUES = {"shape": world.SHAPES, "colour": world.COLOUR_NAMES, "background": world.BACKGROUNDS, "pattern": world.PATTERNS, "word": world.WORDS,
                "size": world.SIZES}
SOLIDS = World(draw=world.draw_scenes, join=world.Scenes.join, render=world.render, edited=world.edited, told_alike=world.told_alike,
               captions=captions.captions, edit_captions=captions.edit_captions, sentence=captions.KNOWS, naming=captions.naming_words,
               spoken=lambda: captions.captions(world.draw_scenes(20000, 5), 1),
               merges=configs.MERGES, heads=judge.HEADS, sizes=configs.SOLIDS, full=partial(captions.captions, full=True), briefs=captions.briefs,
               pair_briefs=brief_solids,
               others=other_solids, values=SOLID_VALUES,
               level=frozenset(("ball", "ring")),
               to_reach={"generate": 0.90, "generate with background": 0.90, "kept": 0.90, "changed": 0.60, "colour": 0.85, "shape": 0.75,
                         "background": 0.85, "interpolation": 0.90, "label": 0.95, "two": 0.50})
# The gate's has the same words and heads as the whole one, so that what is trained on it goes on there.
WORLDS = {"solids": SOLIDS, "gate": things_world(things.N_GATE), "things": things_world(len(things.NAMES))}


def pictures(name, parts):
    """What worker processes draw: [n, 64, 64, 3] bytes of a world's batch, from a seed."""
    torch.set_num_threads(1)
    seed, n, changed = parts
    batch = WORLDS[name].draw(n, seed)
    return np.concatenate([(WORLDS[name].render(b, 64) * 255).round().byte().numpy() for b in (altered(name, batch, seed) if changed else [batch])])


def altered(name, batch, seed):
    """(the batch, what captions say the same of, what differs in one attribute)"""
    return batch, WORLDS[name].told_alike(batch, seed), WORLDS[name].edited(batch, seed)
