/* What CLIP sees: zero-shot labels, and pictures from the first principal components of z_i.
 *
 * Source: arXiv 2103.00020, section 3.1; arXiv 2204.06125, section 4.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* CLIP's trained temperature stops here. */
#define LOGIT_SCALE 100.0

gboolean
unclip_probe_labels (UnclipModel *model, const UnclipImage *x, const char *const *labels, int n, float *probabilities, float *similarities, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autofree float *z_i = NULL, *cosines = NULL;
  double most = -1, sum = 0;
  int    dim;

  if (n < 1)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Give at least one label"));
      return FALSE;
    }
  if (! unclip_run_init (&run, model, options, error)
      || ! unclip_run_check_memory (&run, &(UnclipJob) { UNCLIP_STAGE_TEXT | UNCLIP_STAGE_IMAGE, x }, error))
    return FALSE;
  /* Nothing is drawn. */
  run.n_steps = 0;
  unclip_run_use (&run, 0, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE);
  z_i = unclip_run_embed (&run, x, &dim, error);
  if (z_i == NULL || ! unclip_run_captions (&run, labels, n, &captions, error))
    return FALSE;

  cosines = g_new (float, n);
  unclip_normalise (z_i, z_i, dim);
  for (int i = 0; i < n; i++)
    {
      float *z_t = captions.z_t + (gsize) i * dim;
      double dot = 0;

      unclip_normalise (z_t, z_t, dim);
      for (int k = 0; k < dim; k++)
        dot += (double) z_i[k] * z_t[k];
      cosines[i] = (float) dot;
      most = MAX (most, dot);
    }
  for (int i = 0; i < n; i++)
    sum += exp (LOGIT_SCALE * (cosines[i] - most));
  for (int i = 0; i < n; i++)
    {
      if (probabilities != NULL)
        probabilities[i] = (float) (exp (LOGIT_SCALE * (cosines[i] - most)) / sum);
      if (similarities != NULL)
        similarities[i] = cosines[i];
    }
  return TRUE;
}

/* z_i [n, dim] from the first components of @z_i [dim]; transfer full. */
static float *
project (UnclipRun *run, const float *z_i, int dim, const int *n_components, int n, GError **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = unclip_prior_autoregressive_new (run->model, &run->context, error);
  g_autofree float *out = NULL;
  const UnclipPca  *pca;

  if (prior == NULL)
    return NULL;
  pca = unclip_prior_autoregressive_pca (prior);
  if (pca->dim != dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("prior_autoregressive and image_encoder do not fit each other; take both from the same model"));
      return NULL;
    }
  out = g_new (float, (gsize) n * dim);
  for (int i = 0; i < n; i++)
    {
      if (n_components[i] < 0 || n_components[i] > pca->n_components)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The number of principal components is %d, but this model has from 0 to %d"),
                       n_components[i], pca->n_components);
          return NULL;
        }
      unclip_pca_project (pca, z_i, n_components[i], out + (gsize) i * dim);
    }
  return unclip_check_finite ("prior_autoregressive", out, (gsize) n * dim, error) ? g_steal_pointer (&out) : NULL;
}

/* States of z_i [n, dim], without a caption, from one noise, at the end of @states. */
static gboolean
decode (UnclipRun *run, const UnclipCaptions *captions, const float *z_i, int n, double guidance_scale, GPtrArray *states, GError **error)
{
  g_auto (UnclipDecoder) decoder = { 0 };
  UnclipCondition nothing = { NULL, 0 };

  if (! unclip_decoder_init (&decoder, run, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    {
      UnclipCondition first = { z_i + (gsize) i * captions->dim, 0 };
      UnclipLoop      loop;
      UnclipProcess   process;
      float          *x = unclip_run_new_state (run);

      g_ptr_array_add (states, x);
      if (! unclip_decoder_condition (&decoder, run, captions, nothing, first, guidance_scale, error))
        return FALSE;
      unclip_run_reseed (run, run->options->seed);
      process = unclip_decoder_ddpm (&decoder, run, &loop, run->n_steps);
      unclip_run_state_noise (run, x);
      if (! unclip_ddpm_sample (&process, x, error))
        return FALSE;
    }
  return TRUE;
}

GPtrArray *
unclip_probe_pca (UnclipModel *model, const UnclipImage *x, const int *n_components, int n, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) states = g_ptr_array_new_with_free_func (g_free);
  g_autofree float *z_i = NULL, *projected = NULL;
  g_autofree guint64 *seeds = NULL;
  double guidance_scale;
  int    dim;

  if (n < 1)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Give at least one number of principal components"));
      return NULL;
    }
  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : unclip_model_default (model, "decoder_guidance_scale", 8.0);
  if (! unclip_run_check_memory (&run, &(UnclipJob) { unclip_run_edit_stages (&run) | unclip_run_upsampler_stages (&run), x, .n_results = n }, error))
    return NULL;
  unclip_run_use (&run, guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE
                             + n * run.n_steps * (guidance_scale != 1.0 ? 2 : 1) + unclip_run_upsample_cost (&run, n));

  z_i = unclip_run_embed (&run, x, &dim, error);
  if (z_i == NULL
      || (projected = project (&run, z_i, dim, n_components, n, error)) == NULL
      || ! unclip_run_decoder_captions (&run, (const char *[]) { "" }, 1, &captions, error)
      || ! decode (&run, &captions, projected, n, guidance_scale, states, error))
    return NULL;

  seeds = g_new (guint64, n);
  for (int i = 0; i < n; i++)
    seeds[i] = run.options->seed;
  return unclip_run_enlarge_all (&run, (const float *const *) states->pdata, n, seeds, error);
}
