/* What bf16 loses: each network against the golden tensors, and whole pictures against those in float32.
 *
 * The tolerances are three times what was measured, or less; TOLERANCES.md has the figures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define MEDIAN_PSNR 35.0
#define LEAST_PSNR 25.0
#define N_STEPS 25

/* Largest relative L2 error of any of the task's outputs. */
static const struct
{
  const char *task;
  double      tol_relative;
} networks[] = {
  { "text_encoder", 1.6e-2 },
  { "image_encoder", 1.5e-2 },
  { "prior", 1.7e-2 },
  { "text_proj", 8e-3 },
  { "decoder", 2e-2 },
  { "unet", 2e-2 },
  { "super_res", 6e-3 },
};

static void
test_network (gconstpointer data)
{
  int              i = GPOINTER_TO_INT (data);
  const char      *task = networks[i].task;
  g_autofree char *file = g_strconcat (task, ".safetensors", NULL), *path = golden_path (file);
  g_autofree char *title = g_strconcat (task, " in bf16", NULL);
  g_autoptr (UnclipTensors) golden = NULL, one = NULL, two = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;

  if (path == NULL)
    return;
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  one = golden_run_in (UNCLIP_PRECISION_BF16, task, path, NULL, 1);
  two = golden_run_in (UNCLIP_PRECISION_BF16, task, path, NULL, 2);
  if (one == NULL || two == NULL)
    return;

  compare_table_head (title);
  names = unclip_tensors_names (one);
  for (int k = 0; names[k] != NULL; k++)
    if (compare_is_output (golden_folder, file, names[k]))
      compare_relative (names[k], unclip_tensors_find (golden, names[k]), unclip_tensors_find (one, names[k]),
                        networks[i].tol_relative);
  compare_same_bits (one, two);
}

/* The decoder's: the upsampler, which adds nothing to the question, takes most of the time. */
static int
picture_size (UnclipModel *model)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "decoder", &error);
  int size;

  g_assert_no_error (error);
  unclip_config_int (config, "sample_size", 64, 1, 65536, &size, &error);
  g_assert_no_error (error);
  return size;
}

static UnclipImage *
generate (UnclipModel *model, const char *caption, guint64 seed, UnclipPrecision precision)
{
  g_autoptr (GError) error = NULL;
  UnclipOptions options;
  UnclipImage  *image;

  unclip_options_init (&options);
  options.precision = precision;
  options.seed = seed;
  options.n_steps = N_STEPS;
  options.size = picture_size (model);
  image = unclip_generate (model, caption, UNCLIP_PRIOR_DIFFUSION, &options, &error);
  g_assert_no_error (error);
  return image;
}

static double
psnr (const UnclipImage *a, const UnclipImage *b)
{
  gsize  n = (gsize) a->width * a->height * a->n_channels;
  double squares = 0;

  g_assert_true (a->width == b->width && a->height == b->height && a->n_channels == b->n_channels);
  for (gsize i = 0; i < n; i++)
    squares += pow (a->pixels[i] - b->pixels[i], 2);
  return -10 * log10 (squares / n);
}

static int
by_value (const void *a, const void *b)
{
  return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

/* The same seed in both precisions: the same picture, and not just as good a one. Where a picture hangs in the balance
 * for some steps any rounding shows, so that the median counts, and a lower limit for each. */
static void
test_pictures (void)
{
  static const char *const captions[] = { "a red ball on sand", "a small green star", "a blue square", "a pink heart at night", "a ring" };
  double all[G_N_ELEMENTS (captions)];
  g_autofree char *path = golden_path ("tolerances.json");
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipModel) model = path != NULL ? unclip_model_open (golden_model, NULL, &error) : NULL;

  if (path == NULL)
    return;
  g_assert_no_error (error);
  /* Folders of one network alone make no pictures. */
  if (! unclip_model_has (model, "decoder"))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (captions); i++)
    {
      g_autoptr (UnclipImage) in_f32 = generate (model, captions[i], i, UNCLIP_PRECISION_F32);
      g_autoptr (UnclipImage) in_bf16 = generate (model, captions[i], i, UNCLIP_PRECISION_BF16);
      double reached = psnr (in_f32, in_bf16);

      g_test_message ("%s: PSNR of bf16 to float32 %.1f dB", captions[i], reached);
      if (! (reached >= LEAST_PSNR))
        g_test_fail_printf ("%s: PSNR of bf16 to float32 is %.1f dB, below %.1f", captions[i], reached, LEAST_PSNR);
      all[i] = reached;
    }
  qsort (all, G_N_ELEMENTS (all), sizeof *all, by_value);
  if (! (all[G_N_ELEMENTS (all) / 2] >= MEDIAN_PSNR))
    g_test_fail_printf ("the median PSNR of bf16 to float32 is %.1f dB, below %.1f", all[G_N_ELEMENTS (all) / 2], MEDIAN_PSNR);
}

void
golden_add_bf16 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (networks); i++)
    {
      g_autofree char *path = g_strconcat ("/golden/bf16/", networks[i].task, NULL);

      if (golden_has_task (networks[i].task))
        g_test_add_data_func (path, GINT_TO_POINTER (i), test_network);
    }
  g_test_add_func ("/golden/bf16/pictures", test_pictures);
}
