/* Eval tasks that run all stages in a row, as the pipelines of diffusers do: variation and text2image.
 *
 * They are the functions that users call (edits/generate.h), once for each row, with the file's random numbers in the
 * place of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "generate.h"

/* What the pipelines take where nobody says otherwise. */
#define PRIOR_GUIDANCE 4.0
#define DECODER_GUIDANCE 8.0

/* ---- random numbers ------------------------------------------------------------------------ */

/* What one stage draws, as it lies in the file: [n_rows, n] to begin with, and [n_noises, n_rows, n], of which its steps take @n_taken. */
typedef struct
{
  const float *latents, *noises;
  int          n_rows, n_noises, n_steps, n_taken;
  gsize        n;
} Draws;

/* Tensors "@stage latents" and "@stage noises" of rows of the sizes @row. @n_steps: 0: as many as there are noises for. @n_without: steps that take
 * none: the last, as a rule */
static gboolean
read_draws (Draws *draws, const UnclipEval *eval, const char *stage, int n_dims, const int *row, int n_steps, int n_without, GError **error)
{
  g_autofree char *latents = g_strconcat (stage, "latents", NULL), *noises = g_strconcat (stage, "noises", NULL);
  const UnclipTensor *tensor = unclip_tensors_find (eval->in, noises);
  int dims[5] = { -1 };

  *draws = (Draws) { .n = 1 };
  for (int i = 0; i < n_dims; i++)
    {
      dims[1 + i] = row[i];
      draws->n *= row[i];
    }
  draws->latents = unclip_eval_floats (eval, latents, 1 + n_dims, dims, error);
  if (draws->latents == NULL)
    return FALSE;
  draws->n_rows = dims[0];

  /* A loop of one step has none. */
  if (tensor != NULL && tensor->n > 0)
    {
      dims[0] = -1;
      dims[1] = draws->n_rows;
      for (int i = 0; i < n_dims; i++)
        dims[2 + i] = row[i];
      draws->noises = unclip_eval_floats (eval, noises, 2 + n_dims, dims, error);
      if (draws->noises == NULL)
        return FALSE;
      draws->n_noises = dims[0];
    }
  draws->n_steps = n_steps > 0 ? n_steps : draws->n_noises + n_without;
  draws->n_taken = draws->n_steps - n_without;
  if (draws->n_steps > 0 && draws->n_noises >= draws->n_taken)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has noise for %d steps, but a loop of %d takes %d"),
               eval->in_path, noises, draws->n_noises, draws->n_steps, draws->n_taken);
  return FALSE;
}

/* Those of row @row, in the order in which they are drawn; where there is but one row it serves for all. */
static void
add_draws (GArray *values, const Draws *draws, int row)
{
  int at = draws->n_rows == 1 ? 0 : row;

  g_array_append_vals (values, draws->latents + at * draws->n, draws->n);
  for (int k = 0; k < draws->n_taken; k++)
    g_array_append_vals (values, draws->noises + ((gsize) k * draws->n_rows + at) * draws->n, draws->n);
}

/* ---- the pipeline, row by row ----------------------------------------------------------------- */

/* @z_i: (nullable): [n_embeds, dim], in the place of the prior's */
typedef struct
{
  UnclipEval   *eval;
  UnclipOptions options;
  UnclipRun     run;
  const float  *z_i;
  int           n_embeds, dim;
  Draws         prior, decoder, super_res;
  double        guidance_scale;
  int           row;
  GArray       *trajectory; /* values of the decoder's states, step by step */
} Pipeline;

static void
pipeline_clear (Pipeline *pipeline)
{
  unclip_run_clear (&pipeline->run);
  g_clear_pointer (&pipeline->trajectory, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pipeline, pipeline_clear)

/* Of one row to that of all. */
static void
pass_on (const UnclipProgress *progress, gpointer data)
{
  const Pipeline      *pipeline = data;
  const UnclipOptions *options = pipeline->eval->options;
  UnclipProgress       of_all = *progress;

  of_all.fraction = (pipeline->row + progress->fraction) / pipeline->decoder.n_rows;
  if (options->progress != NULL)
    options->progress (&of_all, options->progress_data);
}

/* The noise of the prior, and how long z_i is; none where that is given. */
static gboolean
read_prior (Pipeline *pipeline, GError **error)
{
  UnclipEval *eval = pipeline->eval;
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipSchedule) schedule = NULL;
  int n_steps;

  if (pipeline->z_i != NULL)
    return TRUE;
  config = unclip_model_config (eval->model, "prior", error);
  if (config == NULL || ! unclip_config_int (config, "embedding_dim", 768, 1, 65536, &pipeline->dim, error))
    return FALSE;
  schedule = unclip_stage_schedule (eval->model, "prior_scheduler", error);
  if (schedule == NULL
      || ! unclip_eval_setting_int (eval, "prior_n_steps", pipeline->options.prior_n_steps, 1, schedule->n_train, &n_steps, error)
      || ! read_draws (&pipeline->prior, eval, "prior_", 1, &pipeline->dim, n_steps, 1, error))
    return FALSE;
  pipeline->n_embeds = pipeline->prior.n_rows;
  pipeline->options.prior_n_steps = pipeline->prior.n_steps;
  if (pipeline->prior.n_steps <= schedule->n_train)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%d steps are more than the schedule's %d"), pipeline->prior.n_steps, schedule->n_train);
  return FALSE;
}

/* Whether the pipelines of the model's family have one. */
static gboolean
has_upsampler (const UnclipEval *eval)
{
  return unclip_family_find (unclip_model_family (eval->model), UNCLIP_FIRST_UPSAMPLER) != NULL;
}

static gboolean
check_rows (const Pipeline *pipeline, GError **error)
{
  int n_rows = pipeline->decoder.n_rows;

  if (pipeline->n_embeds != 1 && pipeline->n_embeds != n_rows)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has %d rows, but there are %d embeddings"),
                 pipeline->eval->in_path, "decoder_latents", n_rows, pipeline->n_embeds);
  else if (has_upsampler (pipeline->eval) && pipeline->super_res.n_rows != n_rows)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has %d rows, but \"%s\" has %d"),
                 pipeline->eval->in_path, "super_res_latents", pipeline->super_res.n_rows, "decoder_latents", n_rows);
  else
    return TRUE;
  return FALSE;
}

static void
watch (const float *x, gpointer data)
{
  Pipeline *pipeline = data;

  g_array_append_vals (pipeline->trajectory, x, pipeline->run.n_state);
}

/* All that the rows share. */
static gboolean
pipeline_init (Pipeline *pipeline, GError **error)
{
  UnclipEval      *eval = pipeline->eval;
  UnclipOptions   *options = &pipeline->options;
  const BkContext *context = eval->context;
  UnclipRun       *run = &pipeline->run;
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (eval->model, "decoder_scheduler", error);
  int n_steps, super_res_n_steps, n_without;

  if (schedule == NULL)
    return FALSE;
  /* DDPMScheduler's last step takes noise, too, unless it is that of timestep 0. */
  n_without = schedule->has_table_steps || schedule->offset == 0;
  /* torch's numbers, though the file's own stand in for them: so diffusers' order of draws holds, and one z_i. */
  *options = *eval->options;
  options->rng = UNCLIP_RNG_TORCH;
  options->sampler = UNCLIP_SAMPLER_DDPM;
  options->size = 0;
  options->progress = pass_on;
  options->progress_data = pipeline;
  options->note = NULL;
  options->used = NULL;
  if (! unclip_eval_setting_double (eval, "guidance_scale", options->guidance_scale >= 0 ? options->guidance_scale
                                    : unclip_family_default (unclip_model_family (eval->model), "decoder_guidance_scale", DECODER_GUIDANCE), 0, 1000,
                                    &pipeline->guidance_scale, error)
      || ! unclip_eval_setting_double (eval, "prior_guidance_scale", options->prior_guidance_scale >= 0 ? options->prior_guidance_scale : PRIOR_GUIDANCE, 0, 1000,
                                       &options->prior_guidance_scale, error)
      || ! unclip_eval_setting_int (eval, "n_steps", options->n_steps, 1, 1000, &n_steps, error)
      || ! unclip_eval_setting_int (eval, "super_res_n_steps", options->super_res_n_steps, 1, 1000, &super_res_n_steps, error)
      || ! read_prior (pipeline, error)
      || ! unclip_run_init (run, eval->model, options, error)
      || (has_upsampler (eval) && unclip_model_component_dir (eval->model, UNCLIP_FIRST_UPSAMPLER, error) == NULL)
      || ! read_draws (&pipeline->decoder, eval, "decoder_", 3, (int[]) { run->codec.n_channels, run->state_side, run->state_side }, n_steps, n_without, error)
      || (has_upsampler (eval) && ! read_draws (&pipeline->super_res, eval, "super_res_", 3, (int[]) { 3, run->first_size, run->first_size }, super_res_n_steps, 1, error))
      || ! check_rows (pipeline, error))
    return FALSE;
  run->dim = pipeline->dim;
  run->n_steps = pipeline->decoder.n_steps;
  run->super_res_n_steps = MAX (pipeline->super_res.n_steps, 1);
  pipeline->trajectory = g_array_new (FALSE, FALSE, sizeof (float));
  run->watch = watch;
  run->watch_data = pipeline;
  run->context.type = context->type;
  run->context.is_exact = context->is_exact;
  return TRUE;
}

/* Row @row: z_i [dim], small [low_size, low_size, 3] in [-1, 1], image [size, size, 3] in [0, 1]. */
static gboolean
run_row (Pipeline *pipeline, const char *y, int row, float *z_i, float *small, float *image, GError **error)
{
  UnclipRun *run = &pipeline->run;
  gsize      n_low = (gsize) run->low_size * run->low_size * 3, n_high = (gsize) run->size * run->size * 3;
  g_autoptr (GArray) draws = g_array_new (FALSE, FALSE, sizeof (float));
  g_auto (UnclipNewPicture) picture = { 0 };
  g_autofree float *low = NULL;
  const float *given = pipeline->z_i != NULL ? pipeline->z_i + (gsize) (pipeline->n_embeds == 1 ? 0 : row) * pipeline->dim : NULL, *high;

  if (given == NULL)
    add_draws (draws, &pipeline->prior, row);
  add_draws (draws, &pipeline->decoder, row);
  if (run->upsamples)
    add_draws (draws, &pipeline->super_res, row);
  unclip_random_free (run->random);
  run->random = unclip_random_new_given ((const float *) draws->data, draws->len);
  pipeline->row = row;
  run->cost_done = 0;
  if (! unclip_run_generate (run, y, UNCLIP_PRIOR_DIFFUSION, given, pipeline->guidance_scale, &picture, error))
    return FALSE;

  low = unclip_run_small (run, picture.state, error);
  if (low == NULL)
    return FALSE;
  high = picture.high != NULL ? picture.high : low;
  if (z_i != NULL)
    memcpy (z_i, picture.z_i, pipeline->dim * sizeof (float));
  for (gsize i = 0; i < n_low; i++)
    small[i] = CLAMP (low[i], -1.0f, 1.0f);
  for (gsize i = 0; i < n_high; i++)
    image[i] = CLAMP (high[i] * 0.5f + 0.5f, 0.0f, 1.0f);
  return TRUE;
}

/* Of all rows, one beside the other. */
static gboolean
add_trajectory (const Pipeline *pipeline, GError **error)
{
  const UnclipRun  *run = &pipeline->run;
  int               n_rows = pipeline->decoder.n_rows, n_steps = run->n_steps, side = run->state_side;
  g_autofree float *states = unclip_eval_new ((gsize) n_steps * n_rows * run->n_state, error);

  if (states == NULL)
    return FALSE;
  for (int row = 0; row < n_rows; row++)
    for (int k = 0; k < n_steps; k++)
      memcpy (states + ((gsize) k * n_rows + row) * run->n_state, &g_array_index (pipeline->trajectory, float, ((gsize) row * n_steps + k) * run->n_state),
              run->n_state * sizeof (float));
  return unclip_eval_add_pictures (pipeline->eval, "trajectory", states, 5, (int[]) { n_steps, n_rows, run->codec.n_channels, side, side }, error);
}

/* Outputs image_embeds, unless they were given, image and image_small; of decoders that do not work on pictures trajectory and negative_image_embeds. */
static gboolean
pipeline_run (Pipeline *pipeline, const char *y, GError **error)
{
  UnclipEval       *eval = pipeline->eval;
  UnclipRun        *run = &pipeline->run;
  g_autofree float *small = NULL;
  float            *image, *z_i = NULL;
  int               n_rows, side;

  if (! pipeline_init (pipeline, error))
    return FALSE;
  n_rows = pipeline->decoder.n_rows;
  side = run->low_size;
  small = unclip_eval_new ((gsize) n_rows * side * side * 3, error);
  image = small != NULL ? unclip_eval_add (eval, "image", 4, (int[]) { n_rows, run->size, run->size, 3 }, error) : NULL;
  if (image != NULL && pipeline->z_i == NULL)
    z_i = unclip_eval_add (eval, "image_embeds", 2, (int[]) { pipeline->n_embeds, pipeline->dim }, error);
  if (image == NULL || (pipeline->z_i == NULL && z_i == NULL))
    return FALSE;
  unclip_run_expect (run, UNCLIP_COST_TEXT + (pipeline->z_i == NULL ? run->prior_n_steps * UNCLIP_COST_PRIOR : 0)
                            + run->n_steps * (pipeline->guidance_scale != 1.0 ? 2 : 1) + unclip_run_upsample_cost (run, 1));
  for (int row = 0; row < n_rows; row++)
    if (! run_row (pipeline, y, row, z_i != NULL ? z_i + (gsize) (pipeline->n_embeds == 1 ? 0 : row) * pipeline->dim : NULL,
                   small + (gsize) row * side * side * 3, image + (gsize) row * run->size * run->size * 3, error))
      return FALSE;
  if (run->codec.is_lossless)
    return unclip_eval_add_pictures (eval, "image_small", small, 4, (int[]) { n_rows, 3, side, side }, error);
  return add_trajectory (pipeline, error) && unclip_eval_add_negative (eval, error);
}

/* ---- the tasks ---------------------------------------------------------------------------------- */

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
      if (unclip_model_has (eval->model, "text_proj"))
        {
          g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (eval->model, eval->context, error);

          if (proj == NULL)
            return NULL;
          dims[1] = unclip_text_proj_dim (proj);
        }
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
  g_auto (Pipeline) pipeline = { .eval = eval };
  const char *y = unclip_eval_setting (eval, "prompt");
  int         dims[2] = { -1, -1 };

  pipeline.z_i = embed (eval, dims, error);
  pipeline.n_embeds = dims[0];
  pipeline.dim = dims[1];
  return pipeline.z_i != NULL && pipeline_run (&pipeline, y != NULL ? y : "", error);
}

gboolean
unclip_eval_text2image (UnclipEval *eval, GError **error)
{
  g_auto (Pipeline) pipeline = { .eval = eval };
  const char *y = unclip_eval_setting (eval, "prompt");

  return pipeline_run (&pipeline, y != NULL ? y : "a photo of a cat sitting on a mat", error);
}
