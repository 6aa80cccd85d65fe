/* See codec.h. A row for each: the model's family says which is its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "codec.h"

#include <string.h>

#include "rows.h"

/* Decoders of Karlo's kind work on pictures themselves. */
static gboolean
copy (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *from, int side, float *to, GError **error)
{
  memcpy (to, from, (gsize) side * side * 3 * sizeof (float));
  return TRUE;
}

static const UnclipCodecRow rows[UNCLIP_N_CODECS] = {
  [UNCLIP_CODEC_IDENTITY] = { NULL, 3, 1, TRUE, NULL, copy, copy },
  [UNCLIP_CODEC_MOVQ] = { "movq", 0, 0, FALSE, unclip_codec_autoencoder_init, unclip_codec_autoencoder_encode, unclip_codec_autoencoder_decode,
                          unclip_codec_side_above, unclip_codec_autoencoder_measure },
};

gboolean
unclip_codec_init (UnclipCodec *codec, UnclipModel *model, GError **error)
{
  const UnclipCodecRow *row = &rows[unclip_model_family (model)->codec];

  *codec = (UnclipCodec) { row, row->n_channels, row->factor, row->is_lossless };
  return row->init == NULL || row->init (codec, model, error);
}

gboolean
unclip_codec_encode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error)
{
  return codec->row->encode (codec, model, context, x, side, state, error);
}

gboolean
unclip_codec_decode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error)
{
  return codec->row->decode (codec, model, context, state, side, x, error);
}

int
unclip_codec_side (const UnclipCodec *codec, int wanted)
{
  return codec->row->side != NULL ? codec->row->side (codec, wanted) : 0;
}

gboolean
unclip_codec_measure (const UnclipCodec *codec, UnclipModel *model, UnclipWeights *weights, BkContext *context, int side, guint64 *size, GError **error)
{
  *size = 0;
  return codec->row->measure == NULL || codec->row->measure (codec, model, weights, context, side, size, error);
}
