/* Golden files with one tensor spoilt: a task either runs or says in one sentence what is wrong, and then
 * leaves no file. Whatever else happens, a crash above all, is the test's failure.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "golden.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "compare.h"
#include "dev.h"

typedef enum
{
  GONE,
  EMPTY,    /* no rows */
  FLAT,     /* one dimension */
  NARROW,   /* one less on the last axis */
  SHORT,    /* one row */
  WIDE,     /* another dtype */
  ABSURD,   /* not numbers; ids and timesteps beyond every table */
  NEGATIVE,
  N_SPOILINGS
} Spoiling;

static const char *const spoilings[] = { "gone", "empty", "flat", "narrow", "short", "of another dtype", "absurd", "negative" };

/* A copy of @tensor, spoilt, in @to; GONE adds nothing. */
static void
add_spoilt (UnclipTensors *to, const char *name, const UnclipTensor *tensor, Spoiling spoiling)
{
  g_autoptr (GError) error = NULL;
  int           dims[UNCLIP_MAX_DIMS], n_dims = tensor->n_dims;
  UnclipDtype   dtype = tensor->dtype;
  UnclipTensor *out;
  gsize         width = dtype == UNCLIP_DTYPE_I64 ? 8 : dtype == UNCLIP_DTYPE_F32 ? 4 : 1;

  if (spoiling == GONE)
    return;
  memcpy (dims, tensor->dims, sizeof dims);
  if (spoiling == EMPTY)
    dims[0] = 0;
  else if (spoiling == FLAT)
    {
      dims[0] = (int) tensor->n;
      n_dims = 1;
    }
  else if (spoiling == NARROW)
    dims[n_dims - 1]--;
  else if (spoiling == SHORT)
    dims[0] = 1;
  else if (spoiling == WIDE)
    dtype = dtype == UNCLIP_DTYPE_F32 ? UNCLIP_DTYPE_F64 : UNCLIP_DTYPE_F32;

  out = unclip_tensors_add (to, name, dtype, n_dims, dims, &error);
  g_assert_no_error (error);
  if (dtype == tensor->dtype)
    memcpy (out->data, tensor->data, out->n * width);
  for (gsize i = 0; i < out->n && (spoiling == ABSURD || spoiling == NEGATIVE); i++)
    if (dtype == UNCLIP_DTYPE_F32)
      ((float *) out->data)[i] = spoiling == ABSURD ? NAN : -1e30f;
    else if (dtype == UNCLIP_DTYPE_I64)
      ((gint64 *) out->data)[i] = spoiling == ABSURD ? G_MAXINT : -1;
}

/* Whatever goes through all checks need not be run to its end; pipelines check as they go. */
static void
give_up (const UnclipProgress *progress, gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
}

static gboolean
is_pipeline (const char *task)
{
  return strcmp (task, "variation") == 0 || strcmp (task, "text2image") == 0;
}

static void
check_spoilt (UnclipModel *model, const char *task, const char *in_path, const char *what)
{
  g_autofree char *out_path = golden_temporary ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  UnclipOptions options;

  g_unlink (out_path);
  unclip_options_init (&options);
  options.n_threads = 1;
  options.cancellable = cancellable;
  options.progress = is_pipeline (task) ? NULL : give_up;
  options.progress_data = cancellable;
  options.prior_n_steps = options.n_steps = options.super_res_n_steps = is_pipeline (task) ? 2 : 0;

  if (unclip_eval (model, task, in_path, out_path, NULL, NULL, &options, &error))
    {
      if (error != NULL)
        g_test_fail_printf ("%s: success with the error %s", what, error->message);
    }
  else if (error == NULL)
    g_test_fail_printf ("%s: failed without an error", what);
  else if (g_file_test (out_path, G_FILE_TEST_EXISTS))
    g_test_fail_printf ("%s: failed and left a file", what);
  else if (error->domain != UNCLIP_ERROR && ! g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_test_fail_printf ("%s: other error: %s", what, error->message);
  else if (strchr (error->message, '\n') != NULL)
    g_test_fail_printf ("%s: more than one line: %s", what, error->message);
  g_test_message ("%s: %s", what, error != NULL ? error->message : "runs");
  g_unlink (out_path);
}

/* Outputs of the other engine are not read, nor is the seed, which is for whoever draws himself; but the embedding that a variation starts from is. */
static gboolean
is_read (const char *task, const char *file, const char *name)
{
  return strcmp (name, "seed") != 0 && (! compare_is_output (golden_folder, file, name)
         || (strcmp (task, "variation") == 0 && strcmp (name, "image_embeds") == 0));
}

static void
test_hostile (gconstpointer data)
{
  const char *task = data;
  g_autofree char *file = g_strconcat (task, ".safetensors", NULL), *path = golden_path (file), *spoilt_path = NULL;
  g_autoptr (UnclipTensors) golden = NULL;
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;

  if (path == NULL)
    return;
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  model = unclip_model_open (golden_model, NULL, &error);
  g_assert_no_error (error);
  names = unclip_tensors_names (golden);
  spoilt_path = golden_temporary ();

  for (int i = 0; names[i] != NULL; i++)
    for (Spoiling spoiling = 0; spoiling < N_SPOILINGS && is_read (task, file, names[i]); spoiling++)
      {
        g_autoptr (UnclipTensors) spoilt = unclip_tensors_new ();
        g_autofree char *what = g_strdup_printf ("%s: %s %s", task, names[i], spoilings[spoiling]);

        for (int j = 0; names[j] != NULL; j++)
          if (j == i)
            add_spoilt (spoilt, names[j], unclip_tensors_find (golden, names[j]), spoiling);
          else if (is_read (task, file, names[j]))
            add_spoilt (spoilt, names[j], unclip_tensors_find (golden, names[j]), N_SPOILINGS);
        unclip_tensors_save (spoilt, spoilt_path, &error);
        g_assert_no_error (error);
        check_spoilt (model, task, spoilt_path, what);
      }
  g_unlink (spoilt_path);
}

static void
test_other_input (void)
{
  g_autofree char *path = golden_path ("slerp.safetensors"), *nowhere = NULL;
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (path == NULL)
    return;
  model = unclip_model_open (golden_model, NULL, &error);
  g_assert_no_error (error);
  nowhere = g_build_filename (golden_folder, "nowhere", NULL);

  check_spoilt (model, "tokenizer", path, "tokenizer on tensors");
  check_spoilt (model, "tokenizer", nowhere, "tokenizer on nothing");
  check_spoilt (model, "tokenizer", golden_folder, "tokenizer on a folder");
  check_spoilt (model, "decoder", path, "decoder on embeddings");
  check_spoilt (model, "decoder", nowhere, "decoder on nothing");
  check_spoilt (model, "decoder", golden_folder, "decoder on a folder");
  check_spoilt (model, "decoder", NULL, "decoder without a file");
  check_spoilt (model, "preprocess", NULL, "preprocess without a picture");
  check_spoilt (model, "variation", path, "variation without a picture");
  check_spoilt (model, "dekoder", path, "a task that there is not");
}

void
golden_add_hostile (void)
{
  for (int i = 0; golden_tasks[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat ("/golden/hostile/", golden_tasks[i], NULL);

      if (golden_has_task (golden_tasks[i]))
        g_test_add_data_func (path, golden_tasks[i], test_hostile);
    }
  if (golden_has_task ("slerp"))
    g_test_add_func ("/golden/hostile/other-input", test_other_input);
}
