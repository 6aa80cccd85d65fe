/* CLIP's text tower: token ids to one state per token and one embedding per text.
 *
 * Source: arXiv 2103.00020; names and places of the parts as in transformers' CLIPTextModelWithProjection.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "clip-config.h"
#include "work.h"

struct _UnclipTextTower
{
  UnclipClipConfig config;
  int              n_vocab;
  int              length;       /* tokens per text */
  int              eos_token_id;

  UnclipWeights   *weights;      /* owned; what the layers point into */
  BkArena         *store;
  UnclipWork       work;

  BkSource         tokens;       /* [n_vocab, width], read row by row */
  const float     *positions;    /* [length, width] */
  UnclipLayer     *layers;
  BkNorm           final_norm;
  gboolean         has_projection; /* CLIPTextModel has none */
  BkLinear         projection;
};

typedef struct
{
  UnclipTextTower *tower;
  const int       *input_ids;
  int              n, t;
  float           *last_hidden_state;
  float           *text_embeds;
} Call;

static gboolean
read_config (UnclipTextTower     *tower,
             const UnclipConfig  *config,
             GError             **error)
{
  static const UnclipClipConfig defaults = {
    .shape = { .width = 512, .n_heads = 8, .hidden = 2048 }, .n_layers = 12, .dim = 512
  };

  const char *class_name;

  /* transformers' class without a projection: projection_dim means nothing there. */
  tower->has_projection = ! (unclip_config_has (config, "architectures")
                             && unclip_config_strings (config, "architectures", 1, &class_name, &(int) { 0 }, NULL)
                             && strcmp (class_name, "CLIPTextModel") == 0);

  return unclip_clip_config_read (config, &defaults, &tower->config, error)
         && unclip_config_int (config, "vocab_size", 49408, 1, 1 << 24, &tower->n_vocab, error)
         && unclip_config_int (config, "max_position_embeddings", 77, 2, 65536, &tower->length, error)
         && unclip_config_int (config, "eos_token_id", 2, 0, 1 << 24, &tower->eos_token_id, error);
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipTextTower *tower = net;
  int width = tower->config.shape.width;

  builder->runs_once = TRUE;
  tower->tokens = unclip_build_table (builder, "text_model.embeddings.token_embedding.weight", tower->n_vocab, width);
  tower->positions = unclip_build_values (builder, "text_model.embeddings.position_embedding.weight", 2, tower->length, width);
  unclip_clip_layers_build (&tower->config, tower->layers, builder, "text_model.encoder.layers");
  tower->final_norm = unclip_build_layer_norm (builder, "text_model", "final_layer_norm", width, tower->config.shape.eps);
  tower->has_projection |= unclip_weights_has (builder->weights, "text_projection.weight");
  if (tower->has_projection)
    tower->projection = unclip_build_linear_no_bias (builder, "", "text_projection", width, tower->config.dim);
}

UnclipTextTower *
unclip_text_tower_construct (const UnclipConfig  *config,
                             UnclipWeights       *weights,
                             BkContext           *context,
                             GError             **error)
{
  g_autoptr (UnclipTextTower) tower = g_new0 (UnclipTextTower, 1);
  /* A whole CLIP has both towers in one folder. */
  g_autoptr (UnclipConfig) part = unclip_config_part (config, "text_config");

  if (! read_config (tower, part != NULL ? part : config, error))
    return NULL;

  tower->layers = unclip_clip_layers_new (&tower->config);
  if (! unclip_build (context, weights, "text_encoder", build, tower, &tower->store, error))
    return NULL;

  return g_steal_pointer (&tower);
}

UnclipTextTower *
unclip_text_tower_new (UnclipModel  *model,
                       BkContext    *context,
                       GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "text_encoder", error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipTextTower *tower;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, "text_encoder", error);
  if (weights == NULL)
    return NULL;

  tower = unclip_text_tower_construct (config, weights, context, error);
  if (tower != NULL)
    tower->weights = g_steal_pointer (&weights);
  return tower;
}

void
unclip_text_tower_free (UnclipTextTower *tower)
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
unclip_text_tower_width (const UnclipTextTower *tower)
{
  return tower->config.shape.width;
}

int
unclip_text_tower_dim (const UnclipTextTower *tower)
{
  return tower->has_projection ? tower->config.dim : 0;
}

int
unclip_text_tower_length (const UnclipTextTower *tower)
{
  return tower->length;
}

gsize
unclip_text_tower_weights_size (const UnclipTextTower *tower)
{
  return bk_arena_peak (tower->store);
}

/* x [n, t, width] = token embedding + position embedding. */
static void
embed (const UnclipTextTower *tower,
       BkTensor               x,
       const int             *input_ids)
{
  static const size_t value_size[] = { [BK_F32] = 4, [BK_F16] = 2, [BK_BF16] = 2 };

  if (x.data == NULL)
    return;

  for (int i = 0; i < x.n * x.h; i++)
    {
      float *row = x.data + (size_t) i * x.stride;
      const float *position = tower->positions + (size_t) (i % x.h) * x.c;
      BkSource token = tower->tokens;

      token.data = (const char *) token.data + (size_t) input_ids[i] * x.c * value_size[token.type];
      bk_source_read (token, x.c, row);
      for (int j = 0; j < x.c; j++)
        row[j] += position[j];
    }
}

/* Where a text ends. Configs from before transformers 4.24 say 2, whatever the vocabulary, and mean
 * the largest id. */
static int
end_of_text (const UnclipTextTower *tower,
             const int             *input_ids,
             int                    t)
{
  int end = 0;

  if (tower->eos_token_id == 2)
    {
      for (int i = 1; i < t; i++)
        if (input_ids[i] > input_ids[end])
          end = i;
      return end;
    }

  for (int i = 0; i < t; i++)
    if (input_ids[i] == tower->eos_token_id)
      return i;
  return 0;
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipTextTower *tower = call->tower;
  int n = call->n, t = call->t, width = tower->config.shape.width;

  BkTensor x = bk_scratch_tensor (&scratch, n, t, 1, width);
  BkTensor ends = bk_scratch_tensor (&scratch, n, 1, 1, width);

  embed (tower, x, call->input_ids);
  for (int i = 0; i < tower->config.n_layers; i++)
    unclip_layer_run (&tower->layers[i], x, NULL, -INFINITY, arena);
  bk_layer_norm (x, x, &tower->final_norm);

  for (int i = 0; tower->has_projection && i < n; i++)
    {
      int end = end_of_text (tower, call->input_ids + i * t, t);

      bk_copy (bk_samples (ends, i, 1), bk_rows (bk_samples (x, i, 1), end, 1));
    }
  if (tower->has_projection)
    bk_linear (unclip_work_tensor (arena, call->text_embeds, n, 1, 1, tower->config.dim), ends, &tower->projection, BK_IDENTITY);

  if (call->last_hidden_state != NULL)
    bk_copy (unclip_work_tensor (arena, call->last_hidden_state, n, t, 1, width), x);
}

gboolean
unclip_text_tower_encode (UnclipTextTower  *tower,
                          const int        *input_ids,
                          int               n,
                          int               t,
                          float            *last_hidden_state,
                          float            *text_embeds,
                          GError          **error)
{
  Call call = { tower, input_ids, n, t, last_hidden_state, text_embeds };

  g_return_val_if_fail (tower->store != NULL && n > 0 && t > 0 && t <= tower->length, FALSE);
  g_return_val_if_fail (tower->has_projection || text_embeds == NULL, FALSE);

  for (int i = 0; i < n * t; i++)
    if (input_ids[i] < 0 || input_ids[i] >= tower->n_vocab)
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                     _("Token %d is not in the text encoder's vocabulary of %d; the tokenizer and the text encoder must be of the same model"),
                     input_ids[i], tower->n_vocab);
        return FALSE;
      }

  return unclip_work_run (&tower->work, tower->store, tower->weights, "text_encoder", (const int[3]) { n, t, 0 }, forward, &call, error)
         && unclip_check_finite ("text_encoder", text_embeds, (gsize) n * tower->config.dim, error)
         && unclip_check_finite ("text_encoder", last_hidden_state, (gsize) n * t * tower->config.shape.width, error);
}
