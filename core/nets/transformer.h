/* The transformer layer that both CLIP towers and the priors are made of: normalisation first,
 * attention and a feed-forward part, each added to its input.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

/* What the parts are called in a checkpoint. */
typedef struct
{
  const char *norm1, *q, *k, *v, *out, *norm2, *fc1, *fc2;
} UnclipLayerNames;

extern const UnclipLayerNames unclip_layer_names_clip;      /* transformers' CLIPEncoderLayer */
extern const UnclipLayerNames unclip_layer_names_diffusers; /* diffusers' BasicTransformerBlock */

typedef struct
{
  int          width;    /* of the tokens */
  int          n_heads;
  int          head_dim; /* n_heads * head_dim may differ from width */
  int          hidden;   /* of the feed-forward part */
  float        eps;
  BkActivation activation;
} UnclipLayerShape;

typedef struct
{
  UnclipLayerShape shape;
  BkNorm           norm1, norm2;
  BkLinear         q, k, v, out, fc1, fc2;
} UnclipLayer;

UnclipLayer unclip_layer_build (UnclipBuilder *builder, const char *path, const UnclipLayerNames *names, const UnclipLayerShape *shape);

/**
 * unclip_layer_run:
 * @x: [n, t, width], overwritten
 * @mask: (nullable): [n, t], added to every query's scores
 * @causal_value: added to the scores of later tokens; 0 if tokens see all
 */
void unclip_layer_run (const UnclipLayer *layer, BkTensor x, const float *mask, float causal_value, BkArena *arena);

/**
 * unclip_layer_run_one:
 * @y: (out): [n, 1, width]: what unclip_layer_run() makes of one token of @x, without the work for what it makes of the others
 * @x: [n, t, width], not overwritten
 * @token: which one; it sees all, so that among causal ones it must be the last
 * @mask: (nullable): [n, t], added to its scores
 */
void unclip_layer_run_one (const UnclipLayer *layer, BkTensor y, BkTensor x, int token, const float *mask, BkArena *arena);

/**
 * UnclipLayerCache:
 * @k: [n, n_tokens, 1, n_heads * head_dim]: keys of a layer, of the tokens so far and room for those to come
 * @v: likewise its values
 */
typedef struct
{
  BkTensor k, v;
} UnclipLayerCache;

/**
 * unclip_layer_run_on:
 * @x: [n, t, width]: the tokens after the first @n_past, overwritten; one token where @n_past is not 0
 * @n_past: tokens whose keys and values @cache has; those of @x join them
 * @mask: [n, n_tokens of the cache], added to every query's scores
 * @causal_value: as in unclip_layer_run(), which this equals without the work for the tokens before
 */
void unclip_layer_run_on (const UnclipLayer *layer, BkTensor x, const UnclipLayerCache *cache, int n_past, const float *mask, float causal_value, BkArena *arena);

G_END_DECLS
