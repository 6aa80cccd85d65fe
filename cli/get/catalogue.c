/* THE table of models that can be fetched: what is needed of which repository, and nothing else.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "get.h"

#include <glib/gi18n.h>

#define LICENCES "LICENSE LICENSE.md LICENSE.txt"
#define INDEX "model_index.json " LICENCES

static const GetPart karlo[] = {
  { "", "", INDEX }, { "tokenizer", "tokenizer", NULL }, { "text_encoder", "text_encoder", NULL }, { "text_proj", "text_proj", NULL },
  { "prior", "prior", NULL }, { "prior_scheduler", "prior_scheduler", NULL }, { "decoder", "decoder", NULL },
  { "decoder_scheduler", "decoder_scheduler", NULL }, { "super_res_first", "super_res_first", NULL },
  { "super_res_last", "super_res_last", NULL }, { "super_res_scheduler", "super_res_scheduler", NULL }, { NULL }
};
static const GetPart karlo_variations[] = {
  { "", "", INDEX }, { "tokenizer", "tokenizer", NULL }, { "text_encoder", "text_encoder", NULL }, { "text_proj", "text_proj", NULL },
  { "feature_extractor", "feature_extractor", NULL }, { "image_encoder", "image_encoder", NULL }, { "decoder", "decoder", NULL },
  { "decoder_scheduler", "decoder_scheduler", NULL }, { "super_res_first", "super_res_first", NULL },
  { "super_res_last", "super_res_last", NULL }, { "super_res_scheduler", "super_res_scheduler", NULL }, { NULL }
};
/* The image tower that Karlo was trained with, which its own repository lacks. */
static const GetPart clip_for_karlo[] = {
  { "", "image_encoder", "config.json model.safetensors" }, { "", "feature_extractor", "preprocessor_config.json" }, { NULL }
};
static const GetPart clip[] = { { "", "", "config.json model.safetensors preprocessor_config.json tokenizer.json vocab.json merges.txt tokenizer_config.json "
                                          "special_tokens_map.json " LICENCES }, { NULL } };
static const GetPart kandinsky_prior[] = {
  { "", "prior", INDEX }, { "prior", "prior/prior", NULL }, { "scheduler", "prior/scheduler", NULL }, { "tokenizer", "prior/tokenizer", NULL },
  { "text_encoder", "prior/text_encoder", NULL }, { "image_encoder", "prior/image_encoder", NULL },
  { "image_processor", "prior/image_processor", NULL }, { NULL }
};
static const GetPart kandinsky_decoder[] = {
  { "", "decoder", INDEX }, { "unet", "decoder/unet", NULL }, { "movq", "decoder/movq", NULL }, { "scheduler", "decoder/scheduler", NULL }, { NULL }
};
static const GetPart stable_unclip[] = {
  { "", "", INDEX }, { "unet", "unet", NULL }, { "vae", "vae", NULL }, { "scheduler", "scheduler", NULL }, { "tokenizer", "tokenizer", NULL },
  { "text_encoder", "text_encoder", NULL }, { "image_encoder", "image_encoder", NULL }, { "feature_extractor", "feature_extractor", NULL },
  { "image_normalizer", "image_normalizer", NULL }, { "image_noising_scheduler", "image_noising_scheduler", NULL }, { NULL }
};

static const GetModel models[] = {
  { "karlo-v1-alpha", N_("generate and every edit, 256 × 256; with CLIP's image tower from its own repository"), "CreativeML Open RAIL-M",
    (const GetRepository[]) { { "kakaobrain/karlo-v1-alpha", karlo }, { "openai/clip-vit-large-patch14", clip_for_karlo }, { NULL } } },
  { "karlo-image-variations", N_("variations, text edits and interpolations, 256 × 256; no prior, so that captions alone make poorer pictures"), "CreativeML Open RAIL-M",
    (const GetRepository[]) { { "kakaobrain/karlo-v1-alpha-image-variations", karlo_variations }, { NULL } } },
  { "clip-vit-large-patch14", N_("the image tower that Karlo's main repository lacks, by itself"), "MIT",
    (const GetRepository[]) { { "openai/clip-vit-large-patch14", clip }, { NULL } } },
  { "kandinsky-2-2", N_("generate and every edit, 512 × 512 to 1024 × 1024"), "Apache-2.0",
    (const GetRepository[]) { { "kandinsky-community/kandinsky-2-2-prior", kandinsky_prior }, { "kandinsky-community/kandinsky-2-2-decoder", kandinsky_decoder }, { NULL } } },
  { "stable-unclip-2-1", N_("variations and mixes, 768 × 768"), "CreativeML Open RAIL++-M",
    (const GetRepository[]) { { "sd2-community/stable-diffusion-2-1-unclip", stable_unclip }, { NULL } } },
};

const GetModel *
get_model_at (guint i)
{
  return i < G_N_ELEMENTS (models) ? &models[i] : NULL;
}

const GetModel *
get_model (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    if (g_str_equal (models[i].name, name))
      return &models[i];
  return NULL;
}
