"""Memory and threads that the system refuses, at any point: refused.py UNCLIP SHIM [all]

A picture of 64 pixels is made under limits of address space (ulimit -v) from 60 MB on, then with a malloc () that fails at its n-th call,
alone or from there on (SHIM, made of fail-malloc.c), then with fewer threads than are wanted. Either the whole right picture comes out,
or one line says what is lacking, the exit status is 1 and nothing is left behind. "all" takes every megabyte up to 2 GB.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

UNCLIP, SHIM = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
ALL = sys.argv[3:] == ["all"]
GENERATE = ["generate", "--prompt", "a red ball", "--steps", "1", "--prior-steps", "1", "--size", "64", "--quiet", "--out", "s.png"]
PICTURE = pathlib.Path("s.png")
NOBODY = 65534
faults = 0


def run(arguments=GENERATE, env=None, limit=None):
    def begin():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if limit is not None:
            limit()

    try:
        done = subprocess.run([UNCLIP, *arguments], capture_output=True, preexec_fn=begin, timeout=120, stdin=subprocess.DEVNULL,
                              env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})
    except subprocess.TimeoutExpired:
        return "hangs", ""
    return done.returncode, done.stderr.decode("utf-8", "replace")


def look(what, status, said, right):
    """Counts a fault unless it is the right picture, or a line and nothing else; whether there was a picture."""
    global faults
    whole = PICTURE.exists() and PICTURE.read_bytes() == right
    PICTURE.unlink(missing_ok=True)
    left = os.listdir(".")
    good = not left and (status == 0 and whole and said == ""
                         or status == 1 and not whole and said.startswith("unclip: ") and said.count("\n") == 1
                         # Before the program begins it is the dynamic loader's word.
                         or status == 127 and "error while loading shared libraries" in said)
    if not good:
        faults += 1
        print(f"FAULT  {what}: status {status}, {'the picture, ' if whole else ''}left {left}, said {said[:200]!r}")
    return status == 0


def try_many(title, cases, right):
    """Each case is (what, env, limit)."""
    made = sum(look(what, *run(env=env, limit=limit), right) for what, env, limit in cases)
    print(f"{title}: {len(cases)} tried, {made} made the picture", flush=True)
    return made


def limit_memory(megabytes):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))


def try_memory(right):
    steps = range(60, 2049) if ALL else [*range(60, 200, 10), 300, 400, 800, 2048]
    made = try_many("ulimit -v", [(f"{step} MB", {}, limit_memory(step)) for step in steps], right)
    assert 0 < made < len(steps), "the limits are not where something happens"


def try_malloc(right, shim):
    # What begins the program again would count again, too.
    shim = {"LD_PRELOAD": shim, "GOMP_SPINCOUNT": "3000"}
    run(env={**shim, "FAIL_COUNT": "count"})
    n_calls = int(pathlib.Path("count").read_text())
    assert n_calls > 1000, f"{n_calls} allocations were seen: this is not the program's memory"
    os.remove("count")
    PICTURE.unlink()
    n = 300 if ALL else 40
    points = sorted({*range(1, 301 if ALL else 31), *(int(30 * (n_calls / 30) ** (i / n)) for i in range(n))})
    for title, more in ("malloc that fails once", {}), ("malloc that fails from then on", {"FAIL_ALL": "1"}):
        try_many(title, [(f"{title}, {point} of {n_calls}", {**shim, "FAIL_MALLOC": str(point), **more}, None) for point in points], right)


def limit_threads(n):
    def limit():
        resource.setrlimit(resource.RLIMIT_NPROC, (n, n))
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    return limit


def try_threads(right):
    """Fewer do, unless they were asked for."""
    if os.geteuid() != 0:
        print("threads: skipped, as only root can become somebody without any")
        return
    os.chmod(".", 0o777)
    made = try_many("threads", [(f"{n} threads", {"OMP_NUM_THREADS": "4"}, limit_threads(n)) for n in range(1, 7)], right)
    assert made == 6, "a thread less is a reason to fail"
    for n in 1, 2, 3:
        status, said = run([*GENERATE, "--threads", "4"], limit=limit_threads(n))
        assert not look(f"{n} of 4 threads", status, said, right), "fewer threads than were asked for were taken"


def main():
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as beside:
        os.chdir(folder)
        # A space in LD_PRELOAD begins another library, and the project may lie below one.
        shim = shutil.copy(SHIM, beside)
        status, said = run()
        assert status == 0, said
        right = PICTURE.read_bytes()
        PICTURE.unlink()
        try_memory(right)
        try_malloc(right, shim)
        try_threads(right)
        os.chdir("/")
    sys.exit(faults > 0)


main()
