/* The level "c", for every CPU: the compiler makes what it can of vectors of 4 floats,
 * and BLAS multiplies.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 4

#include "simd/rows.h"
#include "simd/winograd.h"

#include <cblas.h>
#include <omp.h>

static void
blas_gemm (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, int m, int n, int k, bool add)
{
  /* OpenBLAS asks OpenMP how many threads to take, and a team of one is none to it: its
   * own threads would change the order of sums. What we set ends with our parallel region. */
  if (omp_get_max_threads () != 1)
    omp_set_num_threads (1);
  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1.0f, a, lda, b, ldb, add ? 1.0f : 0.0f, c, ldc);
}

const BkKernels bk_kernels_c = {
  .name = "c",
  /* BLAS packs what it is given at every call: the wider, the less often. */
  .panel = 256,
  .full_panels = false,
  .gemm = blas_gemm,
  .affine = affine,
  .column_sums = column_sums,
  .row_moments = row_moments,
  .softmax = softmax,
  .winograd_input = winograd_input,
  .winograd_weights = winograd_weights,
  .winograd_output = winograd_output,
};
