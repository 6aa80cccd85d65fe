/* Autoencoders: what their config.json may say, and that what it may not say is named.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <string.h>

#include "construct.h"
#include "support.h"

#define KL_MEMBERS \
  "\"block_out_channels\": [4, 6], \"down_block_types\": [\"DownEncoderBlock2D\", \"DownEncoderBlock2D\"]," \
  " \"up_block_types\": [\"UpDecoderBlock2D\", \"UpDecoderBlock2D\"], \"norm_num_groups\": 2, \"latent_channels\": 3"
#define KL(more) "{\"_class_name\": \"AutoencoderKL\", " KL_MEMBERS more "}"
#define MOVQ(more) \
  "{\"_class_name\": \"VQModel\", \"norm_type\": \"spatial\", \"block_out_channels\": [32, 64], \"num_vq_embeddings\": 5," \
  " \"down_block_types\": [\"DownEncoderBlock2D\", \"AttnDownEncoderBlock2D\"], \"latent_channels\": 4," \
  " \"up_block_types\": [\"AttnUpDecoderBlock2D\", \"UpDecoderBlock2D\"]" more "}"

/* Of weights that only record; @weights: (out) */
static UnclipAutoencoder *
construct (const char *text, UnclipWeights **weights, BkContext *context, GError **error)
{
  g_autofree char *path = support_write ("config.json", text, -1);
  g_autoptr (UnclipConfig) config = unclip_config_load (path, error);

  g_assert_nonnull (config);
  *weights = unclip_weights_new_recording ();
  bk_context_init (context, 1);
  return unclip_autoencoder_construct (config, *weights, "vae", UNCLIP_AUTOENCODER_ALL, context, error);
}

static gboolean
has_tensor (const UnclipWeights *weights, const char *wanted)
{
  const char *name;
  const int  *dims;
  int         n_dims;

  for (guint i = 0; unclip_weights_recorded (weights, i, &name, &n_dims, &dims); i++)
    if (strcmp (name, wanted) == 0)
      return TRUE;
  return FALSE;
}

static void
test_kinds (void)
{
  for (int is_movq = 0; is_movq < 2; is_movq++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (UnclipWeights) weights = NULL;
      g_auto (BkContext) context = { 0 };
      g_autoptr (UnclipAutoencoder) autoencoder
        = construct (is_movq ? MOVQ (", \"scaling_factor\": 0.5") : KL (", \"scaling_factor\": 0.5"), &weights, &context, &error);

      g_assert_no_error (error);
      g_assert_cmpint (unclip_autoencoder_factor (autoencoder), ==, 2);
      g_assert_cmpint (unclip_autoencoder_n_latents (autoencoder), ==, is_movq ? 4 : 3);
      /* MoVQ's file has the member, too, and nothing uses it. */
      g_assert_cmpfloat (unclip_autoencoder_scale (autoencoder), ==, is_movq ? 1.0 : 0.5);
      g_assert_cmpint (unclip_autoencoder_has_variance (autoencoder), ==, ! is_movq);
      g_assert_cmpint (has_tensor (weights, "encoder.mid_block.attentions.0.query.weight"), ==, ! is_movq);
      g_assert_cmpint (has_tensor (weights, "encoder.mid_block.attentions.0.to_q.weight"), ==, is_movq);
      g_assert_cmpint (has_tensor (weights, "decoder.up_blocks.0.attentions.1.spatial_norm.conv_y.weight"), ==, is_movq);
      g_assert_cmpint (has_tensor (weights, "quantize.embedding.weight"), ==, is_movq);

      /* Memory is told before there is any; sides that do not fit are told, too. */
      g_assert_true (unclip_autoencoder_decode (autoencoder, NULL, 1, 5, 3, NULL, &error));
      g_assert_cmpuint (unclip_autoencoder_working_size (autoencoder), >, 2 * 10 * 6 * (is_movq ? 64 : 6) * sizeof (float));
      g_assert_true (unclip_autoencoder_encode (autoencoder, NULL, 1, 10, 6, NULL, NULL, &error));
      g_assert_false (unclip_autoencoder_encode (autoencoder, NULL, 1, 10, 7, NULL, NULL, &error));
      g_assert_nonnull (strstr (error->message, "multiples of 2"));
      support_assert_refused (&error, UNCLIP_ERROR_ARGUMENT);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text, *named;
  } cases[] = {
    { "{" KL_MEMBERS "}", "_class_name" },
    { "{\"_class_name\": \"AutoencoderTiny\", " KL_MEMBERS "}", "AutoencoderTiny" },
    { KL (", \"act_fn\": \"relu\""), "relu" },
    { KL (", \"act_fn\": \"gelu\""), "act_fn" },
    { KL (", \"shift_factor\": 0.1"), "shift_factor" },
    { KL (", \"latents_mean\": [0, 0, 0]"), "latents_mean" },
    { KL (", \"use_quant_conv\": false"), "use_quant_conv" },
    { KL (", \"mid_block_add_attention\": false"), "mid_block_add_attention" },
    { KL (", \"scaling_factor\": 0"), "scaling_factor" },
    { KL (", \"layers_per_block\": 0"), "layers_per_block" },
    { KL (", \"up_block_types\": [\"UpDecoderBlock2D\", \"UpBlock2D\"]"), "UpBlock2D" },
    { KL (", \"down_block_types\": [\"DownEncoderBlock2D\"]"), "down_block_types" },
    { MOVQ (", \"norm_type\": \"group\""), "norm_type" },
    { MOVQ (", \"norm_type\": null"), "norm_type" },
    { MOVQ (", \"vq_embed_dim\": 8"), "vq_embed_dim" },
    { MOVQ (", \"lookup_from_codebook\": true"), "lookup_from_codebook" },
    { MOVQ (", \"block_out_channels\": [32, 40]"), "groups" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (UnclipWeights) weights = NULL;
      g_auto (BkContext) context = { 0 };

      g_assert_null (construct (cases[i].text, &weights, &context, &error));
      g_assert_nonnull (strstr (error->message, cases[i].named));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/autoencoder/kinds", test_kinds);
  g_test_add_func ("/autoencoder/refused", test_refused);
  return g_test_run ();
}
