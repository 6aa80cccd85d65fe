"""The shipped pipeline against the reference's pictures: seeded.py UNCLIP MODEL FOLDER

FOLDER's cases.json lists whole calls of diffusers' UnCLIPPipeline with a torch seed, and has the picture of each beside it.
`unclip generate --rng torch` with the same words and numbers must give that picture to 1/255, at the CPU level that BK_CPU
names, and the same bytes with 1 and 2 threads. (diffusers' variations draw x_T anew, where ours invert the picture: they are
no such call.)

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

UNCLIP, MODEL, FOLDER = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
TOLERANCE = 1   # of 255


def run(*args):
    done = subprocess.run([UNCLIP, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == "", f"exit {done.returncode}: {done.stderr}"
    return done.stdout


def pixels(path):
    return subprocess.run(["magick", path, "-depth", "8", "rgb:-"], capture_output=True, check=True).stdout


def generate(case, n_threads, out):
    run("generate", "--model", MODEL.absolute(), "--prompt", case["prompt"], "--rng", "torch", "--seed", case["seed"], "--sampler", "ddpm",
        "--prior-steps", case["prior_steps"], "--prior-guidance", case["prior_guidance"], "--steps", case["decoder_steps"],
        "--guidance", case["decoder_guidance"], "--super-res-steps", case["super_res_steps"], "--precision", "f32",
        "--threads", n_threads, "--quiet", "--out", out)
    return pixels(out)


def check(case):
    wanted = pixels(FOLDER / f"{case['name']}.png")
    with tempfile.TemporaryDirectory() as folder:
        one, two = (generate(case, n, f"{folder}/{n}.png") for n in (1, 2))
    assert len(one) == len(wanted), "it has another size"
    difference = max(abs(a - b) for a, b in zip(one, wanted))
    print(f"# {case['name']}: at most {difference}/255 apart", flush=True)
    assert difference <= TOLERANCE, f"{difference}/255 from the reference's picture"
    assert one == two, "two threads give other bits than one"


def lacking():
    """The level that is asked for and that this CPU does not have."""
    level = os.environ.get("BK_CPU")
    has = json.loads(run("bench", MODEL.absolute(), "text_encoder", "--batch", 1, "--repeat", 1, "--json"))["cpu_level"]
    return level if level not in (None, has) else None


def main():
    if not (FOLDER / "cases.json").exists():
        print(f"1..0 # SKIP {FOLDER.resolve()} is not there: the shipped pipeline is not held to its pictures")
        return 0
    if level := lacking():
        print(f"1..0 # SKIP this CPU lacks {level}")
        return 0
    cases = [case for case in json.loads((FOLDER / "cases.json").read_text()) if case["kind"] == "text2image"]
    failed = False
    print(f"1..{len(cases)}")
    for i, case in enumerate(cases, 1):
        try:
            check(case)
            print(f"ok {i} {case['name']}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            failed = True
            print(f"not ok {i} {case['name']}")
            print("\n".join(f"# {line}" for line in str(error).splitlines()), flush=True)
    return failed


sys.exit(main())
