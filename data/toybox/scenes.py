"""Scenes of the new Toybox world: one or two things on a ground, at times with a written word, drawn from a seed at any resolution.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import random
from dataclasses import dataclass, replace

import numpy as np
import torch

import lettering
import world
from drawing import Canvas, planes
from things import EXPRESSIONS, NAMES, THINGS

COLOURS = {**world.COLOURS, "brown": (0.47, 0.26, 0.12), "grey": (0.55, 0.57, 0.60), "white": (0.95, 0.95, 0.94), "black": (0.14, 0.14, 0.17)}
GROUNDS = [*world.BACKGROUNDS, "plain"]
PLAIN = (0.85, 0.84, 0.81)
STYLES = ["shaded", "outlined", "flat"]
SIZES = {"small": 0.44, "medium": 0.55, "large": 0.68}   # half the thing's extent, half sides
PAIR_RADIUS = 0.42
# Main colours that a ground would swallow.
HIDDEN = {"sand": ["yellow"], "night": ["black"], "snow": ["white"], "brick": ["brown"], "wood": ["brown"], "lava": ["black", "brown"]}


@dataclass(frozen=True)
class Placed:
    """A thing in a picture."""

    name: str           # of THINGS
    colour: str         # of COLOURS
    pattern: str        # of world.PATTERNS
    expression: str     # of EXPRESSIONS, or empty
    x: float            # its middle, -1 (left) to 1
    y: float            # -1 (top) to 1
    radius: float       # half sides
    tilt: float         # radians, clockwise
    mirror: bool
    stretch: float      # width to height
    free: tuple         # two numbers, -1 to 1


@dataclass(frozen=True)
class Scene:
    things: tuple       # one or two Placed, the first is spoken of first
    relation: str       # of the first to the second: "left", "right", "above", "below"; empty for one
    size: str           # of SIZES; empty for two
    place_x: str        # of world.PLACES_X
    place_y: str        # of world.PLACES_Y
    ground: str         # of GROUNDS
    style: str          # of STYLES
    word: str           # written on the picture, or empty
    light: float        # brightness
    phase: tuple        # four numbers, 0 to 1: where the ground's pattern begins


def choose_thing(r, names, ground):
    """A thing whose place and pose are still open."""
    name = r.choice(names)
    kind = THINGS[name]
    colours = kind.natural.split() if r.random() < 0.45 else list(COLOURS)
    hidden = HIDDEN.get(ground, [])
    colours = [c for c in colours if c not in hidden] or [c for c in COLOURS if c not in hidden]
    expression = r.choice(EXPRESSIONS) if kind.faces and (name == "face" or r.random() < 0.55) else ""
    pattern = r.choice(world.PATTERNS[1:]) if kind.patterned and r.random() < 0.3 else "plain"
    return Placed(name, r.choice(colours), pattern, expression, 0.0, 0.0, 1.0, 0.0, r.random() < 0.5, 1.0, (0.0, 0.0))


def settle(scene, r):
    """The scene with all drawn anew that captions leave open: place within a place, size within a size, tilt, proportions, light."""
    if scene.relation:
        sign, beside = -1 if scene.relation in ("left", "above") else 1, scene.relation in ("left", "right")
        spots = [(s * 0.48 + r.uniform(-0.04, 0.04), r.uniform(-0.2, 0.2)) for s in (sign, -sign)]
        spots = [(*(spot if beside else spot[::-1]), PAIR_RADIUS * r.uniform(0.93, 1.07)) for spot in spots]
    else:
        radius = SIZES[scene.size] * r.uniform(0.93, 1.07)
        reach = min(0.96 - radius, 0.46)
        at = lambda places, place: (places.index(place) - 1) * reach + r.uniform(-1, 1) * min(0.3 * reach, 0.1)
        spots = [(at(world.PLACES_X, scene.place_x), at(world.PLACES_Y, scene.place_y), radius)]

    def posed(thing, x, y, radius):
        kind = THINGS[thing.name]
        return replace(thing, x=x, y=y, radius=radius, tilt=kind.lean + r.uniform(-1, 1) * kind.tilt, stretch=1 + r.uniform(-1, 1) * kind.stretch,
                       mirror=thing.mirror if kind.faced else r.random() < 0.5, free=(r.uniform(-1, 1), r.uniform(-1, 1)))
    return replace(scene, things=tuple(posed(thing, *spot) for thing, spot in zip(scene.things, spots)), light=r.uniform(0.94, 1.06),
                   phase=tuple(r.random() for _ in range(4)))


def draw_scene(seed, n_things=len(NAMES)):
    """A random scene of the first n_things; the same seed always gives the same one."""
    r = random.Random(seed)
    names, ground = NAMES[:n_things], r.choice(GROUNDS)
    style = r.choices(STYLES, (0.6, 0.2, 0.2))[0]
    if ground == "snow" and style == "flat":   # on which flat white parts were lost
        style = "outlined"
    if r.random() < 0.2:
        things = [choose_thing(r, names, ground) for _ in range(2)]
        if r.random() < 0.15:   # two of a kind
            things[1] = things[0]
        scene = Scene(tuple(things), r.choice(("left", "right", "above", "below")), "", "centre", "middle", ground, style, "", 1.0, (0.0,) * 4)
        return settle(scene, r)
    size, place_x, place_y = r.choice(list(SIZES)), r.choice(world.PLACES_X), r.choice(world.PLACES_Y)
    word = r.choice(names) if r.random() < 0.08 else ""
    if word:   # which needs room
        size, place_y = "small", r.choice(("top", "bottom"))
    return settle(Scene((choose_thing(r, names, ground),), "", size, place_x, place_y, ground, style, word, 1.0, (0.0,) * 4), r)


EDITABLE = ["name", "colour", "ground", "pattern", "expression"]


def choices(scene, what, n_things=len(NAMES)):
    """The other values that one of EDITABLE may have: what the first thing has besides goes along, and is seen on its ground."""
    thing = scene.things[0]
    kind = THINGS[thing.name]
    if what == "ground":
        values = [g for g in GROUNDS if thing.colour not in HIDDEN.get(g, [])]
    elif what == "name":
        values = [n for n in NAMES[:n_things] if (not thing.expression or THINGS[n].faces) and (thing.expression or n != "face")
                  and (thing.pattern == "plain" or THINGS[n].patterned)]
    elif what == "colour":
        values = [c for c in COLOURS if c not in HIDDEN.get(scene.ground, [])]
    elif what == "pattern":
        values = world.PATTERNS if kind.patterned else []
    else:
        values = EXPRESSIONS if kind.faces else []
    return [v for v in values if v != getattr(scene if what == "ground" else thing, what)]


def with_value(scene, what, value):
    """The scene with another value of one of EDITABLE; what the new kind of thing cannot have is left out."""
    thing = scene.things[0]
    if what == "ground":
        return replace(scene, ground=value)
    if what == "name":
        old, new = THINGS[thing.name], THINGS[value]
        turn = max(-new.tilt, min(thing.tilt - old.lean, new.tilt))
        thing = replace(thing, name=value, tilt=new.lean + turn, pattern=thing.pattern if new.patterned else "plain",
                        expression=(thing.expression or ("happy" if value == "face" else "")) if new.faces else "")
    elif what == "pattern" and not THINGS[thing.name].patterned or what == "expression" and not THINGS[thing.name].faces:
        return scene
    else:
        thing = replace(thing, **{what: value})
    return replace(scene, things=(thing, *scene.things[1:]))


def edited(scene, r, n_things=len(NAMES)):
    """The scene in which one attribute of its first thing, or the ground, is another, and all else is the same."""
    able = {what: values for what in EDITABLE if (values := choices(scene, what, n_things))}
    what = r.choice(list(able))
    return with_value(scene, what, r.choice(able[what]))


def ground_of(scene, x, y):
    """[3, h, w]"""
    if scene.ground == "plain":
        return np.repeat(planes(PLAIN) * (1.03 - 0.03 * y[:, None]), len(x), 2)
    axes = (torch.from_numpy(a).view(shape) for a, shape in ((x, (1, 1, -1)), (y, (1, -1, 1))))
    return world.background(scene.ground, *axes, torch.tensor([scene.phase], dtype=torch.float32))[0].permute(2, 0, 1).contiguous().numpy()


def render(scene, size, window=None):
    """A picture [size, size, 3], float32 in 0 to 1; of a window (top, left, side) only that part, [side, side, 3]."""
    top, left, side = window or (0, 0, size)
    axis = lambda first: ((np.arange(first, first + side, dtype=np.float32) + 0.5) * (2 / size) - 1).astype(np.float32)
    x, y = axis(left), axis(top)
    picture = ground_of(scene, x, y)
    for thing in scene.things:
        canvas = Canvas(x, y, size, COLOURS[thing.colour], scene.style, thing.pattern, thing.radius, (thing.x, thing.y), thing.tilt,
                        thing.mirror, thing.stretch, thing.free, thing.expression)
        THINGS[thing.name].draw(canvas)
        canvas.lit(scene.light)
        canvas.onto(picture)
    picture = np.ascontiguousarray(np.moveaxis(picture, 0, -1))
    if scene.word:
        centre = torch.tensor([-0.78 if scene.place_y == "bottom" else 0.78])
        grid = torch.meshgrid(torch.from_numpy(y), torch.from_numpy(x), indexing="ij")
        picture = lettering.put([scene.word], torch.from_numpy(picture)[None], grid[1][None], grid[0][None], centre, size)[0].numpy()
    return np.clip(picture, 0, 1)


def in_bytes(scene, size):
    return (render(scene, size) * 255).round().astype(np.uint8)
