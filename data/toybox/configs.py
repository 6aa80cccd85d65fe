"""Toybox's sizes: Karlo's structure, small. These dictionaries become the config.json files.

SPDX-License-Identifier: GPL-3.0-or-later
"""

from dataclasses import dataclass

Z = 128        # width of the CLIP space; the text states have the same, as unCLIP's text projection asks
LENGTH = 32    # tokens a caption
CONTEXT = 128  # width of the decoder's context
MERGES = 260
EDIT = 0.4     # how far a text edit turns z_i towards the difference of two captions: theta of the paper, 3.3
MEAN, STD = [0.5, 0.5, 0.5], [0.3, 0.3, 0.3]


def clip(vocab_size):
    common = {"hidden_act": "quick_gelu", "layer_norm_eps": 1e-5, "projection_dim": Z, "attention_dropout": 0.0,
              "torch_dtype": "bfloat16"}
    text = {"architectures": ["CLIPTextModelWithProjection"], "model_type": "clip_text_model", "hidden_size": Z,
            "intermediate_size": 4 * Z, "num_attention_heads": 4, "num_hidden_layers": 3, "vocab_size": vocab_size,
            "max_position_embeddings": LENGTH, "bos_token_id": vocab_size - 2, "eos_token_id": vocab_size - 1,
            "pad_token_id": 0, **common}
    image = {"architectures": ["CLIPVisionModelWithProjection"], "model_type": "clip_vision_model", "hidden_size": 128,
             "intermediate_size": 512, "num_attention_heads": 4, "num_hidden_layers": 4, "image_size": 64,
             "patch_size": 8, "num_channels": 3, **common}
    return text, image


PRIOR = {"_class_name": "PriorTransformer", "num_attention_heads": 6, "attention_head_dim": 32, "num_layers": 5,
         "embedding_dim": Z, "num_embeddings": LENGTH, "additional_embeddings": 4, "dropout": 0.0}
# n_components follows from the pictures' z_i.
PRIOR_AUTOREGRESSIVE = {"_class_name": "PriorAutoregressive", "num_attention_heads": 5, "attention_head_dim": 32, "num_layers": 4,
                        "embedding_dim": Z, "num_embeddings": LENGTH, "n_buckets": 1024, "n_dot_buckets": 64}


def _unet(channels, n_attention, **more):
    n = len(channels) - n_attention
    return {"act_fn": "silu", "block_out_channels": channels, "center_input_sample": False,
            "down_block_types": ["ResnetDownsampleBlock2D"] * n + ["SimpleCrossAttnDownBlock2D"] * n_attention,
            "up_block_types": ["SimpleCrossAttnUpBlock2D"] * n_attention + ["ResnetUpsampleBlock2D"] * n,
            "downsample_padding": 1, "flip_sin_to_cos": True, "freq_shift": 0, "layers_per_block": 1,
            "mid_block_scale_factor": 1, "norm_eps": 1e-5, "norm_num_groups": 8, **more}


@dataclass(frozen=True)
class Sizes:
    """Of what differs from world to world."""

    decoder: dict
    text_proj: dict


def _sizes(channels):
    # Attention in the two lowest levels alone: at 32x32 it would cost more than all convolutions.
    decoder = _unet(channels, 2, _class_name="UNet2DConditionModel", sample_size=64, in_channels=3, out_channels=6,
                    attention_head_dim=32, cross_attention_dim=CONTEXT, class_embed_type="identity",
                    mid_block_type="UNetMidBlock2DSimpleCrossAttn", only_cross_attention=False,
                    resnet_time_scale_shift="scale_shift", num_class_embeds=None, upcast_attention=False,
                    use_linear_projection=False, dual_cross_attention=False)
    return Sizes(decoder, {"_class_name": "UnCLIPTextProjModel", "clip_embeddings_dim": Z, "clip_extra_context_tokens": 4,
                           "cross_attention_dim": CONTEXT, "time_embed_dim": 4 * channels[0]})


SOLIDS = _sizes([24, 48, 96, 128])
# Most of it at 16x16 and 8x8, where parameters cost the least time.
THINGS = _sizes([32, 64, 160, 256])
DECODER, TEXT_PROJ = SOLIDS.decoder, SOLIDS.text_proj
SUPER_RES = _unet([16, 24, 32, 48], 0, _class_name="UNet2DModel", sample_size=256, in_channels=6, out_channels=3,
                  attention_head_dim=8, add_attention=False, resnet_time_scale_shift="default",
                  time_embedding_type="positional")
# Smaller than the first, as its pictures have sixteen times as many pixels; no deeper than an edge is wide.
SUPER_RES_1024 = {**_unet([16, 16, 32], 0), **{k: SUPER_RES[k] for k in (
    "_class_name", "in_channels", "out_channels", "attention_head_dim", "add_attention", "resnet_time_scale_shift",
    "time_embedding_type")}, "sample_size": 1024}
