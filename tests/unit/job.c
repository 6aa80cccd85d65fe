/* Pictures, options and stage titles.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include "support.h"

static void
test_image (void)
{
  g_autoptr (UnclipImage) image = unclip_image_new (3, 2, 4);
  g_autoptr (UnclipImage) copy = NULL;

  g_assert_nonnull (image);
  for (int i = 0; i < 24; i++)
    {
      g_assert_cmpfloat (image->pixels[i], ==, 0);
      image->pixels[i] = i;
    }
  copy = unclip_image_copy (image);
  image->pixels[0] = -1;
  g_assert_cmpint (copy->width, ==, 3);
  g_assert_cmpint (copy->height, ==, 2);
  g_assert_cmpint (copy->n_channels, ==, 4);
  for (int i = 0; i < 24; i++)
    g_assert_cmpfloat (copy->pixels[i], ==, i);
  unclip_image_free (NULL);
}

static void
test_image_refused (void)
{
  g_assert_null (unclip_image_new (0, 2, 3));
  g_assert_null (unclip_image_new (2, 0, 3));
  g_assert_null (unclip_image_new (2, 2, 0));
  g_assert_null (unclip_image_new (-1, -1, 3));
  /* More than any address space holds. */
  g_assert_null (unclip_image_new (G_MAXINT, G_MAXINT, 4));
}

static void
test_options (void)
{
  UnclipOptions options;

  unclip_options_init (&options);
  g_assert_cmpint (options.precision, ==, UNCLIP_PRECISION_AUTO);
  g_assert_cmpint (options.rng, ==, UNCLIP_RNG_PHILOX);
  g_assert_cmpint (options.framing, ==, UNCLIP_FRAMING_PAD);
  g_assert_cmpuint (options.seed, ==, 0);
  g_assert_cmpint (options.size, ==, 0);
  g_assert_cmpint (options.n_steps, ==, 0);
  g_assert_cmpfloat (options.guidance_scale, <, 0);
  g_assert_cmpfloat (options.prior_guidance_scale, <, 0);
  g_assert_null (options.progress);
  g_assert_null (options.used);
  g_assert_null (options.note);
  g_assert_null (options.cancellable);
}

static void
test_seeds (void)
{
  g_assert_cmpuint (unclip_seed_after (7, 0), ==, 7);
  g_assert_cmpuint (unclip_seed_after (7, 3), ==, 10);
  g_assert_cmpuint (unclip_seed_after (G_MAXINT32, 0), ==, G_MAXINT32);
  g_assert_cmpuint (unclip_seed_after (G_MAXINT32, 2), ==, 1);
  g_assert_cmpuint (unclip_seed_after (G_GUINT64_CONSTANT (1) << 31, 1), ==, (G_GUINT64_CONSTANT (1) << 31) + 1);
  g_assert_cmpuint (unclip_seed_after (G_MAXINT64, 1), ==, 0);
  g_assert_cmpuint (unclip_seed_after (G_MAXUINT64, 0), ==, G_MAXUINT64);
  g_assert_cmpuint (unclip_seed_after (G_MAXUINT64, 1), ==, 0);
}

static void
test_titles (void)
{
  static const char *const stages[] = { "image_encoder", "text_encoder", "prior", "inversion", "decoder", "super_res" };

  for (guint i = 0; i < G_N_ELEMENTS (stages); i++)
    g_assert_cmpstr (unclip_stage_title (stages[i]), !=, stages[i]);
  g_assert_cmpstr (unclip_stage_title ("a stage of tomorrow"), ==, "a stage of tomorrow");
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/job/image", test_image);
  g_test_add_func ("/job/image-refused", test_image_refused);
  g_test_add_func ("/job/options", test_options);
  g_test_add_func ("/job/seeds", test_seeds);
  g_test_add_func ("/job/titles", test_titles);
  return g_test_run ();
}
