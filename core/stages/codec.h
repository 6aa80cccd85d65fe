/* Between pictures and the states that a decoder works on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

typedef struct _UnclipCodec UnclipCodec;

/**
 * UnclipCodecRow:
 * @component: (nullable): its network; %NULL: it has none
 * @init: (nullable): reads from the model's configs what the row does not know of @codec
 * @encode: picture @x [side, side, 3] in [-1, 1] to @state [side / factor, side / factor, n_channels]
 * @decode: and back, about -1 to 1
 * @side: (nullable): of the state for a picture of @wanted pixels or a little more; %NULL: pictures have the size of the decoder's config, or an
 *   upsampler's
 * @measure: (nullable): bytes that the larger of both takes at most on a picture of @side, on @weights that record; %NULL: none
 *
 * Encoding and decoding load what they need and drop it.
 */
typedef struct
{
  const char *component;
  int      n_channels, factor;
  gboolean is_lossless;
  gboolean (*init)    (UnclipCodec *codec, UnclipModel *model, GError **error);
  gboolean (*encode)  (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error);
  gboolean (*decode)  (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error);
  int      (*side)    (const UnclipCodec *codec, int wanted);
  gboolean (*measure) (const UnclipCodec *codec, UnclipModel *model, UnclipWeights *weights, BkContext *context, int side, guint64 *size, GError **error);
} UnclipCodecRow;

/**
 * UnclipCodec:
 * @n_channels: of a state
 * @factor: how many pixels of a picture's side go into one of a state's
 * @is_lossless: whether decoding returns what was encoded, to the last bit
 *
 * That of a model.
 */
struct _UnclipCodec
{
  const UnclipCodecRow *row;
  int                   n_channels, factor;
  gboolean              is_lossless;
};

gboolean unclip_codec_init   (UnclipCodec *codec, UnclipModel *model, GError **error);
/* As the row's. */
gboolean unclip_codec_encode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error);
gboolean unclip_codec_decode (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error);
/* Of the state for a picture of @wanted pixels a side, whose own side is that times the factor; 0: the codec leaves sizes to the decoder. */
int      unclip_codec_side   (const UnclipCodec *codec, int wanted);
gboolean unclip_codec_measure (const UnclipCodec *codec, UnclipModel *model, UnclipWeights *weights, BkContext *context, int side, guint64 *size, GError **error);

G_END_DECLS
