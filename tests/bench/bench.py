"""The benchmark: the engine against torch and onnxruntime on this machine, the same networks with the same random weights.

    bench.py --unclip FILE --peak FILE --out DIR [ROW…] [--quick | --full] [--pairs N] [--threads N] [--scratch DIR]

Prints the table and writes DIR/bench.json. README.md says how it is measured and what limits the engine.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import configs
import rows as table_rows
import table
from engine import Engine, Refused
from machine import Peer, ceilings, describe
from measure import Bench


# Of a row, at least: enough for a dozen turns of the prior, whose single ones differ by a fifth.
ROW_SECONDS = 150


def say(text):
    print(text, file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="./run bench", description="Measures the engine against PyTorch and onnxruntime, turn by turn.")
    parser.add_argument("--unclip", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--peak", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("row", nargs="*", metavar="ROW", help=f"only these: {', '.join(table_rows.GROUPS)}; default: those that need no --full")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="tiny networks, all rows: tries the suite out, says nothing of the engine")
    size.add_argument("--full", action="store_true", help="also start, variation and its memory, which take long")
    parser.add_argument("--pairs", type=int, default=5, help="turns of each side, at least (default: 5)")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count()), help="of each side (default: 2)")
    parser.add_argument("--scratch", type=Path, help="folder for the weights, which are removed at the end (default: build/bench)")
    args = parser.parse_args()
    unknown = [name for name in args.row if name not in table_rows.GROUPS]
    if unknown:
        parser.error(f"there is no row \"{unknown[0]}\"; there are {', '.join(table_rows.GROUPS)}")
    if args.pairs < 1 or args.threads < 1:
        parser.error("--pairs and --threads are at least 1")
    return args


def chosen_groups(args):
    if args.row:
        return args.row
    return [name for name in table_rows.GROUPS if args.full or args.quick or name not in table_rows.FULL_ONLY]


def jobs(bench, rows, steps):
    """(rows, generator of (row, function)) in the order of the table; one model of random weights each."""
    for name in ("decoder", "super-res", "prior", "image"):
        yield [row for row in rows if row.group == name], bench.steps_of
    yield [row for row in rows if row.group == "threads"], bench.threads_of
    yield [row for row in rows if row.group in table_rows.FULL_ONLY], lambda whole: bench.whole_of(whole, steps)


def run(bench, rows, steps):
    for some, measure in jobs(bench, rows, steps):
        if not some:
            continue
        try:
            for row, call in measure(some):
                say(f"{row.what}, {row.precision}, against {row.against}")
                try:
                    call()
                except Refused as reason:
                    row.reason = str(reason)
                    say(f"  not run: {reason}")
        except Refused as reason:   # no model of random weights, so none of them
            for row in some:
                row.reason = row.reason or str(reason)
            say(f"  not run: {reason}")
    for row in rows:   # two rows of one measurement
        if not row.pairs and not row.reason:
            row.reason = next(other.reason for other in rows if other.group == row.group and other.reason)


def record(args, machine, facts, peaks, bench, rows):
    return {
        "machine": machine, "quick": args.quick, "threads": args.threads, "pairs": args.pairs,
        "torch": {name: facts[name] for name in ("torch", "onnxruntime", "blas")}, "peaks": peaks,
        "steps": [{**step, "share_of_gemm_peak": table.share_of_peak(step, peaks["best"])} for step in bench.steps.values()],
        "rows": [{"what": row.what, "precision": row.precision, "against": row.against, "unit": "MB" if "memory" in row.what else "s",
                  "pairs": row.pairs, "ratio": table.ratio(row), "to_reach": row.target, "beyond": row.beyond,
                  "ratio_is": "ours / peer" if row.at_most else "peer / ours", "verdict": table.verdict(row), "reason": row.reason or None,
                  "details": row.facts} for row in rows],
    }


def show(machine, facts, peaks, bench, rows, quick):
    print(f"\n{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB; level {peaks['ours']['cpu_level']}, "
          f"{bench.engine.threads} threads each; torch {facts['torch']}, onnxruntime {facts['onnxruntime'] or 'not installed'}")
    print(f"GEMM peak: {peaks['best']['f32']:.0f} GFLOP/s in f32, {peaks['best']['bf16']:.0f} in bf16; "
          f"copying memory: {peaks['ours']['copy_gb_per_s']:.0f} GB/s")
    if machine["load_before"] > 0.5:
        print(f"the machine was busy before (load {machine['load_before']:.1f}): figures are not to be relied on")
    if quick:
        print("--quick: tiny networks, whose figures say nothing of the engine")
    print()
    print("\n".join(table.ratios(rows)))
    if bench.steps:
        print("\n" + "\n".join(table.efficiency(bench.steps, rows, peaks["best"])))


def main():
    args = arguments()
    # So that temporary weights go away, however it ends.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args.out.mkdir(parents=True, exist_ok=True)
    scratch = args.scratch or args.out
    log = args.out / "peers.log"
    log.unlink(missing_ok=True)
    which = "QUICK" if args.quick else "FULL"
    steps = {"decoder": 4, "super_res": 2} if args.quick else {"decoder": 25, "super_res": 7}

    machine = describe()
    try:
        say("measuring what the machine reaches at most")
        with Peer(args.threads, log, "facts", args.threads, which) as peer:
            facts = peer.ready
    except Refused as reason:
        sys.exit(f"bench: {reason}; see {log}")
    if not any("openmp" in path for path in facts["blas"]):
        say(f"torch's BLAS is {', '.join(facts['blas']) or 'unknown'}, not the OpenMP build of OpenBLAS: its float32 is slower than it can be")
    ours = ceilings(args.peak, args.threads, args.quick)
    peaks = {"ours": ours, "torch": facts["gemm"],
             "best": {"f32": max(ours["f32_gflop_per_s"], facts["gemm"]["f32"]), "bf16": facts["gemm"]["bf16"]}}

    groups = chosen_groups(args)
    rows = [row for row in table_rows.EVERY if row.group in groups]
    for row in rows if args.quick else []:
        row.target = row.beyond = None   # those of full size
    bench = Bench(Engine(args.unclip, args.threads), getattr(configs, which), facts, args.pairs, 0 if args.quick else ROW_SECONDS, scratch, log, say)
    stopped = None
    try:
        run(bench, rows, steps)
    except (KeyboardInterrupt, SystemExit) as stop:   # what was measured by then is not lost
        stopped = 130 if isinstance(stop, KeyboardInterrupt) else stop.code
        for row in rows:
            row.reason = row.reason or ("" if len(row.pairs) >= args.pairs else "stopped before its end")
    show(machine, facts, peaks, bench, rows, args.quick)
    path = args.out / "bench.json"
    path.write_text(json.dumps(record(args, machine, facts, peaks, bench, rows), indent=2, ensure_ascii=False) + "\n")
    print(f"\n{path}")
    sys.exit(stopped)


if __name__ == "__main__":
    main()
