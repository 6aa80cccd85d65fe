"""Shapes as signed distances, and a canvas that puts them together to a thing: no brush, so that any resolution shows the same.

A shape is a pair: the box that holds it (left, top, right, bottom) and a function of positions px, py that gives the distance to
its rim, negative inside. Shapes live in the thing's own frame: radius about 1 around the origin, y points down.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import math

import numpy as np

DARK, LIGHT = (0.10, 0.09, 0.13), (0.96, 0.96, 0.94)
LINE = 0.055   # an outline's width: most of a pixel at 64 pixels
BEVEL, RIM = 0.20, 0.24   # how far the darkened rim of a shaded part reaches inwards, and how dark it is


# ---- shapes ------------------------------------------------------------------------------------------


def ellipse(x, y, rx, ry, turn=0.0):
    c, s = math.cos(turn), math.sin(turn)
    half_w, half_h = math.hypot(rx * c, ry * s), math.hypot(rx * s, ry * c)

    def distance(px, py):
        u, v = px - x, py - y
        if rx == ry:
            return np.sqrt(u * u + v * v) - rx
        if turn:
            u, v = u * c + v * s, v * c - u * s
        u, v = u / rx, v / ry
        # To first order at the rim, where it is looked at.
        k = np.sqrt(u * u + v * v) + 1e-4
        return k * (k - 1) / (np.sqrt((u / rx) ** 2 + (v / ry) ** 2) + 1e-4)
    return (x - half_w, y - half_h, x + half_w, y + half_h), distance


def disc(x, y, r):
    return ellipse(x, y, r, r)


def cone(x0, y0, r0, x1, y1, r1):
    """Two discs and what a taut string around them holds."""
    length = math.hypot(x1 - x0, y1 - y0)
    c, s, b = (x1 - x0) / length, (y1 - y0) / length, (r0 - r1) / length
    slant = b / math.sqrt(1 - b * b)

    def distance(px, py):
        u, v = px - x0, py - y0
        along, across = u * c + v * s, u * s - v * c
        # Back along the slanting side to the axis: there is the disc that is nearest.
        t = along - slant * np.abs(across) if b else along
        t = np.minimum(np.maximum(t, 0), length)
        d = np.sqrt(across * across + (along - t) ** 2)
        return d - (r0 - b * t) if b else d - r0
    box = (min(x0 - r0, x1 - r1), min(y0 - r0, y1 - r1), max(x0 + r0, x1 + r1), max(y0 + r0, y1 + r1))
    return box, distance


def stroke(r, *points):
    """A line of width 2 r with round ends through points x, y, x, y, …"""
    p = [points[i:i + 2] for i in range(0, len(points), 2)]
    return join(*(cone(*a, r, *b, r) for a, b in zip(p, p[1:])))


def bow(r, x0, y0, x1, y1, x2, y2, n=8):
    """A stroke along the parabola that begins and ends towards the middle point."""
    points = []
    for i in range(n + 1):
        t = i / n
        points += [(1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c for a, b, c in ((x0, x1, x2), (y0, y1, y2))]
    return stroke(r, *points)


def block(x, y, w, h, corner=0.0):
    """An upright rectangle of half width w and half height h with round corners."""
    def distance(px, py):
        u, v = np.abs(px - x) - (w - corner), np.abs(py - y) - (h - corner)
        return np.hypot(np.maximum(u, 0), np.maximum(v, 0)) + np.minimum(np.maximum(u, v), 0) - corner
    return (x - w, y - h, x + w, y + h), distance


def polygon(*points, corner=0.0):
    """Through points x, y, x, y, …; round corners lie outside of them."""
    p = [points[i:i + 2] for i in range(0, len(points), 2)]

    def distance(px, py):
        square, inside = np.full(px.shape, 1e9, np.float32), np.zeros(px.shape, bool)
        for (ax, ay), (bx, by) in zip(p, p[1:] + p[:1]):
            ex, ey = bx - ax, by - ay
            u, v = px - ax, py - ay
            t = np.minimum(np.maximum((u * ex + v * ey) * (1 / (ex * ex + ey * ey)), 0), 1)
            square = np.minimum(square, (u - t * ex) ** 2 + (v - t * ey) ** 2)
            if ay != by:
                inside ^= ((ay > py) != (by > py)) & (u < v * (ex / ey))
        d = np.sqrt(square)
        return np.where(inside, -d, d) - corner
    xs, ys = [q[0] for q in p], [q[1] for q in p]
    return (min(xs) - corner, min(ys) - corner, max(xs) + corner, max(ys) + corner), distance


def lens(x0, y0, x1, y1, w):
    """What two arcs enclose: pointed at both points, of half width w between them."""
    length = math.hypot(x1 - x0, y1 - y0) / 2
    x, y, c, s = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2 / length, (y1 - y0) / 2 / length
    r = (length * length + w * w) / (2 * w)

    def distance(px, py):
        u, v = (px - x) * c + (py - y) * s, np.abs((py - y) * c - (px - x) * s)
        return np.sqrt((v + (r - w)) ** 2 + u * u) - r
    half_w, half_h = abs(c) * length + abs(s) * w, abs(s) * length + abs(c) * w
    return (x - half_w, y - half_h, x + half_w, y + half_h), distance


def spiral(x, y, r, step, w):
    """A line of half width w that winds from the radius r to the middle, step a turn."""
    def distance(px, py):
        u, v = px - x, py - y
        far = np.sqrt(u * u + v * v)
        turns = (r - far) / step - np.arctan2(v, u) / (2 * math.pi)
        return np.maximum(np.abs(turns - np.round(turns)) * step - w, far - r)
    return (x - r, y - r, x + r, y + r), distance


def below(y):
    return (-2, y, 2, 2), lambda px, py: y - py


def above(y):
    return (-2, -2, 2, y), lambda px, py: py - y


def around(boxes):
    left, top, right, bottom = zip(*boxes)
    return min(left), min(top), max(right), max(bottom)


def join(*shapes, soft=0.0):
    """All of them as one; soft rounds the notches between them."""
    def distance(px, py):
        d = shapes[0][1](px, py)
        for _, other in shapes[1:]:
            e = other(px, py)
            if soft:
                h = np.maximum(soft - np.abs(d - e), 0)
                d = np.minimum(d, e) - h * h / (4 * soft)
            else:
                d = np.minimum(d, e)
        return d
    return around([s[0] for s in shapes]), distance


def meet(a, b):
    box = (max(a[0][0], b[0][0]), max(a[0][1], b[0][1]), min(a[0][2], b[0][2]), min(a[0][3], b[0][3]))
    return box, lambda px, py: np.maximum(a[1](px, py), b[1](px, py))


def cut(a, b):
    """a without b."""
    return a[0], lambda px, py: np.maximum(a[1](px, py), -b[1](px, py))


def hollow(shape, w):
    """Its rim, as a band of half width w."""
    (left, top, right, bottom), f = shape
    return (left - w, top - w, right + w, bottom + w), lambda px, py: np.abs(f(px, py)) - w


def mirrored(shape):
    """It and its mirror image."""
    (left, top, right, bottom), f = shape
    return (min(left, -right), top, max(right, -left), bottom), lambda px, py: f(np.abs(px), py)


def about(n, shape, x=0.0, y=0.0):
    """n of a shape, which lies above x, y, turned around that point."""
    reach = max(math.hypot(a - x, b - y) for a in shape[0][::2] for b in shape[0][1::2])
    turn = 2 * math.pi / n

    def distance(px, py):
        u, v = px - x, py - y
        a, r = np.arctan2(u, -v), np.hypot(u, v)
        a = a - turn * np.round(a / turn)
        return shape[1](x + r * np.sin(a), y - r * np.cos(a))
    return (x - reach, y - reach, x + reach, y + reach), distance


# ---- the canvas --------------------------------------------------------------------------------------


def darker(colour, by=0.72):
    return tuple(v * by for v in colour)


def lighter(colour, by=0.35):
    return tuple(v + (1 - v) * by for v in colour)


def brightness(colour):
    return 0.30 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def stripes(x, y):
    return (np.abs(np.mod(x * 1.7 + 0.05, 1) - 0.5) - 0.24) / 1.7


def dots(x, y):
    v = y * 2.1 + 0.5
    u = x * 2.1 + 0.5 + 0.5 * np.mod(np.floor(v), 2)
    return np.hypot(np.mod(u, 1) - 0.5, np.mod(v, 1) - 0.5) / 2.1 - 0.13


PATTERNS = {"striped": stripes, "dotted": dots}


def planes(colour):
    """[3, 1, 1]: one plane for each of its parts, as rows of three are slow in numpy."""
    return np.array(colour, np.float32).reshape(3, 1, 1)


class Canvas:
    """A layer on which one thing is put together, as premultiplied colours, so that rims lie on the picture without a fringe."""

    def __init__(self, x, y, size, main, style, pattern="plain", radius=1.0, centre=(0.0, 0.0), tilt=0.0, mirror=False, stretch=1.0,
                 free=(0.0, 0.0), expression=""):
        """@x, @y: positions of the window's columns and rows, -1 to 1; @size: of the whole picture, pixels; @stretch: width to height;
        @free: two numbers, -1 to 1, that the thing's proportions follow."""
        self.main, self.style, self.pattern, self.free, self.expression = main, style, pattern, free, expression
        width, height = radius * min(1, stretch), radius * min(1, 1 / stretch)
        c, s, flip = math.cos(tilt), math.sin(tilt), -1 if mirror else 1
        # Columns and rows that the thing may touch: a disc of its radius with room for an outline and for the edge's ramp.
        reach = radius * (1.04 + 2 * LINE) + 2 / size
        self.rows, self.columns = ((np.searchsorted(a, at - reach), np.searchsorted(a, at + reach)) for a, at in ((y, centre[1]), (x, centre[0])))
        self.u, self.v = (x[slice(*self.columns)] - centre[0])[None] / radius, (y[slice(*self.rows)] - centre[1])[:, None] / radius
        self.x, self.y = (self.u * c + self.v * s) * (radius / width * flip), (self.v * c - self.u * s) * (radius / height)
        self.layer = np.zeros((4, *self.x.shape), np.float32)
        # From the thing's own frame to rows and columns of the layer.
        step = 2 / size
        self.to_columns = (c * flip * width / step, -s * height / step, (centre[0] - x[0]) / step - self.columns[0])
        self.to_rows = (s * flip * width / step, c * height / step, (centre[1] - y[0]) / step - self.rows[0])
        self.pixels = math.sqrt(width * height) / step   # a pixel's worth of distance

    def window(self, box, margin):
        """Rows and columns of the layer that a box in the thing's frame touches, a margin added to all its sides."""
        left, top, right, bottom = box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin
        spans = []
        for (a, b, at), n in ((self.to_rows, self.x.shape[0]), (self.to_columns, self.x.shape[1])):
            ends = [a * p + b * q + at for p in (left, right) for q in (top, bottom)]
            spans.append(slice(min(max(math.floor(min(ends)), 0), n), min(max(math.ceil(max(ends)) + 1, 0), n)))
        return tuple(spans)

    def cover(self, d):
        """One pixel of ramp across the edge."""
        return np.minimum(np.maximum(0.5 - d * self.pixels, 0), 1)

    def over(self, window, cover, colour):
        layer = self.layer[:, *window]
        layer *= 1 - cover
        layer[:3] += cover * colour
        layer[3] += cover

    def part(self, shape, colour, line=LINE):
        """Over all that there is."""
        self.put(shape, colour, line)

    def body(self, *shapes):
        """Parts in the main colour and with the pattern."""
        for shape in shapes:
            self.put(shape, self.main, LINE, self.pattern)

    def put(self, shape, colour, line, pattern="plain"):
        window, colour = self.window(shape[0], line + 1 / self.pixels), planes(colour)
        x, y = self.x[window], self.y[window]
        d = shape[1](x, y)
        if self.style == "outlined" and line > 0:
            self.over(window, self.cover(d - line), planes(DARK))
        if pattern != "plain":
            # Not up to the rim, which a ground of the pattern's colour would eat.
            other = planes(darker(LIGHT, 0.42) if brightness(self.main) > 0.72 else LIGHT)
            colour = colour + (other - colour) * self.cover(np.maximum(PATTERNS[pattern](x, y), d + LINE))
        cover = self.cover(d)
        if self.style == "shaded":
            t = np.minimum(np.maximum(1 + d * (1 / BEVEL), 0), 1)
            colour = colour * (1 - RIM * t * t)
        self.over(window, cover, colour)

    def mark(self, shape, colour):
        """On what there is, and not beyond its rim."""
        window = self.window(shape[0], 1 / self.pixels)
        layer = self.layer[:, *window]
        layer[:3] += self.cover(shape[1](self.x[window], self.y[window])) * (planes(colour) * layer[3] - layer[:3])

    def lit(self, light):
        """Light from the upper left, and its reflection, on a shaded thing."""
        if self.style != "shaded":
            return
        colour, alpha = self.layer[:3], self.layer[3]
        colour *= light * (1.0 - 0.11 * (self.u + self.v))
        np.minimum(colour, alpha, out=colour)
        colour += (0.28 * np.exp(-14 * (self.u + 0.35) ** 2)) * np.exp(-14 * (self.v + 0.38) ** 2) * (alpha - colour)

    def onto(self, picture):
        """The thing on a picture [3, h, w]."""
        seen = picture[:, slice(*self.rows), slice(*self.columns)]
        seen *= 1 - self.layer[3]
        seen += self.layer[:3]
