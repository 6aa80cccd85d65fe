/* See stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"
#include "fit.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What each of the pipeline's schedulers says where its file or a member is missing: Karlo's values. The last serves
 * both upsamplers. */
static const struct
{
  const char      *component;
  UnclipPrediction prediction;
  UnclipVariance   variance;
  float            clip;
} known_schedulers[] = {
  { "prior_scheduler", UNCLIP_PREDICTION_SAMPLE, UNCLIP_VARIANCE_FIXED_SMALL_LOG, 5.0f },
  { "decoder_scheduler", UNCLIP_PREDICTION_EPSILON, UNCLIP_VARIANCE_LEARNED_RANGE, 1.0f },
  { "super_res_scheduler", UNCLIP_PREDICTION_EPSILON, UNCLIP_VARIANCE_FIXED_SMALL_LOG, 1.0f },
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
      || ! unclip_config_double (config, "clip_sample_range", schedule->clip, 1e-6, 1e6, &clip, error)
      || ! unclip_config_expect_string (config, "beta_schedule", "squaredcos_cap_v2", error))
    return FALSE;

  if (g_strcmp0 (prediction, "epsilon") == 0)
    schedule->prediction = UNCLIP_PREDICTION_EPSILON;
  else if (g_strcmp0 (prediction, "sample") == 0 || (is_upsampler && g_strcmp0 (prediction, "residual") == 0))
    schedule->prediction = UNCLIP_PREDICTION_SAMPLE;
  else if (prediction != NULL)
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

UnclipSchedule *
unclip_stage_schedule (UnclipModel *model, const char *component, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  guint known = 0;
  int   n_train = 1000;

  while (known < G_N_ELEMENTS (known_schedulers) - 1 && strcmp (known_schedulers[known].component, component) != 0)
    known++;

  if (unclip_model_has (model, component))
    {
      config = unclip_model_config (model, component, error);
      if (config == NULL || ! unclip_config_int (config, "num_train_timesteps", 1000, 1, 100000, &n_train, error))
        return NULL;
    }
  schedule = unclip_schedule_new (n_train);
  schedule->prediction = known_schedulers[known].prediction;
  schedule->variance = known_schedulers[known].variance;
  schedule->clip = known_schedulers[known].clip;
  if (config != NULL && ! read_schedule (schedule, config, g_str_has_prefix (component, "super_res"), error))
    return NULL;
  return g_steal_pointer (&schedule);
}

static gboolean
no_memory (const char *what, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for %s; close other programs"), what);
  return FALSE;
}

/* ---- prior ---------------------------------------------------------------------------------- */

gboolean
unclip_guided_prior_predict (const float *x, int t, float *x_0, float *v, gpointer data, GError **error)
{
  const UnclipGuidedPrior *guided = data;
  UnclipPrior *prior = guided->prior;
  gboolean     is_guided = guided->guidance_scale != 1.0;
  int          n_rows = is_guided ? 2 : 1, first = is_guided ? 0 : 1, dim = unclip_prior_dim (prior), n_tokens = guided->n_tokens;
  g_autofree float *in = g_new (float, n_rows * dim), *out = g_new (float, n_rows * dim);

  for (int i = 0; i < n_rows; i++)
    memcpy (in + i * dim, x, dim * sizeof (float));
  if (! unclip_prior_predict (prior, in, t, guided->z_t + first * dim,
                              guided->text_states + (gsize) first * n_tokens * guided->text_width,
                              guided->text_mask != NULL ? guided->text_mask + first * n_tokens : NULL, n_tokens, n_rows, out, error))
    return FALSE;

  if (is_guided)
    unclip_guide (x_0, out, out + dim, dim, guided->guidance_scale);
  else
    memcpy (x_0, out, dim * sizeof (float));
  return TRUE;
}

/* ---- autoregressive prior --------------------------------------------------------------------- */

gboolean
unclip_guided_autoregressive_sample (const UnclipGuidedAutoregressive *guided, const float *uniforms, float *z_i,
                                     UnclipAfterCode after, gpointer after_data, GError **error)
{
  UnclipPriorAutoregressive *prior = guided->prior;
  const UnclipPca  *pca = unclip_prior_autoregressive_pca (prior);
  gboolean          is_guided = guided->guidance_scale != 1.0;
  int               n_rows = is_guided ? 2 : 1, first = is_guided ? 0 : 1, n_buckets = pca->n_buckets;
  int               n_tokens = guided->n_tokens, n_dots = unclip_prior_autoregressive_n_dots (prior);
  int               half = n_dots / 2, dots[2] = { n_dots, n_dots - half + (int) (uniforms[0] * half) }, both[2];
  g_autofree float *logits = g_new (float, n_rows * n_buckets);
  g_autofree int   *codes = g_new (int, pca->n_components);

  if (! unclip_prior_autoregressive_begin (prior, guided->z_t + (gsize) first * pca->dim, guided->text_states + (gsize) first * n_tokens * pca->dim,
                                           guided->text_mask != NULL ? guided->text_mask + first * n_tokens : NULL, n_tokens,
                                           dots + first, NULL, 0, n_rows, logits, error))
    return FALSE;
  for (int k = 0; k < pca->n_components; k++)
    {
      if (k > 0)
        {
          both[0] = both[1] = codes[k - 1];
          if (! unclip_prior_autoregressive_next (prior, both, logits, error))
            return FALSE;
        }
      if (is_guided)
        unclip_guide (logits, logits, logits + n_buckets, n_buckets, guided->guidance_scale);
      codes[k] = unclip_draw (logits, n_buckets, uniforms[1 + k]);
      if (! after (k + 1, pca->n_components, after_data, error))
        return FALSE;
    }
  unclip_pca_decode (pca, codes, z_i);
  return TRUE;
}

/* ---- decoder ----------------------------------------------------------------------------------- */

gboolean
unclip_guided_decoder_init (UnclipGuidedDecoder *guided,
                            UnclipUnet          *unet,
                            int                  size,
                            const float         *context,
                            const int           *context_mask,
                            const float         *time,
                            int                  n_tokens,
                            double               guidance_scale,
                            GError             **error)
{
  int   n_rows = guidance_scale != 1.0 ? 2 : 1, first = 2 - n_rows;
  gsize n_pixels = (gsize) size * size;
  int   context_width, time_width;

  *guided = (UnclipGuidedDecoder) { .unet = unet, .size = size, .n_rows = n_rows, .guidance_scale = guidance_scale };
  guided->x = g_try_new (float, n_rows * n_pixels * unclip_unet_in_channels (unet));
  guided->out = g_try_new (float, n_rows * n_pixels * unclip_unet_out_channels (unet));
  if (guided->x == NULL || guided->out == NULL)
    return no_memory ("decoder", error);

  context_width = unclip_unet_context_width (unet);
  time_width = unclip_unet_time_width (unet);
  return unclip_unet_set_context (unet, context + (gsize) first * n_tokens * context_width,
                                  context_mask != NULL ? context_mask + first * n_tokens : NULL,
                                  time + (gsize) first * time_width, n_rows, n_tokens, error);
}

void
unclip_guided_decoder_clear (UnclipGuidedDecoder *guided)
{
  g_clear_pointer (&guided->x, g_free);
  g_clear_pointer (&guided->out, g_free);
}

/* Channels [first, first + 3) of pictures with @stride channels. */
static void
take_channels (float *to, const float *from, gsize n_pixels, int stride, int first)
{
  for (gsize i = 0; i < n_pixels; i++)
    for (int c = 0; c < 3; c++)
      to[3 * i + c] = from[i * stride + first + c];
}

gboolean
unclip_guided_decoder_predict (const float *x, int t, float *eps, float *v, gpointer data, GError **error)
{
  UnclipGuidedDecoder *guided = data;
  int          size = guided->size, n_out = unclip_unet_out_channels (guided->unet);
  gsize        n_pixels = (gsize) size * size, n = n_pixels * 3;
  const float *conditional = guided->out + (guided->n_rows - 1) * n_pixels * n_out;

  if (! unclip_fit_channels (guided->unet, v != NULL, error))
    return FALSE;
  for (int i = 0; i < guided->n_rows; i++)
    memcpy (guided->x + i * n, x, n * sizeof (float));
  if (! unclip_unet_predict (guided->unet, guided->x, t, guided->n_rows, size, size, guided->out, error))
    return FALSE;

  take_channels (eps, conditional, n_pixels, n_out, 0);
  if (v != NULL)
    take_channels (v, conditional, n_pixels, n_out, 3);
  if (guided->n_rows == 2)
    {
      take_channels (guided->x, guided->out, n_pixels, n_out, 0);
      unclip_guide (eps, guided->x, eps, n, guided->guidance_scale);
    }
  return TRUE;
}

/* ---- upsampler --------------------------------------------------------------------------------------- */

static gboolean
check_upsampler (UnclipUnet *unet, const char *component, GError **error)
{
  int n_out = unclip_unet_out_channels (unet);

  if (unclip_unet_in_channels (unet) == 6 && (n_out == 3 || n_out == 6) && ! unclip_unet_is_conditional (unet))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s takes %d and gives %d channels, so it is no upsampler: that takes 6 and gives 3 or 6"),
               component, unclip_unet_in_channels (unet), n_out);
  return FALSE;
}

/* The network that serves timestep @t, loaded; two large ones are never held together. */
static UnclipUnet *
serve (UnclipUpsampler *upsampler, int t, GError **error)
{
  gboolean     is_last = t == upsampler->last_t && upsampler->has_last;
  const char  *component = is_last ? "super_res_last" : upsampler->component;
  UnclipUnet **unet = is_last ? &upsampler->last : &upsampler->first;
  UnclipUnet **other = is_last ? &upsampler->first : &upsampler->last;

  if (*unet != NULL)
    return *unet;
  if (*other != NULL && unclip_unet_weights_size (*other) + unclip_unet_working_size (*other) > UNCLIP_LARGE_NETWORK)
    g_clear_pointer (other, unclip_unet_free);
  *unet = unclip_unet_new (upsampler->model, component, upsampler->context, error);
  if (*unet != NULL && ! check_upsampler (*unet, component, error))
    g_clear_pointer (unet, unclip_unet_free);
  return *unet;
}

static const char *
scheduler_of (const char *component)
{
  return strcmp (component, "super_res_1024") == 0 ? "super_res_1024_scheduler" : "super_res_scheduler";
}

/* 0 where the network gives something else than a residual. */
static gboolean
read_residual_scale (UnclipModel *model, const char *scheduler, float *scale, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  const char *prediction;
  double      value;

  *scale = 0;
  if (! unclip_model_has (model, scheduler))
    return TRUE;
  config = unclip_model_config (model, scheduler, error);
  if (config == NULL
      || ! unclip_config_string (config, "prediction_type", NULL, &prediction, error)
      || ! unclip_config_double (config, "residual_scale", 1.0, 1e-6, 1e6, &value, error))
    return FALSE;
  if (g_strcmp0 (prediction, "residual") == 0)
    *scale = (float) value;
  return TRUE;
}

UnclipSchedule *
unclip_upsampler_schedule (UnclipModel *model, const char *component, GError **error)
{
  return unclip_stage_schedule (model, scheduler_of (component), error);
}

gboolean
unclip_upsampler_init (UnclipUpsampler *upsampler, UnclipModel *model, const char *component, BkContext *context, GError **error)
{
  memset (upsampler, 0, sizeof *upsampler);
  upsampler->model = unclip_model_ref (model);
  upsampler->component = component;
  upsampler->context = context;
  upsampler->has_last = strcmp (component, "super_res_first") == 0 && unclip_model_has (model, "super_res_last");
  upsampler->last_t = -1;
  return read_residual_scale (model, scheduler_of (component), &upsampler->residual_scale, error) && serve (upsampler, 0, error) != NULL;
}

void
unclip_upsampler_clear (UnclipUpsampler *upsampler)
{
  g_clear_pointer (&upsampler->model, unclip_model_unref);
  g_clear_pointer (&upsampler->first, unclip_unet_free);
  g_clear_pointer (&upsampler->last, unclip_unet_free);
  g_clear_pointer (&upsampler->enlarged, g_free);
  g_clear_pointer (&upsampler->x, g_free);
  g_clear_pointer (&upsampler->out, g_free);
}

gboolean
unclip_upsampler_resize (UnclipUpsampler *upsampler, int width, int height, int last_t, GError **error)
{
  gsize n_pixels = (gsize) width * height;

  if (width != upsampler->width || height != upsampler->height)
    {
      g_free (upsampler->enlarged);
      g_free (upsampler->x);
      g_free (upsampler->out);
      upsampler->enlarged = g_try_new (float, n_pixels * 3);
      upsampler->x = g_try_new (float, n_pixels * 6);
      upsampler->out = g_try_new (float, n_pixels * 6);
    }
  upsampler->width = width;
  upsampler->height = height;
  upsampler->last_t = last_t;
  if (upsampler->enlarged == NULL || upsampler->x == NULL || upsampler->out == NULL)
    return no_memory (upsampler->component, error);
  return TRUE;
}

gboolean
unclip_upsampler_condition (UnclipUpsampler *upsampler, const float *low, int low_size, int size, int last_t, GError **error)
{
  return unclip_upsampler_resize (upsampler, size, size, last_t, error)
         && unclip_resize_f32 (low, 1, low_size, low_size, 3, upsampler->enlarged, size, size, error);
}

gboolean
unclip_upsampler_predict (const float *x, int t, float *eps, float *v, gpointer data, GError **error)
{
  UnclipUpsampler *upsampler = data;
  UnclipUnet      *unet = serve (upsampler, t, error);
  gsize            n_pixels = (gsize) upsampler->width * upsampler->height;

  if (unet == NULL)
    return FALSE;
  for (gsize i = 0; i < n_pixels; i++)
    {
      memcpy (upsampler->x + 6 * i, x + 3 * i, 3 * sizeof (float));
      memcpy (upsampler->x + 6 * i + 3, upsampler->enlarged + 3 * i, 3 * sizeof (float));
    }
  if (! unclip_unet_predict (unet, upsampler->x, t, 1, upsampler->height, upsampler->width, upsampler->out, error))
    return FALSE;

  take_channels (eps, upsampler->out, n_pixels, unclip_unet_out_channels (unet), 0);
  if (upsampler->residual_scale > 0)
    for (gsize i = 0; i < 3 * n_pixels; i++)
      eps[i] = upsampler->enlarged[i] + upsampler->residual_scale * eps[i];
  if (v != NULL)
    {
      if (unclip_unet_out_channels (unet) < 6)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The upsampler's scheduler wants a learned variance, which the upsampler does not give"));
          return FALSE;
        }
      take_channels (v, upsampler->out, n_pixels, unclip_unet_out_channels (unet), 3);
    }
  return TRUE;
}
