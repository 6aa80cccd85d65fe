/* Group and layer normalisation; sums in double, so that their error does not show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <math.h>
#include <string.h>

/* A sample's pixels are summed in so many parts, a number that no thread count changes. */
#define N_PARTS 32
/* Groups whose sums are held at once. */
#define N_GROUPS 64
/* Columns of one call of column_sums. */
#define N_COLUMNS 64
/* Pixels that are normalised at once, and channels: per-channel values stay in L1. */
#define TILE_PIXELS 64
#define TILE_CHANNELS 256

typedef struct
{
  double sum, squares;
} Sums;

/* A norm's values for some channels, and one sample's embedding for them: added before, or the scale and shift after; or NULL. */
typedef struct
{
  const float *weight, *bias, *added, *scale, *shift;
} Values;

/* Sums per group of the pixels of x + @added (nullable), whose channels are @n_groups whole groups. */
static void
sum_groups (Sums *sums, BkTensor x, size_t first, int n_pixels, int n_groups, const float *added)
{
  int per = x.c / n_groups;

  memset (sums, 0, n_groups * sizeof *sums);
  for (int c = 0; c < x.c; c += N_COLUMNS)
    {
      double columns[N_COLUMNS], squares[N_COLUMNS];
      int    n = (int) bk_min (N_COLUMNS, x.c - c);

      bk_kernels ()->column_sums (columns, squares, bk_pixel (x, first) + c, x.stride, n_pixels, n);
      for (int i = 0; i < n; i++)
        {
          double more = added == NULL ? 0 : added[c + i];

          sums[(c + i) / per].sum += columns[i] + n_pixels * more;
          sums[(c + i) / per].squares += squares[i] + more * (2 * columns[i] + n_pixels * more);
        }
    }
}

/* Per-channel values of an affine kernel. */
typedef struct
{
  float centre[TILE_CHANNELS], scale[TILE_CHANNELS], shift[TILE_CHANNELS];
} Affine;

static void
set_channel (Affine *affine, int i, double mean, double scale, double shift)
{
  affine->centre[i] = (float) mean;
  affine->scale[i] = (float) scale;
  /* What rounding the mean took away shows where a deviation is small. */
  affine->shift[i] = (float) (shift + (affine->centre[i] - mean) * scale);
}

/* Pixels [first, first + n_pixels) of x, whose groups' moments are known. */
static void
apply_groups (BkTensor y, BkTensor x, size_t first, int n_pixels, int per, const double *mean, const double *rstd,
              Values values, BkActivation act)
{
  Affine affine;

  for (int c = 0; c < x.c; c += TILE_CHANNELS)
    {
      int n = (int) bk_min (TILE_CHANNELS, x.c - c);

      for (int i = 0; i < n; i++)
        {
          int    at = c + i, group = at / per;
          double more = values.added == NULL ? 0 : values.added[at], scale = values.scale == NULL ? 1 : 1.0 + values.scale[at];
          double shift = values.bias[at] * scale + (values.shift == NULL ? 0 : values.shift[at]);

          set_channel (&affine, i, mean[group] - more, rstd[group] * values.weight[at] * scale, shift);
        }
      bk_kernels ()->affine (bk_pixel (y, first) + c, y.stride, bk_pixel (x, first) + c, x.stride, n_pixels, n,
                             affine.centre, affine.scale, affine.shift, act);
    }
}

/* One sample, at most N_GROUPS groups. */
static void
normalise_sample (BkTensor y, BkTensor x, int n_groups, float eps, Values values, BkActivation act)
{
  size_t pixels = (size_t) x.h * x.w, part = bk_n_tiles (pixels, N_PARTS);
  int    per = x.c / n_groups, n_parts = (int) bk_n_tiles (pixels, part), n_tiles = (int) bk_n_tiles (pixels, TILE_PIXELS);
  Sums   sums[N_PARTS][N_GROUPS];
  double mean[N_GROUPS], rstd[N_GROUPS];

#pragma omp parallel num_threads(bk_team (y.context, n_tiles))
  {
    bk_flush_denormals ();
#pragma omp for schedule(static)
    for (int i = 0; i < n_parts; i++)
      sum_groups (sums[i], x, i * part, (int) bk_min (part, pixels - i * part), n_groups, values.added);
#pragma omp single
    for (int group = 0; group < n_groups; group++)
      {
        double sum = 0, squares = 0, size = (double) pixels * per;

        for (int i = 0; i < n_parts; i++)
          {
            sum += sums[i][group].sum;
            squares += sums[i][group].squares;
          }
        mean[group] = sum / size;
        rstd[group] = 1.0 / sqrt (fmax (squares / size - mean[group] * mean[group], 0.0) + eps);
      }
#pragma omp for schedule(static)
    for (int i = 0; i < n_tiles; i++)
      apply_groups (y, x, (size_t) i * TILE_PIXELS, (int) bk_min (TILE_PIXELS, pixels - (size_t) i * TILE_PIXELS),
                    per, mean, rstd, values, act);
  }
}

/* From channel @first of @n_channels on. */
static Values
values_of (const BkNorm *norm, BkTensor emb, int sample, int n_channels, int first)
{
  Values       values = { .weight = norm->weight + first, .bias = norm->bias + first };
  const float *row = emb.data == NULL ? NULL : bk_pixel (emb, sample) + first;

  if (row != NULL && emb.c == n_channels)
    values.added = row;
  else if (row != NULL)
    {
      values.scale = row;
      values.shift = row + n_channels;
    }
  return values;
}

void
bk_group_norm (BkTensor y, BkTensor x, const BkNorm *norm, BkTensor emb, BkActivation act)
{
  int per = x.c / norm->n_groups;

  if (y.data == NULL)
    return;
  for (int s = 0; s < x.n; s++)
    for (int group = 0; group < norm->n_groups; group += N_GROUPS)
      {
        int n_groups = (int) bk_min (N_GROUPS, norm->n_groups - group), first = group * per;

        normalise_sample (bk_channels (bk_samples (y, s, 1), first, n_groups * per),
                          bk_channels (bk_samples (x, s, 1), first, n_groups * per),
                          n_groups, norm->eps, values_of (norm, emb, s, x.c, first), act);
      }
}

/* One row: centre and scale are the same for all its channels, but affine wants one each. */
static void
normalise_row (float *y, const float *x, const BkNorm *norm, int n_channels)
{
  Affine affine;
  double mean, variance, rstd;

  bk_kernels ()->row_moments (&mean, &variance, x, n_channels);
  rstd = 1.0 / sqrt (variance + norm->eps);
  for (int c = 0; c < n_channels; c += TILE_CHANNELS)
    {
      int n = (int) bk_min (TILE_CHANNELS, n_channels - c);

      for (int i = 0; i < n; i++)
        set_channel (&affine, i, mean, rstd * norm->weight[c + i], norm->bias[c + i]);
      bk_kernels ()->affine (y + c, 0, x + c, 0, 1, n, affine.centre, affine.scale, affine.shift, BK_IDENTITY);
    }
}

void
bk_layer_norm (BkTensor y, BkTensor x, const BkNorm *norm)
{
  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, bk_n_pixels (x) * x.c / 4096))
  for (size_t p = 0; p < bk_n_pixels (x); p++)
    {
      bk_flush_denormals ();
      normalise_row (bk_pixel (y, p), bk_pixel (x, p), norm, x.c);
    }
}
