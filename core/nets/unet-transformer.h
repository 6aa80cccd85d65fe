/* Stable Diffusion's share of a UNet: a transformer over picture and context, and resampling by a convolution.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

/* One block between two linear layers. */
typedef struct
{
  int      n_heads;
  BkNorm   norm, norm1, norm2, norm3;
  BkLinear in, out;
  BkLinear q, k, v, attended;                          /* among the pixels */
  BkLinear context_q, context_k, context_v, context_out; /* of the pixels to the context */
  BkLinear gated, ungated;                             /* GEGLU and what follows it */
  BkTensor keys, values; /* [n, t, c] of the context, the same in every step; not owned */
} UnclipTransformer;

UnclipTransformer unclip_transformer_build       (UnclipBuilder *builder, const char *path, int n_channels, int n_context, int n_heads, int n_groups);
/* Takes keys and values of @context [n, t, n_context] from @arena, where they stay. */
void              unclip_transformer_set_context (UnclipTransformer *transformer, BkTensor context, BkArena *arena);
/* @x: [n, h, w, c], overwritten. @context_mask: (nullable): [n, t], added to the scores of the context. */
void              unclip_transformer_run         (const UnclipTransformer *transformer, BkTensor x, const float *context_mask, BkArena *arena);

G_END_DECLS
