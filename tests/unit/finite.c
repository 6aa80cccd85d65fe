/* Values that are no numbers, in weights and in latents: an error that names the place, and never a black picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finite.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "files.h"
#include "support.h"
#include "tiny.h"

static void
test_is_finite (void)
{
  static const float sound[] = { 0, -0.0f, 1, -1, FLT_MAX, -FLT_MAX, FLT_MIN, 1e-45f };
  static const float not[] = { NAN, -NAN, INFINITY, -INFINITY };
  float values[37];

  g_assert_true (unclip_is_finite (NULL, 0));
  for (int i = 0; i < 37; i++)
    values[i] = sound[i % G_N_ELEMENTS (sound)];
  g_assert_true (unclip_is_finite (values, 37));
  for (int i = 0; i < 37; i++)
    for (guint k = 0; k < G_N_ELEMENTS (not); k++)
      {
        float was = values[i];

        values[i] = not[k];
        g_assert_false (unclip_is_finite (values, 37));
        g_assert_true (unclip_is_finite (values, i));
        values[i] = was;
      }
}

/* One value of each component, and who is to be named for it. */
static const struct
{
  const char     *component, *tensor;
  UnclipPriorKind prior;
  gboolean        is_vast; /* the second upsampler's part */
} weights[] = {
  { "text_encoder", "text_model.encoder.layers.1.self_attn.k_proj.weight", UNCLIP_PRIOR_TEXT, FALSE },
  { "text_encoder", "text_projection.weight", UNCLIP_PRIOR_TEXT, FALSE },
  { "prior", "transformer_blocks.0.attn1.to_k.weight", UNCLIP_PRIOR_DIFFUSION, FALSE },
  { "prior", "clip_mean", UNCLIP_PRIOR_DIFFUSION, FALSE },
  { "prior", "clip_std", UNCLIP_PRIOR_DIFFUSION, FALSE },
  { "prior_autoregressive", "to_logits.weight", UNCLIP_PRIOR_AUTOREGRESSIVE, FALSE },
  { "prior_autoregressive", "pca_mean", UNCLIP_PRIOR_AUTOREGRESSIVE, FALSE },
  { "text_proj", "learned_classifier_free_guidance_embeddings", UNCLIP_PRIOR_TEXT, FALSE },
  { "text_proj", "embedding_proj.bias", UNCLIP_PRIOR_TEXT, FALSE },
  { "decoder", "conv_in.bias", UNCLIP_PRIOR_TEXT, FALSE },
  { "decoder", "mid_block.attentions.0.to_k.weight", UNCLIP_PRIOR_TEXT, FALSE },
  { "decoder", "conv_out.weight", UNCLIP_PRIOR_TEXT, FALSE },
  { "super_res_first", "conv_out.bias", UNCLIP_PRIOR_TEXT, FALSE },
  { "super_res_last", "conv_in.weight", UNCLIP_PRIOR_TEXT, FALSE },
  { "super_res_1024", "conv_in.weight", UNCLIP_PRIOR_TEXT, TRUE },
};

static void
test_weights (void)
{
  static const float values[] = { NAN, INFINITY };
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    for (int k = 0; k < 4; k++)
      {
        g_autoptr (UnclipModel) model = tiny_open (dir);
        g_autoptr (UnclipImage) image = NULL;
        UnclipOptions options = tiny_options ();

        g_test_message ("%s: %s", weights[i].component, weights[i].tensor);
        tiny_spoil (dir, weights[i].component, weights[i].tensor, 1, values[k % 2]);
        options.precision = k < 2 ? UNCLIP_PRECISION_F32 : UNCLIP_PRECISION_BF16;
        options.size = weights[i].is_vast ? TINY_VAST : 0;
        options.guidance_scale = 3;
        image = unclip_generate (model, "low", weights[i].prior, &options, &error);
        g_assert_null (image);
        g_assert_nonnull (strstr (error->message, weights[i].component));
        support_assert_refused (&error, UNCLIP_ERROR_MODEL);
        tiny_spoil (dir, weights[i].component, weights[i].tensor, 1, 0.1f);
      }
}

/* The tower of pictures, and the way there. */
static void
test_inversion (void)
{
  static const char *const places[][2] = { { "image_encoder", "visual_projection.weight" }, { "decoder", "conv_in.weight" },
                                           { "super_res_first", "conv_in.weight" } };
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipImage) x = tiny_picture ();
  UnclipOptions options = tiny_options ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      g_autoptr (UnclipModel) model = tiny_open (dir);

      tiny_spoil (dir, places[i][0], places[i][1], 0, NAN);
      g_assert_null (unclip_invert (model, x, "", &options, &error));
      g_assert_nonnull (strstr (error->message, places[i][0]));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
      tiny_spoil (dir, places[i][0], places[i][1], 0, 0.1f);
    }
}

static void
test_latents (void)
{
  static const char *const names[] = { "z_i", "x_T", "residuals", "low", "super_res.x_T", "super_res.residuals",
                                       "super_res_1024.low", "super_res_1024.rest" };
  g_autofree char *dir = tiny_model ("tiny"), *path = support_path ("latents.safetensors");
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (UnclipImage) x = tiny_picture ();
  g_autoptr (UnclipLatents) latents = NULL;
  UnclipOptions options = tiny_options ();
  g_autoptr (GError) error = NULL;

  options.size = TINY_VAST;
  latents = unclip_invert (model, x, "", &options, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (UnclipTensors) tensors = NULL;

      g_assert_true (unclip_latents_save (latents, path, &error));
      tensors = unclip_tensors_load (path, &error);
      ((float *) unclip_tensors_find (tensors, names[i])->data)[3] = i % 2 == 0 ? NAN : -INFINITY;
      g_assert_true (unclip_tensors_save (tensors, path, &error));
      g_assert_null (unclip_latents_load (path, &error));
      g_assert_nonnull (strstr (error->message, names[i]));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
}

/* Four channels in the place of three. */
static void
widen (UnclipTensors *tensors, const char *name)
{
  int           n = unclip_tensors_find (tensors, name)->dims[0], side = unclip_tensors_find (tensors, name)->dims[2];
  g_autoptr (GError) error = NULL;

  unclip_tensors_remove (tensors, name);
  unclip_tensors_add (tensors, name, UNCLIP_DTYPE_F32, 4, (const int[]) { n, 4, side, side }, &error);
  g_assert_no_error (error);
}

/* States of another decoder are states, but not of this one. */
static void
test_other_states (void)
{
  g_autofree char *dir = tiny_model ("tiny"), *path = support_path ("latents.safetensors");
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (UnclipImage) x = tiny_picture ();
  g_autoptr (UnclipLatents) latents = NULL;
  g_autoptr (UnclipLatents) wide = NULL;
  g_autoptr (UnclipTensors) tensors = NULL;
  UnclipOptions options = tiny_options ();
  g_autoptr (GError) error = NULL;

  latents = unclip_invert (model, x, "", &options, &error);
  g_assert_no_error (error);
  g_assert_true (unclip_latents_save (latents, path, &error));
  tensors = unclip_tensors_load (path, &error);
  widen (tensors, "x_T");
  g_assert_true (unclip_tensors_save (tensors, path, &error));
  g_assert_null (unclip_latents_load (path, &error));
  g_assert_nonnull (strstr (error->message, "residuals"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  widen (tensors, "residuals");
  g_assert_true (unclip_tensors_save (tensors, path, &error));
  wide = unclip_latents_load (path, &error);
  g_assert_no_error (error);
  g_assert_null (unclip_decode (model, wide, &options, &error));
  g_assert_nonnull (strstr (error->message, "4 values, but the decoder works on"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/finite/is-finite", test_is_finite);
  g_test_add_func ("/finite/weights", test_weights);
  g_test_add_func ("/finite/inversion", test_inversion);
  g_test_add_func ("/finite/latents", test_latents);
  g_test_add_func ("/finite/other-states", test_other_states);
  return g_test_run ();
}
