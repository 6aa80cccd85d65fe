"""The tables that people read.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import statistics


def ratio(row):
    """Median of the pairwise ratios, in the sense that the row's target has; None if nothing was measured."""
    if not row.pairs:
        return None
    return statistics.median(ours / peer if row.at_most else peer / ours for peer, ours in row.pairs)


def verdict(row):
    value = ratio(row)
    if value is None:
        return "not run"
    if row.target is None:
        return "no target"
    reaches = (lambda goal: goal is not None and (value <= goal if row.at_most else value >= goal))
    return "met, and beyond" if reaches(row.beyond) else "met" if reaches(row.target) else "not met"


def number(value, form):
    return "-" if value is None else format(value, form)


def lines(head, rows):
    """Columns as wide as they need; the first two to the left."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        yield "  ".join(cell.ljust(width) if i < 2 or i == len(row) - 1 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip()


def goal(row, value):
    return "" if value is None else ("≤ " if row.at_most else "≥ ") + f"{value:g}"


def ratios(rows):
    body = []
    for row in rows:
        middle = [statistics.median(side) for side in zip(*row.pairs)] if row.pairs else [None, None]
        body.append([f"{row.what}, {row.precision}", row.against, *(number(value, ".3f") for value in middle), str(len(row.pairs)),
                     number(ratio(row), ".2f"), goal(row, row.target), goal(row, row.beyond), verdict(row)])
    yield from lines(["what", "against", "peer", "ours", "pairs", "ratio", "to reach", "beyond", ""], body)
    for reason in dict.fromkeys(f"{'cut short' if row.pairs else 'not run'}: {row.what}, {row.precision}, against {row.against}: {row.reason}" for row in rows if row.reason):
        yield reason


def share_of_peak(step, peaks):
    peak = peaks.get(step["precision"])
    return step["gflop_per_s"] / peak if peak else None


def efficiency(steps, rows, peaks):
    """Of every step that was measured, where its time and memory go."""
    body = []
    for (component, precision), step in steps.items():
        peers = {row.against: row.facts["peer_rss_mb"] for row in rows
                 if row.component == component and row.precision == precision and "peer_rss_mb" in row.facts}
        share = share_of_peak(step, peaks)
        body.append([component, precision, f"{step['gflop']:.0f}", f"{step['gflop_per_s']:.0f}", number(share and 100 * share, ".0f"),
                     f"{100 * step['non_gemm_share']:.0f}", f"{step['peak_rss_mb']:.0f}",
                     ", ".join(f"{name} {size:.0f}" for name, size in peers.items())])
    yield from lines(["network", "in", "GFLOP", "GFLOP/s", "% of GEMM peak", "% outside GEMM", "MB ours", "MB of the peers"], body)
