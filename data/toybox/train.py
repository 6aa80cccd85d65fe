"""Trains Toybox, stage by stage. Every stage keeps a checkpoint in --work, goes on from it, and
stops after --minutes; its learning rate falls to zero towards that end.

    python3 train.py all                             every stage of RECIPE, one after the other; goes on where it was stopped
    python3 train.py decoder --minutes 40 --size 64  one stage alone
    python3 train.py all --start ../models/toybox    begins with the weights that are there
    python3 train.py all --world things              the new world, or its first things with --world gate

A stage stands still while there is a file "pause" in --work, and may be stopped with SIGSTOP: neither counts as time, which is the
processor's on a CPU. Pictures are drawn by worker processes.
Runs on a GPU where there is one (bfloat16), else on the CPU: in bfloat16 where the CPU computes it, else in float32.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import collections
import copy
import datetime
import importlib
import itertools
import math
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn

import configs
import safetensors
from diffusion import AB, min_snr, noised, variance_loss
from judge import Judge, judged
from networks import ImageTower, Prior, TextProj, TextTower, Unet
from tokenizer import Tokenizer, learn
from worlds import SOLIDS, WORLDS, altered, pictures as drawn_pictures

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
HELD_OUT = 1_000_000   # seeds from here on are never trained on
CLIP_SEEDS = 10_000    # those of the pictures' file lie below
RECIPE_CORES = 2       # that RECIPE's minutes are of


def autocast():
    """bfloat16 where it is fast: on a CPU without the instructions it is several times slower."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=DEVICE == "cuda" or "amx_bf16" in flags or "avx512_bf16" in flags)


def start(modules, model, folders):
    """Takes over what an exported model has under the same name and in the same shape."""
    for key, folder in (folders or {}).items():
        path = next(iter(sorted((model / folder).glob("*.safetensors"))), None)
        if path is None:
            continue
        have, own = safetensors.read(path), modules[key].state_dict()
        same = {k: v.to(own[k]) for k, v in have.items() if k in own and own[k].shape == v.shape}
        modules[key].load_state_dict(same, strict=False)
        print(f"{folder}: {len(same)} of {len(own)} tensors from {path}", flush=True)


def clock():
    """Seconds that training had: on a CPU those of RECIPE_CORES cores, so that what else the machine does, and standing still, takes none."""
    share = dist.get_world_size() if dist.is_initialized() else 1
    return time.time() if DEVICE == "cuda" else time.process_time() * share / RECIPE_CORES


class Run:
    """A stage's time, learning rate and checkpoint. Where processes share a stage, each has its own part of every batch and the same
    weights; the first one's clock counts, and it alone writes."""

    def __init__(self, args, name, modules, lr, weight_decay=0.01, folders=None):
        """@folders names the modules' components in an exported model, for --start."""
        self.path, self.modules = args.work / f"{name}.pt", modules
        if args.start and not self.path.exists():
            start(modules, args.start, folders)
        self.name, self.lr, self.budget, self.step, self.log = name, lr, args.minutes * 60, 0, []
        self.size, self.spent, self.done, self.pause = args.size, 0.0, 0.0, args.work / "pause"
        params = [p for m in modules.values() for p in m.parameters() if p.requires_grad]
        self.params = params
        self.optimizer = torch.optim.AdamW(params, lr, betas=(0.9, 0.98), weight_decay=weight_decay, fused=True)
        self.ema = {k: copy.deepcopy(m) for k, m in modules.items()}
        if self.path.exists():
            state = torch.load(self.path, map_location=DEVICE)
            for k, m in modules.items():
                m.load_state_dict(state["modules"][k]), self.ema[k].load_state_dict(state["ema"][k])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]
            if state.get("size") == self.size:   # stopped on its way: it has that much less to go
                self.spent = state["spent"]
        self.first, self.last = self.step, clock()
        self.saved, self.done = self.spent, self.spent / self.budget
        self.rank, self.n_ranks = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
        if self.n_ranks > 1:
            for p in params:
                dist.broadcast(p.data, 0)

    def share(self):
        """Makes gradients the mean of all processes', and the time that of the first."""
        flat = torch.cat([p.grad.flatten() for p in self.params] + [torch.tensor([self.spent * (self.rank == 0)])])
        dist.all_reduce(flat)
        self.done = float(flat[-1]) / self.budget
        for p, grad in zip(self.params, (flat[:-1] / self.n_ranks).split([p.numel() for p in self.params])):
            p.grad.copy_(grad.view_as(p))

    def going(self):
        self.spent += clock() - self.last
        if self.rank == 0 and self.pause.exists():
            self.save()
            print(f"{self.name}: paused by {self.pause}", flush=True)
            while self.pause.exists():
                time.sleep(1)
        self.last = clock()
        if self.n_ranks == 1:
            self.done = self.spent / self.budget
        return self.done < 1

    def update(self, loss, **figures):
        warm = min(1, (self.step - self.first + 1) / 50)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(self.done, 1))))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.n_ranks > 1:
            self.share()
        nn.utils.clip_grad_norm_(self.params, 1.0)
        self.optimizer.step()
        self.step += 1
        if self.rank > 0:
            return
        decay = min(0.999, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for k, m in self.modules.items():
                torch._foreach_lerp_(list(self.ema[k].parameters()), list(m.parameters()), 1 - decay)
                for mean, buffer in zip(self.ema[k].buffers(), m.buffers()):
                    mean.copy_(buffer)
        self.log.append([float(loss), *(float(v) for v in figures.values())])
        if self.step % 50 == 0:
            means = np.mean(self.log[-50:], 0)
            print(f"{self.name} {self.step} {self.spent / 60:.1f} min  loss {means[0]:.4f} " +
                  " ".join(f"{k} {v:.4f}" for k, v in zip(figures, means[1:])), flush=True)
        if self.spent - self.saved > 120:
            self.save()

    def save(self):
        if self.rank > 0:
            return
        part = self.path.with_suffix(".part")
        torch.save({"modules": {k: m.state_dict() for k, m in self.modules.items()}, "step": self.step,
                    "size": self.size, "spent": self.spent if self.done < 1 else 0.0,
                    "ema": {k: m.state_dict() for k, m in self.ema.items()}, "optimizer": self.optimizer.state_dict()}, part)
        os.replace(part, self.path)
        self.saved = self.spent


def load(args, name):
    """The averaged weights of a finished stage."""
    return torch.load(args.work / f"{name}.pt", map_location=DEVICE)["ema"]


# ---- data --------------------------------------------------------------------------------------------


def begin_worker():
    """Ends with who trains, however that ends."""
    threading.Thread(target=lambda: (multiprocessing.parent_process().join(), os._exit(1)), daemon=True).start()


def ahead(args, parts):
    """What worker processes draw of parts, in their order, some of them in advance."""
    with ProcessPoolExecutor(args.workers, multiprocessing.get_context("spawn"), begin_worker) as pool:
        waiting = collections.deque()
        for part in parts:
            waiting.append(pool.submit(drawn_pictures, args.world, part))
            if len(waiting) > 2 * args.workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def make_data(args):
    """Pictures at 64 pixels as bytes, and their scenes."""
    path = args.work / "pictures.npy"
    if path.exists():
        return
    part = path.with_suffix(".part.npy")
    out = np.lib.format.open_memmap(part, "w+", np.uint8, (args.pictures, 64, 64, 3))
    for i, drawing in enumerate(ahead(args, ((k, 500, False) for k in range(-(-args.pictures // 500))))):
        out[500 * i:500 * (i + 1)] = drawing[:args.pictures - 500 * i]
    out.flush()
    os.replace(part, path)


def data(args):
    pictures = np.load(args.work / "pictures.npy", mmap_mode="r")
    world = WORLDS[args.world]
    return pictures, world.join([world.draw(500, i) for i in range(len(pictures) // 500)])


def tokenizer(world=SOLIDS):
    return Tokenizer(learn(world.spoken(), world.merges), configs.LENGTH)


def pixels(batch):
    """uint8 NHWC to NCHW in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(batch)).to(DEVICE).permute(0, 3, 1, 2).float() / 127.5 - 1


def normalised(x):
    """[-1, 1] to what the image tower wants."""
    mean, std = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in (configs.MEAN, configs.STD))
    return ((x + 1) / 2 - mean) / std


def drawn(scenes, world=SOLIDS):
    """A rendering of scenes, as pixels() gives pictures."""
    return world.render(scenes, 64).to(DEVICE).permute(0, 3, 1, 2) * 2 - 1


def slerp(z, z_d, theta):
    """z turned by a share theta of the way to z_d, its length kept (paper, 3.3)."""
    a, b = F.normalize(z), F.normalize(z_d)
    w = torch.acos((a * b).sum(-1, keepdim=True).clamp(-0.999, 0.999))
    return (torch.sin((1 - theta) * w) * a + torch.sin(theta * w) * b) / torch.sin(w) * z.norm(dim=-1, keepdim=True)


def encode(tok, texts):
    rows = [tok.encode(t) for t in texts]
    return (torch.tensor([r[k] for r in rows], device=DEVICE) for k in (0, 1))


def towers(tok):
    text, image = configs.clip(len(tok.vocab))
    return TextTower(text).to(DEVICE), ImageTower(image).to(DEVICE)


# ---- stages ------------------------------------------------------------------------------------------


def train_clip(args):
    """Contrastive, helped by attribute heads on z_i (thrown away): a small ViT learns shapes slowly from
    captions alone. Where exactly the object is, how it is tilted and lit, captions do not say: that is left to x_T, so two
    pictures of which captions say the same are drawn together. And the difference of two captions has to lead from a
    picture to the edited one, by as much as a text edit turns z_i: CLIP learns that from 400 million pictures, ours is told."""
    world = WORLDS[args.world]
    tok = tokenizer(world)
    text, image = towers(tok)
    d = configs.Z
    # Attributes that captions name, and how many values they have.
    attributes = [h for h in world.heads if h[0] != "pose"] + [("place_x", 3), ("place_y", 3)]
    with torch.no_grad():   # two-dimensional sines: places need not be learned first
        w = image.vision_model["embeddings"]["position_embedding"].weight
        side, width = 8, w.shape[1]
        f = torch.exp(-math.log(100) * torch.arange(width // 4) / (width // 4))
        g = torch.arange(side)[:, None] * f
        row = torch.cat([g.sin(), g.cos()], 1)
        w[1:] = 0.5 * torch.cat([row[:, None].expand(-1, side, -1), row[None].expand(side, -1, -1)], 2).reshape(side * side, -1)
        w[0] = 0
        text.text_model["embeddings"]["token_embedding"].weight.mul_(0.05)
        text.text_model["embeddings"]["position_embedding"].weight.mul_(0.05)
    heads = nn.Linear(d, sum(n for _, n in attributes)).to(DEVICE)
    scale = nn.Linear(1, 1, bias=False).to(DEVICE)
    nn.init.constant_(scale.weight, math.log(10))
    run = Run(args, "clip", {"text": text, "image": image, "heads": heads, "scale": scale}, args.lr or 1e-3, 0.02,
              {"text": "text_encoder", "image": "image_encoder"})
    n = args.batch or 96
    drawings = ahead(args, ((CLIP_SEEDS + step % (HELD_OUT - CLIP_SEEDS), n, True) for step in itertools.count(run.step)))
    while run.going():
        seed = CLIP_SEEDS + run.step % (HELD_OUT - CLIP_SEEDS)
        s, _, after = altered(args.world, world.draw(n, seed), seed)
        x = pixels(next(drawings))
        texts = world.captions(s, seed) + [t for side in world.edit_captions(s, after, seed) for t in side]
        ids, _ = encode(tok, texts)
        with autocast():
            z_i, z_t = image(normalised(x))[1], text(ids)[1]
        z_i, (z_t, z_before, z_after) = z_i.float(), F.normalize(z_t.float()).chunk(3)
        z_edited = slerp(z_i[:n], z_after - z_before, configs.EDIT)
        a = heads(torch.cat([z_i, z_edited])).split([n for _, n in attributes], 1)
        own, alike, other = F.normalize(z_i).chunk(3)
        target = torch.arange(n, device=DEVICE)
        factor = scale.weight.exp().clamp(max=100).squeeze()
        contrast = sum(F.cross_entropy(logits, target) for z in (own, alike) for logits in (factor * z @ z_t.T, factor * z_t @ z.T)) / 4
        # Hard negatives: the other caption of an edit differs in one word alone.
        differ = torch.tensor([b != t for b, t in zip(texts[n:2 * n], texts[2 * n:])], device=DEVICE)
        gaps = torch.cat([factor * (z * (z_before - z_after)).sum(1)[differ] for z in (own, -other)])
        hard, told = F.softplus(-gaps).mean(), (gaps > 0).float().mean()
        near, reached = 1 - (own * alike).sum(1).mean(), 1 - (F.normalize(z_edited) * other).sum(1).mean()
        losses, right = judged(a, attributes, world.join([s, s, after, after]))
        # Shapes are what is hardest to tell.
        run.update(contrast + hard + sum(losses.values()) + 2 * losses["shape"] + 4 * (near + reached),
                   contrast=contrast, told=told, near=near, reached=reached, **right)
    drawings.close()
    run.save()


def embeddings(args):
    """By the finished towers, for the first pictures (CLIP wants more of them than the rest), cached: z_i; and z_i of the
    picture before an edit that leads to this one, turned by the difference of two captions as Text Edit turns it."""
    path = args.work / "z_i.pt"
    if not path.exists() and not (dist.is_initialized() and dist.get_rank()):
        world = WORLDS[args.world]
        tok, clip, (pictures, scenes) = tokenizer(world), load(args, "clip"), data(args)
        text, image = towers(tok)
        text.load_state_dict(clip["text"]), image.load_state_dict(clip["image"])
        rows = []
        with torch.no_grad():
            for i in range(0, len(pictures) // 2, 250):
                s = scenes.pick(slice(i, i + 250))
                before = world.edited(s, i)
                z_i, z_before = image(normalised(torch.cat([pixels(pictures[i:i + 250]), drawn(before, world)])))[1].chunk(2)
                z_from, z_to = (F.normalize(text(next(encode(tok, t)))[1]) for t in world.edit_captions(before, s, i))
                rows.append(torch.stack([z_i, slerp(z_before, z_to - z_from, configs.EDIT)]).cpu())
        torch.save(torch.cat(rows, 1), path)
    if dist.is_initialized():
        dist.barrier()
    return torch.load(path)


def train_decoder(args):
    world = WORLDS[args.world]
    tok, (pictures, scenes), (z_i, z_edited) = tokenizer(world), data(args), embeddings(args)
    text, _ = towers(tok)
    text.load_state_dict(load(args, "clip")["text"])
    unet = Unet(world.sizes.decoder).to(DEVICE, memory_format=torch.channels_last)
    proj = TextProj(world.sizes.text_proj).to(DEVICE)
    if not (args.work / "decoder.pt").exists():
        with torch.no_grad():
            for m in unet.modules():   # residual branches begin at zero
                if hasattr(m, "conv2"):
                    m.conv2.weight.mul_(0.1)
            unet.conv_out.weight.mul_(0.1)
            proj.learned_classifier_free_guidance_embeddings.copy_(z_i.mean(0))
    run = Run(args, "decoder", {"unet": unet, "proj": proj}, args.lr or 1e-3, folders={"unet": "decoder"})
    rng, n = np.random.default_rng([run.step, run.rank]), (args.batch or (32 if args.size == 32 else 16)) // run.n_ranks
    empty = None
    while run.going():
        k = np.sort(rng.choice(len(z_i), n, replace=False))
        x = pixels(pictures[k])
        if args.size != 64:
            x = F.avg_pool2d(x, 64 // args.size)
        x = x.contiguous(memory_format=torch.channels_last)
        texts = world.captions(scenes.pick(torch.from_numpy(k)), int(rng.integers(1 << 30)))
        # 50 % without caption, 10 % without picture embedding (paper, 2.1).
        texts = ["" if rng.random() < 0.5 else t for t in texts]
        ids, mask = encode(tok, texts)
        with torch.no_grad():
            states, z_t = text(ids)
        # What a text edit makes of z_i is not quite what the tower makes of any picture: the decoder has to obey both.
        chance = rng.random((3, n))
        z = torch.where(torch.from_numpy(chance[0] < 0.3)[:, None], z_edited[k], z_i[k]).to(DEVICE)
        z = torch.where(torch.from_numpy(chance[1] < 0.1).to(DEVICE)[:, None], proj.learned_classifier_free_guidance_embeddings, z)
        # Half of them lean to the noisy end, where it is decided what a picture shows.
        u = rng.random(n)
        t = torch.from_numpy((1000 * np.where(chance[2] < 0.5, u, np.sqrt(u))).astype(np.int64)).to(DEVICE)
        eps = torch.randn_like(x)
        x_t = noised(x, t, eps)
        with autocast():
            context, time_add = proj(z, z_t, states)
            out = unet(x_t, t, context, time_add, F.pad(mask, (4, 0), value=1))
        e, v = out.float().chunk(2, 1)
        weight = min_snr(t)
        mse = ((e - eps) ** 2).mean((1, 2, 3))
        vlb = variance_loss(x, x_t, t, eps, e, v)
        run.update((weight * mse).mean() / weight.mean() + 1e-3 * vlb, mse=mse.mean(), vlb=vlb,
                   high=mse[t > 600].mean() if (t > 600).any() else mse.mean() * 0)
    run.save()


def train_prior(args):
    world = WORLDS[args.world]
    tok, (_, scenes), (z_i, _) = tokenizer(world), data(args), embeddings(args)
    text, _ = towers(tok)
    text.load_state_dict(load(args, "clip")["text"])
    prior = Prior(configs.PRIOR).to(DEVICE)
    with torch.no_grad():
        prior.clip_mean.copy_(z_i.mean(0)), prior.clip_std.copy_(z_i.std(0))
    run = Run(args, "prior", {"prior": prior}, args.lr or 6e-4)
    rng, n = np.random.default_rng(run.step), args.batch or 96
    while run.going():
        k = torch.from_numpy(rng.choice(len(z_i), n, replace=False))
        texts = ["" if rng.random() < 0.1 else t for t in world.captions(scenes.pick(k), int(rng.integers(1 << 30)))]
        ids, mask = encode(tok, texts)
        with torch.no_grad():
            states, z_t = text(ids)
        x = (z_i[k].to(DEVICE) - prior.clip_mean) / prior.clip_std
        t = torch.from_numpy(rng.integers(0, 1000, n)).to(DEVICE)
        ab = AB.to(DEVICE)[t][:, None]
        with autocast():
            x0 = prior(ab.sqrt() * x + (1 - ab).sqrt() * torch.randn_like(x), t, z_t, states, mask).float()
        run.update(F.mse_loss(x0, x))
    run.save()


def train_judge(args):
    pictures, scenes = data(args)
    judge = Judge(WORLDS[args.world].heads).to(DEVICE, memory_format=torch.channels_last)
    run = Run(args, "judge", {"judge": judge}, args.lr or 2e-3)
    rng, n = np.random.default_rng([run.step, run.rank]), 64 // run.n_ranks
    while run.going():
        k = np.sort(rng.choice(len(pictures), n, replace=False))
        s, x = scenes.pick(torch.from_numpy(k)), pixels(pictures[k])
        # Noise and dimming, so that it judges what is there and not how it was drawn.
        x = x + 0.1 * torch.rand(n, 1, 1, 1) * torch.randn_like(x)
        with autocast():
            answers = judge(x.contiguous(memory_format=torch.channels_last))
        losses, right = judged([a.float() for a in answers], judge.values, s)
        # Shapes are what is hardest to tell.
        run.update(sum(losses.values()) + 2 * losses["shape"], **right)
    run.save()


def meet(args, stage, rank):
    """One of the processes that share a stage."""
    torch.set_num_threads(args.threads or 1)
    torch.manual_seed(int(time.time()) & 0xffff)
    dist.init_process_group("gloo", f"file://{args.meeting}", datetime.timedelta(days=7), args.processes, rank)
    STAGES[stage](args)
    dist.destroy_process_group()


def shared(args, stage):
    """A stage by as many processes as are asked for, each with one thread unless told otherwise: on two cores 1.2 times as fast as one
    process with two, and more on a busy machine, where threads wait for each other at every layer."""
    if args.processes == 1 or stage not in SHARED:
        STAGES[stage](args)
        return
    args.meeting = args.work / f"meeting-{os.getpid()}"
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=meet, args=(args, stage, rank), daemon=True) for rank in range(1, args.processes)]
    for process in others:
        process.start()
    meet(args, stage, 0)
    for process in others:
        process.join()
    args.meeting.unlink(missing_ok=True)


SHARED = ("judge", "decoder")   # whose batches are mere sums
STAGES = {"data": make_data, "clip": train_clip, "decoder": train_decoder, "prior": train_prior,
          "judge": train_judge, **{name: lambda args, name=name: importlib.import_module(name).train(args)
                                   for name in ("prior_autoregressive", "super_res", "super_res_1024")}}

# Stage, minutes on two free CPU cores, size of the decoder's pictures. The judge measures and is no part of the model.
RECIPE = [("data", 0, 64), ("judge", 9, 64), ("clip", 48, 64), ("decoder", 50, 32), ("decoder", 130, 64), ("prior", 6, 64),
          ("prior_autoregressive", 5, 64), ("super_res", 6, 64), ("super_res_1024", 6, 64)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=[*STAGES, "all"])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--size", type=int, default=32, choices=(32, 64))
    parser.add_argument("--batch", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--processes", type=int, default=1, help="that share a batch of judge and decoder")
    parser.add_argument("--world", choices=WORLDS, default="solids")
    parser.add_argument("--workers", type=int, default=max(1, min(12, len(os.sched_getaffinity(0)) - 1)), help="processes that draw")
    parser.add_argument("--pictures", type=int, default=120000)
    parser.add_argument("--start", type=Path, metavar="MODEL", help="an exported model whose weights a new stage begins with")
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    parser.add_argument("--work", type=Path, help="where checkpoints and pictures are kept")
    args = parser.parse_args()
    args.work = args.work or cache / "gimp-unclip" / {"solids": "toybox"}.get(args.world, f"toybox-{args.world}")
    args.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads or len(os.sched_getaffinity(0)))
    torch.manual_seed(int(time.time()) & 0xffff)
    if args.stage != "all":
        shared(args, args.stage)
        return
    for stage, minutes, size in RECIPE:
        done = args.work / f"{stage}-{size}.done"
        if not done.exists():
            args.minutes, args.size = minutes, size
            shared(args, stage)
            done.touch()


if __name__ == "__main__":
    main()
