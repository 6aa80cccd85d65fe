/* What the files of blas_backend share behind the door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"

#if defined(__SSE2__)
#include <pmmintrin.h>
#include <xmmintrin.h>
#endif

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

float bk_act        (float value, BkActivation act);
/* n values in place, bias first when there is one. */
void  bk_act_row    (float *row, const float *bias, int n, BkActivation act);
void  bk_count_flop (double flop);
void  bk_count_gemm (double seconds);
double bk_now       (void);
