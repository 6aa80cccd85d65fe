/* Fuzz target: torch's .bin files. Named pickle, the bytes are the pickle of an otherwise sound archive; named archive, the whole file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "archive.h"
#include "container.h"

/* An archive with the pickle and the bytes of storage "0". */
static GByteArray *
pack (const guint8 *pickle, gsize size)
{
  static const guint8 values[64] = { 1, 2, 3 };
  Archive archive = archive_new ();

  archive_add (&archive, "archive/data.pkl", pickle, size, 0);
  archive_add (&archive, "archive/data/0", values, sizeof values, 0);
  archive_add (&archive, "archive/byteorder", "little", 6, 0);
  return archive_finish (&archive, FALSE);
}

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) archive = strcmp (name, "pickle") == 0 ? pack (data, size) : NULL;
  g_autofree char *path = archive != NULL ? fuzz_write ("w.bin", archive->data, archive->len) : fuzz_write ("w.bin", data, size);
  g_autoptr (UnclipContainer) file = NULL;
  GError *error = NULL;

  file = unclip_container_open (path, &error);
  if (file == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry *entry = g_ptr_array_index (file->entries, i);
      const void  *values = unclip_container_data (file, entry, NULL, &error);

      if (values != NULL)
        fuzz_touch (values, entry->n * unclip_dtype_size (entry->dtype));
      else
        fuzz_assert_refusal (&error);
    }
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
