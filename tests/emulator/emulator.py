"""The very binaries of this build on CPUs that lack what this one has, in QEMU's user-mode emulator:
emulator.py UNCLIP TEST_KERNELS UNIT_EDITS

Nobody has such a CPU at hand, and BK_CPU= only chooses among kernels: the compiler, or a library, could still have put an
instruction of a newer CPU anywhere else. Then the emulated process dies of it. QEMU's translator knows AVX2 but not
AVX-512, so the levels above are left to the CPUs that have them.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

UNCLIP, KERNELS, EDITS = (os.path.abspath(path) for path in sys.argv[1:4])
QEMU = shutil.which("qemu-x86_64")
# SSE4.2 and no AVX at all; AVX without AVX2; AVX2 with FMA.
LEVELS = {"Nehalem": "c", "IvyBridge": "c", "Haswell-noTSX": "avx2"}
OLDEST = "Nehalem"


def emulate(cpu, *args, env=()):
    done = subprocess.run([QEMU, "-cpu", cpu, *map(str, args)], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "1", **dict(env)})
    assert done.returncode == 0, f"{cpu}: {pathlib.Path(args[0]).name} ended with status {done.returncode}: {(done.stdout + done.stderr)[-600:]}"
    return done.stdout


def check_level(cpu):
    said = json.loads(emulate(cpu, UNCLIP, "bench", "toybox", "text_encoder", "--batch", 1, "--repeat", 1, "--json"))
    assert said["cpu_level"] == LEVELS[cpu], f"{cpu} runs at the level {said['cpu_level']}, not {LEVELS[cpu]}"


def check_kernels():
    """Against ref/, as the kernel suite runs them at this level."""
    said = emulate(OLDEST, KERNELS, "--tap")
    assert "# CPU level c" in said and "not ok" not in said, said


def check_picture():
    """From a caption to pixels through every network: the unit tests' own, as Toybox takes minutes in here."""
    said = emulate(OLDEST, EDITS, "--tap", "-p", "/edits/generate")
    assert "ok 1 /edits/generate" in said and "not ok" not in said, said


def main():
    tests = [(f"level on {cpu}", lambda cpu=cpu: check_level(cpu)) for cpu in LEVELS]
    tests += [(f"kernels on {OLDEST}", check_kernels), (f"a picture on {OLDEST}", check_picture)]
    if QEMU is None:
        print("1..0 # SKIP no CPU without AVX2 was tried: qemu-x86_64 is not installed; ./run test emulator installs Debian's qemu-user (70 MB)")
        return 0
    failed = False
    print(f"1..{len(tests)}")
    for i, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} {name}", flush=True)
        except (AssertionError, ValueError, OSError) as error:
            failed = True
            print(f"not ok {i} {name}")
            print("\n".join(f"# {line}" for line in str(error).splitlines()), flush=True)
    return failed


sys.exit(main())
