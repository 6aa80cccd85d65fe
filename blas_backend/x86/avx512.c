/* AVX-512: 32 registers of 16 floats, 24 of which hold sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 16
#define ROWS 12

#include "../simd/gemm.h"
#include "../simd/rows.h"
#include "../simd/winograd.h"

const BkKernels bk_kernels_avx512 = {
  .name = "avx512",
  GEMM_KERNELS,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
};
