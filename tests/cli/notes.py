"""What the command says of pictures and captions that Toybox was not made for: notes.py UNCLIP DATA

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import zlib

UNCLIP, DATA = (pathlib.Path(path).absolute() for path in sys.argv[1:3])
TOYBOX, OWN = DATA / "models" / "toybox", DATA / "demo" / "picture.png"
SHORT = ["--size", 64, "--steps", 1, "--threads", 1]


def run(*args):
    """(its JSON object, its lines on stderr)"""
    done = subprocess.run([UNCLIP, *map(str, args), "--json"], capture_output=True, text=True, timeout=200, env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == 0, f"{args}: exit {done.returncode}: {done.stderr}"
    return json.loads(done.stdout), done.stderr.splitlines()


def notes(*args):
    """The notes of a job on Toybox, which are the same on stderr and in the report."""
    report, said = run(*args, *([] if "--model" in args else ["--model", TOYBOX]))
    assert said == [f"unclip: note: {note}" for note in report["notes"]], (args, said, report["notes"])
    assert all(pathlib.Path(file).stat().st_size > 0 for file in report["files"]), report["files"]
    return report["notes"]


def generate(caption, *more):
    return notes("generate", "--prompt", caption, "--prior-steps", 1, *SHORT, "--out", "made.png", *more)


def probe(picture, label="a ball", *more):
    return notes("probe", "--image", picture, "--label", label, "--threads", 1, *more)


def png(path, pixel, side=96):
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(min(max(int(v), 0), 255) for x in range(side) for v in pixel(x / side, y / side)) for y in range(side))
    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
                                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    return path


def landscape(x, y):
    """A dull sky, hills with trees before it, and a path: nothing of it is in Toybox's world."""
    hill = 0.45 + 0.1 * math.sin(5 * x) + 0.03 * math.sin(31 * x + 2)
    if y < hill:
        return 150 + 60 * y, 155 + 50 * y, 165 + 40 * y
    leaf = 40 * math.sin(57 * x + 9 * math.sin(23 * y)) * math.sin(61 * y)
    if abs(x - 0.5) < 0.3 * (y - hill):
        return 150 + leaf / 3, 135 + leaf / 3, 115 + leaf / 3
    return 70 + leaf, 85 + leaf, 50 + leaf / 2


def window(x, y):
    """A dialog: a title bar, lines of text, a button."""
    if y < 0.1:
        return 60, 60, 66
    if 0.8 < y < 0.9 and 0.65 < x < 0.92:
        return 190, 200, 215
    is_text = int(24 * y) % 2 and 0.08 < x < 0.5 + 0.3 * math.sin(40 * int(24 * y)) and int(70 * x) % 3 and y < 0.75
    return (70, 70, 70) if is_text else (238, 238, 236)


def test_captions():
    for caption in ("a zeppelin", "qwerty", "a photo of a zeppelin"):
        said = generate(caption)
        assert len(said) == 1 and caption in said[0] and "balls" in said[0] and "karlo" in said[0], said
    for caption in ("a red ball", "STARS", "a zeppelin on grass", "a", ""):
        assert generate(caption) == [], caption


def test_once():
    said = notes("text-edit", "--image", OWN, "--from", "qwerty", "--to", "asdf", *SHORT, "--out", "edited.png")
    assert len(said) == 1 and "qwerty" in said[0], said


def test_pictures():
    for name, pixel in (("landscape.png", landscape), ("window.png", window)):
        said = probe(png(name, pixel))
        assert len(said) == 1 and "picture" in said[0] and "balls" in said[0] and "karlo" in said[0], said
    assert probe(OWN) == []
    both = notes("text-edit", "--image", "landscape.png", "--from", "a temple", "--to", "a house", *SHORT, "--out", "edited.png")
    assert len(both) == 2 and both[0] != both[1], both


def test_nothing_to_know():
    """A plain colour, and a gradient: such as no model is made for, and none is not."""
    rng = random.Random(1)
    for i in range(4):
        a, b = ([rng.uniform(0, 255) for _ in range(3)] for _ in range(2))
        assert probe(png("plain.png", lambda x, y: a, 40), "a") == []
        assert probe(png("gradient.png", lambda x, y: [u + (v - u) * (x + y) / 2 for u, v in zip(a, b)]), "a") == []


def test_quiet():
    done = subprocess.run([UNCLIP, "probe", "--model", TOYBOX, "--image", png("landscape.png", landscape), "--label", "a temple", "--quiet"],
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 0 and done.stderr == "", done.stderr


def without_entry(folder):
    folder.mkdir()
    for path in TOYBOX.iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "model_index.json").unlink()
    index = json.loads((TOYBOX / "model_index.json").read_text())
    about = index.pop("_unclip_about")
    (folder / "model_index.json").write_text(json.dumps(index))
    return index, about


def test_models_that_say_nothing():
    without_entry(pathlib.Path("silent"))
    assert generate("a zeppelin", "--model", "./silent") == []
    assert probe(png("landscape.png", landscape), "qwerty", "--model", "./silent") == []
    assert run("info", "./silent")[0]["about"] is None


def test_info():
    about = run("info", TOYBOX)[0]["about"]
    assert "balls" in about["sentence"] and about["licence"] == "GPL-3.0-or-later" and {"ball", "red", "lava"} <= set(about["words"]), about
    text = subprocess.run([UNCLIP, "info", TOYBOX], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    assert about["sentence"] in text and about["licence"] in text and ", ".join(about["words"]) in text, text


def test_damaged():
    index, about = without_entry(pathlib.Path("damaged"))
    for wrong in ([], {**about, "words": "ball"}, {**about, "sentence": 1}, {**about, "z_i": {"file": "../toybox/about.safetensors", "threshold": 1}}):
        pathlib.Path("damaged/model_index.json").write_text(json.dumps({**index, "_unclip_about": wrong}))
        done = subprocess.run([UNCLIP, "info", "./damaged"], capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith("unclip: ") and done.stderr.count("\n") == 1 and "damaged/" in done.stderr, done


def main():
    if not (TOYBOX / "model_index.json").exists():
        print("1..0 # SKIP there is no Toybox")
        return 0
    tests = [(name[5:].replace("_", " "), test) for name, test in globals().items() if name.startswith("test_")]
    failed = False
    print(f"1..{len(tests)}")
    for i, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory(prefix="unclip-notes-") as folder:
            os.chdir(folder)
            try:
                test()
                print(f"ok {i} {name}", flush=True)
            except Exception as error:
                failed = True
                print(f"not ok {i} {name}")
                print("\n".join(f"# {line}" for line in f"{type(error).__name__}: {error}".splitlines()), flush=True)
            os.chdir("/")
    return failed


sys.exit(main())
