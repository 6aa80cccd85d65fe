/* The diffusion prior: a causal transformer that predicts the un-noised z_i from the caption and a noised z_i.
 *
 * Sequence: the text tower's states, z_t, the timestep, noised z_i, one learned token whose output
 * is the prediction. Padding behind the longest caption is left out: its states are masked. Everything is in whitened space; mean and standard deviation lead out of it.
 *
 * Source: arXiv 2204.06125, section 2.2; names and places of the parts as in diffusers' PriorTransformer.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <math.h>

#include <glib/gi18n-lib.h>

#include "timestep.h"
#include "transformer.h"
#include "work.h"

/* What a masked token's scores get; the causal mask and the padding mask add up. */
#define MASKED -10000.0f

/* z_t, the timestep, noised z_i, the learned token. */
#define N_ADDED 4

struct _UnclipPrior
{
  UnclipLayerShape shape;
  int              n_layers;
  int              dim;         /* of z_i and z_t */
  int              length;      /* text tokens */
  int              time_hidden;

  UnclipWeights   *weights;     /* owned; what the layers point into */
  BkArena         *store;
  UnclipWork       work;

  const float     *positions;   /* [length + N_ADDED, width] */
  const float     *last_token;  /* [width] */
  const float     *mean, *std;  /* [dim] */
  UnclipTimestep   timestep;
  BkLinear         project_text, project_z_t, project_x_t;
  UnclipLayer     *layers;
  BkNorm           norm_out;
  BkLinear         project_out;
};

typedef struct
{
  UnclipPrior *prior;
  const float *x_t;
  int          t;
  const float *z_t;
  const float *text_states;
  const int   *text_mask;
  int          n_tokens; /* of each text */
  int          n;
  float       *x_0;
} Call;

/* Later members of PriorTransformer that other families use; here they must say what Karlo's do by default. */
static gboolean
check_variant (const UnclipConfig  *config,
               GError             **error)
{
  return unclip_config_expect_string (config, "time_embed_act_fn", "silu", error)
         && unclip_config_expect_string (config, "norm_in_type", NULL, error)
         && unclip_config_expect_string (config, "embedding_proj_norm_type", NULL, error)
         && unclip_config_expect_string (config, "encoder_hid_proj_type", "linear", error)
         && unclip_config_expect_string (config, "added_emb_type", "prd", error);
}

static gboolean
read_config (UnclipPrior         *prior,
             const UnclipConfig  *config,
             GError             **error)
{
  int n_added;

  if (! check_variant (config, error)
      || ! unclip_config_int (config, "num_attention_heads", 32, 1, 1024, &prior->shape.n_heads, error)
      || ! unclip_config_int (config, "attention_head_dim", 64, 1, 4096, &prior->shape.head_dim, error)
      || ! unclip_config_int (config, "num_layers", 20, 1, 1024, &prior->n_layers, error)
      || ! unclip_config_int (config, "embedding_dim", 768, 1, 65536, &prior->dim, error)
      || ! unclip_config_int (config, "num_embeddings", 77, 1, 65536, &prior->length, error)
      || ! unclip_config_int (config, "additional_embeddings", N_ADDED, N_ADDED, N_ADDED, &n_added, error))
    return FALSE;

  prior->shape.width = prior->shape.n_heads * prior->shape.head_dim;
  prior->shape.hidden = 4 * prior->shape.width;
  prior->shape.eps = 1e-5f;
  prior->shape.activation = BK_GELU;

  /* The widths of what comes in and goes out could differ; in this family they do not. */
  return unclip_config_int (config, "embedding_proj_dim", prior->dim, prior->dim, prior->dim, &(int) { 0 }, error)
         && unclip_config_int (config, "clip_embed_dim", prior->dim, prior->dim, prior->dim, &(int) { 0 }, error)
         && unclip_config_int (config, "time_embed_dim", prior->shape.width, 1, 65536, &prior->time_hidden, error);
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipPrior *prior = net;
  int width = prior->shape.width;

  prior->positions = unclip_build_values (builder, "positional_embedding", 3, 1, prior->length + N_ADDED, width);
  prior->last_token = unclip_build_values (builder, "prd_embedding", 3, 1, 1, width);
  prior->mean = unclip_build_values (builder, "clip_mean", 2, 1, prior->dim);
  prior->std = unclip_build_values (builder, "clip_std", 2, 1, prior->dim);

  prior->timestep = unclip_timestep_build (builder, "time_embedding", width, prior->time_hidden, width, TRUE, 0.0f);
  prior->project_text = unclip_build_linear (builder, "", "encoder_hidden_states_proj", prior->dim, width);
  prior->project_z_t = unclip_build_linear (builder, "", "embedding_proj", prior->dim, width);
  prior->project_x_t = unclip_build_linear (builder, "", "proj_in", prior->dim, width);

  for (int i = 0; i < prior->n_layers; i++)
    {
      g_autofree char *path = unclip_build_path ("transformer_blocks", "%d", i);

      prior->layers[i] = unclip_layer_build (builder, path, &unclip_layer_names_diffusers, &prior->shape);
    }

  prior->norm_out = unclip_build_layer_norm (builder, "", "norm_out", width, prior->shape.eps);
  prior->project_out = unclip_build_linear (builder, "", "proj_to_clip_embeddings", width, prior->dim);
}

UnclipPrior *
unclip_prior_construct (const UnclipConfig  *config,
                        UnclipWeights       *weights,
                        BkContext           *context,
                        GError             **error)
{
  g_autoptr (UnclipPrior) prior = g_new0 (UnclipPrior, 1);

  if (! read_config (prior, config, error))
    return NULL;

  prior->layers = g_new0 (UnclipLayer, prior->n_layers);
  if (! unclip_build (context, weights, "prior", build, prior, &prior->store, error))
    return NULL;

  return g_steal_pointer (&prior);
}

UnclipPrior *
unclip_prior_new (UnclipModel  *model,
                  BkContext    *context,
                  GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "prior", error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipPrior *prior;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, "prior", error);
  if (weights == NULL)
    return NULL;

  prior = unclip_prior_construct (config, weights, context, error);
  if (prior != NULL)
    prior->weights = g_steal_pointer (&weights);
  return prior;
}

void
unclip_prior_free (UnclipPrior *prior)
{
  if (prior == NULL)
    return;

  unclip_work_clear (&prior->work);
  g_clear_pointer (&prior->store, bk_arena_free);
  g_clear_pointer (&prior->weights, unclip_weights_free);
  g_free (prior->layers);
  g_free (prior);
}

int
unclip_prior_dim (const UnclipPrior *prior)
{
  return prior->dim;
}

int
unclip_prior_length (const UnclipPrior *prior)
{
  return prior->length;
}

gsize
unclip_prior_weights_size (const UnclipPrior *prior)
{
  return bk_arena_peak (prior->store);
}

const float *
unclip_prior_mean (const UnclipPrior *prior)
{
  return prior->mean;
}

const float *
unclip_prior_std (const UnclipPrior *prior)
{
  return prior->std;
}

/* sequence [n, n_tokens + N_ADDED, width], each token + its position: what is added has that behind the longest text there may be. */
static void
embed (const Call *call,
       BkTensor    sequence,
       BkArena    *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const UnclipPrior *prior = call->prior;
  int n_tokens = call->n_tokens, width = prior->shape.width;

  BkTensor texts = unclip_work_tensor (arena, call->text_states, call->n, n_tokens, 1, prior->dim);
  BkTensor z_t = unclip_work_tensor (arena, call->z_t, call->n, 1, 1, prior->dim);
  BkTensor x_t = unclip_work_tensor (arena, call->x_t, call->n, 1, 1, prior->dim);
  BkTensor time = bk_scratch_tensor (&scratch, 1, 1, 1, width);
  BkTensor last_token = bk_tensor ((float *) prior->last_token, 1, 1, 1, width);
  BkTensor positions = bk_tensor ((float *) prior->positions, 1, prior->length + N_ADDED, 1, width);

  unclip_timestep_run (&prior->timestep, time, call->t, arena);

  for (int i = 0; i < call->n; i++)
    {
      BkTensor sample = bk_samples (sequence, i, 1);

      bk_linear (bk_rows (sample, 0, n_tokens), bk_samples (texts, i, 1), &prior->project_text, BK_IDENTITY);
      bk_linear (bk_rows (sample, n_tokens, 1), bk_samples (z_t, i, 1), &prior->project_z_t, BK_IDENTITY);
      bk_copy (bk_rows (sample, n_tokens + 1, 1), time);
      bk_linear (bk_rows (sample, n_tokens + 2, 1), bk_samples (x_t, i, 1), &prior->project_x_t, BK_IDENTITY);
      bk_copy (bk_rows (sample, n_tokens + 3, 1), last_token);
      bk_add (bk_rows (sample, 0, n_tokens), bk_rows (positions, 0, n_tokens));
      bk_add (bk_rows (sample, n_tokens, N_ADDED), bk_rows (positions, prior->length, N_ADDED));
    }
}

/* mask [n, n_tokens + N_ADDED]: what padding adds to the scores. */
static void
fill_mask (const Call *call,
           BkTensor    mask)
{
  int n_tokens = call->n_tokens;

  if (mask.data == NULL)
    return;

  for (int i = 0; i < call->n; i++)
    for (int j = 0; j < n_tokens + N_ADDED; j++)
      mask.data[i * (n_tokens + N_ADDED) + j] =
        j < n_tokens && call->text_mask[i * n_tokens + j] == 0 ? MASKED : 0.0f;
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipPrior *prior = call->prior;
  int n = call->n, t = call->n_tokens + N_ADDED, width = prior->shape.width, last = prior->n_layers - 1;

  BkTensor sequence = bk_scratch_tensor (&scratch, n, t, 1, width);
  BkTensor mask = bk_scratch_tensor (&scratch, n, 1, 1, t);
  BkTensor token = bk_scratch_tensor (&scratch, n, 1, 1, width);
  BkTensor x_0 = unclip_work_tensor (arena, call->x_0, n, 1, 1, prior->dim);

  embed (call, sequence, arena);
  if (call->text_mask != NULL)
    fill_mask (call, mask);
  else
    mask.data = NULL;

  for (int i = 0; i < last; i++)
    unclip_layer_run (&prior->layers[i], sequence, mask.data, MASKED, arena);
  /* Of the last layer the prediction takes the learned token only. */
  unclip_layer_run_one (&prior->layers[last], token, sequence, t - 1, mask.data, arena);
  bk_layer_norm (token, token, &prior->norm_out);
  bk_linear (x_0, token, &prior->project_out, BK_IDENTITY);
}

gboolean
unclip_prior_predict (UnclipPrior  *prior,
                      const float  *x_t,
                      int           t,
                      const float  *z_t,
                      const float  *text_states,
                      const int    *text_mask,
                      int           n_tokens,
                      int           n,
                      float        *x_0,
                      GError      **error)
{
  Call call = { prior, x_t, t, z_t, text_states, text_mask, n_tokens, n, x_0 };

  g_return_val_if_fail (prior->store != NULL && n > 0 && n_tokens > 0 && n_tokens <= prior->length, FALSE);

  return unclip_work_run (&prior->work, prior->store, prior->weights, "prior", (const int[3]) { n, n_tokens, 0 }, forward, &call, error)
         && unclip_check_finite ("prior", x_0, (gsize) n * prior->dim, error);
}
