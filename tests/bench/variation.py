"""One variation on torch in bf16, from the weights' files to the pixels: what `unclip variations` is measured against.

    variation.py MODEL THREADS DECODER_STEPS SUPER_RES_STEPS FORMAT start|whole

As a careful program would do it: weights are mapped, a network is dropped when its stage is over, guidance makes one
batch of two rows, DDIM's inversion is plain. It makes no reconstruction, which our command does besides. `start` ends with
the decoder's second step. Prints one JSON object: step_s, first_step_s (seconds from the load to the beginning of the
first step) and, of the whole, seconds and peak_rss_mb.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import sys
import time

import torch

import machine
import peer
import subjects

import diffusion

DTYPE = torch.bfloat16
GUIDANCE = 3.0


class Ended(Exception):
    pass


class Clock:
    """When each of the decoder's first two steps ended."""

    def __init__(self, stop_early):
        self.begin, self.ends, self.stop_early = time.perf_counter(), [], stop_early

    def step(self):
        if len(self.ends) < 2:
            self.ends.append(time.perf_counter() - self.begin)
            if len(self.ends) == 2 and self.stop_early:
                raise Ended


def embed(model):
    """z_i of a picture, z_t and the states of the empty caption."""
    tower = subjects.load(model, "image_encoder", DTYPE)
    z_i = tower(torch.randn(1, 3, *[tower.config["image_size"]] * 2).to(DTYPE))[1]
    tower = subjects.load(model, "text_encoder", DTYPE)
    ids = torch.full((1, tower.config["max_position_embeddings"]), tower.config["vocab_size"] - 1)
    states, z_t = tower(ids)
    return z_i, z_t, states


def unet(model, component, form):
    return subjects.load(model, component, DTYPE).to(memory_format=form)


def decode(model, form, n_steps, clock):
    """The picture's own latents by plain DDIM, without guidance, and back from them with it."""
    z_i, z_t, states = embed(model)
    proj = subjects.load(model, "text_proj", DTYPE)
    z_i = torch.cat([proj.learned_classifier_free_guidance_embeddings[None], z_i])
    context, addition = proj(z_i, z_t.repeat(2, 1), states.repeat(2, 1, 1))
    net = unet(model, "decoder", form)
    side, mask = net.config["sample_size"], torch.ones(2, context.shape[1])

    def run(x, t, rows):
        first = 2 - rows
        y = net(x.repeat(rows, 1, 1, 1).to(DTYPE).contiguous(memory_format=form), torch.full((rows,), t), context[first:],
                addition[first:], mask[first:])[:, :3].float()
        clock.step()
        return y

    def guided(x, t):
        y = run(x, t, 2)
        return y[:1] + GUIDANCE * (y[1:] - y[:1])

    x = torch.rand(1, 3, side, side) * 2 - 1
    x_T = diffusion.ddim_invert(lambda x, t: run(x, t, 1), x, n_steps)
    return diffusion.ddim_sample(guided, x_T, n_steps, eta=0.7).clamp(-1, 1)


def upsample(model, form, n_steps, low):
    nets = {"net": unet(model, "super_res_first", form), "calls": 0}
    side = nets["net"].config["sample_size"]
    large = torch.nn.functional.interpolate(low, size=(side, side), mode="bicubic", antialias=True)

    def run(x, t):
        nets["calls"] += 1
        if nets["calls"] == n_steps:
            nets["net"] = None   # before the other is there
            nets["net"] = unet(model, "super_res_last", form)
        y = nets["net"](torch.cat([x, large], 1).to(DTYPE).contiguous(memory_format=form), torch.full((1,), t))
        return y[:, :3].float(), None

    return diffusion.unclip_sample(run, torch.randn(1, 3, side, side), n_steps, clip=1.0)


def main():
    model, threads, n_steps, n_super_res, form, how = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.set_grad_enabled(False)
    if how == "start":
        machine.touch_memory()
    peer.reset_peak()
    clock, said = Clock(how == "start"), {}
    try:
        low = decode(model, getattr(torch, form), int(n_steps), clock)
        upsample(model, getattr(torch, form), int(n_super_res), low)
        said = {"seconds": time.perf_counter() - clock.begin, "peak_rss_mb": peer.peak_mb()}
    except Ended:
        pass
    first, second = clock.ends
    print(json.dumps({"first_step_s": 2 * first - second, "step_s": second - first, **said}), flush=True)


if __name__ == "__main__":
    main()
