/* The decoder with its condition and guidance: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <string.h>

#include "batch.h"
#include "fit.h"

gboolean
unclip_guided_decoder_init (UnclipGuidedDecoder *guided,
                            UnclipUnet          *unet,
                            int                  size,
                            int                  n_channels,
                            const float         *context,
                            const int           *context_mask,
                            const float         *time,
                            int                  n_tokens,
                            double               guidance_scale,
                            GError             **error)
{
  int   n_rows = guidance_scale != 1.0 ? 2 : 1, first = 2 - n_rows;
  gsize n_pixels = (gsize) size * size;
  int   context_width, time_width;

  *guided = (UnclipGuidedDecoder) { .unet = unet, .size = size, .n_channels = n_channels, .n_rows = n_rows, .guidance_scale = guidance_scale };
  guided->x = g_try_new (float, n_rows * n_pixels * unclip_unet_in_channels (unet));
  guided->out = g_try_new (float, n_rows * n_pixels * unclip_unet_out_channels (unet));
  if (guided->x == NULL || guided->out == NULL)
    return unclip_batch_no_memory ("decoder", error);

  context_width = unclip_unet_context_width (unet);
  time_width = unclip_unet_time_width (unet);
  return unclip_unet_set_context (unet, context + (gsize) first * n_tokens * context_width,
                                  context_mask != NULL ? context_mask + first * n_tokens : NULL,
                                  time + (gsize) first * time_width, n_rows, n_tokens, error);
}

void
unclip_guided_decoder_clear (UnclipGuidedDecoder *guided)
{
  g_clear_pointer (&guided->x, g_free);
  g_clear_pointer (&guided->out, g_free);
}

gboolean
unclip_guided_decoder_predict (const float *x, int t, float *eps, float *v, gpointer data, GError **error)
{
  UnclipGuidedDecoder *guided = data;
  int          size = guided->size, n_channels = guided->n_channels, n_out = unclip_unet_out_channels (guided->unet);
  gsize        n_pixels = (gsize) size * size, n = n_pixels * n_channels;
  const float *conditional = guided->out + (guided->n_rows - 1) * n_pixels * n_out;

  if (! unclip_fit_channels (guided->unet, n_channels, v != NULL, error))
    return FALSE;
  for (int i = 0; i < guided->n_rows; i++)
    memcpy (guided->x + i * n, x, n * sizeof (float));
  if (! unclip_unet_predict (guided->unet, guided->x, t, guided->n_rows, size, size, guided->out, error))
    return FALSE;

  unclip_batch_channels (eps, n_channels, conditional, n_pixels, n_out, 0);
  if (v != NULL)
    unclip_batch_channels (v, n_channels, conditional, n_pixels, n_out, n_channels);
  if (guided->n_rows == 2)
    {
      unclip_batch_channels (guided->x, n_channels, guided->out, n_pixels, n_out, 0);
      unclip_guide (eps, guided->x, eps, n, guided->guidance_scale);
    }
  return TRUE;
}
