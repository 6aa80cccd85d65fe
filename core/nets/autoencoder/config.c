/* See config.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "config.h"

#include <string.h>

/* Newer files name what older ones take for granted; what they may say besides would be computed in another way. */
static gboolean
check_variant (const UnclipConfig  *config,
               GError             **error)
{
  BkActivation activation;

  if (! unclip_config_activation (config, "act_fn", "silu", &activation, error))
    return FALSE;
  if (activation != BK_SILU)
    return unclip_config_refuse (config, "act_fn", "not silu", error);

  return unclip_config_expect_bool (config, "mid_block_add_attention", TRUE, error)
         && unclip_config_expect_bool (config, "use_quant_conv", TRUE, error)
         && unclip_config_expect_bool (config, "use_post_quant_conv", TRUE, error)
         && unclip_config_expect_bool (config, "lookup_from_codebook", FALSE, error)
         && unclip_config_expect_string (config, "shift_factor", NULL, error)
         && unclip_config_expect_string (config, "latents_mean", NULL, error)
         && unclip_config_expect_string (config, "latents_std", NULL, error);
}

/* What only one of both has. */
static gboolean
read_kind (const UnclipConfig       *config,
           UnclipAutoencoderConfig  *out,
           GError                  **error)
{
  int n_embedding;

  if (! out->is_spatial)
    return unclip_config_double (config, "scaling_factor", 0.18215, 1e-6, 1e6, &out->scale, error);

  /* Its file has a scaling factor, too, which nothing uses. */
  out->scale = 1.0;
  if (! unclip_config_int (config, "num_vq_embeddings", 256, 1, 1 << 24, &out->n_codes, error)
      || ! unclip_config_int (config, "vq_embed_dim", out->n_latents, 1, 65536, &n_embedding, error))
    return FALSE;
  if (! unclip_config_has (config, "norm_type"))
    return unclip_config_refuse (config, "norm_type", "group", error);
  /* Spatial norms take the latents on both sides of post_quant_conv for equally wide. */
  if (n_embedding != out->n_latents)
    return unclip_config_refuse (config, "vq_embed_dim", "not latent_channels", error);
  return unclip_config_expect_string (config, "norm_type", "spatial", error);
}

gboolean
unclip_autoencoder_config_read (const UnclipConfig       *config,
                                UnclipAutoencoderConfig  *out,
                                GError                  **error)
{
  static const char *const down[] = { "DownEncoderBlock2D", "AttnDownEncoderBlock2D", NULL };
  static const char *const up[] = { "UpDecoderBlock2D", "AttnUpDecoderBlock2D", NULL };
  const char *class_name;

  *out = (UnclipAutoencoderConfig) { 0 };
  if (! unclip_config_string (config, "_class_name", "", &class_name, error))
    return FALSE;
  out->is_spatial = strcmp (class_name, "VQModel") == 0;
  if (! out->is_spatial && strcmp (class_name, "AutoencoderKL") != 0)
    return unclip_config_refuse (config, "_class_name", class_name, error);

  return check_variant (config, error)
         && unclip_config_ints (config, "block_out_channels", 1, 65536, UNCLIP_AUTOENCODER_MAX_LEVELS, out->n_channels, &out->n_levels, error)
         && unclip_config_blocks (config, "down_block_types", down, out->n_levels, out->down_attends, error)
         && unclip_config_blocks (config, "up_block_types", up, out->n_levels, out->up_attends, error)
         && unclip_config_int (config, "layers_per_block", 1, 1, UNCLIP_AUTOENCODER_MAX_LAYERS, &out->n_layers, error)
         && unclip_config_int (config, "in_channels", 3, 1, 65536, &out->in_channels, error)
         && unclip_config_int (config, "out_channels", 3, 1, 65536, &out->out_channels, error)
         && unclip_config_int (config, "latent_channels", out->is_spatial ? 3 : 4, 1, 4096, &out->n_latents, error)
         && unclip_config_int (config, "norm_num_groups", 32, 1, 65536, &out->n_groups, error)
         && read_kind (config, out, error);
}
