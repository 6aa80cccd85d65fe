/* Whether a model is what it claims to be: every component is built as a job would build it, on its weights' headers alone, and
 * asked whether it fits the others.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

/* A prior and the text tower, where that can be built. */
static gboolean
fits_text (UnclipModel *model, BkContext *context, const char *component, int dim, int length, GError **error)
{
  g_autoptr (UnclipTextTower) tower = unclip_text_tower_new (model, context, NULL);

  /* Without one it is the tower's own problem. */
  return tower == NULL
         || unclip_fit_text (component, dim, length, unclip_text_tower_dim (tower), unclip_text_tower_width (tower), unclip_text_tower_length (tower), error);
}

static gboolean
check_text_encoder (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipTextTower) tower = unclip_text_tower_new (model, context, error);
  g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (model, NULL);

  return tower != NULL && (tokenizer == NULL || unclip_fit_tokens (tokenizer, tower, error));
}

static gboolean
check_tokenizer (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (model, error);

  return tokenizer != NULL;
}

static gboolean
check_feature_extractor (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  UnclipPreprocess preprocess;
  g_autoptr (UnclipImageTower) tower = unclip_image_tower_new (model, context, NULL);

  return unclip_preprocess_load (model, &preprocess, error) && (tower == NULL || unclip_fit_pictures (&preprocess, tower, error));
}

static gboolean
check_image_encoder (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipImageTower) tower = unclip_image_tower_new (model, context, error);
  g_autoptr (UnclipTextTower) text = unclip_text_tower_new (model, context, NULL);

  return tower != NULL && (text == NULL || unclip_fit_towers (unclip_text_tower_dim (text), unclip_image_tower_dim (tower), error));
}

static gboolean
check_prior (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipPrior) prior = unclip_prior_new (model, context, error);

  return prior != NULL && fits_text (model, context, component, unclip_prior_dim (prior), unclip_prior_length (prior), error);
}

static gboolean
check_prior_autoregressive (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = unclip_prior_autoregressive_new (model, context, error);

  return prior != NULL
         && fits_text (model, context, component, unclip_prior_autoregressive_pca (prior)->dim, unclip_prior_autoregressive_length (prior), error);
}

static gboolean
check_scheduler (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (model, component, error);

  return schedule != NULL;
}

static gboolean
check_text_proj (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (model, context, error);
  g_autoptr (UnclipTextTower) tower = unclip_text_tower_new (model, context, NULL);

  return proj != NULL
         && (tower == NULL
             || unclip_fit_text (component, unclip_text_proj_dim (proj), unclip_text_tower_length (tower),
                                 unclip_text_tower_dim (tower), unclip_text_tower_width (tower), unclip_text_tower_length (tower), error));
}

/* With its condition, and at the size that it is for. */
static gboolean
check_decoder (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipDecoder) decoder = { 0 };
  g_autoptr (UnclipUnet) unet = unclip_unet_new (model, component, context, error);
  g_auto (UnclipConditioner) conditioner = { NULL };

  /* What the conditioner lacks is another component's problem. */
  if (unet == NULL || ! unclip_conditioner_init (&conditioner, model, context, NULL))
    return unet != NULL;
  return unclip_run_init (&run, model, NULL, error) && unclip_decoder_init (&decoder, &run, error)
         && unclip_fit_channels (unet, run.codec.n_channels, decoder.schedule->variance == UNCLIP_VARIANCE_LEARNED_RANGE, error);
}

static gboolean
check_upsampler (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_auto (UnclipUpsampler) upsampler = { 0 };
  g_autoptr (UnclipUnet) unet = unclip_unet_new (model, component, context, error);
  int side = unet != NULL ? unclip_unet_sample_size (unet) : 0;

  return unet != NULL && unclip_upsampler_init (&upsampler, model, component, context, error)
         && unclip_unet_predict (unet, NULL, 0, 1, side, side, NULL, error);
}

static gboolean
check_autoencoder (UnclipModel *model, BkContext *context, const char *component, GError **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = unclip_autoencoder_new (model, component, UNCLIP_AUTOENCODER_ALL, context, error);

  return autoencoder != NULL;
}

static gboolean (*const checks[UNCLIP_N_KINDS]) (UnclipModel *model, BkContext *context, const char *component, GError **error) = {
  [UNCLIP_KIND_TOKENIZER] = check_tokenizer,
  [UNCLIP_KIND_FEATURE_EXTRACTOR] = check_feature_extractor,
  [UNCLIP_KIND_SCHEDULER] = check_scheduler,
  [UNCLIP_KIND_TEXT_TOWER] = check_text_encoder,
  [UNCLIP_KIND_IMAGE_TOWER] = check_image_encoder,
  [UNCLIP_KIND_PRIOR] = check_prior,
  [UNCLIP_KIND_PRIOR_AUTOREGRESSIVE] = check_prior_autoregressive,
  [UNCLIP_KIND_TEXT_PROJ] = check_text_proj,
  [UNCLIP_KIND_UNET] = check_decoder,
  [UNCLIP_KIND_UPSAMPLER] = check_upsampler,
  [UNCLIP_KIND_AUTOENCODER] = check_autoencoder,
};

GPtrArray *
unclip_model_info (UnclipModel *model)
{
  GPtrArray *infos = unclip_model_files (model);
  g_autoptr (UnclipModel) looked_at = unclip_model_look_at (model);
  BkContext context;

  bk_context_init (&context, 1);
  for (guint i = 0; i < infos->len; i++)
    {
      UnclipComponentInfo *info = g_ptr_array_index (infos, i);
      g_autoptr (GError)   error = NULL;

      if (info->problem == NULL && ! checks[unclip_component (info->name)->kind] (looked_at, &context, info->name, &error))
        info->problem = g_strdup (error->message);
    }
  bk_context_clear (&context);
  return infos;
}
