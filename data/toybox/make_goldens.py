"""Golden tensors of Toybox for the C engine's tests: every network once, computed here from the shipped weights.

    python3 make_goldens.py ../models/toybox ../../tests/golden/toybox

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


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    torch.manual_seed(11)
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
    (args.out / "tolerances.json").write_text(json.dumps(goldens.tolerances, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
