/* The rows of the tables in this room that are files of their own, and what such rows are made of.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "codec.h"
#include "conditioner.h"

G_BEGIN_DECLS

extern const UnclipConditionerRow unclip_conditioner_text_proj, unclip_conditioner_image;

/* codec-autoencoder.c: those of a codec whose row names its component. */
gboolean unclip_codec_autoencoder_init    (UnclipCodec *codec, UnclipModel *model, GError **error);
gboolean unclip_codec_autoencoder_encode  (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error);
gboolean unclip_codec_autoencoder_decode  (const UnclipCodec *codec, UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error);
gboolean unclip_codec_autoencoder_measure (const UnclipCodec *codec, UnclipModel *model, UnclipWeights *weights, BkContext *context, int side, guint64 *size,
                                           GError **error);
int      unclip_codec_side_above          (const UnclipCodec *codec, int wanted);

G_END_DECLS
