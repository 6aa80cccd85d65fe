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


def choose_thing(r, names, ground, x, y, radius):
    name = r.choice(names)
    kind = THINGS[name]
    colours = kind.natural.split() if r.random() < 0.45 else list(COLOURS)
    hidden = HIDDEN.get(ground, [])
    colours = [c for c in colours if c not in hidden] or [c for c in COLOURS if c not in hidden]
    expression = r.choice(EXPRESSIONS) if kind.faces and (name == "face" or r.random() < 0.55) else ""
    pattern = r.choice(world.PATTERNS[1:]) if kind.patterned and r.random() < 0.3 else "plain"
    return Placed(name, r.choice(colours), pattern, expression, x, y, radius, kind.lean + r.uniform(-1, 1) * kind.tilt,
                  r.random() < 0.5, 1 + r.uniform(-1, 1) * kind.stretch, (r.uniform(-1, 1), r.uniform(-1, 1)))


def draw_scene(seed, n_things=len(NAMES)):
    """A random scene of the first n_things; the same seed always gives the same one."""
    r = random.Random(seed)
    names, ground = NAMES[:n_things], r.choice(GROUNDS)
    style = r.choices(STYLES, (0.6, 0.2, 0.2))[0]
    if ground == "snow" and style == "flat":   # on which flat white parts were lost
        style = "outlined"
    light, phase = r.uniform(0.94, 1.06), tuple(r.random() for _ in range(4))
    if r.random() < 0.2:
        relation, near = r.choice(("left", "right", "above", "below")), 0.48
        sign = -1 if relation in ("left", "above") else 1
        spots = [(s * near + r.uniform(-0.04, 0.04), r.uniform(-0.2, 0.2)) for s in (sign, -sign)]
        spots = spots if relation in ("left", "right") else [spot[::-1] for spot in spots]
        things = [choose_thing(r, names, ground, *spot, PAIR_RADIUS * r.uniform(0.93, 1.07)) for spot in spots]
        if r.random() < 0.15:   # two of a kind
            one, other = things
            things[1] = replace(one, x=other.x, y=other.y, tilt=one.tilt + r.uniform(-0.05, 0.05))
        return Scene(tuple(things), relation, "", "centre", "middle", ground, style, "", light, phase)
    size, place_x, place_y = r.choice(list(SIZES)), r.choice(world.PLACES_X), r.choice(world.PLACES_Y)
    word = r.choice(names) if r.random() < 0.08 else ""
    if word and place_y == "middle":   # it needs the room
        size, place_y = "small", r.choice(("top", "bottom"))
    radius = SIZES[size] * r.uniform(0.93, 1.07)
    reach = min(0.96 - radius, 0.46)
    spot = lambda places, place: (places.index(place) - 1) * reach + r.uniform(-1, 1) * min(0.3 * reach, 0.1)
    x, y = spot(world.PLACES_X, place_x), spot(world.PLACES_Y, place_y)
    return Scene((choose_thing(r, names, ground, x, y, radius),), "", size, place_x, place_y, ground, style, word, light, phase)


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
