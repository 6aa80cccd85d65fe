"""What stands for the picture when there is only a caption: the priors, and guidance.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import numpy as np
import torch

from .engine import EngineError, call
from .held_out import KIND, lone
from .lab import Section
from .measure import clustered, mean, spread, table, verdict
from .sheets import contact_sheet, plot

# --prior, and what the paper calls it.
PRIORS = {"none": "caption alone", "text": "z_t as z_i", "autoregressive": "autoregressive prior", "diffusion": "diffusion prior"}
N_CAPTIONS, N_SEEDS = 12, 4   # of guidance: two thirds of the captions, 3 seeds
SCALES = (1, 2, 3, 5, 8)


class Asked:
    """Plain captions, which leave much open, and what pictures of them are like."""

    def __init__(self, lab, n):
        self.lab = lab
        self.scenes = lab.held_out.scenes(15, n, lone)
        self.captions = lab.world.briefs(self.scenes)
        self.true = [self._true_spread(i) for i in range(n)]

    def _true_spread(self, i):
        """The spread of true renderings of all that a caption allows, with what it says held."""
        s = self.lab.held_out.scenes(100 + i, 24, lone)
        s = s.replace(**{k: getattr(self.scenes, k)[i].expand(24) for k in KIND})
        return spread(self.lab.reader.features(self.lab.held_out.pictures(s)))

    def made(self, prior, n_seeds, *more):
        """(pictures [captions, seeds, 3, 64, 64], seconds of each call)."""
        calls = [call("generate", "--prompt", y, "--prior", prior, "--seed", seed, "--size", 64, *more)
                 for y in self.captions for seed in range(n_seeds)]
        results = self.lab.engine.run(calls)
        x = torch.cat([r.pictures() for r in results])
        return x.view(len(self.captions), n_seeds, *x.shape[1:]), [r.seconds for r in results]

    def accuracy(self, x):
        """By caption: the share of pictures whose shape, colour and background are all right."""
        n = x.shape[1]
        right = self.lab.reader.all_right(x.flatten(0, 1), self.scenes.pick(torch.arange(len(x)).repeat_interleave(n)))
        return right.float().view(-1, n).mean(1).numpy()

    def diversity(self, x):
        """By caption: the spread of pictures as a share of the truth's."""
        return np.array([spread(self.lab.reader.features(v)) / t for v, t in zip(x, self.true)])


def points(values):
    """A mean of differences of shares by caption, in points of percent."""
    return mean(100 * np.asarray(values))


def prior(lab):
    section = Section("5. Importance of the prior")
    asked = Asked(lab, lab.size(N_CAPTIONS))
    rows, sheet, accuracy, diversity = [], [], {}, {}
    for kind, name in PRIORS.items():
        try:
            x, _ = asked.made(kind, N_SEEDS)
        except EngineError as why:
            rows.append([name, f"not measured: {why}", ""])
            continue
        accuracy[kind], diversity[kind] = asked.accuracy(x), asked.diversity(x)
        rows.append([name, clustered(accuracy[kind], N_SEEDS), mean(diversity[kind]).text(2)])
        section.figures[kind] = {"accuracy": clustered(accuracy[kind], N_SEEDS).figures(), "diversity": mean(diversity[kind]).figures()}
        sheet.append((name.replace(" ", "\n"), x[:10, 0]))
    contact_sheet(lab.out / "prior.png", [x for _, x in sheet], [name for name, _ in sheet])
    better = {kind: points(accuracy["diffusion"] - accuracy[kind]) for kind in ("none", "text")}
    section.figures["diffusion minus"] = {kind: v.figures() for kind, v in better.items()}
    shown = True if all(v.low > 0 for v in better.values()) else False if all(v.high < 3 for v in better.values()) else None
    section.text = (
        "The paper (5.1): the decoder on the caption alone is worst, with z_t in the place of z_i better, and best with a prior's z_i.\n\n"
        f"Here: {len(asked.captions)} plain captions (\"{asked.captions[0]}\"), {N_SEEDS} seeds each; accuracy is shape, colour and background all "
        "right; diversity is the mean distance of pictures of the same caption in the judge's features, as a share of that of true renderings. "
        "Pictures of one caption count for less where they are alike.\n\n"
        + table(["z_i from", "accuracy", "diversity"], rows) + "\n![Pictures by prior, a caption a column](prior.png)\n\n"
        + verdict(shown, "the diffusion prior's z_i beats the caption alone by {} and z_t by {}.".format(
            *(v.text(unit=" points") for v in better.values()))))
    return section


def guidance(lab):
    section = Section("6. Guidance, fidelity and diversity")
    asked = Asked(lab, lab.size(2 * N_CAPTIONS // 3))
    usual, found, sheet, names = lab.engine.default("decoder_guidance_scale", 8.0), {}, [], []
    for kind, name in (("diffusion", "z_i and caption"), ("none", "caption alone")):
        found[name] = []
        for scale in SCALES:
            # Not said where it is the default, so that these are pictures of the section before.
            x, _ = asked.made(kind, N_SEEDS - 1, *(["--guidance", scale] if scale != usual else []))
            found[name].append((asked.accuracy(x), asked.diversity(x)))
            sheet.append(x[:2].flatten(0, 1))
            names.append(f"{name.split()[0]},\nscale {scale}")
        section.figures[name] = {scale: {"accuracy": clustered(a, N_SEEDS - 1).figures(), "diversity": mean(d).figures()}
                                 for scale, (a, d) in zip(SCALES, found[name])}
    plot(lab.out / "guidance-accuracy.png", SCALES, {k: [clustered(a, N_SEEDS - 1).point() for a, _ in v] for k, v in found.items()},
         "guidance scale", "accuracy, %", y_range=(0, 100))
    plot(lab.out / "guidance-diversity.png", SCALES, {k: [mean(d).point() for _, d in v] for k, v in found.items()},
         "guidance scale", "diversity, share of the truth's")
    contact_sheet(lab.out / "guidance.png", sheet, names, side=64)
    # Of the diversity at scale 1, caption by caption: where it begins is another matter.
    left = {k: v[-1][1] / v[0][1] for k, v in found.items()}
    more = mean(left["z_i and caption"] - left["caption alone"])
    shown = True if more.low > 0 else False if more.high < 0 else None
    section.figures["diversity left"] = {**{k: mean(v).figures() for k, v in left.items()}, "more with z_i by": more.figures()}
    section.text = (
        "The paper (5.3): guidance makes GLIDE's pictures of a caption alike, while unCLIP's keep their diversity, as what they mean is fixed in "
        "z_i and is not guided away.\n\n"
        f"Here: {len(asked.captions)} plain captions, {N_SEEDS - 1} seeds each; both decoders are guided away from no caption and no z_i, one with "
        "a z_i of the diffusion prior, one with the caption alone, as GLIDE is.\n\n"
        "![Accuracy](guidance-accuracy.png)\n![Diversity](guidance-diversity.png)\n\n"
        + table(["decoder sees", "", *(f"scale {s}" for s in SCALES)], [
            row for k, v in found.items() for row in ([k, "accuracy", *(clustered(a, N_SEEDS - 1) for a, _ in v)],
                                                      [k, "diversity", *(mean(d).text(2) for _, d in v)])])
        + "\n![Two captions, three seeds each, at rising scale](guidance.png)\n\n"
        + verdict(shown, f"at scale {SCALES[-1]} the share of scale 1's diversity that is left is {mean(left['z_i and caption']).text(2)} with z_i and "
                         f"{mean(left['caption alone']).text(2)} with the caption alone; the difference is {more.text(2)}."))
    return section


def autoregressive(lab):
    section = Section("7. Autoregressive against diffusion prior")
    section.text = ("The paper (2.2, 5.2): both priors work; the diffusion prior is cheaper to run and its pictures are preferred.\n\n")
    asked = Asked(lab, lab.size(N_CAPTIONS))
    accuracy, diversity, seconds = {}, {}, {}
    # z_t needs no prior, so that what a prior costs is the rest.
    for kind in ("text", "diffusion", "autoregressive"):
        try:
            x, times = asked.made(kind, N_SEEDS)
        except EngineError as why:
            section.text += f"Not measured: {why}.\n"
            return section
        accuracy[kind], diversity[kind], seconds[kind] = asked.accuracy(x), asked.diversity(x), float(np.median(times))
    cost = {kind: seconds[kind] - seconds["text"] for kind in ("diffusion", "autoregressive")}
    better = points(accuracy["diffusion"] - accuracy["autoregressive"])
    section.figures = {kind: {"accuracy": clustered(accuracy[kind], N_SEEDS).figures(), "diversity": mean(diversity[kind]).figures(), "seconds": cost[kind]}
                       for kind in cost}
    section.figures["diffusion minus autoregressive"] = better.figures()
    cheaper = cost["diffusion"] < cost["autoregressive"]
    worse = better.high < 0
    section.text += (
        f"Here: the pictures of section 5. The prior's time is what a call takes beyond one that puts z_t in its place, median of "
        f"{len(asked.captions) * N_SEEDS} on one thread, loading included; both priors draw two z_i and keep the better.\n\n"
        + table(["prior", "accuracy", "diversity", "time of the prior"], [
            [PRIORS[k], clustered(accuracy[k], N_SEEDS), mean(diversity[k]).text(2), f"{cost[k]:.2f} s"] for k in cost])
        + "\n" + verdict(True if cheaper and better.low > 0 else False if worse or not cheaper else None,
                         f"the diffusion prior is {'cheaper' if cheaper else 'not cheaper'} ({cost['diffusion']:.2f} s against "
                         f"{cost['autoregressive']:.2f} s), its accuracy differs by {better.text(unit=' points')}."))
    return section
