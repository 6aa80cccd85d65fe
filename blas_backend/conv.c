/* Convolutions, by whichever way their weights were packed for; and patches.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

/* y of a sum of taps. Each pixel of x is part of nine rows: it is rounded once, and not nine times. */
static void
sum_taps (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena)
{
  BkScratch scratch = bk_scratch (arena);
  bool      narrows = conv->kernel > 1 && bk_narrows (bk_packing (conv->type));
  uint16_t *narrow = narrows ? bk_arena_alloc (arena, bk_n_pixels (x) * x.c * sizeof *narrow) : NULL;

  if (y.data != NULL)
    {
      bk_narrow (y.context, narrow, x);
      bk_tiled_gemm (y, x, narrow, (BkTaps) { conv->kernel, conv->stride, conv->pad }, conv->type, conv->weight, conv->bias, residual,
                     BK_IDENTITY);
    }
  bk_scratch_close (&scratch);
}

void
bk_conv_add (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena)
{
  if (conv->lent.data != NULL && y.data != NULL)
    bk_pack_conv_weights (y.context, conv, conv->lent);
  if (conv->winograd_output > 0)
    bk_winograd (y, x, conv, residual, arena);
  else
    sum_taps (y, x, conv, residual, arena);
  if (y.data != NULL)
    bk_count_flop (y.context, 2.0 * bk_n_pixels (y) * conv->n_out * x.c * conv->kernel * conv->kernel);
}

void
bk_conv (BkTensor y, BkTensor x, const BkConv *conv, BkArena *arena)
{
  bk_conv_add (y, x, conv, (BkTensor) { 0 }, arena);
}

void
bk_patches (BkTensor y, BkTensor x, int size)
{
  int across = x.w / size, down = x.h / size, n_patches = x.n * down * across;

  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_team (y.context, n_patches))
  for (int p = 0; p < n_patches; p++)
    {
      BkTensor sample = bk_samples (x, p / (down * across), 1);
      int      py = p / across % down, px = p % across;
      float   *out = bk_pixel (y, p);

      for (int c = 0; c < x.c; c++)
        for (int i = 0; i < size; i++)
          for (int j = 0; j < size; j++)
            *out++ = bk_pixel (sample, (size_t) (py * size + i) * x.w + px * size + j)[c];
    }
}
