"""Golden tensors of Toybox for the C engine's tests: every network once, computed here from the shipped weights.

    python3 make_goldens.py ../models/toybox ../../tests/golden/toybox
    python3 make_goldens.py --small ../../tests/golden/autoregressive

The second makes a small autoregressive prior with random weights, and goldens of it, that training Toybox anew
leaves as they are.

Same file and tensor names as the tasks of `unclip eval`. The tolerance is five times what float32 differs
from float64, at least 4e-6 of the largest value and 2e-6 relative.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import json
from pathlib import Path

import torch
import torch.nn.functional as F

import safetensors
from diffusion import AB, ddim_times
from networks import ImageTower, Prior, TextProj, TextTower, Unet
from prior_autoregressive import PriorAutoregressive, shipped
from train import encode, normalised, tokenizer
from world import draw_scenes, render


def network(model, cls, name):
    config = json.loads((model / name / "config.json").read_text())
    net = cls(config)
    net.load_state_dict({k: v.float() for k, v in safetensors.read(next((model / name).glob("*.safetensors"))).items()})
    return net.eval()


class Goldens:
    def __init__(self, folder):
        self.folder, self.tolerances = folder, {}
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, task, inputs, compute):
        """compute (inputs, dtype) gives the named outputs; runs in both precisions."""
        as_double = {k: v.double() if v.is_floating_point() else v for k, v in inputs.items()}
        single, double = compute(inputs, torch.float32), compute(as_double, torch.float64)
        safetensors.write(self.folder / f"{task}.safetensors", {**inputs, **single})
        self.tolerances[f"{task}.safetensors"] = {}
        for k, v in single.items():
            d = double[k]
            error, scale = (v - d).abs().max().item(), d.abs().max().item()
            relative = ((v - d).norm() / d.norm()).item()
            self.tolerances[f"{task}.safetensors"][k] = {
                "err_max": error, "err_rel": relative, "scale": scale,
                "tol_max": max(5 * error, 4e-6 * scale), "tol_rel": max(5 * relative, 2e-6)}


    def finish(self):
        (self.folder / "tolerances.json").write_text(json.dumps(self.tolerances, indent=1, sort_keys=True) + "\n")


def autoregressive(goldens, prior, states, z_t, mask):
    """The network on whole rows of codes, and its loop on given uniforms. The first row has no caption."""
    c, n = prior.config, len(z_t) - 1
    # In the middle half of a bucket each, so that rounding moves none to its neighbour.
    codes = torch.randint(0, c["n_buckets"], (n + 1, c["n_components"]))
    low, width = prior.bucket_edges[:, :-1], prior.bucket_edges.diff(dim=1)
    inside = lambda t: torch.gather(t, 1, codes.T).T
    z_i = prior.pca_mean + (inside(low) + inside(width) * (0.25 + 0.5 * torch.rand(codes.shape))) @ prior.pca_basis
    given = {"proj_embedding": z_t, "encoder_hidden_states": states, "attention_mask": mask}

    def whole(i, t):
        p = prior.to(t)
        codes = p.codes(i["image_embeddings"])
        return {"logits": p(codes[:, :-1], p.dots(i["image_embeddings"], i["proj_embedding"]), i["proj_embedding"], i["encoder_hidden_states"], i["attention_mask"]),
                "quantised_image_embeddings": p.z_i(codes)}
    goldens.add("prior_autoregressive", {"image_embeddings": z_i, **given}, whole)

    # As many rows without caption, first, as with.
    pairs = {k: torch.cat([v[:1].repeat_interleave(n, 0), v[1:]]) for k, v in given.items()}
    goldens.add("prior_autoregressive_loop", {"uniforms": torch.rand(n, 1 + c["n_components"]), **pairs},
                lambda i, t: {"image_embeds": prior.to(t).z_i(prior.sample(i["uniforms"], *(i[k] for k in pairs), 2.0))})


def small(folder):
    """A model that has nothing but an autoregressive prior of odd sizes, and its goldens."""
    config = {"_class_name": "PriorAutoregressive", "num_attention_heads": 3, "attention_head_dim": 10, "num_layers": 2,
              "embedding_dim": 14, "num_embeddings": 9, "n_components": 6, "n_buckets": 37, "n_dot_buckets": 7}
    prior = PriorAutoregressive(config)
    spread = torch.randn(config["n_components"], config["embedding_dim"]) * torch.arange(config["n_components"], 0, -1)[:, None]
    prior.fit(torch.randn(500, config["n_components"]) @ spread + torch.randn(config["embedding_dim"]), torch.rand(500))
    for p in (*prior.transformer_blocks.parameters(), prior.to_logits.weight):   # so that they matter more than when training starts
        p.mul_(3)
    weights = {k: shipped(k, v) for k, v in sorted(prior.state_dict().items())}
    prior.load_state_dict({k: v.float() for k, v in weights.items()})
    model = folder / "model"
    (model / "prior_autoregressive").mkdir(parents=True, exist_ok=True)
    dump = lambda path, value: path.write_text(json.dumps(value, indent=2) + "\n")
    dump(model / "model_index.json", {"_class_name": "UnCLIPPipeline", "prior_autoregressive": ["unclip", "PriorAutoregressive"]})
    dump(model / "prior_autoregressive" / "config.json", config)
    safetensors.write(model / "prior_autoregressive" / "diffusion_pytorch_model.safetensors", weights)

    goldens, length = Goldens(folder), config["num_embeddings"]
    mask = (torch.arange(length) < torch.tensor([2, 9, 5, 1])[:, None]).long()
    autoregressive(goldens, prior.eval(), torch.randn(4, length, config["embedding_dim"]), torch.randn(4, config["embedding_dim"]), mask)
    goldens.finish()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("model", type=Path, nargs="?")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.manual_seed(11)
    if args.small:
        small(args.out)
        return
    if args.model is None:
        parser.error("name the model and the folder for its goldens")
    goldens, tok = Goldens(args.out), tokenizer()

    ids, mask = encode(tok, ["", "a red ball on sand", "a small green star at night, top left", "unseen words: 3 ÜBER zebras!"])
    text = network(args.model, TextTower, "text_encoder")
    goldens.add("text_encoder", {"input_ids": ids, "attention_mask": mask},
                lambda i, t: dict(zip(("last_hidden_state", "text_embeds"), text.to(t)(i["input_ids"]))))
    states, z_t = text.float()(ids)

    image = network(args.model, ImageTower, "image_encoder")
    pixels = normalised((render(draw_scenes(1, 77), 64).permute(0, 3, 1, 2) * 255).round() / 127.5 - 1)
    goldens.add("image_encoder", {"scene.pixel_values": pixels.contiguous()},
                lambda i, t: dict(zip(("scene.last_hidden_state", "scene.image_embeds"), image.to(t)(i["scene.pixel_values"]))))
    z_i = image.float()(pixels)[1]

    prior = network(args.model, Prior, "prior")
    dim = z_i.shape[1]
    goldens.add("prior", {"hidden_states": torch.randn(2, dim), "proj_embedding": z_t[:2].clone(), "encoder_hidden_states": states[:2].clone(),
                          "attention_mask": mask[:2].clone(), "timesteps": torch.tensor([999, 500, 0])},
                lambda i, t: {"predicted_image_embedding": torch.stack([
                    prior.to(t)(i["hidden_states"], s.repeat(2), i["proj_embedding"], i["encoder_hidden_states"], i["attention_mask"])
                    for s in i["timesteps"]])})

    proj = network(args.model, TextProj, "text_proj")

    def project(i, t):
        p = proj.to(t)
        z = torch.cat([p.learned_classifier_free_guidance_embeddings[None], i["image_embeddings"]])
        context, time = p(z, i["prompt_embeds"], i["text_hidden"])
        return {"cfg.text_encoder_hidden_states": context, "cfg.additive_clip_time_embeddings": time}
    inputs = {"image_embeddings": z_i, "prompt_embeds": z_t[:2].clone(), "text_hidden": states[:2].clone()}
    goldens.add("text_proj", inputs, project)
    condition = project(inputs, torch.float32)
    condition = {"encoder_hidden_states": condition["cfg.text_encoder_hidden_states"],
                 "class_labels": condition["cfg.additive_clip_time_embeddings"],
                 "attention_mask": F.pad(mask[:2], (proj.config["clip_extra_context_tokens"], 0), value=1)}

    decoder = network(args.model, Unet, "decoder")
    unet = lambda i, t, x, s, rows: decoder.to(t)(x, torch.full((len(x),), int(s)), i["encoder_hidden_states"][rows],
                                                  i["class_labels"][rows], i["attention_mask"][rows])
    goldens.add("decoder", {"sample": torch.randn(2, 3, 64, 64), "timesteps": torch.tensor([960, 40]), **condition},
                lambda i, t: {"out": torch.stack([unet(i, t, i["sample"], s, slice(0, 2)) for s in i["timesteps"]])})

    def invert(i, t):
        """Plain DDIM inversion at guidance 1, ten steps, asked at the target's time."""
        x, ab, trajectory = i["x0"], AB.to(t), []
        for k in ddim_times(10):
            src = ab[k - 100] if k >= 100 else ab.new_tensor(1.0)
            eps = unet(i, t, x, k, slice(1, 2))[:, :3]
            x = ab[k].sqrt() * (x - (1 - src).sqrt() * eps) / src.sqrt() + (1 - ab[k]).sqrt() * eps
            trajectory.append(x)
        return {"invert.s1.n10": torch.stack(trajectory)}
    x0 = F.avg_pool2d(render(draw_scenes(1, 77), 64).permute(0, 3, 1, 2) * 2 - 1, 2)
    goldens.add("ddim", {"x0": x0, **condition}, invert)

    nets = {name: network(args.model, Unet, name) for name in ("super_res_first", "super_res_last", "super_res_1024")
            if (args.model / name).exists()}
    goldens.add("super_res", {"sample": torch.randn(1, 6, 64, 64), "timesteps": torch.tensor([999, 166])},
                lambda i, t: {k: torch.stack([n.to(t)(i["sample"], s.repeat(1)) for s in i["timesteps"]]) for k, n in nets.items()})
    autoregressive(goldens, network(args.model, PriorAutoregressive, "prior_autoregressive"), states, z_t, mask)
    goldens.finish()


if __name__ == "__main__":
    main()
