/* Matrix product against a packed panel of two vectors' width. Up to ROWS rows of the
 * result stay in registers while k runs; the file that includes this sets it so that
 * those sums, a row of b and one value of a just fit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "vector.h"

#define PANEL (2 * LANES)
/* Weights come from far away the first time: this many floats ahead is about 16 KB. */
#define AHEAD 4096
/* Sums of so many products are made apart, then added, as long sums lose more: 256 cost a
 * third more of the error. */
#define PART 128

/* c += or = a b for a part of k that registers sum. @rows and @vectors are constants
 * wherever this is expanded, so that sums are registers. */
INLINE void
gemm_part (float *c, size_t ldc, const float *a, size_t lda, const float *b, int n, int k, bool add,
           const int rows, const int vectors)
{
  Vec sums[ROWS][2];

#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++)
      sums[r][j] = (Vec) { 0 };

  for (int i = 0; i < k; i++, b += PANEL)
    {
      Vec row[2];

#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++)
        {
          row[j] = load (b + j * LANES);
          if (j * LANES % 16 == 0)
            __builtin_prefetch (b + AHEAD + j * LANES);
        }
#pragma GCC unroll 16
      for (int r = 0; r < rows; r++)
        {
          Vec value = all (a[r * lda + i]);

#pragma GCC unroll 4
          for (int j = 0; j < vectors; j++)
            sums[r][j] += value * row[j];
        }
    }

#pragma GCC unroll 16
  for (int r = 0; r < rows; r++, c += ldc)
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++)
      {
        float *to = c + j * LANES;

        if (n >= (j + 1) * LANES)
          store (to, add ? load (to) + sums[r][j] : sums[r][j]);
        else
          store_part (to, add ? load_part (to, n - j * LANES) + sums[r][j] : sums[r][j], n - j * LANES);
      }
}

/* Rows outside, parts of k inside: so a is read along its rows, which the CPU foresees. */
INLINE void
gemm_rows (float *c, size_t ldc, const float *a, size_t lda, const float *b, int n, int k, bool add, const int rows)
{
  for (int first = 0; first < k; first += PART)
    {
      const float *part = b + (size_t) first * PANEL;
      int          depth = k - first < PART ? k - first : PART;

      /* A last layer has few columns. */
      if (n > LANES)
        gemm_part (c, ldc, a + first, lda, part, n, depth, add || first > 0, rows, 2);
      else
        gemm_part (c, ldc, a + first, lda, part, n, depth, add || first > 0, rows, 1);
    }
}

static void
gemm (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
      int m, int n, int k, bool add)
{
  for (; m >= ROWS; m -= ROWS, c += ROWS * ldc, a += ROWS * lda)
    gemm_rows (c, ldc, a, lda, b, n, k, add, ROWS);
  switch (m)
    {
#define CASE(rows)                                        \
  case rows:                                              \
    if (rows < ROWS)                                      \
      gemm_rows (c, ldc, a, lda, b, n, k, add, rows % ROWS); \
    break;
      CASE (1)
      CASE (2)
      CASE (3)
      CASE (4)
      CASE (5)
      CASE (6)
      CASE (7)
      CASE (8)
      CASE (9)
      CASE (10)
      CASE (11)
#undef CASE
    }
}
