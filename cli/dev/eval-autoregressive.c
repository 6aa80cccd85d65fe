/* Eval tasks of the autoregressive prior: whole rows of codes in one pass, and the loop that draws them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>

/* What both tasks are given about captions. */
typedef struct
{
  const float *z_t, *states;
  int         *mask; /* owned; NULL if there is none */
} Captions;

static void
captions_clear (Captions *captions)
{
  g_clear_pointer (&captions->mask, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Captions, captions_clear)

/* @n_rows: (inout): -1 for any */
static gboolean
read_captions (Captions *captions, const UnclipEval *eval, const UnclipPriorAutoregressive *prior, int *n_rows, GError **error)
{
  int dim = unclip_prior_autoregressive_pca (prior)->dim, length = unclip_prior_autoregressive_length (prior), dims[2] = { *n_rows, dim };

  captions->z_t = unclip_eval_floats (eval, "proj_embedding", 2, dims, error);
  if (captions->z_t == NULL)
    return FALSE;
  *n_rows = dims[0];
  captions->states = unclip_eval_floats (eval, "encoder_hidden_states", 3, (int[]) { *n_rows, length, dim }, error);
  if (captions->states == NULL)
    return FALSE;
  if (unclip_eval_has (eval, "attention_mask"))
    captions->mask = unclip_eval_ints (eval, "attention_mask", 2, (int[]) { *n_rows, length }, error);
  return captions->mask != NULL || ! unclip_eval_has (eval, "attention_mask");
}

gboolean
unclip_eval_prior_autoregressive (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = unclip_prior_autoregressive_new (eval->model, eval->context, error);
  g_auto (Captions) captions = { 0 };
  g_autofree int   *codes = NULL, *inputs = NULL, *dots = NULL;
  const UnclipPca  *pca;
  const float      *z_i;
  float            *logits, *quantised;
  int               dims[2] = { -1, 0 }, n, n_codes;

  if (prior == NULL)
    return FALSE;
  pca = unclip_prior_autoregressive_pca (prior);
  n_codes = pca->n_components - 1;
  dims[1] = pca->dim;
  z_i = unclip_eval_floats (eval, "image_embeddings", 2, dims, error);
  if (z_i == NULL)
    return FALSE;
  n = dims[0];
  if (! read_captions (&captions, eval, prior, &n, error))
    return FALSE;

  quantised = unclip_eval_add (eval, "quantised_image_embeddings", 2, dims, error);
  if (quantised == NULL)
    return FALSE;
  codes = g_new (int, pca->n_components);
  inputs = g_new (int, (gsize) n * n_codes);
  dots = g_new (int, n);
  for (int i = 0; i < n; i++)
    {
      gsize at = (gsize) i * pca->dim;

      unclip_pca_encode (pca, z_i + at, codes);
      unclip_pca_decode (pca, codes, quantised + at);
      for (int k = 0; k < n_codes; k++)
        inputs[(gsize) i * n_codes + k] = codes[k];
      dots[i] = unclip_prior_autoregressive_dot (prior, z_i + at, captions.z_t + at);
    }

  logits = unclip_eval_add (eval, "logits", 3, (int[]) { n, pca->n_components, pca->n_buckets }, error);
  return logits != NULL
         && unclip_eval_check_cancelled (eval, error)
         && unclip_prior_autoregressive_begin (prior, captions.z_t, captions.states, captions.mask,
                                               unclip_prior_autoregressive_length (prior), dots, inputs, n_codes, n, logits, error);
}

/* The loop's progress. */
typedef struct
{
  const UnclipEval *eval;
  int               row, n_rows;
} Loop;

static gboolean
after_code (int n_done, int n_codes, gpointer data, GError **error)
{
  const Loop *loop = data;

  return unclip_eval_step (loop->eval, "prior_autoregressive", loop->row * n_codes + n_done, loop->n_rows * n_codes, error);
}

static gboolean
check_uniforms (const UnclipEval *eval, const float *uniforms, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++)
    if (! (uniforms[i] >= 0 && uniforms[i] < 1))
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" must be from 0 to below 1"), eval->in_path, "uniforms");
        return FALSE;
      }
  return TRUE;
}

gboolean
unclip_eval_prior_autoregressive_loop (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipPriorAutoregressive) prior = unclip_prior_autoregressive_new (eval->model, eval->context, error);
  g_auto (Captions) captions = { 0 };
  const float *uniforms;
  float       *embeds;
  double       guidance_scale = eval->options->prior_guidance_scale >= 0 ? eval->options->prior_guidance_scale : 2.0;
  int          dims[2] = { -1, 0 }, n_pairs = -1, dim, length;
  Loop         loop = { eval, 0, 0 };

  if (prior == NULL || ! unclip_eval_setting_double (eval, "guidance_scale", guidance_scale, 0, 1000, &guidance_scale, error))
    return FALSE;
  dim = unclip_prior_autoregressive_pca (prior)->dim;
  length = unclip_prior_autoregressive_length (prior);
  dims[1] = 1 + unclip_prior_autoregressive_pca (prior)->n_components;
  uniforms = unclip_eval_floats (eval, "uniforms", 2, dims, error);
  if (uniforms == NULL || ! check_uniforms (eval, uniforms, (gsize) dims[0] * dims[1], error)
      || ! read_captions (&captions, eval, prior, &n_pairs, error)
      || ! unclip_eval_check_pairs (eval, "proj_embedding", n_pairs, dims[0], error))
    return FALSE;

  embeds = unclip_eval_add (eval, "image_embeds", 2, (int[]) { dims[0], dim }, error);
  if (embeds == NULL)
    return FALSE;
  for (loop.n_rows = dims[0]; loop.row < loop.n_rows; loop.row++)
    {
      g_autofree float *z_t = unclip_eval_pair (captions.z_t, n_pairs, loop.row, dim * sizeof (float));
      g_autofree float *states = unclip_eval_pair (captions.states, n_pairs, loop.row, (gsize) length * dim * sizeof (float));
      g_autofree int   *mask = captions.mask != NULL ? unclip_eval_pair (captions.mask, n_pairs, loop.row, length * sizeof (int)) : NULL;
      const UnclipGuidedAutoregressive guided = { prior, z_t, states, mask, length, guidance_scale };

      if (! unclip_guided_autoregressive_sample (&guided, uniforms + (gsize) loop.row * dims[1], embeds + (gsize) loop.row * dim,
                                                 after_code, &loop, error))
        return FALSE;
    }
  return TRUE;
}
