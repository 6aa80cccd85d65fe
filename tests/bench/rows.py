"""The rows of the table: what is measured, against whom, and what is to be reached.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass, field


@dataclass
class Row:
    group: str              # the name on the command line
    what: str               # for people
    against: str            # the peer, for people
    target: float | None    # peer's time / ours at least; with @at_most ours / peer's at most
    beyond: float | None = None
    at_most: bool = False
    component: str = ""
    batch: int = 1
    precision: str = "f32"
    peer: str = "torch"     # torch or onnxruntime
    pairs: list = field(default_factory=list)   # (peer's, ours)
    facts: dict = field(default_factory=dict)   # of the last pair, and of what was found besides
    reason: str = ""        # why there is no ratio

    @property
    def key(self):
        return f"{self.group} {self.precision} {self.against}"


def step_rows(group, component, what, batch, targets):
    """@targets: of torch float32, onnxruntime float32, torch bf16; each (to reach, beyond) or None."""
    peers = [("torch", "f32"), ("onnxruntime", "f32"), ("torch", "bf16")]
    return [Row(group, what, f"{peer} {precision}", *(target or (None, None)), component=component, batch=batch,
                precision=precision, peer=peer)
            for (peer, precision), target in zip(peers, targets)]


STEPS = [
    *step_rows("decoder", "decoder", "decoder step, 64×64, batch 2", 2, [(2.0, 2.5), (1.5, 2.0), (1.8, 2.5)]),
    *step_rows("super-res", "super_res_first", "super-resolution step, 256×256, batch 1", 1, [(2.3, 3.0), (2.0, 2.8), (1.6, 2.2)]),
    *step_rows("prior", "prior", "prior step, batch 2", 2, [(1.3, 1.5), None, (1.6, 2.2)]),
    *step_rows("image", "image_encoder", "ViT-L/14 image tower, batch 1", 1, [(1.3, 1.6), None, (2.0, 3.0)]),
]
# One thread's time / two threads'.
THREADS = [Row("threads", "decoder step, 1 thread → 2", "itself, 1 thread", 1.85, component="decoder", batch=2, precision=precision)
           for precision in ("f32", "bf16")]
WHOLE = [
    Row("start", "start to first decoder step", "torch bf16, from its load", 0.3, at_most=True, precision="bf16"),
    Row("variation", "one variation, 64→256", "torch bf16", 1.7, 2.2, precision="bf16"),
    Row("variation", "peak memory of that variation", "torch bf16", 0.6, 0.5, at_most=True, precision="bf16"),
]
EVERY = [*STEPS, *THREADS, *WHOLE]
GROUPS = list(dict.fromkeys(row.group for row in EVERY))
FULL_ONLY = {row.group for row in WHOLE}
