/* Frames between two pictures: z_i and x_T both go over the sphere, or one of them alone.
 *
 * What the inversions keep besides x_T goes along, so that both ends are the very pictures. Edit-friendly DDPM is the
 * default: its states were noised anew, so that a frame's own z_i decides more than with DDIM's x_T, which shows the pictures.
 *
 * Source: arXiv 2204.06125, section 3.2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "framing.h"
#include "recall.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* slerp of direction, and of length in a straight line. */
static void
turn (float *out, const float *a, const float *b, gsize n, double u)
{
  g_autofree float *unit = g_new (float, n);
  double            length = (1 - u) * unclip_normalise (unit, a, n) + u * unclip_normalise (unit, b, n);

  unclip_slerp (out, a, b, n, u);
  for (gsize i = 0; i < n; i++)
    out[i] *= (float) length;
}

static void
mix (float *out, const float *a, const float *b, gsize n, double u)
{
  for (gsize i = 0; i < n; i++)
    out[i] = (float) ((1 - u) * a[i] + u * b[i]);
}

static UnclipTrace *
trace_between (const UnclipTrace *a, const UnclipTrace *b, double u)
{
  UnclipTrace *trace = g_new0 (UnclipTrace, 1);
  gsize        n_residuals = a->n * a->n_steps;

  trace->method = a->method;
  trace->n = a->n;
  trace->n_steps = a->n_steps;
  trace->x_T = g_new (float, a->n);
  turn (trace->x_T, a->x_T, b->x_T, a->n, u);
  if (a->x_T_1 != NULL)
    {
      trace->x_T_1 = g_new (float, a->n);
      turn (trace->x_T_1, a->x_T_1, b->x_T_1, a->n, u);
    }
  if (a->residuals != NULL)
    {
      trace->residuals = g_new (float, n_residuals);
      mix (trace->residuals, a->residuals, b->residuals, n_residuals, u);
    }
  return trace;
}

/* What the codec loses of both ends to the frames between them, each end's share; frames whose state is that of an end are the end. */
static gboolean
add_lost (UnclipRun *run, GPtrArray *frames, const UnclipImage *const *ends, float *const *low, GPtrArray *squares, UnclipHold hold, GError **error)
{
  gsize n = (gsize) run->low_size * run->low_size * 3;

  for (int end = 0; end < 2; end++)
    {
      g_autofree float *picture = unclip_run_picture (run, ends[end], run->low_size, error);
      g_autofree float *decoded = picture != NULL ? unclip_run_small (run, low[end], error) : NULL;

      if (decoded == NULL)
        return FALSE;
      for (guint i = 0; i < frames->len; i++)
        {
          UnclipImage *frame = g_ptr_array_index (frames, i);
          double       u = frames->len > 1 ? i / (frames->len - 1.0) : 0, share = hold == UNCLIP_HOLD_X_T ? 1 - end : end == 0 ? 1 - u : u;
          gboolean     is_end = memcmp (g_ptr_array_index (squares, i), low[end], run->n_state * sizeof (float)) == 0;

          for (gsize k = 0; k < n; k++)
            frame->pixels[k] = is_end ? picture[k] * 0.5f + 0.5f : unclip_frame_in_range (frame->pixels[k] + (float) (share * (picture[k] - decoded[k]) * 0.5));
        }
    }
  return TRUE;
}

GPtrArray *
unclip_interpolate (UnclipModel *model, const UnclipImage *a, const UnclipImage *b, int n_frames, UnclipHold hold, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) squares = g_ptr_array_new_with_free_func (g_free);
  const UnclipImage *ends[2] = { a, b };
  float             *z_i[2] = { NULL, NULL }, *low[2] = { NULL, NULL };
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free), frames = NULL;
  g_autofree guint64 *seeds = NULL;
  UnclipInvertMethod  method;
  double              guidance_scale;
  UnclipJob           job;
  int                 dim, n_ends;
  gboolean            is_same;

  if (n_frames < 2 || n_frames > 256)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The number of frames is %d, but must be from 2 to 256"), n_frames);
      return NULL;
    }
  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  unclip_run_offer_candidates (&run);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale : 1.0;
  unclip_run_use (&run, guidance_scale, 0);
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_DDPM);
  /* Both ends, and what is between them. */
  job = (UnclipJob) { unclip_run_edit_stages (&run) | unclip_run_upsampler_stages (&run), (gsize) a->width * a->height > (gsize) b->width * b->height ? a : b,
                      .n_states = 3 * unclip_inversion_states (method, run.n_steps), .n_results = n_frames };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  /* Frames that are the pictures themselves. */
  n_ends = guidance_scale != 1.0 ? 0 : hold == UNCLIP_HOLD_NOTHING ? 2 : 1;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + 2 * UNCLIP_COST_IMAGE + 2 * unclip_inversion_cost (method, run.n_steps)
                             + n_ends * unclip_reconstruction_cost (method, run.n_steps)
                             + (n_frames - n_ends) * run.n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + unclip_run_upsample_cost (&run, n_frames));

  for (int i = 0; i < 2; i++)
    {
      z_i[i] = unclip_run_embed (&run, ends[i], &dim, error);
      g_ptr_array_add (owned, z_i[i]);
      low[i] = z_i[i] != NULL ? unclip_run_encode (&run, ends[i], error) : NULL;
      g_ptr_array_add (owned, low[i]);
      if (low[i] == NULL)
        return NULL;
    }
  if (! unclip_run_decoder_captions (&run, (const char *[]) { "" }, 1, &captions, error))
    return NULL;
  /* Nothing lies between a picture and itself. */
  is_same = n_ends > 0 && memcmp (low[0], low[1], run.n_state * sizeof (float)) == 0
            && memcmp (z_i[0], z_i[1], dim * sizeof (float)) == 0;

  seeds = g_new (guint64, n_frames);
  {
    g_auto (UnclipDecoder) decoder = { 0 };
    g_autoptr (UnclipLatents) first = NULL;
    g_autoptr (UnclipLatents) last = NULL;
    g_autofree float *z = g_new (float, dim);
    UnclipCondition   nothing = { NULL, 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, nothing, (UnclipCondition) { z_i[0], 0 }, 1.0, error)
        || (first = unclip_run_latents (&run, &decoder, a, z_i[0], dim, low[0], method, run.options->seed, error)) == NULL
        || ! unclip_decoder_condition (&decoder, &run, &captions, nothing, (UnclipCondition) { z_i[1], 0 }, 1.0, error))
      return NULL;
    /* Both under the same noise: then frames mix what is the pictures' own, and noise only with itself, which keeps its strength. */
    if ((last = unclip_run_latents (&run, &decoder, b, z_i[1], dim, low[1], method, run.options->seed, error)) == NULL)
      return NULL;

    for (int i = 0; i < n_frames; i++)
      {
        double u = i / (n_frames - 1.0);
        g_autoptr (UnclipTrace) trace = trace_between (first->trace, last->trace, hold == UNCLIP_HOLD_X_T ? 0 : u);
        float   *x = g_new (float, trace->n);
        gboolean is_end;

        g_ptr_array_add (squares, x);
        seeds[i] = run.options->seed;
        turn (z, z_i[0], z_i[1], dim, hold == UNCLIP_HOLD_Z_I ? 0 : u);
        is_end = is_same || (i == 0 && n_ends > 0) || (i == n_frames - 1 && n_ends == 2);
        if (! unclip_decoder_condition (&decoder, &run, &captions, nothing, (UnclipCondition) { z, 0 }, guidance_scale, error)
            || ! (is_end ? unclip_run_reconstruct (&run, &decoder, trace, low[i == 0 ? 0 : 1], x, error) : unclip_run_decode (&run, &decoder, trace, 0, 1, x, error))
            || ! unclip_run_candidate (&run, i, x, error))
          {
            if (! unclip_run_is_stopped (&run, i, error))
              return NULL;
            n_frames = i;
          }
      }
  }

  frames = unclip_run_finish_new (&run, (const float *const *) squares->pdata, n_frames, seeds, error);
  if (frames == NULL || (! run.codec.is_lossless && ! run.upsamples && run.candidates == NULL && ! add_lost (&run, frames, ends, low, squares, hold, error)))
    return NULL;
  return g_steal_pointer (&frames);
}
