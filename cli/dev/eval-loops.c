/* Eval tasks that run a sampling loop of the UnCLIP scheduler with given noise, and the loops themselves.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "codec.h"

/* ---- pairs of conditions ---------------------------------------------------------------- */

gpointer
unclip_eval_pair (gconstpointer rows, int n_rows, int row, gsize row_size)
{
  int    n = n_rows / 2, at = n == 1 ? 0 : row;
  guint8 *pair = g_malloc (2 * row_size);

  memcpy (pair, (const guint8 *) rows + at * row_size, row_size);
  memcpy (pair + row_size, (const guint8 *) rows + (n + at) * row_size, row_size);
  return pair;
}

gboolean
unclip_eval_check_pairs (const UnclipEval *eval, const char *name, int n_rows, int n, GError **error)
{
  if (n_rows == 2 || n_rows == 2 * n)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
               _("%s: \"%s\" has %d rows, but must have an unconditional and a conditional one for each of %d"),
               eval->in_path, name, n_rows, n);
  return FALSE;
}

gboolean
unclip_eval_guided_decoder (UnclipGuidedDecoder       *guided,
                            UnclipUnet                *unet,
                            const UnclipEvalCondition *condition,
                            int                        row,
                            int                        size,
                            double                     guidance_scale,
                            GError                   **error)
{
  int n = condition->n_rows, n_tokens = condition->n_tokens;
  g_autofree float *context = unclip_eval_pair (condition->context, n, row, (gsize) n_tokens * condition->context_width * sizeof (float));
  g_autofree int   *mask = condition->mask != NULL ? unclip_eval_pair (condition->mask, n, row, n_tokens * sizeof (int)) : NULL;
  g_autofree float *time = unclip_eval_pair (condition->time, n, row, condition->time_width * sizeof (float));

  return unclip_guided_decoder_init (guided, unet, size, unclip_unet_in_channels (unet), context, mask, time, n_tokens, guidance_scale, error);
}

/* ---- reading a loop ----------------------------------------------------------------------- */

/**
 * Loop:
 * @n_rows: states that are run, one after the other
 * @h: pixels; 1 where the states are vectors
 * @w: likewise
 * @c: channels, or values of a vector
 * @timesteps: [n_steps], falling
 * @x: [n_rows, h, w, c]: start noise, becomes the result
 * @noises: [n_noises, n_rows, h, w, c]
 * @trajectory: [n_steps, n_rows, h, w, c]: the states after every step
 * @limits: [n_steps, n_rows]: of dynamic thresholding
 * @stage: for progress
 */
typedef struct
{
  const UnclipEval *eval;
  int               n_rows, h, w, c, n_steps, n_noises;
  int              *timesteps;
  float            *x, *noises, *trajectory, *limits;
  const char       *stage;
  int               row; /* the one that runs now */
} Loop;

static void
loop_clear (Loop *loop)
{
  g_clear_pointer (&loop->timesteps, g_free);
  g_clear_pointer (&loop->x, g_free);
  g_clear_pointer (&loop->noises, g_free);
  g_clear_pointer (&loop->trajectory, g_free);
  g_clear_pointer (&loop->limits, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loop, loop_clear)

static gsize
state_size (const Loop *loop)
{
  return (gsize) loop->h * loop->w * loop->c;
}

/* Falling, and of the schedule. */
static gboolean
check_timesteps (const Loop *loop, const UnclipSchedule *schedule, GError **error)
{
  for (int i = 0; i < loop->n_steps; i++)
    if (loop->timesteps[i] >= (i == 0 ? schedule->n_train : loop->timesteps[i - 1]))
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" must fall, from below %d"), loop->eval->in_path, "timesteps", schedule->n_train);
        return FALSE;
      }
  return TRUE;
}

/* @n_channels: of states that are pictures; 0: they are vectors */
static gboolean
read_latents (Loop *loop, int n_channels, GError **error)
{
  int          dims[4] = { -1, n_channels > 0 ? n_channels : -1, -1, -1 };
  const float *vectors;

  if (n_channels > 0)
    {
      loop->x = unclip_eval_pictures (loop->eval, "latents", 4, dims, error);
      loop->h = dims[2];
      loop->w = dims[3];
      if (loop->x != NULL && loop->h != loop->w)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has pictures of %d × %d, but they must be square"),
                       loop->eval->in_path, "latents", loop->w, loop->h);
          return FALSE;
        }
    }
  else
    {
      vectors = unclip_eval_floats (loop->eval, "latents", 2, dims, error);
      loop->x = vectors != NULL ? g_memdup2 (vectors, (gsize) dims[0] * dims[1] * sizeof (float)) : NULL;
      loop->h = loop->w = 1;
    }
  loop->n_rows = dims[0];
  loop->c = dims[1];
  return loop->x != NULL;
}

static gboolean
read_noises (Loop *loop, int n_channels, GError **error)
{
  const UnclipTensor *tensor = unclip_tensors_find (loop->eval->in, "noises");
  int                 dims[5] = { -1, loop->n_rows, loop->c, loop->h, loop->w };
  const float        *vectors;

  /* A loop of one step has none. */
  if (tensor == NULL || tensor->n == 0)
    return TRUE;
  if (n_channels > 0)
    loop->noises = unclip_eval_pictures (loop->eval, "noises", 5, dims, error);
  else if ((vectors = unclip_eval_floats (loop->eval, "noises", 3, dims, error)) != NULL)
    loop->noises = g_memdup2 (vectors, tensor->n * sizeof (float));
  loop->n_noises = dims[0];
  return loop->noises != NULL;
}

static gboolean
read_timesteps (Loop *loop, const UnclipSchedule *schedule, int n_steps, GError **error)
{
  if (n_steps == 0 && unclip_eval_has (loop->eval, "timesteps"))
    {
      loop->n_steps = -1;
      loop->timesteps = unclip_eval_ints (loop->eval, "timesteps", 1, &loop->n_steps, error);
      return loop->timesteps != NULL && check_timesteps (loop, schedule, error);
    }

  loop->n_steps = n_steps > 0 ? n_steps : loop->n_noises + 1;
  if (loop->n_steps > schedule->n_train)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%d steps are more than the schedule's %d"), loop->n_steps, schedule->n_train);
      return FALSE;
    }
  loop->timesteps = unclip_timesteps_ddpm (schedule, loop->n_steps);
  return TRUE;
}

/* Noise, timesteps and room for what the loop makes of @loop->x, which is there. */
static gboolean
loop_read_rest (Loop *loop, const UnclipSchedule *schedule, int n_channels, int n_steps, GError **error)
{
  int n_needed;

  if (! read_noises (loop, n_channels, error) || ! read_timesteps (loop, schedule, n_steps, error))
    return FALSE;

  /* DDPMScheduler's last step takes some, too, unless it is that of timestep 0. */
  n_needed = loop->n_steps - (schedule->has_table_steps || loop->timesteps[loop->n_steps - 1] == 0);
  if (loop->n_noises < n_needed)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has noise for %d steps, but a loop of %d takes %d"),
                   loop->eval->in_path, "noises", loop->n_noises, loop->n_steps, n_needed);
      return FALSE;
    }
  loop->limits = g_new0 (float, (gsize) loop->n_steps * loop->n_rows);
  loop->trajectory = unclip_eval_new (loop->n_steps * loop->n_rows * state_size (loop), error);
  return loop->trajectory != NULL;
}

/* Tensors "latents", "noises" and "timesteps". @n_channels: states are square pictures of as many; 0: vectors.
 * @n_steps: 0: as many as there are timesteps in the file; or else one more than noises */
static gboolean
loop_read (Loop *loop, const UnclipEval *eval, const UnclipSchedule *schedule, int n_channels, int n_steps, GError **error)
{
  *loop = (Loop) { .eval = eval };
  return read_latents (loop, n_channels, error) && loop_read_rest (loop, schedule, n_channels, n_steps, error);
}

/* ---- running it ------------------------------------------------------------------------------ */

static void
given_noise (int step, float *out, gsize n, gpointer data)
{
  const Loop *loop = data;

  memcpy (out, loop->noises + ((gsize) step * loop->n_rows + loop->row) * n, n * sizeof (float));
}

static gboolean
record (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  Loop *loop = data;
  gsize           n = state_size (loop);

  memcpy (loop->trajectory + ((gsize) (step - 1) * loop->n_rows + loop->row) * n, x, n * sizeof (float));
  return unclip_eval_step (loop->eval, loop->stage, loop->row * n_steps + step, loop->n_rows * n_steps, error);
}

/* Row @row, from its start noise to its result. */
static gboolean
run_row (Loop *loop, int row, const UnclipSchedule *schedule, UnclipPredict predict, gpointer predict_data, GError **error)
{
  UnclipProcess process = {
    .schedule = schedule,
    .n = state_size (loop),
    .timesteps = loop->timesteps,
    .n_steps = loop->n_steps,
    .predict = predict,
    .predict_data = predict_data,
    .noise = given_noise,
    .noise_data = loop,
    .after = record,
    .after_data = loop,
  };

  loop->row = row;
  return unclip_ddpm_sample (&process, loop->x + row * process.n, error);
}

/* These three run all rows of a loop. @z_t [n_pairs, dim], @text_states [n_pairs, length, dim], @text_mask
 * [n_pairs, length], n_pairs as unclip_eval_pair () has n_rows. */
static gboolean
loop_prior (Loop *loop, UnclipPrior *prior, const UnclipSchedule *schedule, const float *z_t, const float *text_states, const int *text_mask, int n_pairs,
            double guidance_scale, GError **error)
{
  int dim = unclip_prior_dim (prior), length = unclip_prior_length (prior);

  loop->stage = "prior";
  for (int row = 0; row < loop->n_rows; row++)
    {
      g_autofree float *z = unclip_eval_pair (z_t, n_pairs, row, dim * sizeof (float));
      g_autofree float *states = unclip_eval_pair (text_states, n_pairs, row, (gsize) length * dim * sizeof (float));
      g_autofree int   *mask = text_mask != NULL ? unclip_eval_pair (text_mask, n_pairs, row, length * sizeof (int)) : NULL;
      UnclipGuidedPrior guided = { prior, z, states, mask, length, dim, guidance_scale };

      if (! run_row (loop, row, schedule, unclip_guided_prior_predict, &guided, error))
        return FALSE;
    }
  return TRUE;
}

/* The decoder, and where dynamic thresholding limits what it says. */
typedef struct
{
  UnclipGuidedDecoder   guided;
  const UnclipSchedule *schedule;
  Loop                 *loop;
  int                   step;
} Limited;

static void
limited_clear (Limited *limited)
{
  unclip_guided_decoder_clear (&limited->guided);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Limited, limited_clear)

static gboolean
predict_limited (const float *x, int t, float *eps, float *v, gpointer data, GError **error)
{
  Limited              *limited = data;
  const UnclipSchedule *schedule = limited->schedule;
  gsize                 n = state_size (limited->loop);
  float                 signal = sqrtf (schedule->alpha_bar[t]), noise = sqrtf (1.0f - schedule->alpha_bar[t]);
  g_autofree float     *x_0 = NULL;

  if (! unclip_guided_decoder_predict (x, t, eps, v, &limited->guided, error))
    return FALSE;
  if (schedule->threshold_ratio == 0)
    return TRUE;
  x_0 = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    x_0[i] = (x[i] - noise * eps[i]) / signal;
  limited->loop->limits[limited->step++ * limited->loop->n_rows + limited->loop->row] = unclip_threshold (x_0, n, schedule->threshold_ratio, schedule->threshold_most);
  return TRUE;
}

static gboolean
loop_decoder (Loop *loop, UnclipUnet *unet, const UnclipSchedule *schedule, const UnclipEvalCondition *condition, double guidance_scale, GError **error)
{
  loop->stage = "decoder";
  for (int row = 0; row < loop->n_rows; row++)
    {
      g_auto (Limited) limited = { .schedule = schedule, .loop = loop };

      if (! unclip_eval_guided_decoder (&limited.guided, unet, condition, row, loop->h, guidance_scale, error)
          || ! run_row (loop, row, schedule, predict_limited, &limited, error))
        return FALSE;
    }
  return TRUE;
}

/* Outputs of the decoder's loop: trajectory; the result, clamped, as image_small or as the picture that the codec makes of it; limits. */
static gboolean
add_decoded (UnclipEval *eval, const Loop *loop, const UnclipSchedule *schedule, GError **error)
{
  UnclipCodec       codec;
  gsize             n = state_size (loop), n_picture;
  g_autofree float *pictures = NULL;
  int               side;

  if (! unclip_eval_add_pictures (eval, "trajectory", loop->trajectory, 5, (int[]) { loop->n_steps, loop->n_rows, loop->c, loop->h, loop->w }, error)
      || ! unclip_codec_init (&codec, eval->model, error))
    return FALSE;
  side = loop->h * codec.factor;
  n_picture = (gsize) side * side * 3;
  pictures = unclip_eval_new (loop->n_rows * n_picture, error);
  if (pictures == NULL)
    return FALSE;
  for (int row = 0; row < loop->n_rows; row++)
    if (! unclip_codec_decode (&codec, eval->model, eval->context, loop->x + row * n, side, pictures + row * n_picture, error))
      return FALSE;
  for (gsize i = 0; i < loop->n_rows * n_picture; i++)
    pictures[i] = codec.is_lossless ? CLAMP (pictures[i], -1.0f, 1.0f) : CLAMP (pictures[i] * 0.5f + 0.5f, 0.0f, 1.0f);
  if (schedule->threshold_ratio > 0)
    {
      float *limits = unclip_eval_add (eval, "limits", loop->n_rows == 1 ? 1 : 2, (int[]) { loop->n_steps, loop->n_rows }, error);

      if (limits == NULL)
        return FALSE;
      memcpy (limits, loop->limits, (gsize) loop->n_steps * loop->n_rows * sizeof (float));
    }
  return unclip_eval_add_pictures (eval, codec.is_lossless ? "image_small" : "image", pictures, 4, (int[]) { loop->n_rows, 3, side, side }, error);
}

/* @upscaled: (out caller-allocates): [n_rows, h, w, c]; @image: the result as a picture in [0, 1] */
static gboolean
loop_super_res (Loop *loop, const UnclipSchedule *schedule, const float *image_small, int small_size, float *upscaled, float *image, GError **error)
{
  g_auto (UnclipUpsampler) upsampler = { 0 };
  gsize n = state_size (loop), n_small = (gsize) small_size * small_size * loop->c;

  loop->stage = "super_res";
  if (! unclip_upsampler_init (&upsampler, loop->eval->model, "super_res_first", loop->eval->context, error))
    return FALSE;
  for (int row = 0; row < loop->n_rows; row++)
    {
      if (! unclip_upsampler_condition (&upsampler, image_small + row * n_small, small_size, loop->h, loop->timesteps[loop->n_steps - 1], error))
        return FALSE;
      memcpy (upscaled + row * n, upsampler.enlarged, n * sizeof (float));
      if (! run_row (loop, row, schedule, unclip_upsampler_predict, &upsampler, error))
        return FALSE;
    }
  for (gsize i = 0; i < loop->n_rows * n; i++)
    image[i] = CLAMP (loop->x[i] * 0.5f + 0.5f, 0.0f, 1.0f);
  return TRUE;
}

/* ---- the tasks ----------------------------------------------------------------------------------- */

/* Options and then settings over the manifest's @fallback. */
static gboolean
read_guidance (const UnclipEval *eval, double of_options, double fallback, double *out, GError **error)
{
  return unclip_eval_setting_double (eval, "guidance_scale", of_options >= 0 ? of_options : fallback, 0, 1000, out, error);
}

gboolean
unclip_eval_prior_loop (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipPrior) prior = unclip_prior_new (eval->model, eval->context, error);
  g_autoptr (UnclipSchedule) schedule = NULL;
  g_auto (Loop) loop = { 0 };
  g_autofree int *mask = NULL;
  const float    *z_t, *states, *mean, *std;
  float          *trajectory, *embeds;
  int             dims[2] = { -1, 0 }, n_steps, n_pairs, length, dim;
  double          guidance_scale;

  if (prior == NULL)
    return FALSE;
  schedule = unclip_stage_schedule (eval->model, "prior_scheduler", error);
  if (schedule == NULL
      || ! unclip_eval_setting_int (eval, "n_steps", eval->options->prior_n_steps, 1, schedule->n_train, &n_steps, error)
      || ! unclip_eval_setting_int (eval, "prior_n_steps", n_steps, 1, schedule->n_train, &n_steps, error)
      || ! read_guidance (eval, eval->options->prior_guidance_scale, 4.0, &guidance_scale, error)
      || ! unclip_eval_setting_double (eval, "prior_guidance_scale", guidance_scale, 0, 1000, &guidance_scale, error)
      || ! loop_read (&loop, eval, schedule, 0, n_steps, error))
    return FALSE;

  dim = dims[1] = unclip_prior_dim (prior);
  length = unclip_prior_length (prior);
  if (unclip_eval_floats (eval, "latents", 2, (int[]) { -1, dim }, error) == NULL)
    return FALSE;
  z_t = unclip_eval_floats (eval, "proj_embedding", 2, dims, error);
  if (z_t == NULL)
    return FALSE;
  n_pairs = dims[0];
  if (! unclip_eval_check_pairs (eval, "proj_embedding", n_pairs, loop.n_rows, error))
    return FALSE;
  states = unclip_eval_floats (eval, "encoder_hidden_states", 3, (int[]) { n_pairs, length, dim }, error);
  if (states == NULL)
    return FALSE;
  if (unclip_eval_has (eval, "attention_mask")
      && (mask = unclip_eval_ints (eval, "attention_mask", 2, (int[]) { n_pairs, length }, error)) == NULL)
    return FALSE;

  if (! loop_prior (&loop, prior, schedule, z_t, states, mask, n_pairs, guidance_scale, error))
    return FALSE;

  trajectory = unclip_eval_add (eval, "trajectory", 3, (int[]) { loop.n_steps, loop.n_rows, dim }, error);
  if (trajectory == NULL)
    return FALSE;
  memcpy (trajectory, loop.trajectory, (gsize) loop.n_steps * loop.n_rows * dim * sizeof (float));
  embeds = unclip_eval_add (eval, "image_embeds", 2, (int[]) { loop.n_rows, dim }, error);
  if (embeds == NULL)
    return FALSE;
  mean = unclip_prior_mean (prior);
  std = unclip_prior_std (prior);
  for (int i = 0; i < loop.n_rows * dim; i++)
    embeds[i] = loop.x[i] * std[i % dim] + mean[i % dim];
  return unclip_eval_add_negative (eval, error);
}

/* Everything but the loop's states. */
static gboolean
read_decoder (UnclipEval *eval, UnclipUnet **unet, UnclipSchedule **schedule, int *n_steps, double *guidance_scale, UnclipEvalCondition *condition, GError **error)
{
  *unet = unclip_unet_new (eval->model, "decoder", eval->context, error);
  *schedule = *unet != NULL ? unclip_stage_schedule (eval->model, "decoder_scheduler", error) : NULL;
  return *schedule != NULL
         && unclip_eval_setting_int (eval, "n_steps", eval->options->n_steps, 1, (*schedule)->n_train, n_steps, error)
         && read_guidance (eval, eval->options->guidance_scale, unclip_family_default (unclip_model_family (eval->model), "decoder_guidance_scale", 8.0),
                           guidance_scale, error)
         && unclip_eval_condition_read (condition, eval, *unet, error);
}

gboolean
unclip_eval_decoder_loop (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipUnet) unet = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  g_auto (Loop) loop = { 0 };
  g_auto (UnclipEvalCondition) condition = { 0 };
  int    n_steps;
  double guidance_scale;

  return read_decoder (eval, &unet, &schedule, &n_steps, &guidance_scale, &condition, error)
         && loop_read (&loop, eval, schedule, unclip_unet_in_channels (unet), n_steps, error)
         && unclip_eval_check_pairs (eval, "encoder_hidden_states", condition.n_rows, loop.n_rows, error)
         && loop_decoder (&loop, unet, schedule, &condition, guidance_scale, error)
         && add_decoded (eval, &loop, schedule, error);
}

/* Output latents, what the codec makes of tensor pixels, and output start, the same under tensor noise as it is at the first timestep: @loop->x. */
static gboolean
begin_with_picture (Loop *loop, UnclipEval *eval, const UnclipUnet *unet, const UnclipSchedule *schedule, int n_steps, GError **error)
{
  UnclipCodec       codec;
  int               dims[4] = { 1, 3, -1, -1 };
  g_autofree float *pixels = unclip_eval_pictures (eval, "pixels", 4, dims, error), *noise = NULL;
  float             alpha_bar;

  if (pixels == NULL || ! unclip_codec_init (&codec, eval->model, error))
    return FALSE;
  if (dims[2] != dims[3] || dims[2] % codec.factor != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has pictures of %d × %d, but they must be square"), eval->in_path, "pixels", dims[3], dims[2]);
      return FALSE;
    }
  *loop = (Loop) { .eval = eval, .n_rows = 1, .h = dims[2] / codec.factor, .w = dims[2] / codec.factor, .c = codec.n_channels };
  loop->x = unclip_eval_new (state_size (loop), error);
  dims[1] = loop->c;
  dims[2] = loop->h;
  dims[3] = loop->w;
  noise = loop->x != NULL ? unclip_eval_pictures (eval, "noise", 4, dims, error) : NULL;
  if (noise == NULL
      || ! unclip_codec_encode (&codec, eval->model, eval->context, pixels, loop->h * codec.factor, loop->x, error)
      || ! unclip_eval_add_pictures (eval, "latents", loop->x, 4, dims, error)
      || ! loop_read_rest (loop, schedule, unclip_unet_in_channels (unet), n_steps, error))
    return FALSE;
  alpha_bar = schedule->alpha_bar[loop->timesteps[0]];
  for (gsize i = 0; i < state_size (loop); i++)
    loop->x[i] = sqrtf (alpha_bar) * loop->x[i] + sqrtf (1.0f - alpha_bar) * noise[i];
  return unclip_eval_add_pictures (eval, "start", loop->x, 4, dims, error);
}

gboolean
unclip_eval_img2img (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipUnet) unet = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  g_auto (Loop) loop = { 0 };
  g_auto (UnclipEvalCondition) condition = { 0 };
  int    n_steps;
  double guidance_scale;

  return read_decoder (eval, &unet, &schedule, &n_steps, &guidance_scale, &condition, error)
         && begin_with_picture (&loop, eval, unet, schedule, n_steps, error)
         && unclip_eval_check_pairs (eval, "image_embeds", condition.n_rows, loop.n_rows, error)
         && loop_decoder (&loop, unet, schedule, &condition, guidance_scale, error)
         && add_decoded (eval, &loop, schedule, error);
}

gboolean
unclip_eval_super_res_loop (UnclipEval *eval, GError **error)
{
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (eval->model, "super_res_scheduler", error);
  g_auto (Loop) loop = { 0 };
  g_autofree float *image_small = NULL, *upscaled = NULL, *image = NULL;
  int               dims[4] = { -1, 3, -1, -1 }, n_steps;

  if (schedule == NULL
      || ! unclip_eval_setting_int (eval, "n_steps", eval->options->super_res_n_steps, 1, schedule->n_train, &n_steps, error)
      || ! unclip_eval_setting_int (eval, "super_res_n_steps", n_steps, 1, schedule->n_train, &n_steps, error)
      || ! loop_read (&loop, eval, schedule, 3, n_steps, error))
    return FALSE;
  dims[0] = loop.n_rows;
  image_small = unclip_eval_pictures (eval, "image_small", 4, dims, error);
  if (image_small == NULL)
    return FALSE;
  if (dims[2] != dims[3])
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has pictures of %d × %d, but they must be square"),
                   eval->in_path, "image_small", dims[3], dims[2]);
      return FALSE;
    }

  upscaled = unclip_eval_new (loop.n_rows * state_size (&loop), error);
  image = unclip_eval_new (loop.n_rows * state_size (&loop), upscaled != NULL ? error : NULL);
  if (upscaled == NULL || image == NULL
      || ! loop_super_res (&loop, schedule, image_small, dims[2], upscaled, image, error))
    return FALSE;

  dims[2] = loop.h;
  dims[3] = loop.w;
  return unclip_eval_add_pictures (eval, "upscaled", upscaled, 4, dims, error)
         && unclip_eval_add_pictures (eval, "trajectory", loop.trajectory, 5,
                                      (int[]) { loop.n_steps, loop.n_rows, loop.c, loop.h, loop.w }, error)
         && unclip_eval_add_pictures (eval, "image", image, 4, dims, error);
}
