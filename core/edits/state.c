/* States of the decoder, and the pictures that they stand for: see run.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

float *
unclip_run_new_state (const UnclipRun *run)
{
  return g_new (float, run->n_state);
}

float *
unclip_run_encode_small (UnclipRun *run, const float *picture, GError **error)
{
  g_autofree float *state = unclip_run_new_state (run);

  return unclip_codec_encode (&run->codec, run->model, &run->context, picture, run->low_size, state, error) ? g_steal_pointer (&state) : NULL;
}

float *
unclip_run_encode (UnclipRun *run, const UnclipImage *x, GError **error)
{
  g_autofree float *picture = unclip_run_picture (run, x, run->low_size, error);

  return picture != NULL ? unclip_run_encode_small (run, picture, error) : NULL;
}

float *
unclip_run_small (UnclipRun *run, const float *state, GError **error)
{
  g_autofree float *picture = g_new (float, (gsize) run->low_size * run->low_size * 3);

  return unclip_codec_decode (&run->codec, run->model, &run->context, state, run->low_size, picture, error) ? g_steal_pointer (&picture) : NULL;
}

UnclipImage *
unclip_run_small_image (UnclipRun *run, const float *state, GError **error)
{
  g_autofree float *picture = unclip_run_small (run, state, error);

  return picture != NULL ? unclip_run_image (picture, run->low_size, error) : NULL;
}

void
unclip_run_state_noise (UnclipRun *run, float *out)
{
  unclip_run_noise (run, out, run->state_side, run->codec.n_channels);
}
