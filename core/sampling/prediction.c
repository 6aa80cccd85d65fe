/* What networks predict: a row for each, which says what the output means.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
from_epsilon (const float *x, float *out, gsize n, float signal, float noise, float *x_0)
{
  for (gsize i = 0; i < n; i++)
    x_0[i] = (x[i] - noise * out[i]) / signal;
}

static void
from_sample (const float *x, float *out, gsize n, float signal, float noise, float *x_0)
{
  for (gsize i = 0; i < n; i++)
    {
      x_0[i] = out[i];
      out[i] = (x[i] - signal * x_0[i]) / noise;
    }
}

/* Source: arXiv 2202.00512, appendix D. */
static void
from_v (const float *x, float *out, gsize n, float signal, float noise, float *x_0)
{
  for (gsize i = 0; i < n; i++)
    {
      x_0[i] = signal * x[i] - noise * out[i];
      out[i] = signal * out[i] + noise * x[i];
    }
}

/* @split: x [n] = @signal x_0 + @noise eps; of @out makes eps, and @x_0 */
static const struct
{
  const char *name; /* prediction_type of a scheduler's config */
  void (*split) (const float *x, float *out, gsize n, float signal, float noise, float *x_0);
} predictions[] = {
  [UNCLIP_PREDICTION_EPSILON] = { "epsilon", from_epsilon },
  [UNCLIP_PREDICTION_SAMPLE] = { "sample", from_sample },
  [UNCLIP_PREDICTION_V] = { "v_prediction", from_v },
};

gboolean
unclip_prediction_named (const char *name, UnclipPrediction *prediction)
{
  for (guint i = 0; i < G_N_ELEMENTS (predictions); i++)
    if (strcmp (predictions[i].name, name) == 0)
      {
        *prediction = i;
        return TRUE;
      }
  return FALSE;
}

static int
by_size (gconstpointer a, gconstpointer b)
{
  float x = *(const float *) a, y = *(const float *) b;

  return (x > y) - (x < y);
}

/* In float32 as torch.quantile() has it, place and all. */
float
unclip_threshold (const float *x_0, gsize n, float ratio, float most)
{
  g_autofree float *sizes = g_new (float, n);
  float place = ratio * (n - 1), below = floorf (place), share = place - below, low, high;

  for (gsize i = 0; i < n; i++)
    sizes[i] = fabsf (x_0[i]);
  qsort (sizes, n, sizeof (float), by_size);
  low = sizes[(gsize) below];
  high = sizes[MIN ((gsize) below + 1, n - 1)];
  return CLAMP (share < 0.5f ? low + share * (high - low) : high - (high - low) * (1.0f - share), 1.0f, most);
}

void
unclip_predicted_x_0 (const UnclipProcess *process, const float *x, float *out, float alpha_bar, gboolean is_limited, float *x_0)
{
  const UnclipSchedule *schedule = process->schedule;
  float limit = schedule->clip, scale = 1.0f;

  predictions[schedule->prediction].split (x, out, process->n, sqrtf (alpha_bar), sqrtf (1.0f - alpha_bar), x_0);
  if (! is_limited || (limit == 0 && schedule->threshold_ratio == 0))
    return;
  if (schedule->threshold_ratio > 0)
    limit = scale = unclip_threshold (x_0, process->n, schedule->threshold_ratio, schedule->threshold_most);
  for (gsize i = 0; i < process->n; i++)
    x_0[i] = CLAMP (x_0[i], -limit, limit) / scale;
}
