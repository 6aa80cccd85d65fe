/* SDE-DPM-Solver++ (2M): ancestral sampling of second order from two predictions, so that fewer steps do.
 *
 * In lambda = log (alpha / sigma) the clean state changes slowly, and each step integrates the line through its
 * last two predictions exactly. Fresh noise replaces what earlier steps got wrong: without it, on small networks,
 * errors stay as grain.
 *
 * Source: arXiv 2211.01095, appendix C (SDE-DPM-Solver++); the data prediction is what may be clamped.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>

static double
lambda_of (double alpha_bar)
{
  return 0.5 * log (alpha_bar / (1.0 - alpha_bar));
}

/* Step @k: x becomes the next state; @x_0 as predicted there, @before one step earlier, unless @k is 0. */
static void
step (const UnclipProcess *process, int k, float *x, const float *x_0, const float *before, double eta, float *noise)
{
  double ab = unclip_alpha_bar_at (process, k), ab_next = unclip_alpha_bar_after (process, k);
  double slope = 0, of_x = 0, of_x_0 = 1, of_noise = 0;

  /* The last step, without noise left, is the prediction itself. */
  if (k + 1 < process->n_steps)
    {
      double h = lambda_of (ab_next) - lambda_of (ab), decay = (1 + eta) * h;

      of_x = sqrt ((1 - ab_next) / (1 - ab)) * exp (-eta * h);
      of_x_0 = -sqrt (ab_next) * expm1 (-decay);
      of_noise = eta > 0 ? sqrt (-(1 - ab_next) * expm1 (-2 * eta * h)) : 0;
      if (k > 0)
        slope = h / (2 * (lambda_of (ab) - lambda_of (unclip_alpha_bar_at (process, k - 1))));
    }
  if (of_noise > 0)
    process->noise (k, noise, process->n, process->noise_data);
  for (gsize i = 0; i < process->n; i++)
    {
      double data = x_0[i] + (slope != 0 ? slope * (x_0[i] - before[i]) : 0);

      x[i] = (float) (of_x * x[i] + of_x_0 * data + (of_noise > 0 ? of_noise * noise[i] : 0));
    }
}

gboolean
unclip_dpm_sample (const UnclipProcess *process, float *x, double eta, GError **error)
{
  g_autofree float *out = g_new (float, process->n), *x_0 = g_new (float, process->n), *before = g_new (float, process->n);
  g_autofree float *noise = eta > 0 ? g_new (float, process->n) : NULL;

  for (int k = 0; k < process->n_steps; k++)
    {
      float *swap = before;

      before = x_0;
      x_0 = swap;
      if (! unclip_process_predict (process, x, process->timesteps[k], out, NULL, error))
        return FALSE;
      unclip_predicted_x_0 (process, x, out, unclip_alpha_bar_at (process, k), TRUE, x_0);
      step (process, k, x, x_0, before, eta, noise);
      if (! unclip_process_after (process, k + 1, x, x_0, error))
        return FALSE;
    }
  return TRUE;
}
