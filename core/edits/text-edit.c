/* The text diff: turns z_i towards the difference of two captions, and decodes with the picture's own x_T.
 *
 * The decoder sees no caption: the edit is z_i's alone, as in the paper, and strength 0 is the picture. Guidance
 * starts from the picture and not from "no picture", so that what it amplifies is the edit.
 *
 * Source: arXiv 2204.06125, section 3.3.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "recall.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Rows of the captions. */
enum
{
  NONE,
  BEFORE,
  AFTER
};

static gboolean
check (double theta, int n_stages, GError **error)
{
  if (! isfinite (theta) || theta > 1)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The strength theta is %g, but must be from 0 (the same picture) to 1"), theta);
  else if (n_stages < 1 || n_stages > 64)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The number of stages is %d, but must be from 1 to 64"), n_stages);
  else
    return TRUE;
  return FALSE;
}

/* z_theta [dim], as long as @z_i. */
static void
turn (float *z_theta, const float *z_i, const float *z_d, int dim, double theta)
{
  g_autofree float *unit = g_new (float, dim);
  double            length = unclip_normalise (unit, z_i, dim);

  unclip_slerp (z_theta, z_i, z_d, dim, theta);
  for (int i = 0; i < dim; i++)
    z_theta[i] *= (float) length;
}

GPtrArray *
unclip_text_edit (UnclipModel *model, const UnclipImage *x, const char *y0, const char *y, double theta, int n_stages, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) squares = g_ptr_array_new_with_free_func (g_free);
  g_autofree float   *z_i = NULL, *z_d = NULL, *z_theta = NULL, *low = NULL, *reconstruction = NULL;
  g_autofree guint64 *seeds = NULL;
  UnclipInvertMethod  method;
  UnclipJob           job;
  double              guidance_scale;
  int                 dim;

  if (! check (theta, n_stages, error) || ! unclip_run_init (&run, model, options, error))
    return NULL;
  unclip_run_offer_candidates (&run);
  if (y == NULL || *y == '\0')
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Say in words what the picture shall show"));
      return NULL;
    }
  if (theta < 0)
    theta = unclip_model_default (model, "text_edit_strength", 0.4);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : unclip_model_default (model, "text_edit_guidance_scale", 3.0);
  unclip_run_use (&run, guidance_scale, theta);
  /* DDIM's states are on one path, which an edit leaves; these are each noised anew, and forgive it. */
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_DDPM);
  job = (UnclipJob) { UNCLIP_STAGES_EDIT | unclip_run_upsampler_stages (&run), x, unclip_inversion_states (method, run.n_steps),
                      .n_results = n_stages, .lays_over = run.upsamples || ! run.codec.is_lossless };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE + unclip_inversion_cost (method, run.n_steps) + unclip_reconstruction_cost (method, run.n_steps)
                             + (theta == 0 ? 0 : n_stages * run.n_steps * (guidance_scale != 1.0 ? 2 : 1) + unclip_run_upsample_cost (&run, n_stages)));

  z_i = unclip_run_embed (&run, x, &dim, error);
  low = z_i != NULL ? unclip_run_encode (&run, x, error) : NULL;
  if (low == NULL || ! unclip_run_captions (&run, (const char *[]) { "", y0, y }, 3, &captions, error))
    return NULL;
  z_d = g_new (float, dim);
  z_theta = g_new (float, dim);
  if (theta > 0 && ! unclip_text_diff (z_d, captions.z_t + AFTER * dim, captions.z_t + BEFORE * dim, dim, error))
    return NULL;

  reconstruction = unclip_run_new_state (&run);
  seeds = g_new (guint64, n_stages);
  {
    g_auto (UnclipDecoder) decoder = { 0 };
    g_autoptr (UnclipLatents) latents = NULL;
    const UnclipTrace *trace;
    UnclipCondition before = { z_i, NONE };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, before, before, 1.0, error))
      return NULL;
    latents = unclip_run_latents (&run, &decoder, x, z_i, dim, low, method, run.options->seed, error);
    if (latents == NULL)
      return NULL;
    trace = latents->trace;
    if (! unclip_run_reconstruct (&run, &decoder, trace, low, reconstruction, error)
        || ! unclip_run_candidate (&run, -1, reconstruction, error))
      return NULL;
    for (int i = 0; i < n_stages; i++)
      {
        g_ptr_array_add (squares, unclip_run_new_state (&run));
        seeds[i] = run.options->seed;
        /* Not turned at all, the decoder would say what it said: the reconstruction. */
        if (theta == 0)
          memcpy (g_ptr_array_index (squares, i), reconstruction, trace->n * sizeof (float));
        else
          turn (z_theta, z_i, z_d, dim, theta * (i + 1) / n_stages);
        if ((theta != 0 && (! unclip_decoder_condition (&decoder, &run, &captions, before, (UnclipCondition) { z_theta, NONE }, guidance_scale, error)
                            || ! unclip_run_decode (&run, &decoder, trace, 0, 1, g_ptr_array_index (squares, i), error)))
            || ! unclip_run_candidate (&run, i, g_ptr_array_index (squares, i), error))
          {
            if (! unclip_run_is_stopped (&run, i, error))
              return NULL;
            n_stages = i;
          }
      }
  }
  return unclip_run_finish (&run, x, low, reconstruction, (const float *const *) squares->pdata, n_stages, seeds, error);
}
