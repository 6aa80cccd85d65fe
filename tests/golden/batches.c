/* Golden files with every row twice: two pictures, captions or latents at once must give the same twice.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <string.h>

#include "compare.h"

/* Where a tensor has its rows: behind the steps or timesteps, or in front; -1 if it has none. */
static int
row_axis (const char *name)
{
  static const char *const behind[] = { "trajectory", "predicted_image_embedding", "out", "super_res_first", "super_res_last", "super_res_1024" };

  if (g_str_has_suffix (name, "timesteps") || strcmp (name, "seed") == 0 || strcmp (name, "negative_image_embeds") == 0)
    return -1;
  if (g_str_has_suffix (name, "noises") || g_str_has_prefix (name, "invert.") || g_str_has_prefix (name, "roundtrip.")
      || g_str_has_prefix (name, "sample."))
    return 1;
  for (guint i = 0; i < G_N_ELEMENTS (behind); i++)
    if (strcmp (name, behind[i]) == 0)
      return 1;
  return 0;
}

/* @name into @to, each row followed by itself: so unconditional rows stay in front of conditional ones. */
static void
double_rows (UnclipTensors *to, const char *name, const UnclipTensor *tensor)
{
  g_autoptr (GError) error = NULL;
  int           dims[UNCLIP_MAX_DIMS], axis = row_axis (name), n_dims = tensor->n_dims;
  gsize         n_rows = 1, size;
  UnclipTensor *out;

  memcpy (dims, tensor->dims, sizeof dims);
  /* One for each step: of several rows there is an axis more. */
  if (strcmp (name, "limits") == 0)
    {
      axis = 1;
      dims[n_dims++] = 1;
    }
  for (int i = 0; i <= axis; i++)
    n_rows *= dims[i];
  if (axis >= 0)
    dims[axis] *= 2;
  out = unclip_tensors_add (to, name, tensor->dtype, n_dims, dims, &error);
  g_assert_no_error (error);

  size = tensor->n / n_rows * (tensor->dtype == UNCLIP_DTYPE_I64 ? 8 : tensor->dtype == UNCLIP_DTYPE_F32 ? 4 : 1);
  for (gsize i = 0; i < out->n / (tensor->n / n_rows); i++)
    memcpy ((char *) out->data + i * size, (const char *) tensor->data + (axis >= 0 ? i / 2 : i) * size, size);
}

static void
test_batch (gconstpointer data)
{
  const char *task = data;
  g_autofree char *file = g_strconcat (task, ".safetensors", NULL), *path = golden_path (file), *doubled_path = NULL;
  g_autoptr (UnclipTensors) golden = NULL, doubled = unclip_tensors_new (), out = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;

  if (path == NULL)
    return;
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  names = unclip_tensors_names (golden);
  for (int i = 0; names[i] != NULL; i++)
    double_rows (doubled, names[i], unclip_tensors_find (golden, names[i]));

  doubled_path = golden_temporary ();
  unclip_tensors_save (doubled, doubled_path, &error);
  g_assert_no_error (error);
  out = golden_run_and_load (task, doubled_path, NULL, 2);
  g_unlink (doubled_path);
  if (out != NULL)
    compare_with_golden (golden_folder, file, doubled, out);
}

void
golden_add_batches (void)
{
  static const char *const one_by_one[] = { "slerp", "unet", "prior_loop_negative", "prior_interpolate", "movq_decode", "img2img", NULL };

  for (int i = 0; golden_tasks[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat ("/golden/batch/", golden_tasks[i], NULL);

      if (golden_has_task (golden_tasks[i]) && ! g_strv_contains (one_by_one, golden_tasks[i]))
        g_test_add_data_func (path, golden_tasks[i], test_batch);
    }
}
