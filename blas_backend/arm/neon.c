/* NEON, which every 64-bit ARM has: 32 registers of 4 floats, 24 of which hold sums.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 4
#define ROWS 12

#include "../simd/gemm.h"
#include "../simd/rows.h"
#include "../simd/winograd.h"

const BkKernels bk_kernels_neon = {
  .name = "neon",
  GEMM_KERNELS,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
};
