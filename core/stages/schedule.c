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
  else if (g_strcmp0 (variance, "fixed_small") == 0)
    schedule->variance = UNCLIP_VARIANCE_FIXED_SMALL;
  else if (g_strcmp0 (variance, "learned_range") == 0)
    schedule->variance = UNCLIP_VARIANCE_LEARNED_RANGE;
  else if (variance != NULL)
    return unclip_config_refuse (config, "variance_type", variance, error);

  schedule->clip = clips ? (float) clip : 0.0f;
  return TRUE;
}

/* Schedulers by their class, and what each takes where its file is silent. UnCLIPScheduler knows no other betas. */
static const struct
{
  const char   *class_name;
  UnclipBetas   betas;
  double        beta_start, beta_end;
  UnclipSpacing spacing;
  gboolean      is_karlo; /* has Karlo's values of the stage; else the class's own: eps, the small variance, clipped to 1 */
} known_classes[] = {
  { "UnCLIPScheduler", UNCLIP_BETAS_SQUARED_COSINE, 0, 0, UNCLIP_SPACING_EVEN, TRUE },
  { "DDPMScheduler", UNCLIP_BETAS_LINEAR, 0.0001, 0.02, UNCLIP_SPACING_LEADING, FALSE },
};

/* A file that names none is Karlo's. */
static gboolean
find_class (const UnclipConfig *config, guint *kind, GError **error)
{
  const char *name;

  *kind = 0;
  if (! unclip_config_string (config, "_class_name", known_classes[0].class_name, &name, error))
    return FALSE;
  while (*kind < G_N_ELEMENTS (known_classes) && strcmp (known_classes[*kind].class_name, name) != 0)
    ++*kind;
  return *kind < G_N_ELEMENTS (known_classes) || unclip_config_refuse (config, "_class_name", name, error);
}

/* Betas and what there is of them; only their default names a schedule for which the ends do not count. */
static UnclipSchedule *
read_betas (const UnclipConfig *config, guint kind, GError **error)
{
  UnclipBetas betas = known_classes[kind].betas;
  const char *name;
  double      start, end;
  int         n_train;

  if (! unclip_config_int (config, "num_train_timesteps", 1000, 1, 100000, &n_train, error)
      || ! unclip_config_string (config, "beta_schedule", NULL, &name, error)
      || ! unclip_config_double (config, "beta_start", known_classes[kind].beta_start, 0, 1, &start, error)
      || ! unclip_config_double (config, "beta_end", known_classes[kind].beta_end, 0, 1, &end, error))
    return NULL;
  if (name != NULL && ! unclip_betas_named (name, &betas))
    {
      unclip_config_refuse (config, "beta_schedule", name, error);
      return NULL;
    }
  if (unclip_config_has (config, "trained_betas"))
    {
      unclip_config_refuse (config, "trained_betas", "a list", error);
      return NULL;
    }
  return unclip_schedule_new (betas, start, end, n_train);
}

/* Which timesteps it visits. */
static gboolean
read_steps (UnclipSchedule *schedule, const UnclipConfig *config, guint kind, GError **error)
{
  static const struct
  {
    const char   *name;
    UnclipSpacing spacing;
  } spacings[] = { { "leading", UNCLIP_SPACING_LEADING }, { "trailing", UNCLIP_SPACING_TRAILING }, { "linspace", UNCLIP_SPACING_EVEN } };
  const char *name;
  gboolean    ends_at_zero, is_rescaled;
  guint       i = 0;

  schedule->spacing = known_classes[kind].spacing;
  schedule->has_table_steps = known_classes[kind].is_karlo;
  if (! unclip_config_string (config, "timestep_spacing", NULL, &name, error)
      || ! unclip_config_int (config, "steps_offset", 0, 0, schedule->n_train - 1, &schedule->offset, error)
      || ! unclip_config_bool (config, "set_alpha_to_one", TRUE, &ends_at_zero, error)
      || ! unclip_config_bool (config, "rescale_betas_zero_snr", FALSE, &is_rescaled, error))
    return FALSE;
  if (is_rescaled)
    return unclip_config_refuse (config, "rescale_betas_zero_snr", "true", error);
  if (! ends_at_zero)
    schedule->last_alpha_bar = schedule->alpha_bar[0];
  if (name == NULL)
    return TRUE;
  while (i < G_N_ELEMENTS (spacings) && strcmp (spacings[i].name, name) != 0)
    i++;
  if (i == G_N_ELEMENTS (spacings))
    return unclip_config_refuse (config, "timestep_spacing", name, error);
  schedule->spacing = spacings[i].spacing;
  return TRUE;
}

/* Dynamic thresholding, beside which nothing is clipped. */
static gboolean
read_threshold (UnclipSchedule *schedule, const UnclipConfig *config, GError **error)
{
  gboolean has_one;
  double   ratio, most;

  if (! unclip_config_bool (config, "thresholding", FALSE, &has_one, error)
      || ! unclip_config_double (config, "dynamic_thresholding_ratio", 0.995, 1e-6, 1, &ratio, error)
      || ! unclip_config_double (config, "sample_max_value", 1.0, 1, 1e6, &most, error))
    return FALSE;
  if (has_one)
    {
      schedule->clip = 0;
      schedule->threshold_ratio = (float) ratio;
      schedule->threshold_most = (float) most;
    }
  return TRUE;
}

UnclipSchedule *
unclip_stage_schedule (UnclipModel *model, const char *component, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  UnclipStages stages = unclip_component (component)->stages;
  guint known = 0, kind = 0;

  while ((known_schedulers[known].stages & stages) == 0)
    known++;

  if (unclip_model_has (model, component))
    {
      config = unclip_model_config (model, component, error);
      if (config == NULL || ! find_class (config, &kind, error))
        return NULL;
      schedule = read_betas (config, kind, error);
    }
  else if (unclip_member_is_required (unclip_family_find (unclip_model_family (model), component)))
    {
      unclip_model_component_dir (model, component, error);
      return NULL;
    }
  else
    schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  if (schedule == NULL)
    return NULL;
  schedule->prediction = known_classes[kind].is_karlo ? known_schedulers[known].prediction : UNCLIP_PREDICTION_EPSILON;
  schedule->variance = known_classes[kind].is_karlo ? known_schedulers[known].variance : UNCLIP_VARIANCE_FIXED_SMALL;
  schedule->clip = known_classes[kind].is_karlo ? known_schedulers[known].clip : 1.0f;
  if (config != NULL
      && (! read_schedule (schedule, config, (stages & (UNCLIP_STAGE_FIRST_UPSAMPLER | UNCLIP_STAGE_SECOND_UPSAMPLER)) != 0, error)
          || ! read_steps (schedule, config, kind, error) || ! read_threshold (schedule, config, error)))
    return NULL;
  return g_steal_pointer (&schedule);
}
