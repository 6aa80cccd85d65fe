/* Between pictures and the states that a decoder works on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

/**
 * UnclipCodec:
 * @component: (nullable): that makes a model one with this codec; %NULL: none does
 * @n_channels: of a state
 * @factor: how many pixels of a picture's side go into one of a state's
 * @encode: picture @x [side, side, 3] in [-1, 1] to @state [side / factor, side / factor, n_channels]
 * @decode: and back
 *
 * Either loads what it needs and drops it.
 */
typedef struct
{
  const char *component;
  int         n_channels, factor;
  gboolean  (*encode) (UnclipModel *model, BkContext *context, const float *x, int side, float *state, GError **error);
  gboolean  (*decode) (UnclipModel *model, BkContext *context, const float *state, int side, float *x, GError **error);
} UnclipCodec;

const UnclipCodec *unclip_codec_of (UnclipModel *model);

G_END_DECLS
