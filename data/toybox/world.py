"""The Toybox world: one shaded object on a background, drawn from a seed at any resolution.

A scene is a row of numbers, a picture is a function of the scene and of the position only, so
64, 256 and 1024 pixels show the same scene. Everything is vectorised over a batch of scenes.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass

import numpy as np
import torch

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
BACKGROUNDS = ["sand", "grass", "sky", "night", "snow", "brick"]
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
    radius: torch.Tensor      # [n] half extent, half sides
    x: torch.Tensor           # [n] centre, -1 (left) to 1
    y: torch.Tensor           # [n] centre, -1 (top) to 1
    tilt: torch.Tensor        # [n] radians, clockwise
    light: torch.Tensor       # [n] brightness of the light, 0.9 to 1.1
    phase: torch.Tensor       # [n, 4] where the background's pattern begins, 0 to 1

    def __len__(self):
        return len(self.shape)

    def pick(self, index):
        return Scenes(**{k: v[index] for k, v in vars(self).items()})

    def replace(self, **fields):
        return Scenes(**{**vars(self), **fields})


def draw_scenes(n, seed):
    """n random scenes; the same seed always gives the same ones."""
    r = np.random.default_rng(seed)
    size = r.integers(0, 3, n)
    radius = np.array(SIZE_RADIUS)[size] * r.uniform(0.94, 1.06, n)
    place_x, place_y = r.integers(0, 3, n), r.integers(0, 3, n)
    # A large object has less room to be off centre, but must still be seen to be.
    reach = np.minimum(0.95 - radius, 0.5)
    x = (place_x - 1) * reach + r.uniform(-0.05, 0.05, n)
    y = (place_y - 1) * reach + r.uniform(-0.05, 0.05, n)
    tensor = lambda a, t: torch.from_numpy(np.asarray(a)).to(t)
    return Scenes(
        shape=tensor(r.integers(0, len(SHAPES), n), torch.long),
        colour=tensor(r.integers(0, len(COLOURS), n), torch.long),
        background=tensor(r.integers(0, len(BACKGROUNDS), n), torch.long),
        size=tensor(size, torch.long), place_x=tensor(place_x, torch.long),
        place_y=tensor(place_y, torch.long), radius=tensor(radius, torch.float32),
        x=tensor(x, torch.float32), y=tensor(y, torch.float32),
        tilt=tensor(r.uniform(-0.35, 0.35, n), torch.float32),
        light=tensor(r.uniform(0.92, 1.08, n), torch.float32),
        phase=tensor(r.uniform(0, 1, (n, 4)), torch.float32))


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
    raise ValueError(name)


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

    col = lambda v: v.view(n, 1, 1)
    c, s = col(torch.cos(scenes.tilt)), col(torch.sin(scenes.tilt))

    def local(dx, dy):
        """The position in the object's own frame, radius 1."""
        u, v = (x - col(scenes.x) - dx) / col(scenes.radius), (y - col(scenes.y) - dy) / col(scenes.radius)
        return u * c + v * s, v * c - u * s

    px, py = local(0, 0)
    sx, sy = local(0.10 * col(scenes.radius), 0.14 * col(scenes.radius))
    d, shadow = torch.empty_like(px), torch.empty_like(px)
    for i, name in enumerate(SHAPES):
        k = scenes.shape == i
        if k.any():
            d[k], shadow[k] = distance(name, px[k], py[k]), distance(name, sx[k], sy[k])

    # A soft shadow, falling to the lower right.
    picture = picture * (1 - 0.38 * torch.sigmoid(-shadow * 14))[..., None]
    # Light from the upper left; the rim is bevelled, which is what makes it look like a toy.
    rim = torch.exp(d.clamp(max=0) * 7)
    lit = col(scenes.light) * (0.98 - 0.16 * (px * c - py * s + px * s + py * c) / 1.6) - 0.20 * rim
    colours = torch.tensor([COLOURS[k] for k in COLOUR_NAMES], device=device)[scenes.colour]
    body = colours.view(n, 1, 1, 3) * lit[..., None]
    gloss = 0.35 * torch.exp(-((px * c - py * s + 0.35) ** 2 + (px * s + py * c + 0.38) ** 2) * 14)
    body = body + (1 - body) * gloss[..., None]
    # Coverage: one pixel of ramp across the edge.
    cover = (0.5 - d * col(scenes.radius) * size / 2).clamp(0, 1)[..., None]
    return (picture + (body - picture) * cover).clamp(0, 1)


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
