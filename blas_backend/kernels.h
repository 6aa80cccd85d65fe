/* What a CPU level has to offer: the inner loops under the kernels of bk.h. They
 * know no threads and no arenas, only rows of floats. dispatch.c chooses.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"

typedef struct
{
  const char *name;

  /* What has to be there before the first kernel of a job of so many threads; NULL: nothing. */
  BkReady (*prepare) (int n_threads);

  /* Weights are packed in panels of so many columns, [panel][k][columns], which gemm reads
   * from end to end. The last one is filled up with zeros where @full_panels says so. */
  int  panel;
  bool full_panels;

  /* c [m, n] = a [m, k] b [k, n], or += if @add. n is at most a panel; b's rows are ldb
   * floats apart and may be read up to the end of a full panel. */
  void (*gemm) (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb,
                int m, int n, int k, bool add);

  /* Weights in bf16: always full panels of so many columns, [panel][k / 2][columns][2], where two of k
   * lie beside each other and an odd k is filled up with zeros. */
  int panel_bf16;
  /* The same as gemm with such a b. a holds bf16 where @to_bf16 is there to make it, else floats; its rows
   * are read up to an even k, and hold something finite there. */
  void (*gemm_bf16) (float *c, size_t ldc, const void *a, size_t lda, const uint16_t *b, int m, int n, int k, bool add);
  /* Rounds to the nearest, ties to even. NULL at a level that does not multiply bf16 itself. */
  void (*to_bf16) (uint16_t *out, const float *x, int n);

  /* out [columns, rows] = in [rows, columns]; strides in floats. */
  void (*transpose) (float *out, size_t out_stride, const float *in, size_t in_stride, int rows, int columns);

  /* y = act ((x - centre) scale + shift) for @rows rows of n; each of the three is [n],
   * or NULL for 0, 1 and 0. y may be x. */
  void (*affine) (float *y, size_t y_stride, const float *x, size_t x_stride, int rows, int n,
                  const float *centre, const float *scale, const float *shift, BkActivation act);
  /* Sums and sums of squares down @rows rows, for each of n <= 64 columns. */
  void (*column_sums) (double *sums, double *squares, const float *x, size_t stride, int rows, int n);
  /* Mean and variance of one row. */
  void (*row_moments) (double *mean, double *variance, const float *x, int n);
  /* row becomes exp (s - its maximum), s = row scale + mask; from column @visible on, @hidden
   * is added too. @mask may be NULL. Returns the sum. */
  float (*softmax) (float *row, int n, float scale, const float *mask, int visible, float hidden);

  /* Winograd, see winograd.c. Tile at pixel (y, x) of one sample to v [planes][c], zero up to an even c;
   * and m [planes][n] to its output pixels, plus bias and residual. Planes lie @plane values apart. v is of
   * bf16 if @narrow, which only a level with @to_bf16 may be asked for, else of float.
   * The tile may reach over the edges. Taps [9][WINOGRAD_COLUMNS] to u [planes] of those. */
  void (*winograd_input) (void *v, size_t plane, BkTensor x, int tile_y, int tile_x, int output, bool narrow);
  void (*winograd_weights) (float *u, const float *taps, int output);
  /* F(2x2) of two channels' taps [2][9][WINOGRAD_COLUMNS] to a panel in bf16, out [planes][WINOGRAD_COLUMNS][2]; only at a level
   * whose panels are so wide, else NULL. */
  void (*winograd_pairs) (uint16_t *out, size_t plane, const float *taps);
  void (*winograd_output) (BkTensor y, const float *m, size_t plane, int tile_y, int tile_x, int output,
                           const float *bias, BkTensor residual);
} BkKernels;

/* The level this process runs on; chosen once. */
const BkKernels *bk_kernels (void);
