/* From a caption to a picture: prior, decoder, upsampler.
 *
 * With torch's random numbers the order of draws is that of diffusers' UnCLIPPipeline, one z_i and all, so
 * that a seed gives the same picture.
 *
 * Source: arXiv 2204.06125, sections 2.1 and 2.2, and 5.1 for what can stand in for the prior.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "generate.h"

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

/* Of either prior: @done of @n_draws, @cost of a step. */
typedef struct
{
  UnclipRun *run;
  int        done, n_draws;
  double     cost;
} PriorLoop;

static gboolean
after_draw_step (int step, int n_steps, gpointer data, GError **error)
{
  PriorLoop *loop = data;

  return unclip_run_step (loop->run, "prior", loop->done * n_steps + step, loop->n_draws * n_steps, loop->cost, NULL, 0, error);
}

static gboolean
after_prior_step (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  return after_draw_step (step, n_steps, data, error);
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

/* Takes z_i [dim], and leaves in @best the one of all so far that is most like z_t. */
static void
keep_better (float **best, float *z_i, const float *z_t, int dim)
{
  if (*best == NULL || dot (z_i, z_t, dim) > dot (*best, z_t, dim))
    {
      g_free (*best);
      *best = z_i;
    }
  else
    g_free (z_i);
}

/* Whether what a prior takes is what the text tower gives. */
static gboolean
check_fit (const char *component, int dim, int length, const UnclipCaptions *captions, GError **error)
{
  return unclip_fit_text (component, dim, length, captions->dim, captions->width, captions->length, error);
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
  PriorLoop         loop = { run, 0, n_draws (run), UNCLIP_COST_PRIOR };
  int               dim = captions->dim;

  if (schedule == NULL || ! unclip_run_step (run, "prior", 0, 1, 0, NULL, 0, error))
    return NULL;
  prior = unclip_prior_new (run->model, &run->context, error);
  if (prior == NULL || ! check_fit ("prior", unclip_prior_dim (prior), unclip_prior_length (prior), captions, error))
    return NULL;
  timesteps = run->sampler->timesteps (schedule, MIN (run->prior_n_steps, schedule->n_train));
  guided = (UnclipGuidedPrior) {
    prior, captions->z_t, captions->states, captions->mask, captions->n_tokens, captions->width,
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

      unclip_random_normal (run->random, z_i, dim);
      if (! run->sampler->sample (&process, z_i, error))
        return NULL;
      for (int i = 0; i < dim; i++)
        z_i[i] = z_i[i] * unclip_prior_std (prior)[i] + unclip_prior_mean (prior)[i];
      if (! unclip_check_finite ("prior", z_i, dim, error))
        return NULL;
      keep_better (&best, g_steal_pointer (&z_i), captions->z_t + CAPTION * dim, dim);
    }
  return g_steal_pointer (&best);
}

/* The same from the autoregressive prior. */
static float *
sample_autoregressive (UnclipRun *run, const UnclipCaptions *captions, GError **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = NULL;
  g_autofree float *best = NULL, *uniforms = NULL;
  UnclipGuidedAutoregressive guided;
  PriorLoop        loop = { run, 0, n_draws (run), 0 };
  const UnclipPca *pca;
  int              dim = captions->dim;

  if (! unclip_run_step (run, "prior", 0, 1, 0, NULL, 0, error))
    return NULL;
  prior = unclip_prior_autoregressive_new (run->model, &run->context, error);
  if (prior == NULL)
    return NULL;
  pca = unclip_prior_autoregressive_pca (prior);
  if (! check_fit ("prior_autoregressive", pca->dim, unclip_prior_autoregressive_length (prior), captions, error))
    return NULL;
  guided = (UnclipGuidedAutoregressive) {
    prior, captions->z_t, captions->states, captions->mask, captions->n_tokens,
    run->options->prior_guidance_scale >= 0 ? run->options->prior_guidance_scale
                                            : unclip_model_default (run->model, "prior_autoregressive_guidance_scale", 4.0)
  };
  loop.cost = UNCLIP_COST_AUTOREGRESSIVE / pca->n_components;

  uniforms = g_new (float, 1 + pca->n_components);
  for (; loop.done < loop.n_draws; loop.done++)
    {
      g_autofree float *z_i = g_new (float, dim);

      unclip_random_uniform (run->random, uniforms, 1 + pca->n_components);
      if (! unclip_guided_autoregressive_sample (&guided, uniforms, z_i, after_draw_step, &loop, error)
          || ! unclip_check_finite ("prior_autoregressive", z_i, dim, error))
        return NULL;
      keep_better (&best, g_steal_pointer (&z_i), captions->z_t + CAPTION * dim, dim);
    }
  return g_steal_pointer (&best);
}

/* What stands for the picture; with UNCLIP_PRIOR_NONE it is not used. */
static float *
find_z_i (UnclipRun *run, const UnclipCaptions *captions, UnclipPriorKind kind, GError **error)
{
  if (kind == UNCLIP_PRIOR_DIFFUSION)
    return sample_prior (run, captions, error);
  if (kind == UNCLIP_PRIOR_AUTOREGRESSIVE)
    return sample_autoregressive (run, captions, error);
  return g_memdup2 (captions->z_t + CAPTION * captions->dim, captions->dim * sizeof (float));
}

static double
cost_of_prior (const UnclipRun *run, UnclipPriorKind kind)
{
  switch (kind)
    {
    case UNCLIP_PRIOR_DIFFUSION:
      return n_draws (run) * run->prior_n_steps * UNCLIP_COST_PRIOR;
    case UNCLIP_PRIOR_AUTOREGRESSIVE:
      return n_draws (run) * UNCLIP_COST_AUTOREGRESSIVE;
    default:
      return 0;
    }
}

void
unclip_new_picture_clear (UnclipNewPicture *picture)
{
  g_clear_pointer (&picture->z_i, g_free);
  g_clear_pointer (&picture->state, g_free);
  g_clear_pointer (&picture->high, g_free);
}

gboolean
unclip_run_generate (UnclipRun *run, const char *y, UnclipPriorKind kind, const float *z_i, double guidance_scale, UnclipNewPicture *picture, GError **error)
{
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) high = NULL;

  if (! unclip_run_captions (run, (const char *[]) { "", y }, 2, &captions, error))
    return FALSE;
  picture->z_i = z_i != NULL ? g_memdup2 (z_i, captions.dim * sizeof (float)) : find_z_i (run, &captions, kind, error);
  if (picture->z_i == NULL)
    return FALSE;

  picture->state = unclip_run_new_state (run);
  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, run, error)
        || ! unclip_decoder_condition (&decoder, run, &captions, (UnclipCondition) { NULL, EMPTY },
                                       (UnclipCondition) { kind == UNCLIP_PRIOR_NONE ? NULL : picture->z_i, CAPTION }, guidance_scale, error)
        || ! unclip_decoder_draw (&decoder, run, picture->state, error))
      return FALSE;
  }
  if (! run->upsamples)
    return TRUE;
  high = unclip_run_upsample (run, (const float *[]) { picture->state }, 1, NULL, error);
  if (high == NULL)
    return FALSE;
  picture->high = g_steal_pointer (&high->pdata[0]);
  return TRUE;
}

UnclipImage *
unclip_generate (UnclipModel *model, const char *y, UnclipPriorKind kind, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipNewPicture) picture = { 0 };
  UnclipJob job = { .n_results = 1 };
  double guidance_scale;

  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  if (run.options->n_steps == 0)
    run.n_steps = (int) unclip_model_default (model, "generate_steps", run.n_steps);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : unclip_model_default (model, "decoder_guidance_scale", 8.0);
  job.stages = UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER | unclip_run_upsampler_stages (&run)
               | (kind == UNCLIP_PRIOR_DIFFUSION ? UNCLIP_STAGE_PRIOR : 0)
               | (kind == UNCLIP_PRIOR_AUTOREGRESSIVE ? UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE : 0);
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_use (&run, guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + cost_of_prior (&run, kind)
                             + run.n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + unclip_run_upsample_cost (&run, 1));

  if (! unclip_run_generate (&run, y, kind, NULL, guidance_scale, &picture, error))
    return NULL;
  return picture.high != NULL ? unclip_run_image (picture.high, run.size, error) : unclip_run_small_image (&run, picture.state, error);
}
