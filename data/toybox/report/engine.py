"""The command `unclip`, called many times side by side; what it made is kept, so that nothing is made twice.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from .sheets import read_picture, save_picture

# A picture of the decoder is too small to keep two threads busy: two processes of one thread each are faster.
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "GOMP_SPINCOUNT": "3000", "LC_ALL": "C.UTF-8"}


class EngineError(Exception):
    """What unclip said on stderr."""


@dataclass(frozen=True)
class Call:
    """One call of unclip: its words without --out and the common options, and what --out is to be called.

    out: a file's name; a folder's, without a suffix; "" for a command that has no --out and speaks on stdout.
    """

    words: tuple
    out: str = "y.png"


def call(*words, out="y.png"):
    return Call(tuple(map(str, words)), out)


@dataclass(frozen=True)
class Result:
    folder: Path
    seconds: float   # on the clock
    said: str        # stdout

    def path(self, name):
        return self.folder / name

    def pictures(self):
        """[k, 3, h, w] in [-1, 1]: all pictures that the call wrote, in the order of the numbers that their names end in."""
        files = sorted(self.folder.rglob("*.png"), key=lambda f: int(re.search(r"(\d*)$", f.stem)[1] or 0))
        return torch.stack([read_picture(f) for f in files])


class Engine:
    """unclip: path of the command; model: folder; kept: folder of what was made before; n_workers: calls side by side."""

    def __init__(self, unclip, model, kept, n_workers):
        self.unclip, self.model, self.kept = unclip, Path(model).resolve(), Path(kept)
        self.n_workers = n_workers

    def made_with(self, *more):
        """What pictures depend on, for telling whether those of an earlier run are still good."""
        files = [f for f in sorted(self.model.rglob("*")) if f.is_file()] + [Path(shutil.which(self.unclip) or self.unclip)]
        stamp = hashlib.sha256()
        for f in [*files, *map(Path, more)]:
            stamp.update(f"{f} {f.stat().st_size} {f.stat().st_mtime_ns}\n".encode())
        return stamp.hexdigest()

    def config(self, component):
        """Its config.json, or None where the model lacks the component."""
        path = self.model / component / "config.json"
        return json.loads(path.read_text()) if path.exists() else None

    def default(self, name, fallback):
        """What the model wants unless told otherwise."""
        return json.loads((self.model / "model_index.json").read_text()).get("_unclip_defaults", {}).get(name, fallback)

    def without(self, *components):
        """The same engine with a model that lacks components."""
        model = self.kept / ("model-without-" + "-".join(components))
        shutil.rmtree(model, ignore_errors=True)
        model.mkdir(parents=True)
        for entry in self.model.iterdir():
            if entry.name not in components:
                (model / entry.name).symlink_to(entry)
        return Engine(self.unclip, model, self.kept, self.n_workers)

    def put(self, x):
        """A picture [3, h, w] in [-1, 1] as a file to name in a call; the same one twice is one file."""
        path = self.kept / "in" / (hashlib.sha256(x.contiguous().numpy().tobytes()).hexdigest()[:16] + ".png")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            save_picture(x, path.with_suffix(".part.png"))
            path.with_suffix(".part.png").rename(path)
        return path

    def run(self, calls):
        """Results in the order of the calls, as many side by side as there are workers. Raises EngineError."""
        pool = ThreadPoolExecutor(self.n_workers)
        try:
            return list(pool.map(self._run_one, calls))
        finally:
            pool.shutdown(cancel_futures=True)

    def pictures(self, calls):
        """[n, 3, h, w]: the one picture of each call."""
        return torch.cat([r.pictures()[:1] for r in self.run(calls)])

    def _run_one(self, c):
        name = hashlib.sha256(repr((c.words, c.out, self.model.name)).encode()).hexdigest()[:20]
        folder, log = self.kept / name, self.kept / name / "call.json"
        if log.exists():
            done = json.loads(log.read_text())
            return Result(folder, done["seconds"], done["said"])
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        words = [self.unclip, *c.words, "--model", str(self.model), "--threads", "1"]
        words += ["--out", str(part / c.out), "--quiet"] if c.out else ["--json"]
        begin = time.monotonic()
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL)
        seconds = time.monotonic() - begin
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode} and no word"]
            raise EngineError(f"unclip {c.words[0]}: " + said[-1].removeprefix("unclip: "))
        (part / "call.json").write_text(json.dumps({"words": c.words, "seconds": round(seconds, 3), "said": done.stdout}))
        part.rename(folder)
        return Result(folder, seconds, done.stdout)
