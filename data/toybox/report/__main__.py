"""Toybox's quality table and the paper's experiments, measured through the C engine on held-out scenes.

    PYTHONPATH=data/toybox python3 -m report [--only SECTION…] [--scale 0.25] [--out DIR]

Pictures are made by the command `unclip`; the judge, a classifier trained on true renderings, reads what they
show. Prints the quality table as it goes, and writes report.md with contact sheets and plots, and each
section's figures as JSON, to --out. What was made is kept there, so that an interrupted run goes on.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import json
import os
import shutil
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch

from . import binding, detail, edits, engine_choices, interpolation, priors, probing, quality, reconstruction
from .engine import Engine, EngineError
from .held_out import Reader
from .lab import Lab, Section
from .measure import table

# The parts of the quality table, then the paper's experiments.
QUALITY = {"judge": quality.judge, "generate": quality.generate, "variations": quality.variations, "edits": edits.table_rows,
           "reconstruction": reconstruction.reconstruction, "interpolations": interpolation.table_row, "upsampler": detail.upsampler}
EXPERIMENTS = {"diffs": edits.diffs, "apart": interpolation.apart, "pca": probing.pca, "attack": probing.attack, "prior": priors.prior,
               "guidance": priors.guidance, "autoregressive": priors.autoregressive, "binding": binding.binding, "detail": detail.detail}
# Only when named.
CHOICES = {"samplers": engine_choices.samplers, "precision": engine_choices.precision}
SECTIONS = {**QUALITY, **EXPERIMENTS, **CHOICES}
TOYBOX = Path(__file__).parent.parent


def parse():
    parser = argparse.ArgumentParser(prog="./run evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", default=[*QUALITY, *EXPERIMENTS],
                        help=", ".join([*QUALITY, *EXPERIMENTS]) + "; and, which are left out unless they are named, " + ", ".join(CHOICES))
    parser.add_argument("--scale", type=float, default=1.0, help="of all sample sizes; small ones are for trying out")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run made")
    parser.add_argument("--unclip", default="unclip", help="the command to measure")
    parser.add_argument("--model", type=Path, default=TOYBOX.parent / "models" / "toybox")
    parser.add_argument("--judge", type=Path, default=TOYBOX / "judge.safetensors")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="calls side by side")
    parser.add_argument("--out", type=Path, default=Path("toybox-report"))
    args = parser.parse_args()
    if args.scale <= 0:
        parser.error("--scale has to be more than 0")
    return args


def forget(kept, stamp, fresh):
    """Clears the folder @kept of pictures that another model or engine made."""
    if fresh or not (kept / "made-with").exists() or (kept / "made-with").read_text() != stamp:
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        (kept / "made-with").write_text(stamp)


def measured(lab, name, stamp):
    """One section, to disk; @stamp says what else it depends on."""
    begin = time.monotonic()
    print(f"{name} …", flush=True)
    try:
        section = SECTIONS[name](lab)
    except EngineError as why:
        section = Section(name, f"Not measured: {why}.\n")
        print(f"  not measured: {why}", flush=True)
    seconds = time.monotonic() - begin
    (lab.out / f"{name}.json").write_text(json.dumps({**asdict(section), "seconds": round(seconds, 1), "made_with": stamp}, indent=1))
    print(f"  {seconds:.0f} s", flush=True)


def write_report(out, stamp, heading):
    """report.md from the sections that have been measured, by this run or by one before of the same model, judge and scale."""
    sections = {name: json.loads((out / f"{name}.json").read_text()) for name in SECTIONS if (out / f"{name}.json").exists()}
    sections = {name: section for name, section in sections.items() if section.get("made_with") == stamp}
    rows = [row for name in QUALITY for row in sections.get(name, {"rows": []})["rows"]]
    text = ["# Toybox, measured\n\n" + heading + "\n## Quality\n\n" + table(["what", "to reach", "reached", "met"], rows)]
    for names, title in ((QUALITY, "How it was measured"), (EXPERIMENTS, "The paper's experiments"),
                         (CHOICES, "The engine's choices")):
        parts = [f"### {sections[name]['title']}\n\n{sections[name]['text']}" for name in names if name in sections]
        if parts:
            text += [f"## {title}\n", *parts]
    (out / "report.md").write_text("\n".join(text))


def main():
    args = parse()
    try:
        reader = Reader(args.judge)
    except (OSError, KeyError, ValueError, RuntimeError) as why:
        sys.exit(f"{args.judge} is not a judge of this world ({type(why).__name__}): "
                 "train one with data/toybox/train.py judge, or name another with --judge")
    torch.set_num_threads(1)   # the cores are for the engine
    begin = time.monotonic()
    args.out.mkdir(parents=True, exist_ok=True)
    engine = Engine(args.unclip, args.model, args.out.resolve() / "kept", args.workers)
    forget(engine.kept, engine.made_with(), args.fresh)
    stamp = f"{engine.made_with(args.judge)} at scale {args.scale:g}"
    lab = Lab(engine, reader, args.out, args.scale)
    for name in SECTIONS:
        if name in args.only:
            measured(lab, name, stamp)
    heading = (f"The shipped model through the C engine, on scenes that were never trained on (seeds from {1_000_000:,} on), read by a classifier "
               "trained on true renderings. After ± and in brackets: 95 % intervals, Wilson's of shares, by resampling of means and medians. "
               "Shares of the quality table are sampled until they are known to ± 4 points or a cap is reached"
               + ("" if args.scale == 1 else f"; **a trial, at {args.scale:g} of the sample sizes**") + ".\n")
    write_report(args.out, stamp, heading)
    print(f"{time.monotonic() - begin:.0f} s; {(args.out / 'report.md').resolve()}")


if __name__ == "__main__":
    main()
