/* AVX2 and FMA: 16 registers of 8 floats, 12 of which hold sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 8
#define ROWS 6

#include "../simd/gemm.h"
#include "../simd/rows.h"
#include "../simd/winograd.h"

const BkKernels bk_kernels_avx2 = {
  .name = "avx2",
  GEMM_KERNELS,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
};
