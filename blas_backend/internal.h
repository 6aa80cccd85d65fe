/* What the files of blas_backend share behind the door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"
#include "kernels.h"

#include <string.h>

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

/* First in every task of a parallel loop, as a thread begins with the system's way; denormals cost them a hundredfold, and other bits. */
static inline void
bk_flush_denormals (void)
{
#if defined(__SSE2__)
  const unsigned flush = _MM_FLUSH_ZERO_ON | _MM_DENORMALS_ZERO_ON, now = _mm_getcsr ();

  if ((now & flush) != flush)
    _mm_setcsr (now | flush);
#endif
}

/* How many threads so many tasks get: all of them, or one where waking the others would be for a single task. Not a number in
 * between, as OpenMP then ends the threads that are left over, and starts others when it wants them again. */
static inline int
bk_team (const BkContext *context, size_t n_tasks)
{
  return context == NULL || n_tasks < 2 ? 1 : context->n_threads;
}

/* Threads that this process may have by its affinity and its cgroup, or as OMP_NUM_THREADS says. */
int  bk_allowed_threads (void);
/* Has OpenMP start threads for the caller's, @n_threads in all, or as many as the system grants: how many. */
int  bk_start_threads   (int n_threads);

void   bk_count_flop (BkContext *context, double flop);
void   bk_count_gemm (BkContext *context, double seconds);
double bk_now        (void);

/* ---- weights of a file ---- */

/* bk_source_read () on a job's threads. */
void bk_read_values (const BkContext *context, BkSource source, size_t n, float *out);
/* Columns [first, first + count) of source weights [n_out, n_in * n_taps], channels
 * [channel, channel + n_channels), widened to out [count][n_channels][n_taps]. */
void bk_read_weights (float *out, BkSource weight, int n_in, int n_taps, int first, int count, int channel, int n_channels);
/* What comes behind what was just read of a row, which no CPU foresees where rows are read by pieces, one below the other. */
static inline void
bk_prefetch (const void *from, size_t size)
{
  for (size_t line = 0; line < size; line += 64)
    __builtin_prefetch ((const char *) from + line);
}

/* Takes a map's pages of @n values out of this process's memory; read once more, they come from the page cache. */
void bk_give_back    (BkSource source, size_t n);

/* ---- packed weights, see kernels.h for their form ---- */

/* How this level packs weights of a type. */
typedef struct
{
  BkType type;
  int    panel;
  bool   full_panels;
  size_t size; /* bytes of a value */
  int    step; /* k is filled up to a multiple of it */
} BkPacking;

static inline BkPacking
bk_packing (BkType type)
{
  const BkKernels *kernels = bk_kernels ();

  if (type == BK_BF16)
    return (BkPacking) { type, kernels->panel_bf16, true, sizeof (uint16_t), 2 };
  return (BkPacking) { type, kernels->panel, kernels->full_panels, sizeof (float), 1 };
}

/* The width of the panel that begins at column @first of @n. */
static inline int
bk_panel_width (BkPacking packing, int n, int first)
{
  return packing.full_panels ? packing.panel : (int) bk_min (packing.panel, n - first);
}

static inline int
bk_packed_depth (BkPacking packing, int k)
{
  return (int) bk_n_tiles (k, packing.step) * packing.step;
}

static inline int
bk_packed_columns (BkPacking packing, int n)
{
  return packing.full_panels ? (int) bk_n_tiles (n, packing.panel) * packing.panel : n;
}

/* Values that a packed matrix [k, n] takes. */
static inline size_t
bk_packed_size (BkPacking packing, int k, int n)
{
  return (size_t) bk_packed_depth (packing, k) * bk_packed_columns (packing, n);
}

/* Whether layers of this type have their input in bf16 too. */
static inline bool
bk_narrows (BkPacking packing)
{
  return packing.type == BK_BF16 && bk_kernels ()->to_bf16 != NULL;
}

/* c [m, n] = a b, or += if @add, for one panel of @width columns; @packed is its first of k, at which
 * also a begins. a's values are bf16 where the layer narrows, else floats. */
static inline void
bk_gemm (BkPacking packing, float *c, size_t ldc, const void *a, size_t lda, const void *packed, int width,
         int m, int n, int k, bool add)
{
  if (packing.type == BK_BF16)
    bk_kernels ()->gemm_bf16 (c, ldc, a, lda, packed, m, n, k, add);
  else
    bk_kernels ()->gemm (c, ldc, a, lda, packed, width, m, n, k, add);
}

/* The nearest bf16, ties to even. */
static inline uint16_t
bk_to_bf16 (float value)
{
  uint32_t bits;

  memcpy (&bits, &value, 4);
  /* A NaN's bits could carry over into those of a number. */
  if (value != value)
    return (uint16_t) (bits >> 16 | 0x40);
  return (uint16_t) ((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* @n values, by this level's own instructions where it has them. */
static inline void
bk_round (uint16_t *out, const float *x, int n)
{
  if (bk_kernels ()->to_bf16 != NULL)
    bk_kernels ()->to_bf16 (out, x, n);
  else
    for (int i = 0; i < n; i++)
      out[i] = bk_to_bf16 (x[i]);
}

/* Column @column of @k of a panel that is @width wide. */
static inline void
bk_put_weight (BkPacking packing, void *panel, int width, size_t k, int column, float value)
{
  if (packing.type == BK_BF16)
    ((uint16_t *) panel)[k / 2 * 2 * width + 2 * column + k % 2] = bk_to_bf16 (value);
  else
    ((float *) panel)[k * width + column] = value;
}

/* An even k's values and the next one's to where a panel in bf16 has such pairs: out [n][2]. */
void bk_weave (uint16_t *out, const uint16_t *even, const uint16_t *odd, int n);
/* [out, in, taps] to panels of [taps * in, columns]. */
void bk_pack_panels (const BkContext *context, void *packed, BkPacking packing, BkSource weight, int n_in, int n_out, int n_taps);
/* A convolution's, to whichever of its two forms it has. */
void bk_pack_conv_weights (const BkContext *context, const BkConv *conv, BkSource weight);
/* x to bf16 [pixels][x.c], at a level with to_bf16; nothing where @out is NULL. */
void bk_narrow (const BkContext *context, uint16_t *out, BkTensor x);

/* ---- tiles ---- */

/* The pixels of x that a pixel (py, px) of y is made of: kernel x kernel, the first at (py stride - pad, px stride - pad);
 * beyond the edges are zeros. */
typedef struct
{
  int kernel, stride, pad;
} BkTaps;

/* y = act (a W + bias + residual), where a row of a is a pixel's taps, and W is packed [kernel * kernel * x.c, y.c].
 * @narrow: x in bf16 [pixels][x.c], where the layer narrows and somebody did it already, else NULL. */
void bk_tiled_gemm (BkTensor y, BkTensor x, const uint16_t *narrow, BkTaps taps, BkType type, const void *weight, const float *bias,
                    BkTensor residual, BkActivation act);

/* Bytes. */
size_t bk_winograd_size (BkType type, int n_in, int n_out, int output);
void   bk_winograd_pack (const BkContext *context, void *packed, BkType type, BkSource weight, int n_in, int n_out, int output);
void   bk_winograd      (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena);
