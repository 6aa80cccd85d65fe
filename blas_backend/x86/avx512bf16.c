/* AVX512-BF16: AVX-512 that also multiplies pairs of bf16, and adds them up in float32.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 16
#define ROWS 12
#define HAS_BF16

#include "../simd/gemm.h"
#include "../simd/rows.h"
#include "../simd/winograd.h"

const BkKernels bk_kernels_avx512bf16 = {
  .name = "avx512bf16",
  GEMM_KERNELS,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
  BF16_KERNELS,
};
