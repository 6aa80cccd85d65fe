/* The autoregressive prior: a causal transformer that predicts the codes of z_i's principal components one by one.
 *
 * Sequence: the text tower's states, z_t, the bucket of the cosine of z_i and z_t, code 0, code 1, … What comes
 * out at the place of one is the next one's distribution over the buckets. Keys and values of what has been
 * are kept, so that a code costs one token.
 *
 * Source: arXiv 2204.06125, section 2.2; names and places of the parts as in data/toybox/prior_autoregressive.py.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "transformer.h"
#include "work.h"

/* What a masked token's scores get; the causal mask and the padding mask add up. */
#define MASKED -10000.0f

/* z_t and the cosine, between the text and the codes. */
#define N_ADDED 2

struct _UnclipPriorAutoregressive
{
  UnclipLayerShape  shape;
  int               n_layers;
  int               length;      /* text tokens */
  int               n_dots;
  UnclipPca         pca;

  UnclipWeights    *weights;     /* owned; what the layers point into */
  BkArena          *store;
  UnclipWork        work_begin, work_next;

  const float      *positions;   /* [sequence_length, width] */
  const float      *dot_edges;   /* [n_dots + 1] */
  const float      *dots;        /* [n_dots + 1, width]: the last for no caption */
  const float      *buckets;     /* [n_buckets, width] */
  const float      *directions;  /* [n_components - 1, width] */
  const float      *bias;        /* [n_components, n_buckets] */
  BkLinear          project_text, project_z_t, project_out;
  UnclipLayer      *layers;
  BkNorm            norm_out;

  /* The rows that are under way. */
  int               n, n_text, n_codes; /* n_text: tokens of each text, without the padding that all share */
  BkArena          *memory;      /* of the next two */
  UnclipLayerCache *caches;      /* [n_layers] */
  float            *mask;        /* [n, sequence_length] */
};

typedef struct
{
  UnclipPriorAutoregressive *prior;
  const float *z_t;         /* NULL: no beginning, only codes that go on */
  const float *text_states;
  const int   *dots;
  const int   *codes;       /* [n, n_codes] */
  int          n_codes;
  float       *logits;      /* [n, n_codes + 1, n_buckets], or [n, 1, n_buckets] without a beginning */
} Call;

/* Of a whole sequence. The last code is never put in. */
static int
sequence_length (const UnclipPriorAutoregressive *prior)
{
  return prior->length + N_ADDED + prior->pca.n_components - 1;
}

static gboolean
read_config (UnclipPriorAutoregressive *prior,
             const UnclipConfig        *config,
             GError                   **error)
{
  if (! unclip_config_int (config, "num_attention_heads", 32, 1, 1024, &prior->shape.n_heads, error)
      || ! unclip_config_int (config, "attention_head_dim", 64, 1, 4096, &prior->shape.head_dim, error)
      || ! unclip_config_int (config, "num_layers", 24, 1, 1024, &prior->n_layers, error)
      || ! unclip_config_int (config, "embedding_dim", 768, 2, 65536, &prior->pca.dim, error)
      || ! unclip_config_int (config, "num_embeddings", 77, 1, 65536, &prior->length, error)
      || ! unclip_config_int (config, "n_components", 319, 2, prior->pca.dim, &prior->pca.n_components, error)
      || ! unclip_config_int (config, "n_buckets", 1024, 2, 65536, &prior->pca.n_buckets, error)
      || ! unclip_config_int (config, "n_dot_buckets", 1024, 2, 65536, &prior->n_dots, error))
    return FALSE;

  prior->shape.width = prior->shape.n_heads * prior->shape.head_dim;
  prior->shape.hidden = 4 * prior->shape.width;
  prior->shape.eps = 1e-5f;
  prior->shape.activation = BK_GELU;
  return TRUE;
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipPriorAutoregressive *prior = net;
  int width = prior->shape.width, dim = prior->pca.dim, n_components = prior->pca.n_components, n_buckets = prior->pca.n_buckets;

  prior->pca = unclip_pca_build (builder, dim, n_components, n_buckets);
  prior->dot_edges = unclip_pca_build_edges (builder, "dot_edges", 1, prior->n_dots + 1);
  prior->positions = unclip_build_values (builder, "positional_embedding", 3, 1, sequence_length (prior), width);
  prior->dots = unclip_build_values (builder, "dot_embedding.weight", 2, prior->n_dots + 1, width);
  prior->buckets = unclip_build_values (builder, "code_embedding.weight", 2, n_buckets, width);
  prior->directions = unclip_build_values (builder, "component_embedding", 2, n_components - 1, width);
  prior->bias = unclip_build_values (builder, "logits_bias", 2, n_components, n_buckets);

  prior->project_text = unclip_build_linear (builder, "", "encoder_hidden_states_proj", dim, width);
  prior->project_z_t = unclip_build_linear (builder, "", "embedding_proj", dim, width);

  for (int i = 0; i < prior->n_layers; i++)
    {
      g_autofree char *path = unclip_build_path ("transformer_blocks", "%d", i);

      prior->layers[i] = unclip_layer_build (builder, path, &unclip_layer_names_diffusers, &prior->shape);
    }

  prior->norm_out = unclip_build_layer_norm (builder, "", "norm_out", width, prior->shape.eps);
  prior->project_out = unclip_build_linear_no_bias (builder, "", "to_logits", width, n_buckets);
}

UnclipPriorAutoregressive *
unclip_prior_autoregressive_construct (const UnclipConfig  *config,
                                       UnclipWeights       *weights,
                                       BkContext           *context,
                                       GError             **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = g_new0 (UnclipPriorAutoregressive, 1);

  if (! read_config (prior, config, error))
    return NULL;

  prior->layers = g_new0 (UnclipLayer, prior->n_layers);
  if (! unclip_build (context, weights, "prior_autoregressive", build, prior, &prior->store, error))
    return NULL;

  return g_steal_pointer (&prior);
}

UnclipPriorAutoregressive *
unclip_prior_autoregressive_new (UnclipModel  *model,
                                 BkContext    *context,
                                 GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "prior_autoregressive", error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipPriorAutoregressive *prior;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, "prior_autoregressive", error);
  if (weights == NULL)
    return NULL;

  prior = unclip_prior_autoregressive_construct (config, weights, context, error);
  if (prior != NULL)
    prior->weights = g_steal_pointer (&weights);
  return prior;
}

void
unclip_prior_autoregressive_free (UnclipPriorAutoregressive *prior)
{
  if (prior == NULL)
    return;

  unclip_work_clear (&prior->work_begin);
  unclip_work_clear (&prior->work_next);
  g_clear_pointer (&prior->memory, bk_arena_free);
  g_clear_pointer (&prior->store, bk_arena_free);
  g_clear_pointer (&prior->weights, unclip_weights_free);
  g_free (prior->caches);
  g_free (prior->layers);
  g_free (prior);
}

int
unclip_prior_autoregressive_length (const UnclipPriorAutoregressive *prior)
{
  return prior->length;
}

gsize
unclip_prior_autoregressive_weights_size (const UnclipPriorAutoregressive *prior)
{
  return bk_arena_peak (prior->store);
}

const UnclipPca *
unclip_prior_autoregressive_pca (const UnclipPriorAutoregressive *prior)
{
  return &prior->pca;
}

int
unclip_prior_autoregressive_n_dots (const UnclipPriorAutoregressive *prior)
{
  return prior->n_dots;
}

int
unclip_prior_autoregressive_dot (const UnclipPriorAutoregressive *prior,
                                 const float                     *z_i,
                                 const float                     *z_t)
{
  double dot = 0, of_z_i = 0, of_z_t = 0;

  for (int i = 0; i < prior->pca.dim; i++)
    {
      dot += (double) z_i[i] * z_t[i];
      of_z_i += (double) z_i[i] * z_i[i];
      of_z_t += (double) z_t[i] * z_t[i];
    }
  return unclip_pca_bucket (prior->dot_edges, prior->n_dots, dot / fmax (sqrt (of_z_i * of_z_t), 1e-8));
}

/* ---- memory of the tokens so far --------------------------------------------------------------- */

/* Caches and mask for @n rows, from an arena that may be measuring. */
static void
take_memory (UnclipPriorAutoregressive *prior,
             BkArena                   *arena,
             int                        n)
{
  int    t = sequence_length (prior), inner = prior->shape.n_heads * prior->shape.head_dim;
  size_t size = (size_t) n * t * inner * sizeof (float);

  for (int i = 0; i < prior->n_layers; i++)
    {
      prior->caches[i].k = bk_arena_tensor (arena, bk_arena_alloc (arena, size), n, t, 1, inner);
      prior->caches[i].v = bk_arena_tensor (arena, bk_arena_alloc (arena, size), n, t, 1, inner);
    }
  prior->mask = bk_arena_alloc (arena, (size_t) n * t * sizeof (float));
}

static gboolean
make_memory (UnclipPriorAutoregressive *prior,
             int                        n,
             GError                   **error)
{
  g_autoptr (BkArena) measure = unclip_arena_measuring (bk_arena_context (prior->store));

  if (prior->memory != NULL && prior->n == n)
    return TRUE;

  g_clear_pointer (&prior->memory, bk_arena_free);
  prior->caches = g_renew (UnclipLayerCache, prior->caches, prior->n_layers);
  take_memory (prior, measure, n);
  prior->memory = bk_arena_new (bk_arena_context (prior->store), bk_arena_peak (measure));
  if (prior->memory == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for %s; close other programs"), "prior_autoregressive");
      return FALSE;
    }
  take_memory (prior, prior->memory, n);
  prior->n = n;
  return TRUE;
}

/* What padding adds to the scores. */
static void
fill_mask (UnclipPriorAutoregressive *prior,
           const int                 *text_mask)
{
  int t = sequence_length (prior), n_text = prior->n_text;

  for (int i = 0; i < prior->n; i++)
    for (int j = 0; j < t; j++)
      prior->mask[i * t + j] = text_mask != NULL && j < n_text && text_mask[i * n_text + j] == 0 ? MASKED : 0.0f;
}

/* ---- the network ------------------------------------------------------------------------------------ */

/* Tokens of the caption: the first n_text + N_ADDED rows of @sample. */
static void
embed_caption (const Call *call,
               int         i,
               BkTensor    sample,
               BkArena    *arena)
{
  const UnclipPriorAutoregressive *prior = call->prior;
  int n_text = prior->n_text, width = prior->shape.width, dim = prior->pca.dim;

  BkTensor texts = unclip_work_tensor (arena, call->text_states, prior->n, n_text, 1, dim);
  BkTensor z_t = unclip_work_tensor (arena, call->z_t, prior->n, 1, 1, dim);
  BkTensor dot = unclip_work_tensor (arena, prior->dots + (gsize) call->dots[i] * width, 1, 1, 1, width);

  bk_linear (bk_rows (sample, 0, n_text), bk_samples (texts, i, 1), &prior->project_text, BK_IDENTITY);
  bk_linear (bk_rows (sample, n_text, 1), bk_samples (z_t, i, 1), &prior->project_z_t, BK_IDENTITY);
  bk_copy (bk_rows (sample, n_text + 1, 1), dot);
}

/* Token of code @k, that is @code: what its bucket says in every component, and its place in the range of
 * this one, -1 to 1, along this one's direction. */
static void
embed_code (const UnclipPriorAutoregressive *prior,
            int                              k,
            int                              code,
            BkTensor                         token)
{
  int          width = prior->shape.width;
  const float *bucket = prior->buckets + (gsize) code * width, *direction = prior->directions + (gsize) k * width;
  float        value = (2 * code + 1) / (float) prior->pca.n_buckets - 1;

  for (int c = 0; token.data != NULL && c < width; c++)
    token.data[c] = bucket[c] + value * direction[c];
}

/* logits [n, n_last, 1, n_buckets] of codes @first and those after, from the last tokens of @sequence. */
static void
read_out (const UnclipPriorAutoregressive *prior,
          BkTensor                         logits,
          BkTensor                         sequence,
          int                              first,
          BkArena                         *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  int n_last = logits.h, n_buckets = prior->pca.n_buckets;

  BkTensor last = bk_scratch_tensor (&scratch, sequence.n, n_last, 1, sequence.c);
  BkTensor bias = unclip_work_tensor (arena, prior->bias + (gsize) first * n_buckets, 1, n_last, 1, n_buckets);

  for (int i = 0; i < sequence.n; i++)
    bk_copy (bk_samples (last, i, 1), bk_rows (bk_samples (sequence, i, 1), sequence.h - n_last, n_last));
  bk_layer_norm (last, last, &prior->norm_out);
  bk_linear (logits, last, &prior->project_out, BK_IDENTITY);
  for (int i = 0; i < sequence.n; i++)
    bk_add (bk_samples (logits, i, 1), bias);
}

/* One of a cache's tensors, without data while measuring. */
static BkTensor
cached (BkArena  *arena,
        BkTensor  x)
{
  return unclip_work_tensor (arena, x.data, x.n, x.h, x.w, x.c);
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipPriorAutoregressive *prior = call->prior;
  gboolean begins = call->z_t != NULL;
  int      width = prior->shape.width, n_text = begins ? prior->n_text : 0, t = (begins ? n_text + N_ADDED : 0) + call->n_codes;
  int      first_code = begins ? 0 : prior->n_codes;
  /* What follows the text has the place behind the longest text there may be. */
  int      place = prior->length + (begins ? 0 : N_ADDED + first_code);
  /* One arena serves all codes, so it is measured for the one with the most before it. */
  int      n_past = begins ? 0 : bk_arena_is_measuring (arena) ? sequence_length (prior) - 1 : prior->n_text + N_ADDED + prior->n_codes;

  BkTensor sequence = bk_scratch_tensor (&scratch, prior->n, t, 1, width);
  BkTensor positions = bk_tensor ((float *) prior->positions, 1, sequence_length (prior), 1, width);
  BkTensor logits = unclip_work_tensor (arena, call->logits, prior->n, begins ? call->n_codes + 1 : 1, 1, prior->pca.n_buckets);

  for (int i = 0; i < prior->n; i++)
    {
      BkTensor sample = bk_samples (sequence, i, 1);

      if (begins)
        embed_caption (call, i, sample, arena);
      for (int k = 0; k < call->n_codes; k++)
        embed_code (prior, first_code + k, call->codes[i * call->n_codes + k], bk_rows (sample, t - call->n_codes + k, 1));
      bk_add (bk_rows (sample, 0, n_text), bk_rows (positions, 0, n_text));
      bk_add (bk_rows (sample, n_text, t - n_text), bk_rows (positions, place, t - n_text));
    }

  for (int i = 0; i < prior->n_layers; i++)
    {
      const UnclipLayerCache cache = { cached (arena, prior->caches[i].k), cached (arena, prior->caches[i].v) };

      unclip_layer_run_on (&prior->layers[i], sequence, &cache, n_past, prior->mask, MASKED, arena);
    }

  read_out (prior, logits, sequence, begins ? 0 : first_code + 1, arena);
}

gboolean
unclip_prior_autoregressive_begin (UnclipPriorAutoregressive *prior,
                                   const float               *z_t,
                                   const float               *text_states,
                                   const int                 *text_mask,
                                   int                        n_tokens,
                                   const int                 *dots,
                                   const int                 *codes,
                                   int                        n_codes,
                                   int                        n,
                                   float                     *logits,
                                   GError                   **error)
{
  Call call = { prior, z_t, text_states, dots, codes, n_codes, logits };

  g_return_val_if_fail (prior->store != NULL && n > 0 && n_codes >= 0 && n_codes < prior->pca.n_components, FALSE);
  g_return_val_if_fail (n_tokens > 0 && n_tokens <= prior->length, FALSE);

  if (! make_memory (prior, n, error))
    return FALSE;
  prior->n_text = n_tokens;
  fill_mask (prior, text_mask);
  prior->n_codes = n_codes;
  return unclip_work_run (&prior->work_begin, prior->store, prior->weights, "prior_autoregressive", (const int[3]) { n, n_codes, n_tokens }, forward, &call, error)
         && unclip_check_finite ("prior_autoregressive", logits, (gsize) n * (n_codes + 1) * prior->pca.n_buckets, error);
}

gboolean
unclip_prior_autoregressive_next (UnclipPriorAutoregressive *prior,
                                  const int                 *codes,
                                  float                     *logits,
                                  GError                   **error)
{
  Call call = { prior, NULL, NULL, NULL, codes, 1, logits };

  g_return_val_if_fail (prior->memory != NULL && prior->n_codes < prior->pca.n_components - 1, FALSE);

  if (! unclip_work_run (&prior->work_next, prior->store, prior->weights, "prior_autoregressive", (const int[3]) { prior->n, 0, 0 }, forward, &call, error)
      || ! unclip_check_finite ("prior_autoregressive", logits, (gsize) prior->n * prior->pca.n_buckets, error))
    return FALSE;
  prior->n_codes++;
  return TRUE;
}
