"""Writes the trained networks as a model folder in the published layout, weights in bfloat16.

    python3 export.py --work DIR [--world solids] [--judge judge.safetensors] ../models/toybox

and then about.py, which adds what the model says of itself. Priors and upsamplers that are not trained yet are left out.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import argparse
import json
from pathlib import Path

import torch

import configs
import safetensors
from prior_autoregressive import configuration, shipped
from super_res import SCALE
from train import tokenizer
from worlds import WORLDS

# What the command line and the plug-in use unless told otherwise; measured with ./run evaluate.
DEFAULTS = {"prior_guidance_scale": 2.0, "prior_autoregressive_guidance_scale": 2.0, "decoder_guidance_scale": 3.0,
            "sampler_order": 2, "generate_steps": 12, "decoder_steps": 25, "prior_steps": 12,
            "text_edit_strength": configs.EDIT, "text_edit_guidance_scale": 1.0,
            "variation_eta": 0.95, "variation_guidance_scale": 2.0,
            # The first upsampler begins on the enlarged picture under little noise: 36.5 dB against 35.5 from t = 666.
            "super_res_skipped_steps": 5,
            # Four steps, from where the second one's training begins.
            "super_res_1024_steps": 4, "super_res_1024_first_timestep": 500}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--world", choices=WORLDS, default="solids")
    parser.add_argument("--judge", type=Path, help="where the one that the report reads with is to be written")
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    world = WORLDS[args.world]
    tok = tokenizer(world)
    text, image = configs.clip(len(tok.vocab))

    def stage(name):
        path = args.work / f"{name}.pt"
        if not path.exists():
            raise SystemExit(f"{path} is not there: train it with `train.py {name}`")
        return torch.load(path, map_location="cpu")["ema"]

    trained = lambda name: (args.work / f"{name}.pt").exists()
    index = {"_class_name": "UnCLIPPipeline", "_unclip_defaults": DEFAULTS}
    scheduler, unet = ["diffusers", "UnCLIPScheduler"], ["diffusers", "UNet2DModel"]

    dump = lambda path, value: path.write_text(json.dumps(value, indent=2) + "\n")

    def component(name, config, weights, file="diffusion_pytorch_model.safetensors"):
        (args.out / name).mkdir(parents=True, exist_ok=True)
        dump(args.out / name / "config.json", config)
        safetensors.write(args.out / name / file, {k: shipped(k, v) for k, v in sorted(weights.items())})

    clip, decoder = stage("clip"), stage("decoder")
    component("text_encoder", text, clip["text"], "model.safetensors")
    component("image_encoder", image, clip["image"], "model.safetensors")
    component("text_proj", world.sizes.text_proj, decoder["proj"])
    component("decoder", world.sizes.decoder, decoder["unet"])
    index |= {"text_encoder": ["transformers", "CLIPTextModelWithProjection"], "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
              "text_proj": ["unclip", "UnCLIPTextProjModel"], "decoder": ["diffusers", "UNet2DConditionModel"]}
    if trained("prior"):
        component("prior", configs.PRIOR, stage("prior")["prior"])
        index["prior"] = ["diffusers", "PriorTransformer"]
    if trained("prior_autoregressive"):
        autoregressive = stage("prior_autoregressive")["prior"]
        component("prior_autoregressive", configuration(len(autoregressive["pca_basis"])), autoregressive)
        index["prior_autoregressive"] = ["unclip", "PriorAutoregressive"]
    if trained("super_res"):
        # Karlo's last step has a network of its own; ours serves every step.
        for name in ("super_res_first", "super_res_last"):
            component(name, configs.SUPER_RES, stage("super_res")["unet"])
            index[name] = unet
    if trained("super_res_1024"):
        component("super_res_1024", configs.SUPER_RES_1024, stage("super_res_1024")["unet"])
        index["super_res_1024"] = unet
    if args.judge:
        safetensors.write(args.judge, {k: v.bfloat16() for k, v in stage("judge")["judge"].items()})
    for name in ("tokenizer", "feature_extractor"):
        (args.out / name).mkdir(exist_ok=True)
    tok.save(args.out / "tokenizer")
    side = image["image_size"]
    dump(args.out / "feature_extractor" / "preprocessor_config.json", {
        "crop_size": {"height": side, "width": side}, "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True,
        "do_rescale": True, "do_resize": True, "image_mean": configs.MEAN, "image_std": configs.STD,
        "image_processor_type": "CLIPImageProcessor", "resample": 3, "rescale_factor": 1 / 255, "size": {"shortest_edge": side}})
    # The decoder learns a variance as the paper's does, but for steps of one timestep: with 25 steps the small
    # fixed one leaves less grain.
    residual = {"residual_scale": SCALE}
    for name, clip_range, prediction, more in (("prior", 5.0, "sample", {}), ("decoder", 1.0, "epsilon", {}),
                                               ("super_res", 1.0, "residual", residual), ("super_res_1024", 1.0, "residual", residual)):
        if not trained(name):
            continue
        (args.out / f"{name}_scheduler").mkdir(exist_ok=True)
        dump(args.out / f"{name}_scheduler" / "scheduler_config.json", {
            "_class_name": "UnCLIPScheduler", "clip_sample": True, "clip_sample_range": clip_range,
            "num_train_timesteps": 1000, "prediction_type": prediction, "variance_type": "fixed_small_log", **more})
        index[f"{name}_scheduler"] = scheduler
    index |= {"feature_extractor": ["transformers", "CLIPImageProcessor"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    dump(args.out / "model_index.json", dict(sorted(index.items())))


if __name__ == "__main__":
    main()
