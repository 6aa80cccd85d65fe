/* Eval tasks that only models have whose decoder sees z_i alone: its network, its prior with a negative caption and between
 * ingredients, and pictures made from pictures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "conditioner.h"
#include "fit.h"
#include "negative.h"

/* That of a picture which is not square. */
#define WIDE_TIMESTEP 480

/* ---- the decoder's network ---------------------------------------------------------------- */

/* Both that it makes of z_i, [n, dim]. */
static gboolean
embed (UnclipEval *eval, UnclipUnet *unet, const float *z_i, int n, const float **context, const float **time, GError **error)
{
  float *tokens = unclip_eval_add (eval, "context", 3, (int[]) { n, unclip_unet_image_tokens (unet), unclip_unet_context_width (unet) }, error);
  float *added = tokens != NULL ? unclip_eval_add (eval, "time_image_embeds", 2, (int[]) { n, unclip_unet_time_width (unet) }, error) : NULL;

  *context = tokens;
  *time = added;
  return added != NULL && unclip_unet_embed (unet, z_i, n, tokens, added, error);
}

/* One picture that is not square, at one timestep, under the condition of the last row. */
static gboolean
predict_wide (UnclipEval *eval, UnclipUnet *unet, const float *context, const float *time, int n, GError **error)
{
  int               dims[4] = { 1, unclip_unet_in_channels (unet), -1, -1 }, n_tokens = unclip_unet_image_tokens (unet);
  g_autofree float *sample = unclip_eval_pictures (eval, "sample_wide", 4, dims, error), *out = NULL;

  if (sample == NULL)
    return FALSE;
  dims[1] = unclip_unet_out_channels (unet);
  out = unclip_eval_new ((gsize) dims[1] * dims[2] * dims[3], error);
  return out != NULL
         && unclip_unet_set_context (unet, context + (gsize) (n - 1) * n_tokens * unclip_unet_context_width (unet), NULL,
                                     time + (gsize) (n - 1) * unclip_unet_time_width (unet), 1, n_tokens, error)
         && unclip_unet_predict (unet, sample, WIDE_TIMESTEP, 1, dims[2], dims[3], out, error)
         && unclip_eval_add_pictures (eval, "out_wide", out, 4, dims, error);
}

gboolean
unclip_eval_unet (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_unet_new (eval->model, "decoder", eval->context, error);
  g_autofree float *sample = NULL;
  g_autofree int   *timesteps = NULL;
  const float      *z_i, *context, *time;
  int               dims[4] = { -1, -1, -1, -1 }, z_dims[2] = { -1, -1 }, n_timesteps = -1;

  if (unet == NULL || ! unclip_eval_check_sees_image (eval, unet, error))
    return FALSE;
  z_dims[1] = unclip_unet_image_dim (unet);
  z_i = unclip_eval_floats (eval, "image_embeds", 2, z_dims, error);
  if (z_i == NULL)
    return FALSE;
  dims[0] = z_dims[0];
  dims[1] = unclip_unet_in_channels (unet);
  sample = unclip_eval_pictures (eval, "sample", 4, dims, error);
  timesteps = sample != NULL ? unclip_eval_ints (eval, "timesteps", 1, &n_timesteps, error) : NULL;
  return timesteps != NULL
         && embed (eval, unet, z_i, z_dims[0], &context, &time, error)
         && unclip_unet_set_context (unet, context, NULL, time, z_dims[0], unclip_unet_image_tokens (unet), error)
         && unclip_eval_predict (eval, unet, sample, dims, timesteps, n_timesteps, "decoder", "out", error)
         && (! unclip_eval_has (eval, "sample_wide") || predict_wide (eval, unet, context, time, z_dims[0], error));
}

/* ---- the prior ------------------------------------------------------------------------------ */

/* A prior with what its draws share. */
typedef struct
{
  UnclipEval     *eval;
  UnclipPrior    *prior;
  UnclipSchedule *schedule;
  int            *timesteps, n_steps;
  double          guidance_scale;
  UnclipCaptions  captions;
} Drawing;

static void
drawing_clear (Drawing *drawing)
{
  g_clear_pointer (&drawing->prior, unclip_prior_free);
  g_clear_pointer (&drawing->schedule, unclip_schedule_free);
  g_free (drawing->timesteps);
  unclip_captions_clear (&drawing->captions);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Drawing, drawing_clear)

/* Tokens up to the end of the text, which has the largest id wherever CLIP's tokens come from; padding may be that token, too. */
static int
length_of (const int *ids, int t)
{
  int end = 0;

  for (int i = 1; i < t; i++)
    if (ids[i] > ids[end])
      end = i;
  return end + 1;
}

/* @ids [n, t] through the text tower. */
static gboolean
read_captions (Drawing *drawing, const int *ids, int n, int t, GError **error)
{
  g_autoptr (UnclipTextTower) tower = unclip_text_tower_new (drawing->eval->model, drawing->eval->context, error);
  UnclipCaptions *captions = &drawing->captions;

  if (tower == NULL)
    return FALSE;
  *captions = (UnclipCaptions) { n, t, unclip_text_tower_width (tower), unclip_text_tower_dim (tower), t };
  if (! unclip_fit_text ("prior", unclip_prior_dim (drawing->prior), unclip_prior_length (drawing->prior), captions->dim, captions->width, t, error))
    return FALSE;
  captions->mask = g_new0 (int, n * t);
  captions->states = g_new (float, (gsize) n * t * captions->width);
  captions->z_t = g_new (float, (gsize) n * captions->dim);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < length_of (ids + i * t, t); j++)
      captions->mask[i * t + j] = 1;
  return unclip_text_tower_encode (tower, ids, n, t, captions->states, captions->z_t, error);
}

static gboolean
drawing_init (Drawing *drawing, UnclipEval *eval, GError **error)
{
  drawing->eval = eval;
  drawing->prior = unclip_prior_new (eval->model, eval->context, error);
  drawing->schedule = drawing->prior != NULL ? unclip_stage_schedule (eval->model, "prior_scheduler", error) : NULL;
  return drawing->schedule != NULL
         && unclip_eval_setting_double (eval, "prior_guidance_scale", eval->options->prior_guidance_scale >= 0 ? eval->options->prior_guidance_scale : 4.0,
                                        0, 1000, &drawing->guidance_scale, error);
}

/* What one draw takes and leaves. */
typedef struct
{
  const Drawing *drawing;
  const float   *noises;    /* of its row: step k at k · stride */
  float         *trajectory; /* (nullable): likewise */
  gsize          stride;
} Draw;

static void
given_noise (int step, float *out, gsize n, gpointer data)
{
  const Draw *draw = data;

  memcpy (out, draw->noises + step * draw->stride, n * sizeof (float));
}

static gboolean
record (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  const Draw *draw = data;

  if (draw->trajectory != NULL)
    memcpy (draw->trajectory + (step - 1) * draw->stride, x, unclip_prior_dim (draw->drawing->prior) * sizeof (float));
  return unclip_eval_step (draw->drawing->eval, "prior", step, n_steps, error);
}

/* z [dim] of caption @row, guided away from caption @from; @z begins as the noise. */
static gboolean
draw_caption (const Drawing *drawing, int from, int row, Draw draw, float *z, GError **error)
{
  const UnclipCaptions *captions = &drawing->captions;
  int               dim = captions->dim, t = captions->n_tokens, rows[2] = { from, row };
  gsize             n_states = (gsize) t * captions->width;
  g_autofree float *z_t = g_new (float, 2 * dim), *states = g_new (float, 2 * n_states);
  g_autofree int   *mask = g_new (int, 2 * t);
  UnclipGuidedPrior guided = { drawing->prior, z_t, states, mask, t, captions->width, drawing->guidance_scale };
  UnclipProcess     process = {
    .schedule = drawing->schedule, .n = dim, .timesteps = drawing->timesteps, .n_steps = drawing->n_steps,
    .predict = unclip_guided_prior_predict, .predict_data = &guided,
    .noise = given_noise, .noise_data = &draw, .after = record, .after_data = &draw,
  };

  for (int i = 0; i < 2; i++)
    {
      memcpy (z_t + i * dim, captions->z_t + rows[i] * dim, dim * sizeof (float));
      memcpy (states + i * n_states, captions->states + rows[i] * n_states, n_states * sizeof (float));
      memcpy (mask + i * t, captions->mask + rows[i] * t, t * sizeof (int));
    }
  draw.drawing = drawing;
  if (! unclip_ddpm_sample (&process, z, error))
    return FALSE;
  for (int i = 0; i < dim; i++)
    z[i] = z[i] * unclip_prior_std (drawing->prior)[i] + unclip_prior_mean (drawing->prior)[i];
  return TRUE;
}

/* A copy as an output. */
static gboolean
add_z (UnclipEval *eval, const char *name, const float *z, int dim, GError **error)
{
  float *out = unclip_eval_add (eval, name, 2, (int[]) { 1, dim }, error);

  if (out != NULL)
    memcpy (out, z, dim * sizeof (float));
  return out != NULL;
}

/* A negative caption is sampled like the other, and guided from itself to itself. */
gboolean
unclip_eval_prior_loop_negative (UnclipEval *eval, GError **error)
{
  g_auto (Drawing) drawing = { NULL };
  g_autofree int   *ids = NULL;
  g_autofree float *z = NULL;
  const float      *latents, *noises;
  float            *trajectory;
  int               dims[2] = { 2, -1 }, noise_dims[3] = { -1, 2, 0 }, dim;

  if (! drawing_init (&drawing, eval, error))
    return FALSE;
  dim = noise_dims[2] = unclip_prior_dim (drawing.prior);
  ids = unclip_eval_ints (eval, "input_ids", 2, dims, error);
  latents = ids != NULL ? unclip_eval_floats (eval, "latents", 2, (int[]) { 2, dim }, error) : NULL;
  noises = latents != NULL ? unclip_eval_floats (eval, "noises", 3, noise_dims, error) : NULL;
  if (noises == NULL || ! read_captions (&drawing, ids, 2, dims[1], error))
    return FALSE;
  drawing.n_steps = noise_dims[0] + 1;
  drawing.timesteps = unclip_timesteps_ddpm (drawing.schedule, drawing.n_steps);
  trajectory = unclip_eval_add (eval, "trajectory", 3, (int[]) { drawing.n_steps, 2, dim }, error);
  if (trajectory == NULL)
    return FALSE;
  z = g_memdup2 (latents, 2 * dim * sizeof (float));
  for (int row = 0; row < 2; row++)
    if (! draw_caption (&drawing, 1, row, (Draw) { NULL, noises + row * dim, trajectory + row * dim, 2 * dim }, z + row * dim, error)
        || ! add_z (eval, row == 0 ? "image_embeds" : "negative_image_embeds", z + row * dim, dim, error))
      return FALSE;
  return TRUE;
}

/* The ids of the file's captions, behind those of the empty one. */
static int *
ids_after_empty (UnclipEval *eval, int dims[2], GError **error)
{
  g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (eval->model, error);
  g_autofree int *given = tokenizer != NULL ? unclip_eval_ints (eval, "input_ids", 2, dims, error) : NULL, *mask = NULL;
  int            *ids, t;

  if (given == NULL || ! unclip_eval_check_fit (eval, _("the length of the tokenizer's texts"), unclip_tokenizer_max_length (tokenizer), "input_ids", dims[1], error))
    return NULL;
  t = dims[1];
  ids = g_new (int, (dims[0] + 1) * t);
  mask = g_new (int, t);
  unclip_tokenizer_encode (tokenizer, "", ids, mask);
  memcpy (ids + t, given, dims[0] * t * sizeof (int));
  return ids;
}

static float *
embed_picture (UnclipEval *eval, int dim, GError **error)
{
  g_autoptr (UnclipImageTower) tower = unclip_image_tower_new (eval->model, eval->context, error);
  int               size = tower != NULL ? unclip_image_tower_size (tower) : 0;
  g_autofree float *pixel_values = tower != NULL ? unclip_eval_pictures (eval, "pixel_values", 4, (int[]) { 1, 3, size, size }, error) : NULL;
  g_autofree float *z = g_new (float, dim);

  if (pixel_values == NULL
      || ! unclip_eval_check_fit (eval, _("the width of z_i"), dim, _("of the image encoder's"), unclip_image_tower_dim (tower), error)
      || ! unclip_image_tower_encode (tower, pixel_values, 1, NULL, z, error))
    return NULL;
  return g_steal_pointer (&z);
}

gboolean
unclip_eval_add_negative (UnclipEval *eval, GError **error)
{
  int               dim;
  g_autofree float *z = NULL;

  if (unclip_model_family (eval->model)->conditioner != UNCLIP_CONDITIONER_IMAGE)
    return TRUE;
  z = unclip_negative_embedding (eval->model, NULL, eval->context, &dim, error);

  return z != NULL && add_z (eval, "negative_image_embeds", z, dim, error);
}

/* Between a caption, a picture and a caption: the plain weighted sum. The last caption is a negative one. */
gboolean
unclip_eval_prior_interpolate (UnclipEval *eval, GError **error)
{
  static const char *const names[] = { "text.0", "text.1", "negative.negative_image_embeds" }, *const noise_names[] = { "noises.0", "noises.1", "noises.negative" };
  g_auto (Drawing) drawing = { NULL };
  g_autofree int   *ids = NULL;
  g_autofree float *z = NULL, *of_picture = NULL, *sum = NULL;
  const float      *latents, *weights;
  int               dims[2] = { 3, -1 }, dim;

  if (! drawing_init (&drawing, eval, error))
    return FALSE;
  dim = unclip_prior_dim (drawing.prior);
  ids = ids_after_empty (eval, dims, error);
  latents = ids != NULL ? unclip_eval_floats (eval, "latents", 2, (int[]) { 1, dim }, error) : NULL;
  weights = latents != NULL ? unclip_eval_floats (eval, "weights", 1, (int[]) { 3 }, error) : NULL;
  of_picture = weights != NULL ? embed_picture (eval, dim, error) : NULL;
  if (of_picture == NULL || ! read_captions (&drawing, ids, 4, dims[1], error))
    return FALSE;
  z = g_new (float, 3 * dim);
  for (int i = 0; i < 3; i++)
    {
      int          noise_dims[3] = { -1, 1, dim };
      const float *noises = unclip_eval_floats (eval, noise_names[i], 3, noise_dims, error);

      if (noises == NULL)
        return FALSE;
      g_free (drawing.timesteps);
      drawing.n_steps = noise_dims[0] + 1;
      drawing.timesteps = unclip_timesteps_ddpm (drawing.schedule, drawing.n_steps);
      memcpy (z + i * dim, latents, dim * sizeof (float));
      if (! draw_caption (&drawing, 0, 1 + i, (Draw) { NULL, noises, NULL, dim }, z + i * dim, error)
          || ! add_z (eval, names[i], z + i * dim, dim, error))
        return FALSE;
    }
  sum = g_new (float, dim);
  for (int i = 0; i < dim; i++)
    sum[i] = weights[0] * z[i] + weights[1] * of_picture[i] + weights[2] * z[dim + i];
  return add_z (eval, "image_embeds", sum, dim, error) && add_z (eval, "negative.image_embeds", sum, dim, error) && unclip_eval_add_negative (eval, error);
}

/* ---- its autoencoder -------------------------------------------------------------------------- */

gboolean
unclip_eval_movq_encode (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = unclip_autoencoder_new (eval->model, "movq", UNCLIP_AUTOENCODER_ENCODER, eval->context, error);

  return autoencoder != NULL && unclip_eval_autoencoder_movq_encode (eval, autoencoder, error);
}

gboolean
unclip_eval_movq_decode (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = NULL;

  autoencoder = unclip_autoencoder_new (eval->model, "movq", UNCLIP_AUTOENCODER_DECODER | UNCLIP_AUTOENCODER_CODEBOOK, eval->context, error);
  return autoencoder != NULL && unclip_eval_autoencoder_movq_decode (eval, autoencoder, error);
}
