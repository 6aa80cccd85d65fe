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
  int               n_levels, n_channels[UNCLIP_UNET_MAX_LEVELS], n_layers[UNCLIP_UNET_MAX_LEVELS];
  int               n_heads[UNCLIP_UNET_MAX_LEVELS]; /* of levels that attend */
  gboolean          down_attends[UNCLIP_UNET_MAX_LEVELS], up_attends[UNCLIP_UNET_MAX_LEVELS]; /* up: from the lowest level */
  gboolean          is_conditional;
  gboolean          is_stable;         /* Stable Diffusion's blocks: transformers, and convolutions that resample; else GLIDE's */
  int               image_dim;         /* of the z_i that alone conditions it; 0: it is given context and time from elsewhere */
  int               sample_size, in_channels, out_channels, context_width;
  int               n_labels;          /* width of the class labels that it projects; 0: what is added to the time embedding comes projected */
  gboolean          flip_sin_to_cos;
  double            freq_shift;
  UnclipResnetStyle style;
} UnclipUnetConfig;

/* UNet2DConditionModel, which has a cross_attention_dim, or UNet2DModel. Errors: %UNCLIP_ERROR_MODEL naming the member. */
gboolean unclip_unet_config_read (const UnclipConfig *config, UnclipUnetConfig *out, GError **error);

G_END_DECLS
