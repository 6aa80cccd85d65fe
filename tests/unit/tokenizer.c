/* The tokenizer against what CLIP's fast tokenizer does, with a vocabulary of a few merges.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "nets.h"

#include <string.h>

#include "support.h"

typedef struct
{
  UnclipModel     *model;
  UnclipTokenizer *tokenizer;
  GPtrArray       *texts; /* of the tokens */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer config)
{
  g_autofree char *dir = support_model ("model");
  GError          *error = NULL;

  fixture->texts = support_vocabulary ("model/tokenizer");
  if (config != NULL)
    g_free (support_write ("model/tokenizer/tokenizer_config.json", config, -1));
  else
    support_remove ("model/tokenizer/tokenizer_config.json");
  fixture->model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  fixture->tokenizer = unclip_tokenizer_new (fixture->model, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer config)
{
  unclip_tokenizer_free (fixture->tokenizer);
  unclip_model_unref (fixture->model);
  g_ptr_array_unref (fixture->texts);
}

/* Between start and end, the tokens of @text are those of @should, which stand between spaces. */
static void
assert_tokens (Fixture *fixture, const char *text, const char *should)
{
  int     ids[77], mask[77], n = unclip_tokenizer_encode (fixture->tokenizer, text, ids, mask);
  g_autoptr (GString) is = g_string_new (NULL);

  g_assert_cmpint (unclip_tokenizer_max_length (fixture->tokenizer), ==, 77);
  g_assert_cmpint (n, <=, 77);
  g_assert_cmpint (ids[0], ==, fixture->texts->len - 2);
  g_assert_cmpint (ids[n - 1], ==, fixture->texts->len - 1);
  for (int i = 0; i < 77; i++)
    {
      g_assert_cmpint (mask[i], ==, i < n);
      if (i >= n)
        g_assert_cmpint (ids[i], ==, 0);
      else if (i > 0 && i < n - 1)
        g_string_append_printf (is, "%s%s", i > 1 ? " " : "", (const char *) g_ptr_array_index (fixture->texts, ids[i]));
    }
  g_assert_cmpstr (is->str, ==, should);
}

static void
test_merges (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "", "");
  assert_tokens (fixture, "l", "l</w>");
  assert_tokens (fixture, "low", "low</w>");
  /* "l o" and "e r</w>" come first, then "lo w", and last "w er</w>", for which no w is left. */
  assert_tokens (fixture, "lower", "low er</w>");
  assert_tokens (fixture, "ower", "o wer</w>");
  assert_tokens (fixture, "lowlow", "low low</w>");
  /* Of equal pairs the leftmost: the last a carries "</w>" and has no partner. */
  assert_tokens (fixture, "aaaaaa", "aaaa a a</w>");
  assert_tokens (fixture, "aaaaaaaaaa", "aaaa aaaa a a</w>");
}

static void
test_case_and_space (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "LoW", "low</w>");
  assert_tokens (fixture, "  low\t\n\v\f\r low  ", "low</w> low</w>");
  assert_tokens (fixture, "low\u00a0low\u2003low\u3000low\xc2\x85low", "low</w> low</w> low</w> low</w> low</w>");
  /* Looks like a space and is none. */
  assert_tokens (fixture, "a\u200bb", "a</w> â Ģ ĭ</w> b</w>");
  assert_tokens (fixture, "   ", "");
  /* The final sigma is not made special, and a capital I with a dot becomes two characters. */
  assert_tokens (fixture, "Σ", "Ï ĥ</w>");
  assert_tokens (fixture, "İ", "i</w> Ì ĩ</w>");
}

static void
test_pieces (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "low's", "low</w> 's</w>");
  assert_tokens (fixture, "LOW'S", "low</w> 's</w>");
  assert_tokens (fixture, "'st", "'s</w> t</w>");
  assert_tokens (fixture, "i've", "i</w> ' v e</w>");
  assert_tokens (fixture, "i'll", "i</w> ' l l</w>");
  assert_tokens (fixture, "i'x", "i</w> '</w> x</w>");
  assert_tokens (fixture, "!!'s", "! ! '</w> s</w>");
  assert_tokens (fixture, "2023", "2</w> 0</w> 2</w> 3</w>");
  assert_tokens (fixture, "x2y", "x</w> 2</w> y</w>");
  assert_tokens (fixture, "½", "Â ½</w>");
  assert_tokens (fixture, "a-b_c", "a</w> -</w> b</w> _</w> c</w>");
  assert_tokens (fixture, "low...", "low</w> . . .</w>");
  assert_tokens (fixture, "画一", "ç Ķ » ä ¸ Ģ</w>");
}

static void
test_nfc (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "é", "Ã ©</w>");
  assert_tokens (fixture, "e\u0301", "Ã ©</w>");
  assert_tokens (fixture, "E\u0301", "Ã ©</w>");
  /* What has no composed form stays apart: a letter, and a mark that is none. */
  assert_tokens (fixture, "x\u0301", "x</w> Ì ģ</w>");
}

static void
test_specials (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "<|endoftext|>", "<|endoftext|>");
  assert_tokens (fixture, "low<|endoftext|>low", "low</w> <|endoftext|> low</w>");
  assert_tokens (fixture, "a <|startoftext|> b", "a</w> <|startoftext|> b</w>");
  assert_tokens (fixture, "low!<|endoftext|>!", "low</w> !</w> <|endoftext|> !</w>");
  assert_tokens (fixture, "<<|endoftext|>", "<</w> <|endoftext|>");
  assert_tokens (fixture, "<|endof", "< |</w> e n d o f</w>");
}

static void
test_invalid_utf8 (Fixture *fixture, gconstpointer config)
{
  assert_tokens (fixture, "a\xff b", "a</w> ï ¿ ½</w> b</w>");
  assert_tokens (fixture, "\xc3", "ï ¿ ½</w>");
  assert_tokens (fixture, "a\xed\xa0\x80" "b", "a</w> ï ¿ ½ ï ¿ ½ ï ¿ ½</w> b</w>");
}

static void
test_truncation (Fixture *fixture, gconstpointer config)
{
  int ids[8], mask[8];

  g_assert_cmpint (unclip_tokenizer_max_length (fixture->tokenizer), ==, 8);
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, "1 2 3 4 5 6", ids, mask), ==, 8);
  g_assert_cmpint (ids[6], ==, '6' - '!' + 256);
  g_assert_cmpint (ids[7], ==, fixture->texts->len - 1);
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, "1 2 3 4 5 6 7 8 9", ids, mask), ==, 11);
  g_assert_cmpint (ids[0], ==, fixture->texts->len - 2);
  g_assert_cmpint (ids[6], ==, '6' - '!' + 256);
  g_assert_cmpint (ids[7], ==, fixture->texts->len - 1);
  for (int i = 0; i < 8; i++)
    g_assert_cmpint (mask[i], ==, 1);
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, "1", ids, mask), ==, 3);
  for (int i = 0; i < 8; i++)
    g_assert_cmpint (mask[i], ==, i < 3);
}

/* A pair at a time, left to right, would take a day. */
static void
test_hostile (Fixture *fixture, gconstpointer config)
{
  const int        n = 1000000;
  g_autofree char *word = g_strnfill (n, 'a');
  int     ids[77], mask[77];
  gint64  start = g_get_monotonic_time ();

  /* "aaaa" 249 999 times, then aa, a and the last a, which carries "</w>". */
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, word, ids, mask), ==, 2 + 249999 + 3);
  memset (word, '!', n);
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, word, ids, mask), ==, 2 + n);
  memset (word, '<', n);
  g_assert_cmpint (unclip_tokenizer_encode (fixture->tokenizer, word, ids, mask), ==, 2 + n);
  /* About half a second; the rest is for busy machines and sanitizers. */
  g_assert_cmpint (g_get_monotonic_time () - start, <, 30 * G_TIME_SPAN_SECOND);
}

/* The text tower has fewer places than the tokenizer would use. */
static void
test_places (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
  g_autoptr (UnclipTokenizer) tokenizer = NULL;
  GError *error = NULL;

  g_free (support_write ("model/tokenizer/tokenizer_config.json", "{\"model_max_length\": 1e30}", -1));
  g_free (support_write ("model/text_encoder/config.json", "{\"max_position_embeddings\": 16}", -1));
  tokenizer = unclip_tokenizer_new (model, &error);
  g_assert_no_error (error);
  g_assert_cmpint (unclip_tokenizer_max_length (tokenizer), ==, 16);
}

/* bos_token and the like, as a text or as an object, in either of two files. */
static void
test_other_specials (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
  g_autoptr (UnclipTokenizer) tokenizer = NULL;
  GError *error = NULL;
  int     ids[77], mask[77];

  g_free (support_write ("model/tokenizer/tokenizer_config.json", "{\"bos_token\": \"a\", \"eos_token\": {\"content\": \"b\"}}", -1));
  g_free (support_write ("model/tokenizer/special_tokens_map.json", "{\"bos_token\": \"x\", \"pad_token\": {\"content\": \"c\"}}", -1));
  tokenizer = unclip_tokenizer_new (model, &error);
  g_assert_no_error (error);
  g_assert_cmpint (unclip_tokenizer_encode (tokenizer, "", ids, mask), ==, 2);
  g_assert_cmpint (ids[0], ==, 'a' - '!');
  g_assert_cmpint (ids[1], ==, 'b' - '!');
  g_assert_cmpint (ids[2], ==, 'c' - '!');
}

/* What newer tools say again in tokenizer_config.json, beside vocab.json and beside tokenizer.json; a token that is only there is one. */
static void
test_added_tokens_decoder (void)
{
#define DECODER(more) "{\"added_tokens_decoder\": {\"0\": {\"content\": \"!\", \"special\": true}, " more "\"521\": {\"content\": \"<|endoftext|>\"}}"
  static const char *const bad[] = {
    "{\"added_tokens_decoder\": 3}",
    "{\"added_tokens_decoder\": {\"521\": \"<|endoftext|>\"}}",
    "{\"added_tokens_decoder\": {\"521\": {\"content\": 7}}}",
    "{\"added_tokens_decoder\": {\"-1\": {\"content\": \"!\"}}}",
    "{\"added_tokens_decoder\": {\"end\": {\"content\": \"!\"}}}",
    "{\"added_tokens_decoder\": {\"99999999999\": {\"content\": \"<new>\"}}}",
    DECODER ("\"3\": {\"content\": \"<|startoftext|>\"}, ") "}", /* it is 520 in vocab.json */
    DECODER ("\"3\": {\"content\": \"<new>\"}, ") "}",           /* that number is another's */
    DECODER ("\"900\": {\"content\": \"<new>\"}, ") "}",         /* leaves a gap */
    DECODER ("") ", \"pad_token\": \"<new>\"}",
  };
  g_autofree char *dir = support_model ("model"), *vocab_path = support_path ("model/tokenizer/vocab.json"), *vocab = NULL, *json = NULL;
  GError *error = NULL;

  g_assert_true (g_file_get_contents (vocab_path, &vocab, NULL, NULL));
  json = g_strdup_printf ("{\"model\": {\"type\": \"BPE\", \"vocab\": %s, \"merges\": [\"l o\", \"lo w</w>\", \"e r</w>\", \"lo w\", \"a a\", \"aa aa\","
                          " \"' s</w>\", \"w er</w>\"]}}", vocab);
  for (int is_json = 0; is_json < 2; is_json++)
    {
      g_autoptr (UnclipTokenizer) tokenizer = NULL;
      g_autoptr (UnclipModel) model = NULL;
      int ids[77], mask[77];

      if (is_json)
        {
          support_remove ("model/tokenizer/vocab.json");
          support_remove ("model/tokenizer/merges.txt");
          g_free (support_write ("model/tokenizer/tokenizer.json", json, -1));
        }
      model = unclip_model_open (dir, NULL, NULL);
      for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
        {
          g_test_message ("%s", bad[i]);
          g_free (support_write ("model/tokenizer/tokenizer_config.json", bad[i], -1));
          g_assert_null (unclip_tokenizer_new (model, &error));
          support_assert_refused (&error, i + 1 < G_N_ELEMENTS (bad) ? UNCLIP_ERROR_FILE : UNCLIP_ERROR_MODEL);
        }
      g_free (support_write ("model/tokenizer/tokenizer_config.json",
                             DECODER ("\"522\": {\"content\": \"<padding>\"}, ") ", \"pad_token\": \"<padding>\"}", -1));
      tokenizer = unclip_tokenizer_new (model, &error);
      g_assert_no_error (error);
      g_assert_cmpint (unclip_tokenizer_encode (tokenizer, "lower", ids, mask), ==, 4);
      g_assert_cmpint (ids[2], ==, 514);
      g_assert_cmpint (ids[3], ==, 521);
      g_assert_cmpint (ids[4], ==, 522);
    }
#undef DECODER
}

/* All of the fixture's but the last, "w er</w>". */
#define MERGES "#version: 0.2\nl o\nlo w</w>\ne r</w>\nlo w\na a\naa aa\n' s</w>\n"

static void
test_bad_files (void)
{
  static const struct
  {
    const char *name, *data;
    int         code;
  } bad[] = {
    { "merges.txt", "a b\n", UNCLIP_ERROR_FILE },                              /* "ab" is no token */
    { "merges.txt", "", UNCLIP_ERROR_FILE },
    { "merges.txt", "#version: 0.2\n", UNCLIP_ERROR_FILE },
    { "merges.txt", "#version: 0.2\nl o\nlo w</w>\n", UNCLIP_ERROR_FILE },      /* cut between lines */
    { "merges.txt", MERGES "w er</w", UNCLIP_ERROR_FILE },                       /* and within one */
    { "merges.txt", "l\to\nlo\tw</w>\n", UNCLIP_ERROR_FILE },
    { "merges.txt", MERGES "w  er</w>\n", UNCLIP_ERROR_FILE },
    { "merges.txt", MERGES "w er</w> \n", UNCLIP_ERROR_FILE },
    { "merges.txt", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n", UNCLIP_ERROR_FILE },
    { "added_tokens.json", "{\"a\": 522}", UNCLIP_ERROR_FILE },                  /* has a number already */
    { "added_tokens.json", "{\"<new>\": 523}", UNCLIP_ERROR_FILE },              /* leaves a gap */
    { "added_tokens.json", "{\"<new>\": 3}", UNCLIP_ERROR_FILE },                /* is another's */
    { "added_tokens.json", "[]", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": 0, \"b\": 0}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": 0, \"b\": 2}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": 1e400}", UNCLIP_ERROR_FILE },
    { "tokenizer_config.json", "{\"bos_token\": 7}", UNCLIP_ERROR_MODEL },
    { "tokenizer_config.json", "{\"eos_token\": [\"a\"]}", UNCLIP_ERROR_MODEL },
    { "special_tokens_map.json", "{\"pad_token\": {\"content\": 3}}", UNCLIP_ERROR_MODEL },
    { "vocab.json", "[]", UNCLIP_ERROR_FILE },
    { "vocab.json", "{}", UNCLIP_ERROR_FILE },                                 /* merges of nothing */
    { "vocab.json", "{\"a\": -1}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": \"1\"}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": 1.5}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": true}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": null}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": [1]}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"a\": 99999999999}", UNCLIP_ERROR_FILE },
    { "vocab.json", "{\"ééééééééééééééééééééé\": -1}", UNCLIP_ERROR_FILE },    /* the message cuts the name */
    { "tokenizer_config.json", "{\"bos_token\": \"nowhere\"}", UNCLIP_ERROR_MODEL },
    { "tokenizer_config.json", "{\"model_max_length\": 2}", UNCLIP_ERROR_MODEL },
    { "tokenizer_config.json", "{\"model_max_length\": \"77\"}", UNCLIP_ERROR_MODEL },
    { "tokenizer_config.json", "", UNCLIP_ERROR_FILE },
    { "special_tokens_map.json", "{", UNCLIP_ERROR_FILE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *dir = support_model ("model");
      g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
      g_autofree char *name = g_build_filename ("model", "tokenizer", bad[i].name, NULL);
      GError          *error = NULL;

      g_test_message ("%s: %s", bad[i].name, bad[i].data);
      g_free (support_write (name, bad[i].data, -1));
      g_assert_null (unclip_tokenizer_new (model, &error));
      support_assert_refused (&error, bad[i].code);
      support_remove (name);
    }
}

/* The same files as other systems and tools write them. */
static void
test_other_forms (void)
{
  static const char *const forms[] = {
    "\xef\xbb\xbf" MERGES "w er</w>\n",
    MERGES "w er</w>",
    MERGES "\n\nw er</w>\n\n",
    "#version: 0.2\r\nl o\r\nlo w</w>\r\ne r</w>\r\nlo w\r\na a\r\naa aa\r\n' s</w>\r\nw er</w>\r\n",
    "l o\nlo w</w>\ne r</w>\nlo w\na a\naa aa\n' s</w>\nw er</w>\n",
  };
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      GError *error = NULL;
      g_autoptr (UnclipTokenizer) tokenizer = NULL;
      int     ids[77], mask[77];

      g_free (support_write ("model/tokenizer/merges.txt", forms[i], -1));
      tokenizer = unclip_tokenizer_new (model, &error);
      g_assert_no_error (error);
      g_assert_cmpint (unclip_tokenizer_encode (tokenizer, "lower", ids, mask), ==, 4);
      g_assert_cmpint (ids[1], ==, 515); /* "low", "er</w>" */
      g_assert_cmpint (ids[2], ==, 514);
    }
}

/* What newer tools save: all in one file, merges as pairs or as texts, and the marks among the added tokens. */
static void
test_json (void)
{
  static const char *const merges[] = {
    "[[\"l\", \"o\"], [\"lo\", \"w</w>\"], [\"e\", \"r</w>\"], [\"lo\", \"w\"], [\"a\", \"a\"], [\"aa\", \"aa\"], [\"'\", \"s</w>\"], [\"w\", \"er</w>\"]]",
    "[\"l o\", \"lo w</w>\", \"e r</w>\", \"lo w\", \"a a\", \"aa aa\", \"' s</w>\", \"w er</w>\"]",
  };
  static const char *const bad[] = { "[]", "{}", "3", "null", "[[\"l\"]]", "[[\"l\", 3]]", "[\"l\\to\"]", "[3]", "[\"l o\", \"lo w</w>\"]" };
  g_autofree char *dir = support_model ("model"), *path = support_path ("model/tokenizer/vocab.json"), *vocab = NULL;
  g_autoptr (UnclipModel) model = NULL;
  GError *error = NULL;

  g_assert_true (g_file_get_contents (path, &vocab, NULL, NULL));
  support_remove ("model/tokenizer/vocab.json");
  support_remove ("model/tokenizer/merges.txt");
  for (guint i = 0; i < G_N_ELEMENTS (merges) + G_N_ELEMENTS (bad); i++)
    {
      gboolean         is_bad = i >= G_N_ELEMENTS (merges);
      g_autofree char *text = g_strdup_printf ("{\"added_tokens\": [{\"id\": 521, \"content\": \"<|endoftext|>\"}, {\"id\": 522, \"content\": \"added\"}],"
                                               " \"model\": {\"type\": \"BPE\", \"vocab\": %s, \"merges\": %s}}",
                                               vocab, is_bad ? bad[i - G_N_ELEMENTS (merges)] : merges[i]);
      g_autoptr (UnclipTokenizer) tokenizer = NULL;
      int ids[77], mask[77];

      g_test_message ("%u", i);
      g_free (support_write ("model/tokenizer/tokenizer.json", text, -1));
      g_clear_pointer (&model, unclip_model_unref);
      model = unclip_model_open (dir, NULL, NULL);
      tokenizer = unclip_tokenizer_new (model, &error);
      if (is_bad)
        {
          g_assert_null (tokenizer);
          g_assert_nonnull (strstr (error->message, "tokenizer.json"));
          support_assert_refused (&error, UNCLIP_ERROR_FILE);
          continue;
        }
      g_assert_no_error (error);
      g_assert_cmpint (unclip_tokenizer_encode (tokenizer, "lower", ids, mask), ==, 4);
      g_assert_cmpint (ids[1], ==, 515);
      g_assert_cmpint (ids[2], ==, 514);
      g_assert_cmpint (ids[3], ==, 521);
    }
  g_free (support_write ("model/tokenizer/tokenizer.json", "{\"model\": {\"type\": \"Unigram\", \"vocab\": {}, \"merges\": []}}", -1));
  g_assert_null (unclip_tokenizer_new (model, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
}

/* Tokens that the text tower has no embedding for. */
static void
test_more_than_embeddings (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
  GError *error = NULL;

  g_free (support_write ("model/text_encoder/config.json", "{\"vocab_size\": 521}", -1));
  g_assert_null (unclip_tokenizer_new (model, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_free (support_write ("model/text_encoder/config.json", "{\"text_config\": {\"vocab_size\": 522, \"max_position_embeddings\": 9}}", -1));
  unclip_tokenizer_free (unclip_tokenizer_new (model, &error));
  g_assert_no_error (error);
}

/* An empty start token would be found everywhere, for ever. */
static void
test_empty_special (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
  GError *error = NULL;

  g_free (support_write ("model/tokenizer/merges.txt", "", 0));
  g_free (support_write ("model/tokenizer/vocab.json", "{\"\": 1, \"!\": 0, \"<|endoftext|>\": 2}", -1));
  g_free (support_write ("model/tokenizer/tokenizer_config.json", "{\"bos_token\": \"\"}", -1));
  g_assert_null (unclip_tokenizer_new (model, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
}

static void
add (const char *path, const char *config, void (*test) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, config, set_up, test, tear_down);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  add ("/tokenizer/merges", NULL, test_merges);
  add ("/tokenizer/case-and-space", NULL, test_case_and_space);
  add ("/tokenizer/pieces", NULL, test_pieces);
  add ("/tokenizer/nfc", NULL, test_nfc);
  add ("/tokenizer/specials", NULL, test_specials);
  add ("/tokenizer/invalid-utf8", NULL, test_invalid_utf8);
  add ("/tokenizer/truncation", "{\"model_max_length\": 8}", test_truncation);
  add ("/tokenizer/hostile", NULL, test_hostile);
  g_test_add_func ("/tokenizer/places", test_places);
  g_test_add_func ("/tokenizer/other-specials", test_other_specials);
  g_test_add_func ("/tokenizer/added-tokens-decoder", test_added_tokens_decoder);
  g_test_add_func ("/tokenizer/bad-files", test_bad_files);
  g_test_add_func ("/tokenizer/other-forms", test_other_forms);
  g_test_add_func ("/tokenizer/json", test_json);
  g_test_add_func ("/tokenizer/more-than-embeddings", test_more_than_embeddings);
  g_test_add_func ("/tokenizer/empty-special", test_empty_special);
  return g_test_run ();
}
