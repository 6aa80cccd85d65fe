"""Writes what a Toybox says of itself into its model_index.json: "_unclip_about", with a sentence, the licence, the words that
it learnt, and statistics of z_i by which the engine tells pictures that it was not made for.

    PYTHONPATH=data/toybox python3 data/toybox/about.py data/models/toybox [--world solids] [--work DIR] [--strange DIR…]

Pictures of one kind (background, colour and shape) lie around one centre. Directions in which they hardly spread around it, and
strange pictures do, are what tells these: the strange ones of strange.py, so that no photograph is needed. The threshold is
from half of the scenes; false alarms are counted on the other half, and with --strange what is caught of the pictures in folders.
z_i are kept in --work, so that a second call is quick.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import io
import itertools
import json
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

import configs
import safetensors
from networks import ImageTower
from strange import strange
from train import HELD_OUT
from worlds import WORLDS

LICENCE = "GPL-3.0-or-later"
# Parts of names that name nothing alone: "plus sign", "medium-sized", "in front of", "sandy ground".
PARTS = {"sign", "sized", "front", "in", "on", "at", "the", "a", "of", "ground"}

FILE = "about.safetensors"
KINDS = ("background", "colour", "shape")
N_DIRECTIONS = 32
# What a spread is at least: that of rounding in bfloat16 comes to 0.05 in a value of z_i at the most.
LEAST_VARIANCE = 0.01
# Of the spread around a centre, the share that is of pictures which people cut and draw over.
CHANGED = 0.5
FALSE_ALARMS = 0.01   # at the most, of each way in which people have pictures
FIT, HALVES = 3 * HELD_OUT, {"a": 4 * HELD_OUT, "b": 5 * HELD_OUT}   # seeds, far from those of the report
N_FIT, N_SMALL, N_LARGE, N_STRANGE = 8192, 2048, 512, 1600
SIDE = 64


# ---- words ---------------------------------------------------------------------------------------


def tokens(text):
    return re.findall(r"[a-z]+", text)


def words(world):
    """(those that name something, the others), of all captions that the grammar can make, in its order."""
    known = list(dict.fromkeys(t for text in world.naming() for t in tokens(text) if t not in PARTS))
    said = dict.fromkeys(t for text in world.spoken() for t in tokens(text))
    return known, sorted(said.keys() - set(known) | PARTS)


# ---- pictures of the world, as people have them ------------------------------------------------------


def as_bytes(world, scenes, side):
    return (world.render(scenes, side) * 255).round().byte().numpy()


def framed(image):
    """As the engine's image tower sees a picture: its edges continued to a square of 64 pixels. [side, side, 3] bytes"""
    image = image.convert("RGBA") if image.mode in ("P", "LA", "PA") or "transparency" in image.info else image
    if image.mode == "RGBA":
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        image = paper
    w, h = (max(1, round(n * SIDE / max(image.size))) for n in image.size)
    x = np.asarray(image.convert("RGB").resize((w, h), Image.BICUBIC, reducing_gap=3.0))
    top, left = (SIDE - h) // 2, (SIDE - w) // 2
    return np.pad(x, ((top, SIDE - h - top), (left, SIDE - w - left), (0, 0)), "edge")


def compressed(image, quality):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def drawn_over(image, r):
    """One or two discs, boxes or strokes of the brush, in any colour."""
    image = image.copy()
    pen, side = ImageDraw.Draw(image), image.size[0]
    for _ in range(r.integers(1, 3)):
        colour, kind = tuple(int(v) for v in r.integers(0, 256, 3)), r.integers(0, 3)
        x, y = r.uniform(0, 0.8, 2) * side
        size = r.uniform(0.08, 0.25) * side
        if kind == 0:
            pen.ellipse([x, y, x + size, y + size], fill=colour)
        elif kind == 1:
            pen.rectangle([x, y, x + size, y + size * r.uniform(0.3, 1)], fill=colour)
        else:
            points = [(x, y)]
            for _ in range(4):
                points.append((points[-1][0] + r.uniform(-0.15, 0.2) * side, points[-1][1] + r.uniform(-0.15, 0.2) * side))
            pen.line(points, fill=colour, width=max(1, int(side * r.uniform(0.015, 0.05))), joint="curve")
    return image


def cut(image, r):
    """A wide or a tall part."""
    n = int(image.size[0] * r.uniform(0.6, 0.95))
    at = int(r.integers(0, image.size[0] - n + 1))
    return image.crop((at, 0, at + n, image.size[1]) if r.random() < 0.5 else (0, at, image.size[0], at + n))


def large(world, first_seed):
    return world.join([world.draw(SIDE, first_seed + 100 + i) for i in range(N_LARGE // SIDE)])


def half(world, first_seed, r):
    """Name -> [n, side, side, 3] bytes: small renderings, and large ones as they are, compressed, in other sizes, cut, drawn over."""
    out = {"64": np.concatenate([as_bytes(world, world.draw(512, first_seed + i), SIDE) for i in range(N_SMALL // 512)])}
    images = [Image.fromarray(x) for i in range(N_LARGE // SIDE) for x in as_bytes(world, world.draw(SIDE, first_seed + 100 + i), 256)]
    out["256"] = [framed(image) for image in images]
    out["jpeg"] = [framed(compressed(image, int(r.integers(50, 96)))) for image in images]
    out["sizes"], out["cut"] = [], []
    for image in images:
        side = int(r.integers(72, 400))
        out["sizes"].append(framed(image.resize((side, side), Image.BICUBIC)))
        out["cut"].append(framed(cut(image, r)))
    out["drawn"] = [framed(drawn_over(image, r)) for image in images]
    return out


def fit_scenes(world):
    return world.join([world.draw(512, FIT + i) for i in range(N_FIT // 512)])


# ---- z_i -----------------------------------------------------------------------------------------------


class Embed:
    def __init__(self, model):
        self.tower = ImageTower(json.loads((model / "image_encoder" / "config.json").read_text())).eval()
        self.tower.load_state_dict({k: v.float() for k, v in safetensors.read(model / "image_encoder" / "model.safetensors").items()})

    @torch.no_grad()
    def __call__(self, pictures):
        """[n, side, side, 3] bytes to z_i [n, dim]."""
        out = []
        for i in range(0, len(pictures), 256):
            x = torch.from_numpy(np.stack(pictures[i:i + 256])).permute(0, 3, 1, 2).float() / 255
            mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (configs.MEAN, configs.STD))
            out.append(self.tower((x - mean) / std)[1])
        return torch.cat(out).double().numpy()


def embeddings(world, embed, work):
    """Name -> z_i [n, dim]: "fit", "strange", and the pictures of both halves, as "64a"."""
    path = work / "about.npz" if work else None
    kept = dict(np.load(path)) if path and path.exists() else {}
    if not kept:
        kept["fit"] = embed(np.concatenate([as_bytes(world, world.draw(512, FIT + i), SIDE) for i in range(N_FIT // 512)]))
        r = np.random.default_rng(5)
        for letter, seed in HALVES.items():
            kept.update({name + letter: embed(x) for name, x in half(world, seed, r).items()})
        kept["strange"] = embed(strange(N_STRANGE, 3))
        if path:
            work.mkdir(parents=True, exist_ok=True)
            np.savez(path, **kept)
    return kept


# ---- statistics ------------------------------------------------------------------------------------------


def sizes(world):
    return [len(world.values[kind]) for kind in KINDS]


def one_hot(world, scenes):
    """[n, all values of all KINDS + 1]"""
    return np.concatenate([np.eye(n)[getattr(scenes, kind).numpy()] for kind, n in zip(KINDS, sizes(world))] + [np.ones((len(scenes), 1))], 1)


def all_kinds(world):
    """One row for each combination, as one_hot() has them."""
    return np.array([np.concatenate([np.eye(n)[i] for n, i in zip(sizes(world), row)] + [[1]])
                     for row in itertools.product(*map(range, sizes(world)))])


def nearest(z, directions, centres):
    """(which of the centres is nearest, how far it is)"""
    along = z @ directions.T
    squares = (along ** 2).sum(1)[:, None] + (centres ** 2).sum(1) - 2 * along @ centres.T
    return squares.argmin(1), squares.min(1)


def whitening(covariance):
    """[dim, dim]: rows are directions in which it is 1."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors.T / np.sqrt(values.clip(0) + LEAST_VARIANCE)[:, None]


def statistics(world, z):
    """(directions [k, dim], centres [n, k])"""
    kinds = one_hot(world, fit_scenes(world))
    parts = np.linalg.lstsq(kinds, z["fit"], rcond=None)[0]
    rest = z["fit"] - kinds @ parts
    changed = np.concatenate([z[name] - one_hot(world, large(world, HALVES["a"])) @ parts for name in ("cuta", "drawna")])
    white = whitening((1 - CHANGED) * np.cov(rest.T) + CHANGED * changed.T @ changed / len(changed))
    centres = all_kinds(world) @ parts
    left = (z["strange"] - centres[nearest(z["strange"], white, centres @ white.T)[0]]) @ white.T
    spread, turn = np.linalg.eigh(left.T @ left / len(left))
    spread, turn = spread[::-1][:N_DIRECTIONS], turn[:, ::-1][:, :N_DIRECTIONS]
    # Of two normal distributions, one of spread 1 and one of more: how much a squared value tells which it is of.
    directions = (np.sqrt((1 - 1 / spread).clip(0)) * turn).T @ white
    directions = directions.astype(np.float32)
    return directions, (centres @ directions.T.astype(float)).astype(np.float32)


def alike(z, letter):
    """z_i of one half, of each kind as many."""
    return {name[:-1]: v for name, v in z.items() if name.endswith(letter) and name not in ("fit", "strange")}


def report(name, far):
    print(f"  {name:24s} {100 * far.mean():6.2f} % of {len(far)}")


def read_folder(folder):
    for path in sorted(folder.rglob("*")):
        try:
            with Image.open(path) as image:
                if min(image.size) >= 2 * SIDE:
                    image.draft("RGB", (1024, 1024))
                    yield framed(image)
        except (OSError, ValueError, SyntaxError):
            pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--world", choices=WORLDS, default="solids", help="that it was trained on")
    parser.add_argument("--work", type=Path, help="where z_i are kept")
    parser.add_argument("--strange", type=Path, nargs="*", default=[], metavar="DIR", help="folders of pictures that should be caught")
    args = parser.parse_args()
    embed = Embed(args.model)
    world = WORLDS[args.world]
    z = embeddings(world, embed, args.work)
    directions, centres = statistics(world, z)
    distance = lambda v: nearest(v, directions.astype(float), centres.astype(float))[1]
    threshold = round(max(float(np.quantile(distance(v), 1 - FALSE_ALARMS)) for v in alike(z, "a").values()), 2)
    print(f"threshold {threshold}; false alarms on the other half:")
    far = {name: distance(v) > threshold for name, v in alike(z, "b").items()}
    for name, v in far.items():
        report(name, v)
    report("all, each as often", np.concatenate([v[:N_LARGE] for v in far.values()]))
    for folder in args.strange:
        pictures = list(read_folder(folder))
        if pictures:
            report(f"caught of {folder.name}", distance(embed(pictures)) > threshold)

    known, fillers = words(world)
    safetensors.write(args.model / FILE, {"directions": torch.from_numpy(directions), "centres": torch.from_numpy(centres)})
    path = args.model / "model_index.json"
    index = json.loads(path.read_text())
    index["_unclip_about"] = {"sentence": world.sentence, "licence": LICENCE, "words": known, "fillers": fillers,
                              "z_i": {"file": FILE, "threshold": threshold}}
    path.write_text(json.dumps({k: index[k] for k in ("_class_name", "_unclip_about", *index)}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
