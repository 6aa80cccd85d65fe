/* What a UNet that is conditioned by z_i alone makes of it: the layers are the UNet's own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

/* Of "encoder_hid_dim_type" image_proj and "addition_embed_type" image; @dim 0: there is none. */
typedef struct
{
  int      dim;           /* of z_i */
  int      n_tokens;      /* of context, made from it */
  int      context_width, time_width;
  BkLinear tokens, time;
  BkNorm   tokens_norm, time_norm;
} UnclipUnetImage;

/* How many context tokens diffusers makes of an embedding: no config says it. */
#define UNCLIP_UNET_IMAGE_TOKENS 32

/* @image: the sizes in it are known */
void unclip_unet_image_build (UnclipBuilder *builder, UnclipUnetImage *image);
/* @z_i: [n, 1, 1, dim]; @context: [n, n_tokens, 1, context_width]; @time: [n, 1, 1, time_width] */
void unclip_unet_image_run   (const UnclipUnetImage *image, BkTensor context, BkTensor time, BkTensor z_i);

G_END_DECLS
