/* Golden values of what goes into the networks: token ids, prepared pictures, schedules and timesteps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <string.h>

#include "compare.h"
#include "json.h"
#include "sampling.h"
#include "timestep.h"

/* ---- tokenizer ------------------------------------------------------------------------ */

/* Lists are at the root, where json.h wants objects. */
static JsonParser *
load_list (const char *path)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  g_assert_true (JSON_NODE_HOLDS_ARRAY (json_parser_get_root (parser)));
  return g_steal_pointer (&parser);
}

static void
test_tokenizer (void)
{
  static const char *const members[] = { "text", "input_ids", "attention_mask", "length", "untruncated_length" };
  g_autofree char *path = golden_path ("tokenizer.json"), *out = NULL;
  g_autoptr (JsonParser) golden = NULL, written = NULL;
  JsonArray *wanted, *got;

  if (path == NULL)
    return;
  out = golden_run ("tokenizer", path, NULL, 1);
  if (out == NULL)
    return;
  golden = load_list (path);
  written = load_list (out);
  g_unlink (out);

  wanted = json_node_get_array (json_parser_get_root (golden));
  got = json_node_get_array (json_parser_get_root (written));
  g_assert_cmpint (json_array_get_length (wanted), >, 0);
  g_assert_cmpint (json_array_get_length (got), ==, json_array_get_length (wanted));
  for (guint i = 0; i < json_array_get_length (wanted); i++)
    for (guint j = 0; j < G_N_ELEMENTS (members); j++)
      {
        JsonNode *a = json_object_get_member (json_array_get_object_element (wanted, i), members[j]);
        JsonNode *b = json_object_get_member (json_array_get_object_element (got, i), members[j]);

        if (b == NULL || ! json_node_equal (a, b))
          g_test_fail_printf ("text %u (\"%s\"): other %s", i,
                              json_object_get_string_member (json_array_get_object_element (wanted, i), "text"), members[j]);
      }
}

/* ---- pictures ------------------------------------------------------------------------------ */

static void
check_picture (UnclipTensors *golden, const char *golden_name, const char *file, gboolean keeps_alpha)
{
  g_autoptr (UnclipImage) image = golden_picture (file, keeps_alpha);
  g_autoptr (UnclipTensors) tensors = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *out = NULL, *rgb8 = g_strconcat (golden_name, ".rgb8", NULL);
  g_autofree char *pixel_values = g_strconcat (golden_name, ".pixel_values", NULL);

  g_assert_nonnull (image);
  out = golden_run ("preprocess", NULL, image, 1);
  if (out == NULL)
    return;
  tensors = unclip_tensors_load (out, &error);
  g_assert_no_error (error);
  g_unlink (out);
  compare_exactly (rgb8, unclip_tensors_find (golden, rgb8), unclip_tensors_find (tensors, "rgb8"));
  compare_exactly (pixel_values, unclip_tensors_find (golden, pixel_values), unclip_tensors_find (tensors, "pixel_values"));
}

static void
test_preprocess (void)
{
  g_autofree char *path = golden_path ("image_encoder.safetensors");
  g_autoptr (UnclipTensors) golden = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipImage) image = golden_picture ("wide.png", FALSE);

  if (path == NULL)
    return;
  if (image == NULL)
    {
      g_test_skip ("there are no pictures beside the golden files");
      return;
    }
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  compare_table_head ("preprocess");
  check_picture (golden, "wide", "wide.png", FALSE);
  check_picture (golden, "small", "small.png", FALSE);
  /* The reference drops alpha; we composite on white, as the other golden tensor does. */
  check_picture (golden, "rgba", "rgba.png", FALSE);
  check_picture (golden, "rgba_on_white", "rgba.png", TRUE);
}

/* ---- schedules --------------------------------------------------------------------------------- */

static UnclipTensors *
load_schedule (void)
{
  g_autofree char *path = golden_path ("schedule.safetensors");
  g_autoptr (GError) error = NULL;
  UnclipTensors   *golden;

  if (path == NULL)
    return NULL;
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  return golden;
}

/* Tensors "@prefix betas" and "@prefix alphas_cumprod", bit by bit. */
static void
check_tables (UnclipTensors *golden, const char *prefix, UnclipBetas kind, double start, double end)
{
  g_autofree char *betas_name = g_strconcat (prefix, "betas", NULL), *alpha_bars_name = g_strconcat (prefix, "alphas_cumprod", NULL);
  const UnclipTensor *betas = unclip_tensors_find (golden, betas_name), *alpha_bars = unclip_tensors_find (golden, alpha_bars_name);
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (kind, start, end, betas->n);

  g_assert_cmpmem (schedule->beta, betas->n * sizeof (float), betas->data, betas->n * sizeof (float));
  g_assert_cmpmem (schedule->alpha_bar, betas->n * sizeof (float), alpha_bars->data, alpha_bars->n * sizeof (float));
}

/* Kandinsky's are the decoder's, which are linear, and the prior's. */
static void
test_tables (void)
{
  g_autoptr (UnclipTensors) golden = load_schedule ();
  gboolean is_kandinsky = golden != NULL && unclip_tensors_find (golden, "prior_betas") != NULL;

  if (is_kandinsky)
    {
      check_tables (golden, "", UNCLIP_BETAS_LINEAR, 0.00085, 0.012);
      check_tables (golden, "prior_", UNCLIP_BETAS_SQUARED_COSINE, 0, 0);
    }
  else if (golden != NULL)
    check_tables (golden, "", UNCLIP_BETAS_SQUARED_COSINE, 0, 0);
}

/* Our list for the tensor of that name; NULL for spacings that we do not have. */
static int *
timesteps_of (const UnclipSchedule *schedule, const char *name, int n)
{
  g_auto (GStrv) parts = g_strsplit (name, ".", -1);
  int *timesteps;

  if (strcmp (parts[0], "unclip_timesteps") == 0)
    return unclip_timesteps_ddpm (schedule, n);
  if (strcmp (parts[0], "ddpm_timesteps") == 0)
    return unclip_timesteps_ddim (schedule, n, UNCLIP_SPACING_LEADING, 0);
  if (strcmp (parts[1], "linspace") == 0)
    return NULL;
  timesteps = unclip_timesteps_ddim (schedule, n, strcmp (parts[1], "leading") == 0 ? UNCLIP_SPACING_LEADING : UNCLIP_SPACING_TRAILING, 0);
  for (int i = 0; i < n / 2 && strcmp (parts[0], "ddim_inverse_timesteps") == 0; i++)
    {
      int swap = timesteps[i];

      timesteps[i] = timesteps[n - 1 - i];
      timesteps[n - 1 - i] = swap;
    }
  return timesteps;
}

static void
test_timesteps (void)
{
  g_autoptr (UnclipTensors) golden = load_schedule ();
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_auto (GStrv) names = NULL;
  int n_checked = 0;

  if (golden == NULL)
    return;
  names = unclip_tensors_names (golden);
  for (int i = 0; names[i] != NULL; i++)
    {
      const UnclipTensor *tensor = unclip_tensors_find (golden, names[i]);
      g_autofree int     *timesteps = NULL;

      if (strstr (names[i], "_timesteps.") == NULL)
        continue;
      timesteps = timesteps_of (schedule, names[i], tensor->n);
      if (timesteps == NULL)
        continue;
      n_checked++;
      for (gsize j = 0; j < tensor->n; j++)
        if (timesteps[j] != ((const gint64 *) tensor->data)[j])
          {
            g_test_fail_printf ("%s: step %zu is %d, not %d", names[i], j, timesteps[j], (int) ((const gint64 *) tensor->data)[j]);
            break;
          }
    }
  g_assert_cmpint (n_checked, >, 0);
}

static void
test_time_proj (void)
{
  g_autoptr (UnclipTensors) golden = load_schedule (), ours = unclip_tensors_new ();
  g_autoptr (GError) error = NULL;
  UnclipTimestep      timestep = { .flip_sin_to_cos = TRUE };
  const UnclipTensor *wanted, *timesteps;
  UnclipTensor       *out;

  if (golden == NULL)
    return;
  wanted = unclip_tensors_find (golden, "time_proj.dim32");
  if (wanted == NULL)
    {
      g_test_skip ("there are no sinusoids");
      return;
    }
  timesteps = unclip_tensors_find (golden, "time_proj.timesteps");
  out = unclip_tensors_add (ours, "out", UNCLIP_DTYPE_F32, 2, wanted->dims, &error);
  g_assert_no_error (error);
  timestep.width = wanted->dims[1];
  for (int i = 0; i < wanted->dims[0]; i++)
    unclip_timestep_sinusoids (&timestep, ((const gint64 *) timesteps->data)[i], (float *) out->data + i * timestep.width);
  compare_table_head ("schedule");
  /* An angle near 999 is rounded to 3e-5, of which libraries differ by one bit in the frequency. */
  compare_within ("time_proj.dim32", wanted, out, 6.2e-5);
}

void
golden_add_inputs (void)
{
  if (golden_has ("tokenizer.json"))
    g_test_add_func ("/golden/tokenizer", test_tokenizer);
  if (golden_has ("images"))
    g_test_add_func ("/golden/preprocess", test_preprocess);
  if (! golden_has_task ("schedule"))
    return;
  g_test_add_func ("/golden/schedule/tables", test_tables);
  g_test_add_func ("/golden/schedule/timesteps", test_timesteps);
  g_test_add_func ("/golden/schedule/time_proj", test_time_proj);
}
