/* Fuzz target: a model folder. Named model_index.json, the bytes are that file of an otherwise sound model; named folder,
 * they are several files: a line "@ PATH" before the contents of each, and of one that shall be missing that line alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "component.h"
#include "support.h"
#include "unclip.h"

/* Files that a run put in the place of the sound ones. */
#define MAX_FILES 8

static gboolean
is_plain (const char *path)
{
  return g_str_is_ascii (path) && *path != '\0' && strlen (path) < 100 && *path != '/' && strstr (path, "..") == NULL;
}

/* The file is not there any more, or is a folder that stays. */
static void
replace (const char *dir, const char *path, const char *text, gsize size)
{
  g_autofree char *file = g_build_filename (dir, path, NULL), *folder = g_path_get_dirname (file);

  if (size == 0)
    g_unlink (file);
  else if (g_file_test (folder, G_FILE_TEST_IS_DIR) && ! g_file_test (file, G_FILE_TEST_IS_DIR))
    g_file_set_contents_full (file, text, size, G_FILE_SET_CONTENTS_NONE, 0644, NULL);
}

/* @undo: (element-type utf8): what has to be written anew afterwards. */
static void
unpack (const char *dir, const char *text, const char *end, GPtrArray *undo)
{
  while (text < end && undo->len < MAX_FILES)
    {
      const char      *line_end = memchr (text, '\n', end - text), *next;
      g_autofree char *path = NULL;

      if (line_end == NULL || text[0] != '@' || line_end - text < 2)
        return;
      path = g_strndup (text + 2, line_end - text - 2);
      line_end++;
      next = g_strstr_len (line_end, end - line_end, "\n@");
      next = next != NULL ? next + 1 : end;
      if (is_plain (path))
        {
          replace (dir, path, line_end, next - line_end);
          g_ptr_array_add (undo, g_steal_pointer (&path));
        }
      text = next;
    }
}

static void
check_info (UnclipModel *model)
{
  g_autoptr (GPtrArray) info = unclip_model_info (model);

  for (guint i = 0; i < info->len; i++)
    {
      const UnclipComponentInfo *component = g_ptr_array_index (info, i);

      g_assert_nonnull (component->name);
      if (component->problem != NULL)
        {
          g_assert_true (g_utf8_validate (component->problem, -1, NULL));
          g_assert_null (strchr (component->problem, '\n'));
        }
    }
}

static void
check_defaults (UnclipModel *model)
{
  static const char *const names[] = {
    "steps", "prior_steps", "super_res_steps", "generate_steps", "decoder_guidance_scale", "prior_guidance_scale", "eta", "strength"
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (isfinite (unclip_model_default (model, names[i], 1)));
}

/* What every command does with a model before it computes. */
static void
use (const char *dir)
{
  GError *error = NULL;
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, &error);
  g_autofree char *fingerprint = NULL;
  UnclipImage     *image;
  const char      *component;
  guint64          size;
  int              side;

  if (model == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  check_info (model);
  check_defaults (model);
  fingerprint = unclip_model_fingerprint (model);
  if (! unclip_model_memory (model, NULL, &size, &side, &component, &error))
    fuzz_assert_refusal (&error);
  image = unclip_generate (model, "a low", UNCLIP_PRIOR_DIFFUSION, NULL, &error);
  g_assert_null (image); /* as the sound model's networks have no weights */
  fuzz_assert_refusal (&error);
}

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char      *dir = support_path ("model"), *sound = support_path ("sound");
  g_autoptr (GPtrArray) undo = g_ptr_array_new_with_free_func (g_free);

  /* Written once per test. */
  if (! g_file_test (dir, G_FILE_TEST_EXISTS))
    {
      g_free (support_model ("model"));
      g_free (support_model ("sound"));
    }
  if (strcmp (name, "folder") == 0)
    unpack (dir, (const char *) data, (const char *) data + size, undo);
  else
    g_free (fuzz_write ("model/model_index.json", data, size));
  use (dir);
  for (guint i = 0; i < undo->len; i++)
    {
      g_autofree char *from = g_build_filename (sound, g_ptr_array_index (undo, i), NULL), *text = NULL;
      gsize            n = 0;

      g_file_get_contents (from, &text, &n, NULL);
      replace (dir, g_ptr_array_index (undo, i), text, n);
    }
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
