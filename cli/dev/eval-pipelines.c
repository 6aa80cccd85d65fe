/* Eval tasks that run all stages in a row, as the pipelines of diffusers do: variation and text2image.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* What the pipelines take where nobody says otherwise. */
#define PRIOR_GUIDANCE 4.0
#define DECODER_GUIDANCE 8.0

/* Where in the job the decoder begins and ends, by what the stages of Karlo cost. */
#define DECODER_BEGINS 0.1
#define DECODER_ENDS 0.7

/* ---- captions ---------------------------------------------------------------------------- */

/* The empty caption in row 0, the given one in row 1. */
typedef struct
{
  int    length, width, dim;
  int   *mask;        /* [2, length] */
  float *states, *z_t; /* [2, length, width], [2, dim] */
} Captions;

static void
captions_clear (Captions *captions)
{
  g_clear_pointer (&captions->mask, g_free);
  g_clear_pointer (&captions->states, g_free);
  g_clear_pointer (&captions->z_t, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Captions, captions_clear)

static gboolean
encode_captions (Captions *captions, const UnclipEval *eval, const char *y, GError **error)
{
  g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (eval->model, error);
  g_autoptr (UnclipTextTower) tower = NULL;
  g_autofree int *input_ids = NULL;
  int             length;

  if (tokenizer == NULL)
    return FALSE;
  tower = unclip_text_tower_new (eval->model, eval->context, error);
  if (tower == NULL)
    return FALSE;
  length = unclip_text_tower_length (tower);
  if (! unclip_eval_check_fit (eval, _("the text encoder's length"), length,
                               _("the tokenizer's"), unclip_tokenizer_max_length (tokenizer), error))
    return FALSE;

  captions->length = length;
  captions->width = unclip_text_tower_width (tower);
  captions->dim = unclip_text_tower_dim (tower);
  captions->mask = g_new (int, 2 * length);
  captions->states = g_new (float, (gsize) 2 * length * captions->width);
  captions->z_t = g_new (float, 2 * captions->dim);
  input_ids = g_new (int, 2 * length);
  unclip_tokenizer_encode (tokenizer, "", input_ids, captions->mask);
  unclip_tokenizer_encode (tokenizer, y, input_ids + length, captions->mask + length);
  return unclip_eval_check_cancelled (eval, error)
         && unclip_text_tower_encode (tower, input_ids, 2, length, captions->states, captions->z_t, error);
}

/* ---- stages -------------------------------------------------------------------------------- */

/* Rows [2 n, row_size] that hold pair [2, row_size] for n pictures: n times the one, n times the other. */
static gpointer
spread (gconstpointer pair, int n, gsize row_size)
{
  guint8 *rows = g_malloc (2 * n * row_size);

  for (int i = 0; i < 2 * n; i++)
    memcpy (rows + i * row_size, (const guint8 *) pair + (i >= n) * row_size, row_size);
  return rows;
}

/* The decoder's condition from z_i [n, dim] and the captions. */
static gboolean
project (UnclipEvalCondition *condition, const UnclipEval *eval, const Captions *captions, const float *z_i, int n, int dim, GError **error)
{
  g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (eval->model, eval->context, error);
  g_autofree float *both = NULL, *z_t = NULL, *states = NULL;
  int               n_extra, length = captions->length;

  if (proj == NULL
      || ! unclip_eval_check_fit (eval, _("the text projection's width"), unclip_text_proj_dim (proj), _("z_i's"), dim, error)
      || ! unclip_eval_check_fit (eval, _("the text projection's width"), unclip_text_proj_dim (proj), _("the text encoder's"), captions->width, error)
      || ! unclip_eval_check_fit (eval, _("the text projection's width"), unclip_text_proj_dim (proj), _("z_t's"), captions->dim, error))
    return FALSE;

  both = g_new (float, (gsize) 2 * n * dim);
  for (int i = 0; i < n; i++)
    memcpy (both + (gsize) i * dim, unclip_text_proj_unconditional (proj), dim * sizeof (float));
  memcpy (both + (gsize) n * dim, z_i, (gsize) n * dim * sizeof (float));
  z_t = spread (captions->z_t, n, dim * sizeof (float));
  states = spread (captions->states, n, (gsize) length * dim * sizeof (float));

  n_extra = unclip_text_proj_n_extra (proj);
  *condition = (UnclipEvalCondition) {
    .n_rows = 2 * n,
    .n_tokens = n_extra + length,
    .context_width = unclip_text_proj_context_width (proj),
    .time_width = unclip_text_proj_time_width (proj),
  };
  condition->context = g_new (float, (gsize) 2 * n * condition->n_tokens * condition->context_width);
  condition->time = g_new (float, (gsize) 2 * n * condition->time_width);
  condition->mask = g_new (int, 2 * n * condition->n_tokens);
  for (int i = 0; i < 2 * n; i++)
    {
      int *mask = condition->mask + i * condition->n_tokens;

      for (int j = 0; j < n_extra; j++)
        mask[j] = 1;
      memcpy (mask + n_extra, captions->mask + (i >= n) * length, length * sizeof (int));
    }
  return unclip_text_proj_run (proj, both, z_t, states, 2 * n, length, condition->context, condition->time, error);
}

/* Output image_small, and transfer full: [n_rows, size, size, 3]. */
static float *
decode (UnclipEval *eval, const UnclipEvalCondition *condition, int n_rows, int *size, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_unet_new (eval->model, "decoder", eval->context, error);
  g_autoptr (UnclipSchedule) schedule = NULL;
  g_auto (UnclipEvalLoop) loop = { 0 };
  g_autofree float *image_small = NULL;
  const UnclipOptions *options = eval->options;
  int               n_steps;
  double            guidance_scale = options->guidance_scale >= 0 ? options->guidance_scale : DECODER_GUIDANCE;

  if (unet == NULL
      || ! unclip_eval_check_fit (eval, _("the decoder's context"), unclip_unet_context_width (unet),
                                  _("the text projection's"), condition->context_width, error)
      || ! unclip_eval_check_fit (eval, _("the decoder's time embedding"), unclip_unet_time_width (unet),
                                  _("the text projection's"), condition->time_width, error))
    return NULL;
  schedule = unclip_stage_schedule (eval->model, "decoder_scheduler", error);
  if (schedule == NULL
      || ! unclip_eval_setting_int (eval, "n_steps", options->n_steps, 1, schedule->n_train, &n_steps, error)
      || ! unclip_eval_setting_double (eval, "guidance_scale", guidance_scale, 0, 1000, &guidance_scale, error)
      || ! unclip_eval_loop_read (&loop, eval, schedule, "decoder_", TRUE, n_steps, error))
    return NULL;
  if (loop.n_rows != n_rows && condition->n_rows != 2)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has %d rows, but there are %d embeddings"),
                   eval->in_path, "decoder_latents", loop.n_rows, n_rows);
      return NULL;
    }

  eval->from = DECODER_BEGINS;
  eval->to = DECODER_ENDS;
  image_small = unclip_eval_new ((gsize) loop.n_rows * loop.h * loop.w * loop.c, error);
  if (image_small == NULL
      || ! unclip_eval_loop_decoder (&loop, unet, schedule, condition, guidance_scale, image_small, error)
      || ! unclip_eval_add_pictures (eval, "image_small", image_small, 4, (int[]) { loop.n_rows, loop.c, loop.h, loop.w }, error))
    return NULL;
  *size = loop.h;
  return g_steal_pointer (&image_small);
}

/* Output image, [n_rows, size, size, 3]. */
static gboolean
enlarge (UnclipEval *eval, const float *image_small, int small_size, GError **error)
{
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (eval->model, "super_res_scheduler", error);
  g_auto (UnclipEvalLoop) loop = { 0 };
  float *image;
  int    n_steps, n_rows = unclip_tensors_find (eval->out, "image_small")->dims[0];

  if (schedule == NULL
      || ! unclip_eval_setting_int (eval, "super_res_n_steps", eval->options->super_res_n_steps, 1, schedule->n_train, &n_steps, error)
      || ! unclip_eval_loop_read (&loop, eval, schedule, "super_res_", TRUE, n_steps, error))
    return FALSE;
  if (loop.n_rows != n_rows)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has %d rows, but \"%s\" has %d"),
                   eval->in_path, "super_res_latents", loop.n_rows, "decoder_latents", n_rows);
      return FALSE;
    }
  eval->from = DECODER_ENDS;
  eval->to = 1.0;
  image = unclip_eval_add (eval, "image", 4, (int[]) { loop.n_rows, loop.h, loop.w, loop.c }, error);
  return image != NULL && unclip_eval_loop_super_res (&loop, schedule, image_small, small_size, NULL, image, error);
}

/* From z_i [n, dim] to the output image. */
static gboolean
finish (UnclipEval *eval, const Captions *captions, const float *z_i, int n, int dim, GError **error)
{
  g_auto (UnclipEvalCondition) condition = { 0 };
  g_autofree float *image_small = NULL;
  int               size;

  if (! project (&condition, eval, captions, z_i, n, dim, error))
    return FALSE;
  image_small = decode (eval, &condition, n, &size, error);
  return image_small != NULL && enlarge (eval, image_small, size, error);
}

/* ---- variation -------------------------------------------------------------------------------- */

/* z_i [n, dim] of the picture that came along, or of pixel_values, or as it stands in the file: output
 * image_embeds; NULL with an error. transfer none. */
static float *
embed (UnclipEval *eval, int dims[2], GError **error)
{
  g_autoptr (UnclipImageTower) tower = NULL;
  g_autofree float *pixel_values = NULL;
  const float      *given;
  float            *z_i;
  int               w, h, size, pixel_dims[4] = { -1, 3, -1, -1 };

  if (eval->image == NULL && ! unclip_eval_has (eval, "pixel_values") && unclip_eval_has (eval, "image_embeds"))
    {
      g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (eval->model, eval->context, error);

      if (proj == NULL)
        return NULL;
      dims[1] = unclip_text_proj_dim (proj);
      given = unclip_eval_floats (eval, "image_embeds", 2, dims, error);
      z_i = given != NULL ? unclip_eval_add (eval, "image_embeds", 2, dims, error) : NULL;
      if (z_i != NULL)
        memcpy (z_i, given, (gsize) dims[0] * dims[1] * sizeof (float));
      return z_i;
    }

  tower = unclip_image_tower_new (eval->model, eval->context, error);
  if (tower == NULL)
    return NULL;
  size = unclip_image_tower_size (tower);
  pixel_dims[2] = pixel_dims[3] = size;
  if (eval->image == NULL && unclip_eval_has (eval, "pixel_values"))
    pixel_values = unclip_eval_pictures (eval, "pixel_values", 4, pixel_dims, error);
  else
    {
      pixel_values = unclip_eval_pixel_values (eval, &w, &h, NULL, error);
      pixel_dims[0] = 1;
      if (pixel_values != NULL
          && (! unclip_eval_check_fit (eval, _("the image encoder's size"), size, _("the width of its crop"), w, error)
              || ! unclip_eval_check_fit (eval, _("the image encoder's size"), size, _("the height of its crop"), h, error)))
        return NULL;
    }
  if (pixel_values == NULL)
    return NULL;

  dims[0] = pixel_dims[0];
  dims[1] = unclip_image_tower_dim (tower);
  z_i = unclip_eval_add (eval, "image_embeds", 2, dims, error);
  return z_i != NULL && unclip_image_tower_encode (tower, pixel_values, dims[0], NULL, z_i, error) ? z_i : NULL;
}

gboolean
unclip_eval_variation (UnclipEval *eval, GError **error)
{
  g_auto (Captions) captions = { 0 };
  const char *y = unclip_eval_setting (eval, "prompt");
  int         dims[2] = { -1, -1 };
  float      *z_i = embed (eval, dims, error);

  return z_i != NULL
         && encode_captions (&captions, eval, y != NULL ? y : "", error)
         && finish (eval, &captions, z_i, dims[0], dims[1], error);
}

/* ---- text2image ---------------------------------------------------------------------------------- */

/* Output image_embeds [n, dim]; NULL with an error. transfer none. */
static float *
imagine (UnclipEval *eval, const Captions *captions, int dims[2], GError **error)
{
  g_autoptr (UnclipPrior) prior = unclip_prior_new (eval->model, eval->context, error);
  g_autoptr (UnclipSchedule) schedule = NULL;
  g_auto (UnclipEvalLoop) loop = { 0 };
  const UnclipOptions *options = eval->options;
  double  guidance_scale = options->prior_guidance_scale >= 0 ? options->prior_guidance_scale : PRIOR_GUIDANCE;
  int     dim, n_steps;
  float  *z_i;

  if (prior == NULL)
    return NULL;
  eval->to = DECODER_BEGINS;
  dim = unclip_prior_dim (prior);
  schedule = unclip_stage_schedule (eval->model, "prior_scheduler", error);
  if (schedule == NULL
      || ! unclip_eval_check_fit (eval, _("the prior's width"), dim, _("the text encoder's"), captions->width, error)
      || ! unclip_eval_check_fit (eval, _("the prior's width"), dim, _("z_t's"), captions->dim, error)
      || ! unclip_eval_check_fit (eval, _("the prior's length"), unclip_prior_length (prior), _("the text encoder's"), captions->length, error)
      || ! unclip_eval_setting_int (eval, "prior_n_steps", options->prior_n_steps, 1, schedule->n_train, &n_steps, error)
      || ! unclip_eval_setting_double (eval, "prior_guidance_scale", guidance_scale, 0, 1000, &guidance_scale, error)
      || unclip_eval_floats (eval, "prior_latents", 2, (int[]) { -1, dim }, error) == NULL
      || ! unclip_eval_loop_read (&loop, eval, schedule, "prior_", FALSE, n_steps, error)
      || ! unclip_eval_loop_prior (&loop, prior, schedule, captions->z_t, captions->states, captions->mask, 2, guidance_scale, error))
    return NULL;

  dims[0] = loop.n_rows;
  dims[1] = dim;
  z_i = unclip_eval_add (eval, "image_embeds", 2, dims, error);
  for (int i = 0; z_i != NULL && i < loop.n_rows * dim; i++)
    z_i[i] = loop.x[i] * unclip_prior_std (prior)[i % dim] + unclip_prior_mean (prior)[i % dim];
  return z_i;
}

gboolean
unclip_eval_text2image (UnclipEval *eval, GError **error)
{
  g_auto (Captions) captions = { 0 };
  const char *y = unclip_eval_setting (eval, "prompt");
  int         dims[2];
  float      *z_i;

  if (! encode_captions (&captions, eval, y != NULL ? y : "a photo of a cat sitting on a mat", error))
    return FALSE;
  z_i = imagine (eval, &captions, dims, error);
  return z_i != NULL && finish (eval, &captions, z_i, dims[0], dims[1], error);
}
