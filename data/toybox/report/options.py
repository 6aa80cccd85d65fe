"""What the report may be asked for: known without PyTorch, so that --help needs nothing.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import os
from pathlib import Path

# Each section is a function of a module here. The parts of the quality table, then the paper's experiments.
QUALITY = {"judge": "quality.judge", "generate": "quality.generate", "variations": "quality.variations", "edits": "edits.table_rows",
           "reconstruction": "reconstruction.reconstruction", "interpolations": "interpolation.table_row", "labels": "probing.zero_shot",
           "upsampler": "detail.upsampler"}
EXPERIMENTS = {"diffs": "edits.diffs", "apart": "interpolation.apart", "pca": "probing.pca", "attack": "probing.attack",
               "prior": "priors.prior", "guidance": "priors.guidance", "autoregressive": "priors.autoregressive",
               "binding": "binding.binding", "detail": "detail.detail"}
# Only when named.
CHOICES = {"samplers": "engine_choices.samplers", "precision": "engine_choices.precision"}
SECTIONS = {**QUALITY, **EXPERIMENTS, **CHOICES}
TOYBOX = Path(__file__).parent.parent
ABOUT = """Toybox's quality table and the paper's experiments, measured through the C engine on held-out scenes.

Prints the quality table as it goes, and writes report.md with contact sheets and plots, and each section's figures
as JSON, to --out. What was made is kept there, so that an interrupted run goes on."""


def parse():
    parser = argparse.ArgumentParser(prog="./run evaluate", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, metavar="SECTION", default=[*QUALITY, *EXPERIMENTS],
                        help=", ".join([*QUALITY, *EXPERIMENTS]) + "; and, which are left out unless they are named, " + ", ".join(CHOICES))
    parser.add_argument("--scale", type=float, default=1.0, help="of all sample sizes; small ones are for trying out")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run made")
    parser.add_argument("--unclip", default="unclip", help="the command to measure")
    parser.add_argument("--model", type=Path, default=TOYBOX.parent / "models" / "toybox")
    parser.add_argument("--judge", type=Path, default=TOYBOX / "judge.safetensors")
    parser.add_argument("--world", choices=("solids", "gate", "things"), default="solids", help="that model and judge were trained on")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="calls side by side")
    parser.add_argument("--out", type=Path, default=Path("toybox-report"))
    args = parser.parse_args()
    if args.scale <= 0:
        parser.error("--scale has to be more than 0")
    return args
