/* See unet-config.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unet-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

/* Where it is absent, UNet2DModel attends. */
static gboolean
check_no_attention (const UnclipConfig  *config,
                    GError             **error)
{
  return unclip_config_has (config, "add_attention") ? unclip_config_expect_bool (config, "add_attention", FALSE, error)
                                                     : unclip_config_refuse (config, "add_attention", "true", error);
}

static gboolean
expect_one (const UnclipConfig  *config,
            const char          *name,
            GError             **error)
{
  return unclip_config_double (config, name, 1.0, 1.0, 1.0, &(double) { 0 }, error);
}

/* Members with which other families use the same classes; here they must say what this family's do. */
static gboolean
check_variant (const UnclipConfig  *config,
               gboolean             is_conditional,
               GError             **error)
{
  BkActivation activation;

  if (! unclip_config_activation (config, "act_fn", "silu", &activation, error))
    return FALSE;
  if (activation != BK_SILU)
    return unclip_config_refuse (config, "act_fn", "not silu", error);

  return unclip_config_expect_bool (config, "center_input_sample", FALSE, error)
         && expect_one (config, "mid_block_scale_factor", error)
         && unclip_config_expect_string (config, "time_embedding_type", "positional", error)
         && (! is_conditional
             || (unclip_config_expect_bool (config, "only_cross_attention", FALSE, error)
                 && unclip_config_expect_bool (config, "class_embeddings_concat", FALSE, error)
                 && unclip_config_expect_bool (config, "resnet_skip_time_act", FALSE, error)
                 && expect_one (config, "resnet_out_scale_factor", error)
                 && unclip_config_expect_string (config, "cross_attention_norm", NULL, error)
                 && unclip_config_expect_string (config, "timestep_post_act", NULL, error)))
         && (is_conditional || check_no_attention (config, error));
}

/* Which blocks it has, and what only one of both kinds may say. @n_labels: (out): see UnclipUnetConfig */
static gboolean
read_kind (const UnclipConfig  *config,
           gboolean            *is_stable,
           int                 *n_labels,
           GError             **error)
{
  static const char *const unknown[] = { "num_attention_heads", "num_class_embeds", "time_cond_proj_dim", "time_embedding_dim",
                                         "time_embedding_act_fn", "reverse_transformer_layers_per_block", "addition_embed_type", "encoder_hid_dim_type", NULL };
  const char *mid, *labels;

  *n_labels = 0;
  if (! unclip_config_string (config, "mid_block_type", "UNetMidBlock2DSimpleCrossAttn", &mid, error)
      || ! unclip_config_string (config, "class_embed_type", NULL, &labels, error))
    return FALSE;
  *is_stable = strcmp (mid, "UNetMidBlock2DCrossAttn") == 0;
  if (! *is_stable)
    return unclip_config_expect_string (config, "mid_block_type", "UNetMidBlock2DSimpleCrossAttn", error)
           && unclip_config_expect_bool (config, "upcast_attention", FALSE, error)
           && unclip_config_expect_string (config, "class_embed_type", "identity", error);

  for (int i = 0; unknown[i] != NULL; i++)
    if (! unclip_config_expect_string (config, unknown[i], NULL, error))
      return FALSE;
  /* upcast_attention says what is done in half precision, which is not done here. */
  if (! unclip_config_has (config, "use_linear_projection"))
    return unclip_config_refuse (config, "use_linear_projection", "false", error);
  if (labels != NULL && strcmp (labels, "projection") != 0)
    return unclip_config_refuse (config, "class_embed_type", labels, error);
  if (labels != NULL && ! unclip_config_int (config, "projection_class_embeddings_input_dim", -1, 1, 65536, n_labels, error))
    return FALSE;
  return unclip_config_expect_bool (config, "use_linear_projection", TRUE, error)
         && unclip_config_expect_bool (config, "dual_cross_attention", FALSE, error)
         && unclip_config_expect_string (config, "attention_type", "default", error)
         && unclip_config_int (config, "conv_in_kernel", 3, 3, 3, &(int) { 0 }, error)
         && unclip_config_int (config, "conv_out_kernel", 3, 3, 3, &(int) { 0 }, error)
         && unclip_config_int (config, "downsample_padding", 1, 1, 1, &(int) { 0 }, error)
         && unclip_config_int (config, "transformer_layers_per_block", 1, 1, 1, &(int) { 0 }, error);
}

/* Whether it makes its condition of z_i itself, as Kandinsky's does, in both places or in none. */
static gboolean
read_image (const UnclipConfig  *config,
            int                 *dim,
            GError             **error)
{
  const char *context, *time;

  *dim = 0;
  if (! unclip_config_string (config, "encoder_hid_dim_type", NULL, &context, error)
      || ! unclip_config_string (config, "addition_embed_type", NULL, &time, error))
    return FALSE;
  if (context == NULL && time == NULL)
    return TRUE;
  if (g_strcmp0 (context, "image_proj") != 0)
    return unclip_config_refuse (config, "encoder_hid_dim_type", context != NULL ? context : "null", error);
  if (g_strcmp0 (time, "image") != 0)
    return unclip_config_refuse (config, "addition_embed_type", time != NULL ? time : "null", error);
  return unclip_config_int (config, "encoder_hid_dim", -1, 1, 65536, dim, error);
}

/* A list with one value per level, or one value for all; @fallback where there is none. */
static gboolean
read_per_level (const UnclipConfig  *config,
                const char          *name,
                int                  fallback,
                int                  max,
                int                  n_levels,
                int                 *out,
                GError             **error)
{
  int n;

  if (! unclip_config_has (config, name))
    {
      for (int i = 0; i < n_levels; i++)
        out[i] = fallback;
      return TRUE;
    }
  if (! unclip_config_ints (config, name, 1, max, n_levels, out, &n, error))
    return FALSE;
  if (n != n_levels)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" has %d values, but block_out_channels has %d"),
                   unclip_config_path (config), name, n, n_levels);
      return FALSE;
    }
  return TRUE;
}

/* attention_head_dim of Stable Diffusion's blocks is the number of heads, whatever its name says. */
static gboolean
read_heads (UnclipUnetConfig    *unet,
            const UnclipConfig  *config,
            GError             **error)
{
  int values[UNCLIP_UNET_MAX_LEVELS];

  if (! read_per_level (config, "attention_head_dim", 8, 65536, unet->n_levels, values, error))
    return FALSE;
  for (int i = 0; i < unet->n_levels; i++)
    {
      gboolean attends = unet->down_attends[i] || unet->up_attends[unet->n_levels - 1 - i] || i == unet->n_levels - 1;

      if (attends && unet->is_conditional && unet->n_channels[i] % values[i] != 0)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: %d channels cannot be split into heads of attention_head_dim %d"),
                       unclip_config_path (config), unet->n_channels[i], values[i]);
          return FALSE;
        }
      unet->n_heads[i] = unet->is_stable ? values[i] : unet->n_channels[i] / values[i];
    }
  return TRUE;
}

gboolean
unclip_unet_config_read (const UnclipConfig  *config,
                         UnclipUnetConfig    *out,
                         GError             **error)
{
  /* Types of blocks: plain and attending, down and up. */
  static const char *const glide[] = { "ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D", "ResnetUpsampleBlock2D", "SimpleCrossAttnUpBlock2D" };
  static const char *const stable[] = { "DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D" };
  const char *const *types;
  const char *scale_shift;
  double eps;

  out->is_conditional = unclip_config_has (config, "cross_attention_dim");
  out->is_stable = FALSE;
  out->n_labels = 0;
  if (! check_variant (config, out->is_conditional, error) || (out->is_conditional && ! read_kind (config, &out->is_stable, &out->n_labels, error)))
    return FALSE;
  types = out->is_stable ? stable : glide;

  if (! unclip_config_ints (config, "block_out_channels", 1, 65536, UNCLIP_UNET_MAX_LEVELS, out->n_channels, &out->n_levels, error)
      || ! unclip_config_blocks (config, "down_block_types", (const char *const[]) { types[0], out->is_conditional ? types[1] : NULL, NULL }, out->n_levels, out->down_attends, error)
      || ! unclip_config_blocks (config, "up_block_types", (const char *const[]) { types[2], out->is_conditional ? types[3] : NULL, NULL }, out->n_levels, out->up_attends, error)
      || ! read_per_level (config, "layers_per_block", 2, UNCLIP_UNET_MAX_LAYERS, out->n_levels, out->n_layers, error)
      || ! read_heads (out, config, error)
      || ! unclip_config_int (config, "sample_size", 64, 1, 65536, &out->sample_size, error)
      || ! unclip_config_int (config, "in_channels", 3, 1, 65536, &out->in_channels, error)
      || ! unclip_config_int (config, "out_channels", 3, 1, 65536, &out->out_channels, error)
      || ! unclip_config_int (config, "norm_num_groups", 32, 1, 65536, &out->style.n_groups, error)
      || ! unclip_config_double (config, "norm_eps", 1e-5, 0.0, 1.0, &eps, error)
      || ! unclip_config_bool (config, "flip_sin_to_cos", TRUE, &out->flip_sin_to_cos, error)
      || ! unclip_config_double (config, "freq_shift", 0.0, 0.0, 1.0, &out->freq_shift, error)
      || ! unclip_config_string (config, "resnet_time_scale_shift", "default", &scale_shift, error))
    return FALSE;

  if (out->is_conditional
      && (! unclip_config_int (config, "cross_attention_dim", 1280, 1, 65536, &out->context_width, error)
          || ! read_image (config, &out->image_dim, error)))
    return FALSE;
  if (strcmp (scale_shift, "scale_shift") != 0 && strcmp (scale_shift, "default") != 0)
    return unclip_config_refuse (config, "resnet_time_scale_shift", scale_shift, error);

  out->style.scale_shift = strcmp (scale_shift, "scale_shift") == 0;
  out->style.eps = eps;
  out->style.n_emb = 4 * out->n_channels[0];
  return TRUE;
}
