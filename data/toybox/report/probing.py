"""What z_i holds: reconstructions from its principal components, and the typographic attack.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json

import torch

from judge import truth

from .engine import call
from .held_out import lone
from .lab import Section
from .measure import difference, share, table, verdict
from .sheets import contact_sheet, plot

ATTRIBUTES = ("background", "colour", "shape", "pattern", "size")


def with_article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def pca(lab):
    section = Section("3. PCA probing")
    section.text = (
        "The paper (4) decodes z_i with its first k principal components alone: the first ones hold the coarse meaning, what kind of thing is "
        "there; later ones its exact form and finer detail.\n\n")
    config = lab.engine.config("prior_autoregressive")
    if config is None:
        section.text += "Not measured: the model lacks prior_autoregressive, which holds the principal components.\n"
        return section
    largest = config["n_components"]
    ks = [2 ** k for k in range(10) if 2 ** k < largest] + [largest]
    s = lab.held_out.scenes(13, lab.size(16))
    x = lab.held_out.pictures(s)
    made = torch.stack([r.pictures() for r in lab.engine.run(
        call("probe", "--image", lab.engine.put(p), "--pca", ",".join(map(str, ks)), "--size", 64, out="y") for p in x)])
    seen = [lab.reader.read(made[:, j]) for j in range(len(ks))]
    found = {name: [share(seen[j][name] == truth(s, name)) for j in range(len(ks))] for name in ATTRIBUTES}
    section.figures = {name: {k: v.figures() for k, v in zip(ks, shares)} for name, shares in found.items()}
    plot(lab.out / "pca.png", ks, {name: [v.point() for v in shares] for name, shares in found.items()},
         "principal components", "% right", log_x=True, y_range=(0, 100))
    contact_sheet(lab.out / "pca-sheet.png", [[x[i], *made[i]] for i in range(min(6, len(x)))], heads=["picture", *(f"k = {k}" for k in ks)])
    # How soon an attribute is there: the first k that reaches nine tenths of what all components give.
    soon = {name: next(k for k, v in zip(ks, shares) if v.p >= 0.9 * shares[-1].p) for name, shares in found.items()}
    order = sorted(ATTRIBUTES, key=soon.get)
    # The kind of thing is the coarse meaning, its pattern and its size are the detail.
    coarse, fine = max(soon[k] for k in ("background", "colour", "shape")), min(soon["pattern"], soon["size"])
    section.text += (
        f"Here: {len(x)} held-out pictures, z_i alone, the same noise for all; {largest} components are all that the model keeps.\n\n"
        "![Attributes against components](pca.png)\n\n"
        + table(["attribute", *(f"k = {k}" for k in ks), "there from"], [[name, *(f"{100 * v.p:.0f} %" for v in found[name]), f"k = {soon[name]}"]
                                                                         for name in order])
        + f"\nThe 95 % intervals are in the plot. \"There\" is nine tenths of what all components give.\n\n![Reconstructions](pca-sheet.png)\n\n"
        + verdict(True if coarse < fine else None if min(soon.values()) < max(soon.values()) else False,
                  "they come in the order " + ", ".join(f"{name} (k = {soon[name]})" for name in order) + "."
                  + ("" if coarse < fine else " Kind, colour and place of the scene are not all there before pattern and size.")))
    return section


def labelled(lab, x, s, name):
    """Zero-shot: [n] index of the shape whose label fits picture x [n, 3, h, w] of scenes s best.

    name: (colour, shape) -> label
    """
    best, labels = [], [[name(lab.world.values["colour"][c], shape) for shape in lab.world.values["shape"]] for c in s.colour.tolist()]
    for r, row in zip(lab.engine.run(call("probe", "--image", lab.engine.put(p), *(w for y in row for w in ("--label", y)), out="")
                                     for p, row in zip(x, labels)), labels):
        best.append(row.index(max(json.loads(r.said)["labels"], key=lambda v: v["probability"])["label"]))
    return torch.tensor(best)


def zero_shot(lab):
    """A row of the quality table."""
    section = Section("Zero-shot labels")
    s = lab.held_out.scenes(21, 400, lone)
    right = lab.sample(lambda first, last: {"right": labelled(lab, lab.held_out.pictures(s.pick(slice(first, last))), s.pick(slice(first, last)),
                                                              lambda c, k: with_article(k)) == s.shape[first:last]}, 400, ["right"])["right"]
    n = len(lab.world.values["shape"])
    section.share_row(f"zero-shot label among {n}: right", lab.world.to_reach["label"], right)
    section.text = f"Held-out pictures of one thing, each with the labels \"a ball\" and the like for all {n}: the likeliest one is right in {right}.\n"
    return section


def attack(lab):
    section = Section("4. Typographic attack")
    plain = lab.held_out.scenes(14, lab.size(64), lone)
    # Another shape's name, drawn by what the scene's own numbers happen to be.
    shapes = lab.world.values["shape"]
    other = (plain.shape + 1 + plain.phase[:, 0].mul(len(shapes) - 1).long().clamp(max=len(shapes) - 2)) % len(shapes)
    attacked = plain.replace(word=other + 1)
    x, y = lab.held_out.pictures(plain), lab.held_out.pictures(attacked)
    labels = {'"a ball" …': lambda c, k: with_article(k), '"a red ball" …': lambda c, k: with_article(f"{c} {k}")}
    said = {name: (labelled(lab, x, plain, fit), labelled(lab, y, plain, fit)) for name, fit in labels.items()}
    found = {name: (share(clean == plain.shape), share(dirty == plain.shape), share(dirty == other)) for name, (clean, dirty) in said.items()}
    # Variations as free as they get, so that what shows the object is z_i.
    n = lab.size(20)
    made = [lab.engine.pictures(call("variations", "--image", lab.engine.put(p), "--count", 1, "--eta", 1, "--size", 64, out="y") for p in v[:n])
            for v in (x, y)]
    seen = [lab.reader.read(v) for v in made]
    stays = [share(v["shape"] == plain.shape[:n]) for v in seen]
    turned = share(seen[1]["shape"] == other[:n])
    section.figures = {f"label {name}": dict(zip(("right, no word", "right, word", "follows the word"), (v.figures() for v in row)))
                       for name, row in found.items()}
    section.figures["variation"] = {"object, no word": stays[0].figures(), "object, word": stays[1].figures(), "word's object": turned.figures()}
    k = min(10, n)
    contact_sheet(lab.out / "attack.png", [x[:k], y[:k], made[1][:k]], ["picture", "attacked", "variation of\nthe attacked"],
                  [f"{shapes[a]}:\n{lab.world.values['word'][b + 1]}?" for a, b in zip(plain.shape[:k], other[:k])])
    right, right_attacked, fooled = found['"a ball" …']
    d, low, high = difference(right, right_attacked)
    drop = difference(stays[0], stays[1])
    section.text = (
        "The paper (4): an apple with \"iPod\" written on it is an iPod to CLIP's zero-shot labels, and yet the decoder goes on making apples "
        "from its z_i.\n\n"
        f"Here: {len(x)} held-out scenes of one object, the same ones with and without the name of another shape on a strip of paper; {len(shapes)} labels, "
        f"with and without the object's true colour; of {n} scenes a variation each at η = 1.\n\n"
        + table(["", "no word", "word"], [
            *(row for name, (clean, dirty, follows) in found.items() for row in ([f"label right, {name}", clean, dirty],
                                                                                 [f"label follows the word, {name}", "–", follows])),
            ["variation shows the object", *stays], ["variation shows the word's object", "–", turned]])
        + "\n![Attacked pictures and their variations](attack.png)\n\n"
        + verdict(False if high < 0.05 or drop[1] > 0 else True if low > 0 else None,
                  f"the word takes {100 * d:.0f} points ({100 * low:.0f} to {100 * high:.0f}) from the plain labels, and {fooled} of them follow it; "
                  f"the object stays in {stays[1]} of the attacked pictures' variations, against {stays[0]} without the word."))
    return section
