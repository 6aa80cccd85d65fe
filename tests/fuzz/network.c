/* Fuzz target: from a component's config to its network, on weights that only record: the config alone decides what is built,
 * and what memory a pass would take. The seeds' folders bear the components' names.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "construct.h"
#include "stages.h"
#include "support.h"
#include "synth.h"

/* Rows and tokens of a caption in a guided pass. */
#define N_ROWS 2
#define N_TOKENS 77

static void
read_schedule (UnclipModel *model, const char *component, GError **error)
{
  g_autoptr (UnclipSchedule) schedule = unclip_stage_schedule (model, component, error);
  g_autofree int *few = NULL, *all = NULL;

  if (schedule == NULL)
    return;
  few = unclip_timesteps_ddpm (schedule, MIN (7, schedule->n_train));
  all = unclip_timesteps_noisy (schedule, schedule->n_train);
  g_assert_cmpint (few[0], ==, all[0]);
  for (int i = 0; i < schedule->n_train; i++)
    g_assert_true (schedule->alpha_bar[i] >= 0 && schedule->alpha_bar[i] <= 1);
}

/* A picture of a few pixels as the image tower would get it. */
static void
prepare (UnclipModel *model, GError **error)
{
  static const guint8 rgb[3 * 4 * 3] = { 255, 0, 7 };
  UnclipPreprocess  preprocess;
  g_autofree float *values = NULL;
  gsize             n;

  if (! unclip_preprocess_load (model, &preprocess, error))
    return;
  n = (gsize) preprocess.crop_w * preprocess.crop_h * 3;
  /* What it takes is the config's to say; here the time is ours. */
  if (n > 64 * 64 * 3 || preprocess.size > 64)
    return;
  values = g_new (float, n);
  if (unclip_preprocess_run (&preprocess, rgb, 3, 4, NULL, values, error))
    fuzz_touch (values, n * sizeof (float));
}

/* A UNet measures itself in a pass without data. */
static void
measure (const char *path, const char *component, BkContext *context, GError **error)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();
  g_autoptr (UnclipConfig) config = unclip_config_load (path, error);
  g_autoptr (UnclipUnet) unet = config != NULL ? unclip_unet_construct (config, weights, component, context, error) : NULL;
  int side;

  if (unet == NULL)
    return;
  side = MAX (unclip_unet_sample_size (unet) / unclip_unet_multiple (unet), 1) * unclip_unet_multiple (unet);
  if (unclip_unet_is_conditional (unet)
      && ! unclip_unet_set_context (unet, NULL, NULL, NULL, N_ROWS, N_TOKENS, error))
    return;
  if (unclip_unet_predict (unet, NULL, 0, N_ROWS, side, side, NULL, error))
    g_assert_cmpuint (unclip_unet_working_size (unet), >, 0);
}

static void
build (const char *path, const char *component, GError **error)
{
  g_autofree char      *dir = g_path_get_dirname (path);
  g_autoptr (GPtrArray) entries = unclip_synth_entries (dir, component, UNCLIP_DTYPE_F32, error);
  g_auto (BkContext) context = { 0 };

  if (entries == NULL)
    return;
  g_assert_cmpuint (entries->len, >, 0);
  bk_context_init (&context, 1);
  if (strcmp (component, "decoder") == 0 || g_str_has_prefix (component, "super_res"))
    measure (path, component, &context, error);
}

static void
target (const char *name, const guint8 *data, gsize size)
{
  gboolean         is_scheduler = g_str_has_suffix (name, "_scheduler"), is_extractor = strcmp (name, "feature_extractor") == 0;
  g_autofree char *file = g_build_filename ("model", name, is_scheduler ? "scheduler_config.json" : is_extractor ? "preprocessor_config.json" : "config.json", NULL);
  g_autofree char *dir = support_path ("model"), *path = NULL;
  GError *error = NULL;

  /* Written once per test: all but the one file stays as it is. */
  if (! g_file_test (dir, G_FILE_TEST_EXISTS))
    g_free (support_model ("model"));
  path = fuzz_write (file, data, size);
  if (is_scheduler || is_extractor)
    {
      g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, &error);

      g_assert_no_error (error);
      if (is_scheduler)
        read_schedule (model, name, &error);
      else
        prepare (model, &error);
    }
  else
    build (path, name, &error);
  if (error != NULL)
    fuzz_assert_refusal (&error);
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
