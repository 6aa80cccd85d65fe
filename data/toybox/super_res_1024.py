"""Trains the second upsampler, 256 to 1024, on crops of true renderings.

    python3 train.py super_res_1024 --minutes 8

What it is to enlarge may come from anywhere, so its condition is spoilt more, and in more ways, than the
first one's: a random mix, in random order, of blur, resampling, noise and JPEG.

Source: arXiv 2204.06125, section 2.2, which takes the BSR degradation of arXiv 2103.14006.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import configs
from super_res import enlarge, learn, upsampler
from train import DEVICE
from worlds import WORLDS

SIZE, CROP, FACTOR = 1024, 64, 4
MARGIN = 8        # small pixels around a crop's own: blur and JPEG reach that far
SEEDS = 3_000_000
# Sampling begins at 500 with the enlarged picture under noise: above that the noise hides what is known.
TIMES, MOST = (0, 166, 333, 500), 520


def windows(world, scenes, n, rng):
    """n windows a scene, mostly where something is to be seen: (rows of scenes, top, left), multiples of FACTOR."""
    small = world.render(scenes, 64)
    edges = (small[:, 1:, :-1] - small[:, :-1, :-1]).abs().sum(3) + (small[:, :-1, 1:] - small[:, :-1, :-1]).abs().sum(3)
    edges = edges ** 2
    edges = edges + 0.3 * edges.mean((1, 2), keepdim=True) + 1e-6
    at = torch.multinomial(edges.flatten(1), n, replacement=True).flatten().numpy()
    jitter = rng.integers(-CROP // 2, CROP // 2, (2, len(at)))
    places = [np.clip((v * (SIZE // 64) - CROP // 2 + j) // FACTOR * FACTOR, 0, SIZE - CROP)
              for v, j in zip((at // 63, at % 63), jitter)]
    return torch.arange(len(scenes)).repeat_interleave(n), *(torch.from_numpy(v) for v in places)


def blur(x, rng):
    """[h, w, 3]; a Gaussian of 0.3 to 1.8 pixels, in half of the cases wider one way than the other."""
    a = rng.uniform(0.3, 1.8)
    b, angle = (rng.uniform(0.3, 1.8), rng.uniform(0, np.pi)) if rng.random() < 0.5 else (a, 0.0)
    y, x0 = np.mgrid[-4:5, -4:5]
    u, v = x0 * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x0 * np.sin(angle)
    kernel = np.exp(-0.5 * (u ** 2 / a ** 2 + v ** 2 / b ** 2))
    kernel = torch.from_numpy(kernel / kernel.sum()).float().expand(3, 1, 9, 9)
    padded = F.pad(torch.from_numpy(x).permute(2, 0, 1)[None], (4,) * 4, mode="replicate")
    return F.conv2d(padded, kernel, groups=3)[0].permute(1, 2, 0).numpy()


def as_picture(x):
    return Image.fromarray((x.clip(0, 1) * 255).round().astype(np.uint8))


def as_values(picture):
    return np.asarray(picture, np.float32) / 255


def resample(x, rng):
    """Down to 0.5 to 1 of its size and back, by methods that programs use."""
    methods = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.BOX)
    side = int(round(len(x) * rng.uniform(0.5, 1.0)))
    down, up = (methods[k] for k in rng.integers(0, 3, 2))
    return as_values(as_picture(x).resize((side, side), down).resize((len(x),) * 2, up))


def noise(x, rng):
    """Up to 0.05 of the range; grey in a third of the cases."""
    shape = (*x.shape[:2], 1 if rng.random() < 0.33 else 3)
    return x + rng.uniform(0, 0.05) * rng.standard_normal(shape).astype(np.float32)


def jpeg(x, rng):
    file = io.BytesIO()
    as_picture(x).save(file, "jpeg", quality=int(rng.integers(40, 96)), subsampling=int(rng.integers(0, 3)))
    return as_values(Image.open(file))


def spoil(x, rng):
    """[h, w, 3] in 0 to 1. A fifth stays as it is: the first upsampler's pictures are nearly clean."""
    if rng.random() < 0.2:
        return x
    ways = [way for way, often in ((blur, 0.6), (resample, 0.3), (noise, 0.5), (jpeg, 0.4)) if rng.random() < often]
    for k in rng.permutation(len(ways)):
        x = ways[k](x, rng)
    return x.clip(0, 1)


def crops(world, seed, rng):
    """Pairs [n, 6, CROP, CROP]: the true crop and its enlarged condition, in -1 to 1."""
    scenes = world.draw(24, seed)
    rows, top, left = windows(world, scenes, 8, rng)
    scenes = scenes.pick(rows)
    x = world.render(scenes, SIZE, (top, left, CROP))
    side = CROP // FACTOR + 2 * MARGIN
    low = world.render(scenes, SIZE // FACTOR, (top // FACTOR - MARGIN, left // FACTOR - MARGIN, side))
    low = torch.from_numpy(np.stack([spoil(v, rng) for v in low.numpy()]))
    both = [v.permute(0, 3, 1, 2) * 2 - 1 for v in (x, low)]
    cut = slice(MARGIN * FACTOR, MARGIN * FACTOR + CROP)
    return torch.cat([both[0], enlarge(both[1], side * FACTOR)[:, :, cut, cut].clamp(-1, 1)], 1)


def train(args):
    unet, run = upsampler(configs.SUPER_RES_1024, args, "super_res_1024", 2e-3)
    rng, n, pool = np.random.default_rng(run.step), args.batch or 16, None
    while run.going():
        if pool is None or run.step % 60 == 0:
            fresh = crops(WORLDS[args.world], SEEDS + run.step, rng)
            pool = fresh if pool is None else torch.cat([fresh, pool])[:768]
        both = pool[rng.integers(0, len(pool), n)].to(DEVICE)
        often = torch.tensor(TIMES)[torch.randint(0, len(TIMES), (n,))]
        t = torch.where(torch.rand(n) < 0.4, torch.randint(0, MOST, (n,)), often).to(DEVICE)
        learn(run, unet, both[:, :3], both[:, 3:], t)
    run.save()
