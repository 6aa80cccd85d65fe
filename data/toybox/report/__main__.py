"""Measures Toybox: PYTHONPATH=data/toybox python3 -m report [--only SECTION…] [--scale 0.25] [--out DIR]

SPDX-License-Identifier: GPL-3.0-or-later
"""

from .options import parse

args = parse()
from .run import report  # noqa: E402 (takes PyTorch, which asking for help does not)

report(args)
