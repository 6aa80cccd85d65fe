"""Pictures that Toybox's world does not have, drawn from a seed: what photographs and screenshots are like, without any.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import numpy as np

SIDE = 64


def cloud(r, roughness):
    """Noise [side, side] of mean 0 and deviation 1 whose strength falls with that power of the frequency; photographs have about 1."""
    f = np.fft.fftfreq(SIDE)
    f = np.hypot(f[:, None], f[None])
    f[0, 0] = 1
    x = np.fft.ifft2((r.standard_normal((SIDE, SIDE)) + 1j * r.standard_normal((SIDE, SIDE))) / f ** roughness).real
    return (x - x.mean()) / x.std()


def clouds(r):
    roughness = r.uniform(0.6, 2.2)
    common = cloud(r, roughness)
    x = np.stack([common * r.uniform(0.5, 1) + cloud(r, roughness) * r.uniform(0, 0.5) for _ in range(3)], -1)
    return x * r.uniform(20, 70) + r.uniform(40, 220, 3)


def windows(r):
    """Boxes, most of them grey, and lines as of text."""
    x = np.full((SIDE, SIDE, 3), float(r.choice([r.integers(200, 256), r.integers(20, 80), r.integers(0, 256)])))
    for _ in range(r.integers(3, 25)):
        left, top = r.integers(-8, 60, 2)
        width, height = int(r.integers(2, 56)), int(r.integers(1, 20))
        colour = r.integers(0, 256) if r.random() < 0.7 else r.integers(0, 256, 3)
        x[max(top, 0):max(top + height, 0), max(left, 0):max(left + width, 0)] = colour
    if r.random() < 0.6:
        for row in range(int(r.integers(2, 10)), SIDE, int(r.integers(3, 7))):
            x[row, 4:r.integers(20, 62)] = r.choice([60, 180]) + r.normal(0, 30)
    return x


def mosaic(r):
    points = r.uniform(0, SIDE, (r.integers(4, 60), 2))
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    cells = ((y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2).argmin(-1)
    colours = r.integers(0, 256, (len(points), 3)).astype(float)
    return colours[cells] + (cloud(r, 1.2)[..., None] * r.uniform(0, 40) if r.random() < 0.5 else 0)


def shores(r):
    """Two surfaces with a border between them."""
    share = 1 / (1 + np.exp(-cloud(r, 2) * r.uniform(2, 20)))[..., None]
    a, b = (cloud(r, r.uniform(0.6, 2))[..., None] * r.uniform(5, 50) + r.uniform(0, 255, 3) for _ in range(2))
    return a * share + b * (1 - share)


def strange(n, seed):
    """[n, side, side, 3] bytes; some are grey."""
    r, out = np.random.default_rng(seed), []
    for i in range(n):
        x = (clouds, windows, mosaic, shores)[i % 4](r)
        if r.random() < 0.3:
            x = np.repeat(x.mean(-1, keepdims=True), 3, -1)
        out.append(np.clip(x, 0, 255).astype(np.uint8))
    return np.array(out)
