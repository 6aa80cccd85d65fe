/* Turning on the sphere of CLIP embeddings.
 *
 * Sums in double: near the ends of the range an angle from float32 sums has no right digits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sampling.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* Below this the sine of the angle is rounding. */
#define TINY 1e-6

static double
length (const double *v, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += v[i] * v[i];
  return sqrt (sum);
}

static double *
unit (const float *v, gsize n)
{
  double *out = g_new (double, n), norm;

  for (gsize i = 0; i < n; i++)
    out[i] = v[i];
  norm = length (out, n);
  for (gsize i = 0; i < n && norm > 0; i++)
    out[i] /= norm;
  return out;
}

double
unclip_normalise (float *out, const float *v, gsize n)
{
  double sum = 0, norm;

  for (gsize i = 0; i < n; i++)
    sum += (double) v[i] * v[i];
  norm = sqrt (sum);
  for (gsize i = 0; i < n; i++)
    out[i] = norm > 0 ? (float) (v[i] / norm) : 0.0f;
  return norm;
}

void
unclip_slerp (float *out, const float *a, const float *b, gsize n, double theta)
{
  g_autofree double *p = unit (a, n), *q = unit (b, n), *r = g_new (double, n);
  double apart, together, angle, norm, of_p, of_q;

  for (gsize i = 0; i < n; i++)
    r[i] = p[i] - q[i];
  apart = length (r, n);
  for (gsize i = 0; i < n; i++)
    r[i] = p[i] + q[i];
  together = length (r, n);
  angle = 2.0 * atan2 (apart, together);

  if (sin (angle) < TINY)
    {
      of_p = 1.0 - theta;
      of_q = theta;
    }
  else
    {
      of_p = sin ((1.0 - theta) * angle) / sin (angle);
      of_q = sin (theta * angle) / sin (angle);
    }
  for (gsize i = 0; i < n; i++)
    r[i] = of_p * p[i] + of_q * q[i];

  norm = length (r, n);
  if (norm < TINY)
    for (gsize i = 0; i < n; i++)
      out[i] = (float) p[i];
  else if (sin (angle) < TINY)
    for (gsize i = 0; i < n; i++)
      out[i] = (float) (r[i] / norm);
  else
    for (gsize i = 0; i < n; i++)
      out[i] = (float) r[i];
}

gboolean
unclip_text_diff (float *z_d, const float *z_t, const float *z_t0, gsize n, GError **error)
{
  double size = 0;

  for (gsize i = 0; i < n; i++)
    {
      size += (double) z_t[i] * z_t[i];
      z_d[i] = z_t[i] - z_t0[i];
    }
  if (unclip_normalise (z_d, z_d, n) > TINY * sqrt (size))
    return TRUE;

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
               _("The two captions mean the same to the model; say what should be different"));
  return FALSE;
}

gboolean
unclip_weighted_mean (float *out, const float *const *z, const double *weights, int n_z, gsize n, GError **error)
{
  g_autofree double *sum = g_new0 (double, n);
  double             lengths = 0, sizes = 0, norm;

  for (int k = 0; k < n_z; k++)
    {
      double squares = 0;

      for (gsize i = 0; i < n; i++)
        {
          sum[i] += weights[k] * z[k][i];
          squares += (double) z[k][i] * z[k][i];
        }
      lengths += fabs (weights[k]) * sqrt (squares);
      sizes += fabs (weights[k]);
    }
  norm = length (sum, n);
  if (! (norm > TINY * lengths))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("With these weights the ingredients of the mix cancel each other; give them others"));
      return FALSE;
    }
  for (gsize i = 0; i < n; i++)
    out[i] = (float) (sum[i] / norm * lengths / sizes);
  return TRUE;
}
