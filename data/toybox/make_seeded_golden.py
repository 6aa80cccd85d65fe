"""Whole pictures by diffusers' own UnCLIPPipeline from torch seeds, and the small random model that they belong to.

    python3 make_seeded_golden.py ../../tests/golden/seeded

Takes diffusers (0.40 made those that are there). Prior, text projection, UNets, schedulers, the order of draws and the pipeline
are its; caption and text tower are this folder's, which the text encoder's goldens hold to transformers'.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import torch

here = sys.path.pop(0)   # where a module safetensors lies that is not the one that diffusers wants
from diffusers.models import PriorTransformer, UNet2DConditionModel, UNet2DModel
from diffusers.pipelines.deprecated.unclip.pipeline_unclip import UnCLIPPipeline
from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel
from diffusers.schedulers import UnCLIPScheduler

sys.modules.pop("safetensors", None)
sys.path.insert(0, here)
import configs
import safetensors
from networks import TextTower
from tokenizer import Tokenizer, learn

DIM, LENGTH, CONTEXT = 16, 16, 12
PROMPT = "a low red boat, it's 7!"
CALLS = [{"name": f"text2image-{seed}", "kind": "text2image", "prompt": PROMPT, "seed": seed, "prior_steps": 6, "prior_guidance": 4.0,
          "decoder_steps": 5, "decoder_guidance": 3.0, "super_res_steps": 4} for seed in (3, 4100000000)]
TEXT = {"architectures": ["CLIPTextModelWithProjection"], "model_type": "clip_text_model", "hidden_size": DIM, "intermediate_size": 32,
        "num_attention_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": LENGTH, "pad_token_id": 0, "hidden_act": "quick_gelu",
        "layer_norm_eps": 1e-5, "projection_dim": DIM}
PRIOR = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 2, "embedding_dim": DIM, "num_embeddings": LENGTH,
         "additional_embeddings": 4, "dropout": 0.0}
DECODER = {**configs._unet([8, 12], 1, sample_size=16, in_channels=3, out_channels=6, attention_head_dim=4, cross_attention_dim=CONTEXT,
                           class_embed_type="identity", mid_block_type="UNetMidBlock2DSimpleCrossAttn", only_cross_attention=False,
                           resnet_time_scale_shift="scale_shift"), "norm_num_groups": 4}
TEXT_PROJ = {"clip_embeddings_dim": DIM, "clip_extra_context_tokens": 4, "cross_attention_dim": CONTEXT, "time_embed_dim": 32}
SUPER_RES = {**configs._unet([8, 12], 0, sample_size=32, in_channels=6, out_channels=3, attention_head_dim=4, add_attention=False,
                             resnet_time_scale_shift="default", time_embedding_type="positional"), "norm_num_groups": 4}
SCHEDULERS = {
    "prior_scheduler": {"variance_type": "fixed_small_log", "num_train_timesteps": 1000, "clip_sample": True, "clip_sample_range": 5.0,
                        "prediction_type": "sample"},
    "decoder_scheduler": {"variance_type": "learned_range", "num_train_timesteps": 1000, "clip_sample": True, "clip_sample_range": 1.0,
                          "prediction_type": "epsilon"},
    "super_res_scheduler": {"variance_type": "fixed_small_log", "num_train_timesteps": 1000, "clip_sample": True, "clip_sample_range": 1.0,
                            "prediction_type": "epsilon"},
}


class Words:
    """What the pipeline asks of a tokenizer, by ours."""

    def __init__(self, tokenizer):
        self.tokenizer, self.model_max_length = tokenizer, tokenizer.length

    def __call__(self, texts, padding, **_):
        rows = [self.tokenizer.encode(text) for text in ([texts] if isinstance(texts, str) else texts)]
        end = max(sum(mask) for _, mask in rows) if padding == "longest" else self.model_max_length
        return SimpleNamespace(input_ids=torch.tensor([ids[:end] for ids, _ in rows]),
                               attention_mask=torch.tensor([mask[:end] for _, mask in rows]))


class Text(torch.nn.Module):
    """What it asks of a text encoder."""

    def __init__(self, tower):
        super().__init__()
        self.tower, self.dtype, self.device = tower, torch.float32, torch.device("cpu")

    def forward(self, ids):
        states, embeds = self.tower(ids)
        return SimpleNamespace(last_hidden_state=states, text_embeds=embeds)


def roughen(net):
    """Norms, too, differ from channel to channel, and every weight is what its 16 bits hold."""
    for parameter in net.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))
        parameter.copy_(parameter.half().float())
    return net.eval()


def save(folder, file, config, net=None):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps(config, indent=2) + "\n")
    if net is not None:
        name = "model" if isinstance(net, TextTower) else "diffusion_pytorch_model"
        safetensors.write(folder / f"{name}.safetensors", {k: v.half() for k, v in sorted(net.state_dict().items())})


@torch.no_grad()
def main():
    torch.manual_seed(23)
    torch.set_num_threads(1)
    out = Path(sys.argv[1])
    tokenizer = Tokenizer(learn([PROMPT], 8), LENGTH)
    n = len(tokenizer.vocab)
    text = {**TEXT, "vocab_size": n, "bos_token_id": n - 2, "eos_token_id": n - 1}
    nets = {"text_encoder": (text, TextTower(text)), "prior": (PRIOR, PriorTransformer(**PRIOR)),
            "text_proj": (TEXT_PROJ, UnCLIPTextProjModel(**TEXT_PROJ)), "decoder": (DECODER, UNet2DConditionModel(**DECODER)),
            "super_res_first": (SUPER_RES, UNet2DModel(**SUPER_RES)), "super_res_last": (SUPER_RES, UNet2DModel(**SUPER_RES))}
    for name, (config, net) in nets.items():
        roughen(net)
        save(out / "model" / name, "config.json", config, net)
    for name, config in SCHEDULERS.items():
        save(out / "model" / name, "scheduler_config.json", {"_class_name": "UnCLIPScheduler", **config})
    save(out / "model", "model_index.json", {"_class_name": "UnCLIPPipeline"})
    (out / "model" / "tokenizer").mkdir(exist_ok=True)
    tokenizer.save(out / "model" / "tokenizer")

    parts = {name: net for name, (_, net) in nets.items()}
    pipeline = UnCLIPPipeline(**{**parts, "text_encoder": Text(parts["text_encoder"])}, tokenizer=Words(tokenizer),
                              **{name: UnCLIPScheduler(**config) for name, config in SCHEDULERS.items()})
    pipeline.set_progress_bar_config(disable=True)
    for call in CALLS:
        picture = pipeline(call["prompt"], generator=torch.Generator().manual_seed(call["seed"]), prior_num_inference_steps=call["prior_steps"],
                           prior_guidance_scale=call["prior_guidance"], decoder_num_inference_steps=call["decoder_steps"],
                           decoder_guidance_scale=call["decoder_guidance"], super_res_num_inference_steps=call["super_res_steps"]).images[0]
        picture.save(out / f"{call['name']}.png")
    (out / "cases.json").write_text(json.dumps(CALLS, indent=1) + "\n")


if __name__ == "__main__":
    main()
