/* From captions to the z_i of pictures that they could describe.
 *
 * Source: arXiv 2204.06125, section 2.2, and 5.1 for what can stand in for the prior.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "prior.h"

#include <string.h>

/* Of either prior: @done of @n_draws, @cost of a step. */
typedef struct
{
  UnclipRun *run;
  int        done, n_draws;
  double     cost;
} PriorLoop;

/* A prior, loaded once for all captions: draws z_i [dim] for the pair (no caption, caption). */
typedef struct _Prior Prior;
struct _Prior
{
  UnclipPrior               *diffusion;      /* one of both */
  UnclipPriorAutoregressive *autoregressive;
  UnclipSchedule            *schedule;
  int                       *timesteps, n_steps;
  double                     guidance_scale;
  PriorLoop                  loop;
  gboolean                 (*draw) (Prior *prior, const UnclipCaptions *pair, float *z_i, GError **error);
};

static void
prior_clear (Prior *prior)
{
  g_clear_pointer (&prior->diffusion, unclip_prior_free);
  g_clear_pointer (&prior->autoregressive, unclip_prior_autoregressive_free);
  g_clear_pointer (&prior->schedule, unclip_schedule_free);
  g_clear_pointer (&prior->timesteps, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Prior, prior_clear)

static void
prior_noise (int step, float *out, gsize n, gpointer random)
{
  unclip_random_normal (random, out, n);
}

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

/* Whether what a prior takes is what the text tower gives. */
static gboolean
check_fit (const char *component, int dim, int length, const UnclipCaptions *captions, GError **error)
{
  return unclip_fit_text (component, dim, length, captions->dim, captions->width, captions->length, error);
}

static double
guidance_of (const UnclipRun *run, const char *name)
{
  return run->options->prior_guidance_scale >= 0 ? run->options->prior_guidance_scale : unclip_model_default (run->model, name, 4.0);
}

/* ---- the diffusion prior -------------------------------------------------------------------------------- */

static gboolean
draw_diffusion (Prior *prior, const UnclipCaptions *pair, float *z_i, GError **error)
{
  UnclipRun        *run = prior->loop.run;
  UnclipGuidedPrior guided = { prior->diffusion, pair->z_t, pair->states, pair->mask, pair->n_tokens, pair->width, prior->guidance_scale };
  const UnclipProcess process = {
    .schedule = prior->schedule, .n = pair->dim, .timesteps = prior->timesteps, .n_steps = prior->n_steps,
    .predict = unclip_guided_prior_predict, .predict_data = &guided,
    .noise = prior_noise, .noise_data = run->random, .after = after_prior_step, .after_data = &prior->loop,
  };

  unclip_random_normal (run->random, z_i, pair->dim);
  if (! run->sampler->sample (&process, z_i, error))
    return FALSE;
  for (int i = 0; i < pair->dim; i++)
    z_i[i] = z_i[i] * unclip_prior_std (prior->diffusion)[i] + unclip_prior_mean (prior->diffusion)[i];
  return unclip_check_finite ("prior", z_i, pair->dim, error);
}

static gboolean
load_diffusion (Prior *prior, UnclipRun *run, const UnclipCaptions *captions, GError **error)
{
  prior->schedule = unclip_stage_schedule (run->model, "prior_scheduler", error);
  if (prior->schedule == NULL || ! unclip_run_step (run, "prior", 0, 1, 0, NULL, 0, error))
    return FALSE;
  prior->diffusion = unclip_prior_new (run->model, &run->context, error);
  if (prior->diffusion == NULL
      || ! check_fit ("prior", unclip_prior_dim (prior->diffusion), unclip_prior_length (prior->diffusion), captions, error))
    return FALSE;
  prior->n_steps = MIN (run->prior_n_steps, prior->schedule->n_train);
  prior->timesteps = run->sampler->timesteps (prior->schedule, prior->n_steps);
  prior->guidance_scale = guidance_of (run, "prior_guidance_scale");
  prior->loop.cost = UNCLIP_COST_PRIOR;
  prior->draw = draw_diffusion;
  return TRUE;
}

/* ---- the autoregressive prior ---------------------------------------------------------------------------- */

static gboolean
draw_autoregressive (Prior *prior, const UnclipCaptions *pair, float *z_i, GError **error)
{
  const UnclipGuidedAutoregressive guided = {
    prior->autoregressive, pair->z_t, pair->states, pair->mask, pair->n_tokens, prior->guidance_scale
  };
  int               n = 1 + unclip_prior_autoregressive_pca (prior->autoregressive)->n_components;
  g_autofree float *uniforms = g_new (float, n);

  unclip_random_uniform (prior->loop.run->random, uniforms, n);
  return unclip_guided_autoregressive_sample (&guided, uniforms, z_i, after_draw_step, &prior->loop, error)
         && unclip_check_finite ("prior_autoregressive", z_i, pair->dim, error);
}

static gboolean
load_autoregressive (Prior *prior, UnclipRun *run, const UnclipCaptions *captions, GError **error)
{
  const UnclipPca *pca;

  if (! unclip_run_step (run, "prior", 0, 1, 0, NULL, 0, error))
    return FALSE;
  prior->autoregressive = unclip_prior_autoregressive_new (run->model, &run->context, error);
  if (prior->autoregressive == NULL)
    return FALSE;
  pca = unclip_prior_autoregressive_pca (prior->autoregressive);
  if (! check_fit ("prior_autoregressive", pca->dim, unclip_prior_autoregressive_length (prior->autoregressive), captions, error))
    return FALSE;
  prior->guidance_scale = guidance_of (run, "prior_autoregressive_guidance_scale");
  prior->loop.cost = UNCLIP_COST_AUTOREGRESSIVE / pca->n_components;
  prior->draw = draw_autoregressive;
  return TRUE;
}

/* ---- captions ----------------------------------------------------------------------------------------------- */

/* Rows 0 and @row by themselves. */
static UnclipCaptions
pair_of (const UnclipCaptions *captions, int row)
{
  UnclipCaptions pair = *captions;
  gsize          n_states = (gsize) captions->n_tokens * captions->width;

  pair.n = 2;
  pair.mask = g_new (int, 2 * captions->n_tokens);
  pair.states = g_new (float, 2 * n_states);
  pair.z_t = g_new (float, 2 * captions->dim);
  for (int i = 0; i < 2; i++)
    {
      int from = i * row;

      memcpy (pair.mask + i * captions->n_tokens, captions->mask + from * captions->n_tokens, captions->n_tokens * sizeof (int));
      memcpy (pair.states + i * n_states, captions->states + from * n_states, n_states * sizeof (float));
      memcpy (pair.z_t + i * captions->dim, captions->z_t + from * captions->dim, captions->dim * sizeof (float));
    }
  return pair;
}

/* Of as many draws as there are to be the one that is most like the caption, in @z_i [dim]. */
static gboolean
draw_best (Prior *prior, const UnclipCaptions *pair, float *z_i, GError **error)
{
  const float      *z_t = pair->z_t + pair->dim;
  g_autofree float *drawn = g_new (float, pair->dim);

  for (int i = 0; i < n_draws (prior->loop.run); i++, prior->loop.done++)
    {
      if (! prior->draw (prior, pair, drawn, error))
        return FALSE;
      if (i == 0 || dot (drawn, z_t, pair->dim) > dot (z_i, z_t, pair->dim))
        memcpy (z_i, drawn, pair->dim * sizeof (float));
    }
  return TRUE;
}

float *
unclip_run_prior (UnclipRun *run, const UnclipCaptions *captions, UnclipPriorKind kind, const guint64 *seeds, int n_seeds, GError **error)
{
  g_auto (Prior) prior = { 0 };
  int               n = captions->n - 1, dim = captions->dim;
  g_autofree float *z_i = g_new (float, (gsize) n_seeds * n * dim);

  if (kind != UNCLIP_PRIOR_DIFFUSION && kind != UNCLIP_PRIOR_AUTOREGRESSIVE)
    {
      for (int k = 0; k < n_seeds; k++)
        memcpy (z_i + (gsize) k * n * dim, captions->z_t + dim, (gsize) n * dim * sizeof (float));
      return g_steal_pointer (&z_i);
    }

  prior.loop = (PriorLoop) { run, 0, n_seeds * n * n_draws (run), 0 };
  if (! (kind == UNCLIP_PRIOR_DIFFUSION ? load_diffusion : load_autoregressive) (&prior, run, captions, error))
    return NULL;
  for (int row = 1; row <= n; row++)
    {
      g_auto (UnclipCaptions) pair = pair_of (captions, row);

      for (int k = 0; k < n_seeds; k++)
        {
          if (seeds != NULL)
            unclip_run_reseed (run, seeds[k]);
          if (! draw_best (&prior, &pair, z_i + ((gsize) k * n + row - 1) * dim, error))
            return NULL;
        }
    }
  return g_steal_pointer (&z_i);
}

double
unclip_run_prior_cost (const UnclipRun *run, UnclipPriorKind kind)
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
