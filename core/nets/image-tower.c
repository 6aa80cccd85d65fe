/* CLIP's image tower, a vision transformer: a picture to its embedding z_i.
 *
 * Source: arXiv 2103.00020; names and places of the parts as in transformers'
 * CLIPVisionModelWithProjection ("pre_layrnorm" is spelled so).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <glib/gi18n-lib.h>

#include "clip-config.h"
#include "work.h"

struct _UnclipImageTower
{
  UnclipClipConfig config;
  int              size, patch_size;
  int              n_patches; /* of a picture */

  UnclipWeights   *weights;   /* owned; what the layers point into */
  BkArena         *store;
  UnclipWork       work;

  const float     *class_embedding; /* [width] */
  const float     *positions;       /* [1 + n_patches, width] */
  BkLinear         patch_embedding; /* a convolution without overlap is a linear layer of patches */
  BkNorm           pre_norm, post_norm;
  UnclipLayer     *layers;
  BkLinear         projection;
};

typedef struct
{
  UnclipImageTower *tower;
  const float      *pixel_values;
  int               n;
  float            *last_hidden_state;
  float            *image_embeds;
} Call;

static gboolean
read_config (UnclipImageTower    *tower,
             const UnclipConfig  *config,
             GError             **error)
{
  static const UnclipClipConfig defaults = {
    .shape = { .width = 768, .n_heads = 12, .hidden = 3072 }, .n_layers = 12, .dim = 512
  };
  int n_channels, side;

  if (! unclip_clip_config_read (config, &defaults, &tower->config, error)
      || ! unclip_config_int (config, "num_channels", 3, 3, 3, &n_channels, error)
      || ! unclip_config_int (config, "image_size", 224, 1, 4096, &tower->size, error)
      || ! unclip_config_int (config, "patch_size", 32, 1, tower->size, &tower->patch_size, error))
    return FALSE;

  side = tower->size / tower->patch_size;
  if (side * tower->patch_size != tower->size)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
                   _("%s: image_size %d is not a multiple of patch_size %d"),
                   unclip_config_path (config), tower->size, tower->patch_size);
      return FALSE;
    }

  tower->n_patches = side * side;
  return TRUE;
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipImageTower *tower = net;
  int width = tower->config.shape.width;
  float eps = tower->config.shape.eps;

  builder->runs_once = TRUE;
  tower->class_embedding = unclip_build_values (builder, "vision_model.embeddings.class_embedding", 1, width);
  tower->positions = unclip_build_values (builder, "vision_model.embeddings.position_embedding.weight", 2,
                                          1 + tower->n_patches, width);
  tower->patch_embedding = unclip_build_patches (builder, "vision_model.embeddings", "patch_embedding",
                                                 3, width, tower->patch_size);
  tower->pre_norm = unclip_build_layer_norm (builder, "vision_model", "pre_layrnorm", width, eps);
  unclip_clip_layers_build (&tower->config, tower->layers, builder, "vision_model.encoder.layers");
  tower->post_norm = unclip_build_layer_norm (builder, "vision_model", "post_layernorm", width, eps);
  tower->projection = unclip_build_linear_no_bias (builder, "", "visual_projection", width, tower->config.dim);
}

UnclipImageTower *
unclip_image_tower_construct (const UnclipConfig  *config,
                              UnclipWeights       *weights,
                              BkContext           *context,
                              GError             **error)
{
  g_autoptr (UnclipImageTower) tower = g_new0 (UnclipImageTower, 1);
  /* A whole CLIP has both towers in one folder. */
  g_autoptr (UnclipConfig) part = unclip_config_part (config, "vision_config");

  if (! read_config (tower, part != NULL ? part : config, error))
    return NULL;

  tower->layers = unclip_clip_layers_new (&tower->config);
  if (! unclip_build (context, weights, "image_encoder", build, tower, &tower->store, error))
    return NULL;

  return g_steal_pointer (&tower);
}

UnclipImageTower *
unclip_image_tower_new (UnclipModel  *model,
                        BkContext    *context,
                        GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "image_encoder", error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipImageTower *tower;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, "image_encoder", error);
  if (weights == NULL)
    return NULL;

  tower = unclip_image_tower_construct (config, weights, context, error);
  if (tower != NULL)
    tower->weights = g_steal_pointer (&weights);
  return tower;
}

void
unclip_image_tower_free (UnclipImageTower *tower)
{
  if (tower == NULL)
    return;

  unclip_work_clear (&tower->work);
  g_clear_pointer (&tower->store, bk_arena_free);
  g_clear_pointer (&tower->weights, unclip_weights_free);
  g_free (tower->layers);
  g_free (tower);
}

int
unclip_image_tower_size (const UnclipImageTower *tower)
{
  return tower->size;
}

int
unclip_image_tower_width (const UnclipImageTower *tower)
{
  return tower->config.shape.width;
}

int
unclip_image_tower_n_tokens (const UnclipImageTower *tower)
{
  return 1 + tower->n_patches;
}

int
unclip_image_tower_dim (const UnclipImageTower *tower)
{
  return tower->config.dim;
}

gsize
unclip_image_tower_weights_size (const UnclipImageTower *tower)
{
  return bk_arena_peak (tower->store);
}

/* x [n, 1 + n_patches, width]: the class token, then the patches in rows; each + its position. */
static void
embed (const UnclipImageTower *tower,
       BkTensor                x,
       BkTensor                pixels,
       BkArena                *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);

  BkTensor patches = bk_scratch_tensor (&scratch, x.n, tower->n_patches, 1, tower->patch_embedding.n_in);
  BkTensor embedded = bk_scratch_tensor (&scratch, x.n, tower->n_patches, 1, x.c);
  BkTensor class_token = bk_tensor ((float *) tower->class_embedding, 1, 1, 1, x.c);
  BkTensor positions = bk_tensor ((float *) tower->positions, 1, x.h, 1, x.c);

  bk_patches (patches, pixels, tower->patch_size);
  bk_linear (embedded, patches, &tower->patch_embedding, BK_IDENTITY);

  for (int i = 0; i < x.n; i++)
    {
      BkTensor sample = bk_samples (x, i, 1);

      bk_copy (bk_rows (sample, 0, 1), class_token);
      bk_copy (bk_rows (sample, 1, tower->n_patches), bk_samples (embedded, i, 1));
      bk_add (sample, positions);
    }
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipImageTower *tower = call->tower;
  int n = call->n, t = 1 + tower->n_patches, width = tower->config.shape.width, last = tower->config.n_layers - 1;

  BkTensor pixels = unclip_work_tensor (arena, call->pixel_values, n, tower->size, tower->size, 3);
  BkTensor x = bk_scratch_tensor (&scratch, n, t, 1, width);
  BkTensor class_token = bk_scratch_tensor (&scratch, n, 1, 1, width);
  BkTensor embeds = unclip_work_tensor (arena, call->image_embeds, n, 1, 1, tower->config.dim);

  embed (tower, x, pixels, arena);
  bk_layer_norm (x, x, &tower->pre_norm);
  for (int i = 0; i < last; i++)
    unclip_layer_run (&tower->layers[i], x, NULL, 0.0f, arena);
  /* Of the last layer z_i takes the class token only. */
  unclip_layer_run_one (&tower->layers[last], class_token, x, 0, NULL, arena);
  bk_layer_norm (class_token, class_token, &tower->post_norm);
  bk_linear (embeds, class_token, &tower->projection, BK_IDENTITY);

  if (call->last_hidden_state != NULL)
    {
      unclip_layer_run (&tower->layers[last], x, NULL, 0.0f, arena);
      bk_copy (unclip_work_tensor (arena, call->last_hidden_state, n, t, 1, width), x);
    }
}

gboolean
unclip_image_tower_encode (UnclipImageTower  *tower,
                           const float       *pixel_values,
                           int                n,
                           float             *last_hidden_state,
                           float             *image_embeds,
                           GError           **error)
{
  Call call = { tower, pixel_values, n, last_hidden_state, image_embeds };

  g_return_val_if_fail (tower->store != NULL && n > 0, FALSE);

  return unclip_work_run (&tower->work, tower->store, tower->weights, "image_encoder", (const int[3]) { n, last_hidden_state != NULL, 0 }, forward, &call, error)
         && unclip_check_finite ("image_encoder", image_embeds, (gsize) n * tower->config.dim, error);
}
