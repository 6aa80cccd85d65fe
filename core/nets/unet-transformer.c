/* See unet-transformer.h.
 *
 * Source: arXiv 2112.10752, section 3.3 and appendix E.2; names and places of the parts as in diffusers' Transformer2DModel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unet-transformer.h"
#include "unet-blocks.h"

#include <math.h>

/* Whatever the config says of other norms. */
#define GROUP_NORM_EPS 1e-6f
#define LAYER_NORM_EPS 1e-5f
/* How much wider than the tokens the feed-forward part is. */
#define FEED_FORWARD 4

UnclipTransformer
unclip_transformer_build (UnclipBuilder *builder,
                          const char    *path,
                          int            n_channels,
                          int            n_context,
                          int            n_heads,
                          int            n_groups)
{
  g_autofree char *block = unclip_build_path (path, "transformer_blocks.0");
  int c = n_channels, hidden = FEED_FORWARD * n_channels;

  return (UnclipTransformer) {
    .n_heads = n_heads,
    .norm = unclip_build_group_norm (builder, path, "norm", c, n_groups, GROUP_NORM_EPS),
    .in = unclip_build_linear (builder, path, "proj_in", c, c),
    .norm1 = unclip_build_layer_norm (builder, block, "norm1", c, LAYER_NORM_EPS),
    .q = unclip_build_linear_no_bias (builder, block, "attn1.to_q", c, c),
    .k = unclip_build_linear_no_bias (builder, block, "attn1.to_k", c, c),
    .v = unclip_build_linear_no_bias (builder, block, "attn1.to_v", c, c),
    .attended = unclip_build_linear (builder, block, "attn1.to_out.0", c, c),
    .norm2 = unclip_build_layer_norm (builder, block, "norm2", c, LAYER_NORM_EPS),
    .context_q = unclip_build_linear_no_bias (builder, block, "attn2.to_q", c, c),
    .context_k = unclip_build_linear_no_bias (builder, block, "attn2.to_k", n_context, c),
    .context_v = unclip_build_linear_no_bias (builder, block, "attn2.to_v", n_context, c),
    .context_out = unclip_build_linear (builder, block, "attn2.to_out.0", c, c),
    .norm3 = unclip_build_layer_norm (builder, block, "norm3", c, LAYER_NORM_EPS),
    .gated = unclip_build_linear (builder, block, "ff.net.0.proj", c, 2 * hidden),
    .ungated = unclip_build_linear (builder, block, "ff.net.2", hidden, c),
    .out = unclip_build_linear (builder, path, "proj_out", c, c),
  };
}

void
unclip_transformer_set_context (UnclipTransformer *transformer,
                                BkTensor           context,
                                BkArena           *arena)
{
  unclip_context_project (context, &transformer->context_k, &transformer->context_v, &transformer->keys, &transformer->values, arena);
}

/* x becomes x + out (attention (q (a), @keys, @values)); @a [n, t, c] is lost. */
static void
attend (const UnclipTransformer *transformer,
        BkTensor                 x,
        BkTensor                 a,
        const BkLinear          *q,
        BkTensor                 keys,
        BkTensor                 values,
        const BkLinear          *out,
        const float             *mask,
        BkArena                 *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor queries = bk_scratch_like (&scratch, x);

  const BkAttention how = {
    .n_heads = transformer->n_heads,
    .scale = 1.0f / sqrtf (x.c / transformer->n_heads),
    .mask = mask,
    .type = q->type,
  };

  bk_linear (queries, a, q, BK_IDENTITY);
  bk_attention (a, queries, keys, values, &how, arena);
  bk_linear_add (x, a, out, x);
}

/* x becomes x + attention among its own tokens, then to the context. */
static void
attend_both (const UnclipTransformer *transformer,
             BkTensor                 x,
             const float             *context_mask,
             BkArena                 *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor a = bk_scratch_like (&scratch, x);
  BkTensor keys = bk_scratch_like (&scratch, x);
  BkTensor values = bk_scratch_like (&scratch, x);

  bk_layer_norm (a, x, &transformer->norm1);
  bk_linear (keys, a, &transformer->k, BK_IDENTITY);
  bk_linear (values, a, &transformer->v, BK_IDENTITY);
  attend (transformer, x, a, &transformer->q, keys, values, &transformer->attended, NULL, arena);

  bk_layer_norm (a, x, &transformer->norm2);
  attend (transformer, x, a, &transformer->context_q, transformer->keys, transformer->values, &transformer->context_out, context_mask, arena);
}

/* x becomes x + the feed-forward part, sample by sample: its inner states are twelve times as large as x. */
static void
feed_forward (const UnclipTransformer *transformer,
              BkTensor                 x,
              BkArena                 *arena)
{
  for (int i = 0; i < x.n; i++)
    {
      g_auto (BkScratch) scratch = bk_scratch (arena);
      BkTensor one = bk_samples (x, i, 1);
      BkTensor a = bk_scratch_like (&scratch, one);
      BkTensor hidden = bk_scratch_tensor (&scratch, 1, x.h, x.w, transformer->ungated.n_in);
      BkTensor gated = bk_scratch_tensor (&scratch, 1, x.h, x.w, transformer->gated.n_out);

      bk_layer_norm (a, one, &transformer->norm3);
      bk_linear (gated, a, &transformer->gated, BK_IDENTITY);
      bk_geglu (hidden, gated);
      bk_linear_add (one, hidden, &transformer->ungated, one);
    }
}

void
unclip_transformer_run (const UnclipTransformer *transformer,
                        BkTensor                 x,
                        const float             *context_mask,
                        BkArena                 *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor picture = x, tokens = bk_scratch_tensor (&scratch, x.n, x.h * x.w, 1, x.c), normed = bk_scratch_like (&scratch, tokens);

  /* The same memory as a row of tokens. */
  picture.h = x.h * x.w;
  picture.w = 1;

  bk_group_norm (normed, picture, &transformer->norm, (BkTensor) { 0 }, BK_IDENTITY);
  bk_linear (tokens, normed, &transformer->in, BK_IDENTITY);
  attend_both (transformer, tokens, context_mask, arena);
  feed_forward (transformer, tokens, arena);
  bk_linear_add (picture, tokens, &transformer->out, picture);
}
