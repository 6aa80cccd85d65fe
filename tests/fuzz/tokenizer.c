/* Fuzz target: one of the tokenizer's files at a time, named as the seed is, the others sound; and captions.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

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

static void
target (const char *name, const guint8 *data, gsize size)
{
  /* The model is written once per test: its files but the one stay as they are. */
  g_autofree char *dir = support_path ("model");
  g_autofree char *path = g_build_filename ("model/tokenizer", name, NULL);
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipTokenizer) tokenizer = NULL;
  GError *error = NULL;

  if (! g_file_test (dir, G_FILE_TEST_EXISTS))
    g_free (support_model ("model"));
  if (! g_str_has_prefix (name, "caption"))
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

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
