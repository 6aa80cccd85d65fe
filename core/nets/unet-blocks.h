/* What UNets are made of: the residual block and attention over picture and context.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_RESAMPLE_NONE,
  UNCLIP_RESAMPLE_DOWN, /* 2 x 2 mean */
  UNCLIP_RESAMPLE_UP    /* nearest neighbour */
} UnclipResample;

/* What all residual blocks of one UNet have in common. */
typedef struct
{
  int      n_emb;       /* width of the embedding of timestep and z_i */
  int      n_groups;
  float    eps;
  gboolean scale_shift; /* the embedding scales and shifts after norm2; else it is added before */
} UnclipResnetStyle;

typedef struct
{
  UnclipResample resample;
  int            n_in, n_out;
  BkNorm         norm1, norm2;
  BkConv         conv1, conv2, shortcut; /* shortcut only where n_in and n_out differ */
  BkLinear       emb;                    /* as many channels as norm2 is to add, or to scale and shift by */
} UnclipResnet;

/* @h: rows of the map that comes in when the UNet sees its own sample size. */
UnclipResnet unclip_resnet_build (UnclipBuilder *builder, const char *path, const UnclipResnetStyle *style, int n_in, int n_out,
                                  UnclipResample resample, int h);
/**
 * unclip_resnet_run:
 * @y: [n, h', w', n_out]; h' and w' are those of @x, halved or doubled as the block resamples
 * @x: [n, h, w, n_in]
 * @spends_x: nobody wants @x afterwards, so that its memory may be used
 * @emb: [n, 1, 1, n_emb], SiLU taken already
 */
void         unclip_resnet_run   (const UnclipResnet *resnet, BkTensor y, BkTensor x, gboolean spends_x, BkTensor emb, BkArena *arena);

typedef struct
{
  int      n_heads, head_dim;
  BkNorm   norm;
  BkLinear q, k, v, out;
  BkLinear context_k, context_v;
  BkTensor keys, values; /* [n, t, c] of the context, the same in every step; not owned */
} UnclipAttention;

UnclipAttention unclip_attention_build       (UnclipBuilder *builder, const char *path, int n_channels, int n_context, int n_heads, int n_groups);
/* What an attention's @k and @v make of @context [n, t, n_context]: both [n, t, n_out], taken from @arena, where they stay. */
void            unclip_context_project       (BkTensor context, const BkLinear *k, const BkLinear *v, BkTensor *keys, BkTensor *values, BkArena *arena);
void            unclip_attention_set_context (UnclipAttention *attention, BkTensor context, BkArena *arena);
/* x becomes x + attention (norm (x)); x [n, h, w, c]. @context_mask: (nullable): [n, t], added to the scores. */
void            unclip_attention_run         (const UnclipAttention *attention, BkTensor x, const float *context_mask, BkArena *arena);

G_END_DECLS
