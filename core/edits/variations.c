/* The same picture again, different in what z_i does not say.
 *
 * Source: arXiv 2204.06125, section 3.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "recall.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Of a model that names none. */
#define DEFAULT_ETA 0.95

static gboolean
check (int count, double eta, GError **error)
{
  if (count < 1 || count > 64)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The number of variations is %d, but must be from 1 to 64"), count);
  else if (! isfinite (eta) || eta > 1)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("eta is %g, but must be from 0 (the same picture) to 1"), eta);
  else
    return TRUE;
  return FALSE;
}

/* Of the first of each @n_channels values from @v on. */
static double
channel_mean (const float *v, gsize n_pixels, int n_channels)
{
  double sum = 0;

  for (gsize i = 0; i < n_pixels; i++)
    sum += v[n_channels * i];
  return sum / n_pixels;
}

/* @x_T [n / n_channels, n_channels] gives way to @noise, which takes the result, as the later states do: at the timestep that it stands for
 * it still shows where things were. But not its means, in which the network reads how bright the whole picture is: noise has none. */
static void
give_way (float *noise, const float *x_T, gsize n, int n_channels, double eta)
{
  double share = sqrt (1.0 - eta * eta);

  for (int c = 0; c < n_channels; c++)
    {
      double of_noise = channel_mean (noise + c, n / n_channels, n_channels), of_x_T = channel_mean (x_T + c, n / n_channels, n_channels);

      for (gsize i = c; i < n; i += n_channels)
        noise[i] = (float) (of_x_T + share * (x_T[i] - of_x_T) + eta * (noise[i] - of_noise));
    }
}

/* Whether anything is to differ. */
static gboolean
varies (const UnclipRun *run, double eta)
{
  return eta != 0 || run->options->noise_level != 0;
}

/* One way back; noise from @seed. @x is a state. Without any there is no need to go it: that is what the reconstruction is. */
static gboolean
sample (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, const float *reconstruction, double eta, guint64 seed, float *x, GError **error)
{
  UnclipTrace       part = *trace;
  g_autofree float *x_T = NULL;

  if (! varies (run, eta))
    {
      memcpy (x, reconstruction, trace->n * sizeof (float));
      return TRUE;
    }
  x_T = part.x_T = g_new (float, part.n);
  unclip_run_reseed (run, seed);
  unclip_run_state_noise (run, x_T);
  give_way (x_T, trace->x_T, part.n, run->codec.n_channels, eta);
  /* So does what was stored to return the picture. */
  return unclip_run_decode (run, decoder, &part, eta, 1.0 - eta, x, error);
}

GPtrArray *
unclip_variations (UnclipModel *model, const UnclipImage *x, int count, double eta, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) squares = g_ptr_array_new_with_free_func (g_free);
  g_autofree float   *z_i = NULL, *noisy = NULL, *low = NULL, *reconstruction = NULL;
  g_autofree guint64 *seeds = NULL;
  UnclipInvertMethod  method;
  UnclipJob           job;
  double              guidance_scale;
  int                 dim;

  if (! check (count, eta, error) || ! unclip_run_init (&run, model, options, error))
    return NULL;
  unclip_run_offer_candidates (&run);
  if (eta < 0)
    eta = unclip_model_default (model, "variation_eta", DEFAULT_ETA);
  /* The model's own guidance comes in with eta, as the inversion has none: so a small eta is nearly the same picture. */
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : 1.0 + eta * (unclip_model_default (model, "variation_guidance_scale", 1.0) - 1.0);
  unclip_run_use (&run, guidance_scale, eta);
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_RESIDUALS);
  job = (UnclipJob) { unclip_run_edit_stages (&run) | unclip_run_upsampler_stages (&run), x, unclip_inversion_states (method, run.n_steps),
                      .n_results = count, .lays_over = run.upsamples || ! run.codec.is_lossless };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE + unclip_inversion_cost (method, run.n_steps) + unclip_reconstruction_cost (method, run.n_steps)
                             + (! varies (&run, eta) ? 0 : count * run.n_steps * (guidance_scale != 1.0 ? 2 : 1) + unclip_run_upsample_cost (&run, count)));

  z_i = unclip_run_embed (&run, x, &dim, error);
  low = z_i != NULL ? unclip_run_encode (&run, x, error) : NULL;
  if (low == NULL || ! unclip_run_decoder_captions (&run, (const char *[]) { "" }, 1, &captions, error))
    return NULL;

  noisy = g_new (float, dim);
  reconstruction = unclip_run_new_state (&run);
  seeds = g_new (guint64, count);
  {
    g_auto (UnclipDecoder) decoder = { 0 };
    g_autoptr (UnclipLatents) latents = NULL;
    const UnclipTrace *trace;
    UnclipCondition nothing = { NULL, 0 }, picture = { z_i, 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, nothing, picture, 1.0, error))
      return NULL;
    latents = unclip_run_latents (&run, &decoder, x, z_i, dim, low, method, run.options->seed, error);
    if (latents == NULL)
      return NULL;
    trace = latents->trace;
    if (! unclip_run_reconstruct (&run, &decoder, trace, low, reconstruction, error)
        || ! unclip_run_candidate (&run, -1, reconstruction, error))
      return NULL;
    picture.z_i = noisy;
    for (int i = 0; i < count; i++)
      {
        g_ptr_array_add (squares, unclip_run_new_state (&run));
        seeds[i] = unclip_seed_after (run.options->seed, i);
        unclip_run_noise_z_i (&run, z_i, dim, seeds[i], noisy);
        /* Without noise all have the same condition. */
        if (((i == 0 || run.options->noise_level != 0)
             && ! unclip_decoder_condition (&decoder, &run, &captions, nothing, picture, guidance_scale, error))
            || ! sample (&run, &decoder, trace, reconstruction, eta, seeds[i], g_ptr_array_index (squares, i), error)
            || ! unclip_run_candidate (&run, i, g_ptr_array_index (squares, i), error))
          {
            if (! unclip_run_is_stopped (&run, i, error))
              return NULL;
            count = i;
          }
      }
  }
  return unclip_run_finish (&run, x, low, reconstruction, (const float *const *) squares->pdata, count, seeds, error);
}
