/* The noise schedule and the timesteps that samplers visit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <string.h>

static double
cosine (double u)
{
  double c = cos ((u + 0.008) / 1.008 * G_PI / 2.0);

  return c * c;
}

static double
squared_cosine (int t, int n_train, double start, double end)
{
  return MIN (1.0 - cosine ((t + 1.0) / n_train) / cosine ((double) t / n_train), 0.999);
}

/* As torch.linspace() has it: in float32, from either end to the middle. */
static float
between (int t, int n_train, float start, float end)
{
  float step = n_train > 1 ? (end - start) / (n_train - 1) : 0;

  return t < n_train / 2 ? start + step * t : end - step * (n_train - 1 - t);
}

static double
linear (int t, int n_train, double start, double end)
{
  return between (t, n_train, (float) start, (float) end);
}

static double
scaled_linear (int t, int n_train, double start, double end)
{
  float root = between (t, n_train, (float) sqrt (start), (float) sqrt (end));

  return root * root;
}

static const struct
{
  const char *name; /* beta_schedule of a scheduler's config */
  double (*beta) (int t, int n_train, double start, double end);
} betas[] = {
  [UNCLIP_BETAS_SQUARED_COSINE] = { "squaredcos_cap_v2", squared_cosine },
  [UNCLIP_BETAS_LINEAR] = { "linear", linear },
  [UNCLIP_BETAS_SCALED_LINEAR] = { "scaled_linear", scaled_linear },
};

gboolean
unclip_betas_named (const char *name, UnclipBetas *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (betas); i++)
    if (strcmp (betas[i].name, name) == 0)
      {
        *kind = i;
        return TRUE;
      }
  return FALSE;
}

UnclipSchedule *
unclip_schedule_new (UnclipBetas kind, double start, double end, int n_train)
{
  UnclipSchedule *schedule = g_new0 (UnclipSchedule, 1);
  double          product = 1.0;

  schedule->n_train = n_train;
  schedule->spacing = UNCLIP_SPACING_EVEN;
  schedule->has_table_steps = TRUE;
  schedule->last_alpha_bar = 1.0f;
  schedule->beta = g_new (float, n_train);
  schedule->alpha_bar = g_new (float, n_train);
  for (int t = 0; t < n_train; t++)
    {
      schedule->beta[t] = (float) betas[kind].beta (t, n_train, start, end);
      /* Factors in float32, their product in double: so torch's cumprod makes the published tables. */
      product *= 1.0f - schedule->beta[t];
      schedule->alpha_bar[t] = (float) product;
    }
  return schedule;
}

void
unclip_schedule_free (UnclipSchedule *schedule)
{
  if (schedule == NULL)
    return;
  g_free (schedule->beta);
  g_free (schedule->alpha_bar);
  g_free (schedule);
}

int *
unclip_timesteps_ddpm (const UnclipSchedule *schedule, int n_steps)
{
  return unclip_timesteps_ddim (schedule, n_steps, schedule->spacing, schedule->offset);
}

int *
unclip_timesteps_noisy (const UnclipSchedule *schedule, int n_steps)
{
  int *timesteps = g_new (int, n_steps);
  int  last = schedule->n_train - 1;

  g_return_val_if_fail (n_steps >= 1 && n_steps <= schedule->n_train, timesteps);

  timesteps[0] = last;
  for (int k = 1; k < n_steps; k++)
    timesteps[k] = MIN (timesteps[k - 1] - 1, (int) rint (last * (1.0 - pow (k / (n_steps - 1.0), 3))));
  return timesteps;
}

int *
unclip_timesteps_ddim (const UnclipSchedule *schedule, int n_steps, UnclipSpacing spacing, int offset)
{
  int *timesteps = g_new (int, n_steps);
  int  n_train = schedule->n_train;
  /* A single step goes all the way. */
  double ratio = n_steps > 1 ? (n_train - 1.0) / (n_steps - 1) : n_train - 1.0;

  g_return_val_if_fail (n_steps >= 1 && n_steps <= n_train, timesteps);

  for (int k = 0; k < n_steps; k++)
    {
      int t = spacing == UNCLIP_SPACING_LEADING    ? (n_steps - 1 - k) * (n_train / n_steps) + offset
              : spacing == UNCLIP_SPACING_TRAILING ? (int) rint (n_train - k * (double) n_train / n_steps) - 1
                                                   : (int) rint (MAX (n_steps - 1 - k, n_steps == 1) * ratio);
      timesteps[k] = CLAMP (t, 0, n_train - 1);
    }
  return timesteps;
}

float
unclip_alpha_bar_at (const UnclipProcess *process, int k)
{
  return process->schedule->alpha_bar[process->timesteps[k]];
}

float
unclip_alpha_bar_after (const UnclipProcess *process, int k)
{
  return k + 1 < process->n_steps ? unclip_alpha_bar_at (process, k + 1) : process->schedule->last_alpha_bar;
}

gboolean
unclip_process_predict (const UnclipProcess *process, const float *x, int t, float *out, float *v, GError **error)
{
  return process->predict (x, t, out, v, process->predict_data, error);
}

gboolean
unclip_process_after (const UnclipProcess *process, int step, const float *x, const float *x_0, GError **error)
{
  return process->after == NULL || process->after (step, process->n_steps, x, x_0, process->after_data, error);
}
