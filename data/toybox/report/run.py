"""Toybox's quality table and the paper's experiments, measured through the C engine on held-out scenes.

Pictures are made by the command `unclip`; the judge, a classifier trained on true renderings, reads what they
show. Prints the quality table as it goes, and writes report.md with contact sheets and plots, and each
section's figures as JSON, to --out. What was made is kept there, so that an interrupted run goes on.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import importlib
import json
import shutil
import sys
import time
from dataclasses import asdict

import torch

from worlds import WORLDS

from .engine import Engine, EngineError
from .held_out import HeldOut, Reader
from .lab import Lab, Section
from .measure import table
from .options import CHOICES, EXPERIMENTS, QUALITY, SECTIONS


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
        module, function = SECTIONS[name].split(".")
        section = getattr(importlib.import_module(f".{module}", __package__), function)(lab)
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


def report(args):
    held_out = HeldOut(WORLDS[args.world])
    try:
        reader = Reader(args.judge, held_out)
    except (OSError, KeyError, ValueError, RuntimeError) as why:
        sys.exit(f"{args.judge} is not a judge of this world ({type(why).__name__}): "
                 "train one with data/toybox/train.py judge, or name another with --judge")
    torch.set_num_threads(1)   # the cores are for the engine
    begin = time.monotonic()
    args.out.mkdir(parents=True, exist_ok=True)
    engine = Engine(args.unclip, args.model, args.out.resolve() / "kept", args.workers)
    forget(engine.kept, engine.made_with(), args.fresh)
    stamp = f"{engine.made_with(args.judge)} at scale {args.scale:g}"
    lab = Lab(engine, held_out, reader, args.out, args.scale)
    for name in SECTIONS:
        if name in args.only:
            measured(lab, name, stamp)
    heading = (f"The shipped model through the C engine, on scenes that were never trained on (seeds from {1_000_000:,} on), read by a classifier "
               "trained on true renderings. After ± and in brackets: 95 % intervals, Wilson's of shares, by resampling of means and medians. "
               "Shares of the quality table are sampled until they are known to ± 4 points or a cap is reached"
               + ("" if args.scale == 1 else f"; **a trial, at {args.scale:g} of the sample sizes**") + ".\n")
    write_report(args.out, stamp, heading)
    print(f"{time.monotonic() - begin:.0f} s; {(args.out / 'report.md').resolve()}")

