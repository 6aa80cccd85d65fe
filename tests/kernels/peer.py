"""Full-size Karlo's decoder step, batch 2 (guidance), 64 x 64, two threads: ours against torch's.

    peer.py UNCLIP [PAIRS] [--precision f32|bf16]

One process of each kind, turn by turn on the same machine; prints every pair and the median of their
ratios. torch runs on whichever of its two memory formats is faster here. Both have random weights, as
speed does not depend on them. In bf16 torch holds everything in bfloat16, ours the weights. Takes 16 GB of memory, 4 GB of disk and some minutes; wants an idle machine.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "data" / "toybox"))
from networks import Unet   # noqa: E402

N_CONTEXT = 81
DECODER = {
    "_class_name": "UNet2DConditionModel", "sample_size": 64, "in_channels": 3, "out_channels": 6, "act_fn": "silu",
    "block_out_channels": [320, 640, 960, 1280], "layers_per_block": 3, "attention_head_dim": 64, "cross_attention_dim": 1536,
    "down_block_types": ["ResnetDownsampleBlock2D"] + ["SimpleCrossAttnDownBlock2D"] * 3,
    "up_block_types": ["SimpleCrossAttnUpBlock2D"] * 3 + ["ResnetUpsampleBlock2D"],
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn", "class_embed_type": "identity", "norm_num_groups": 32, "norm_eps": 1e-5,
    "resnet_time_scale_shift": "scale_shift", "flip_sin_to_cos": True, "freq_shift": 0,
}
# These two say how many tokens the decoder's context has; neither is measured.
TEXT_ENCODER = {"hidden_size": 768, "intermediate_size": 768, "num_attention_heads": 12, "num_hidden_layers": 1, "vocab_size": 1,
                "max_position_embeddings": 77, "projection_dim": 768}
TEXT_PROJ = {"clip_embeddings_dim": 768, "clip_extra_context_tokens": 4, "cross_attention_dim": 1536, "time_embed_dim": 1280}


class Torch:
    """The peer: the same network, written for torch, with its fused attention."""

    def __init__(self, dtype):
        import networks
        networks.attend = self.attend
        torch.set_num_threads(2)
        with torch.device("meta"):
            self.unet = Unet(DECODER)
        self.unet = self.unet.to(dtype).to_empty(device="cpu").eval()
        with torch.no_grad():
            for p in self.unet.parameters():
                p.uniform_(-0.02, 0.02)
        self.x, self.context = torch.randn(2, 3, 64, 64, dtype=dtype), torch.randn(2, N_CONTEXT, 1536, dtype=dtype)
        self.time, self.mask = torch.randn(2, 1280, dtype=dtype), torch.ones(2, N_CONTEXT)
        formats = {f: min(self.use(f) or self.step() for _ in range(2)) for f in (torch.contiguous_format, torch.channels_last)}
        self.use(min(formats, key=formats.get))

    @staticmethod
    def attend(q, k, v, n_heads, mask=None):
        q, k, v = (x.view(x.shape[0], x.shape[1], n_heads, -1).transpose(1, 2) for x in (q, k, v))
        return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)

    def use(self, memory_format):
        self.unet, self.x = self.unet.to(memory_format=memory_format), self.x.contiguous(memory_format=memory_format)
        self.step()   # warm

    @torch.no_grad()
    def step(self):
        begin = time.perf_counter()
        self.unet(self.x, torch.tensor([500, 500]), self.context, self.time, self.mask)
        return time.perf_counter() - begin


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("unclip")
    parser.add_argument("pairs", nargs="?", type=int, default=5)
    parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
    args = parser.parse_args()
    unclip, pairs = args.unclip, args.pairs
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as tmp:
        configs = Path(tmp) / "configs"
        for name, config in (("decoder", DECODER), ("text_proj", TEXT_PROJ), ("text_encoder", TEXT_ENCODER)):
            (configs / name).mkdir(parents=True)
            (configs / name / "config.json").write_text(json.dumps(config))
        subprocess.run([unclip, "synth", configs, "--out", Path(tmp) / "model", "--dtype", args.precision, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        peer, ratios = Torch({"f32": torch.float32, "bf16": torch.bfloat16}[args.precision]), []
        for i in range(pairs):
            theirs = peer.step()
            done = subprocess.run([unclip, "bench", Path(tmp) / "model", "decoder", "--repeat", "1", "--threads", "2",
                                   "--precision", args.precision, "--json"],
                                  check=True, capture_output=True, text=True)
            ours = json.loads(done.stdout)
            ratios.append(theirs / ours["median_s"])
            print(f"torch {torch.__version__} {args.precision} {theirs:6.2f} s   ours ({ours['cpu_level']}) {ours['median_s']:6.2f} s   ratio {ratios[-1]:.2f}   "
                  f"{ours['gflop_per_s']:.0f} GFLOP/s, {100 * ours['non_gemm_share']:.0f} % outside GEMM, {ours['peak_rss_mb']:.0f} MB", flush=True)
        print(f"decoder step, full size, {args.precision}: torch's time / ours, median of {pairs}: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
