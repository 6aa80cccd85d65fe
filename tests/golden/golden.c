/* Every task of `unclip eval` on golden tensors that another engine made, with one thread and with two.
 *
 *     golden [--verbose] GOLDENS MODEL
 *
 * GOLDENS holds TASK.safetensors and tolerances.json. What is not there is skipped, and says so.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <png.h>
#include <string.h>

#include "compare.h"
#include "dev.h"
#include "level.h"

const char *golden_folder, *golden_model;

const char *const golden_tasks[] = {
  "text_encoder", "image_encoder", "prior", "text_proj", "decoder", "super_res", "slerp",
  "prior_loop", "prior_autoregressive", "prior_autoregressive_loop", "decoder_loop", "super_res_loop", "ddim", "text2image", "variation",
  "unet", "prior_loop_negative", "prior_interpolate", "movq_encode", "movq_decode", "img2img", NULL
};

char *
golden_path (const char *file)
{
  g_autofree char *path = g_build_filename (golden_folder, file, NULL);
  g_autofree char *model = g_build_filename (golden_model, "model_index.json", NULL);
  g_autofree char *part = g_build_filename (golden_model, "decoder", "model_index.json", NULL);
  gboolean         has_model = g_file_test (model, G_FILE_TEST_EXISTS) || g_file_test (part, G_FILE_TEST_EXISTS);
  const char      *lacking = ! g_file_test (path, G_FILE_TEST_EXISTS) ? path : ! has_model ? model : NULL;
  g_autofree char *reason = NULL;

  if (lacking == NULL)
    return g_steal_pointer (&path);
  reason = g_strdup_printf ("%s is not there", lacking);
  g_test_skip (reason);
  return NULL;
}

gboolean
golden_has (const char *file)
{
  g_autofree char *path = g_build_filename (golden_folder, file, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

gboolean
golden_has_task (const char *task)
{
  g_autofree char *file = g_strconcat (task, ".safetensors", NULL);

  return golden_has (file);
}

UnclipImage *
golden_picture (const char *name, gboolean keeps_alpha)
{
  g_autofree char   *path = g_build_filename (golden_folder, "images", name, NULL);
  png_image          png = { .version = PNG_IMAGE_VERSION };
  g_autofree guint8 *bytes = NULL;
  UnclipImage       *image;
  int                n_channels = keeps_alpha ? 4 : 3;

  if (! png_image_begin_read_from_file (&png, path))
    return NULL;
  /* Always with alpha: without it libpng would composite. */
  png.format = PNG_FORMAT_RGBA;
  bytes = g_malloc (PNG_IMAGE_SIZE (png));
  if (! png_image_finish_read (&png, NULL, bytes, 0, NULL))
    return NULL;

  image = unclip_image_new (png.width, png.height, n_channels);
  for (gsize i = 0; i < (gsize) png.width * png.height; i++)
    for (int c = 0; c < n_channels; c++)
      image->pixels[i * n_channels + c] = bytes[4 * i + c] / 255.0f;
  return image;
}

char *
golden_temporary (void)
{
  g_autoptr (GError) error = NULL;
  char *path;
  int   fd = g_file_open_tmp ("unclip-golden-XXXXXX", &path, &error);

  g_assert_no_error (error);
  g_close (fd, NULL);
  return path;
}

static char *
run_in (UnclipPrecision precision, const char *task, const char *in_path, const UnclipImage *image, int n_threads)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipModel) model = unclip_model_open (golden_model, NULL, &error);
  g_autofree char *out_path = golden_temporary ();
  UnclipOptions    options;

  g_assert_no_error (error);
  unclip_options_init (&options);
  options.n_threads = n_threads;
  options.precision = precision;
  if (unclip_eval (model, task, in_path, out_path, NULL, image, &options, &error))
    return g_steal_pointer (&out_path);
  g_test_fail_printf ("%s: %s", task, error->message);
  g_unlink (out_path);
  return NULL;
}

char *
golden_run (const char *task, const char *in_path, const UnclipImage *image, int n_threads)
{
  return run_in (UNCLIP_PRECISION_AUTO, task, in_path, image, n_threads);
}

UnclipTensors *
golden_run_in (UnclipPrecision precision, const char *task, const char *in_path, const UnclipImage *image, int n_threads)
{
  g_autofree char *out_path = run_in (precision, task, in_path, image, n_threads);
  g_autoptr (GError) error = NULL;
  UnclipTensors   *out;

  if (out_path == NULL)
    return NULL;
  out = unclip_tensors_load (out_path, &error);
  g_unlink (out_path);
  g_assert_no_error (error);
  return out;
}

UnclipTensors *
golden_run_and_load (const char *task, const char *in_path, const UnclipImage *image, int n_threads)
{
  return golden_run_in (UNCLIP_PRECISION_AUTO, task, in_path, image, n_threads);
}

static void
check (const char *task, const char *title, const UnclipImage *image)
{
  g_autofree char *file = g_strconcat (task, ".safetensors", NULL), *path = golden_path (file);
  g_autoptr (UnclipTensors) golden = NULL, one = NULL, two = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);

  one = golden_run_and_load (task, path, image, 1);
  if (one == NULL)
    return;
  compare_table_head (title);
  compare_with_golden (golden_folder, file, golden, one);

  two = golden_run_and_load (task, path, image, 2);
  if (two != NULL)
    compare_same_bits (one, two);
}

static void
test_task (gconstpointer task)
{
  check (task, task, NULL);
}

static void
test_variation (void)
{
  g_autoptr (UnclipImage) image = golden_picture ("wide.png", FALSE);

  check ("variation", "variation of the picture", image);
}

/* For a folder that is not there at all. */
static void
test_nothing (void)
{
  g_free (golden_path ("tolerances.json"));
}

int
main (int argc, char **argv)
{
  if (level_is_lacking ())
    return 0;
  g_test_init (&argc, &argv, NULL);
  if (argc != 3)
    {
      g_printerr ("Usage: golden [--verbose] GOLDENS MODEL\n");
      return 2;
    }
  golden_folder = argv[1];
  golden_model = argv[2];

  if (! golden_has ("tolerances.json"))
    {
      g_test_add_func ("/golden", test_nothing);
      return g_test_run ();
    }
  /* A model's folder need not have every task. */
  golden_add_inputs ();
  for (int i = 0; golden_tasks[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat ("/golden/", golden_tasks[i], NULL);

      if (golden_has_task (golden_tasks[i]))
        g_test_add_data_func (path, golden_tasks[i], test_task);
    }
  if (golden_has_task ("variation"))
    g_test_add_func ("/golden/variation-of-picture", test_variation);
  golden_add_batches ();
  golden_add_bf16 ();
  golden_add_hostile ();
  return g_test_run ();
}
