/* See zip.h.
 *
 * Source: APPNOTE.TXT 6.3, sections 4.3 (records) and 4.5.3 (zip64).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "zip.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define END_SIGNATURE 0x06054b50
#define END64_LOCATOR_SIGNATURE 0x07064b50
#define END64_SIGNATURE 0x06064b50
#define CENTRAL_SIGNATURE 0x02014b50
#define LOCAL_SIGNATURE 0x04034b50
#define END_SIZE 22
#define END64_LOCATOR_SIZE 20
#define END64_SIZE 56
#define CENTRAL_SIZE 46
#define LOCAL_SIZE 30
#define MAX_COMMENT 65535
#define ZIP64_FIELD 0x0001
#define ENCRYPTED 0x1

typedef struct
{
  const guint8 *data;
  gsize         size;
  const char   *path;
} Archive;

static guint64
number (const guint8 *at, int n_bytes)
{
  guint64 value = 0;

  for (int i = n_bytes - 1; i >= 0; i--)
    value = value << 8 | at[i];
  return value;
}

/* @n bytes at @offset, NULL where the archive has no such. */
static const guint8 *
bytes_at (const Archive *archive, guint64 offset, guint64 n)
{
  return n <= archive->size && offset <= archive->size - n ? archive->data + offset : NULL;
}

static gboolean
refuse (const Archive *archive, const char *why, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s %s; download it again, or take the .safetensors file of the same model"), archive->path, why);
  return FALSE;
}

/* Where the central directory lies. */
static gboolean
find_directory (const Archive *archive, guint64 *offset, guint64 *size, GError **error)
{
  const guint8 *end = NULL, *locator, *end64;
  gsize         last = archive->size >= END_SIZE ? archive->size - END_SIZE : 0;
  gsize         first = last > MAX_COMMENT ? last - MAX_COMMENT : 0, at;

  if (archive->size < 4 || number (archive->data, 4) != LOCAL_SIGNATURE)
    return refuse (archive, _("is not in torch's zip format"), error);
  for (at = last + 1; at-- > first && end == NULL;)
    if (archive->size >= END_SIZE && number (archive->data + at, 4) == END_SIGNATURE)
      end = archive->data + at;
  if (end == NULL)
    return refuse (archive, _("is cut short: its table of contents is missing"), error);

  at = end - archive->data;
  *size = number (end + 12, 4);
  *offset = number (end + 16, 4);
  locator = at >= END64_LOCATOR_SIZE ? archive->data + at - END64_LOCATOR_SIZE : NULL;
  if (locator == NULL || number (locator, 4) != END64_LOCATOR_SIGNATURE)
    return TRUE;
  end64 = bytes_at (archive, number (locator + 8, 8), END64_SIZE);
  if (end64 == NULL || number (end64, 4) != END64_SIGNATURE)
    return refuse (archive, _("has a damaged table of contents"), error);
  *size = number (end64 + 40, 8);
  *offset = number (end64 + 48, 8);
  return TRUE;
}

/* Replaces those values that did not fit 32 bits by those of the zip64 field, in which they follow in this order. */
static gboolean
widen (const guint8 *extra, gsize n_extra, guint64 *const *values, int n_values)
{
  for (gsize at = 0; at + 4 <= n_extra;)
    {
      gsize field = number (extra + at, 2), n = number (extra + at + 2, 2), from = at + 4;

      if (n > n_extra - from)
        return FALSE;
      if (field == ZIP64_FIELD)
        for (int i = 0; i < n_values; i++)
          if (*values[i] == G_MAXUINT32)
            {
              if (from + 8 > at + 4 + n)
                return FALSE;
              *values[i] = number (extra + from, 8);
              from += 8;
            }
      at += 4 + n;
    }
  return TRUE;
}

static void
member_free (UnclipZipMember *member)
{
  g_free (member->name);
  g_free (member);
}

/* The member that the directory's entry at *@at stands for; *@at moves behind it. */
static gboolean
add_member (const Archive *archive, GHashTable *members, const guint8 **at, const guint8 *end, GError **error)
{
  const guint8     *entry = *at, *local;
  guint64           packed, plain, offset, start;
  gsize             n_name, n_extra, n_comment;
  UnclipZipMember  *member;
  g_autofree char  *name = NULL;

  if (end - entry < CENTRAL_SIZE || number (entry, 4) != CENTRAL_SIGNATURE)
    return refuse (archive, _("has a damaged table of contents"), error);
  n_name = number (entry + 28, 2);
  n_extra = number (entry + 30, 2);
  n_comment = number (entry + 32, 2);
  if (end - entry - CENTRAL_SIZE < n_name + n_extra + n_comment)
    return refuse (archive, _("has a damaged table of contents"), error);
  *at = entry + CENTRAL_SIZE + n_name + n_extra + n_comment;

  packed = number (entry + 20, 4);
  plain = number (entry + 24, 4);
  offset = number (entry + 42, 4);
  if (! widen (entry + CENTRAL_SIZE + n_name, n_extra, (guint64 *const[]) { &plain, &packed, &offset }, 3))
    return refuse (archive, _("has a damaged table of contents"), error);
  if ((number (entry + 8, 2) & ENCRYPTED) != 0 || number (entry + 10, 2) != 0 || packed != plain)
    return refuse (archive, _("is compressed or encrypted, which torch's files are not"), error);
  local = bytes_at (archive, offset, LOCAL_SIZE);
  if (local == NULL || number (local, 4) != LOCAL_SIGNATURE)
    return refuse (archive, _("has a damaged table of contents"), error);
  start = offset + LOCAL_SIZE + number (local + 26, 2) + number (local + 28, 2);
  if (bytes_at (archive, start, plain) == NULL)
    return refuse (archive, _("is cut short"), error);

  name = g_strndup ((const char *) entry + CENTRAL_SIZE, n_name);
  if (! g_utf8_validate (name, -1, NULL) || g_hash_table_contains (members, name))
    return refuse (archive, _("has a damaged table of contents"), error);
  member = g_new (UnclipZipMember, 1);
  *member = (UnclipZipMember) { g_steal_pointer (&name), start, plain };
  g_hash_table_insert (members, member->name, member);
  return TRUE;
}

GHashTable *
unclip_zip_members (const void *data, gsize size, const char *path, GError **error)
{
  const Archive archive = { data, size, path };
  g_autoptr (GHashTable) members = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) member_free);
  guint64       offset, length;
  const guint8 *at, *end;

  if (! find_directory (&archive, &offset, &length, error))
    return NULL;
  at = bytes_at (&archive, offset, length);
  if (at == NULL)
    {
      refuse (&archive, _("has a damaged table of contents"), error);
      return NULL;
    }
  for (end = at + length; at < end;)
    if (! add_member (&archive, members, &at, end, error))
      return NULL;
  return g_steal_pointer (&members);
}
