"""What the engine's own choices do to pictures: samplers at fewer and fewer steps, bf16 instead of float32.

Not part of the paper, so these are measured only when named with --only.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from .edits import Edits
from .engine import call
from .lab import Section
from .measure import difference, mean, median, psnr, share, sharpness, table
from .sheets import contact_sheet, plot

STEPS = (4, 6, 8, 12, 25, 50)
SAMPLERS = {"ddpm": "DDPM", "dpm": "SDE-DPM-Solver++ 2M"}
N_SAMPLED, N_PRECISION = 96, 64


def samplers(lab):
    """Steps of the decoder against what comes out of it."""
    section = Section("Steps against quality, by sampler")
    s = lab.held_out.scenes(2, lab.size(N_SAMPLED))   # the captions of the quality table
    prompts, truth, found, sheet, names = lab.world.full(s, 7), lab.held_out.pictures(s), {}, [], []
    for sampler, name in SAMPLERS.items():
        found[name] = []
        for n_steps in STEPS:
            x = lab.engine.pictures(call("generate", "--prompt", y, "--seed", i, "--size", 64, "--sampler", sampler, "--steps", n_steps)
                                    for i, y in enumerate(prompts))
            grain = mean([sharpness(a) / sharpness(b) for a, b in zip(x, truth)])
            found[name].append((share(lab.reader.all_right(x, s)), grain))
            sheet.append(x[:10])
            names.append(f"{sampler}, {n_steps}")
        section.figures[name] = {n: {"right": a.figures(), "gradient": g.figures()} for n, (a, g) in zip(STEPS, found[name])}
    plot(lab.out / "samplers-right.png", STEPS, {k: [a.point() for a, _ in v] for k, v in found.items()}, "steps", "all right, %", log_x=True, y_range=(0, 100))
    plot(lab.out / "samplers-gradient.png", STEPS, {k: [g.point() for _, g in v] for k, v in found.items()}, "steps", "RMS gradient, share of the truth's", log_x=True)
    contact_sheet(lab.out / "samplers.png", sheet, names, side=64)
    section.text = (
        f"{len(s)} captions of the quality table, one picture each, guidance as default; each step is one pass of the decoder (two with guidance). "
        "All right: shape, colour and background. The gradient's root mean square as a share of that of true renderings tells blur (below 1) "
        "and grain (above 1).\n\n![All right](samplers-right.png)\n![Gradient](samplers-gradient.png)\n\n"
        + table(["sampler", "", *map(str, STEPS)], [
            row for k, v in found.items() for row in ([k, "all right", *(a for a, _ in v)], [k, "gradient", *(g.text(2) for _, g in v)])])
        + "\n![Ten captions by sampler and steps](samplers.png)\n")
    return section


def precision(lab):
    """The same calls in float32 and in bf16."""
    section = Section("bf16 against float32")
    n = lab.size(N_PRECISION)
    s = lab.held_out.scenes(2, n)
    prompts = lab.world.full(s, 7)
    varied = lab.held_out.scenes(3, n)
    edits = Edits(lab, "shape")
    # What: calls, and which of the pictures that they make are right.
    kinds = {
        "generate, 25 steps": (
            [call("generate", "--prompt", y, "--seed", i, "--steps", 25, "--size", 64) for i, y in enumerate(prompts)],
            lambda x: lab.reader.all_right(x, s)),
        "variation": (
            [call("variations", "--image", lab.engine.put(x), "--count", 1, "--seed", i, "--size", 64, out="y")
             for i, x in enumerate(lab.held_out.pictures(varied))],
            lambda x: lab.reader.all_right(x, varied, ("shape", "colour"))),
        "text edit of shape": ([edits.call(i) for i in range(n)], lambda x: edits.judged(x, 0, n)["both"]),
    }
    rows, sheet, names = [], [], []
    for what, (calls, right) in kinds.items():
        x = {p: lab.engine.pictures(call(*c.words, "--precision", p, out=c.out) for c in calls) for p in ("f32", "bf16")}
        shares = {p: share(right(v)) for p, v in x.items()}
        alike = median([psnr(a, b) for a, b in zip(*x.values())])
        less, low, high = difference(shares["f32"], shares["bf16"])
        rows.append([what, *shares.values(), f"{100 * less:.1f} points ({100 * low:.1f} to {100 * high:.1f})", alike.text(1, " dB")])
        section.figures[what] = {**{p: v.figures() for p, v in shares.items()}, "f32 minus bf16": [less, low, high], "psnr": alike.figures()}
        for p, v in x.items():
            sheet.append(v[:12])
            names.append(f"{what.split(',')[0]}\n{p}")
    contact_sheet(lab.out / "precision.png", sheet, names)
    section.text = (
        f"{n} calls of each kind with the same seeds in either arithmetic; on a CPU that does not multiply bf16 itself only the weights are bf16. "
        "Right is what the quality table asks for: all right; shape and colour kept; target reached with all else kept.\n\n"
        + table(["", "right in f32", "right in bf16", "f32 minus bf16", "PSNR between them, median"], rows)
        + "\n![Pairs](precision.png)\n")
    return section
