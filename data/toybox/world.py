"""The Toybox world: a shaded toy on a background, often with a second one, a pattern or a written
word, drawn from a seed at any resolution.

A scene is a row of numbers, a picture is a function of the scene and of the position only, so
64, 256 and 1024 pixels show the same scene. Everything is vectorised over a batch of scenes.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass

import numpy as np
import torch

import lettering

SHAPES = ["ball", "square", "triangle", "star", "heart", "ring", "cross", "moon"]
COLOURS = {
    "red": (0.86, 0.10, 0.12),
    "orange": (0.98, 0.52, 0.06),
    "yellow": (0.98, 0.88, 0.12),
    "green": (0.08, 0.55, 0.18),
    "turquoise": (0.10, 0.80, 0.80),
    "blue": (0.12, 0.25, 0.85),
    "purple": (0.50, 0.12, 0.65),
    "pink": (0.98, 0.55, 0.75),
}
COLOUR_NAMES = list(COLOURS)
BACKGROUNDS = ["sand", "grass", "sky", "night", "snow", "brick", "wood", "water", "lava"]
PATTERNS = ["plain", "striped", "dotted"]
WORDS = ["", *SHAPES]   # what may be written on a picture
SIZES = ["small", "medium", "large"]
# Half the object's extent, in units of half the picture's side.
SIZE_RADIUS = (0.36, 0.48, 0.62)
PLACES_X = ["left", "centre", "right"]
PLACES_Y = ["top", "middle", "bottom"]


@dataclass
class Scenes:
    """A batch of scenes; every field is a tensor whose first axis is the scene."""

    shape: torch.Tensor       # [n] index into SHAPES
    colour: torch.Tensor      # [n] index into COLOUR_NAMES
    background: torch.Tensor  # [n] index into BACKGROUNDS
    size: torch.Tensor        # [n] index into SIZES
    place_x: torch.Tensor     # [n] index into PLACES_X
    place_y: torch.Tensor     # [n] index into PLACES_Y
    pattern: torch.Tensor     # [n] index into PATTERNS
    word: torch.Tensor        # [n] index into WORDS, 0 for none
    second: torch.Tensor      # [n] 1 where there is a second, smaller object on the other side, else 0
    shape2: torch.Tensor      # [n] its shape
    colour2: torch.Tensor     # [n] its colour
    radius: torch.Tensor      # [n] half extent, half sides
    x: torch.Tensor           # [n] centre, -1 (left) to 1
    y: torch.Tensor           # [n] centre, -1 (top) to 1
    tilt: torch.Tensor        # [n] radians, clockwise
    radius2: torch.Tensor     # [n] the same of the second object
    x2: torch.Tensor          # [n]
    y2: torch.Tensor          # [n]
    tilt2: torch.Tensor       # [n]
    light: torch.Tensor       # [n] brightness of the light, 0.92 to 1.08
    phase: torch.Tensor       # [n, 4] where the background's pattern begins, 0 to 1

    def __len__(self):
        return len(self.shape)

    def pick(self, index):
        return Scenes(**{k: v[index] for k, v in vars(self).items()})

    @staticmethod
    def join(batches):
        return Scenes(**{k: torch.cat([vars(s)[k] for s in batches]) for k in vars(batches[0])})

    def replace(self, **fields):
        return Scenes(**{**vars(self), **fields})


def reach(radius):
    """How far from the middle an object of that half extent may be put: a large one has less room, but must still be seen to be off centre."""
    return np.minimum(0.95 - radius, 0.5)


def spot(place, radius, u):
    """The coordinate that a place (0, 1, 2) means; u, -1 to 1, is where within it."""
    return (place - 1) * reach(radius) + u * np.minimum(0.36 * reach(radius), 0.12)


def draw_scenes(n, seed):
    """n random scenes; the same seed always gives the same ones."""
    r = np.random.default_rng(seed)
    second, size = r.random(n) < 0.25, r.integers(0, 3, n)
    # Two objects share the width: the first is never large, and never in the centre.
    size = np.where(second, size % 2, size)
    radius = np.array(SIZE_RADIUS)[size] * r.uniform(0.9, 1.1, n)
    place_x, place_y = r.integers(0, 3, n), r.integers(0, 3, n)
    place_x = np.where(second & (place_x == 1), 2 * r.integers(0, 2, n), place_x)
    x = spot(place_x, radius, r.uniform(-1, 1, n))
    y = spot(place_y, radius, r.uniform(-1, 1, n))
    radius2 = r.uniform(0.26, 0.32, n)
    x2 = -np.sign(x) * r.uniform(0.5, 0.62, n)
    y2 = r.uniform(-0.45, 0.45, n)
    tensor = lambda a, t: torch.from_numpy(np.asarray(a)).to(t)
    index = lambda a: tensor(a, torch.long)
    real = lambda a: tensor(a, torch.float32)
    return Scenes(
        shape=index(r.integers(0, len(SHAPES), n)), colour=index(r.integers(0, len(COLOURS), n)),
        background=index(r.integers(0, len(BACKGROUNDS), n)), size=index(size),
        place_x=index(place_x), place_y=index(place_y),
        pattern=index(np.where(r.random(n) < 0.4, r.integers(1, 3, n), 0)),
        word=index(np.where(r.random(n) < 0.12, r.integers(1, len(WORDS), n), 0)),
        second=index(second), shape2=index(r.integers(0, len(SHAPES), n)), colour2=index(r.integers(0, len(COLOURS), n)),
        radius=real(radius), x=real(x), y=real(y), tilt=real(r.uniform(-0.5, 0.5, n)),
        radius2=real(radius2), x2=real(x2), y2=real(y2), tilt2=real(r.uniform(-0.5, 0.5, n)),
        light=real(r.uniform(0.92, 1.08, n)), phase=real(r.uniform(0, 1, (n, 4))))


def told_alike(scenes, seed):
    """Scenes of which captions say the same: what they leave open (place within a place, size within a size, tilt, light, where the
    background's pattern begins) is drawn anew."""
    r, n = np.random.default_rng(seed), len(scenes)
    radius = np.array(SIZE_RADIUS)[scenes.size.numpy()] * r.uniform(0.9, 1.1, n)
    real = lambda a: torch.from_numpy(np.asarray(a)).float()
    x = spot(scenes.place_x.numpy(), radius, r.uniform(-1, 1, n))
    return scenes.replace(
        radius=real(radius), x=real(x), y=real(spot(scenes.place_y.numpy(), radius, r.uniform(-1, 1, n))), tilt=real(r.uniform(-0.5, 0.5, n)),
        radius2=real(r.uniform(0.26, 0.32, n)), x2=real(-np.sign(x) * r.uniform(0.5, 0.62, n)), y2=real(r.uniform(-0.45, 0.45, n)),
        tilt2=real(r.uniform(-0.5, 0.5, n)), light=real(r.uniform(0.92, 1.08, n)), phase=real(r.uniform(0, 1, (n, 4))))


EDITABLE = {"shape": len(SHAPES), "colour": len(COLOUR_NAMES), "background": len(BACKGROUNDS), "pattern": len(PATTERNS)}


def edited(scenes, seed):
    """Scenes in which one attribute of EDITABLE has another value, and all else is the same."""
    r, n, fields = np.random.default_rng(seed), len(scenes), {}
    kind = r.integers(0, len(EDITABLE), n)
    for i, (name, n_values) in enumerate(EDITABLE.items()):
        other = torch.from_numpy((kind == i) * r.integers(1, n_values, n))
        fields[name] = (getattr(scenes, name) + other) % n_values
    return scenes.replace(**fields)


def distance(shape, px, py):
    """Signed distance to a shape of radius 1 around the origin, negative inside; y points down."""
    r = torch.hypot(px, py)
    if shape == "ball":
        return r - 0.92
    if shape == "square":
        qx, qy = px.abs() - 0.68, py.abs() - 0.68
        return torch.hypot(qx.clamp(min=0), qy.clamp(min=0)) + torch.maximum(qx, qy).clamp(max=0) - 0.10
    if shape == "triangle":
        # Three half planes at 120 degrees, the tip up.
        d = torch.maximum(py - 0.52, 0.8660 * px.abs() - 0.5 * py - 0.52)
        return d - 0.06
    if shape == "star":
        # Fold the angle into one tenth of a turn, then one straight edge from tip to notch.
        a = torch.atan2(px, -py)
        tenth = torch.pi / 5
        a = (a.remainder(2 * tenth) - tenth).abs()   # 0 at a notch, tenth at a tip
        fx, fy = r * torch.cos(tenth - a), r * torch.sin(tenth - a)
        nx, ny = 0.46 * np.cos(tenth), 0.46 * np.sin(tenth)   # the notch
        ex, ey = nx - 1.08, ny
        length = np.hypot(ex, ey)
        return ((fx - 1.08) * ey - fy * ex) / length - 0.02
    if shape == "heart":
        hx, hy = px.abs() / 1.05, -py / 1.05 + 0.08
        f = (hx * hx + hy * hy - 0.55) ** 3 - 1.15 * hx * hx * hy ** 3
        # Distance of an implicit curve: value over gradient.
        g = (hx * hx + hy * hy - 0.55) ** 2
        gx = 6 * hx * g - 2.3 * hx * hy ** 3
        gy = 6 * hy * g - 3.45 * hx * hx * hy * hy
        return (f / (torch.hypot(gx, gy) + 0.05)).clamp(-1, 1)
    if shape == "ring":
        return (r - 0.66).abs() - 0.27
    if shape == "cross":
        ax, ay = torch.maximum(px.abs(), py.abs()), torch.minimum(px.abs(), py.abs())
        return torch.maximum(ax - 0.92, ay - 0.30)
    if shape == "moon":
        return torch.maximum(r - 0.94, 0.78 - torch.hypot(px - 0.46, py + 0.10))
    raise ValueError(shape)


def background(name, x, y, phase):
    """Colours [n, h, w, 3] of a background at positions x, y in [-1, 1]."""
    n = len(phase)
    p = [phase[:, i].view(n, 1, 1) * 2 * torch.pi for i in range(4)]
    rgb = lambda c: torch.tensor(c, dtype=x.dtype, device=x.device)
    mix = lambda a, b, t: rgb(a) + (rgb(b) - rgb(a)) * t[..., None]
    if name == "sand":
        t = 0.5 + 0.5 * torch.sin(9 * y + 1.2 * torch.sin(3 * x + p[0]) + p[1])
        return mix((0.93, 0.82, 0.60), (0.84, 0.70, 0.46), t)
    if name == "grass":
        t = 0.5 + 0.5 * torch.sin(14 * x + 1.5 * torch.sin(4 * y + p[0]) + p[1])
        return mix((0.52, 0.78, 0.30), (0.38, 0.66, 0.22), t) * (1 - 0.08 * y)[..., None]
    if name == "sky":
        t = torch.sigmoid(5 * (torch.sin(2.6 * x + p[0]) * torch.sin(3.6 * y + p[1]) - 0.45 + 0.2 * torch.sin(7 * x + p[2])))
        sky = mix((0.42, 0.66, 0.95), (0.72, 0.86, 0.99), 0.5 + 0.5 * y)
        return sky + (0.98 - sky) * (0.85 * t)[..., None]
    if name == "night":
        u, v = x * 2.5 + p[0], y * 2.5 + p[1]
        star = torch.exp(-60 * ((torch.remainder(u + 0.4 * torch.sin(2 * torch.floor(v)), 1) - 0.5) ** 2
                                + (torch.remainder(v, 1) - 0.5) ** 2))
        sky = mix((0.05, 0.05, 0.16), (0.14, 0.11, 0.30), 0.5 + 0.5 * y)
        return sky + (rgb((0.98, 0.96, 0.80)) - sky) * (0.9 * star)[..., None]
    if name == "snow":
        t = 0.5 + 0.5 * torch.sin(3 * x + p[0]) * torch.sin(4 * y + p[1])
        return mix((0.97, 0.98, 1.00), (0.84, 0.89, 0.96), t)
    if name == "brick":
        row = torch.floor(y * 3 + phase[:, 0].view(n, 1, 1))
        v = torch.remainder(y * 3 + phase[:, 0].view(n, 1, 1), 1)
        u = torch.remainder(x * 1.8 + 0.5 * torch.remainder(row, 2) + phase[:, 1].view(n, 1, 1), 1)
        edge = torch.minimum(torch.minimum(u, 1 - u) / 1.8, torch.minimum(v, 1 - v) / 3)
        t = torch.sigmoid((edge - 0.022) * 110)
        return mix((0.78, 0.74, 0.68), (0.58, 0.33, 0.25), t)
    if name == "wood":
        plank = torch.floor(x * 2 + phase[:, 0].view(n, 1, 1))
        u = torch.remainder(x * 2 + phase[:, 0].view(n, 1, 1), 1)
        t = 0.5 + 0.5 * torch.sin(26 * u + 2 * torch.sin(2 * y + 5 * plank + p[1]))
        gap = torch.sigmoid((torch.minimum(u, 1 - u) - 0.035) * 90)
        return mix((0.60, 0.40, 0.22), (0.48, 0.30, 0.15), t) * (0.45 + 0.55 * gap)[..., None]
    if name == "water":
        t = 0.5 + 0.5 * torch.sin(16 * y + 2.2 * torch.sin(5 * x + p[0]) + p[1])
        return mix((0.05, 0.36, 0.44), (0.16, 0.52, 0.56), t * t)
    if name == "lava":
        u = torch.sin(4 * x + 1.4 * torch.sin(3 * y + p[0]) + p[1]) + torch.sin(5 * y + 1.4 * torch.sin(4 * x + p[2]) + p[3])
        return mix((0.16, 0.10, 0.10), (0.96, 0.40, 0.05), torch.exp(-9 * u * u))
    raise ValueError(name)


def pattern_light(pattern, px, py):
    """How white a pattern makes the body, 0 to 1, at positions in the object's own frame."""
    striped = torch.sigmoid((torch.sin(px * 9.5) - 0.25) * 6)
    u, v = px * 2.1, py * 2.1
    u = u + 0.5 * torch.remainder(torch.floor(v), 2)
    dot = torch.hypot(torch.remainder(u, 1) - 0.5, torch.remainder(v, 1) - 0.5)
    dotted = torch.sigmoid((0.29 - dot) * 30)
    kind = pattern.view(-1, 1, 1)
    return 0.85 * torch.where(kind == 1, striped, torch.where(kind == 2, dotted, torch.zeros_like(dotted)))


def put_object(picture, x, y, size, o):
    """An object with its shadow on picture [n, h, w, 3] at positions x, y; @o holds [n] tensors."""
    n, col = len(picture), lambda v: v.view(-1, 1, 1)
    c, s, radius = col(torch.cos(o["tilt"])), col(torch.sin(o["tilt"])), col(o["radius"])

    def local(dx, dy):
        """The position in the object's own frame, radius 1."""
        u, v = (x - col(o["x"])) / radius - dx, (y - col(o["y"])) / radius - dy
        return u * c + v * s, v * c - u * s

    (px, py), (sx, sy) = local(0, 0), local(0.10, 0.14)
    d, shadow = torch.empty_like(px), torch.empty_like(px)
    for i, name in enumerate(SHAPES):
        k = o["shape"] == i
        if k.any():
            d[k], shadow[k] = distance(name, px[k], py[k]), distance(name, sx[k], sy[k])

    # A soft shadow, falling to the lower right.
    picture = picture * (1 - 0.38 * torch.sigmoid(-shadow * 14))[..., None]
    # Light from the upper left; the rim is bevelled, which is what makes it look like a toy.
    rim = torch.exp(d.clamp(max=0) * 7)
    u, v = px * c - py * s, px * s + py * c
    lit = col(o["light"]) * (0.98 - 0.16 * (u + v) / 1.6) - 0.20 * rim
    colours = torch.tensor([COLOURS[k] for k in COLOUR_NAMES], device=x.device)[o["colour"]]
    body = colours.view(n, 1, 1, 3)
    if (o["pattern"] > 0).any():
        body = body + (0.95 - body) * pattern_light(o["pattern"], px, py)[..., None]
    body = body * lit[..., None]
    gloss = 0.35 * torch.exp(-((u + 0.35) ** 2 + (v + 0.38) ** 2) * 14)
    body = body + (1 - body) * gloss[..., None]
    # Coverage: one pixel of ramp across the edge.
    cover = (0.5 - d * radius * size / 2).clamp(0, 1)[..., None]
    return picture + (body - picture) * cover


def render(scenes, size, window=None):
    """Pictures [n, size, size, 3], float32 in 0 to 1; of a window (top, left, side) only that part of them,
    [n, side, side, 3], top and left one for all or one a scene."""
    n, device = len(scenes), scenes.x.device
    top, left, side = window or (0, 0, size)
    axis = lambda first: (torch.arange(side, device=device) + torch.as_tensor(first, device=device).view(-1, 1) + 0.5) * 2 / size - 1
    y, x = axis(top)[:, :, None].expand(n, side, side), axis(left)[:, None].expand(n, side, side)
    picture = torch.empty(n, side, side, 3, device=device)
    for i, name in enumerate(BACKGROUNDS):
        k = scenes.background == i
        if k.any():
            picture[k] = background(name, x[k], y[k], scenes.phase[k])

    k = scenes.second == 1
    if k.any():
        s = scenes.pick(k)
        picture[k] = put_object(picture[k], x[k], y[k], size, {
            "shape": s.shape2, "colour": s.colour2, "pattern": torch.zeros_like(s.pattern), "radius": s.radius2,
            "x": s.x2, "y": s.y2, "tilt": s.tilt2, "light": s.light})
    picture = put_object(picture, x, y, size, vars(scenes))
    k = scenes.word > 0
    if k.any():
        s = scenes.pick(k)
        # Where the object is not.
        top = torch.where(s.place_y == PLACES_Y.index("bottom"), -0.78, 0.78)
        picture[k] = lettering.put([WORDS[i] for i in s.word.tolist()], picture[k], x[k], y[k], top, size)
    return picture.clamp(0, 1)


if __name__ == "__main__":
    import sys
    import time
    from PIL import Image
    sc = draw_scenes(64, 1)
    t = time.time()
    im = render(sc, 64)
    print("64 px: %.2f ms a picture" % ((time.time() - t) / 64 * 1000))
    im = render(sc, 96)
    grid = im.view(8, 8, 96, 96, 3).permute(0, 2, 1, 3, 4).reshape(768, 768, 3)
    Image.fromarray((grid * 255).round().byte().numpy()).save(sys.argv[1])
