"""Trains the first upsampler, 64 to 256; what both upsamplers share.

    python3 train.py super_res --minutes 8

An upsampler gives what the clean picture has beyond the bicubically enlarged small one, in units of SCALE: so flat
parts, where that is nothing, stay free of grain, which a small network that predicts noise leaves there. Its
scheduler says so with prediction_type "residual".

SPDX-License-Identifier: GPL-3.0-or-later
"""

import numpy as np
import torch
import torch.nn.functional as F

import configs
from diffusion import noised, unclip_times
from networks import Unet
from train import DEVICE, Run, autocast
from worlds import WORLDS

# What an edge lacks is about this large, in pictures from -1 to 1.
SCALE = 0.125


def enlarge(x, size):
    """Bicubic with antialias: what the engine does before an upsampler."""
    return F.interpolate(x, size=(size, size), mode="bicubic", antialias=True, align_corners=False)


def upsampler(config, args, name, lr):
    """The network and its run."""
    unet = Unet(config).to(DEVICE, memory_format=torch.channels_last)
    if not (args.work / f"{name}.pt").exists():
        with torch.no_grad():
            unet.conv_out.weight.mul_(0.1)
    return unet, Run(args, name, {"unet": unet}, args.lr or lr, folders={"unet": name if name == "super_res_1024" else "super_res_first"})


def predicted(unet, x_t, t, low):
    """x_0 as the network has it."""
    with autocast():
        out = unet(torch.cat([x_t, low], 1).contiguous(memory_format=torch.channels_last), t)
    return low + SCALE * out.float()


def learn(run, unet, x, low, t):
    """One step on pictures x and their enlarged small ones, [n, 3, h, w], at timesteps t [n]."""
    x_0 = predicted(unet, noised(x, t, torch.randn_like(x)), t, low)
    error = ((x_0 - x) ** 2).mean((1, 2, 3)) / SCALE ** 2
    high = t > 250
    run.update(error.mean(), high=error[high].mean() if high.any() else error.mean() * 0,
               gain=10 * torch.log10(((low - x) ** 2).mean() / ((x_0.detach() - x) ** 2).mean()))


def train(args):
    """On crops of 64; the condition is blurred and a little noisy now and then, as the decoder's pictures are."""
    world = WORLDS[args.world]
    unet, run = upsampler(configs.SUPER_RES, args, "super_res", 1e-3)
    rng, n, crop, pool = np.random.default_rng(run.step), args.batch or 16, 64, None
    times = torch.tensor(unclip_times(7))
    while run.going():
        if pool is None or run.step % 60 == 0:   # fresh pictures now and then: drawing one at 256 costs 40 ms
            scenes = world.draw(24, 2_000_000 + run.step)
            x = world.render(scenes, 256).permute(0, 3, 1, 2) * 2 - 1
            low = world.render(scenes, 64).permute(0, 3, 1, 2) * 2 - 1
            kernel = torch.tensor([1.0, 2, 1]) / 4
            blur = F.conv2d(F.pad(low, (1, 1, 1, 1), mode="replicate").reshape(-1, 1, 66, 66), (kernel[:, None] * kernel)[None, None]).view_as(low)
            mix = torch.rand(len(low), 1, 1, 1) * (torch.rand(len(low), 1, 1, 1) < 0.5)
            grain = 0.02 * torch.rand(len(low), 1, 1, 1) * (torch.rand(len(low), 1, 1, 1) < 0.5)
            low = low + (blur - low) * mix + grain * torch.randn_like(low)
            fresh = torch.cat([x, enlarge(low, 256)], 1)
            pool = fresh if pool is None else torch.cat([fresh, pool])[:96]
        rows = []
        for i in rng.integers(0, len(pool), n):
            a, b = rng.integers(0, 256 - crop + 1, 2)
            rows.append(pool[i, :, a:a + crop, b:b + crop])
        both = torch.stack(rows).to(DEVICE)
        # Mostly the times that sampling visits.
        t = torch.where(torch.rand(n) < 0.3, torch.randint(0, 1000, (n,)), times[torch.randint(2, 7, (n,))]).to(DEVICE)
        learn(run, unet, both[:, :3], both[:, 3:], t)
    run.save()
