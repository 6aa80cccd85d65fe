/* Linear layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

static void
multiply (BkTensor y, BkTensor x, const BkLinear *linear, BkTensor residual, BkActivation act)
{
  if (y.data == NULL)
    return;
  /* What is lent has a room that may be written to. */
  if (linear->lent.data != NULL)
    bk_pack_panels (y.context, (void *) linear->weight, bk_packing (linear->type), linear->lent, linear->n_in, linear->n_out, 1);
  bk_tiled_gemm (y, x, NULL, (BkTaps) { 1, 1, 0 }, linear->type, linear->weight, linear->bias, residual, act);
  bk_count_flop (y.context, 2.0 * bk_n_pixels (x) * linear->n_out * linear->n_in);
}

void
bk_linear (BkTensor y, BkTensor x, const BkLinear *linear, BkActivation act)
{
  multiply (y, x, linear, (BkTensor) { 0 }, act);
}

void
bk_linear_add (BkTensor y, BkTensor x, const BkLinear *linear, BkTensor residual)
{
  multiply (y, x, linear, residual, BK_IDENTITY);
}
