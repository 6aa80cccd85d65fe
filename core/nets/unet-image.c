/* See unet-image.h.
 *
 * Source: arXiv 2310.03502 (Kandinsky); names of the parts as in diffusers' ImageProjection and ImageTimeEmbedding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unet-image.h"

#define EPS 1e-5f

void
unclip_unet_image_build (UnclipBuilder   *builder,
                         UnclipUnetImage *image)
{
  image->tokens = unclip_build_linear (builder, "encoder_hid_proj", "image_embeds", image->dim, image->n_tokens * image->context_width);
  image->tokens_norm = unclip_build_layer_norm (builder, "encoder_hid_proj", "norm", image->context_width, EPS);
  image->time = unclip_build_linear (builder, "add_embedding", "image_proj", image->dim, image->time_width);
  image->time_norm = unclip_build_layer_norm (builder, "add_embedding", "image_norm", image->time_width, EPS);
}

void
unclip_unet_image_run (const UnclipUnetImage *image,
                       BkTensor               context,
                       BkTensor               time,
                       BkTensor               z_i)
{
  /* The same memory with a sample's tokens in a row: token j is at j · width, not at every n-th value as Karlo has them. */
  BkTensor row = bk_tensor (context.data, context.n, 1, 1, image->n_tokens * image->context_width);

  bk_linear (row, z_i, &image->tokens, BK_IDENTITY);
  bk_layer_norm (context, context, &image->tokens_norm);
  bk_linear (time, z_i, &image->time, BK_IDENTITY);
  bk_layer_norm (time, time, &image->time_norm);
}
