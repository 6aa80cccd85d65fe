/* What memory a job takes, found before it starts. Each network is built from its config alone, on weights that
 * only record, and so measures itself: what the loader will ask for, at this CPU level and precision.
 *
 * Counted are packed weights and working memory of the largest stage, as stages follow one another. Not
 * counted: the mapped weight files, whose pages are the system's to take back, and pictures and latents, which are
 * small beside a network.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiles.h"

#include <glib/gi18n-lib.h>

#include "construct.h"

/* The decoder works on two rows wherever there is guidance, which is nearly everywhere. */
#define GUIDED_BATCH 2

/* What @size and @component of the largest so far are, unless @stage is larger. */
static void
keep_larger (UnclipNeed *need, guint64 stage, const char *component)
{
  if (stage <= need->size)
    return;
  need->size = stage;
  need->component = component;
}

/* A whole CLIP has both towers in one folder, each in a part of the config. */
static UnclipConfig *
config_of (UnclipModel *model, const char *component, const char *part, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, component, error);
  UnclipConfig *of_part = config != NULL && part != NULL ? unclip_config_part (config, part) : NULL;

  return of_part != NULL ? of_part : g_steal_pointer (&config);
}

static UnclipTextTower *
text_tower (UnclipRun *run, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipConfig) config = config_of (run->model, "text_encoder", "text_config", error);

  return config != NULL ? unclip_text_tower_construct (config, weights, &run->context, error) : NULL;
}

static gboolean
need_text (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipTextTower) tower = text_tower (run, weights, error);

  if (tower == NULL)
    return FALSE;
  keep_larger (need, unclip_text_tower_weights_size (tower), "text_encoder");
  return TRUE;
}

static gboolean
need_image (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipConfig) config = config_of (run->model, "image_encoder", "vision_config", error);
  g_autoptr (UnclipImageTower) tower = config != NULL ? unclip_image_tower_construct (config, weights, &run->context, error) : NULL;

  if (tower == NULL)
    return FALSE;
  keep_larger (need, unclip_image_tower_weights_size (tower), "image_encoder");
  return TRUE;
}

static gboolean
need_prior (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipConfig) config = config_of (run->model, "prior", NULL, error);
  g_autoptr (UnclipPrior) prior = config != NULL ? unclip_prior_construct (config, weights, &run->context, error) : NULL;

  if (prior == NULL)
    return FALSE;
  keep_larger (need, unclip_prior_weights_size (prior), "prior");
  return TRUE;
}

static gboolean
need_decoder (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipConfig) config = config_of (run->model, "decoder", NULL, error);
  g_autoptr (UnclipConfig) proj_config = config != NULL ? config_of (run->model, "text_proj", NULL, error) : NULL;
  g_autoptr (UnclipTextTower) tower = proj_config != NULL ? text_tower (run, weights, error) : NULL;
  g_autoptr (UnclipTextProj) proj = tower != NULL ? unclip_text_proj_construct (proj_config, weights, &run->context, error) : NULL;
  g_autoptr (UnclipUnet) unet = proj != NULL ? unclip_unet_construct (config, weights, "decoder", &run->context, error) : NULL;

  if (unet == NULL
      || (unclip_unet_is_conditional (unet)
          && ! unclip_unet_set_context (unet, NULL, NULL, NULL, GUIDED_BATCH,
                                        unclip_text_proj_n_extra (proj) + unclip_text_tower_length (tower), error))
      || ! unclip_unet_predict (unet, NULL, 0, GUIDED_BATCH, run->low_size, run->low_size, NULL, error))
    return FALSE;
  keep_larger (need, unclip_text_proj_weights_size (proj) + unclip_unet_weights_size (unet) + unclip_unet_working_size (unet), "decoder");
  return TRUE;
}

static gboolean
need_upsampler (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, const char *component, int size, GError **error)
{
  g_autoptr (UnclipConfig) config = config_of (run->model, component, NULL, error);
  g_autoptr (UnclipUnet) unet = config != NULL ? unclip_unet_construct (config, weights, component, &run->context, error) : NULL;

  if (unet == NULL || ! unclip_unet_predict (unet, NULL, 0, 1, size, size, NULL, error))
    return FALSE;
  keep_larger (need, unclip_unet_weights_size (unet) + unclip_unet_working_size (unet), component);
  return TRUE;
}

/* Of its two networks two large ones are never held together: see stages.c. */
static gboolean
need_first_upsampler (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  return need_upsampler (run, need, weights, UNCLIP_FIRST_UPSAMPLER, run->first_size, error)
         && (! unclip_model_has (run->model, "super_res_last")
             || need_upsampler (run, need, weights, "super_res_last", run->first_size, error));
}

UnclipStages
unclip_run_upsampler_stages (const UnclipRun *run)
{
  return (run->upsamples ? UNCLIP_STAGE_FIRST_UPSAMPLER : 0) | (run->upsamples_twice ? UNCLIP_STAGE_SECOND_UPSAMPLER : 0);
}

gboolean
unclip_run_need (UnclipRun *run, UnclipStages stages, UnclipNeed *need, GError **error)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();

  *need = (UnclipNeed) { 0, NULL };
  return ((stages & UNCLIP_STAGE_TEXT) == 0 || need_text (run, need, weights, error))
         && ((stages & UNCLIP_STAGE_IMAGE) == 0 || need_image (run, need, weights, error))
         && ((stages & UNCLIP_STAGE_PRIOR) == 0 || need_prior (run, need, weights, error))
         && ((stages & UNCLIP_STAGE_DECODER) == 0 || need_decoder (run, need, weights, error))
         && ((stages & UNCLIP_STAGE_FIRST_UPSAMPLER) == 0 || need_first_upsampler (run, need, weights, error))
         && ((stages & UNCLIP_STAGE_SECOND_UPSAMPLER) == 0 || need_upsampler (run, need, weights, UNCLIP_SECOND_UPSAMPLER, UNCLIP_TILE_SIDE, error));
}

gboolean
unclip_run_check_memory (UnclipRun *run, UnclipStages stages, GError **error)
{
  guint64          available = unclip_memory_available ();
  g_autofree char *wanted = NULL, *there = NULL;
  UnclipNeed       need;

  if (! unclip_run_need (run, stages, &need, error))
    return FALSE;
  if (available == 0 || need.size <= available)
    return TRUE;
  wanted = g_format_size (need.size);
  there = g_format_size (available);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
               _("The %s of the model %s takes %s of memory, and %s are free; close other programs, or use a smaller model or size"),
               need.component, unclip_model_name (run->model), wanted, there);
  return FALSE;
}

gboolean
unclip_model_memory (UnclipModel *model, const UnclipOptions *options, guint64 *size, int *side, const char **component, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  UnclipStages stages = UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER;
  UnclipNeed   need;

  if (! unclip_run_init (&run, model, options, error))
    return FALSE;
  /* Without them some jobs are not possible, and the others are asked about. */
  if (unclip_model_has (model, "image_encoder"))
    stages |= UNCLIP_STAGE_IMAGE;
  if (unclip_model_has (model, "prior"))
    stages |= UNCLIP_STAGE_PRIOR;
  if (! unclip_run_need (&run, stages | unclip_run_upsampler_stages (&run), &need, error))
    return FALSE;
  *size = need.size;
  *side = run.size;
  *component = need.component;
  return TRUE;
}
