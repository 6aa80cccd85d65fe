"""The worlds that a Toybox can be trained on, each with what the trainer asks of one.

SPDX-License-Identifier: GPL-3.0-or-later
"""

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
    spoken: Callable         # () to texts from which the vocabulary is learnt
    merges: int              # of the tokenizer
    heads: list              # attributes that a judge reads, and how many values each has
    sizes: configs.Sizes     # of the networks


class Batch:
    """Scenes of the new world, with their attributes as the judge names them: the first thing is the shape."""

    VALUES = {"shape": things.NAMES, "colour": list(scenes.COLOURS), "background": scenes.GROUNDS, "size": list(scenes.SIZES), "style": scenes.STYLES,
              "pattern": world.PATTERNS, "expression": ["", *things.EXPRESSIONS], "word": ["", *things.NAMES],
              "place_x": world.PLACES_X, "place_y": world.PLACES_Y, "shape2": things.NAMES, "colour2": list(scenes.COLOURS)}

    def __init__(self, rows):
        self.rows = list(rows)

    def __len__(self):
        return len(self.rows)

    def pick(self, index):
        return Batch(self.rows[index] if isinstance(index, slice) else [self.rows[i] for i in index])

    def value(self, scene, name):
        first, second = scene.things[0], scene.things[-1]
        thing = second if name.endswith("2") else first
        return {"shape": thing.name, "colour": thing.colour, "background": scene.ground,
                "size": scene.size or "small"}.get(name.rstrip("2")) or getattr(scene if hasattr(scene, name) else thing, name)

    def __getattr__(self, name):
        if name == "second":
            return torch.tensor([len(s.things) - 1 for s in self.rows])
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


def things_world(n_things):
    """The new world with its first things."""
    values = {name: len(v) for name, v in Batch.VALUES.items()}
    heads = [(name, values[name]) for name in ("shape", "colour", "background", "size", "pattern", "style", "expression", "word")]
    heads += [(name, values[name] + 1) for name in ("shape2", "colour2")] + [("pose", 4)]
    return World(draw=lambda n, seed: Batch(scenes.draw_scene(seed * 1000 + i, n_things) for i in range(n)),
                 join=lambda batches: Batch(s for b in batches for s in b.rows), render=render_things,
                 edited=partial(each, partial(scenes.edited, n_things=n_things)), told_alike=partial(each, scenes.settle),
                 captions=tell_things, edit_captions=tell_edits, spoken=sentences.vocabulary_texts, merges=sentences.MERGES,
                 heads=heads, sizes=configs.THINGS)


SOLIDS = World(draw=world.draw_scenes, join=world.Scenes.join, render=world.render, edited=world.edited, told_alike=world.told_alike,
               captions=captions.captions, edit_captions=captions.edit_captions, spoken=lambda: captions.captions(world.draw_scenes(20000, 5), 1),
               merges=configs.MERGES, heads=judge.HEADS, sizes=configs.SOLIDS)
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
