/* Codecs that are autoencoders.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "rows.h"

#include <math.h>

#include "construct.h"
#include "network.h"

/* Sizes are the config's: the network measures itself on weights that record. */
gboolean
unclip_codec_autoencoder_init (UnclipCodec *codec, UnclipModel *model, GError **error)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();
  g_autoptr (UnclipAutoencoder) autoencoder = NULL;
  g_auto (BkContext) context = { 0 };

  bk_context_init (&context, 1);
  autoencoder = unclip_network_measured (model, codec->row->component, weights, &context, error);
  if (autoencoder == NULL)
    return FALSE;
  codec->n_channels = unclip_autoencoder_n_latents (autoencoder);
  codec->factor = unclip_autoencoder_factor (autoencoder);
  return TRUE;
}

gboolean
unclip_codec_autoencoder_encode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = unclip_autoencoder_new (model, codec->row->component, UNCLIP_AUTOENCODER_ENCODER, context, error);
  gsize  n = (gsize) (side / codec->factor) * (side / codec->factor) * codec->n_channels;
  double scale;

  if (autoencoder == NULL || ! unclip_autoencoder_encode (autoencoder, x, 1, side, side, state, NULL, error))
    return FALSE;
  scale = unclip_autoencoder_scale (autoencoder);
  for (gsize i = 0; scale != 1 && i < n; i++)
    state[i] = (float) (state[i] * scale);
  return TRUE;
}

gboolean
unclip_codec_autoencoder_decode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = unclip_autoencoder_new (model, codec->row->component, UNCLIP_AUTOENCODER_DECODER, context, error);
  int               state_side = side / codec->factor;
  gsize             n = (gsize) state_side * state_side * codec->n_channels;
  g_autofree float *z = NULL;
  double            scale;

  if (autoencoder == NULL)
    return FALSE;
  scale = unclip_autoencoder_scale (autoencoder);
  z = g_new (float, n);
  for (gsize i = 0; i < n; i++)
    z[i] = (float) (state[i] / scale);
  return unclip_autoencoder_decode (autoencoder, z, 1, state_side, state_side, x, error);
}

/* The decoder is the larger half, on the same maps. */
gboolean
unclip_codec_autoencoder_measure (const UnclipCodec *codec, UnclipModel *model, UnclipWeights *weights, BkContext *context, int side, guint64 *size, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, codec->row->component, error);
  int state_side = side / codec->factor;

  for (int i = 0; i < 2; i++)
    {
      g_autoptr (UnclipAutoencoder) half = NULL;
      UnclipAutoencoderParts        part = i == 0 ? UNCLIP_AUTOENCODER_ENCODER : UNCLIP_AUTOENCODER_DECODER;

      half = config != NULL ? unclip_autoencoder_construct (config, weights, codec->row->component, part, context, error) : NULL;
      if (half == NULL
          || ! (i == 0 ? unclip_autoencoder_encode (half, NULL, 1, side, side, NULL, NULL, error)
                       : unclip_autoencoder_decode (half, NULL, 1, state_side, state_side, NULL, error)))
        return FALSE;
      *size = MAX (*size, unclip_autoencoder_weights_size (half) + unclip_autoencoder_working_size (half));
    }
  return TRUE;
}

/* As Kandinsky's pipelines: the next larger one that the autoencoder's levels divide twice. */
int
unclip_codec_side_above (const UnclipCodec *codec, int wanted)
{
  int square = codec->factor * codec->factor;

  return (wanted + square - 1) / square * codec->factor;
}
