/* Ancestral sampling as UnCLIPScheduler does it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>

/* beta of step @k: the table's where the step is of one timestep and the schedule has that, else that of the whole stride. */
static float
beta_of (const UnclipProcess *process, int k)
{
  int t = process->timesteps[k], next = k + 1 < process->n_steps ? process->timesteps[k + 1] : -1;

  if (next == t - 1 && process->schedule->has_table_steps)
    return process->schedule->beta[t];
  return 1.0f - unclip_alpha_bar_at (process, k) / unclip_alpha_bar_after (process, k);
}

void
unclip_ddpm_mean (const UnclipProcess *process, int k, const float *x, const float *x_0, float *mean)
{
  float ab = unclip_alpha_bar_at (process, k), ab_prev = unclip_alpha_bar_after (process, k), beta = beta_of (process, k);
  float of_x_0 = sqrtf (ab_prev) * beta / (1.0f - ab);
  float of_x = sqrtf (1.0f - beta) * (1.0f - ab_prev) / (1.0f - ab);

  for (gsize i = 0; i < process->n; i++)
    mean[i] = of_x_0 * x_0[i] + of_x * x[i];
}

/* x = mean + std noise. @v: raw variance values where they are learned. */
static void
add_noise (const UnclipProcess *process, int k, float *x, const float *v, const float *noise)
{
  float ab = unclip_alpha_bar_at (process, k), ab_prev = unclip_alpha_bar_after (process, k), beta = beta_of (process, k);
  float variance = (1.0f - ab_prev) / (1.0f - ab) * beta;

  if (process->schedule->variance != UNCLIP_VARIANCE_LEARNED_RANGE)
    {
      gboolean is_log = process->schedule->variance == UNCLIP_VARIANCE_FIXED_SMALL_LOG;
      float    std = is_log ? expf (0.5f * logf (MAX (variance, 1e-20f))) : sqrtf (MAX (variance, 1e-20f));

      for (gsize i = 0; i < process->n; i++)
        x[i] += std * noise[i];
    }
  else
    {
      float most = logf (beta), least = logf (MAX (variance, 1e-20f));

      for (gsize i = 0; i < process->n; i++)
        {
          float f = (v[i] + 1.0f) / 2.0f;

          x[i] += expf (0.5f * (f * most + (1.0f - f) * least)) * noise[i];
        }
    }
}

/* DDPMScheduler goes by the timestep, UnCLIPScheduler's last step is its last. */
static gboolean
adds_noise (const UnclipProcess *process, int k)
{
  return k + 1 < process->n_steps || (! process->schedule->has_table_steps && process->timesteps[k] > 0);
}

void
unclip_ddpm_step (const UnclipProcess *process, int k, gsize n, float *x, float *out, const float *v, const float *noise, float *x_0)
{
  UnclipProcess part = *process;

  part.n = n;
  unclip_predicted_x_0 (&part, x, out, unclip_alpha_bar_at (process, k), TRUE, x_0);
  unclip_ddpm_mean (&part, k, x, x_0, x);
  if (adds_noise (process, k))
    add_noise (&part, k, x, v, noise);
}

gboolean
unclip_ddpm_sample (const UnclipProcess *process, float *x, GError **error)
{
  gboolean is_learned = process->schedule->variance == UNCLIP_VARIANCE_LEARNED_RANGE;
  g_autofree float *out = g_new (float, process->n), *x_0 = g_new (float, process->n);
  g_autofree float *noise = g_new (float, process->n), *v = is_learned ? g_new (float, process->n) : NULL;

  for (int k = 0; k < process->n_steps; k++)
    {
      if (! unclip_process_predict (process, x, process->timesteps[k], out, v, error))
        return FALSE;
      if (adds_noise (process, k))
        process->noise (k, noise, process->n, process->noise_data);
      unclip_ddpm_step (process, k, process->n, x, out, v, noise, x_0);
      if (! unclip_process_after (process, k + 1, x, x_0, error))
        return FALSE;
    }
  return TRUE;
}
