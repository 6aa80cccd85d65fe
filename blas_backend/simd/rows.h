/* Inner loops over rows: turning them into columns, activation, sums, softmax.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <math.h>

#include "vector.h"

/* The lanes of a and b by turns: of their first halves, of their second. */
#if LANES == 16
#define WEAVE_LOW(a, b) __builtin_shufflevector (a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define WEAVE_HIGH(a, b) __builtin_shufflevector (a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define WEAVE_LOW(a, b) __builtin_shufflevector (a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define WEAVE_HIGH(a, b) __builtin_shufflevector (a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define WEAVE_LOW(a, b) __builtin_shufflevector (a, b, 0, 4, 1, 5)
#define WEAVE_HIGH(a, b) __builtin_shufflevector (a, b, 2, 6, 3, 7)
#endif

/* LANES rows become columns: weaving each of the first half with its like of the second, log2 LANES times. */
INLINE void
transpose_block (float *out, size_t out_stride, const float *in, size_t in_stride)
{
  Vec rows[LANES], woven[LANES];

#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++)
    rows[i] = load (in + i * in_stride);
#pragma GCC unroll 4
  for (int round = 1; round < LANES; round *= 2)
    {
#pragma GCC unroll 8
      for (int i = 0; i < LANES / 2; i++)
        {
          woven[2 * i] = WEAVE_LOW (rows[i], rows[i + LANES / 2]);
          woven[2 * i + 1] = WEAVE_HIGH (rows[i], rows[i + LANES / 2]);
        }
      memcpy (rows, woven, sizeof rows);
    }
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++)
    store (out + i * out_stride, rows[i]);
}

static void
transpose (float *out, size_t out_stride, const float *in, size_t in_stride, int rows, int columns)
{
  int whole_rows = rows / LANES * LANES, whole_columns = columns / LANES * LANES;

  for (int r = 0; r < whole_rows; r += LANES)
    for (int c = 0; c < whole_columns; c += LANES)
      transpose_block (out + c * out_stride + r, out_stride, in + r * in_stride + c, in_stride);
  for (int r = 0; r < rows; r++)
    for (int c = r < whole_rows ? whole_columns : 0; c < columns; c++)
      out[c * out_stride + r] = in[r * in_stride + c];
}

#ifdef HAS_BF16
static void
to_bf16 (uint16_t *out, const float *x, int n)
{
  for (int i = 0; i < n; i += LANES)
    store_bf16 (out + i, load_part (x + i, n - i), n - i);
}
#endif

/* @act is a constant wherever this is expanded, so that the loop holds no switch. */
INLINE void
affine_row (float *y, const float *x, int n, const float *centre, const float *scale, const float *shift, BkActivation act)
{
  for (int i = 0; i < n; i += LANES)
    {
      int left = n - i;
      Vec v = load_part (x + i, left);

      if (centre != NULL)
        v -= load_part (centre + i, left);
      if (scale != NULL)
        v *= load_part (scale + i, left);
      if (shift != NULL)
        v += load_part (shift + i, left);
      store_part (y + i, activate (v, act), left);
    }
}

static void
affine (float *y, size_t y_stride, const float *x, size_t x_stride, int rows, int n,
        const float *centre, const float *scale, const float *shift, BkActivation act)
{
  for (int r = 0; r < rows; r++, y += y_stride, x += x_stride)
    switch (act)
      {
      case BK_IDENTITY:
        affine_row (y, x, n, centre, scale, shift, BK_IDENTITY);
        break;
      case BK_SILU:
        affine_row (y, x, n, centre, scale, shift, BK_SILU);
        break;
      case BK_GELU:
        affine_row (y, x, n, centre, scale, shift, BK_GELU);
        break;
      case BK_QUICK_GELU:
        affine_row (y, x, n, centre, scale, shift, BK_QUICK_GELU);
        break;
      case BK_GELU_TANH:
        affine_row (y, x, n, centre, scale, shift, BK_GELU_TANH);
        break;
      }
}

/* @halves half vectors' width of columns; in double, as a mean far from zero would drown
 * the variance. */
INLINE void
column_sums_block (double *sums, double *squares, const float *x, size_t stride, int rows, const int halves)
{
  DoubleVec sum[8], square[8];

#pragma GCC unroll 8
  for (int j = 0; j < halves; j++)
    sum[j] = square[j] = (DoubleVec) { 0 };
  for (int r = 0; r < rows; r++, x += stride)
#pragma GCC unroll 8
    for (int j = 0; j < halves; j++)
      {
        DoubleVec a = widen (x + j * (LANES / 2));

        sum[j] += a;
        square[j] += a * a;
      }
#pragma GCC unroll 8
  for (int j = 0; j < halves; j++)
    {
      memcpy (sums + j * (LANES / 2), &sum[j], sizeof sum[j]);
      memcpy (squares + j * (LANES / 2), &square[j], sizeof square[j]);
    }
}

static void
column_sums (double *sums, double *squares, const float *x, size_t stride, int rows, int n)
{
  int i = 0;

  /* As many as there are registers for. */
  for (; i + 4 * LANES <= n && LANES == 16; i += 4 * LANES)
    column_sums_block (sums + i, squares + i, x + i, stride, rows, 8);
  for (; i + 2 * LANES <= n; i += 2 * LANES)
    column_sums_block (sums + i, squares + i, x + i, stride, rows, 4);
  for (; i + LANES <= n; i += LANES)
    column_sums_block (sums + i, squares + i, x + i, stride, rows, 2);
  for (; i < n; i++)
    {
      sums[i] = squares[i] = 0;
      for (int r = 0; r < rows; r++)
        {
          double value = x[r * stride + i];

          sums[i] += value;
          squares[i] += value * value;
        }
    }
}

static void
row_moments (double *mean, double *variance, const float *x, int n)
{
  DoubleVec low = { 0 }, high = { 0 }, centre;
  double    sum = 0;
  int       whole = n / LANES * LANES;

  for (int i = 0; i < whole; i += LANES)
    {
      low += widen (x + i);
      high += widen (x + i + LANES / 2);
    }
  low += high;
  for (int i = 0; i < LANES / 2; i++)
    sum += low[i];
  for (int i = whole; i < n; i++)
    sum += x[i];
  *mean = sum / n;

  low = high = (DoubleVec) { 0 };
  centre = *mean - low;
  for (int i = 0; i < whole; i += LANES)
    {
      DoubleVec a = widen (x + i) - centre, b = widen (x + i + LANES / 2) - centre;

      low += a * a;
      high += b * b;
    }
  low += high;
  sum = 0;
  for (int i = 0; i < LANES / 2; i++)
    sum += low[i];
  for (int i = whole; i < n; i++)
    sum += (x[i] - *mean) * (x[i] - *mean);
  *variance = sum / n;
}

/* row becomes row scale + mask + hidden. Returns the largest. */
INLINE float
mask_row (float *row, int n, float scale, const float *mask, float hidden)
{
  Vec   largest = all (-INFINITY);
  float result = -INFINITY;
  int   i = 0;

  for (; i + LANES <= n; i += LANES)
    {
      Vec v = load (row + i) * scale + hidden;

      if (mask != NULL)
        v += load (mask + i);
      store (row + i, v);
      largest = most (v, largest);
    }
  for (; i < n; i++)
    {
      row[i] = row[i] * scale + hidden + (mask != NULL ? mask[i] : 0.0f);
      result = fmaxf (result, row[i]);
    }
  for (int lane = 0; lane < LANES; lane++)
    result = fmaxf (result, largest[lane]);
  return result;
}

static float
softmax (float *row, int n, float scale, const float *mask, int visible, float hidden)
{
  float largest = mask_row (row, visible, scale, mask, 0.0f);
  Vec   sum = { 0 };
  int   i = 0;

  if (visible < n)
    largest = fmaxf (largest, mask_row (row + visible, n - visible, scale, mask == NULL ? NULL : mask + visible, hidden));
  for (; i + LANES <= n; i += LANES)
    {
      Vec v = exponential (load (row + i) - largest);

      store (row + i, v);
      sum += v;
    }
  if (i < n)
    {
      store_part (row + i, exponential (load_part (row + i, n - i) - largest), n - i);
      sum += load_part (row + i, n - i);
    }
  return sum_lanes (sum);
}

/* Of a level's BkKernels, what this file gives. */
#define ROWS_KERNELS \
  .transpose = transpose, .affine = affine, .column_sums = column_sums, .row_moments = row_moments, .softmax = softmax
