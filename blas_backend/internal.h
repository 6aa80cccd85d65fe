/* What the files of blas_backend share behind the door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"
#include "kernels.h"

#if defined(__SSE2__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

static inline size_t
bk_n_pixels (BkTensor x)
{
  return (size_t) x.n * x.h * x.w;
}

static inline float *
bk_pixel (BkTensor x, size_t pixel)
{
  return x.data + pixel * x.stride;
}

static inline size_t
bk_min (size_t a, size_t b)
{
  return a < b ? a : b;
}

static inline size_t
bk_n_tiles (size_t n, size_t tile)
{
  return (n + tile - 1) / tile;
}

/* First in every task of a parallel loop. A caller's thread may have workers that
 * bk_init has never met; denormals cost them a hundredfold, and other bits. */
static inline void
bk_flush_denormals (void)
{
#if defined(__SSE2__)
  const unsigned flush = _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON, now = _mm_getcsr ();

  if ((now & flush) != flush)
    _mm_setcsr (now | flush);
#endif
}

/* How many threads so many tasks are worth. Waking others for a single one is dear. */
int    bk_team       (size_t n_tasks);
/* Whether packing keeps to plain sums, see bk_set_exact. */
bool   bk_exact      (void);
void   bk_count_flop (double flop);
void   bk_count_gemm (double seconds);
double bk_now        (void);

/* ---- packed weights, see kernels.h for their form ---- */

/* The width of the panel that begins at column @first of @n. */
static inline int
bk_panel_width (const BkKernels *kernels, int n, int first)
{
  return kernels->full_panels ? kernels->panel : (int) bk_min (kernels->panel, n - first);
}

/* Floats that a packed matrix [k, n] takes. */
static inline size_t
bk_packed_size (int k, int n)
{
  const BkKernels *kernels = bk_kernels ();

  return (size_t) k * (kernels->full_panels ? bk_n_tiles (n, kernels->panel) * kernels->panel : (size_t) n);
}

/* ---- tiles ---- */

/* y = act (a W + bias + residual), where a row of a is a pixel of x (@kernel 1) or the
 * 3 x 3 pixels around it (@kernel 3), and W is packed [kernel * kernel * x.c, y.c]. */
void bk_tiled_gemm (BkTensor y, BkTensor x, int kernel, const float *weight, const float *bias,
                    BkTensor residual, BkActivation act);

size_t bk_winograd_size (int n_in, int n_out, int output);
void   bk_winograd_pack (float *packed, BkSource weight, int n_in, int n_out, int output);
void   bk_winograd      (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena);
/* Columns [first, first + count) of source weights [n_out, n_in * n_taps], channels
 * [channel, channel + n_channels), widened to out [count][n_channels][n_taps]. */
void   bk_read_weights  (float *out, BkSource weight, int n_in, int n_taps,
                         int first, int count, int channel, int n_channels);
