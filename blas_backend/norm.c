/* Group and layer normalisation; sums in double, so that their error does not show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>

void
bk_group_norm (BkTensor y, BkTensor x, const BkNorm *norm, BkActivation act)
{
  int    per = x.c / norm->n_groups;
  size_t pixels = (size_t) x.h * x.w;

  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (int i = 0; i < x.n * norm->n_groups; i++)
    {
      bk_flush_denormals ();
      int      first = i % norm->n_groups * per;
      BkTensor in = bk_channels (bk_samples (x, i / norm->n_groups, 1), first, per);
      BkTensor out = bk_channels (bk_samples (y, i / norm->n_groups, 1), first, per);
      double   sum = 0, squares = 0, mean, rstd;

      for (size_t p = 0; p < pixels; p++)
        for (int c = 0; c < per; c++)
          sum += bk_pixel (in, p)[c];
      mean = sum / (pixels * per);
      for (size_t p = 0; p < pixels; p++)
        for (int c = 0; c < per; c++)
          {
            double d = bk_pixel (in, p)[c] - mean;
            squares += d * d;
          }
      rstd = 1.0 / sqrt (squares / (pixels * per) + norm->eps);
      for (size_t p = 0; p < pixels; p++)
        {
          const float *a = bk_pixel (in, p);
          float       *b = bk_pixel (out, p);

          for (int c = 0; c < per; c++)
            b[c] = (float) ((a[c] - mean) * rstd) * norm->weight[first + c] + norm->bias[first + c];
          bk_act_row (b, NULL, per, act);
        }
    }
}

void
bk_layer_norm (BkTensor y, BkTensor x, const BkNorm *norm)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    {
      bk_flush_denormals ();
      const float *a = bk_pixel (x, p);
      float       *b = bk_pixel (y, p);
      double       sum = 0, squares = 0, mean, rstd;

      for (int c = 0; c < x.c; c++)
        sum += a[c];
      mean = sum / x.c;
      for (int c = 0; c < x.c; c++)
        squares += (a[c] - mean) * (a[c] - mean);
      rstd = 1.0 / sqrt (squares / x.c + norm->eps);
      for (int c = 0; c < x.c; c++)
        b[c] = (float) ((a[c] - mean) * rstd) * norm->weight[c] + norm->bias[c];
    }
}
