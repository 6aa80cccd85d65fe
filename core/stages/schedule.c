/* A noise schedule from its component: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the scheduler of each stage says where its file or a member is missing: Karlo's values. The last serves
 * both upsamplers. */
static const struct
{
  UnclipStages     stages;
  UnclipPrediction prediction;
  UnclipVariance   variance;
  float            clip;
} known_schedulers[] = {
  { UNCLIP_STAGE_PRIOR, UNCLIP_PREDICTION_SAMPLE, UNCLIP_VARIANCE_FIXED_SMALL_LOG, 5.0f },
  { UNCLIP_STAGE_DECODER, UNCLIP_PREDICTION_EPSILON, UNCLIP_VARIANCE_LEARNED_RANGE, 1.0f },
  { UNCLIP_STAGE_FIRST_UPSAMPLER | UNCLIP_STAGE_SECOND_UPSAMPLER, UNCLIP_PREDICTION_EPSILON, UNCLIP_VARIANCE_FIXED_SMALL_LOG, 1.0f },
};

/* Over what @schedule says already. A "residual" is what an enlarged picture lacks; with that added it is a sample. */
static gboolean
read_schedule (UnclipSchedule *schedule, const UnclipConfig *config, gboolean is_upsampler, GError **error)
{
  const char *prediction, *variance;
  gboolean    clips;
  double      clip;

  if (! unclip_config_string (config, "prediction_type", NULL, &prediction, error)
      || ! unclip_config_string (config, "variance_type", NULL, &variance, error)
      || ! unclip_config_bool (config, "clip_sample", TRUE, &clips, error)
      || ! unclip_config_double (config, "clip_sample_range", schedule->clip, 1e-6, 1e6, &clip, error))
    return FALSE;

  if (is_upsampler && g_strcmp0 (prediction, "residual") == 0)
    schedule->prediction = UNCLIP_PREDICTION_SAMPLE;
  else if (prediction != NULL && ! unclip_prediction_named (prediction, &schedule->prediction))
    return unclip_config_refuse (config, "prediction_type", prediction, error);

  if (g_strcmp0 (variance, "fixed_small_log") == 0)
    schedule->variance = UNCLIP_VARIANCE_FIXED_SMALL_LOG;
  else if (g_strcmp0 (variance, "learned_range") == 0)
    schedule->variance = UNCLIP_VARIANCE_LEARNED_RANGE;
  else if (variance != NULL)
    return unclip_config_refuse (config, "variance_type", variance, error);

  schedule->clip = clips ? (float) clip : 0.0f;
  return TRUE;
}

/* "beta_schedule", Karlo's where it is left out. */
static gboolean
read_betas (const UnclipConfig *config, UnclipBetas *betas, GError **error)
{
  const char *name;

  return unclip_config_string (config, "beta_schedule", NULL, &name, error)
         && (name == NULL || unclip_betas_named (name, betas) || unclip_config_refuse (config, "beta_schedule", name, error));
}

UnclipSchedule *
unclip_stage_schedule (UnclipModel *model, const char *component, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  UnclipStages stages = unclip_component (component)->stages;
  UnclipBetas  betas = UNCLIP_BETAS_SQUARED_COSINE;
  guint known = 0;
  int   n_train = 1000;

  while ((known_schedulers[known].stages & stages) == 0)
    known++;

  if (unclip_model_has (model, component))
    {
      config = unclip_model_config (model, component, error);
      if (config == NULL || ! unclip_config_int (config, "num_train_timesteps", 1000, 1, 100000, &n_train, error) || ! read_betas (config, &betas, error))
        return NULL;
    }
  schedule = unclip_schedule_new (betas, n_train);
  schedule->prediction = known_schedulers[known].prediction;
  schedule->variance = known_schedulers[known].variance;
  schedule->clip = known_schedulers[known].clip;
  if (config != NULL && ! read_schedule (schedule, config, (stages & (UNCLIP_STAGE_FIRST_UPSAMPLER | UNCLIP_STAGE_SECOND_UPSAMPLER)) != 0, error))
    return NULL;
  return g_steal_pointer (&schedule);
}
