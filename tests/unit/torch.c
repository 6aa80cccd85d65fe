/* torch's .bin files: archives put together here, byte by byte, sound ones and hostile ones.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "container.h"

#include <string.h>

#include "archive.h"
#include "support.h"

/* The finished archive as file @name, whose path is returned. */
static char *
archive_write (Archive *archive, const char *name, gboolean is_zip64)
{
  g_autoptr (GByteArray) bytes = archive_finish (archive, is_zip64);

  return support_write (name, bytes->data, bytes->len);
}

/* ---- a pickle -------------------------------------------------------------------------------------- */

#define GLOBAL(module, name) "c" module "\n" name "\n"
#define TEXT(n, text) "\x8c" n text
/* ("storage", torch.FloatStorage, "0", "cpu", 12), and its tensor of @first, @sizes and @strides. */
#define STORAGE(type, count) "(" TEXT ("\x07", "storage") GLOBAL ("torch", type) TEXT ("\x01", "0") TEXT ("\x03", "cpu") "K" count "tQ"
#define TENSOR(type, count, first, sizes, strides) \
  GLOBAL ("torch._utils", "_rebuild_tensor_v2") "(" STORAGE (type, count) "K" first sizes strides "\x89" GLOBAL ("collections", "OrderedDict") ")RtR"
#define TWO(a, b) "K" a "K" b "\x86"
#define PLAIN TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x03", "\x04"), TWO ("\x04", "\x01"))
#define DICT(items) "\x80\x02}(" items "u."

/* A .bin whose pickle and storage "0", the floats 0 … 11, are these. */
static char *
write_bin (const char *pickle, gsize size)
{
  float values[12];
  Archive archive = archive_new ();

  for (int i = 0; i < 12; i++)
    values[i] = i;
  archive_add (&archive, "archive/data.pkl", pickle, size, 0);
  archive_add (&archive, "archive/data/0", values, sizeof values, 0);
  archive_add (&archive, "archive/byteorder", "little", 6, 0);
  return archive_write (&archive, "w.bin", FALSE);
}

static UnclipContainer *
open_sound (const char *pickle, gsize size)
{
  g_autofree char *path = write_bin (pickle, size);
  GError          *error = NULL;
  UnclipContainer *file = unclip_container_open (path, &error);

  g_assert_no_error (error);
  return file;
}

static void
assert_values (UnclipContainer *file, const char *name, gboolean should_be_mapped, int n, const float *values)
{
  UnclipEntry *entry = g_hash_table_lookup (file->by_name, name);
  gboolean     is_mapped;
  float        value;
  const char  *data;

  g_assert_nonnull (entry);
  g_assert_cmpuint (entry->n, ==, n);
  data = unclip_container_data (file, entry, &is_mapped, NULL);
  g_assert_true (is_mapped == should_be_mapped);
  for (int i = 0; i < n; i++)
    {
      memcpy (&value, data + i * sizeof value, sizeof value);
      g_assert_cmpfloat (value, ==, values[i]);
    }
}

#define OPEN(pickle) open_sound (pickle, sizeof (pickle) - 1)

static void
test_views (void)
{
  g_autoptr (UnclipContainer) file = OPEN (DICT (
    TEXT ("\x05", "plain") PLAIN
    TEXT ("\x04", "part") TENSOR ("FloatStorage", "\x0c", "\x05", TWO ("\x01", "\x03"), TWO ("\x63", "\x01"))
    TEXT ("\x06", "turned") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x02", "\x03"), TWO ("\x01", "\x04"))
    TEXT ("\x08", "repeated") TENSOR ("FloatStorage", "\x0c", "\x02", TWO ("\x02", "\x02"), TWO ("\x00", "\x03"))
    TEXT ("\x07", "nothing") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x00", "\x03"), TWO ("\x03", "\x01"))
    TEXT ("\x05", "count") "K\x07"));

  g_assert_cmpuint (file->entries->len, ==, 5);
  assert_values (file, "plain", TRUE, 12, (const float[]) { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 });
  assert_values (file, "part", TRUE, 3, (const float[]) { 5, 6, 7 });
  assert_values (file, "turned", FALSE, 6, (const float[]) { 0, 4, 8, 1, 5, 9 });
  assert_values (file, "repeated", FALSE, 4, (const float[]) { 2, 5, 2, 5 });
  assert_values (file, "nothing", TRUE, 0, NULL);
}

/* As a module's state_dict() is written: an OrderedDict with an attribute, memo numbers, a Parameter. */
static void
test_attribute (void)
{
  g_autoptr (UnclipContainer) file = OPEN ("\x80\x02" GLOBAL ("collections", "OrderedDict") "q\x00)Rq\x01(" TEXT ("\x01", "a") "q\x02"
    GLOBAL ("torch._utils", "_rebuild_parameter") "q\x03" PLAIN "\x88" GLOBAL ("collections", "OrderedDict") ")R\x87q\x04Rq\x05"
    TEXT ("\x01", "b") "h\x05u}q\x06" TEXT ("\x09", "_metadata") "h\x00)Rsb.");

  g_assert_cmpuint (file->entries->len, ==, 2);
  assert_values (file, "b", TRUE, 12, (const float[]) { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 });
}

static void
test_zip64 (void)
{
  g_autofree char *path = NULL;
  g_autoptr (UnclipContainer) file = NULL;
  GError      *error = NULL;
  Archive      archive = archive_new ();
  const char   pickle[] = DICT (TEXT ("\x01", "a") PLAIN);
  float        values[12] = { 0 };

  archive_add (&archive, "w/data/0", values, sizeof values, 0);
  archive_add (&archive, "w/data.pkl", pickle, sizeof pickle - 1, 0);
  path = archive_write (&archive, "w.bin", TRUE);
  file = unclip_container_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (file->entries->len, ==, 1);
}

static void
refused (const char *pickle, gsize size, const char *says)
{
  g_autofree char *path = write_bin (pickle, size);
  GError          *error = NULL;

  g_assert_null (unclip_container_open (path, &error));
  g_assert_nonnull (error);
  if (says != NULL && strstr (error->message, says) == NULL)
    g_error ("no \"%s\" in \"%s\"", says, error->message);
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

#define REFUSED(pickle, says) refused (pickle, sizeof (pickle) - 1, says)

static void
test_hostile (void)
{
  REFUSED ("\x80\x02" GLOBAL ("posix", "system") TEXT ("\x02", "ls") "\x85R.", "posix.system");
  REFUSED ("\x80\x04" TEXT ("\x08", "builtins") TEXT ("\x04", "eval") "\x93" TEXT ("\x01", "1") "\x85R.", "builtins.eval");
  REFUSED (DICT (TEXT ("\x01", "a") GLOBAL ("torch._utils", "_rebuild_qtensor") ")R"), "_rebuild_qtensor");
  REFUSED ("\x80\x02" "i__builtin__\nexec\n.", "0x69");
  REFUSED ("\x80\x02" GLOBAL ("torch", "FloatStorage") ")R.", NULL);
  REFUSED ("\x80\x02" GLOBAL ("collections", "OrderedDict") "]\x85R.", NULL);
  REFUSED ("\x80\x02K\x01.", NULL);
  REFUSED ("\x80\x02}.", "no tensors");
  REFUSED ("\x80\x02.", NULL);
  REFUSED ("", "cut short");
  REFUSED (DICT (TEXT ("\x01", "a") PLAIN TEXT ("\x01", "a") PLAIN), NULL);
  REFUSED (DICT ("K\x01" PLAIN), NULL);
  REFUSED (DICT (TEXT ("\x01", "\x80") PLAIN), NULL);
  REFUSED (DICT (TEXT ("\x01", "\0") PLAIN), NULL);
  /* Beyond the storage, by offset, size, stride; a storage beyond its bytes; a negative size. */
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x01", TWO ("\x03", "\x04"), TWO ("\x04", "\x01"))), "does not fit");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x04", "\x04"), TWO ("\x04", "\x01"))), "does not fit");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x02", "\x02"), TWO ("\x0b", "\x01"))), "does not fit");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0d", "\x00", TWO ("\x01", "\x01"), TWO ("\x01", "\x01"))), "does not have");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x00", "J\xff\xff\xff\xff" "K\x01\x86", TWO ("\x01", "\x01"))), "does not fit");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x00", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f" "K\x01\x86", TWO ("\x00", "\x01"))), "does not fit");
  REFUSED (DICT (TEXT ("\x01", "a") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x02", "\x02"), "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f" "K\x01\x86")), "does not fit");
  /* Longer than it is; a memo that is not there; more marks, and fewer values, than there are. */
  REFUSED ("\x80\x02X\xff\xff\xff\xff" "a.", "cut short");
  REFUSED ("\x80\x02h\x05.", NULL);
  REFUSED ("\x80\x02((((u.", NULL);
  REFUSED ("\x80\x02t.", NULL);
  REFUSED ("\x80\x02}K\x01u.", NULL);
  REFUSED ("\x80\x02}(sss.", NULL);
  REFUSED ("\x80\x02\x87.", NULL);
  /* A dictionary in itself. */
  REFUSED ("\x80\x02}q\x00" TEXT ("\x01", "a") "h\x00s.", "no tensors");
}

/* Every beginning of a sound pickle, and every byte of it changed: refused or read, and nothing else. */
static void
test_damaged (void)
{
  const char pickle[] = DICT (TEXT ("\x01", "a") PLAIN TEXT ("\x01", "b") TENSOR ("FloatStorage", "\x0c", "\x00", TWO ("\x02", "\x03"), TWO ("\x01", "\x04")));
  char       changed[sizeof pickle];

  for (gsize size = 0; size < sizeof pickle - 1; size++)
    refused (pickle, size, NULL);
  for (gsize i = 0; i < sizeof pickle - 1; i++)
    for (int bit = 0; bit < 8; bit += 3)
      {
        g_autofree char *path = NULL;
        g_autoptr (UnclipContainer) file = NULL;
        GError *error = NULL;

        memcpy (changed, pickle, sizeof pickle);
        changed[i] ^= 1 << bit;
        path = write_bin (changed, sizeof pickle - 1);
        file = unclip_container_open (path, &error);
        if (file == NULL)
          support_assert_refused (&error, UNCLIP_ERROR_FILE);
        for (guint k = 0; file != NULL && k < file->entries->len; k++)
          g_assert_nonnull (unclip_container_data (file, g_ptr_array_index (file->entries, k), NULL, NULL));
      }
}

/* Many values of few bytes take no more memory than so short a file is worth. */
static void
test_many_values (void)
{
  g_autofree char *pickle = g_malloc (100000);

  memset (pickle, '}', 100000);
  refused (pickle, 100000, NULL);
  memset (pickle, 'N', 100000);
  refused (pickle, 100000, NULL);
}

static void
test_archives (void)
{
  const char  pickle[] = DICT (TEXT ("\x01", "a") PLAIN);
  float       values[12] = { 0 };
  GError     *error = NULL;
  gsize       whole_size;
  g_autofree char *whole = NULL, *path = NULL;

  for (int kind = 0; kind < 4; kind++)
    {
      g_autofree char *odd = NULL;
      Archive archive = archive_new ();

      /* Compressed; without a pickle; with two; of a big-endian machine. */
      if (kind != 1)
        archive_add (&archive, "w/data.pkl", pickle, sizeof pickle - 1, kind == 0 ? 8 : 0);
      if (kind == 2)
        archive_add (&archive, "v/data.pkl", pickle, sizeof pickle - 1, 0);
      if (kind == 3)
        archive_add (&archive, "w/byteorder", "big", 3, 0);
      archive_add (&archive, "w/data/0", values, sizeof values, 0);
      odd = archive_write (&archive, "w.bin", FALSE);
      g_assert_null (unclip_container_open (odd, &error));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }

  path = write_bin (pickle, sizeof pickle - 1);
  g_assert_true (g_file_get_contents (path, &whole, &whole_size, NULL));
  for (gsize size = 0; size < whole_size; size++)
    {
      g_autofree char *cut = support_write ("cut.bin", whole, size);

      g_assert_null (unclip_container_open (cut, &error));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
}

/* A type's own name, and bytes that no archive has. */
static void
test_types (void)
{
  g_autoptr (UnclipContainer) file = OPEN (DICT (TEXT ("\x01", "h") TENSOR ("HalfStorage", "\x18", "\x00", TWO ("\x02", "\x03"), TWO ("\x03", "\x01"))
    TEXT ("\x01", "l") TENSOR ("LongStorage", "\x06", "\x00", TWO ("\x02", "\x03"), TWO ("\x03", "\x01"))));
  g_autofree char *path = support_write ("old.bin", "\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 16);
  GError *error = NULL;

  g_assert_cmpint (((UnclipEntry *) g_hash_table_lookup (file->by_name, "h"))->dtype, ==, UNCLIP_DTYPE_F16);
  g_assert_cmpint (((UnclipEntry *) g_hash_table_lookup (file->by_name, "l"))->dtype, ==, UNCLIP_DTYPE_I64);
  g_assert_null (unclip_container_open (path, &error));
  g_assert_nonnull (strstr (error->message, "old.bin"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/torch/views", test_views);
  g_test_add_func ("/torch/attribute", test_attribute);
  g_test_add_func ("/torch/zip64", test_zip64);
  g_test_add_func ("/torch/types", test_types);
  g_test_add_func ("/torch/hostile", test_hostile);
  g_test_add_func ("/torch/damaged", test_damaged);
  g_test_add_func ("/torch/many-values", test_many_values);
  g_test_add_func ("/torch/archives", test_archives);
  return g_test_run ();
}
