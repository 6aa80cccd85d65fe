/* Kernels that look at one pixel at a time, and the resamplers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <string.h>

/* Values that are worth a thread's waking. */
#define TASK 8192

/* Pixels of x that make a task; never none. */
static size_t
task_pixels (BkTensor x)
{
  size_t pixels = TASK / (x.c < 1 ? 1 : x.c);

  return pixels < 1 ? 1 : pixels;
}

/* Which pixels of all samples a task has. */
typedef struct
{
  size_t first;
  int    n;
} Range;

static Range
task_range (BkTensor x, size_t task)
{
  size_t per = task_pixels (x), first = task * per;

  return (Range) { first, (int) bk_min (per, bk_n_pixels (x) - first) };
}

static size_t
n_tasks (BkTensor x)
{
  return bk_n_tiles (bk_n_pixels (x), task_pixels (x));
}

void
bk_activate (BkTensor x, BkActivation act)
{
  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (x.context, n_tasks (x)))
  for (size_t i = 0; i < n_tasks (x); i++)
    {
      Range  range = task_range (x, i);
      float *row = bk_pixel (x, range.first);

      bk_flush_denormals ();
      bk_kernels ()->affine (row, x.stride, row, x.stride, range.n, x.c, NULL, NULL, NULL, act);
    }
}

void
bk_add (BkTensor x, BkTensor y)
{
  if (x.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (x.context, n_tasks (x)))
  for (size_t i = 0; i < n_tasks (x); i++)
    {
      Range range = task_range (x, i);

      bk_flush_denormals ();
      for (int p = 0; p < range.n; p++)
        {
          float       *a = bk_pixel (x, range.first + p);
          const float *b = bk_pixel (y, range.first + p);

          for (int c = 0; c < x.c; c++)
            a[c] += b[c];
        }
    }
}

void
bk_copy (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_tasks (x)))
  for (size_t i = 0; i < n_tasks (x); i++)
    {
      Range range = task_range (x, i);

      for (int p = 0; p < range.n; p++)
        memcpy (bk_pixel (y, range.first + p), bk_pixel (x, range.first + p), x.c * sizeof (float));
    }
}

void
bk_narrow (const BkContext *context, uint16_t *out, BkTensor x)
{
  if (out == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (context, n_tasks (x)))
  for (size_t i = 0; i < n_tasks (x); i++)
    {
      Range range = task_range (x, i);

      bk_flush_denormals ();
      for (size_t p = range.first; p < range.first + range.n; p++)
        bk_kernels ()->to_bf16 (out + p * x.c, bk_pixel (x, p), x.c);
    }
}

void
bk_downsample (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_tasks (y)))
  for (size_t i = 0; i < n_tasks (y); i++)
    {
      Range range = task_range (y, i);

      bk_flush_denormals ();
      for (size_t p = range.first; p < range.first + range.n; p++)
        {
          size_t       px = p % y.w, row = p / y.w; /* rows of all samples */
          const float *a = bk_pixel (x, 2 * row * x.w + 2 * px), *b = a + x.stride;
          const float *c = a + (size_t) x.w * x.stride, *d = c + x.stride;
          float       *out = bk_pixel (y, p);

          for (int j = 0; j < y.c; j++)
            out[j] = (a[j] + b[j] + c[j] + d[j]) * 0.25f;
        }
    }
}

/* The pixel of @of, by its number among all samples', that pixel @p of the larger @to is nearest to. */
static size_t
nearest (BkTensor of, BkTensor to, size_t p)
{
  size_t px = p % to.w, row = p / to.w, py = row % to.h, sample = row / to.h;

  return (sample * of.h + py * of.h / to.h) * of.w + px * of.w / to.w;
}

void
bk_upsample (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_tasks (y)))
  for (size_t i = 0; i < n_tasks (y); i++)
    {
      Range range = task_range (y, i);

      for (size_t p = range.first; p < range.first + range.n; p++)
        memcpy (bk_pixel (y, p), bk_pixel (x, nearest (x, y, p)), y.c * sizeof (float));
    }
}

void
bk_modulate (BkTensor y, BkTensor x, BkTensor scale, BkTensor shift, BkActivation act)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_tasks (y)))
  for (size_t i = 0; i < n_tasks (y); i++)
    {
      Range range = task_range (y, i);

      bk_flush_denormals ();
      for (size_t p = range.first; p < range.first + range.n; p++)
        bk_kernels ()->affine (bk_pixel (y, p), y.stride, bk_pixel (x, p), x.stride, 1, y.c, NULL,
                               bk_pixel (scale, nearest (scale, y, p)), bk_pixel (shift, nearest (shift, y, p)), act);
    }
}

void
bk_geglu (BkTensor y, BkTensor x)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_tasks (y)))
  for (size_t i = 0; i < n_tasks (y); i++)
    {
      Range range = task_range (y, i);

      bk_flush_denormals ();
      for (size_t p = range.first; p < range.first + range.n; p++)
        {
          const float *a = bk_pixel (x, p);
          float       *out = bk_pixel (y, p);

          bk_kernels ()->affine (out, 0, a + y.c, 0, 1, y.c, NULL, NULL, NULL, BK_GELU);
          for (int c = 0; c < y.c; c++)
            out[c] *= a[c];
        }
    }
}
