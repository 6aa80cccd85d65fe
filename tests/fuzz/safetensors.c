/* Fuzz target: safetensors files, mapped and loaded.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include "safetensors.h"

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = fuzz_write ("in.safetensors", data, size), *again = NULL;
  g_autoptr (UnclipContainer) file = NULL;
  g_autoptr (UnclipTensors) tensors = NULL;
  g_autoptr (UnclipTensors) copy = NULL;
  GError *error = NULL;

  file = unclip_container_open (path, &error);
  if (file == NULL)
    {
      fuzz_assert_refusal (&error);
      tensors = unclip_tensors_load (path, &error);
      g_assert_null (tensors);
      fuzz_assert_refusal (&error);
      return;
    }
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry *entry = g_ptr_array_index (file->entries, i);

      g_assert_cmpuint (entry->size, ==, entry->n * unclip_dtype_size (entry->dtype));
      g_assert_cmpuint (entry->offset + entry->size, <=, size);
      fuzz_touch (unclip_container_data (file, entry, NULL, NULL), entry->size);
    }

  /* What opens can be loaded, and what was loaded can be saved and read again. */
  tensors = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  again = g_strconcat (path, ".again", NULL);
  g_assert_true (unclip_tensors_save (tensors, again, &error));
  copy = unclip_tensors_load (again, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_SAFETENSORS, target);
}
