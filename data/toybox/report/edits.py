"""Text edits: rows of the quality table, and the paper's text diffs at rising strength.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import random

import torch

from .engine import call
from .lab import Section
from .measure import difference, share, table, verdict
from .sheets import contact_sheet, plot

KINDS = ("colour", "shape", "background", "expression")   # that an edit may change, as far as a world has them
# Stages of theta, a tenth apart, up to the paper's 0.5.
STEPS = 5
N_STAGED = 16


class Edits:
    """Edits of one kind on held-out scenes: the same ones for the table and for the stages, so that pictures are shared."""

    def __init__(self, lab, kind):
        self.lab, self.kind, self.n_staged = lab, kind, lab.size(N_STAGED)
        can = lambda s: (s.word == 0) & torch.tensor([len(values) > 0 for values in lab.world.others(s, kind)])
        self.scenes = lab.held_out.scenes(4, 400, can)
        rng = random.Random(kind)
        self.target = torch.tensor([rng.choice(values) for values in lab.world.others(self.scenes, kind)])
        self.after = self.scenes.replace(**{kind: self.target})

    def call(self, i, *more):
        before, after = (self.lab.world.briefs(s.pick([i]))[0] for s in (self.scenes, self.after))
        x = self.lab.held_out.pictures(self.scenes.pick([i]))[0]
        return call("text-edit", "--image", self.lab.engine.put(x), "--from", before, "--to", after, "--size", 64, *more)

    def staged(self, n):
        """[n, stages, 3, 64, 64] of the first n scenes."""
        return torch.stack([r.pictures() for r in self.lab.engine.run(
            self.call(i, "--strength", STEPS / 10, "--stages", STEPS) for i in range(n))])

    def at(self, theta, first, last):
        """[last - first, 3, 64, 64] at one strength."""
        stage, n = theta * 10, min(last, self.n_staged)
        made = []
        if abs(stage - round(stage)) < 1e-6 and round(stage) <= STEPS and first < n:
            made.append(self.staged(n)[first:, round(stage) - 1])
            first = n
        if first < last:
            made.append(self.lab.engine.pictures(self.call(i, "--strength", theta) for i in range(first, last)))
        return torch.cat(made)

    def judged(self, x, first, last):
        """What became of the edit in x [last - first, 3, 64, 64]."""
        seen, part = self.lab.reader.read(x), self.scenes.pick(slice(first, last))
        was = self.lab.reader.read(self.lab.held_out.pictures(part))
        reached = seen[self.kind] == self.target[first:last]
        kept = (seen["shape2"] > 0) == (was["shape2"] > 0)
        for name in (*KINDS, "pattern"):
            if name != self.kind and name in seen:
                kept &= seen[name] == was[name]
        return {"reached": reached, "kept": kept, "both": reached & kept}


def edited(lab):
    return [kind for kind in KINDS if kind in lab.world.to_reach]


def table_rows(lab):
    """Edits at the model's default strength."""
    section = Section("Text edits")
    theta = lab.engine.default("text_edit_strength", 0.4)
    lines, rows = [], []
    kinds = edited(lab)
    for kind in kinds:
        edits, made = Edits(lab, kind), []

        def measure(first, last):
            made.append(edits.at(theta, first, last))
            return edits.judged(made[-1], first, last)

        shares = lab.sample(measure, 320, ["both"])
        section.share_row(f"text edit of {kind}: target reached, all else kept", lab.world.to_reach[kind], shares["both"])
        section.figures[kind] = {"strength": theta, **{k: v.figures() for k, v in shares.items()}}
        lines.append([kind, shares["reached"], shares["kept"], shares["both"], shares["both"].n])
        n = min(12, len(torch.cat(made)))
        rows += [lab.held_out.pictures(edits.scenes.pick(slice(0, n))), torch.cat(made)[:n]]
    contact_sheet(lab.out / "edits.png", rows, [name for kind in kinds for name in ("picture", kind)])
    section.text = (
        f"From \"a red ball on sand\" to \"a blue ball on sand\" and the like, at the model's default strength, {theta:g}. All else: of "
        f"{', '.join(kinds)} and pattern those not edited, and whether there is a second object, against what the judge reads in the original.\n\n"
        + table(["edit of", "target reached", "all else kept", "both", "n"], lines) + "\n![Pictures and their edits](edits.png)\n")
    return section


def diffs(lab):
    """Success and preservation against theta."""
    section = Section("1. Text diffs")
    lines, rows, names, found, kinds = {"reached": {}, "kept": {}}, [], [], {}, edited(lab)
    for kind in kinds:
        edits = Edits(lab, kind)
        n = edits.n_staged
        x = edits.staged(n)
        by_step = [edits.judged(x[:, k], 0, n) for k in range(STEPS)]
        shares = {what: [share(v[what]) for v in by_step] for what in ("reached", "kept", "both")}
        found[kind] = shares
        section.figures[kind] = {f"{(k + 1) / 10:g}": {what: shares[what][k].figures() for what in shares} for k in range(STEPS)}
        for what in lines:
            lines[what][kind] = [s.point() for s in shares[what]]
        for i in range(min(2, n)):
            rows.append([lab.held_out.pictures(edits.scenes.pick([i]))[0], *x[i]])
            names.append(kind)
    thetas = [(k + 1) / 10 for k in range(STEPS)]
    for what in lines:
        plot(lab.out / f"diffs-{what}.png", thetas, lines[what], "theta", f"{what}, %", y_range=(0, 100))
    contact_sheet(lab.out / "diffs-sheet.png", rows, names, ["original", *(f"theta {t:g}" for t in thetas)])
    best = {kind: max(range(STEPS), key=lambda k: found[kind]["both"][k].p) for kind in kinds}
    rises = {kind: difference(found[kind]["reached"][-1], found[kind]["reached"][0])[1] > 0 for kind in kinds}
    falls = {kind: difference(found[kind]["kept"][0], found[kind]["kept"][-1])[1] > 0 for kind in kinds}
    section.figures["best_theta"] = {kind: (best[kind] + 1) / 10 for kind in kinds}
    lasting = [kind for kind in kinds if not falls[kind]]
    section.text = (
        "The paper (3.3) turns z_i towards the difference of two captions by slerp, with θ up to 0.25 to 0.50 and the noise x_T kept: "
        "the picture changes step by step to what the new caption says, and the rest stays.\n\n"
        f"Here: {lab.size(N_STAGED)} held-out pictures for each kind of edit, one inversion each.\n\n"
        "![Target reached against θ](diffs-reached.png)\n![All else kept against θ](diffs-kept.png)\n\n"
        + table(["edit of", "best θ", "reached there", "kept there", "both there"], [
            [kind, f"{(best[kind] + 1) / 10:g}", *(found[kind][what][best[kind]] for what in ("reached", "kept", "both"))] for kind in kinds])
        + "\n![Stages](diffs-sheet.png)\n\n"
        + verdict(all(rises.values()), "from θ = 0.1 to 0.5 the target comes in " + ", ".join(
            f"{kind} from {found[kind]['reached'][0]} to {found[kind]['reached'][-1]}" for kind in kinds)
            + (f". What was not to change stays within the error bars in edits of {', '.join(lasting)}." if lasting else
               ". What was not to change is lost more and more in every kind of edit.")))
    return section
