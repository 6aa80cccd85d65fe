/* From a picture to the noise that sampling makes it from, and back.
 *
 * Levels count from the picture: level 0 is x_0 at alpha_bar 1, level k the state at the k-th timestep from
 * below, level n is x_T. The network is asked at level k with that timestep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <string.h>

/* A loop's arrays, and the levels of its process. */
typedef struct
{
  const UnclipProcess *process;
  gsize                n;
  float               *eps, *x_0, *other, *noise; /* [n] each */
} Walk;

static void
walk_init (Walk *walk, const UnclipProcess *process)
{
  *walk = (Walk) { process, process->n, g_new (float, process->n), g_new (float, process->n),
                   g_new (float, process->n), g_new (float, process->n) };
}

static void
walk_clear (Walk *walk)
{
  g_free (walk->eps);
  g_free (walk->x_0);
  g_free (walk->other);
  g_free (walk->noise);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Walk, walk_clear)

/* Step of the falling list that leaves level @k. */
static int
step_from (const Walk *walk, int k)
{
  return walk->process->n_steps - k;
}

static float
level (const Walk *walk, int k)
{
  return k == 0 ? walk->process->schedule->last_alpha_bar : unclip_alpha_bar_at (walk->process, step_from (walk, k));
}

/* eps [n] at @x, which is at @alpha_bar, asked at level @k's time. */
static gboolean
ask_at (Walk *walk, const float *x, int k, float alpha_bar, GError **error)
{
  const UnclipProcess *process = walk->process;
  int                  step = step_from (walk, k);

  if (! unclip_process_predict (process, x, process->timesteps[step], walk->eps, NULL, error))
    return FALSE;
  unclip_predicted_x_0 (process, x, walk->eps, alpha_bar, FALSE, walk->x_0);
  return TRUE;
}

/* The same of an @x at level @k. */
static gboolean
ask (Walk *walk, const float *x, int k, GError **error)
{
  return ask_at (walk, x, k, level (walk, k), error);
}

static void
copy (float *to, const float *from, gsize n)
{
  memcpy (to, from, n * sizeof (float));
}

void
unclip_trace_free (UnclipTrace *trace)
{
  if (trace == NULL)
    return;
  g_free (trace->x_T);
  g_free (trace->x_T_1);
  g_free (trace->residuals);
  g_free (trace);
}

/* ---- the way there ---------------------------------------------------------------------------- */

/* @x goes from level @k - 1 to level @k. */
static gboolean
climb (Walk *walk, float *x, int k, int n_iterations, GError **error)
{
  /* v says of a state what its own noise says; a clean one has none to divide by where x_0 is predicted. */
  gboolean is_v = walk->process->schedule->prediction == UNCLIP_PREDICTION_V;

  if (! ask_at (walk, x, k, level (walk, is_v ? k - 1 : k), error))
    return FALSE;
  copy (walk->other, x, walk->n);
  unclip_ddim_move (x, walk->other, walk->eps, walk->n, level (walk, k - 1), level (walk, k));

  /* x solves x = move (below, eps (x)): then the step back, which asks at x, leads to below. */
  for (int i = 0; i < n_iterations; i++)
    {
      if (! ask (walk, x, k, error))
        return FALSE;
      unclip_ddim_move (x, walk->other, walk->eps, walk->n, level (walk, k - 1), level (walk, k));
    }
  return TRUE;
}

static gboolean
climb_all (Walk *walk, UnclipTrace *trace, const float *x_0, int n_iterations, GError **error)
{
  copy (trace->x_T, x_0, walk->n);
  for (int k = 1; k <= trace->n_steps; k++)
    if (! climb (walk, trace->x_T, k, n_iterations, error)
        || ! unclip_process_after (walk->process, k, trace->x_T, walk->x_0, error))
      return FALSE;
  return TRUE;
}

/* Both directions' moves with the eps of level @k, from it: @up to level k + 1, @down to level k - 1. */
static void
moves (Walk *walk, const float *x, int k, float *up, float *down)
{
  unclip_ddim_move (up, x, walk->eps, walk->n, level (walk, k), level (walk, k + 1));
  unclip_ddim_move (down, x, walk->eps, walk->n, level (walk, k), level (walk, k - 1));
}

/* x_{k+1} = x_{k-1} + up - down, which the way back undoes whatever the network says. */
static gboolean
climb_bdia (Walk *walk, UnclipTrace *trace, const float *x_0, GError **error)
{
  g_autofree float *up = g_new (float, walk->n), *down = g_new (float, walk->n);

  trace->x_T_1 = g_new (float, walk->n);
  copy (trace->x_T_1, x_0, walk->n);
  copy (trace->x_T, x_0, walk->n);
  if (! climb (walk, trace->x_T, 1, 0, error)
      || ! unclip_process_after (walk->process, 1, trace->x_T, walk->x_0, error))
    return FALSE;

  for (int k = 1; k < trace->n_steps; k++)
    {
      if (! ask (walk, trace->x_T, k, error))
        return FALSE;
      moves (walk, trace->x_T, k, up, down);
      for (gsize i = 0; i < walk->n; i++)
        {
          float above = trace->x_T_1[i] + up[i] - down[i];

          trace->x_T_1[i] = trace->x_T[i];
          trace->x_T[i] = above;
        }
      if (! unclip_process_after (walk->process, k + 1, trace->x_T, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
climb_residuals (Walk *walk, UnclipTrace *trace, const float *x_0, GError **error)
{
  g_autofree float *below = g_memdup2 (x_0, walk->n * sizeof (float));

  trace->residuals = g_new (float, trace->n_steps * walk->n);
  copy (trace->x_T, x_0, walk->n);
  for (int k = 1; k <= trace->n_steps; k++)
    {
      float *residual = trace->residuals + step_from (walk, k) * walk->n;

      if (! climb (walk, trace->x_T, k, 0, error) || ! ask (walk, trace->x_T, k, error))
        return FALSE;
      unclip_ddim_move (residual, trace->x_T, walk->eps, walk->n, level (walk, k), level (walk, k - 1));
      for (gsize i = 0; i < walk->n; i++)
        residual[i] = below[i] - residual[i];
      copy (below, trace->x_T, walk->n);
      if (! unclip_process_after (walk->process, k, trace->x_T, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

/* Mean of the ancestral step that leaves level @k from @x. */
static gboolean
ancestral_mean (Walk *walk, const float *x, int k, float *mean, GError **error)
{
  const UnclipProcess *process = walk->process;
  int                  step = step_from (walk, k);

  if (! unclip_process_predict (process, x, process->timesteps[step], walk->eps, NULL, error))
    return FALSE;
  unclip_predicted_x_0 (process, x, walk->eps, level (walk, k), TRUE, walk->x_0);
  unclip_ddpm_mean (process, step, x, walk->x_0, mean);
  return TRUE;
}

static gboolean
climb_ddpm (Walk *walk, UnclipTrace *trace, const float *x_0, GError **error)
{
  const UnclipProcess *process = walk->process;
  g_autofree float    *below = g_memdup2 (x_0, walk->n * sizeof (float));

  trace->residuals = g_new (float, trace->n_steps * walk->n);
  for (int k = 1; k <= trace->n_steps; k++)
    {
      float *residual = trace->residuals + step_from (walk, k) * walk->n;
      float  signal = sqrtf (level (walk, k)), noise = sqrtf (1.0f - level (walk, k));

      process->noise (step_from (walk, k), walk->noise, walk->n, process->noise_data);
      for (gsize i = 0; i < walk->n; i++)
        trace->x_T[i] = signal * x_0[i] + noise * walk->noise[i];
      if (! ancestral_mean (walk, trace->x_T, k, residual, error))
        return FALSE;
      for (gsize i = 0; i < walk->n; i++)
        residual[i] = below[i] - residual[i];
      copy (below, trace->x_T, walk->n);
      if (! unclip_process_after (process, k, trace->x_T, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

UnclipTrace *
unclip_invert_trace (const UnclipProcess *process, const float *x_0, UnclipInvertMethod method, int n_iterations, GError **error)
{
  g_autoptr (UnclipTrace) trace = g_new0 (UnclipTrace, 1);
  g_auto (Walk) walk = { 0 };
  gboolean done = FALSE;

  walk_init (&walk, process);
  trace->method = method;
  trace->n = process->n;
  trace->n_steps = process->n_steps;
  trace->x_T = g_new (float, process->n);

  switch (method)
    {
    case UNCLIP_INVERT_DDIM:
      done = climb_all (&walk, trace, x_0, 0, error);
      break;
    case UNCLIP_INVERT_FIXED_POINT:
      done = climb_all (&walk, trace, x_0, n_iterations, error);
      break;
    case UNCLIP_INVERT_BDIA:
      done = climb_bdia (&walk, trace, x_0, error);
      break;
    case UNCLIP_INVERT_RESIDUALS:
      done = climb_residuals (&walk, trace, x_0, error);
      break;
    case UNCLIP_INVERT_DDPM:
      done = climb_ddpm (&walk, trace, x_0, error);
      break;
    }
  return done ? g_steal_pointer (&trace) : NULL;
}

/* ---- the way back -------------------------------------------------------------------------------- */

/* DDIM's steps, and the share @keep of what each was found to lack. */
static gboolean
descend (Walk *walk, const UnclipTrace *trace, double eta, double keep, float *x, GError **error)
{
  copy (x, trace->x_T, walk->n);
  for (int step = 0; step < trace->n_steps; step++)
    {
      const float *residual = trace->residuals != NULL ? trace->residuals + step * walk->n : NULL;

      if (! unclip_ddim_step (walk->process, step, x, eta, walk->eps, walk->x_0, walk->noise, error))
        return FALSE;
      for (gsize i = 0; residual != NULL && i < walk->n; i++)
        x[i] += (float) keep * residual[i];
      if (! unclip_process_after (walk->process, step + 1, x, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
descend_ddpm (Walk *walk, const UnclipTrace *trace, double keep, float *x, GError **error)
{
  copy (x, trace->x_T, walk->n);
  for (int step = 0; step < trace->n_steps; step++)
    {
      const float *residual = trace->residuals + step * walk->n;

      if (! ancestral_mean (walk, x, trace->n_steps - step, x, error))
        return FALSE;
      for (gsize i = 0; i < walk->n; i++)
        x[i] += (float) keep * residual[i];
      if (! unclip_process_after (walk->process, step + 1, x, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

/* x_{k-1} = DDIM step from x_k + gamma (x_{k+1} - up): with gamma 1 and eta 0 the way there undone. @keep is
 * the paper's gamma. */
static gboolean
descend_bdia (Walk *walk, const UnclipTrace *trace, double eta, double keep, float *x, GError **error)
{
  g_autofree float *above = g_memdup2 (trace->x_T, walk->n * sizeof (float)), *up = g_new (float, walk->n);
  gboolean          is_exact = eta == 0.0 && keep == 1.0;

  /* The first step's result is known; where it is not wanted as it is the network says the rest. */
  copy (x, trace->x_T, walk->n);
  if (! is_exact && ! unclip_ddim_step (walk->process, 0, x, eta, walk->eps, walk->x_0, walk->noise, error))
    return FALSE;
  for (gsize i = 0; i < walk->n; i++)
    x[i] = is_exact ? trace->x_T_1[i] : x[i] + (float) keep * (trace->x_T_1[i] - x[i]);
  if (! unclip_process_after (walk->process, 1, x, is_exact ? x : walk->x_0, error))
    return FALSE;

  for (int k = trace->n_steps - 1; k >= 1; k--)
    {
      int step = step_from (walk, k);

      copy (walk->other, x, walk->n);
      if (! unclip_ddim_step (walk->process, step, x, eta, walk->eps, walk->x_0, walk->noise, error))
        return FALSE;
      unclip_ddim_move (up, walk->other, walk->eps, walk->n, level (walk, k), level (walk, k + 1));
      for (gsize i = 0; i < walk->n; i++)
        x[i] += (float) keep * (above[i] - up[i]);
      copy (above, walk->other, walk->n);
      if (! unclip_process_after (walk->process, step + 1, x, walk->x_0, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
unclip_trace_sample (const UnclipProcess *process, const UnclipTrace *trace, double eta, double keep, float *x, GError **error)
{
  g_auto (Walk) walk = { 0 };

  g_return_val_if_fail (process->n == trace->n && process->n_steps == trace->n_steps, FALSE);

  walk_init (&walk, process);
  if (trace->method == UNCLIP_INVERT_DDPM)
    return descend_ddpm (&walk, trace, keep, x, error);
  if (trace->method == UNCLIP_INVERT_BDIA)
    return descend_bdia (&walk, trace, eta, keep, x, error);
  return descend (&walk, trace, eta, keep, x, error);
}
