/* What an autoencoder's config.json says, checked.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../build.h"

G_BEGIN_DECLS

#define UNCLIP_AUTOENCODER_MAX_LEVELS 8
#define UNCLIP_AUTOENCODER_MAX_LAYERS 64

typedef struct
{
  gboolean is_spatial;    /* MoVQ, whose decoder's norms look at the latents; else KL, whose encoder also gives a variance */
  int      n_levels, n_channels[UNCLIP_AUTOENCODER_MAX_LEVELS], n_layers;
  gboolean down_attends[UNCLIP_AUTOENCODER_MAX_LEVELS], up_attends[UNCLIP_AUTOENCODER_MAX_LEVELS]; /* up: from the lowest level */
  int      in_channels, out_channels, n_latents; /* n_latents: channels of a latent */
  int      n_groups;
  int      n_codes;       /* entries of the codebook; 0 without one */
  double   scale;         /* what latents are multiplied by to be a decoder's state */
} UnclipAutoencoderConfig;

/* AutoencoderKL or VQModel. Errors: %UNCLIP_ERROR_MODEL naming the member. */
gboolean unclip_autoencoder_config_read (const UnclipConfig *config, UnclipAutoencoderConfig *out, GError **error);

G_END_DECLS
