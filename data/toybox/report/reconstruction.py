"""Rows of the quality table: pictures inverted and decoded again; and the table of inversion methods.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import safetensors

from .engine import call
from .lab import Section
from .measure import median, psnr, table
from .sheets import contact_sheet

METHODS = {"ddim": 1, "fixed-point": 4, "bdia": 1, "residuals": 2, "ddpm": 1}   # network calls a step
LATENTS = "l.safetensors"


def returned(lab, x, size, method="default", steps=None, guidance=None):
    """Pictures x [n, 3, h, w] inverted and decoded at size, and the paths of their latents."""
    words = ["--size", size, "--method", method]
    words += ["--steps", steps] if steps else []
    words += ["--guidance", guidance] if guidance else []
    inverted = lab.engine.run(call("invert", "--image", lab.engine.put(p), *words, out=LATENTS) for p in x)
    latents = [r.path(LATENTS) for r in inverted]
    return lab.engine.pictures(call("decode", "--latents", path, "--size", size) for path in latents), latents


def reconstruction(lab):
    section = Section("Reconstruction")
    x = lab.held_out.pictures(lab.held_out.scenes(5, lab.size(12, 3)))
    back, _ = returned(lab, x, 64, steps=50)
    plain, _ = returned(lab, x, 64, "ddim", steps=50)
    here, there = (median([psnr(a, b) for a, b in zip(y, x)]) for y in (back, plain))
    large = lab.held_out.pictures(lab.held_out.scenes(5, lab.size(6, 2)), 256)
    large_back, _ = returned(lab, large, 256)
    at_256 = median([psnr(a, b) for a, b in zip(large_back, large)])
    for what, target, value in (("reconstruction at 64, default method, 50 steps: median PSNR", 40, here),
                                ("reconstruction at 256 through the stored upsampler latents: median PSNR", 38, at_256)):
        section.row(what, f"≥ {target} dB", f"{value.text(unit=' dB')}  (n = {value.n})", value.value >= target, value.figures())
    section.figures["plain DDIM at 64, 50 steps"] = there.figures()
    n = min(len(x), 10)
    contact_sheet(lab.out / "reconstruction.png", [x[:n], back[:n], plain[:n]], ["picture", "default", "plain DDIM"])
    section.text = (
        f"Plain DDIM, 50 steps, beside it: {there.text(unit=' dB')}. Pictures go through 8-bit PNG; 120 dB is the very same one.\n\n"
        "![Pictures, inverted and decoded](reconstruction.png)\n\n" + methods(lab, section, x[:lab.size(2, 1)]))
    return section


def methods(lab, section, x):
    """Median PSNR by inversion method, steps and guidance; and how normal x_T is."""
    rows = []
    for method, calls in METHODS.items():
        cells = []
        for guidance in (1, 3):
            for steps in (25, 50):
                y, latents = returned(lab, x, 64, method, steps, guidance)
                cells.append(median([psnr(a, b) for a, b in zip(y, x)]).value)
                if (guidance, steps) == (1, 50):
                    std = sum(safetensors.read(path)["x_T"].std().item() for path in latents) / len(latents)
        rows.append([method, f"{calls} a step", *(f"{v:.1f}" for v in cells), f"{std:.2f}"])
        section.figures[f"inversion by {method}"] = {"psnr": cells, "std_x_T": std, "n": len(x)}
    return f"Inversion methods, median PSNR in dB of {len(x)} pictures:\n\n" + table(
        ["method", "network calls", *(f"{s} steps, guidance {g}" for g in (1, 3) for s in (25, 50)), "std of x_T"], rows)
