/* The BLAS of the system, which only the level "c" needs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "bk.h"

/* Loads it at the first call, and has it take what @n_threads threads will work in. */
BkReady bk_blas_prepare (int n_threads);
/* c [m, n] = a [m, k] b [k, n], or += if @add; rows lie ldc, lda and ldb floats apart. Only once it is prepared. */
void    bk_blas_gemm    (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, int m, int n, int k, bool add);
