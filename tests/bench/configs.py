"""The networks that are measured: full-size Karlo (and CLIP ViT-L/14, its image tower), and the same in small.

Only what an engine reads of a config.json is here. The small ones are for trying the suite out: what they measure
says nothing of the engine.

SPDX-License-Identifier: GPL-3.0-or-later
"""

import json


def unet(levels, layers, conditional, **rest):
    """Levels without attention at full resolution, with it below; or none at all."""
    lower = len(levels) - 1
    down = ["ResnetDownsampleBlock2D"] + ["SimpleCrossAttnDownBlock2D" if conditional else "ResnetDownsampleBlock2D"] * lower
    return {"block_out_channels": levels, "layers_per_block": layers, "norm_num_groups": 32, "norm_eps": 1e-5, "act_fn": "silu",
            "flip_sin_to_cos": True, "freq_shift": 0, "down_block_types": down,
            "up_block_types": [name.replace("Down", "Up") for name in reversed(down)], **rest}


def decoder(levels, layers, side, context):
    return unet(levels, layers, True, _class_name="UNet2DConditionModel", sample_size=side, in_channels=3, out_channels=6,
                attention_head_dim=64 if levels[0] >= 64 else 32, cross_attention_dim=context, class_embed_type="identity",
                mid_block_type="UNetMidBlock2DSimpleCrossAttn", resnet_time_scale_shift="scale_shift")


def super_res(levels, layers, side):
    return unet(levels, layers, False, _class_name="UNet2DModel", sample_size=side, in_channels=6, out_channels=3,
                add_attention=False, resnet_time_scale_shift="default")


def tower(width, hidden, heads, layers, dim, **rest):
    return {"hidden_size": width, "intermediate_size": hidden, "num_attention_heads": heads, "num_hidden_layers": layers,
            "projection_dim": dim, "hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, **rest}


def model(levels, layers, sides, context, text, image, prior):
    dim, image_side = text["projection_dim"], image["image_size"]
    scheduler = {"_class_name": "UnCLIPScheduler", "num_train_timesteps": 1000, "clip_sample": True, "prediction_type": "epsilon"}
    return {
        "text_encoder": text,
        "image_encoder": image,
        "prior": {"_class_name": "PriorTransformer", "embedding_dim": dim, "num_embeddings": 77, "additional_embeddings": 4, **prior},
        "text_proj": {"_class_name": "UnCLIPTextProjModel", "clip_embeddings_dim": dim, "clip_extra_context_tokens": 4,
                      "cross_attention_dim": context, "time_embed_dim": 4 * levels[0]},
        "decoder": decoder(levels, layers, sides[0], context),
        "super_res_first": super_res(levels, layers, sides[1]),
        "super_res_last": super_res(levels, layers, sides[1]),
        "decoder_scheduler": {**scheduler, "variance_type": "learned_range", "clip_sample_range": 1.0},
        "super_res_scheduler": {**scheduler, "variance_type": "fixed_small_log", "clip_sample_range": 1.0},
        "feature_extractor": {"crop_size": {"height": image_side, "width": image_side}, "size": {"shortest_edge": image_side},
                              "do_center_crop": True, "do_convert_rgb": True, "do_normalize": True, "do_resize": True, "resample": 3,
                              "image_mean": [0.48145466, 0.4578275, 0.40821073], "image_std": [0.26862954, 0.26130258, 0.27577711]},
    }


# The vocabulary is cut down to the single bytes, as the token table is only looked up in.
TOKENS = {"vocab_size": 514, "max_position_embeddings": 77, "eos_token_id": 513}
FULL = model([320, 640, 960, 1280], 3, (64, 256), 1536, tower(768, 3072, 12, 12, 768, **TOKENS),
             tower(1024, 4096, 16, 24, 768, image_size=224, patch_size=14, num_channels=3),
             {"num_attention_heads": 32, "attention_head_dim": 64, "num_layers": 20})
QUICK = model([32, 64, 96], 1, (16, 32), 64, tower(64, 128, 2, 2, 64, **TOKENS),
              tower(64, 128, 2, 2, 64, image_size=56, patch_size=14, num_channels=3),
              {"num_attention_heads": 2, "attention_head_dim": 32, "num_layers": 2})

# What the engine looks at to measure a network: its own config, and those that say how long its context is.
COMPANIONS = {"decoder": ["text_proj", "text_encoder"], "prior": ["text_encoder"]}
WHOLE = ["text_encoder", "image_encoder", "text_proj", "decoder", "super_res_first", "super_res_last", "decoder_scheduler",
         "super_res_scheduler", "feature_extractor"]
FILES = {"feature_extractor": "preprocessor_config.json", "decoder_scheduler": "scheduler_config.json",
         "super_res_scheduler": "scheduler_config.json"}


def byte_characters():
    """CLIP's printable stand-ins for the 256 bytes, in the order of its vocabulary."""
    prints = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(b) for b in prints] + [chr(256 + i) for i in range(256 - len(prints))]


def write(configs, components, folder, tokenizer=False):
    """A folder that `unclip synth` makes a model of."""
    for name in components:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / FILES.get(name, "config.json")).write_text(json.dumps(configs[name]))
    if tokenizer:
        (folder / "tokenizer").mkdir()
        single = byte_characters()
        tokens = single + [c + "</w>" for c in single] + ["<|startoftext|>", "<|endoftext|>"]
        (folder / "tokenizer" / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
        (folder / "tokenizer" / "merges.txt").write_text("#version: 0.2\n")
