/* Weights that are cut short while a network uses them: an error, where the system would end the process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dev.h"

#include <string.h>
#include <unistd.h>

#include "construct.h"
#include "guard.h"
#include "support.h"

#define TOWER \
  "{\"hidden_size\": 64, \"intermediate_size\": 256, \"num_attention_heads\": 4, \"num_hidden_layers\": 2," \
  " \"image_size\": 32, \"patch_size\": 8, \"projection_dim\": 24}"

/* What AddressSanitizer asks a program built with it: the signal is ours to look at. */
UNCLIP_API const char *__asan_default_options (void);

const char *
__asan_default_options (void)
{
  return "handle_sigbus=0";
}

/* As many bytes as it has pages, each page's first. */
static int
sum_of_pages (const char *bytes, gsize size)
{
  int sum = 0;

  for (gsize i = 0; i < size; i += sysconf (_SC_PAGESIZE))
    sum += bytes[i];
  return sum;
}

static void
test_guard (void)
{
  gsize size = 4 * sysconf (_SC_PAGESIZE);
  g_autofree char *text = g_strnfill (size, 1), *path = support_write ("bytes", text, size);
  GMappedFile *map = g_mapped_file_new (path, FALSE, NULL), *other = g_mapped_file_new (path, FALSE, NULL);
  UnclipGuard *guard = unclip_guard_new (g_mapped_file_get_contents (map), size);
  UnclipGuard *other_guard = unclip_guard_new (g_mapped_file_get_contents (other), size);

  g_assert_cmpint (sum_of_pages (g_mapped_file_get_contents (map), size), ==, 4);
  g_assert_false (unclip_guard_failed (guard));

  g_assert_cmpint (truncate (path, size / 4), ==, 0);
  g_assert_cmpint (sum_of_pages (g_mapped_file_get_contents (map), size), ==, 1);
  g_assert_true (unclip_guard_failed (guard));
  /* Nobody has read the other one. */
  g_assert_false (unclip_guard_failed (other_guard));

  unclip_guard_free (guard);
  unclip_guard_free (other_guard);
  g_mapped_file_unref (map);
  g_mapped_file_unref (other);
}

/* What nobody guards ends the process as ever. */
static void
test_others (void)
{
  if (g_test_subprocess ())
    {
      gsize size = sysconf (_SC_PAGESIZE);
      g_autofree char *text = g_strnfill (size, 1), *path = support_write ("bytes", text, size);
      g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL), other = g_mapped_file_new (path, FALSE, NULL);

      unclip_guard_new (g_mapped_file_get_contents (map), size);
      g_assert_cmpint (truncate (path, 0), ==, 0);
      g_assert_cmpint (sum_of_pages (g_mapped_file_get_contents (other), size), <, 2);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
  g_test_trap_assert_failed ();
  /* By the signal, not by what was read. */
  g_test_trap_assert_stderr_unmatched ("*ERROR*");
}

/* A model of an image tower alone, in bf16; transfer full: the path of its weights */
static char *
make_tower (void)
{
  g_autofree char *in = support_path ("configs"), *out = support_path ("model");
  g_autoptr (GError) error = NULL;

  g_free (support_write ("configs/image_encoder/config.json", TOWER, -1));
  g_free (support_write ("configs/model_index.json", "{}", -1));
  unclip_synth (in, out, 1, "bf16", NULL, &error);
  g_assert_no_error (error);
  return support_path ("model/image_encoder/model.safetensors");
}

/* Before a network has packed them, and between two passes of one that reads them in each. */
static void
test_network (void)
{
  g_autofree char *path = make_tower ();
  g_autofree float *pixels = g_new0 (float, 3 * 32 * 32), *z_i = g_new (float, 24);
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipImageTower) tower = NULL, late = NULL;
  g_autofree char *dir = support_path ("model");
  GError *error = NULL;

  model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  config = unclip_model_config (model, "image_encoder", &error);
  g_assert_no_error (error);
  weights = unclip_model_weights (model, "image_encoder", &error);
  g_assert_no_error (error);
  support_context.type = BK_BF16; /* so that it leaves them in the file */
  tower = unclip_image_tower_new (model, &support_context, &error);
  g_assert_no_error (error);
  unclip_image_tower_encode (tower, pixels, 1, NULL, z_i, &error);
  g_assert_no_error (error);

  g_assert_cmpint (truncate (path, 4 * sysconf (_SC_PAGESIZE)), ==, 0);
  g_assert_false (unclip_image_tower_encode (tower, pixels, 1, NULL, z_i, &error));
  g_assert_nonnull (strstr (error->message, path));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  late = unclip_image_tower_construct (config, weights, &support_context, &error);
  g_assert_null (late);
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/guard/guard", test_guard);
  g_test_add_func ("/guard/others", test_others);
  g_test_add_func ("/guard/network", test_network);
  return g_test_run ();
}
