"""Turn by turn: the peer, us, the peer, us. Each function fills in one row, or raises Refused.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from configs import COMPANIONS, WHOLE
from engine import Refused
from machine import HERE, Peer, need_disk, need_memory, peer_environment, touch_memory

# Bytes in memory per parameter while a step runs, roughly, so that a machine that would swap says so beforehand: ours has
# up to four times the values of a 3×3 convolution (Winograd). onnxruntime keeps its weights twice (5.1 GB of 0.56 G parameters).
OURS = {"f32": 9, "bf16": 3}
PEERS = {("torch", "f32"): 5, ("torch", "bf16"): 3, ("onnxruntime", "f32"): 9}
# Of two threads one may lose its core for a while, which half of single passes show: 1.9 s or 2.8.
THREADS_PASSES = 3
# What is not weights: activations of the largest step, the interpreter and its libraries.
BESIDES = 2e9


class Bench:
    """@which: the configs; @facts: of peer.py; @pairs, @seconds: at least of each row; @say: a function that shows progress."""

    def __init__(self, engine, which, facts, pairs, seconds, scratch, log, say):
        self.engine, self.which, self.facts, self.n_pairs, self.seconds = engine, which, facts, pairs, seconds
        self.scratch, self.log, self.say = scratch, log, say
        self.formats = {}   # torch's quicker memory format of a component in a precision
        self.steps = {}     # what `unclip bench` said last, by component and precision

    def parameters(self, *components):
        return sum(self.facts["parameters"].get(name, 0) for name in components)

    @contextmanager
    def model(self, components, tokenizer=False, besides=0):
        """A model of random weights that is gone afterwards. @besides: bytes of disk that are wanted as well."""
        need_disk(self.scratch, 2.1 * self.parameters(*components) + besides)
        with tempfile.TemporaryDirectory(prefix="weights-", dir=self.scratch) as folder:
            self.say("  making random weights")
            yield self.engine.synth(self.which, components, Path(folder), tokenizer)

    def turns(self):
        """Numbers of a row's pairs. A short step has more of them, as it is the one that a core lost for a moment spoils."""
        begin, i = time.monotonic(), 0
        while i < self.n_pairs or time.monotonic() - begin < self.seconds:
            yield i
            i += 1

    def pair(self, row, peer, ours):
        row.pairs.append((peer, ours))
        self.say(f"  {row.against:18} {peer:9.3f}   ours {ours:9.3f}   {peer / ours:6.2f}")

    # ---- one step of a network ---------------------------------------------------------------------

    def size(self, component):
        config = self.which[component]
        return config.get("sample_size") or config.get("image_size") or 0

    def our_step(self, row, model, threads=None, passes=1):
        said = self.engine.step(model, row.component, row.batch, self.size(row.component), row.precision, threads, passes)
        if said["precision"] != row.precision:
            raise Refused(f"unclip bench computed in {said['precision']}, not in {row.precision}")
        if threads in (None, self.engine.threads):
            self.steps[row.component, row.precision] = said
        return said

    @contextmanager
    def peer(self, row, model):
        where, n, size = [model, row.component], row.batch, self.size(row.component)
        if row.peer == "torch":
            with Peer(self.engine.threads, self.log, "torch", *where, n, size, row.precision, self.engine.threads) as peer:
                self.formats[row.component, row.precision] = peer.ready["format"]
                yield peer
            return
        with tempfile.TemporaryDirectory(prefix="export-", dir=self.scratch) as folder:
            self.say("  exporting the network for onnxruntime")
            path = Path(folder) / "model.onnx"
            Peer(self.engine.threads, self.log, "export", *where, n, size, path).close()
            with Peer(self.engine.threads, self.log, "onnxruntime", path, row.component, n, size, row.precision,
                      self.engine.threads) as peer:
                yield peer

    def step(self, row, model):
        if row.peer == "onnxruntime" and self.facts["onnxruntime"] is None:
            raise Refused("onnxruntime and onnx for Python are not installed")
        parameters = self.parameters(row.component)
        need_memory((OURS[row.precision] + PEERS[row.peer, row.precision]) * parameters + BESIDES)
        if row.peer == "onnxruntime":
            need_disk(self.scratch, 4.2 * parameters)
        self.our_step(row, model)   # a precision that is refused is so before the peer loads
        with self.peer(row, model) as peer:
            for _ in self.turns():
                theirs, ours = peer.step(), self.our_step(row, model)
                self.pair(row, theirs["seconds"], ours["median_s"])
            row.facts = {"ours": ours, "peer_rss_mb": theirs["peak_rss_mb"], **peer.ready}

    def steps_of(self, rows):
        """All rows of one component, on one model."""
        component = rows[0].component
        with self.model([component, *COMPANIONS.get(component, [])]) as model:
            yield from ((row, lambda row=row: self.step(row, model)) for row in rows)

    # ---- threads -----------------------------------------------------------------------------------------

    def threads(self, row, model):
        need_memory(OURS[row.precision] * self.parameters(row.component) + BESIDES)
        if self.engine.threads < 2:
            raise Refused("there is one thread only")
        for _ in self.turns():
            one, two = (self.our_step(row, model, threads, THREADS_PASSES)["median_s"] for threads in (1, 2))
            self.pair(row, one, two)

    def threads_of(self, rows):
        with self.model(["decoder", *COMPANIONS["decoder"]]) as model:
            yield from ((row, lambda row=row: self.threads(row, model)) for row in rows)

    # ---- a whole variation -----------------------------------------------------------------------------------

    def torch_variation(self, model, steps, how):
        form = self.formats.get(("decoder", "bf16"), "channels_last")
        done = subprocess.run([sys.executable, HERE / "variation.py", model, str(self.engine.threads), str(steps["decoder"]),
                               str(steps["super_res"]), form, how], env=peer_environment(self.engine.threads),
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Refused(f"the peer: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
        return json.loads(done.stdout.splitlines()[-1])

    def start(self, row, model, steps, image):
        with tempfile.TemporaryDirectory(dir=self.scratch) as out:
            for _ in self.turns():
                warm(model)
                touch_memory()   # so does the peer, when it has imported what it needs
                # Ours first: if it refuses the precision, it does so at once.
                ours = self.engine.first_step(model, image, out, row.precision, steps)
                theirs = self.torch_variation(model, steps, "start")
                self.pair(row, theirs["first_step_s"], ours["seconds"])

    def variation(self, rows, model, steps, image):
        with tempfile.TemporaryDirectory(dir=self.scratch) as out:
            for i in self.turns():
                warm(model)
                ours = self.engine.variation(model, image, Path(out) / str(i), rows[0].precision, steps)
                theirs = self.torch_variation(model, steps, "whole")
                for row, name in zip(rows, ("seconds", "peak_rss_mb")):
                    self.pair(row, theirs[name], ours[name])
        rows[1].facts["forecast_mb"] = self.engine.memory(model, rows[0].precision)

    def whole_of(self, rows, steps):
        """The start, then the variation, whose time and memory are two rows."""
        with self.model(WHOLE, tokenizer=True) as model:
            # The largest stage alone is in memory, on either side; beside it the files in the page cache.
            need_memory(OURS["bf16"] * self.parameters("decoder") + 2 * self.parameters(*WHOLE) + BESIDES)
            image = model.parent / "picture.png"
            draw(image)
            for row in rows:
                if row.group == "start":
                    yield row, lambda row=row: self.start(row, model, steps, image)
            both = [row for row in rows if row.group == "variation"]
            if both:
                yield both[0], lambda: self.variation(both, model, steps, image)


def warm(model):
    """Reads every weight once, so that both sides find them in the page cache."""
    for path in model.glob("*/*.safetensors"):
        with open(path, "rb") as file:
            while file.read(1 << 24):
                pass


def draw(path):
    import numpy
    from PIL import Image

    side = numpy.linspace(0, 255, 256)
    picture = numpy.stack([*numpy.meshgrid(side, side), numpy.full((256, 256), 96.0)], -1)
    Image.fromarray(picture.astype(numpy.uint8)).save(path)
