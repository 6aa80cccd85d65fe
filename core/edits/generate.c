/* From a caption to a picture: prior, decoder, upsampler.
 *
 * With torch's random numbers the order of draws is that of diffusers' UnCLIPPipeline, one z_i and all, so
 * that a seed gives the same picture.
 *
 * Source: arXiv 2204.06125, sections 2.1 and 2.2, and 5.1 for what can stand in for the prior.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Rows of the captions. */
enum
{
  EMPTY,
  CAPTION
};

static void
prior_noise (int step, float *out, gsize n, gpointer random)
{
  unclip_random_normal (random, out, n);
}

typedef struct
{
  UnclipRun *run;
  int        done, n_draws;
} PriorLoop;

static gboolean
after_prior_step (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  PriorLoop *loop = data;

  return unclip_run_step (loop->run, "prior", loop->done * n_steps + step, loop->n_draws * n_steps, UNCLIP_COST_PRIOR, NULL, 0, error);
}

static int
n_draws (const UnclipRun *run)
{
  /* The paper draws two and keeps the one that the caption likes better; diffusers draws one. */
  return run->options->rng == UNCLIP_RNG_TORCH ? 1 : 2;
}

static double
dot (const float *a, const float *b, int n)
{
  double sum = 0;

  for (int i = 0; i < n; i++)
    sum += (double) a[i] * b[i];
  return sum;
}

/* z_i [dim] from the diffusion prior; transfer full. */
static float *
sample_prior (UnclipRun *run, const UnclipCaptions *captions, GError **error)
{
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (run->model, "prior_scheduler", error);
  g_autoptr (UnclipPrior) prior = NULL;
  g_autofree int   *timesteps = NULL;
  g_autofree float *best = NULL;
  UnclipGuidedPrior guided;
  PriorLoop         loop = { run, 0, n_draws (run) };
  int               dim = captions->dim;

  if (schedule == NULL || ! unclip_run_step (run, "prior", 0, 1, 0, NULL, 0, error))
    return NULL;
  prior = unclip_prior_new (run->model, error);
  if (prior == NULL)
    return NULL;
  if (unclip_prior_dim (prior) != dim || captions->width != dim || unclip_prior_length (prior) != captions->length)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("prior and text_encoder do not fit each other; take both from the same model"));
      return NULL;
    }
  timesteps = unclip_timesteps_ddpm (schedule, MIN (run->prior_n_steps, schedule->n_train));
  guided = (UnclipGuidedPrior) {
    prior, captions->z_t, captions->states, captions->mask, captions->width,
    run->options->prior_guidance_scale >= 0 ? run->options->prior_guidance_scale
                                            : unclip_model_default (run->model, "prior_guidance_scale", 4.0)
  };

  for (; loop.done < loop.n_draws; loop.done++)
    {
      g_autofree float *z_i = g_new (float, dim);
      const UnclipProcess process = {
        .schedule = schedule, .n = dim, .timesteps = timesteps, .n_steps = MIN (run->prior_n_steps, schedule->n_train),
        .predict = unclip_guided_prior_predict, .predict_data = &guided,
        .noise = prior_noise, .noise_data = run->random, .after = after_prior_step, .after_data = &loop,
      };
      const float *z_t = captions->z_t + CAPTION * dim;

      unclip_random_normal (run->random, z_i, dim);
      if (! unclip_ddpm_sample (&process, z_i, error))
        return NULL;
      for (int i = 0; i < dim; i++)
        z_i[i] = z_i[i] * unclip_prior_std (prior)[i] + unclip_prior_mean (prior)[i];
      if (best == NULL || dot (z_i, z_t, dim) > dot (best, z_t, dim))
        {
          g_free (best);
          best = g_steal_pointer (&z_i);
        }
    }
  return g_steal_pointer (&best);
}

/* What stands for the picture; with UNCLIP_PRIOR_NONE it is not used. */
static float *
find_z_i (UnclipRun *run, const UnclipCaptions *captions, UnclipPriorKind kind, GError **error)
{
  if (kind == UNCLIP_PRIOR_DIFFUSION)
    return sample_prior (run, captions, error);
  return g_memdup2 (captions->z_t + CAPTION * captions->dim, captions->dim * sizeof (float));
}

UnclipImage *
unclip_generate (UnclipModel *model, const char *y, UnclipPriorKind kind, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autofree float *z_i = NULL, *x = NULL, *high = NULL;
  double guidance_scale;

  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  if (kind == UNCLIP_PRIOR_AUTOREGRESSIVE)
    {
      /* Not in this version, whether or not the model has it. */
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("This version has no autoregressive prior; use the prior diffusion"));
      return NULL;
    }
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : unclip_model_default (model, "decoder_guidance_scale", 8.0);
  if (! unclip_run_check_memory (&run, UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER | (kind == UNCLIP_PRIOR_DIFFUSION ? UNCLIP_STAGE_PRIOR : 0),
                                 run.upsamples ? run.size : 0, error))
    return NULL;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + (kind == UNCLIP_PRIOR_DIFFUSION ? n_draws (&run) * run.prior_n_steps * UNCLIP_COST_PRIOR : 0)
                             + run.n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + (run.upsamples ? run.super_res_n_steps * UNCLIP_COST_SUPER_RES : 0));

  if (! unclip_run_captions (&run, (const char *[]) { "", y }, 2, &captions, error)
      || (z_i = find_z_i (&run, &captions, kind, error)) == NULL)
    return NULL;

  x = g_new (float, (gsize) run.low_size * run.low_size * 3);
  {
    g_auto (UnclipDecoder) decoder = { 0 };
    UnclipLoop    loop;
    UnclipProcess process;

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, (UnclipCondition) { NULL, EMPTY },
                                       (UnclipCondition) { kind == UNCLIP_PRIOR_NONE ? NULL : z_i, CAPTION }, guidance_scale, error))
      return NULL;
    process = unclip_decoder_ddpm (&decoder, &run, &loop, run.n_steps);
    unclip_run_noise (&run, x, run.low_size, 3);
    if (! unclip_ddpm_sample (&process, x, error))
      return NULL;
  }

  if (! run.upsamples)
    return unclip_run_image (x, run.low_size, error);
  high = unclip_run_upsample (&run, (const float *[]) { x }, 1, run.low_size, run.size, NULL, error);
  return high != NULL ? unclip_run_image (high, run.size, error) : NULL;
}
