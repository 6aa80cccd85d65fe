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
  .panel = PANEL,
  .full_panels = true,
  .gemm = gemm,
  .panel_bf16 = PANEL,
  .gemm_bf16 = gemm_bf16,
  .to_bf16 = to_bf16,
  .transpose = transpose,
  .affine = affine,
  .column_sums = column_sums,
  .row_moments = row_moments,
  .softmax = softmax,
  .winograd_input = winograd_input,
  .winograd_weights = winograd_weights,
  .winograd_pairs = winograd_pairs,
  .winograd_output = winograd_output,
};
