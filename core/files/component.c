/* THE table of components: what a model folder may hold, and all that is known of each beside its network's code, which
 * goes by its kind (../stages/network.c). Nothing else lists them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "component.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define TRANSFORMERS_WEIGHTS "model.safetensors"
#define DIFFUSERS_WEIGHTS "diffusion_pytorch_model.safetensors"

static const UnclipComponent components[] = {
  { "tokenizer", UNCLIP_KIND_TOKENIZER, "vocab.json", NULL, "transformers", "CLIPTokenizer",
    UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER, TRUE, NULL },
  { "text_encoder", UNCLIP_KIND_TEXT_TOWER, "config.json", TRANSFORMERS_WEIGHTS, "transformers", "CLIPTextModelWithProjection",
    UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER, TRUE, NULL },
  { "feature_extractor", UNCLIP_KIND_FEATURE_EXTRACTOR, "preprocessor_config.json", NULL, "transformers", "CLIPImageProcessor",
    UNCLIP_STAGE_IMAGE, FALSE,
    N_("for Karlo take the file preprocessor_config.json of openai/clip-vit-large-patch14, and name its folder with --component feature_extractor=DIR") },
  { "image_encoder", UNCLIP_KIND_IMAGE_TOWER, "config.json", TRANSFORMERS_WEIGHTS, "transformers", "CLIPVisionModelWithProjection",
    UNCLIP_STAGE_IMAGE, FALSE,
    N_("for Karlo take openai/clip-vit-large-patch14 (the same tower) or the image_encoder of kakaobrain/karlo-v1-alpha-image-variations, and name its folder with --component image_encoder=DIR") },
  { "prior", UNCLIP_KIND_PRIOR, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "PriorTransformer",
    UNCLIP_STAGE_PRIOR, FALSE,
    N_("for Karlo it is in kakaobrain/karlo-v1-alpha; name its folder with --component prior=DIR, or use --prior text") },
  { "prior_scheduler", UNCLIP_KIND_SCHEDULER, "scheduler_config.json", NULL, "diffusers", "UnCLIPScheduler",
    UNCLIP_STAGE_PRIOR, FALSE, NULL },
  { "prior_autoregressive", UNCLIP_KIND_PRIOR_AUTOREGRESSIVE, "config.json", DIFFUSERS_WEIGHTS, "unclip", "PriorAutoregressive",
    UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE, FALSE, N_("use --prior diffusion") },
  { "text_proj", UNCLIP_KIND_TEXT_PROJ, "config.json", DIFFUSERS_WEIGHTS, "unclip", "UnCLIPTextProjModel",
    UNCLIP_STAGE_DECODER, TRUE, NULL },
  { "decoder", UNCLIP_KIND_UNET, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "UNet2DConditionModel",
    UNCLIP_STAGE_DECODER, TRUE, NULL },
  { "decoder_scheduler", UNCLIP_KIND_SCHEDULER, "scheduler_config.json", NULL, "diffusers", "UnCLIPScheduler",
    UNCLIP_STAGE_DECODER, FALSE, NULL },
  { "movq", UNCLIP_KIND_AUTOENCODER, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "VQModel",
    UNCLIP_STAGE_DECODER, TRUE, NULL },
  { "super_res_first", UNCLIP_KIND_UPSAMPLER, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "UNet2DModel",
    UNCLIP_STAGE_FIRST_UPSAMPLER, FALSE, N_("without it pictures stay at the decoder's size; ask for that with --size") },
  { "super_res_last", UNCLIP_KIND_UPSAMPLER, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "UNet2DModel",
    UNCLIP_STAGE_FIRST_UPSAMPLER, FALSE, N_("without it pictures stay at the decoder's size; ask for that with --size") },
  { "super_res_scheduler", UNCLIP_KIND_SCHEDULER, "scheduler_config.json", NULL, "diffusers", "UnCLIPScheduler",
    UNCLIP_STAGE_FIRST_UPSAMPLER, FALSE, NULL },
  { "super_res_1024", UNCLIP_KIND_UPSAMPLER, "config.json", DIFFUSERS_WEIGHTS, "diffusers", "UNet2DModel",
    UNCLIP_STAGE_SECOND_UPSAMPLER, FALSE, N_("ask for a smaller --size") },
  { "super_res_1024_scheduler", UNCLIP_KIND_SCHEDULER, "scheduler_config.json", NULL, "diffusers", "UnCLIPScheduler",
    UNCLIP_STAGE_SECOND_UPSAMPLER, FALSE, N_("ask for a smaller --size") },
};

const UnclipComponent *
unclip_component_at (guint i)
{
  return i < G_N_ELEMENTS (components) ? &components[i] : NULL;
}

const UnclipComponent *
unclip_component (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (components); i++)
    if (strcmp (components[i].name, name) == 0)
      return &components[i];
  return NULL;
}

const UnclipComponent *
unclip_component_beside (const char *name, UnclipKind kind)
{
  UnclipStages stages = unclip_component (name)->stages;

  for (guint i = 0; i < G_N_ELEMENTS (components); i++)
    if (components[i].kind == kind && (components[i].stages & stages) != 0)
      return &components[i];
  return NULL;
}

const char *
unclip_component_remedy (const UnclipComponent *component)
{
  return component != NULL && component->remedy != NULL ? _(component->remedy) : _("download the model again");
}
