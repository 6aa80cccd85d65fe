/* Fuzz target: torch's .bin files. Named pickle, the bytes are the pickle of an otherwise sound archive; named archive, the whole file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "container.h"

static void
put (GByteArray *to, guint64 value, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++)
    {
      guint8 byte = i < 8 ? value >> (8 * i) : 0;

      g_byte_array_append (to, &byte, 1);
    }
}

/* A stored member: what stands before its bytes, or, in the directory, points there. */
static void
add_header (GByteArray *to, gboolean is_directory, const char *name, gsize size, guint offset)
{
  put (to, is_directory ? 0x02014b50 : 0x04034b50, 4);
  put (to, 0, is_directory ? 16 : 14);
  put (to, size, 4);
  put (to, size, 4);
  put (to, strlen (name), 2);
  put (to, 0, is_directory ? 12 : 2);
  if (is_directory)
    put (to, offset, 4);
  g_byte_array_append (to, (const guint8 *) name, strlen (name));
}

/* An archive with the pickle and the bytes of storage "0". */
static GByteArray *
pack (const guint8 *pickle, gsize size)
{
  static const guint8 values[64] = { 1, 2, 3 };
  const struct
  {
    const char *name;
    const void *data;
    gsize       size;
  } members[] = { { "archive/data.pkl", pickle, size }, { "archive/data/0", values, sizeof values }, { "archive/byteorder", "little", 6 } };
  GByteArray *bytes = g_byte_array_new ();
  g_autoptr (GByteArray) directory = g_byte_array_new ();
  guint       offset;

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    {
      add_header (directory, TRUE, members[i].name, members[i].size, bytes->len);
      add_header (bytes, FALSE, members[i].name, members[i].size, 0);
      g_byte_array_append (bytes, members[i].data, members[i].size);
    }
  offset = bytes->len;
  g_byte_array_append (bytes, directory->data, directory->len);
  put (bytes, 0x06054b50, 4);
  put (bytes, 0, 4);
  put (bytes, G_N_ELEMENTS (members), 2);
  put (bytes, G_N_ELEMENTS (members), 2);
  put (bytes, directory->len, 4);
  put (bytes, offset, 4);
  put (bytes, 0, 2);
  return bytes;
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
