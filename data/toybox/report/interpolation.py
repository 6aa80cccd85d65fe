"""Interpolations: a row of the quality table, and what z_i and x_T do apart.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import torch

from .engine import call
from .held_out import lone
from .lab import Section
from .measure import mean, share, table, verdict
from .sheets import contact_sheet, plot

N_FRAMES = 9
DIFFERS = ("shape", "colour")


def pairs(lab, n):
    """Lone objects that differ in colour, shape and pose, before the same background in the same pattern."""
    s = lab.held_out.scenes(6, 2 * 400, lone)
    a, b = s.pick(slice(0, 400)), s.pick(slice(400, 800))
    seen = torch.tensor([old == new or new in others for old, new, others in
                         zip(b.background.tolist(), a.background.tolist(), lab.world.others(b, "background"))])
    b = b.replace(background=a.background, phase=a.phase, pattern=a.pattern)
    k = torch.nonzero((a.shape != b.shape) & (a.colour != b.colour) & seen)[:n, 0]
    return a.pick(k), b.pick(k)


def frames(lab, a, b, *more):
    """[n, 9, 3, 64, 64] between scenes a and b."""
    ends = zip(lab.held_out.pictures(a), lab.held_out.pictures(b))
    return torch.stack([r.pictures() for r in lab.engine.run(
        call("interpolate", "--image", lab.engine.put(x), "--image", lab.engine.put(y), "--frames", N_FRAMES, "--size", 64,
             *more, out="y") for x, y in ends)])


def read(lab, x):
    """What the judge reads in frames [n, 9, 3, h, w], as [n, 9]."""
    return {k: v.view(len(x), N_FRAMES, *v.shape[1:]) for k, v in lab.reader.read(x.flatten(0, 1)).items()}


def table_row(lab):
    section = Section("Interpolations")
    a, b = pairs(lab, 208)
    made = []

    def measure(first, last):
        part_a, part_b = a.pick(slice(first, last)), b.pick(slice(first, last))
        made.append(frames(lab, part_a, part_b))
        seen = read(lab, made[-1])
        ends = [lab.reader.read(lab.held_out.pictures(s)) for s in (part_a, part_b)]
        out = {"ends": torch.ones(last - first, dtype=torch.bool)}
        once = lambda v: (v[:, 1:] != v[:, :-1]).sum(1) == 1
        for name in DIFFERS:
            of_a, of_b = (end[name] for end in ends)
            out["ends"] &= (seen[name][:, 0] == of_a) & (seen[name][:, -1] == of_b)
            each = lambda v: v.repeat_interleave(N_FRAMES)
            out[name] = once(lab.reader.nearer_to_b(made[-1].flatten(0, 1), name, each(of_a), each(of_b)).view(-1, N_FRAMES))
            out[name + " directly"] = once(seen[name])
        out["all"] = out["ends"] & out["shape"] & out["colour"]
        return out

    shares = lab.sample(measure, 208, ["all"])
    section.share_row("interpolation: ends reproduced, shape and colour change sides once in 9 frames", lab.world.to_reach["interpolation"], shares["all"])
    section.figures.update({k: v.figures() for k, v in shares.items()})
    contact_sheet(lab.out / "interpolations.png", torch.cat(made)[:8], heads=[str(k + 1) for k in range(N_FRAMES)])
    section.text = (
        "Pairs of held-out pictures of lone objects that differ in shape, colour and pose, on the same background; at the ends the judge reads "
        "what it reads in the originals, and on the way each of the two attributes, asked whether it is rather a's or b's, changes sides "
        "exactly once. A frame in the middle may well look like neither: that the judge, asked what it sees, never names a third value "
        "is the last two lines.\n\n"
        + table(["", "share"], [["both ends reproduced", shares["ends"]], ["shape changes sides once", shares["shape"]],
                                ["colour changes sides once", shares["colour"]], ["all of it", shares["all"]],
                                ["no third shape between", shares["shape directly"]], ["no third colour between", shares["colour directly"]]])
        + "\n![Frames](interpolations.png)\n")
    return section


def apart(lab):
    """z_i alone, x_T alone, both."""
    section = Section("2. Interpolations of z_i, of x_T, of both")
    a, b = pairs(lab, lab.size(8))
    lines, rows, ends, names = {"meaning": {}, "place": {}}, [], {}, []
    us = [k / (N_FRAMES - 1) for k in range(N_FRAMES)]
    way = torch.stack([b.x - a.x, b.y - a.y], 1)
    far = way.norm(dim=1) > 0.3   # nobody can say how far something went that hardly moves
    for what, hold in (("z_i and x_T", "nothing"), ("z_i alone", "x_T"), ("x_T alone", "z_i")):
        # Plain DDIM, as what other methods keep beside x_T holds the picture together by itself.
        x = frames(lab, a, b, "--method", "ddim", "--hold", hold)
        seen = read(lab, x)
        is_b = (seen["shape"] == b.shape[:, None]).float() / 2 + (seen["colour"] == b.colour[:, None]).float() / 2
        moved = ((seen["pose"][..., :2] - torch.stack([a.x, a.y], 1)[:, None]) * way[:, None]).sum(2) / (way * way).sum(1)[:, None]
        moved = moved[far] if far.any() else moved
        meaning, place = [mean(is_b[:, k]) for k in range(N_FRAMES)], [mean(moved[:, k].clamp(-1, 2)) for k in range(N_FRAMES)]
        lines["meaning"][what], lines["place"][what] = [v.point() for v in meaning], [v.point() for v in place]
        last = (seen["shape"][:, -1] == b.shape) & (seen["colour"][:, -1] == b.colour)
        ends[what] = share(last), meaning[-1], place[-1]
        section.figures[what] = {"last frame is b": share(last).figures(), "meaning": [v.figures() for v in meaning],
                                 "place": [v.figures() for v in place]}
        rows += list(x[:2])
        names += [what.replace(" and ", "\nand ")] * min(2, len(x))
    for name in lines:
        plot(lab.out / f"apart-{name}.png", us, lines[name], "share of the way from a to b", f"{name}, share of b", y_range=(-0.1, 1.1))
    contact_sheet(lab.out / "apart-sheet.png", rows, names)
    z_i, x_T = ends["z_i alone"], ends["x_T alone"]
    shown = z_i[1].low > x_T[1].high
    section.text = (
        "The paper (3.2) turns z_i by slerp, with x_T turned along or held: z_i carries what the picture means, x_T what z_i leaves open. "
        "With both turned, the ends are the pictures themselves.\n\n"
        f"Here: {len(a)} pairs. Meaning is the share of b's shape and colour that the judge reads, place how far the centre went from a's to "
        "b's. What is held stays a's. Inversion is plain DDIM, so that there is nothing beside z_i and x_T.\n\n"
        "![Meaning on the way](apart-meaning.png)\n![Place on the way](apart-place.png)\n\n"
        + table(["what turns", "last frame has b's shape and colour", "meaning at the end", "place at the end"],
                [[what, v[0], v[1].text(2), v[2].text(2)] for what, v in ends.items()])
        + "\n![Frames](apart-sheet.png)\n\n"
        + verdict(shown, f"at the last frame z_i alone has brought {z_i[1].text(2)} of b's shape and colour and {z_i[2].text(2)} of its place, "
                         f"x_T alone {x_T[1].text(2)} and {x_T[2].text(2)}."))
    return section
