/* Eval tasks that run one network once, or once per timestep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* ---- towers -------------------------------------------------------------------------- */

gboolean
unclip_eval_text_encoder (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipTextTower) tower = unclip_text_tower_new (eval->model, eval->context, error);
  g_autofree int *input_ids = NULL;
  float *last_hidden_state, *text_embeds;
  int    dims[2] = { -1, -1 }, n, t, length, width;

  if (tower == NULL)
    return FALSE;
  input_ids = unclip_eval_ints (eval, "input_ids", 2, dims, error);
  if (input_ids == NULL)
    return FALSE;
  n = dims[0];
  t = dims[1];
  length = unclip_text_tower_length (tower);
  width = unclip_text_tower_width (tower);
  if (t > length)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"input_ids\" has %d tokens, but the text encoder takes %d"),
                   eval->in_path, t, length);
      return FALSE;
    }

  last_hidden_state = unclip_eval_add (eval, "last_hidden_state", 3, (int[]) { n, t, width }, error);
  if (last_hidden_state == NULL)
    return FALSE;
  text_embeds = unclip_eval_add (eval, "text_embeds", 2, (int[]) { n, unclip_text_tower_dim (tower) }, error);
  return text_embeds != NULL && unclip_text_tower_encode (tower, input_ids, n, t, last_hidden_state, text_embeds, error);
}

/* @prefix: of the tensors' names, with its dot */
static gboolean
encode_image (UnclipEval *eval, UnclipImageTower *tower, const char *prefix, GError **error)
{
  g_autofree char  *in = g_strconcat (prefix, "pixel_values", NULL);
  g_autofree char  *states_name = g_strconcat (prefix, "last_hidden_state", NULL);
  g_autofree char  *embeds_name = g_strconcat (prefix, "image_embeds", NULL);
  int               size = unclip_image_tower_size (tower), dims[4] = { -1, 3, size, size };
  g_autofree float *pixel_values = unclip_eval_pictures (eval, in, 4, dims, error);
  float            *states, *embeds;

  if (pixel_values == NULL)
    return FALSE;
  states = unclip_eval_add (eval, states_name, 3, (int[]) { dims[0], unclip_image_tower_n_tokens (tower), unclip_image_tower_width (tower) }, error);
  if (states == NULL)
    return FALSE;
  embeds = unclip_eval_add (eval, embeds_name, 2, (int[]) { dims[0], unclip_image_tower_dim (tower) }, error);
  return embeds != NULL
         && unclip_eval_check_cancelled (eval, error)
         && unclip_image_tower_encode (tower, pixel_values, dims[0], states, embeds, error);
}

/* Every "NAME.pixel_values" of the file, and "pixel_values". */
gboolean
unclip_eval_image_encoder (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipImageTower) tower = unclip_image_tower_new (eval->model, eval->context, error);
  g_auto (GStrv) names = unclip_tensors_names (eval->in);
  int n_found = 0;

  if (tower == NULL)
    return FALSE;
  for (int i = 0; names[i] != NULL; i++)
    {
      g_autofree char *prefix = NULL;

      if (! g_str_has_suffix (names[i], ".pixel_values") && strcmp (names[i], "pixel_values") != 0)
        continue;
      prefix = g_strndup (names[i], strlen (names[i]) - strlen ("pixel_values"));
      if (! encode_image (eval, tower, prefix, error))
        return FALSE;
      n_found++;
    }
  if (n_found == 0)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s lacks the tensor \"%s\""), eval->in_path, "pixel_values");
  return n_found > 0;
}

/* ---- prior and text projection ------------------------------------------------------------ */

gboolean
unclip_eval_prior (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipPrior) prior = unclip_prior_new (eval->model, eval->context, error);
  int             dim = prior != NULL ? unclip_prior_dim (prior) : 0, length = prior != NULL ? unclip_prior_length (prior) : 0;
  int             x_dims[2] = { -1, dim }, t_dims[1] = { -1 }, n;
  g_autofree int *timesteps = NULL, *mask = NULL;
  const float    *x_t, *z_t, *states;
  float          *out;

  if (prior == NULL)
    return FALSE;
  x_t = unclip_eval_floats (eval, "hidden_states", 2, x_dims, error);
  if (x_t == NULL)
    return FALSE;
  n = x_dims[0];
  z_t = unclip_eval_floats (eval, "proj_embedding", 2, (int[]) { n, dim }, error);
  if (z_t == NULL)
    return FALSE;
  states = unclip_eval_floats (eval, "encoder_hidden_states", 3, (int[]) { n, length, dim }, error);
  if (states == NULL)
    return FALSE;
  timesteps = unclip_eval_ints (eval, "timesteps", 1, t_dims, error);
  if (timesteps == NULL)
    return FALSE;
  if (unclip_eval_has (eval, "attention_mask")
      && (mask = unclip_eval_ints (eval, "attention_mask", 2, (int[]) { n, length }, error)) == NULL)
    return FALSE;

  out = unclip_eval_add (eval, "predicted_image_embedding", 3, (int[]) { t_dims[0], n, dim }, error);
  if (out == NULL)
    return FALSE;
  for (int i = 0; i < t_dims[0]; i++)
    if (! unclip_prior_predict (prior, x_t, timesteps[i], z_t, states, mask, length, n, out + (gsize) i * n * dim, error)
        || ! unclip_eval_step (eval, "prior", i + 1, t_dims[0], error))
      return FALSE;
  return TRUE;
}

/* Both outputs of text_proj for n rows, under names with @prefix. */
static gboolean
project (UnclipEval *eval, UnclipTextProj *proj, const char *prefix, const float *z_i, const float *z_t, const float *states, int n, int t, GError **error)
{
  g_autofree char *context_name = g_strconcat (prefix, "text_encoder_hidden_states", NULL);
  g_autofree char *time_name = g_strconcat (prefix, "additive_clip_time_embeddings", NULL);
  float           *context, *time;

  context = unclip_eval_add (eval, context_name, 3,
                             (int[]) { n, unclip_text_proj_n_extra (proj) + t, unclip_text_proj_context_width (proj) }, error);
  if (context == NULL)
    return FALSE;
  time = unclip_eval_add (eval, time_name, 2, (int[]) { n, unclip_text_proj_time_width (proj) }, error);
  return time != NULL && unclip_text_proj_run (proj, z_i, z_t, states, n, t, context, time, error);
}

gboolean
unclip_eval_text_proj (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (eval->model, eval->context, error);
  int               dim = proj != NULL ? unclip_text_proj_dim (proj) : 0;
  int               z_dims[2] = { -1, dim }, t_dims[3] = { -1, -1, dim }, n, t;
  g_autofree float *both = NULL;
  const float      *z_i, *z_t, *states;

  if (proj == NULL)
    return FALSE;
  z_i = unclip_eval_floats (eval, "image_embeddings", 2, z_dims, error);
  if (z_i == NULL)
    return FALSE;
  n = z_dims[0];
  /* Rows: n unconditional ones, then n of the captions. */
  z_t = unclip_eval_floats (eval, "prompt_embeds", 2, (int[]) { 2 * n, dim }, error);
  if (z_t == NULL)
    return FALSE;
  t_dims[0] = 2 * n;
  states = unclip_eval_floats (eval, "text_hidden", 3, t_dims, error);
  if (states == NULL)
    return FALSE;
  t = t_dims[1];

  both = unclip_eval_new ((gsize) 2 * n * dim, error);
  if (both == NULL)
    return FALSE;
  for (int i = 0; i < n; i++)
    memcpy (both + (gsize) i * dim, unclip_text_proj_unconditional (proj), dim * sizeof (float));
  memcpy (both + (gsize) n * dim, z_i, (gsize) n * dim * sizeof (float));

  return project (eval, proj, "cfg.", both, z_t, states, 2 * n, t, error)
         && project (eval, proj, "nocfg.", z_i, z_t + (gsize) n * dim, states + (gsize) n * t * dim, n, t, error);
}

/* ---- UNets ------------------------------------------------------------------------------------ */

gboolean
unclip_eval_check_sees_image (const UnclipEval *eval, const UnclipUnet *unet, GError **error)
{
  if (unclip_unet_image_dim (unet) > 0)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The decoder of %s does not see z_i alone, as this task's has to"), unclip_model_name (eval->model));
  return FALSE;
}

/* Tensor image_embeds [n, dim], through the decoder's own layers. */
static gboolean
read_image_condition (UnclipEvalCondition *condition, const UnclipEval *eval, UnclipUnet *unet, GError **error)
{
  int          dims[2] = { -1, unclip_unet_image_dim (unet) };
  const float *z_i = unclip_eval_floats (eval, "image_embeds", 2, dims, error);

  if (z_i == NULL)
    return FALSE;
  *condition = (UnclipEvalCondition) {
    .n_rows = dims[0], .n_tokens = unclip_unet_image_tokens (unet), .context_width = unclip_unet_context_width (unet), .time_width = unclip_unet_time_width (unet)
  };
  condition->context = g_new (float, (gsize) condition->n_rows * condition->n_tokens * condition->context_width);
  condition->time = g_new (float, (gsize) condition->n_rows * condition->time_width);
  return unclip_unet_embed (unet, z_i, condition->n_rows, condition->context, condition->time, error);
}

gboolean
unclip_eval_condition_read (UnclipEvalCondition *condition, const UnclipEval *eval, UnclipUnet *unet, GError **error)
{
  int          context_dims[3] = { -1, -1, unclip_unet_context_width (unet) };
  int          time_dims[2] = { -1, unclip_unet_time_width (unet) };
  const float *context, *time;

  if (unclip_unet_image_dim (unet) > 0)
    return read_image_condition (condition, eval, unet, error);
  context = unclip_eval_floats (eval, "encoder_hidden_states", 3, context_dims, error);
  if (context == NULL)
    return FALSE;
  time_dims[0] = context_dims[0];
  time = unclip_eval_floats (eval, "class_labels", 2, time_dims, error);
  if (time == NULL)
    return FALSE;
  *condition = (UnclipEvalCondition) {
    .n_rows = context_dims[0], .n_tokens = context_dims[1], .context_width = context_dims[2], .time_width = time_dims[1]
  };
  condition->mask = unclip_eval_ints (eval, "attention_mask", 2, context_dims, error);
  if (condition->mask == NULL)
    return FALSE;
  condition->context = g_memdup2 (context, (gsize) condition->n_rows * condition->n_tokens * condition->context_width * sizeof (float));
  condition->time = g_memdup2 (time, (gsize) condition->n_rows * condition->time_width * sizeof (float));
  return TRUE;
}

void
unclip_eval_condition_clear (UnclipEvalCondition *condition)
{
  g_clear_pointer (&condition->context, g_free);
  g_clear_pointer (&condition->time, g_free);
  g_clear_pointer (&condition->mask, g_free);
}

gboolean
unclip_eval_predict (UnclipEval *eval, UnclipUnet *unet, const float *sample, const int dims[4], const int *timesteps, int n_timesteps,
                     const char *stage, const char *name, GError **error)
{
  int               n = dims[0], h = dims[2], w = dims[3], c = unclip_unet_out_channels (unet);
  gsize             size = (gsize) n * h * w * c;
  g_autofree float *out = unclip_eval_new (size * n_timesteps, error);

  if (out == NULL)
    return FALSE;
  for (int i = 0; i < n_timesteps; i++)
    if (! unclip_unet_predict (unet, sample, timesteps[i], n, h, w, out + i * size, error)
        || ! unclip_eval_step (eval, stage, i + 1, n_timesteps, error))
      return FALSE;
  return unclip_eval_add_pictures (eval, name, out, 5, (int[]) { n_timesteps, n, c, h, w }, error);
}

gboolean
unclip_eval_decoder (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_unet_new (eval->model, "decoder", eval->context, error);
  g_auto (UnclipEvalCondition) condition = { 0 };
  g_autofree float *sample = NULL;
  g_autofree int   *timesteps = NULL;
  int               dims[4] = { -1, -1, -1, -1 }, n_timesteps = -1;

  if (unet == NULL || ! unclip_eval_condition_read (&condition, eval, unet, error))
    return FALSE;
  dims[0] = condition.n_rows;
  dims[1] = unclip_unet_in_channels (unet);
  sample = unclip_eval_pictures (eval, "sample", 4, dims, error);
  if (sample == NULL)
    return FALSE;
  timesteps = unclip_eval_ints (eval, "timesteps", 1, &n_timesteps, error);
  return timesteps != NULL
         && unclip_unet_set_context (unet, condition.context, condition.mask, condition.time, condition.n_rows, condition.n_tokens, error)
         && unclip_eval_predict (eval, unet, sample, dims, timesteps, n_timesteps, "decoder", "out", error);
}

gboolean
unclip_eval_super_res (UnclipEval *eval, GError **error)
{
  static const char *const names[] = { "super_res_first", "super_res_last", "super_res_1024" };
  int             n_timesteps = -1, n_there = 0, done = 0;
  g_autofree int *timesteps = unclip_eval_ints (eval, "timesteps", 1, &n_timesteps, error);

  if (timesteps == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    n_there += unclip_model_has (eval->model, names[i]);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (UnclipUnet) unet = NULL;
      g_autofree float *sample = NULL;
      int               dims[4] = { -1, -1, -1, -1 };

      /* A model need not have all; of one with none, the first is what it lacks. */
      if (n_there > 0 && ! unclip_model_has (eval->model, names[i]))
        continue;
      unet = unclip_unet_new (eval->model, names[i], eval->context, error);
      if (unet == NULL)
        return FALSE;
      eval->from = (double) done++ / n_there;
      eval->to = (double) done / n_there;
      dims[1] = unclip_unet_in_channels (unet);
      sample = unclip_eval_pictures (eval, "sample", 4, dims, error);
      if (sample == NULL || ! unclip_eval_predict (eval, unet, sample, dims, timesteps, n_timesteps, "super_res", names[i], error))
        return FALSE;
    }
  return TRUE;
}
