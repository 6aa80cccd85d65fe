"""Toybox's quality, measured through the C engine on held-out scenes.

    python3 evaluate.py --unclip PATH --judge judge.safetensors [--n 100] [--out DIR]

Each picture is made by the command `unclip`; the judge, a classifier trained on true renderings, reads
what it shows. Prints a table and writes contact sheets and table.md to --out.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import safetensors
from captions import captions
from judge import Judge
from world import BACKGROUNDS, COLOUR_NAMES, SHAPES, draw_scenes, render

HELD_OUT = 1_000_000   # seeds from here on are never trained on


def read(path):
    return torch.from_numpy(np.asarray(Image.open(path).convert("RGB"))).permute(2, 0, 1).float() / 127.5 - 1


def interval(p, n):
    """Half the width of a 95 % interval, in points."""
    return 196 * (max(p * (1 - p), 0.25 / n) / n) ** 0.5


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, hits):
        p = hits.float().mean().item()
        self.rows.append((what, p, len(hits)))
        print(f"{what:58s} {100 * p:5.1f} % ± {interval(p, len(hits)):.1f}  (n = {len(hits)})", flush=True)

    def markdown(self):
        return "| what | reached | n |\n| --- | --- | --- |\n" + "".join(
            f"| {w} | {100 * p:.1f} % ± {interval(p, n):.1f} | {n} |\n" for w, p, n in self.rows)


METHODS = ("ddim", "fixed-point", "bdia", "residuals", "ddpm")


def psnr(a, b):
    return -10 * np.log10(max(float(((a - b) ** 2).mean()) / 4, 1e-12))


def inversion_table(unclip, x, tmp):
    """Median PSNR of invert and decode over pictures x [n, 3, 64, 64], and how normal x_T is."""
    rows = ["| method | network calls | " + " | ".join(f"{s} steps, guidance {g:g}" for g in (1, 3) for s in (25, 50)) + " | std of x_T |",
            "| --- " * 7 + "|"]
    for method in METHODS:
        cells, std = [], 0
        for guidance in (1, 3):
            for steps in (25, 50):
                values = []
                for picture in x:
                    save(picture, tmp / "x.png")
                    unclip("invert", "--image", tmp / "x.png", "--method", method, "--steps", steps, "--guidance", guidance,
                           "--size", 64, "--out", tmp / "l.safetensors")
                    unclip("decode", "--latents", tmp / "l.safetensors", "--size", 64, "--out", tmp / "y.png")
                    values.append(psnr(read(tmp / "y.png"), read(tmp / "x.png")))
                    if (guidance, steps) == (1, 50):
                        std += safetensors.read(tmp / "l.safetensors")["x_T"].std().item() / len(x)
                cells.append(f"{np.median(values):.1f}")
        calls = {"residuals": 2, "fixed-point": 4}.get(method, 1)
        rows.append(f"| {method} | {calls} a step | " + " | ".join(cells) + f" | {std:.2f} |")
        print(rows[-1], flush=True)
    return "\n".join(rows) + "\n"


def save(x, path):
    """[3, h, w] in [-1, 1] as a PNG."""
    Image.fromarray(((x.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()).save(path)


def contact_sheet(rows, path, limit=12):
    grid = torch.cat([torch.cat(list(r[:limit]), 2) for r in rows], 1)
    save(grid.repeat_interleave(2, 1).repeat_interleave(2, 2), path)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--unclip", default="unclip", help="the command to measure")
    parser.add_argument("--model", default=str(Path(__file__).parent.parent / "models" / "toybox"))
    parser.add_argument("--judge", default=str(Path(__file__).parent / "judge.safetensors"))
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--inversions", type=int, default=9, help="pictures in the table of inversions")
    parser.add_argument("--out", type=Path, default=Path("toybox-report"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    n, begin, table = args.n, time.time(), Table()
    judge = Judge()
    judge.load_state_dict({k: v.float() for k, v in safetensors.read(args.judge).items()})
    scenes = draw_scenes(n, HELD_OUT + 1)
    x = render(scenes, 64).permute(0, 3, 1, 2) * 2 - 1

    def see(pictures):
        return [p.argmax(1) for p in judge(pictures)]

    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)

        def unclip(*words):
            done = subprocess.run([args.unclip, *map(str, words), "--model", args.model, "--quiet"], capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{args.unclip} {words[0]} failed: {done.stderr.strip()}")

        many = render(draw_scenes(1000, HELD_OUT + 2), 64).permute(0, 3, 1, 2) * 2 - 1
        truth = draw_scenes(1000, HELD_OUT + 2)
        seen = see(many)
        table.add("judge on true renderings: shape and colour", (seen[0] == truth.shape) & (seen[1] == truth.colour))

        made = []
        for i, y in enumerate(captions(scenes, 7, full=True)):
            unclip("generate", "--prompt", y, "--seed", i, "--size", 64, "--out", tmp / "y.png")
            made.append(read(tmp / "y.png"))
        made = torch.stack(made)
        seen = see(made)
        both = (seen[0] == scenes.shape) & (seen[1] == scenes.colour)
        table.add("generate: shape and colour right", both)
        table.add("generate: shape, colour and background right", both & (seen[2] == scenes.background))
        contact_sheet([x, made], args.out / "generate.png")

        rng, made, target = random.Random(5), [], []
        for i in range(n):
            s, c = SHAPES[scenes.shape[i]], int(scenes.colour[i])
            new = rng.choice([k for k in range(len(COLOUR_NAMES)) if k != c])
            save(x[i], tmp / "x.png")
            unclip("text-edit", "--image", tmp / "x.png", "--from", f"a {COLOUR_NAMES[c]} {s}", "--to", f"a {COLOUR_NAMES[new]} {s}",
                   "--size", 64, "--out", tmp / "y.png")
            made.append(read(tmp / "y.png"))
            target.append(new)
        made, target = torch.stack(made), torch.tensor(target)
        seen = see(made)
        hit, kept = seen[1] == target, seen[0] == scenes.shape
        table.add("text edit of colour: target reached", hit)
        table.add("text edit of colour: target reached, shape kept", hit & kept)
        table.add("text edit of colour: all reached and kept", hit & kept & (seen[2] == scenes.background))
        contact_sheet([x, made], args.out / "text-edit.png")
        inversions = inversion_table(unclip, x[:args.inversions], tmp)

    (args.out / "table.md").write_text(
        table.markdown() + f"\nInversion: median PSNR in dB of {args.inversions} pictures, inverted and decoded\n\n" + inversions)
    print(f"{time.time() - begin:.0f} s; pictures in {args.out.resolve()}")


if __name__ == "__main__":
    main()
