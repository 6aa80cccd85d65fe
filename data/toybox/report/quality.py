"""Rows of the quality table: the judge itself, generated pictures, variations.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch

from judge import truth

from .engine import call
from .lab import Section
from .measure import share, table
from .sheets import contact_sheet

SHEET = 12   # pictures in a row of a contact sheet


def judge(lab):
    """How well the judge reads true renderings."""
    section = Section("The judge")
    s, seen = lab.reader.calibration()
    names = [name for name, _ in lab.world.heads if name != "pose"]
    shares = {name: share(seen[name] == truth(s, name)) for name in names}
    limits, errors = lab.reader.limits()
    called_changed = share(lab.reader.changed(seen, s))
    main = share((seen["shape"] == s.shape) & (seen["colour"] == s.colour) & (seen["background"] == s.background))
    section.share_row("judge on true renderings: shape, colour, background all right", 0.99, main)
    section.figures.update({name: v.figures() for name, v in shares.items()})
    section.figures["pose"] = {"errors": errors, "limits": limits, "called_changed": called_changed.figures()}
    section.text = (
        f"A classifier trained on true renderings, read here on {len(s)} held-out ones without a written word.\n\n"
        + table(["attribute", "read rightly"], [[k, v] for k, v in shares.items()])
        + f"\nIn 95 % of them it is wrong by at most {errors[0]:.3f} half sides in place, {100 * errors[1]:.1f} % in size and "
          f"{errors[2]:.3f} rad in tilt. A picture counts as visibly changed if place moved by more than {limits[0]:.2f} half sides, size by "
          f"more than {100 * limits[1]:.0f} %, tilt by more than {limits[2]:.2f} rad (where a tilt shows: not on "
          f"{' and '.join(sorted(lab.world.level))}), or if the "
          f"judge names another class of size. Of the true renderings themselves that rule calls {called_changed} changed.\n")
    return section


def generate(lab):
    """Captions of held-out scenes through diffusion prior and decoder."""
    section = Section("Generated pictures")
    s = lab.held_out.scenes(2, 400)
    prompts, made = lab.world.full(s, 7), []

    def measure(first, last):
        x = lab.engine.pictures(call("generate", "--prompt", prompts[i], "--seed", i, "--size", 64) for i in range(first, last))
        made.append(x)
        right = lab.reader.right(x, s.pick(slice(first, last)))
        both = right["shape"] & right["colour"]
        return {"both": both, "all": both & right["background"], **right}

    shares = lab.sample(measure, 400, ["all"])
    section.share_row("generate: shape and colour right", lab.world.to_reach["generate"], shares["both"])
    section.share_row("generate: shape, colour, background all right", lab.world.to_reach["generate with background"], shares["all"])
    section.figures.update({k: v.figures() for k, v in shares.items()})
    n = min(SHEET, shares["all"].n)
    contact_sheet(lab.out / "generate.png", [lab.held_out.pictures(s.pick(slice(0, n))), torch.cat(made)[:n]], ["a scene\nof that\ncaption", "made"])
    section.text = (
        "Each caption says everything about a held-out scene without a written word; guidance and steps are the model's defaults.\n\n"
        + table(["right", "share"], [[name, shares[k]] for k, name in (
            ("shape", "shape"), ("colour", "colour"), ("background", "background"), ("both", "shape and colour"), ("all", "all three"))])
        + "\n![True renderings and generated pictures](generate.png)\n\n" + "".join(f"{i + 1}. {y}\n" for i, y in enumerate(prompts[:n])))
    return section


def variations(lab):
    """One variation of each of many pictures, at the default eta."""
    section = Section("Variations")
    s = lab.held_out.scenes(3, 560)
    made = []

    def measure(first, last):
        part = s.pick(slice(first, last))
        x = lab.engine.pictures(call("variations", "--image", lab.engine.put(p), "--count", 1, "--seed", first + i, "--size", 64, out="y")
                                for i, p in enumerate(lab.held_out.pictures(part)))
        made.append(x)
        seen = lab.reader.read(x)
        kept, changed = (seen["shape"] == part.shape) & (seen["colour"] == part.colour), lab.reader.changed(seen, part)
        return {"kept": kept, "changed": changed, "both": kept & changed}

    shares = lab.sample(measure, 560, ["kept", "changed"])
    section.share_row("variations: shape and colour kept", lab.world.to_reach["kept"], shares["kept"])
    section.share_row("variations: pose, place or size visibly changed", lab.world.to_reach["changed"], shares["changed"])
    section.figures["both"] = shares["both"].figures()
    n = min(SHEET, shares["kept"].n)
    contact_sheet(lab.out / "variations.png", [lab.held_out.pictures(s.pick(slice(0, n))), torch.cat(made)[:n]], ["picture", "variation"])
    section.text = (f"One variation of each picture at the default eta; both at once: {shares['both']}.\n\n"
                    "![Pictures and their variations](variations.png)\n")
    return section
