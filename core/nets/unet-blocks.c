/* See unet-blocks.h.
 *
 * Source: arXiv 2112.10741 (GLIDE) and 2105.05233, whose blocks these are; 2204.06125, section 2.1, for
 * how z_i joins them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unet-blocks.h"

#include <math.h>
#include <string.h>

UnclipResnet
unclip_resnet_build (UnclipBuilder           *builder,
                     const char              *path,
                     const UnclipResnetStyle *style,
                     int                      n_in,
                     int                      n_out,
                     UnclipResample           resample,
                     int                      h)
{
  UnclipResnet resnet = { .resample = resample, .n_in = n_in, .n_out = n_out };

  /* What bypasses the block goes through a resampling or through a shortcut. */
  g_assert (resample == UNCLIP_RESAMPLE_NONE || n_in == n_out);
  if (resample == UNCLIP_RESAMPLE_DOWN)
    h /= 2;
  if (resample == UNCLIP_RESAMPLE_UP)
    h *= 2;

  resnet.norm1 = unclip_build_group_norm (builder, path, "norm1", n_in, style->n_groups, style->eps);
  resnet.conv1 = unclip_build_conv (builder, path, "conv1", n_in, n_out, 3, h);
  resnet.emb = unclip_build_linear (builder, path, "time_emb_proj", style->n_emb, style->scale_shift ? 2 * n_out : n_out);
  resnet.norm2 = unclip_build_group_norm (builder, path, "norm2", n_out, style->n_groups, style->eps);
  resnet.conv2 = unclip_build_conv (builder, path, "conv2", n_out, n_out, 3, h);
  if (n_in != n_out)
    resnet.shortcut = unclip_build_conv (builder, path, "conv_shortcut", n_in, n_out, 1, h);

  return resnet;
}

static void
resample (BkTensor       y,
          BkTensor       x,
          UnclipResample how)
{
  if (how == UNCLIP_RESAMPLE_DOWN)
    bk_downsample (y, x);
  else
    bk_upsample (y, x);
}

void
unclip_resnet_run (const UnclipResnet *resnet,
                   BkTensor            y,
                   BkTensor            x,
                   gboolean            spends_x,
                   BkTensor            emb,
                   BkArena            *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  gboolean is_plain = resnet->resample == UNCLIP_RESAMPLE_NONE && resnet->n_in == resnet->n_out;
  BkTensor bypass = is_plain ? x : y, a = x, b, e;

  /* What bypasses the block waits in y, where it is added to, so that x is free early. */
  if (resnet->resample != UNCLIP_RESAMPLE_NONE)
    resample (y, x, resnet->resample);
  else if (! is_plain)
    bk_conv (y, x, &resnet->shortcut, arena);

  if (! spends_x || is_plain)
    a = bk_scratch_like (&scratch, x);
  bk_group_norm (a, x, &resnet->norm1, (BkTensor) { 0 }, BK_SILU);
  if (resnet->resample != UNCLIP_RESAMPLE_NONE)
    {
      BkTensor resampled = bk_scratch_tensor (&scratch, y.n, y.h, y.w, x.c);

      resample (resampled, a, resnet->resample);
      a = resampled;
    }

  b = bk_scratch_tensor (&scratch, y.n, y.h, y.w, y.c);
  e = bk_scratch_tensor (&scratch, y.n, 1, 1, resnet->emb.n_out);
  bk_linear (e, emb, &resnet->emb, BK_IDENTITY);
  bk_conv (b, a, &resnet->conv1, arena);
  bk_group_norm (b, b, &resnet->norm2, e, BK_SILU);
  bk_conv_add (y, b, &resnet->conv2, bypass, arena);
}

UnclipAttention
unclip_attention_build (UnclipBuilder *builder,
                        const char    *path,
                        int            n_channels,
                        int            n_context,
                        int            n_heads,
                        int            n_groups)
{
  return (UnclipAttention) {
    .n_heads = n_heads,
    .head_dim = n_channels / n_heads,
    .norm = unclip_build_group_norm (builder, path, "group_norm", n_channels, n_groups, 1e-5f),
    .q = unclip_build_linear (builder, path, "to_q", n_channels, n_channels),
    .k = unclip_build_linear (builder, path, "to_k", n_channels, n_channels),
    .v = unclip_build_linear (builder, path, "to_v", n_channels, n_channels),
    .context_k = unclip_build_linear (builder, path, "add_k_proj", n_context, n_channels),
    .context_v = unclip_build_linear (builder, path, "add_v_proj", n_context, n_channels),
    .out = unclip_build_linear (builder, path, "to_out.0", n_channels, n_channels),
  };
}

void
unclip_context_project (BkTensor        context,
                        const BkLinear *k,
                        const BkLinear *v,
                        BkTensor       *keys,
                        BkTensor       *values,
                        BkArena        *arena)
{
  /* No scope: they go with the arena. */
  BkScratch scratch = bk_scratch (arena);

  *keys = bk_scratch_tensor (&scratch, context.n, context.h, 1, k->n_out);
  *values = bk_scratch_like (&scratch, *keys);
  bk_linear (*keys, context, k, BK_IDENTITY);
  bk_linear (*values, context, v, BK_IDENTITY);
}

void
unclip_attention_set_context (UnclipAttention *attention,
                              BkTensor         context,
                              BkArena         *arena)
{
  unclip_context_project (context, &attention->context_k, &attention->context_v, &attention->keys, &attention->values, arena);
}

/* all [n, t + pixels, c]: what the context gives, then the same of the picture. */
static void
join (BkTensor        all,
      BkTensor        of_context,
      BkTensor        picture,
      const BkLinear *linear)
{
  int t = of_context.h, pixels = picture.h;

  for (int i = 0; i < all.n; i++)
    {
      BkTensor sample = bk_samples (all, i, 1);

      bk_copy (bk_rows (sample, 0, t), bk_samples (of_context, i, 1));
      bk_linear (bk_rows (sample, t, pixels), bk_samples (picture, i, 1), linear, BK_IDENTITY);
    }
}

/* mask [n, t + pixels]: the context's, and nothing for the picture. */
static void
join_mask (BkTensor     mask,
           const float *context_mask,
           int          t)
{
  if (mask.data == NULL)
    return;

  for (int i = 0; i < mask.n; i++)
    {
      float *row = mask.data + (size_t) i * mask.c;

      memcpy (row, context_mask + (size_t) i * t, t * sizeof (float));
      memset (row + t, 0, (mask.c - t) * sizeof (float));
    }
}

void
unclip_attention_run (const UnclipAttention *attention,
                      BkTensor               x,
                      const float           *context_mask,
                      BkArena               *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  int t = attention->keys.h, pixels = x.h * x.w, inner = attention->q.n_out;

  BkTensor a = bk_scratch_tensor (&scratch, x.n, pixels, 1, x.c);
  BkTensor q = bk_scratch_tensor (&scratch, x.n, pixels, 1, inner);
  BkTensor k = bk_scratch_tensor (&scratch, x.n, t + pixels, 1, inner);
  BkTensor v = bk_scratch_like (&scratch, k);
  BkTensor out = bk_scratch_like (&scratch, q);
  BkTensor mask = bk_scratch_tensor (&scratch, x.n, 1, 1, t + pixels);
  BkTensor picture = x;

  const BkAttention how = {
    .n_heads = attention->n_heads,
    .scale = 1.0f / sqrtf (attention->head_dim),
    .mask = context_mask != NULL ? mask.data : NULL,
    .type = attention->q.type,
  };

  /* The same memory as a row of tokens. */
  picture.h = pixels;
  picture.w = 1;

  bk_group_norm (a, picture, &attention->norm, (BkTensor) { 0 }, BK_IDENTITY);
  bk_linear (q, a, &attention->q, BK_IDENTITY);
  join (k, attention->keys, a, &attention->k);
  join (v, attention->values, a, &attention->v);
  if (context_mask != NULL)
    join_mask (mask, context_mask, t);

  bk_attention (out, q, k, v, &how, arena);
  bk_linear_add (picture, out, &attention->out, picture);
}
