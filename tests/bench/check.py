"""The benchmark's own parts that need neither torch nor time: check.py UNCLIP

What the verdicts say of known pairs, that our side measures each network of the small model, and that what cannot be
measured becomes a reason in the table and nothing worse.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import sys
import tempfile
from pathlib import Path

import configs
import machine
import rows
import table
from engine import Engine, Refused
from measure import Bench

UNCLIP = os.path.abspath(sys.argv[1])


def row(target, beyond, pairs, at_most=False):
    return rows.Row("decoder", "what", "peer", target, beyond, at_most=at_most, pairs=pairs)


def reason_of(call):
    try:
        call()
    except Refused as reason:
        return str(reason)
    raise AssertionError("was not refused")


def check_verdicts():
    # The median of the ratios, 2.5, and not the ratio of the medians, 4 / 2.
    slower = [(4, 2), (9, 3), (5, 2)]
    assert table.ratio(row(2, 3, slower)) == 2.5
    assert table.verdict(row(2, 3, slower)) == "met"
    assert table.verdict(row(2.5, 2.5, slower)) == "met, and beyond"
    assert table.verdict(row(2.6, 3, slower)) == "not met"
    assert table.verdict(row(None, None, slower)) == "no target"
    assert table.verdict(row(2, 3, [])) == "not run"
    assert table.ratio(row(0.6, 0.5, [(10, 5.5)], at_most=True)) == 0.55
    assert table.verdict(row(0.6, 0.5, [(10, 5.5)], at_most=True)) == "met"
    assert table.verdict(row(0.6, 0.5, [(10, 4)], at_most=True)) == "met, and beyond"
    assert table.verdict(row(0.6, 0.5, [(10, 7)], at_most=True)) == "not met"


def check_table():
    refused = row(2, 3, [])
    refused.reason = "because"
    text = "\n".join(table.ratios([row(2, 3, [(4, 1)]), refused]))
    assert "4.00" in text and "≥ 2" in text and "not run" in text and "because" in text, text


def check_steps():
    """Every row's network, as `unclip bench` measures it."""
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(UNCLIP, 1)
        model = engine.synth(configs.QUICK, [*configs.WHOLE, "prior"], Path(folder), tokenizer=True)
        for name in {r.component for r in rows.STEPS}:
            size = configs.QUICK[name].get("sample_size") or configs.QUICK[name].get("image_size") or 0
            said = engine.step(model, name, 1, size, "f32")
            assert said["component"] == name and said["median_s"] > 0 and said["gflop"] > 0, said
            assert 0 <= said["non_gemm_share"] <= 1 and said["peak_rss_mb"] > 1, said
        assert engine.memory(model, "f32") > 1
        assert "nobody" in reason_of(lambda: engine.step(model, "nobody", 1, 0, "f32"))


def check_room():
    with tempfile.TemporaryDirectory() as folder:
        machine.need_disk(folder, 1)
        assert "GB of disk" in reason_of(lambda: machine.need_disk(folder, 1e18))
        machine.need_memory(1)
        assert "GB of memory" in reason_of(lambda: machine.need_memory(1e18))
        # A network that no machine has room for is refused before anything is written, and nothing stays.
        facts = {"parameters": {"decoder": 1e18}, "onnxruntime": None}
        bench = Bench(Engine(UNCLIP, 1), configs.QUICK, facts, 1, 0, folder, os.devnull, lambda _: None)
        assert "GB of disk" in reason_of(lambda: list(bench.steps_of(rows.STEPS[:1])))
        assert os.listdir(folder) == []


def check_memory_of_children():
    """What is touched before a job does not count as the job's."""
    machine.touch_memory(4e8)
    child = os.posix_spawn("/bin/true", ["true"], os.environ)
    assert os.wait4(child, 0)[2].ru_maxrss < 2e8 / 1024


def main():
    tests = {name[6:]: value for name, value in globals().items() if name.startswith("check_")}
    failed = False
    print(f"1..{len(tests)}")
    for i, (name, test) in enumerate(tests.items(), 1):
        try:
            test()
            print(f"ok {i} {name}", flush=True)
        except (AssertionError, Refused) as error:
            failed = True
            print(f"not ok {i} {name}\n# {type(error).__name__}: {error}", flush=True)
    return failed


sys.exit(main())
