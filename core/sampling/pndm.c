/* PNDM without Runge-Kutta steps (PLMS): each step goes along a combination of what the network said there and at up to three steps
 * before, of guided output as it is, v where the network predicts that; only the combination is turned into eps.
 *
 * The second timestep is asked twice: the first time its answer and the one before it, in the mean, repeat the first step.
 *
 * Source: arXiv 2202.09778, equations 11 and 12.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <string.h>

/* Answers that a step looks back at, its own included. */
#define N_KEPT 4

/* What the network said, the newest first. */
typedef struct
{
  int    n;
  float *kept[N_KEPT]; /* owned */
} History;

static void
history_clear (History *history)
{
  for (int i = 0; i < N_KEPT; i++)
    g_free (history->kept[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (History, history_clear)

/* Room for the newest. */
static float *
remember (History *history)
{
  float *oldest = history->kept[N_KEPT - 1];

  memmove (history->kept + 1, history->kept, (N_KEPT - 1) * sizeof *history->kept);
  history->kept[0] = oldest;
  history->n = MIN (history->n + 1, N_KEPT);
  return oldest;
}

static void
combine (const History *history, gsize n, float *out)
{
  static const struct
  {
    float of[N_KEPT], whole;
  } weights[N_KEPT] = { { { 1 }, 1 }, { { 3, -1 }, 2 }, { { 23, -16, 5 }, 12 }, { { 55, -59, 37, -9 }, 24 } };
  const float *of = weights[history->n - 1].of;

  for (gsize i = 0; i < n; i++)
    {
      float sum = 0;

      for (int k = 0; k < history->n; k++)
        sum += of[k] * history->kept[k][i];
      out[i] = sum / weights[history->n - 1].whole;
    }
}

/* Step @k of the falling list, along @out; which is lost. @y: (out): [n], may be @x */
static void
step (const UnclipProcess *process, int k, float *y, const float *x, float *out, float *x_0)
{
  float ab = unclip_alpha_bar_at (process, k), ab_next = unclip_alpha_bar_after (process, k);
  float of_x = sqrtf (ab_next / ab);
  float of_eps = (ab_next - ab) / (ab * sqrtf (1.0f - ab_next) + sqrtf (ab * (1.0f - ab) * ab_next));

  unclip_predicted_x_0 (process, x, out, ab, FALSE, x_0);
  for (gsize i = 0; i < process->n; i++)
    y[i] = of_x * x[i] - of_eps * out[i];
}

gboolean
unclip_pndm_sample (const UnclipProcess *process, float *x, GError **error)
{
  g_auto (History) history = { 0 };
  gsize            n = process->n;
  g_autofree float *out = g_new (float, n), *x_0 = g_new (float, n), *second = g_new (float, n);

  for (int i = 0; i < N_KEPT; i++)
    history.kept[i] = g_new (float, n);
  for (int k = 0; k < process->n_steps; k++)
    {
      float *newest = remember (&history);

      if (! unclip_process_predict (process, x, process->timesteps[k], newest, NULL, error))
        return FALSE;
      combine (&history, n, out);
      if (k == 0 && process->n_steps > 1)
        {
          step (process, k, second, x, out, x_0);
          if (! unclip_process_predict (process, second, process->timesteps[1], out, NULL, error))
            return FALSE;
          for (gsize i = 0; i < n; i++)
            out[i] = (out[i] + newest[i]) / 2;
        }
      step (process, k, x, x, out, x_0);
      if (! unclip_process_after (process, k + 1, x, x_0, error))
        return FALSE;
    }
  return TRUE;
}
