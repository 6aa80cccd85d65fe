/* See transformer.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "transformer.h"

#include <math.h>

/* Not one token. */
#define ALL (-1)

const UnclipLayerNames unclip_layer_names_clip = {
  "layer_norm1", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj",
  "layer_norm2", "mlp.fc1", "mlp.fc2"
};

const UnclipLayerNames unclip_layer_names_diffusers = {
  "norm1", "attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0",
  "norm3", "ff.net.0.proj", "ff.net.2"
};

UnclipLayer
unclip_layer_build (UnclipBuilder          *builder,
                    const char             *path,
                    const UnclipLayerNames *names,
                    const UnclipLayerShape *shape)
{
  int width = shape->width;
  int inner = shape->n_heads * shape->head_dim;

  return (UnclipLayer) {
    .shape = *shape,
    .norm1 = unclip_build_layer_norm (builder, path, names->norm1, width, shape->eps),
    .q = unclip_build_linear (builder, path, names->q, width, inner),
    .k = unclip_build_linear (builder, path, names->k, width, inner),
    .v = unclip_build_linear (builder, path, names->v, width, inner),
    .out = unclip_build_linear (builder, path, names->out, inner, width),
    .norm2 = unclip_build_layer_norm (builder, path, names->norm2, width, shape->eps),
    .fc1 = unclip_build_linear (builder, path, names->fc1, width, shape->hidden),
    .fc2 = unclip_build_linear (builder, path, names->fc2, shape->hidden, width),
  };
}

/* Attention of the queries to the cache's keys and values, which those of the new tokens join first.
 *
 *   out, q, k, v  [n, t, 1, inner]
 *
 * Sample by sample: the tokens so far are a slice of one, but not of all.
 */
static void
attend_cached (const UnclipLayerCache *cache,
               int                     n_past,
               BkTensor                out,
               BkTensor                q,
               BkTensor                k,
               BkTensor                v,
               BkAttention             attention,
               BkArena                *arena)
{
  int t = q.h;

  for (int i = 0; i < q.n; i++, attention.mask += cache->k.h)
    {
      BkTensor keys = bk_samples (cache->k, i, 1), values = bk_samples (cache->v, i, 1);

      bk_copy (bk_rows (keys, n_past, t), bk_samples (k, i, 1));
      bk_copy (bk_rows (values, n_past, t), bk_samples (v, i, 1));
      bk_attention (bk_samples (out, i, 1), bk_samples (q, i, 1), bk_rows (keys, 0, n_past + t), bk_rows (values, 0, n_past + t),
                    &attention, arena);
    }
}

static BkAttention
attention_of (const UnclipLayer *layer,
              const float       *mask,
              float              causal_value)
{
  return (BkAttention) {
    .n_heads = layer->shape.n_heads,
    .scale = 1.0f / sqrtf (layer->shape.head_dim),
    .mask = mask,
    .causal = causal_value != 0.0f,
    .causal_value = causal_value,
    .type = layer->q.type,
  };
}

/* Token @token of each sample. */
static void
take_token (BkTensor one,
            BkTensor x,
            int      token)
{
  for (int i = 0; i < x.n; i++)
    bk_copy (bk_samples (one, i, 1), bk_rows (bk_samples (x, i, 1), token, 1));
}

/* y becomes x + attention (norm (x)), of one token, or of ALL, where y may be x. @cache NULL: among the tokens of x. */
static void
self_attention (const UnclipLayer      *layer,
                BkTensor                y,
                BkTensor                x,
                int                     token,
                const UnclipLayerCache *cache,
                int                     n_past,
                const float            *mask,
                float                   causal_value,
                BkArena                *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkAttention attention = attention_of (layer, mask, causal_value);

  BkTensor a = bk_scratch_like (&scratch, x);
  BkTensor asking = token == ALL ? a : bk_scratch_like (&scratch, y);
  BkTensor q = bk_scratch_tensor (&scratch, y.n, y.h, y.w, layer->q.n_out);
  BkTensor k = bk_scratch_tensor (&scratch, x.n, x.h, x.w, layer->k.n_out);
  BkTensor v = bk_scratch_like (&scratch, k);
  BkTensor out = bk_scratch_like (&scratch, q);

  /* One token after others sees them all. */
  if (n_past > 0)
    attention.causal = false;

  bk_layer_norm (a, x, &layer->norm1);
  if (token != ALL)
    {
      take_token (asking, a, token);
      take_token (y, x, token);
    }
  bk_linear (q, asking, &layer->q, BK_IDENTITY);
  bk_linear (k, a, &layer->k, BK_IDENTITY);
  bk_linear (v, a, &layer->v, BK_IDENTITY);
  if (cache != NULL)
    attend_cached (cache, n_past, out, q, k, v, attention, arena);
  else
    bk_attention (out, q, k, v, &attention, arena);

  bk_linear_add (y, out, &layer->out, y);
}

/* x becomes x + fc2 (act (fc1 (norm (x)))). */
static void
feed_forward (const UnclipLayer *layer,
              BkTensor           x,
              BkArena           *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);

  BkTensor a = bk_scratch_like (&scratch, x);
  BkTensor b = bk_scratch_tensor (&scratch, x.n, x.h, x.w, layer->shape.hidden);

  bk_layer_norm (a, x, &layer->norm2);
  bk_linear (b, a, &layer->fc1, layer->shape.activation);
  bk_linear_add (x, b, &layer->fc2, x);
}

void
unclip_layer_run (const UnclipLayer *layer,
                  BkTensor           x,
                  const float       *mask,
                  float              causal_value,
                  BkArena           *arena)
{
  self_attention (layer, x, x, ALL, NULL, 0, mask, causal_value, arena);
  feed_forward (layer, x, arena);
}

void
unclip_layer_run_one (const UnclipLayer *layer,
                      BkTensor           y,
                      BkTensor           x,
                      int                token,
                      const float       *mask,
                      BkArena           *arena)
{
  self_attention (layer, y, x, token, NULL, 0, mask, 0.0f, arena);
  feed_forward (layer, y, arena);
}

void
unclip_layer_run_on (const UnclipLayer      *layer,
                     BkTensor                x,
                     const UnclipLayerCache *cache,
                     int                     n_past,
                     const float            *mask,
                     float                   causal_value,
                     BkArena                *arena)
{
  g_assert (n_past == 0 || x.h == 1);

  self_attention (layer, x, x, ALL, cache, n_past, mask, causal_value, arena);
  feed_forward (layer, x, arena);
}
