/* See archive.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "archive.h"

#include <string.h>

static void
put (GByteArray *to, guint64 value, int n_bytes)
{
  for (int i = 0; i < n_bytes; i++)
    {
      guint8 byte = i < 8 ? value >> (8 * i) : 0;

      g_byte_array_append (to, &byte, 1);
    }
}

/* What the member's own header and the directory's entry have in common, from the method to the length of the name. */
static void
put_member (GByteArray *to, int method, gsize size, const char *name)
{
  put (to, method, 2);
  put (to, 0, 8);
  put (to, size, 4);
  put (to, size, 4);
  put (to, strlen (name), 2);
}

Archive
archive_new (void)
{
  return (Archive) { g_byte_array_new (), g_byte_array_new (), 0 };
}

void
archive_add (Archive *archive, const char *name, const void *data, gsize size, int method)
{
  guint offset = archive->bytes->len;

  put (archive->bytes, 0x04034b50, 4);
  put (archive->bytes, 0, 4);
  put_member (archive->bytes, method, size, name);
  put (archive->bytes, 0, 2);
  g_byte_array_append (archive->bytes, (const guint8 *) name, strlen (name));
  g_byte_array_append (archive->bytes, data, size);

  put (archive->directory, 0x02014b50, 4);
  put (archive->directory, 0, 6);
  put_member (archive->directory, method, size, name);
  put (archive->directory, 0, 12);
  put (archive->directory, offset, 4);
  g_byte_array_append (archive->directory, (const guint8 *) name, strlen (name));
  archive->n++;
}

GByteArray *
archive_finish (Archive *archive, gboolean is_zip64)
{
  guint offset = archive->bytes->len, size = archive->directory->len, end64;

  g_byte_array_append (archive->bytes, archive->directory->data, size);
  end64 = archive->bytes->len;
  if (is_zip64)
    {
      put (archive->bytes, 0x06064b50, 4);
      put (archive->bytes, 44, 8);
      put (archive->bytes, 0, 12);
      put (archive->bytes, archive->n, 8);
      put (archive->bytes, archive->n, 8);
      put (archive->bytes, size, 8);
      put (archive->bytes, offset, 8);
      put (archive->bytes, 0x07064b50, 4);
      put (archive->bytes, 0, 4);
      put (archive->bytes, end64, 8);
      put (archive->bytes, 1, 4);
    }
  put (archive->bytes, 0x06054b50, 4);
  put (archive->bytes, 0, 4);
  put (archive->bytes, archive->n, 2);
  put (archive->bytes, archive->n, 2);
  put (archive->bytes, is_zip64 ? G_MAXUINT32 : size, 4);
  put (archive->bytes, is_zip64 ? G_MAXUINT32 : offset, 4);
  put (archive->bytes, 0, 2);
  g_byte_array_unref (archive->directory);
  return archive->bytes;
}
