/* The decoder and the upsampler as edits use them: see run.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiles.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* So that the second upsampler's noise is not the first one's once more. */
#define OTHER_NOISE G_GUINT64_CONSTANT (0x9E3779B97F4A7C15)

static gboolean
after_step (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  const UnclipLoop *loop = data;

  if (loop->run->watch != NULL)
    loop->run->watch (x, loop->run->watch_data);
  /* Only a picture shows what it is like so far. */
  return unclip_check_finite (loop->stage, x, (gsize) loop->side * loop->side * loop->n_channels, error)
         && unclip_run_step (loop->run, loop->stage, step, n_steps, loop->cost, loop->n_channels == 3 ? x_0 : NULL, loop->side, error);
}

static void
noise (int step, float *out, gsize n, gpointer data)
{
  const UnclipLoop *loop = data;

  unclip_run_noise (loop->run, out, loop->side, loop->n_channels);
}

/* ---- decoder ------------------------------------------------------------------------------------ */

gboolean
unclip_decoder_init (UnclipDecoder *decoder, UnclipRun *run, GError **error)
{
  memset (decoder, 0, sizeof *decoder);
  decoder->schedule = unclip_stage_schedule (run->model, "decoder_scheduler", error);
  if (decoder->schedule == NULL)
    return FALSE;
  if (run->n_steps > decoder->schedule->n_train)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The decoder has %d timesteps, so it cannot take %d steps"),
                   decoder->schedule->n_train, run->n_steps);
      return FALSE;
    }
  if (! unclip_conditioner_init (&decoder->conditioner, run->model, &run->context, error))
    return FALSE;
  decoder->unet = unclip_unet_new (run->model, "decoder", &run->context, error);
  return decoder->unet != NULL && unclip_conditioner_fits (&decoder->conditioner, decoder->unet, error);
}

void
unclip_decoder_clear (UnclipDecoder *decoder)
{
  unclip_guided_decoder_clear (&decoder->guided);
  g_clear_pointer (&decoder->unet, unclip_unet_free);
  unclip_conditioner_clear (&decoder->conditioner);
  g_clear_pointer (&decoder->schedule, unclip_schedule_free);
  g_clear_pointer (&decoder->timesteps, g_free);
}

gboolean
unclip_decoder_condition (UnclipDecoder        *decoder,
                          UnclipRun            *run,
                          const UnclipCaptions *captions,
                          UnclipCondition       base,
                          UnclipCondition       conditional,
                          double                guidance_scale,
                          GError              **error)
{
  g_auto (UnclipConditions) conditions = { NULL };

  if (! unclip_conditioner_run (&decoder->conditioner, decoder->unet, captions, (const UnclipCondition[]) { base, conditional }, &conditions, error))
    return FALSE;
  unclip_guided_decoder_clear (&decoder->guided);
  return unclip_guided_decoder_init (&decoder->guided, decoder->unet, run->state_side, run->codec.n_channels, conditions.context, conditions.mask, conditions.time,
                                     conditions.n_tokens, guidance_scale, error);
}

static UnclipProcess
decoder_process (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int *timesteps, int n_steps)
{
  *loop = (UnclipLoop) { run, "decoder", decoder->guided.n_rows, run->state_side, run->codec.n_channels };
  g_free (decoder->timesteps);
  decoder->timesteps = timesteps;

  return (UnclipProcess) {
    .schedule = decoder->schedule,
    .n = run->n_state,
    .timesteps = timesteps,
    .n_steps = n_steps,
    .predict = unclip_guided_decoder_predict,
    .predict_data = &decoder->guided,
    .noise = noise,
    .noise_data = loop,
    .after = after_step,
    .after_data = loop,
  };
}

UnclipProcess
unclip_decoder_ddpm (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps)
{
  return decoder_process (decoder, run, loop, unclip_timesteps_ddpm (decoder->schedule, n_steps), n_steps);
}

UnclipProcess
unclip_decoder_ddpm_trace (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps)
{
  /* Pictures' own states reach farther than what dynamic thresholding leaves of generated ones. */
  decoder->schedule->threshold_ratio = 0;
  return decoder_process (decoder, run, loop, unclip_timesteps_noisy (decoder->schedule, n_steps), n_steps);
}

gboolean
unclip_decoder_draw (UnclipDecoder *decoder, UnclipRun *run, float *x, GError **error)
{
  UnclipLoop    loop;
  UnclipProcess process = decoder_process (decoder, run, &loop, run->sampler->timesteps (decoder->schedule, run->n_steps), run->n_steps);

  unclip_run_state_noise (run, x);
  return run->sampler->sample (&process, x, error);
}

UnclipProcess
unclip_decoder_ddim (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps)
{
  /* A clipped step cannot be undone. */
  decoder->schedule->clip = decoder->schedule->threshold_ratio = 0;
  decoder->schedule->last_alpha_bar = 1;
  return decoder_process (decoder, run, loop, unclip_timesteps_ddim (decoder->schedule, n_steps, UNCLIP_SPACING_LEADING, 0),
                         n_steps);
}

/* ---- upsampler --------------------------------------------------------------------------------------- */

int
unclip_upsampler_n_steps (const UnclipRun *run, const char *component)
{
  gboolean is_second = strcmp (component, UNCLIP_SECOND_UPSAMPLER) == 0;

  if (run->options->super_res_n_steps > 0)
    return run->options->super_res_n_steps;
  return CLAMP ((int) unclip_model_default (run->model, is_second ? "super_res_1024_steps" : "super_res_steps", 7), 1, 1000);
}

int
unclip_upsampler_n_skipped (const UnclipRun *run, int n_steps)
{
  return CLAMP ((int) unclip_model_default (run->model, "super_res_skipped_steps", 0), 0, n_steps - 1);
}

gboolean
unclip_upsampler_run_init (UnclipUpsamplerRun *upsampling, UnclipRun *run, const char *component, int size, int n_steps,
                           const char *stage, GError **error)
{
  memset (upsampling, 0, sizeof *upsampling);
  upsampling->loop = (UnclipLoop) { run, stage, UNCLIP_COST_SUPER_RES, size, 3 };
  upsampling->schedule = unclip_upsampler_schedule (run->model, component, error);
  if (upsampling->schedule == NULL)
    return FALSE;
  if (n_steps > upsampling->schedule->n_train)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The upsampler has %d timesteps, so it cannot take %d steps"),
                   upsampling->schedule->n_train, n_steps);
      return FALSE;
    }
  upsampling->timesteps = unclip_timesteps_ddpm (upsampling->schedule, n_steps);
  return unclip_upsampler_init (&upsampling->upsampler, run->model, component, &run->context, error);
}

void
unclip_upsampler_run_clear (UnclipUpsamplerRun *upsampling)
{
  unclip_upsampler_clear (&upsampling->upsampler);
  g_clear_pointer (&upsampling->schedule, unclip_schedule_free);
  g_clear_pointer (&upsampling->timesteps, g_free);
}

UnclipProcess
unclip_upsampler_process (UnclipUpsamplerRun *upsampling, int size, int n_steps)
{
  return (UnclipProcess) {
    .schedule = upsampling->schedule,
    .n = (gsize) size * size * 3,
    .timesteps = upsampling->timesteps,
    .n_steps = n_steps,
    .predict = unclip_upsampler_predict,
    .predict_data = &upsampling->upsampler,
    .noise = noise,
    .noise_data = &upsampling->loop,
    .after = after_step,
    .after_data = &upsampling->loop,
  };
}

/* Noise for the first step to come; where the model's upsampler is to leave out the noisiest steps, it begins
 * with the enlarged picture under as much noise as is left. */
static void
begin_upsampling (UnclipRun *run, const UnclipUpsamplerRun *upsampling, const UnclipProcess *process, int n_skipped, float *x)
{
  float alpha_bar = upsampling->schedule->alpha_bar[process->timesteps[0]];

  unclip_run_noise (run, x, upsampling->upsampler.width, 3);
  for (gsize k = 0; n_skipped > 0 && k < process->n; k++)
    x[k] = sqrtf (alpha_bar) * CLAMP (upsampling->upsampler.enlarged[k], -1.0f, 1.0f) + sqrtf (1.0f - alpha_bar) * x[k];
}

/* Room for a picture at the end of @pictures; transfer none. */
static float *
add_picture (GPtrArray *pictures, gsize n_values, GError **error)
{
  float *picture = g_try_new (float, n_values);

  if (picture == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the pictures"));
  else
    g_ptr_array_add (pictures, picture);
  return picture;
}

/* Through the first upsampler. */
static gboolean
upsample_once (UnclipRun *run, const float *const *states, int n, const guint64 *seeds, GPtrArray *out, GError **error)
{
  g_auto (UnclipUpsamplerRun) upsampling = { 0 };
  int               n_steps = run->super_res_n_steps, n_skipped = unclip_upsampler_n_skipped (run, n_steps), size = run->first_size;
  gsize             n_values = (gsize) size * size * 3, n_low = (gsize) run->low_size * run->low_size * 3;

  if (! unclip_upsampler_run_init (&upsampling, run, UNCLIP_FIRST_UPSAMPLER, size, n_steps, "super_res", error))
    return FALSE;

  for (int i = 0; i < n; i++)
    {
      UnclipProcess     process = unclip_upsampler_process (&upsampling, size, n_steps);
      float            *x = add_picture (out, n_values, error);
      g_autofree float *low = x != NULL ? unclip_run_small (run, states[i], error) : NULL;

      if (low == NULL)
        return FALSE;
      if (seeds != NULL)
        unclip_run_reseed (run, seeds[i]);
      for (gsize k = 0; k < n_low; k++)
        low[k] = CLAMP (low[k], -1.0f, 1.0f);
      if (! unclip_upsampler_condition (&upsampling.upsampler, low, run->low_size, size, upsampling.timesteps[n_steps - 1], error))
        return FALSE;
      process.timesteps += n_skipped;
      process.n_steps -= n_skipped;
      begin_upsampling (run, &upsampling, &process, n_skipped, x);
      if (! unclip_ddpm_sample (&process, x, error))
        return FALSE;
    }
  return TRUE;
}

/* From what the first upsampler made, each of @pictures in the place of its smaller one. */
static gboolean
upsample_again (UnclipRun *run, GPtrArray *pictures, const guint64 *seeds, GError **error)
{
  gsize n_middle = (gsize) run->first_size * run->first_size * 3;

  for (guint i = 0; i < pictures->len; i++)
    {
      float *middle = pictures->pdata[i], *x;

      for (gsize k = 0; k < n_middle; k++)
        middle[k] = CLAMP (middle[k], -1.0f, 1.0f);
      if (seeds != NULL)
        unclip_run_reseed (run, seeds[i] ^ OTHER_NOISE);
      x = unclip_run_enlarge (run, UNCLIP_SECOND_UPSAMPLER, unclip_upsampler_n_steps (run, UNCLIP_SECOND_UPSAMPLER), middle, run->first_size, run->first_size,
                              run->size / run->first_size, error);
      if (x == NULL)
        return FALSE;
      g_free (middle);
      pictures->pdata[i] = x;
    }
  return TRUE;
}

double
unclip_run_upsample_cost (const UnclipRun *run, int n)
{
  int n_steps = run->super_res_n_steps - unclip_upsampler_n_skipped (run, run->super_res_n_steps);

  if (! run->upsamples || run->candidates != NULL)
    return 0;
  return n * (n_steps * UNCLIP_COST_SUPER_RES
              + (run->upsamples_twice ? unclip_enlarging_cost (run->size, run->size, unclip_upsampler_n_steps (run, UNCLIP_SECOND_UPSAMPLER)) : 0));
}

GPtrArray *
unclip_run_upsample (UnclipRun *run, const float *const *states, int n, const guint64 *seeds, GError **error)
{
  g_autoptr (GPtrArray) pictures = g_ptr_array_new_with_free_func (g_free);

  if (n > 0 && (! upsample_once (run, states, n, seeds, pictures, error)
                || (run->upsamples_twice && ! upsample_again (run, pictures, seeds, error))))
    return NULL;
  return g_steal_pointer (&pictures);
}
