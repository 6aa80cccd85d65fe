/* What a UNet's config.json says, checked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "unet-blocks.h"

G_BEGIN_DECLS

#define UNCLIP_UNET_MAX_LEVELS 16
#define UNCLIP_UNET_MAX_LAYERS 64

typedef struct
{
  int               n_levels, n_channels[UNCLIP_UNET_MAX_LEVELS], n_layers[UNCLIP_UNET_MAX_LEVELS], head_dim[UNCLIP_UNET_MAX_LEVELS];
  gboolean          down_attends[UNCLIP_UNET_MAX_LEVELS], up_attends[UNCLIP_UNET_MAX_LEVELS]; /* up: from the lowest level */
  gboolean          is_conditional;
  int               image_dim;         /* of the z_i that alone conditions it; 0: it is given context and time from elsewhere */
  int               sample_size, in_channels, out_channels, context_width;
  gboolean          flip_sin_to_cos;
  double            freq_shift;
  UnclipResnetStyle style;
} UnclipUnetConfig;

/* UNet2DConditionModel, which has a cross_attention_dim, or UNet2DModel. Errors: %UNCLIP_ERROR_MODEL naming the member. */
gboolean unclip_unet_config_read (const UnclipConfig *config, UnclipUnetConfig *out, GError **error);

G_END_DECLS
