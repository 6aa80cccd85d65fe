/* Kernels that look at one pixel at a time, and the 2 x 2 resamplers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <string.h>

float
bk_act (float x, BkActivation act)
{
  switch (act)
    {
    case BK_SILU:
      return x / (1.0f + expf (-x));
    case BK_GELU:
      return 0.5f * x * (1.0f + erff (x * 0.70710678f));
    case BK_QUICK_GELU:
      return x / (1.0f + expf (-1.702f * x));
    case BK_GELU_TANH:
      return 0.5f * x * (1.0f + tanhf (0.79788456f * (x + 0.044715f * x * x * x)));
    default:
      return x;
    }
}

void
bk_act_row (float *row, const float *bias, int n, BkActivation act)
{
  if (bias != NULL)
    for (int i = 0; i < n; i++)
      row[i] += bias[i];
  if (act != BK_IDENTITY)
    for (int i = 0; i < n; i++)
      row[i] = bk_act (row[i], act);
}

void
bk_activate (BkTensor x, BkActivation act)
{
  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    bk_act_row (bk_pixel (x, p), NULL, x.c, act);
}

void
bk_scale_shift (BkTensor x, BkTensor emb, BkActivation act)
{
  size_t pixels = (size_t) x.h * x.w;

  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    {
      bk_flush_denormals ();
      const float *scale = bk_pixel (emb, p / pixels), *shift = scale + x.c;
      float       *row = bk_pixel (x, p);

      for (int c = 0; c < x.c; c++)
        row[c] = row[c] * (1.0f + scale[c]) + shift[c];
      bk_act_row (row, NULL, x.c, act);
    }
}

void
bk_add_emb (BkTensor x, BkTensor emb)
{
  size_t pixels = (size_t) x.h * x.w;

  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    bk_act_row (bk_pixel (x, p), bk_pixel (emb, p / pixels), x.c, BK_IDENTITY);
}

void
bk_add (BkTensor x, BkTensor y)
{
  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    bk_act_row (bk_pixel (x, p), bk_pixel (y, p), x.c, BK_IDENTITY);
}

void
bk_copy (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    memcpy (bk_pixel (y, p), bk_pixel (x, p), x.c * sizeof (float));
}

void
bk_downsample (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (y); p++)
    {
      bk_flush_denormals ();
      size_t       px = p % y.w, row = p / y.w; /* rows of all samples */
      const float *a = bk_pixel (x, 2 * row * x.w + 2 * px), *b = a + x.stride;
      const float *c = a + (size_t) x.w * x.stride, *d = c + x.stride;
      float       *out = bk_pixel (y, p);

      for (int i = 0; i < y.c; i++)
        out[i] = (a[i] + b[i] + c[i] + d[i]) * 0.25f;
    }
}

void
bk_upsample (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (size_t p = 0; p < bk_n_pixels (y); p++)
    memcpy (bk_pixel (y, p), bk_pixel (x, p / y.w / 2 * x.w + p % y.w / 2), y.c * sizeof (float));
}
