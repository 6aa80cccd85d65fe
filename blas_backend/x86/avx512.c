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
  .panel = PANEL,
  .full_panels = true,
  .gemm = gemm,
  .panel_bf16 = PANEL,
  .gemm_bf16 = gemm_bf16,
  .transpose = transpose,
  .affine = affine,
  .column_sums = column_sums,
  .row_moments = row_moments,
  .softmax = softmax,
  .winograd_input = winograd_input,
  .winograd_weights = winograd_weights,
  .winograd_output = winograd_output,
};
