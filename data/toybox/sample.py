"""Looks at a Toybox under training without the C engine: generates, edits, and lets the judge count.

    python3 sample.py --work DIR --out sheet.png [--world solids]

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F

import configs
from diffusion import ddim_invert, ddim_sample, unclip_sample
from judge import Judge
from networks import Prior, TextProj, Unet
from train import HELD_OUT, drawn, encode, load, normalised, slerp, tokenizer, towers
from worlds import WORLDS


class Toybox:
    """All networks with their averaged weights, rounded as they are shipped."""

    def __init__(self, args):
        world = WORLDS[args.world]
        self.tok = tokenizer(world)
        self.text, self.image = towers(self.tok)
        shipped = lambda state: {k: v.bfloat16().float() for k, v in state.items()}
        clip, decoder = load(args, "clip"), load(args, "decoder")
        self.text.load_state_dict(shipped(clip["text"])), self.image.load_state_dict(shipped(clip["image"]))
        self.unet, self.proj = Unet(world.sizes.decoder), TextProj(world.sizes.text_proj)
        self.unet.load_state_dict(shipped(decoder["unet"])), self.proj.load_state_dict(shipped(decoder["proj"]))
        self.unet.to(memory_format=torch.channels_last)
        if (args.work / "prior.pt").exists():
            self.prior = Prior(configs.PRIOR)
            self.prior.load_state_dict(shipped(load(args, "prior")["prior"]))
        self.judge = Judge(world.heads).eval()
        if (args.work / "judge.pt").exists():
            self.judge.load_state_dict(load(args, "judge")["judge"])

    def text_of(self, texts):
        ids, mask = encode(self.tok, texts)
        states, z_t = self.text(ids)
        return states, z_t, mask

    def picture(self, x):
        return self.image(normalised(((x + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1))[1]

    def model(self, z_i, texts, guidance):
        """(x, t) to (eps, v) with classifier-free guidance; rows: unconditional, conditional."""
        n = len(z_i)
        states, z_t, mask = self.text_of(texts)
        rows = [(z_i, z_t, states, mask)]
        if guidance != 1:
            s0, z0, m0 = self.text_of([""] * n)
            rows.insert(0, (self.proj.learned_classifier_free_guidance_embeddings.expand(n, -1), z0, s0, m0))
        z, zt, st, ms = (torch.cat(v) for v in zip(*rows))
        context, time = self.proj(z, zt, st)
        mask = F.pad(ms, (4, 0), value=1)

        def run(x, t):
            x = x.repeat(len(rows), 1, 1, 1).contiguous(memory_format=torch.channels_last)
            e, v = self.unet(x, torch.full((len(x),), t), context, time, mask).chunk(2, 1)
            return (e if guidance == 1 else e[:n] + guidance * (e[n:] - e[:n])), v[-n:]
        return run

    def sample_prior(self, texts, guidance, steps):
        n = len(texts)
        cond, un = self.text_of(texts), self.text_of([""] * n)
        states, z_t, mask = (torch.cat([u, c]) for u, c in zip(un, cond))

        def run(x, t):
            a, b = self.prior(x.repeat(2, 1), torch.full((2 * n,), t), z_t, states, mask).chunk(2)
            return a + guidance * (b - a), None
        draws = []
        for _ in range(2):
            z = unclip_sample(run, torch.randn(n, configs.Z), steps, 5.0, sample_prediction=True) * self.prior.clip_std + self.prior.clip_mean
            draws.append(z)
        better = (F.normalize(draws[1]) * F.normalize(cond[1])).sum(1) > (F.normalize(draws[0]) * F.normalize(cond[1])).sum(1)
        return torch.where(better[:, None], draws[1], draws[0])

    def right(self, x):
        seen = self.judge.read(x.contiguous(memory_format=torch.channels_last))
        return [seen[name] for name in ("shape", "colour", "background")]


def sheet(rows, path):
    from PIL import Image
    grid = torch.cat([torch.cat(list(r), 2) for r in rows], 1)
    Image.fromarray(((grid.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()).resize(
        (grid.shape[2] * 2, grid.shape[1] * 2), 0).save(path)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", choices=WORLDS, default="solids")
    parser.add_argument("--out", default="sheet.png")
    parser.add_argument("--n", type=int, default=16)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--guidance", type=float, default=2)
    parser.add_argument("--prior-guidance", type=float, default=2)
    parser.add_argument("--theta", type=float, nargs="*", default=[0.3, 0.45])
    parser.add_argument("--edit-guidance", type=float, nargs="*", default=[1.0, 3.0])
    parser.add_argument("--skip", default="")
    args = parser.parse_args()
    torch.set_num_threads(2), torch.manual_seed(3)
    toy, world, n = Toybox(args), WORLDS[args.world], args.n
    scenes = world.draw(n, HELD_OUT)
    x = drawn(scenes, world)
    z_i, rows = toy.picture(x), []
    small = x if args.size == 64 else F.avg_pool2d(x, 64 // args.size)
    report = lambda name, p: print(f"{name:34s} shape {(p[0] == scenes.shape).float().mean():.2f} colour {(p[1] == scenes.colour).float().mean():.2f} "
                                   f"ground {(p[2] == scenes.background).float().mean():.2f} shape+colour {((p[0] == scenes.shape) & (p[1] == scenes.colour)).float().mean():.2f}", flush=True)
    big = lambda v: v if args.size == 64 else F.interpolate(v, scale_factor=64 // args.size, mode="bicubic")
    rows.append(x[:16])
    report("true", toy.right(x))
    if "reco" not in args.skip:
        for g in (1.0, args.guidance):
            y = ddim_sample(lambda a, t: toy.model(z_i, [""] * n, g)(a, t)[0], torch.randn_like(small), args.steps, eta=1.0, clip=True)
            report(f"z_i, new noise, g {g}", toy.right(big(y)))
            rows.append(big(y)[:16])
    after = world.edited(scenes, 5)
    full, target = world.edit_captions(scenes, after, 7)
    if "generate" not in args.skip and hasattr(toy, "prior"):
        z = toy.sample_prior(full, args.prior_guidance, 25)
        print("prior: cos to the true z_i %.3f" % F.cosine_similarity(z, z_i).mean())
        model = toy.model(z, full, args.guidance)
        y = unclip_sample(model, torch.randn_like(small), args.steps, 1.0, learned_range=True)
        report("generate", toy.right(big(y)))
        rows.append(big(y)[:16])
    if "edit" not in args.skip:
        wanted = [after.shape, after.colour, after.background]
        changed = [w != v for w, v in zip(wanted, (scenes.shape, scenes.colour, scenes.background))]
        invert = toy.model(z_i, [""] * n, 1.0)
        x_T = ddim_invert(lambda a, t: invert(a, t)[0], small, args.steps)
        print("std of x_T %.3f" % x_T.std())
        z_d = toy.text_of(target)[1] - toy.text_of(full)[1]
        for caption in ("", "target"):
            for g in args.edit_guidance:
                for theta in args.theta:
                    z = slerp(z_i, z_d, theta)
                    model = toy.model(z, target if caption else [""] * n, g)
                    y = ddim_sample(lambda a, t: model(a, t)[0], x_T, args.steps)
                    p = toy.right(big(y))
                    right = [seen == w for seen, w in zip(p, wanted)]
                    told = [f"{name} {r[c].float().mean():.2f} kept {r[~c].float().mean():.2f}" for name, r, c in zip(("shape", "colour", "ground"), right, changed)]
                    print(f"edit theta {theta} g {g} caption '{caption}': {', '.join(told)}, all {(right[0] & right[1] & right[2]).float().mean():.2f}", flush=True)
                    rows.append(big(y)[:16])
    sheet(rows, args.out)


if __name__ == "__main__":
    main()
