/* See blocks.h.
 *
 * Source: arXiv 2112.10752 (latent diffusion), whose autoencoder it is; 2209.09002 (MoVQ) for the norms that look at the
 * latents; names and places of the parts as in diffusers' AutoencoderKL and VQModel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "blocks.h"

#include <math.h>

/* Whatever the config says of other norms. */
#define EPS 1e-6f
#define N_GROUPS_SPATIAL 32

UnclipSpatialNorm
unclip_spatial_norm_build (UnclipBuilder         *builder,
                           const char            *path,
                           const char            *name,
                           int                    n_channels,
                           const UnclipCodingStyle *style)
{
  g_autofree char *inner = unclip_build_path (path, "%s", name);
  /* What scales and shifts sees the latents' map. */
  int h = 64;

  if (style->n_latents == 0)
    return (UnclipSpatialNorm) { .norm = unclip_build_group_norm (builder, path, name, n_channels, style->n_groups, EPS) };

  return (UnclipSpatialNorm) {
    .norm = unclip_build_group_norm (builder, inner, "norm_layer", n_channels, N_GROUPS_SPATIAL, EPS),
    .scale = unclip_build_conv (builder, inner, "conv_y", style->n_latents, n_channels, 1, h),
    .shift = unclip_build_conv (builder, inner, "conv_b", style->n_latents, n_channels, 1, h),
  };
}

void
unclip_spatial_norm_run (const UnclipSpatialNorm *norm,
                         BkTensor                 y,
                         BkTensor                 x,
                         BkTensor                 z,
                         BkActivation             act,
                         BkArena                 *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor scale, shift;

  if (norm->scale.n_out == 0)
    {
      bk_group_norm (y, x, &norm->norm, (BkTensor) { 0 }, act);
      return;
    }

  /* Convolutions of 1 x 1 before the latents are enlarged come to the same as after it. */
  scale = bk_scratch_tensor (&scratch, z.n, z.h, z.w, x.c);
  shift = bk_scratch_like (&scratch, scale);
  bk_conv (scale, z, &norm->scale, arena);
  bk_conv (shift, z, &norm->shift, arena);
  bk_group_norm (y, x, &norm->norm, (BkTensor) { 0 }, BK_IDENTITY);
  bk_modulate (y, y, scale, shift, act);
}

UnclipCodingResnet
unclip_coding_resnet_build (UnclipBuilder         *builder,
                            const char            *path,
                            const UnclipCodingStyle *style,
                            int                    n_in,
                            int                    n_out,
                            int                    h)
{
  UnclipCodingResnet resnet = { .n_in = n_in, .n_out = n_out };

  resnet.norm1 = unclip_spatial_norm_build (builder, path, "norm1", n_in, style);
  resnet.conv1 = unclip_build_conv (builder, path, "conv1", n_in, n_out, 3, h);
  resnet.norm2 = unclip_spatial_norm_build (builder, path, "norm2", n_out, style);
  resnet.conv2 = unclip_build_conv (builder, path, "conv2", n_out, n_out, 3, h);
  if (n_in != n_out)
    resnet.shortcut = unclip_build_conv (builder, path, "conv_shortcut", n_in, n_out, 1, h);

  return resnet;
}

void
unclip_coding_resnet_run (const UnclipCodingResnet *resnet,
                          BkTensor                  x,
                          BkTensor                  other,
                          BkTensor                  z,
                          BkArena                  *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  gboolean is_plain = resnet->n_in == resnet->n_out;
  /* What bypasses the block waits where the result will be. */
  BkTensor a = is_plain ? other : x, y = is_plain ? x : other;
  BkTensor b = bk_scratch_like (&scratch, other);

  if (! is_plain)
    bk_conv (y, x, &resnet->shortcut, arena);
  unclip_spatial_norm_run (&resnet->norm1, a, x, z, BK_SILU, arena);
  bk_conv (b, a, &resnet->conv1, arena);
  unclip_spatial_norm_run (&resnet->norm2, b, b, z, BK_SILU, arena);
  bk_conv_add (y, b, &resnet->conv2, y, arena);
}

UnclipCodingAttention
unclip_coding_attention_build (UnclipBuilder         *builder,
                               const char            *path,
                               const UnclipCodingStyle *style,
                               int                    n_channels)
{
  /* What the parts are called in files of Stable Diffusion's time, and since. */
  static const char *const old_names[] = { "query", "key", "value", "proj_attn" }, *const new_names[] = { "to_q", "to_k", "to_v", "to_out.0" };
  g_autofree char *old_q = unclip_build_path (path, "%s.weight", old_names[0]), *new_q = unclip_build_path (path, "%s.weight", new_names[0]);
  gboolean is_old = style->has_old_names ? ! unclip_weights_has (builder->weights, new_q) : unclip_weights_has (builder->weights, old_q);
  const char *const *names = is_old ? old_names : new_names;

  return (UnclipCodingAttention) {
    .norm = unclip_spatial_norm_build (builder, path, style->n_latents == 0 ? "group_norm" : "spatial_norm", n_channels, style),
    .q = unclip_build_linear (builder, path, names[0], n_channels, n_channels),
    .k = unclip_build_linear (builder, path, names[1], n_channels, n_channels),
    .v = unclip_build_linear (builder, path, names[2], n_channels, n_channels),
    .out = unclip_build_linear (builder, path, names[3], n_channels, n_channels),
  };
}

void
unclip_coding_attention_run (const UnclipCodingAttention *attention,
                             BkTensor                     x,
                             BkTensor                     z,
                             BkArena                     *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor a = bk_scratch_like (&scratch, x);
  BkTensor q = bk_scratch_like (&scratch, x);
  BkTensor k = bk_scratch_like (&scratch, x);
  BkTensor v = bk_scratch_like (&scratch, x);

  const BkAttention how = { .n_heads = 1, .scale = 1.0f / sqrtf (x.c), .type = attention->q.type };

  unclip_spatial_norm_run (&attention->norm, a, x, z, BK_IDENTITY, arena);
  bk_linear (q, a, &attention->q, BK_IDENTITY);
  bk_linear (k, a, &attention->k, BK_IDENTITY);
  bk_linear (v, a, &attention->v, BK_IDENTITY);
  bk_attention (a, q, k, v, &how, arena);
  bk_linear_add (x, a, &attention->out, x);
}
