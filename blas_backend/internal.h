/* What the files of blas_backend share behind the door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"

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
