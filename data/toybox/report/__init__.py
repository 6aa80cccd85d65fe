"""The evaluation of Toybox: its quality table and the experiments of the paper, through the command `unclip`.

SPDX-License-Identifier: GPL-3.0-or-later
"""
