/* Fuzz target: one of the tokenizer's files at a time, named as the seed is, the others sound; and captions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "nets.h"
#include "support.h"

/* The bytes as a caption: up to the first 0. */
static void
encode (const UnclipTokenizer *tokenizer, const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  int              length = unclip_tokenizer_max_length (tokenizer);
  g_autofree int  *ids = g_new (int, length), *mask = g_new (int, length);
  int              n = unclip_tokenizer_encode (tokenizer, text, ids, mask);

  g_assert_cmpint (n, >=, 2);
  for (int i = 0; i < length; i++)
    {
      g_assert_cmpint (ids[i], >=, 0);
      g_assert_cmpint (mask[i], ==, i < n);
    }
}

/* The sound tokenizer, which captions do not change; made once per test. */
static UnclipTokenizer *
sound_tokenizer (const char *dir)
{
  static UnclipTokenizer *tokenizer = NULL;
  static char            *made_of = NULL;
  g_autoptr (UnclipModel) model = NULL;
  GError *error = NULL;

  if (g_strcmp0 (made_of, dir) == 0)
    return tokenizer;
  g_clear_pointer (&tokenizer, unclip_tokenizer_free);
  model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  tokenizer = unclip_tokenizer_new (model, &error);
  g_assert_no_error (error);
  g_set_str (&made_of, dir);
  return tokenizer;
}

static void
try_file (const char *dir, const char *name, const guint8 *data, gsize size)
{
  g_autofree char *folder = g_path_get_basename (dir), *path = g_build_filename (folder, "tokenizer", name, NULL);
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipTokenizer) tokenizer = NULL;
  GError *error = NULL;

  g_free (fuzz_write (path, data, size));
  model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  tokenizer = unclip_tokenizer_new (model, &error);
  if (tokenizer == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  encode (tokenizer, data, size);
  encode (tokenizer, (const guint8 *) "A low, lower 'low's 12 画<|endoftext|>!", 42);
}

static void
target (const char *name, const guint8 *data, gsize size)
{
  gboolean         is_json = strcmp (name, "tokenizer.json") == 0;
  g_autofree char *dir = support_path (is_json ? "json" : "model");

  /* Written once per test: its files but the one stay as they are. */
  if (! g_file_test (dir, G_FILE_TEST_EXISTS))
    {
      g_free (support_model (is_json ? "json" : "model"));
      /* Which is read where one of these is not there. */
      if (is_json)
        support_remove ("json/tokenizer/vocab.json");
    }
  if (strcmp (name, "caption") == 0)
    encode (sound_tokenizer (dir), data, size);
  else
    try_file (dir, name, data, size);
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
