/* From a picture to what the image tower takes: CLIPImageProcessor's answers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <math.h>

#include "support.h"

static gboolean
load (const char *config, UnclipPreprocess *preprocess, GError **error)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);

  g_assert_nonnull (model);
  g_free (support_write ("model/feature_extractor/preprocessor_config.json", config, -1));
  return unclip_preprocess_load (model, preprocess, error);
}

static void
test_config (void)
{
  UnclipPreprocess p;
  GError          *error = NULL;

  /* Old files: plain numbers, and OpenAI's mean and deviation left out. */
  g_assert_true (load ("{\"size\": 224, \"crop_size\": 224}", &p, &error));
  g_assert_no_error (error);
  g_assert_cmpint (p.size, ==, 224);
  g_assert_cmpint (p.crop_w, ==, 224);
  g_assert_cmpint (p.crop_h, ==, 224);
  g_assert_cmpfloat (p.mean[0], ==, 0.48145466f);
  g_assert_cmpfloat (p.std[2], ==, 0.27577711f);

  g_assert_true (load ("{\"size\": {\"shortest_edge\": 5}, \"crop_size\": {\"width\": 4, \"height\": 3}, "
                       "\"image_mean\": [0, 0.5, 1], \"image_std\": [1, 2, 0.25]}",
                       &p, &error));
  g_assert_no_error (error);
  g_assert_cmpint (p.size, ==, 5);
  g_assert_cmpint (p.crop_w, ==, 4);
  g_assert_cmpint (p.crop_h, ==, 3);
  g_assert_cmpfloat (p.mean[1], ==, 0.5f);
  g_assert_cmpfloat (p.std[2], ==, 0.25f);
}

static void
test_bad_config (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"size\": 224}",
    "{\"size\": 0, \"crop_size\": 4}",
    "{\"size\": -4, \"crop_size\": 4}",
    "{\"size\": 99999999, \"crop_size\": 4}",
    "{\"size\": \"224\", \"crop_size\": 4}",
    "{\"size\": true, \"crop_size\": 4}",
    "{\"size\": null, \"crop_size\": 4}",
    "{\"size\": [4], \"crop_size\": 4}",
    "{\"size\": {\"shortest_edge\": {}}, \"crop_size\": 4}",
    "{\"size\": {\"height\": 4, \"width\": 4}, \"crop_size\": 4}",
    "{\"size\": 4, \"crop_size\": {\"width\": 4}}",
    "{\"size\": 4, \"crop_size\": 4, \"image_mean\": 0.5}",
    "{\"size\": 4, \"crop_size\": 4, \"image_mean\": [0.5, 0.5]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_mean\": [\"a\", \"b\", \"c\"]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_mean\": [1e999, 0, 0]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_mean\": [-1e9, 0, 0]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_std\": [1, 1e-30, 1]}",
    "{\"size\": 4, \"crop_size\": 4, \"do_normalize\": false}",
    "{\"size\": 4, \"crop_size\": 4, \"do_resize\": false}",
    "{\"size\": 4, \"crop_size\": 4, \"do_rescale\": 1}",
    "{\"size\": 4, \"crop_size\": 4, \"resample\": 2}",
    "{\"size\": 4, \"crop_size\": 4, \"resample\": \"3\"}",
    "{\"size\": 4, \"crop_size\": 4, \"rescale_factor\": 1}",
    "{\"size\": 4, \"crop_size\": 4, \"image_std\": [1, 0, 1]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_std\": [1, -1, 1]}",
    "{\"size\": 4, \"crop_size\": 4, \"image_std\": [1, true, 1]}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      UnclipPreprocess p;
      GError          *error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_false (load (bad[i], &p, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

/* Pillow's resize and a crop whose offset is rounded down. */
static void
test_known (void)
{
  static const struct
  {
    int         w, h, size, crop_w, crop_h;
    const char *sha256;
    guint8      first[9];
  } known[] = {
    { 10, 7, 4, 4, 4, "1de61a418bc33884", { 73, 129, 122, 134, 149, 136, 129, 157, 101 } },
    { 7, 10, 5, 4, 3, "b74a4e173d874889", { 107, 111, 138, 133, 144, 116, 141, 103, 109 } },
    { 5, 5, 3, 6, 5, "c005aa812dec3482", { 0 } }, /* the crop is larger: black around */
    { 9, 4, 4, 4, 4, "4851d9767bbbc3c3", { 74, 133, 192, 111, 170, 229, 148, 207, 10 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      UnclipPreprocess p = { known[i].size, known[i].crop_w, known[i].crop_h, { 0.5f, 0.25f, 0 }, { 0.5f, 1, 2 } };
      int              n = p.crop_w * p.crop_h * 3;
      g_autofree guint8 *in = g_malloc (known[i].w * known[i].h * 3), *out = g_malloc (n);
      g_autofree float  *values = g_new (float, n);
      g_autofree char   *sum = NULL;

      for (int y = 0; y < known[i].h; y++)
        for (int x = 0; x < known[i].w; x++)
          for (int c = 0; c < 3; c++)
            in[(y * known[i].w + x) * 3 + c] = (guint8) (x * 37 + y * 101 + c * 59 + x * y * 7);
      g_assert_true (unclip_preprocess_run (&p, in, known[i].w, known[i].h, out, values, NULL));
      g_assert_cmpmem (out, 9, known[i].first, 9);
      sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, out, n);
      sum[16] = '\0';
      g_assert_cmpstr (sum, ==, known[i].sha256);
      for (int k = 0; k < n; k++)
        g_assert_cmpfloat_with_epsilon (values[k], (out[k] / 255.0f - p.mean[k % 3]) / p.std[k % 3], 1e-6);
      g_assert_true (unclip_preprocess_run (&p, in, known[i].w, known[i].h, NULL, values, NULL));
    }
}

static void
test_ribbon (void)
{
  UnclipPreprocess   p = { 224, 224, 224, { 0 }, { 1, 1, 1 } };
  const int          length = 500000;
  g_autofree guint8 *in = g_malloc0 (3 * length);
  g_autofree float  *values = g_new (float, 224 * 224 * 3);
  GError            *error = NULL;

  g_assert_false (unclip_preprocess_run (&p, in, 1, length, NULL, values, &error));
  support_assert_refused (&error, UNCLIP_ERROR_ARGUMENT);
  g_assert_false (unclip_preprocess_run (&p, in, length, 1, NULL, values, &error));
  support_assert_refused (&error, UNCLIP_ERROR_ARGUMENT);
}

static void
test_rgb8 (void)
{
  static float values[] = {
    0, 0.5f, 1, 1,               /* as it is; 127.5 goes to the even 128 */
    0, 0.5f, 1, 0,               /* nothing to see: white */
    0, 1, 0.5f, 0.5f,            /* half */
    -1, 2, NAN, 1,               /* out of range */
    INFINITY, -INFINITY, 0, 2,   /* likewise, alpha too */
    0.25f, 0.25f, 0.25f, NAN,    /* an alpha that is no number hides nothing */
    0.25f, 0.25f, 0.25f, -1,
  };
  static const guint8 should[] = {
    0, 128, 255, 255, 255, 255, 128, 255, 191, 0, 255, 0, 255, 0, 0, 64, 64, 64, 255, 255, 255
  };
  UnclipImage        rgba = { 7, 1, 4, values }, rgb = { 1, 1, 3, values };
  g_autofree guint8 *composited = unclip_image_to_rgb8 (&rgba, NULL), *plain = unclip_image_to_rgb8 (&rgb, NULL);

  g_assert_cmpmem (composited, 21, should, 21);
  g_assert_cmpmem (plain, 3, should, 3);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/preprocess/config", test_config);
  g_test_add_func ("/preprocess/bad-config", test_bad_config);
  g_test_add_func ("/preprocess/known", test_known);
  g_test_add_func ("/preprocess/ribbon", test_ribbon);
  g_test_add_func ("/preprocess/rgb8", test_rgb8);
  return g_test_run ();
}
