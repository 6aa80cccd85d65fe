/* The safetensors format both ways.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "safetensors.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "support.h"

static const UnclipDtype all[] = { UNCLIP_DTYPE_F64, UNCLIP_DTYPE_F32, UNCLIP_DTYPE_F16, UNCLIP_DTYPE_BF16,
                                   UNCLIP_DTYPE_I64, UNCLIP_DTYPE_I32, UNCLIP_DTYPE_U8, UNCLIP_DTYPE_BOOL };

/* Whether a file that is not done lies beside @path. */
static gboolean
has_unfinished (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_prefix (name, ".unclip"))
      return TRUE;
  return FALSE;
}

static void
test_round_trip (void)
{
  g_autoptr (UnclipTensors) out = unclip_tensors_new ();
  g_autoptr (UnclipTensors) in = NULL;
  g_auto (GStrv) names = NULL;
  g_autofree char *path = support_path ("all.safetensors");
  GError          *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      UnclipTensor *tensor = unclip_tensors_add (out, unclip_dtype_name (all[i]), all[i], 2, (int[]) { 3, (int) i + 1 }, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (tensor->n, ==, 3 * (i + 1));
      for (gsize k = 0; k < tensor->n * unclip_dtype_size (all[i]); k++)
        {
          g_assert_cmpint (((guint8 *) tensor->data)[k], ==, 0);
          ((guint8 *) tensor->data)[k] = (guint8) (i * 31 + k);
        }
    }
  unclip_tensors_add (out, "nothing", UNCLIP_DTYPE_F32, 3, (int[]) { 4, 0, 5 }, &error);
  unclip_tensors_add (out, "scalar", UNCLIP_DTYPE_I32, 0, NULL, &error);
  unclip_tensors_add (out, "deep", UNCLIP_DTYPE_U8, 8, (int[]) { 1, 2, 1, 1, 1, 1, 1, 1 }, &error);
  unclip_tensors_add (out, "quote \" back \\ é \n", UNCLIP_DTYPE_U8, 1, (int[]) { 1 }, &error);
  g_assert_no_error (error);
  unclip_tensors_set_metadata (out, "caption", "a \"red\" 画 apple\nnext");
  unclip_tensors_set_metadata (out, "model", "toybox");
  unclip_tensors_set_metadata (out, "model", "karlo");
  g_assert_true (unclip_tensors_save (out, path, &error));
  g_assert_no_error (error);
  g_assert_false (has_unfinished (path));

  in = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  names = unclip_tensors_names (in);
  g_assert_cmpuint (g_strv_length (names), ==, G_N_ELEMENTS (all) + 4);
  for (char **name = names; *name != NULL; name++)
    {
      UnclipTensor *a = unclip_tensors_find (out, *name), *b = unclip_tensors_find (in, *name);

      g_assert_nonnull (a);
      g_assert_cmpint (a->dtype, ==, b->dtype);
      g_assert_cmpint (a->n_dims, ==, b->n_dims);
      g_assert_cmpmem (a->dims, a->n_dims * sizeof (int), b->dims, b->n_dims * sizeof (int));
      g_assert_cmpmem (a->data, a->n * unclip_dtype_size (a->dtype), b->data, b->n * unclip_dtype_size (b->dtype));
    }
  g_assert_cmpstr (unclip_tensors_metadata (in, "caption"), ==, "a \"red\" 画 apple\nnext");
  g_assert_cmpstr (unclip_tensors_metadata (in, "model"), ==, "karlo");
  g_assert_null (unclip_tensors_metadata (in, "absent"));
}

static void
test_empty (void)
{
  g_autoptr (UnclipTensors) out = unclip_tensors_new ();
  g_autoptr (UnclipTensors) in = NULL;
  g_autofree char *path = support_path ("empty.safetensors");
  GError          *error = NULL;

  g_assert_true (unclip_tensors_save (out, path, &error));
  in = unclip_tensors_load (path, &error);
  g_assert_no_error (error);
  g_assert_null (unclip_tensors_find (in, "a"));
}

/* As other programs write: the header's length not a multiple of eight, the data in another order. */
static void
test_foreign (void)
{
  g_autofree char *path = support_safetensors (
    "foreign.safetensors",
    "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[5,9]},\"a\":{\"dtype\":\"U8\",\"shape\":[5],\"data_offsets\":[0,5]},"
    "\"z\":{\"dtype\":\"F64\",\"shape\":[0],\"data_offsets\":[5,5]},\"__metadata__\":{\"format\":\"pt\",\"n\":3}}   ",
    9);
  g_autoptr (UnclipContainer) file = NULL;
  UnclipEntry *entry;
  GError      *error = NULL;

  file = unclip_container_open (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (file->entries->len, ==, 3);
  g_assert_cmpstr (((UnclipEntry *) g_ptr_array_index (file->entries, 0))->name, ==, "a");
  entry = g_hash_table_lookup (file->by_name, "b");
  g_assert_cmpuint (entry->n, ==, 1);
  g_assert_cmpuint (entry->size, ==, 4);
  g_assert_cmpmem (unclip_container_data (file, entry, NULL, NULL), 4, "\5\6\7\10", 4);
  g_assert_cmpuint (((UnclipEntry *) g_hash_table_lookup (file->by_name, "z"))->n, ==, 0);
  g_assert_cmpstr (g_hash_table_lookup (file->metadata, "format"), ==, "pt");
  g_assert_null (g_hash_table_lookup (file->metadata, "n"));
}

static void
test_bad_headers (void)
{
#define ENTRY(rest) "{\"a\":{" rest "}}"
  static const char *const bad[] = {
    "{\"a\":1}",
    "{\"a\":[]}",
    "[]",
    "{",
    ENTRY (""),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2]"),
    ENTRY ("\"dtype\":\"F32\",\"data_offsets\":[0,8]"),
    ENTRY ("\"shape\":[2],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":5,\"shape\":[2],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[4294967298],\"data_offsets\":[0,8]"),
    /* 2^64 + 2 and 2^62 + ... values, which wrap round to 2 */
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,4],\"data_offsets\":[0,8]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[1073741824,1073741824,4],\"data_offsets\":[0,0]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,16]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[16,24]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775800,9223372036854775808]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[9223372036854775799,9223372036854775807]"),
    ENTRY ("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[18446744073709551608,18446744073709551616]"),
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *path = support_safetensors ("bad.safetensors", bad[i], 16);
      GError          *error = NULL;

      g_test_message ("%s", bad[i]);
      g_assert_null (unclip_container_open (path, &error));
      g_assert_nonnull (strstr (error->message, "bad.safetensors"));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
}

static void
test_bad_files (void)
{
  static const char *const lengths[] = { "", "\7", "\0\0\0\0\0\0\0", "\0\0\0\0\0\0\0\0", "\3\0\0\0\0\0\0\0{}",
                                         "\377\377\377\377\377\377\377\377{}", "\377\377\377\377\377\377\377\177{}" };
  static const int sizes[] = { 0, 1, 7, 8, 10, 10, 10 };
  g_autofree char *missing = support_path ("nothing"), *folder = support_path (".");
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *path = support_write ("bad.safetensors", lengths[i], sizes[i]);

      g_assert_null (unclip_container_open (path, &error));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
  g_assert_null (unclip_container_open (missing, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_null (unclip_container_open (folder, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

static void
test_cut_short (void)
{
  g_autofree char *path = support_safetensors ("short.safetensors",
                                               "{\"a\":{\"dtype\":\"U8\",\"shape\":[4000],\"data_offsets\":[0,4000]}}", 1000);
  GError *error = NULL;

  g_assert_null (unclip_container_open (path, &error));
  g_assert_nonnull (strstr (error->message, "cut short"));
  g_assert_nonnull (strstr (error->message, "again"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

static void
test_get (void)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  GError *error = NULL;

  unclip_tensors_add (tensors, "x", UNCLIP_DTYPE_F32, 2, (int[]) { 2, 3 }, &error);
  unclip_tensors_add (tensors, "t", UNCLIP_DTYPE_I32, 1, (int[]) { 4 }, &error);
  g_assert_no_error (error);
  g_assert_nonnull (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_F32, &error, 2, 2, 3));
  g_assert_nonnull (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_F32, &error, 2, -1, 3));
  g_assert_nonnull (unclip_tensors_get (tensors, "t", UNCLIP_DTYPE_I64, &error, 1, 4));
  g_assert_no_error (error);
  g_assert_null (unclip_tensors_get (tensors, "y", UNCLIP_DTYPE_F32, &error, 2, 2, 3));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_null (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_F16, &error, 2, 2, 3));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_null (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_F32, &error, 2, 3, 3));
  g_assert_nonnull (strstr (error->message, "[2, 3]"));
  g_assert_nonnull (strstr (error->message, "[3, 3]"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_null (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_F32, &error, 1, -1));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  /* A second tensor of a name takes the place of the first. */
  unclip_tensors_add (tensors, "x", UNCLIP_DTYPE_U8, 1, (int[]) { 1 }, &error);
  g_assert_nonnull (unclip_tensors_get (tensors, "x", UNCLIP_DTYPE_U8, &error, 1, 1));
  g_assert_null (unclip_tensors_add (tensors, "huge", UNCLIP_DTYPE_F64, 3, (int[]) { G_MAXINT, G_MAXINT, G_MAXINT }, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MEMORY);
  g_assert_null (unclip_tensors_add (tensors, "negative", UNCLIP_DTYPE_F64, 2, (int[]) { -1, -1 }, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MEMORY);
}

/* What cannot be written leaves nothing behind, and what is there stays. */
static void
test_unfinished (void)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_entry_free);
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  g_autofree char *path = support_write ("out.safetensors", "old", -1);
  g_autofree char *nowhere = support_path ("no/such/folder.safetensors"), *folder = support_path ("folder"), *text = NULL;
  struct rlimit    limit;
  rlim_t           before;
  gboolean         saved;
  UnclipWriter    *writer;
  GError          *error = NULL;

  g_ptr_array_add (entries, unclip_entry_new ("a", UNCLIP_DTYPE_F32, 1, (int[]) { 4 }));
  writer = unclip_writer_new (path, entries, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (unclip_writer_write (writer, "12345678", 8, &error));
  g_assert_true (unclip_writer_write (writer, NULL, 0, &error));
  unclip_writer_free (writer);
  g_assert_false (has_unfinished (path));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "old");

  g_assert_false (unclip_tensors_save (tensors, nowhere, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_mkdir (folder, 0755);
  g_assert_false (unclip_tensors_save (tensors, folder, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_false (has_unfinished (path));

  /* As on a full disk. */
  getrlimit (RLIMIT_FSIZE, &limit);
  before = limit.rlim_cur;
  limit.rlim_cur = 4;
  signal (SIGXFSZ, SIG_IGN);
  setrlimit (RLIMIT_FSIZE, &limit);
  saved = unclip_tensors_save (tensors, path, &error);
  limit.rlim_cur = before;
  setrlimit (RLIMIT_FSIZE, &limit);
  g_assert_false (saved);
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_false (has_unfinished (path));
  g_clear_pointer (&text, g_free);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "old");
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/safetensors/round-trip", test_round_trip);
  g_test_add_func ("/safetensors/empty", test_empty);
  g_test_add_func ("/safetensors/foreign", test_foreign);
  g_test_add_func ("/safetensors/bad-headers", test_bad_headers);
  g_test_add_func ("/safetensors/bad-files", test_bad_files);
  g_test_add_func ("/safetensors/cut-short", test_cut_short);
  g_test_add_func ("/safetensors/get", test_get);
  g_test_add_func ("/safetensors/unfinished", test_unfinished);
  return g_test_run ();
}
