/* Matrix product against a packed panel of two vectors' width. Up to ROWS rows of the
 * result stay in registers while k runs; the file that includes this sets it so that
 * those sums, a row of b and one value of a just fit.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "vector.h"

#define PANEL (2 * LANES)
/* Weights come from far away the first time: so many bytes ahead. */
#define AHEAD 16384
/* Sums of so many products are made apart, then added, as long sums lose more: 256 cost a
 * third more of the error. */
#define PART 128
/* Beside the rounding of bf16 no such care is seen. */
#define PART_BF16 512

/* One step of k of a panel, whatever the type: two lines of the cache at 16 lanes, one at 8. */
INLINE void
prefetch (const void *panel)
{
  __builtin_prefetch ((const char *) panel + AHEAD);
  if (PANEL * 4 > 64)
    __builtin_prefetch ((const char *) panel + AHEAD + 64);
}

/* What a and b hold: floats; floats and bf16; bf16 both. */
typedef enum
{
  FLOATS,
  WIDENED,
  PAIRS
} Factors;

typedef Vec Sums[ROWS][2];

/* One k of floats. */
INLINE void
add_floats (Sums sums, const float *a, size_t lda, const float *b, const int rows, const int vectors)
{
  Vec row[2];

#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++)
    row[j] = load (b + j * LANES);
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
    {
      Vec value = all (a[r * lda]);

#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++)
        sums[r][j] += value * row[j];
    }
}

/* Two k: of pairs of bf16 one is the upper half of a float, the other the lower. */
INLINE void
add_widened (Sums sums, const float *a, size_t lda, const uint16_t *b, const int rows, const int vectors)
{
#pragma GCC unroll 2
  for (int half = 0; half < 2; half++)
    {
      Vec row[2];

#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++)
        {
          IntVec pairs = load_ints (b + j * 2 * LANES);

          row[j] = (Vec) (half == 0 ? pairs << 16 : pairs & (int32_t) 0xffff0000);
        }
#pragma GCC unroll 16
      for (int r = 0; r < rows; r++)
        {
          Vec value = all (a[r * lda + half]);

#pragma GCC unroll 4
          for (int j = 0; j < vectors; j++)
            sums[r][j] += value * row[j];
        }
    }
}

#ifdef HAS_BF16
/* Two k, both factors in bf16. */
INLINE void
add_bf16 (Sums sums, const uint16_t *a, size_t lda, const uint16_t *b, const int rows, const int vectors)
{
  IntVec row[2];

#pragma GCC unroll 4
  for (int j = 0; j < vectors; j++)
    row[j] = load_ints (b + j * 2 * LANES);
#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
    {
      int32_t pair;
      IntVec  value;

      memcpy (&pair, a + r * lda, sizeof pair);
      value = pair - (IntVec) { 0 };
#pragma GCC unroll 4
      for (int j = 0; j < vectors; j++)
        sums[r][j] = add_pairs (sums[r][j], value, row[j]);
    }
}
#endif

/* c += or = a b for a part of k that registers sum. @rows, @vectors and @factors are constants
 * wherever this is expanded, so that sums are registers. */
INLINE void
gemm_part (float *c, size_t ldc, const void *a, size_t lda, const void *b, int n, int k, bool add,
           const int rows, const int vectors, const Factors factors)
{
  const float    *floats = b;
  const uint16_t *halves = b;
  Sums            sums;

#pragma GCC unroll 16
  for (int r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int j = 0; j < vectors; j++)
      sums[r][j] = (Vec) { 0 };

  if (factors == FLOATS)
    for (int i = 0; i < k; i++, floats += PANEL)
      {
        prefetch (floats);
        add_floats (sums, (const float *) a + i, lda, floats, rows, vectors);
      }
  else
    for (int i = 0; i < k; i += 2, halves += 2 * PANEL)
      {
        prefetch (halves);
#ifdef HAS_BF16
        if (factors == PAIRS)
          add_bf16 (sums, (const uint16_t *) a + i, lda, halves, rows, vectors);
        else
#endif
          add_widened (sums, (const float *) a + i, lda, halves, rows, vectors);
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
gemm_rows (float *c, size_t ldc, const void *a, size_t lda, const void *b, int n, int k, bool add,
           const int rows, const Factors factors)
{
  const int    part = factors == PAIRS ? PART_BF16 : PART;
  const size_t a_size = factors == PAIRS ? 2 : 4, b_size = factors == FLOATS ? 4 : 2;

  for (int first = 0; first < k; first += part)
    {
      const void *from = (const char *) a + first * a_size, *panel = (const char *) b + (size_t) first * PANEL * b_size;
      int         depth = k - first < part ? k - first : part;

      /* A last layer has few columns. */
      if (n > LANES)
        gemm_part (c, ldc, from, lda, panel, n, depth, add || first > 0, rows, 2, factors);
      else
        gemm_part (c, ldc, from, lda, panel, n, depth, add || first > 0, rows, 1, factors);
    }
}

INLINE void
gemm_all (float *c, size_t ldc, const void *a, size_t lda, const void *b, int m, int n, int k, bool add,
          const Factors factors)
{
  const size_t row = lda * (factors == PAIRS ? 2 : 4);

  for (; m >= ROWS; m -= ROWS, c += ROWS * ldc, a = (const char *) a + ROWS * row)
    gemm_rows (c, ldc, a, lda, b, n, k, add, ROWS, factors);
  switch (m)
    {
#define CASE(rows)                                                   \
  case rows:                                                         \
    if (rows < ROWS)                                                 \
      gemm_rows (c, ldc, a, lda, b, n, k, add, rows % ROWS, factors); \
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

static void
gemm (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
      int m, int n, int k, bool add)
{
  gemm_all (c, ldc, a, lda, b, m, n, k, add, FLOATS);
}

/* Where tiles do it, amx.c. */
#ifndef HAS_TILES
static void
gemm_bf16 (float *c, size_t ldc, const void *a, size_t lda, const uint16_t *b, int m, int n, int k, bool add)
{
#ifdef HAS_BF16
  gemm_all (c, ldc, a, lda, b, m, n, k, add, PAIRS);
#else
  gemm_all (c, ldc, a, lda, b, m, n, k, add, WIDENED);
#endif
}
#endif

/* Of a level's BkKernels, what this file gives. */
#define GEMM_KERNELS .panel = PANEL, .full_panels = true, .gemm = gemm, .panel_bf16 = PANEL, .gemm_bf16 = gemm_bf16
