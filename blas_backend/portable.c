/* The level "c", for every CPU: the compiler makes what it can of vectors of 4 floats,
 * and BLAS multiplies.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 4

#include "simd/rows.h"
#include "simd/winograd.h"

#include "blas.h"

#include <omp.h>

/* So much of a panel in bf16 is widened at once, an even number of k: 32 KB. */
#define WIDEN_K 128
#define PANEL_BF16 64

static void
blas_gemm (float *c, size_t ldc, const float *a, size_t lda, const float *b, size_t ldb, int m, int n, int k, bool add)
{
  /* OpenBLAS asks OpenMP how many threads to take, and a team of one is none to it: its
   * own threads would change the order of sums. What we set ends with our parallel region. */
  if (omp_get_max_threads () != 1)
    omp_set_num_threads (1);
  bk_blas_gemm (c, ldc, a, lda, b, ldb, m, n, k, add);
}

/* Two k are one 32-bit word of a panel. */
static void
blas_gemm_bf16 (float *c, size_t ldc, const void *a, size_t lda, const uint16_t *b, int m, int n, int k, bool add)
{
  float part[WIDEN_K * PANEL_BF16];

  for (int first = 0; first < k; first += WIDEN_K)
    {
      int depth = k - first < WIDEN_K ? k - first : WIDEN_K;

      for (int i = 0; i < depth; i++)
        for (int j = 0; j < PANEL_BF16; j++)
          {
            uint32_t bits = (uint32_t) b[(size_t) (first + i) / 2 * 2 * PANEL_BF16 + 2 * j + i % 2] << 16;

            memcpy (part + i * PANEL_BF16 + j, &bits, 4);
          }
      blas_gemm (c, ldc, (const float *) a + first, lda, part, PANEL_BF16, m, n, depth, add || first > 0);
    }
}

const BkKernels bk_kernels_c = {
  .name = "c",
  .prepare = bk_blas_prepare,
  /* BLAS packs what it is given at every call: the wider, the less often. */
  .panel = 256,
  .full_panels = false,
  .gemm = blas_gemm,
  .panel_bf16 = PANEL_BF16,
  .gemm_bf16 = blas_gemm_bf16,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
};
