"""The things of the new Toybox world, each drawn in a few lines in a frame of radius 1 around the origin, y down.

A thing has a main colour, in which body() draws, and parts that keep theirs; c.free are two numbers, -1 to 1, for the proportions
that vary within its kind.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math
from dataclasses import dataclass
from typing import Callable

from drawing import (DARK, LIGHT, about, above, below, block, bow, brightness, cone, cut, darker, disc, ellipse, hollow, join, lens,
                     lighter, meet, mirrored, polygon, spiral, stroke)

WOOD, GREEN, LEAF, CREAM, STEEL = (0.44, 0.27, 0.14), (0.13, 0.46, 0.17), (0.24, 0.62, 0.24), (0.97, 0.91, 0.77), (0.52, 0.55, 0.60)
GLASS, BEAK, BLUSH, GOLD = (0.72, 0.88, 0.97), (0.97, 0.58, 0.08), (0.96, 0.60, 0.64), (0.97, 0.80, 0.20)
TYRE, SLATE = (0.14, 0.14, 0.17), (0.30, 0.32, 0.40)
EXPRESSIONS = ["happy", "sad", "surprised", "angry"]


def ink(colour):
    """What lines show on it."""
    return LIGHT if brightness(colour) < 0.32 else DARK


# ---- faces -------------------------------------------------------------------------------------------


def look(c, y, apart, size):
    """Two eyes with brows that tell the expression; size is an eye's radius."""
    line, wide = ink(c.main), 1.25 if c.expression == "surprised" else 1.0
    if brightness(c.main) < 0.35 or wide > 1:
        c.mark(mirrored(disc(apart, y, 1.25 * wide * size)), LIGHT)
    c.mark(mirrored(ellipse(apart, y, 0.82 * size, size if wide == 1 else 0.82 * size)), DARK)
    c.mark(join(disc(apart - 0.25 * size, y - 0.35 * size, 0.3 * size), disc(-apart - 0.25 * size, y - 0.35 * size, 0.3 * size)), LIGHT)
    inner, outer, brow = apart - 1.1 * size, apart + 1.2 * size, y - 1.9 * size
    if c.expression == "angry":
        c.mark(mirrored(stroke(0.36 * size, inner, brow + 1.1 * size, outer, brow - 0.3 * size)), line)
    elif c.expression == "sad":
        c.mark(mirrored(stroke(0.30 * size, inner, brow - 0.4 * size, outer, brow + 0.7 * size)), line)
    elif c.expression == "surprised":
        ends = brow - 0.3 * size
        c.mark(mirrored(bow(0.24 * size, inner + 0.2 * size, ends, apart, brow - 1.1 * size, outer - 0.2 * size, ends)), line)


def mouth(c, y, w, colour=None):
    """Of half width w around y, by the expression; without one a small smile."""
    line, r = colour or ink(c.main), 0.17 * w
    if c.expression == "happy":
        c.mark(meet(ellipse(0, y - 0.35 * w, w, 1.15 * w), below(y - 0.30 * w)), (0.50, 0.08, 0.12))
        c.mark(meet(meet(ellipse(0, y - 0.35 * w, w, 1.15 * w), below(y - 0.30 * w)), ellipse(0, y + 0.85 * w, 0.6 * w, 0.45 * w)), BLUSH)
        c.mark(stroke(0.6 * r, -w, y - 0.30 * w, w, y - 0.30 * w), line)
    elif c.expression == "sad":
        c.mark(bow(r, -0.85 * w, y + 0.55 * w, 0, y - 0.75 * w, 0.85 * w, y + 0.55 * w), line)
    elif c.expression == "surprised":
        c.mark(ellipse(0, y + 0.1 * w, 0.48 * w, 0.66 * w), line)
        c.mark(ellipse(0, y + 0.2 * w, 0.30 * w, 0.42 * w), (0.60, 0.12, 0.16))
    elif c.expression == "angry":
        c.mark(stroke(r, -0.8 * w, y + 0.30 * w, -0.3 * w, y - 0.05 * w, 0.3 * w, y - 0.05 * w, 0.8 * w, y + 0.30 * w), line)
    else:
        c.mark(bow(0.8 * r, -0.6 * w, y - 0.1 * w, 0, y + 0.5 * w, 0.6 * w, y - 0.1 * w), line)


def face(c):
    c.body(disc(0, 0, 0.97))
    if c.expression in ("", "happy"):
        c.mark(mirrored(disc(0.62, 0.18, 0.17)), BLUSH)
    look(c, -0.22, 0.36, 0.17)
    mouth(c, 0.40, 0.46)
    if c.expression == "sad":
        c.mark(cone(0.52, 0.22, 0.11, 0.50, 0.02, 0.02), (0.35, 0.65, 0.98))


def cat(c):
    f = 0.06 * c.free[0]
    c.body(mirrored(polygon(0.86, -0.86, 0.20, -0.50, 0.84, 0.05, corner=0.06)))
    c.mark(mirrored(polygon(0.74, -0.66, 0.42, -0.46, 0.72, -0.18, corner=0.03)), BLUSH)
    c.body(ellipse(0, 0.16, 0.90, 0.70 + f))
    look(c, 0.02, 0.40, 0.15)
    c.mark(polygon(-0.09, 0.22, 0.09, 0.22, 0, 0.32, corner=0.03), (0.90, 0.42, 0.48))
    muzzle(c, 0.50)
    for y in (0.26, 0.42):
        c.part(mirrored(stroke(0.022, 0.45, 0.33 + (y - 0.33) * 0.4, 0.98, y - 0.02)), ink(c.main), line=0)


def muzzle(c, y):
    """A cat's and a rabbit's mouth."""
    if c.expression:
        mouth(c, y, 0.27)
    else:
        c.mark(mirrored(bow(0.035, 0, y - 0.15, 0.02, y + 0.12, 0.22, y)), ink(c.main))


def dog(c):
    dark, pale = darker(c.main, 0.60) if brightness(c.main) > 0.25 else lighter(c.main, 0.30), lighter(c.main, 0.72)
    c.body(ellipse(0, 0, 0.72, 0.82))
    c.mark(ellipse(0, -0.46, 0.08, 0.40), pale)
    c.part(ellipse(0, 0.45, 0.40, 0.36), pale, line=0)
    look(c, -0.18, 0.29, 0.14)
    c.mark(ellipse(0, 0.22, 0.20, 0.15), DARK)
    if not c.expression:
        c.part(ellipse(0.0, 0.74, 0.13, 0.20), (0.92, 0.40, 0.46), line=0)
    mouth(c, 0.56, 0.26, DARK)
    c.part(mirrored(cone(0.68, -0.52, 0.17, 0.80, 0.20 + 0.12 * c.free[0], 0.20)), dark)


def rabbit(c):
    tall = 0.06 * c.free[0]
    c.body(mirrored(ellipse(0.32, -0.50, 0.19, 0.47 + tall, 0.14)))
    c.mark(mirrored(ellipse(0.32, -0.50, 0.10, 0.34 + tall, 0.14)), BLUSH)
    c.body(ellipse(0, 0.40, 0.66, 0.56))
    look(c, 0.26, 0.30, 0.13)
    c.mark(ellipse(0, 0.44, 0.09, 0.06), (0.90, 0.42, 0.48))
    if not c.expression:
        c.mark(block(0, 0.74, 0.10, 0.10, 0.02), LIGHT)
        c.mark(block(0, 0.74, 0.012, 0.10), DARK)
    muzzle(c, 0.64)


def bear(c):
    pale = lighter(c.main, 0.55)
    c.body(mirrored(disc(0.62, -0.58, 0.30)))
    c.mark(mirrored(disc(0.62, -0.58, 0.17)), pale)
    c.body(ellipse(0, 0.10, 0.86, 0.78 + 0.05 * c.free[0]))
    c.mark(ellipse(0, 0.42, 0.42, 0.36), pale)
    look(c, -0.08, 0.34, 0.13)
    c.mark(ellipse(0, 0.24, 0.16, 0.11), DARK)
    mouth(c, 0.52, 0.24, DARK)


def frog(c):
    c.body(join(mirrored(disc(0.50, -0.42, 0.34)), ellipse(0, 0.20, 0.96, 0.66 + 0.06 * c.free[0]), soft=0.1))
    c.mark(mirrored(disc(0.50, -0.46, 0.24)), LIGHT)
    c.mark(mirrored(disc(0.48, -0.44, 0.13)), DARK)
    c.mark(mirrored(disc(0.10, 0.02, 0.035)), ink(c.main))
    brow = {"angry": (0.22, -0.46, 0.78, -0.78), "sad": (0.24, -0.78, 0.80, -0.52)}.get(c.expression)
    if brow:
        c.mark(mirrored(stroke(0.07, *brow)), darker(c.main, 0.4))
    if c.expression:
        mouth(c, 0.40, 0.40)
    else:
        c.mark(bow(0.05, -0.66, 0.22, 0, 0.72, 0.66, 0.22), ink(c.main))


def owl(c):
    c.body(mirrored(polygon(0.66, -0.90, 0.14, -0.62, 0.62, -0.30, corner=0.05)))
    c.body(ellipse(0, 0.12, 0.70, 0.84))
    c.part(mirrored(ellipse(0.66, 0.30, 0.17, 0.46, 0.16)), darker(c.main, 0.66))
    c.mark(ellipse(0, 0.52, 0.42, 0.40), lighter(c.main, 0.65))
    for x, y in ((-0.18, 0.46), (0.18, 0.46), (0, 0.66)):
        c.mark(bow(0.03, x - 0.09, y, x, y + 0.14, x + 0.09, y), darker(c.main, 0.66))
    c.mark(mirrored(disc(0.31, -0.24, 0.32)), LIGHT)
    c.mark(mirrored(disc(0.28, -0.24, 0.18)), DARK)
    c.mark(join(disc(0.22, -0.31, 0.06), disc(-0.34, -0.31, 0.06)), LIGHT)
    c.part(polygon(-0.11, -0.10, 0.11, -0.10, 0, 0.14, corner=0.03), BEAK, line=0)
    c.part(mirrored(ellipse(0.26, 0.93, 0.16, 0.07)), BEAK, line=0)


def robot(c):
    c.part(stroke(0.035, 0, -0.60, 0, -0.84), STEEL)
    c.part(disc(0, -0.88, 0.09), (0.90, 0.15, 0.15))
    c.part(mirrored(block(0.76, -0.18, 0.10, 0.16, 0.04)), STEEL)
    c.part(mirrored(stroke(0.09, 0.50, 0.52, 0.76, 0.62, 0.76, 0.84)), STEEL)
    c.body(block(0, 0.62, 0.48, 0.34, 0.08), block(0, -0.16, 0.70, 0.46, 0.14))
    c.mark(block(0, 0.64, 0.24, 0.16, 0.03), SLATE)
    c.mark(join(disc(-0.11, 0.64, 0.06), disc(0.11, 0.64, 0.06)), GOLD)
    c.mark(block(0, -0.16, 0.58, 0.34, 0.10), lighter(STEEL, 0.75))
    main, c.main = c.main, lighter(STEEL, 0.75)
    look(c, -0.24, 0.28, 0.13)
    if c.expression:
        mouth(c, 0.04, 0.24)
    else:
        c.mark(block(0, 0.04, 0.26, 0.07, 0.03), DARK)
        c.mark(join(*(block(x, 0.04, 0.035, 0.04) for x in (-0.16, -0.05, 0.06, 0.17))), LIGHT)
    c.main = main


def snowman(c):
    scarf = (0.85, 0.14, 0.16) if c.main[0] < 0.6 or c.main[1] > 0.4 else (0.15, 0.50, 0.25)
    c.part(mirrored(stroke(0.035, 0.38, 0.44, 0.72, 0.20, 0.90, 0.16)), WOOD, line=0)
    c.body(disc(0, 0.52, 0.45), disc(0, -0.16, 0.47))
    c.mark(join(disc(0, 0.50, 0.055), disc(0, 0.72, 0.055)), DARK)
    c.part(join(block(0, 0.26, 0.36, 0.085, 0.08), stroke(0.085, 0.20, 0.28, 0.26, 0.56)), scarf)
    c.part(join(block(0, -0.58, 0.42, 0.06, 0.04), block(0, -0.76, 0.27, 0.20, 0.04)), SLATE)
    look(c, -0.26, 0.20, 0.10)
    c.mark(cone(0, -0.12, 0.07, 0.24, -0.08, 0.02), BEAK)
    mouth(c, 0.07, 0.22)


# ---- animals from the side ---------------------------------------------------------------------------


def eye(c, x, y, r):
    c.mark(disc(x, y, r), LIGHT)
    c.mark(disc(x + 0.2 * r, y, 0.6 * r), DARK)


def fish(c):
    fat = 0.08 * c.free[0]
    c.part(polygon(-0.50, 0, -0.90, -0.42, -0.80, 0, -0.90, 0.42, corner=0.05), darker(c.main))
    c.part(polygon(-0.20, -0.40, 0.10, -0.68 - fat, 0.32, -0.36, corner=0.05), darker(c.main))
    c.part(polygon(-0.10, 0.40, 0.00, 0.64 + fat, 0.22, 0.38, corner=0.05), darker(c.main))
    c.body(lens(-0.72, 0, 1.00, 0, 0.52 + fat))
    c.mark(bow(0.035, 0.36, -0.34, 0.16, 0, 0.36, 0.34), darker(c.main, 0.6))
    c.mark(lens(-0.22, 0.06, 0.14, 0.06, 0.11), darker(c.main))
    eye(c, 0.60, -0.12, 0.12)


def bird(c):
    c.part(polygon(-0.36, 0.02, -0.94, -0.20, -0.88, 0.16, corner=0.04), darker(c.main))
    c.part(join(stroke(0.04, -0.02, 0.50, -0.02, 0.86, 0.16, 0.90), stroke(0.04, 0.22, 0.50, 0.22, 0.84, 0.40, 0.88)), BEAK, line=0)
    c.part(polygon(0.62, -0.46, 0.98, -0.28, 0.62, -0.16, corner=0.03), BEAK)
    c.body(join(ellipse(0.0, 0.12, 0.66, 0.48 + 0.06 * c.free[0], -0.15), disc(0.42, -0.38, 0.36), soft=0.3))
    c.mark(ellipse(0.30, 0.36, 0.34, 0.22, -0.5), lighter(c.main, 0.55))
    c.part(lens(0.24, 0.00, -0.72, 0.22, 0.24), darker(c.main, 0.62))
    eye(c, 0.50, -0.44, 0.11)


def duck(c):
    c.body(join(meet(ellipse(-0.12, 0.28, 0.82, 0.60), below(-0.02)), polygon(-0.60, 0.2, -0.94, -0.24, -0.30, 0.1, corner=0.05),
                disc(0.36, -0.44, 0.40), block(0.34, 0.0, 0.28, 0.30, 0.1), soft=0.18))
    c.part(join(ellipse(0.80, -0.40, 0.20, 0.09, -0.12), ellipse(0.78, -0.30, 0.16, 0.07, 0.15)), BEAK)
    c.part(lens(0.24, 0.24, -0.62, 0.14, 0.25), darker(c.main, 0.78))
    eye(c, 0.46, -0.54, 0.10)


def snail(c):
    skin = (0.86, 0.72, 0.45) if c.main[2] > 0.3 or c.main[1] < 0.4 else (0.62, 0.72, 0.62)
    c.part(join(stroke(0.045, 0.66, 0.10, 0.58, -0.36), stroke(0.045, 0.76, 0.10, 0.88, -0.32)), skin)
    c.part(join(disc(0.58, -0.40, 0.09), disc(0.89, -0.36, 0.09)), DARK, line=0)
    c.part(join(cone(-0.88, 0.66, 0.05, -0.30, 0.56, 0.16), stroke(0.16, -0.30, 0.56, 0.62, 0.54), cone(0.60, 0.52, 0.16, 0.70, 0.16, 0.21)), skin)
    c.body(disc(-0.16, -0.02, 0.60))
    c.mark(spiral(-0.16, -0.02, 0.52, 0.21, 0.045), darker(c.main, 0.5) if brightness(c.main) > 0.25 else lighter(c.main))
    c.mark(bow(0.03, 0.66, 0.30, 0.76, 0.36, 0.86, 0.26), DARK)


def butterfly(c):
    low = 0.06 * c.free[0]
    c.part(join(bow(0.025, -0.03, -0.45, -0.10, -0.85, -0.34, -0.88), bow(0.025, 0.03, -0.45, 0.10, -0.85, 0.34, -0.88)), DARK, line=0)
    c.body(mirrored(join(ellipse(0.50, -0.30, 0.44, 0.34, -0.6), polygon(0.04, 0, 0.5, -0.5, 0.6, 0.0))),
           mirrored(ellipse(0.40, 0.40 + low, 0.32, 0.36, -0.5)))
    c.mark(mirrored(disc(0.60, -0.36, 0.15)), lighter(c.main, 0.75) if brightness(c.main) < 0.8 else BEAK)
    c.mark(mirrored(disc(0.42, 0.42 + low, 0.11)), lighter(c.main, 0.75) if brightness(c.main) < 0.8 else BEAK)
    c.part(cone(0, -0.42, 0.10, 0, 0.52, 0.05), (0.24, 0.16, 0.14))


# ---- fruit and plants --------------------------------------------------------------------------------


def leaf_on(c, *at):
    c.part(lens(*at), LEAF)


def apple(c):
    c.part(bow(0.06, 0.02, -0.40, 0.02, -0.72, 0.16, -0.92), WOOD)
    leaf_on(c, 0.12, -0.66, 0.74, -0.86, 0.16)
    tall = 0.05 * c.free[0]
    c.body(join(ellipse(-0.32, 0.20, 0.56, 0.70 + tall, -0.08), ellipse(0.32, 0.20, 0.56, 0.70 + tall, 0.08), soft=0.06))
    c.mark(ellipse(0, -0.40 - tall, 0.20, 0.07), darker(c.main, 0.6))


def pear(c):
    c.part(bow(0.05, 0.0, -0.60, 0.0, -0.84, 0.12, -0.95), WOOD)
    leaf_on(c, 0.08, -0.76, 0.58, -0.88, 0.13)
    c.body(join(ellipse(0, 0.36, 0.62 + 0.05 * c.free[0], 0.58), cone(0, 0.2, 0.46, 0, -0.46, 0.24), soft=0.35))


def cherry(c):
    c.part(join(bow(0.04, -0.46, 0.30, -0.36, -0.30, 0.16, -0.82), bow(0.04, 0.46, 0.24, 0.44, -0.40, 0.16, -0.82)), GREEN)
    leaf_on(c, 0.14, -0.82, 0.84, -0.52, 0.20)
    c.body(disc(-0.48, 0.48, 0.40), disc(0.48, 0.42, 0.40))
    c.mark(join(ellipse(-0.62, 0.34, 0.09, 0.13, 0.5), ellipse(0.34, 0.28, 0.09, 0.13, 0.5)), lighter(c.main, 0.6))


def carrot(c):
    for x in (-0.34, 0.34, 0.0):
        c.part(lens(x * 0.2, -0.30, x, -0.98 + 0.3 * abs(x), 0.14), LEAF)
    c.body(cone(0, -0.18, 0.32 + 0.05 * c.free[0], 0, 0.92, 0.05))
    line = darker(c.main, 0.66) if brightness(c.main) > 0.2 else lighter(c.main, 0.4)
    for x0, x1, y in ((-0.32, -0.08, -0.10), (0.06, 0.30, 0.12), (-0.24, -0.04, 0.34), (0.02, 0.18, 0.56)):
        c.mark(stroke(0.028, x0, y, x1, y + 0.03), line)


def mushroom(c):
    c.part(cone(0, 0.10, 0.26, 0, 0.64, 0.32 + 0.05 * c.free[0]), CREAM)
    c.body(meet(ellipse(0, 0.08, 0.96, 0.96), above(0.16)))
    pale = LIGHT if brightness(c.main) < 0.72 else (0.80, 0.20, 0.18)
    for x, y, r in ((-0.08, -0.50, 0.20), (-0.58, -0.14, 0.15), (0.46, -0.26, 0.18), (0.10, -0.04, 0.10), (0.80, 0.02, 0.09)):
        c.mark(disc(x, y, r), pale)


def flower(c):
    c.part(bow(0.05, 0, -0.2, 0.02, 0.4, -0.04, 0.96), GREEN)
    c.part(join(lens(0.0, 0.80, 0.60, 0.44, 0.13), lens(-0.02, 0.88, -0.58, 0.56, 0.13)), LEAF)
    n = 6 + round(c.free[0])
    c.body(about(n, ellipse(0, -0.68, 1.32 / n, 0.30), 0, -0.32))
    c.part(disc(0, -0.32, 0.22), GOLD if not (c.main[0] > 0.9 and c.main[1] > 0.75) else (0.50, 0.28, 0.10))


def tree(c):
    up = 0.05 * c.free[0]
    c.part(polygon(-0.14, 0.10, 0.14, 0.10, 0.20, 0.95, -0.20, 0.95), WOOD)
    c.body(join(disc(-0.40, -0.04 - up, 0.40), disc(0.40, -0.04 - up, 0.40), disc(0, -0.50 - up, 0.43), disc(0, -0.08, 0.38), soft=0.08))
    for x, y in ((-0.36, 0.06), (0.34, 0.02), (0.02, -0.44)):
        c.mark(bow(0.035, x - 0.14, y, x, y + 0.16, x + 0.14, y), darker(c.main, 0.75))


def cactus(c):
    left, right = 0.08 * c.free[0], 0.08 * c.free[1]
    c.body(join(stroke(0.15, -0.14, 0.26 + left, -0.60, 0.22 + left, -0.62, -0.14 + left),
                stroke(0.15, 0.14, 0.04 + right, 0.60, 0.0 + right, 0.62, -0.42 + right),
                stroke(0.26, 0, 0.5, 0, -0.70), soft=0.1))
    for x, y in ((0, -0.76), (-0.10, -0.42), (0.10, -0.42), (0, -0.10), (-0.10, 0.20), (0.10, 0.20), (-0.62, -0.06 + left), (0.62, -0.30 + right)):
        c.mark(stroke(0.025, x, y - 0.05, x, y + 0.05), lighter(c.main, 0.6))
    c.part(join(polygon(-0.40, 0.54, 0.40, 0.54, 0.30, 0.92, -0.30, 0.92, corner=0.02), block(0, 0.52, 0.46, 0.09, 0.03)), (0.74, 0.40, 0.24))


def leaf(c):
    line = darker(c.main, 0.60) if brightness(c.main) > 0.3 else lighter(c.main, 0.45)
    c.part(stroke(0.045, 0, 0.6, 0, 0.94), line)
    c.body(join(lens(0, 0.74, 0, -0.98, 0.54 + 0.06 * c.free[0])))
    c.mark(stroke(0.035, 0, 0.80, 0, -0.80), line)
    for y in (-0.30, 0.02, 0.34):
        c.mark(mirrored(stroke(0.028, 0, y + 0.14, 0.34, y - 0.16)), line)


# ---- sky ---------------------------------------------------------------------------------------------


def sun(c):
    c.body(about(9 + round(2 * c.free[0]), polygon(-0.13, -0.62, 0.13, -0.62, 0, -0.93, corner=0.04)), disc(0, 0, 0.50))


def moon(c):
    c.body(cut(disc(0, 0, 0.96), disc(0.44, -0.16, 0.78 + 0.04 * c.free[0])))


def cloud(c):
    c.body(join(disc(-0.56, 0.16, 0.36), disc(-0.14, -0.18, 0.44 + 0.03 * c.free[0]), disc(0.36, -0.04, 0.38),
                disc(0.66, 0.22, 0.30), block(0.02, 0.30, 0.70, 0.22, 0.1), soft=0.03))


def star(c):
    corners = [(r, i * math.pi / 5) for i in range(10) for r in [0.42 + 0.03 * c.free[0] if i % 2 else 0.94]]
    points = [v for r, a in corners for v in (r * math.sin(a), -r * math.cos(a))]
    c.body(polygon(*points, corner=0.05))


def heart(c):
    c.body(join(mirrored(cone(0.44, -0.36 + 0.04 * c.free[0], 0.49, 0, 0.88, 0.05)), cone(0, 0, 0.42, 0, 0.84, 0.06)))


# ---- solids ------------------------------------------------------------------------------------------


def ball(c):
    c.body(disc(0, 0, 0.96))


def square(c):
    c.body(block(0, 0, 0.72, 0.72, 0.08))


def triangle(c):
    c.body(polygon(0, -0.84, 0.80, 0.58, -0.80, 0.58, corner=0.07))


def ring(c):
    c.body(hollow(disc(0, 0, 0.69), 0.27 + 0.02 * c.free[0]))


def cross(c):
    c.body(join(block(0, 0, 0.90, 0.29, 0.03), block(0, 0, 0.29, 0.90, 0.03)))


# ---- things that people made -------------------------------------------------------------------------


def house(c):
    c.part(block(0.48, -0.52, 0.11, 0.28, 0.02), (0.62, 0.33, 0.26))
    c.body(block(0, 0.36, 0.68, 0.54 , 0.02))
    c.part(polygon(-0.86, -0.16, 0, -0.84, 0.86, -0.16, corner=0.05), SLATE if not brightness(c.main) < 0.2 else (0.62, 0.25, 0.20))
    c.part(block(-0.28, 0.58, 0.17, 0.32, 0.02), WOOD, line=0.03)
    c.mark(disc(-0.18, 0.60, 0.035), GOLD)
    c.part(block(0.30, 0.36, 0.20, 0.20, 0.02), GLASS, line=0.03)
    c.mark(join(block(0.30, 0.36, 0.20, 0.025), block(0.30, 0.36, 0.025, 0.20)), LIGHT)


def wheel(c, x, y, r):
    c.part(disc(x, y, r), TYRE)
    c.mark(disc(x, y, 0.48 * r), lighter(STEEL, 0.5))


def car(c):
    c.body(join(polygon(-0.80, 0.0, -0.64, -0.40, 0.02, -0.40, 0.34, 0.0, corner=0.08),
                polygon(-0.88, 0.0, 0.40, 0.0, 0.88, 0.10, 0.88, 0.36, -0.88, 0.36, corner=0.08)))
    c.mark(polygon(-0.70, -0.02, -0.59, -0.34, -0.34, -0.34, -0.34, -0.02), GLASS)
    c.mark(polygon(-0.24, -0.02, -0.24, -0.34, -0.01, -0.34, 0.24, -0.02), GLASS)
    c.mark(ellipse(0.90, 0.16, 0.10, 0.09), GOLD)
    c.mark(block(-0.92, 0.16, 0.06, 0.08), (0.60, 0.08, 0.08))
    wheel(c, -0.50, 0.42, 0.24)
    wheel(c, 0.50, 0.42, 0.24)


def bus(c):
    c.body(block(0, -0.04, 0.94, 0.48, 0.12))
    for x in (-0.70, -0.32, 0.06):
        c.mark(block(x, -0.18, 0.15, 0.17, 0.03), GLASS)
    c.mark(block(0.46, 0.05, 0.15, 0.40, 0.03), GLASS)
    c.mark(block(0.46, 0.05, 0.014, 0.40), SLATE)
    c.mark(block(0.82, -0.16, 0.12, 0.19, 0.03), GLASS)
    c.mark(block(-0.2, 0.18, 0.72, 0.035), lighter(c.main, 0.7) if brightness(c.main) < 0.8 else STEEL)
    c.mark(disc(0.88, 0.26, 0.07), GOLD)
    wheel(c, -0.52, 0.46, 0.20)
    wheel(c, 0.52, 0.46, 0.20)


def boat(c):
    c.part(block(0, -0.20, 0.04, 0.70), WOOD)
    c.part(polygon(0.10, -0.84, 0.10, 0.16, 0.68, 0.16, corner=0.02), LIGHT)
    c.part(polygon(-0.10, -0.62, -0.10, 0.16, -0.54, 0.16, corner=0.02), lighter(STEEL, 0.7))
    c.body(polygon(-0.88, 0.30, 0.88, 0.30, 0.56, 0.74, -0.56, 0.74, corner=0.05))


def rocket(c):
    c.part(join(lens(0, 0.46, 0, 0.98, 0.17), ), (0.98, 0.50, 0.08), line=0)
    c.mark(lens(0, 0.50, 0, 0.84, 0.09), (0.99, 0.88, 0.30))
    fins = (0.84, 0.16, 0.16) if c.main[0] < 0.7 or c.main[1] > 0.5 else SLATE
    c.part(mirrored(polygon(0.22, 0.06, 0.60, 0.50, 0.58, 0.74, 0.22, 0.50, corner=0.03)), fins)
    hull = meet(lens(0, 1.15, 0, -0.98, 0.42 + 0.03 * c.free[0]), above(0.54))
    c.body(hull)
    c.mark(meet(hull, above(-0.52)), fins)
    c.part(disc(0, -0.14, 0.18), STEEL, line=0)
    c.mark(disc(0, -0.14, 0.12), GLASS)


def plane(c):
    wing = darker(c.main, 0.72) if brightness(c.main) > 0.25 else lighter(c.main, 0.3)
    c.part(mirrored(polygon(0.08, -0.22, 0.92, 0.26, 0.92, 0.42, 0.08, 0.22, corner=0.03)), wing)
    c.part(mirrored(polygon(0.06, 0.62, 0.40, 0.82, 0.40, 0.92, 0.06, 0.84, corner=0.03)), wing)
    c.body(join(cone(0, -0.80, 0.15, 0, 0.10, 0.18), cone(0, 0.10, 0.18, 0, 0.88, 0.07)))
    c.mark(meet(ellipse(0, -0.72, 0.13, 0.16), above(-0.66)), SLATE)


def balloon(c):
    c.part(bow(0.022, 0, 0.50, 0.16, 0.72, 0.0, 0.98), STEEL if brightness(c.main) > 0.3 else LIGHT, line=0)
    c.part(polygon(0, 0.44, 0.10, 0.60, -0.10, 0.60, corner=0.02), darker(c.main))
    c.body(cone(0, -0.34, 0.62, 0, 0.18 + 0.05 * c.free[0], 0.30))
    c.mark(ellipse(-0.26, -0.58, 0.10, 0.19, 0.5), lighter(c.main, 0.7))


def cup(c):
    c.part(hollow(ellipse(0.56, 0.10, 0.28, 0.32), 0.08), darker(c.main, 0.85))
    c.body(polygon(-0.60, -0.44, 0.52, -0.44, 0.44, 0.68, -0.52, 0.68, corner=0.08))
    c.part(ellipse(-0.04, -0.46, 0.60, 0.16), lighter(c.main, 0.45))
    c.mark(ellipse(-0.04, -0.43, 0.48, 0.10), (0.33, 0.18, 0.10))
    for x in (-0.24, 0.14):
        c.part(bow(0.035, x, -0.62, x + 0.16, -0.76, x + 0.02, -0.90), LIGHT, line=0)


def bottle(c):
    c.part(block(0, -0.84, 0.15, 0.13, 0.03), (0.62, 0.42, 0.24))
    c.body(join(block(0, 0.38, 0.36 + 0.04 * c.free[0], 0.58, 0.12), block(0, -0.44, 0.14, 0.32, 0.04), soft=0.4))
    c.part(block(0, 0.40, 0.35 + 0.04 * c.free[0], 0.26), CREAM, line=0)
    c.mark(join(stroke(0.03, -0.18, 0.32, 0.18, 0.32), stroke(0.03, -0.18, 0.46, 0.10, 0.46)), STEEL)


def book(c):
    c.part(block(0.05, 0.10, 0.62, 0.80, 0.06), darker(c.main, 0.6))
    c.part(block(0.06, 0.06, 0.58, 0.76), CREAM, line=0)
    c.body(block(0.00, -0.08, 0.64, 0.80, 0.05))
    c.mark(block(-0.54, -0.08, 0.10, 0.80), darker(c.main, 0.6))
    pale = LIGHT if brightness(c.main) < 0.75 else SLATE
    c.mark(join(stroke(0.05, -0.22, -0.50, 0.44, -0.50), stroke(0.05, -0.10, -0.30, 0.32, -0.30)), pale)


def hat(c):
    high = 0.06 * c.free[0]
    c.body(polygon(-0.50, -0.66 - high, 0.50, -0.66 - high, 0.44, 0.52, -0.44, 0.52, corner=0.06))
    c.mark(block(0, 0.26, 0.60, 0.14), (0.84, 0.16, 0.16) if c.main[0] < 0.7 or c.main[1] > 0.45 else DARK)
    c.body(ellipse(0, 0.52, 0.97, 0.17))


def umbrella(c):
    c.part(join(stroke(0.045, 0, -0.2, 0, 0.68), bow(0.045, 0, 0.68, 0.0, 0.98, 0.17, 0.88), stroke(0.045, 0.17, 0.88, 0.22, 0.76)), WOOD)
    c.part(stroke(0.035, 0, -0.7, 0, -0.92), WOOD)
    dome = cut(meet(disc(0, 0.14, 0.94), above(0.14)), join(*(stroke(0.235, x, 0.25, x, 0.7) for x in (-0.705, -0.235, 0.235, 0.705))))
    c.body(dome)
    for x in (-0.47, 0.47):
        c.mark(bow(0.025, 0, -0.78, x * 0.9, -0.5, x, 0.06), darker(c.main, 0.6) if brightness(c.main) > 0.25 else lighter(c.main))
    c.mark(stroke(0.025, 0, -0.78, 0, 0.02), darker(c.main, 0.6) if brightness(c.main) > 0.25 else lighter(c.main))


def key(c):
    c.body(join(hollow(ellipse(0, -0.54, 0.30, 0.29), 0.12), block(0, 0.36, 0.10, 0.58, 0.03),
                block(0.22, 0.82, 0.18, 0.09, 0.02), block(0.19, 0.54, 0.15, 0.08, 0.02)))


def bell(c):
    c.part(hollow(disc(0, -0.76, 0.12), 0.05), darker(c.main, 0.7))
    c.part(disc(0, 0.74, 0.18), darker(c.main, 0.55) if brightness(c.main) > 0.25 else STEEL)
    c.body(meet(cone(0, -0.20, 0.46 + 0.03 * c.free[0], 0, 0.50, 0.60), above(0.58)), block(0, 0.58, 0.80, 0.11, 0.1))


def lamp(c):
    c.part(ellipse(0, -0.02, 0.30, 0.16), (0.99, 0.92, 0.50), line=0)
    c.part(stroke(0.06, 0, 0.0, 0, 0.80), STEEL)
    c.part(meet(ellipse(0, 0.92, 0.46, 0.22), above(0.92)), SLATE)
    c.body(polygon(-0.34, -0.82, 0.34, -0.82, 0.70, -0.04, -0.70, -0.04, corner=0.05))


# ---- the table ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    draw: Callable
    words: str                 # what people call one; the first is its name
    plurals: str               # the same of several
    natural: str               # colours that it mostly has
    faces: bool = False        # shows an expression
    patterned: bool = False    # may be striped or dotted
    faced: bool = False        # looks or goes to one side, to the right unless mirrored
    tilt: float = 0.14         # radians to both sides
    lean: float = 0.0          # the middle of its tilt
    stretch: float = 0.12      # how much wider or taller, as a share


# In the order of need: the first N_GATE are what a model has to learn before hours are spent on the others.
N_GATE = 16
THINGS = {
    "cat": Kind(cat, "cat kitten", "cats kittens", "orange grey black white", faces=True, patterned=True),
    "face": Kind(face, "face smiley", "faces smileys", "yellow", faces=True, stretch=0.03),
    "apple": Kind(apple, "apple", "apples", "red green yellow", tilt=0.3),
    "house": Kind(house, "house home cottage", "houses homes cottages", "white red yellow", tilt=0.06),
    "car": Kind(car, "car automobile", "cars automobiles", "red blue white", faced=True),
    "dog": Kind(dog, "dog puppy", "dogs puppies", "brown white grey", faces=True),
    "tree": Kind(tree, "tree", "trees", "green", tilt=0.06, stretch=0.2),
    "flower": Kind(flower, "flower blossom", "flowers blossoms", "red pink yellow purple"),
    "sun": Kind(sun, "sun", "suns", "yellow orange", tilt=0.5, stretch=0.03),
    "fish": Kind(fish, "fish", "fish", "orange blue", patterned=True, faced=True, tilt=0.3),
    "bird": Kind(bird, "bird", "birds", "blue red yellow", faced=True),
    "boat": Kind(boat, "boat ship", "boats ships", "red brown blue", faced=True),
    "heart": Kind(heart, "heart", "hearts", "red pink", patterned=True, tilt=0.4),
    "star": Kind(star, "star", "stars", "yellow", patterned=True, tilt=0.5, stretch=0.03),
    "ball": Kind(ball, "ball", "balls", "red blue", patterned=True, tilt=0.5, stretch=0.03),
    "balloon": Kind(balloon, "balloon", "balloons", "red blue pink", patterned=True, tilt=0.2),
    "rabbit": Kind(rabbit, "rabbit bunny", "rabbits bunnies", "white grey brown", faces=True),
    "bear": Kind(bear, "bear teddy", "bears teddies", "brown black", faces=True),
    "moon": Kind(moon, "moon crescent", "moons crescents", "yellow white", patterned=True, tilt=0.5, stretch=0.03),
    "mushroom": Kind(mushroom, "mushroom toadstool", "mushrooms toadstools", "red brown"),
    "rocket": Kind(rocket, "rocket spaceship", "rockets spaceships", "white blue red", tilt=0.5),
    "duck": Kind(duck, "duck duckling", "ducks ducklings", "yellow white", faced=True),
    "butterfly": Kind(butterfly, "butterfly", "butterflies", "orange blue purple", tilt=0.4),
    "cup": Kind(cup, "cup mug", "cups mugs", "white blue red", patterned=True),
    "robot": Kind(robot, "robot", "robots", "grey blue", faces=True, tilt=0.08),
    "bus": Kind(bus, "bus", "buses", "red yellow", faced=True),
    "plane": Kind(plane, "plane airplane", "planes airplanes", "white red", tilt=0.5, lean=0.6),
    "snowman": Kind(snowman, "snowman", "snowmen", "white", faces=True, tilt=0.08),
    "frog": Kind(frog, "frog", "frogs", "green", faces=True, patterned=True),
    "umbrella": Kind(umbrella, "umbrella parasol", "umbrellas parasols", "red blue purple", patterned=True, tilt=0.3),
    "owl": Kind(owl, "owl", "owls", "brown grey"),
    "cherry": Kind(cherry, "cherry", "cherries", "red", tilt=0.2),
    "pear": Kind(pear, "pear", "pears", "green yellow", tilt=0.3),
    "carrot": Kind(carrot, "carrot", "carrots", "orange", tilt=0.5, lean=0.5),
    "cloud": Kind(cloud, "cloud", "clouds", "white grey", stretch=0.2),
    "book": Kind(book, "book", "books", "blue red green", tilt=0.25),
    "hat": Kind(hat, "hat", "hats", "black brown", patterned=True, tilt=0.25),
    "key": Kind(key, "key", "keys", "yellow grey", tilt=0.6, lean=0.6),
    "bell": Kind(bell, "bell", "bells", "yellow", tilt=0.3),
    "lamp": Kind(lamp, "lamp", "lamps", "red green white", patterned=True, tilt=0.08),
    "bottle": Kind(bottle, "bottle", "bottles", "green brown", tilt=0.2),
    "cactus": Kind(cactus, "cactus", "cacti", "green", tilt=0.08),
    "leaf": Kind(leaf, "leaf", "leaves", "green orange", tilt=0.5, lean=0.5),
    "snail": Kind(snail, "snail", "snails", "brown orange", faced=True),
    "ring": Kind(ring, "ring hoop", "rings hoops", "yellow", patterned=True, stretch=0.03),
    "square": Kind(square, "square block", "squares blocks", "blue", patterned=True, tilt=0.5, stretch=0.03),
    "triangle": Kind(triangle, "triangle", "triangles", "green", patterned=True, tilt=0.5, stretch=0.03),
    "cross": Kind(cross, "cross", "crosses", "red", patterned=True, tilt=0.35, stretch=0.03),
}
NAMES = list(THINGS)
