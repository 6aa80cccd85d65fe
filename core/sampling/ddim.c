/* DDIM, deterministic or with noise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>

void
unclip_ddim_move (float *y, const float *x, const float *eps, gsize n, float from, float to)
{
  float signal_from = sqrtf (from), noise_from = sqrtf (1.0f - from);
  float signal_to = sqrtf (to), noise_to = sqrtf (1.0f - to);

  for (gsize i = 0; i < n; i++)
    y[i] = signal_to * ((x[i] - noise_from * eps[i]) / signal_from) + noise_to * eps[i];
}

/* From predicted x_0 and eps to the next state, with noise of its own. */
static void
step (const UnclipProcess *process, int k, float *x, const float *x_0, const float *eps, double eta, float *noise)
{
  float ab = unclip_alpha_bar_at (process, k), ab_prev = unclip_alpha_bar_after (process, k);
  float variance = (1.0f - ab_prev) / (1.0f - ab) * (1.0f - ab / ab_prev);
  float std = (float) eta * sqrtf (variance);
  float signal = sqrtf (ab_prev), direction = sqrtf (MAX (1.0f - ab_prev - std * std, 0.0f));

  for (gsize i = 0; i < process->n; i++)
    x[i] = signal * x_0[i] + direction * eps[i];
  if (std > 0.0f)
    {
      process->noise (k, noise, process->n, process->noise_data);
      for (gsize i = 0; i < process->n; i++)
        x[i] += std * noise[i];
    }
}

gboolean
unclip_ddim_step (const UnclipProcess *process, int k, float *x, double eta, float *eps, float *x_0, float *noise, GError **error)
{
  if (! unclip_process_predict (process, x, process->timesteps[k], eps, NULL, error))
    return FALSE;
  unclip_predicted_x_0 (process, x, eps, unclip_alpha_bar_at (process, k), TRUE, x_0);
  step (process, k, x, x_0, eps, eta, noise);
  return TRUE;
}

gboolean
unclip_ddim_sample (const UnclipProcess *process, float *x, double eta, GError **error)
{
  g_autofree float *eps = g_new (float, process->n), *x_0 = g_new (float, process->n), *noise = g_new (float, process->n);

  for (int k = 0; k < process->n_steps; k++)
    if (! unclip_ddim_step (process, k, x, eta, eps, x_0, noise, error)
        || ! unclip_process_after (process, k + 1, x, x_0, error))
      return FALSE;
  return TRUE;
}
