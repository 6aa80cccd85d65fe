"""The upsamplers: a row of the quality table, and what detail they really add from octave to octave.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import numpy as np
import torch
from PIL import Image

from .engine import EngineError, call
from .lab import Section
from .measure import mean, median, psnr, share, sharpness, table, verdict
from .sheets import contact_sheet, plot, to_image

SECOND = "super_res_1024"


def lanczos(x, size):
    """PIL's, of pictures [n, 3, h, w]."""
    enlarge = lambda p: np.asarray(to_image(p).resize((size, size), Image.Resampling.LANCZOS))
    return torch.stack([torch.from_numpy(enlarge(p).copy()).permute(2, 0, 1).float() / 127.5 - 1 for p in x])


def enlarged(engine, x):
    """Four times, by unclip upscale."""
    return engine.pictures(call("upscale", "--image", engine.put(p)) for p in x)


def first(lab):
    """The engine with the first upsampler alone; upscale would take the second one, which is made for pictures from anywhere."""
    return lab.engine.without(SECOND)


def upsampler(lab):
    section = Section("Upsampler to 256")
    s = lab.held_out.scenes(7, lab.size(32, 4))
    low, truth = lab.held_out.pictures(s), lab.held_out.pictures(s, 256)
    ours, plain = enlarged(first(lab), low), lanczos(low, 256)
    quality = [[psnr(a, b) for a, b in zip(x, truth)] for x in (ours, plain)]
    sharp = [[sharpness(a) / sharpness(b) for a, b in zip(x, truth)] for x in (ours, plain)]
    # Nearer to the truth's sharpness is better, on either side of it.
    nearer = [[abs(v - 1) for v in values] for values in sharp]
    (our_psnr, their_psnr), (our_sharp, their_sharp) = map(median, quality), map(median, sharp)
    wins = [share(torch.tensor([a > b for a, b in zip(*quality)])), share(torch.tensor([a < b for a, b in zip(*nearer)]))]
    section.row("256 from the true 64 against Lanczos: median PSNR", "beats it", f"{our_psnr.value:.1f} against {their_psnr.value:.1f} dB  (n = {len(s)})",
                our_psnr.value > their_psnr.value, {"ours": our_psnr.figures(), "lanczos": their_psnr.figures(), "won": wins[0].figures()})
    section.row("256 from the true 64 against Lanczos: gradient sharpness", "beats it",
                f"{our_sharp.value:.3f} against {their_sharp.value:.3f} of the truth's  (n = {len(s)})",
                np.median(nearer[0]) < np.median(nearer[1]), {"ours": our_sharp.figures(), "lanczos": their_sharp.figures(), "won": wins[1].figures()})
    n = min(4, len(s))
    contact_sheet(lab.out / "upsampler.png", [low[:n], plain[:n], ours[:n], truth[:n]], ["64", "Lanczos", "upsampler", "truth"], side=192)
    section.text = (
        f"True renderings of {len(s)} held-out scenes at 64, enlarged to 256, against those at 256. Sharpness is the root mean square of the "
        "brightness's gradient as a share of the truth's; the plain mean, which a blur leaves as it is, would tell nothing.\n\n"
        + table(["median", "upsampler", "Lanczos", "upsampler wins in"], [
            ["PSNR", our_psnr.text(unit=" dB"), their_psnr.text(unit=" dB"), wins[0]], ["sharpness", our_sharp.text(3), their_sharp.text(3), wins[1]]])
        + "\n![64, Lanczos, upsampler, truth](upsampler.png)\n")
    return section


def spectrum(x):
    """Fourier transform of a picture's brightness [3, s, s], its rim faded out, as pictures have no period."""
    y = x.mean(0)
    window = torch.hann_window(y.shape[0], periodic=False)
    return torch.fft.fft2((y - y.mean()) * window[:, None] * window)


def octaves(x, truth):
    """By octave of frequency, from 2 cycles a picture on: (energy as a share of the truth's, correlation with the truth)."""
    a, b = spectrum(x), spectrum(truth)
    side = a.shape[0]
    f = torch.fft.fftfreq(side) * side
    radius = torch.hypot(f[:, None], f[None])
    energy, likeness = [], []
    low = 2
    while low < side // 2:
        k = (radius >= low) & (radius < 2 * low)
        e_a, e_b = (a[k].abs() ** 2).sum(), (b[k].abs() ** 2).sum()
        energy.append(float(e_a / e_b))
        likeness.append(float((a[k] * b[k].conj()).real.sum() / (e_a * e_b).sqrt()))
        low *= 2
    return energy, likeness


def folded(name):
    """For a contact sheet or a plot."""
    return name.replace(", ", ",\n")


def detail(lab):
    section = Section("9. From 64 to 256 to 1024: what detail is added")
    section.text = ("The paper (2.1, 7): two upsamplers enlarge 64 to 256 to 1024; detail of complex scenes stays poor, as all of it "
                    "hangs on the 64 × 64 picture.\n\n")
    s = lab.held_out.scenes(20, lab.size(4, 2))
    low, middle, truth = (lab.held_out.pictures(s, size) for size in (64, 256, 1024))
    ours_256 = enlarged(first(lab), low)
    methods = {"Lanczos": lanczos(low, 1024), "first upsampler, then Lanczos": lanczos(ours_256, 1024)}
    missing = ""
    try:
        if lab.engine.config(SECOND) is None:
            raise EngineError(f"the model lacks {SECOND}")
        methods["both upsamplers"] = enlarged(lab.engine, ours_256)
        methods["second one, of the true 256"] = enlarged(lab.engine, middle)
    except EngineError as why:
        missing = f"The second upsampler was not measured: {why}.\n\n"
    found = {name: [octaves(a, b) for a, b in zip(x, truth)] for name, x in methods.items()}
    n_octaves = len(next(iter(found.values()))[0][0])
    begins = [2 * 2 ** k for k in range(n_octaves)]
    column = lambda name, which, k: mean([v[which][k] for v in found[name]])
    for which, file, label in ((0, "detail-energy.png", "energy, share of the truth's"), (1, "detail-likeness.png", "correlation with the truth")):
        plot(lab.out / file, begins, {folded(name): [column(name, which, k).point() for k in range(n_octaves)] for name in found},
             "from so many cycles a picture, an octave each", label, log_x=True, y_range=(0, 1.6 if which == 0 else 1))
    section.figures = {name: {"psnr": mean([psnr(a, b) for a, b in zip(x, truth)]).figures(), **{f"from {begins[k]}": {
        "energy": column(name, 0, k).figures(), "correlation": column(name, 1, k).figures()} for k in range(n_octaves)}} for name, x in methods.items()}
    # A part of each picture that has an edge of the object in it.
    cut = slice(320, 704)
    contact_sheet(lab.out / "detail.png", [[x[i][:, cut, cut] for x in (*methods.values(), truth)] for i in range(min(3, len(s)))],
                  heads=[*map(folded, methods), "truth"], side=192)
    base, best = "Lanczos", list(methods)[min(2, len(methods) - 1)]
    # 64 pixels hold 32 cycles; what is above cannot have come along.
    above = [k for k in range(n_octaves) if begins[k] >= 32]
    # A correlation under 0.1 is nothing to speak of, even where it is surely more.
    gain = [column(best, 1, k).low > max(0.1, column(base, 1, k).high) for k in above]
    section.text += missing + (
        f"Here: {len(s)} held-out scenes, whose true rendering at 64 is brought to 1024; the truth is rendered there. A picture of 64 holds nothing above 32 "
        "cycles. Energy says how much there is in an octave of frequency, correlation how much of that is the truth's and not made up.\n\n"
        "![Energy by octave](detail-energy.png)\n![Correlation by octave](detail-likeness.png)\n\n"
        + table(["", "PSNR", *(f"{b}–{2 * b}" for b in begins[3:])], [
            [name, f"{section.figures[name]['psnr']['value']:.1f} dB",
             *(f"{column(name, 0, k).value:.2f} / {column(name, 1, k).value:.2f}" for k in range(3, n_octaves))] for name in methods])
        + "\nIn the columns: energy / correlation in that octave (cycles a picture), means.\n\n![Cut-outs](detail.png)\n\n"
        + verdict(any(gain), "above 32 cycles " + best + " is closer to the truth than Lanczos in "
                  + (", ".join(f"{begins[k]}–{2 * begins[k]}" for k, g in zip(above, gain) if g) or "no octave")
                  + (", and adds nothing that is the truth's in " + ", ".join(f"{begins[k]}–{2 * begins[k]}" for k, g in zip(above, gain) if not g)
                     if any(gain) and not all(gain) else "") + "."))
    return section
