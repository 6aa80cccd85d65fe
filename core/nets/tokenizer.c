/* CLIP's byte-level BPE.
 *
 * The text is normalised (NFC, runs of white space to one space, lower case), cut into pieces (contractions,
 * words, single digits, runs of the rest), each piece is spelled in one printable character per byte, and the
 * characters are merged in the order of merges.txt. The last one of a piece carries "</w>".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "nets.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_LENGTH 4096

struct _UnclipTokenizer
{
  UnclipVocabulary *vocabulary;
  GHashTable   *merges; /* pair of ids to Merge */
  int           max_length;
  int           start, end, pad;
  char         *start_text, *end_text;
  int           bytes[256];     /* id of each byte's character, or of the end token where the vocabulary lacks it */
  int           last_bytes[256]; /* the same with "</w>" */
};

typedef struct
{
  gint64 pair; /* key: left id << 32 | right id */
  int    rank, id;
} Merge;

/* ---- reading the files -------------------------------------------------------------------- */

/* The character that stands for a byte: itself if it prints, else one from U+0100 on. */
static gunichar
byte_character (int byte)
{
  int extra = 0;

#define PRINTS(b) (((b) >= 33 && (b) <= 126) || ((b) >= 161 && (b) <= 172) || (b) >= 174)
  if (PRINTS (byte))
    return byte;
  for (int b = 0; b < byte; b++)
    extra += ! PRINTS (b);
#undef PRINTS
  return 256 + extra;
}

static void
take_merges (UnclipTokenizer *tokenizer)
{
  const GArray *merges = tokenizer->vocabulary->merges;

  for (guint i = 0; i < merges->len; i++)
    {
      const UnclipMerge *from = &g_array_index (merges, UnclipMerge, i);
      Merge             *merge = g_new (Merge, 1);

      *merge = (Merge) { (gint64) from->left << 32 | from->right, (int) i, from->id };
      if (g_hash_table_contains (tokenizer->merges, &merge->pair))
        g_free (merge); /* the first, hence the lowest rank, counts */
      else
        g_hash_table_insert (tokenizer->merges, &merge->pair, merge);
    }
}

/* A token's text: a member that is a text, or an object with "content". Stays as it is if it is absent. */
static gboolean
read_token (const UnclipConfig *config, const char *name, const char **text, GError **error)
{
  g_autoptr (UnclipConfig) part = config != NULL ? unclip_config_part (config, name) : NULL;

  if (part != NULL)
    return unclip_config_string (part, "content", *text, text, error);
  return config == NULL || unclip_config_string (config, name, *text, text, error);
}

static gboolean
find_special (UnclipTokenizer *tokenizer, UnclipConfig *const configs[2], const char *name, const char *fallback,
              char **text_out, int *id, GError **error)
{
  const char *text = fallback;

  /* The first has the last word. */
  if (! read_token (configs[1], name, &text, error) || ! read_token (configs[0], name, &text, error))
    return FALSE;
  *id = *text != '\0' ? unclip_vocabulary_find (tokenizer->vocabulary, text) : -1; /* nothing would be found everywhere */
  if (*id < 0)
    {
      g_autofree char *excerpt = unclip_error_excerpt (text);

      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s lacks the token \"%s\""), tokenizer->vocabulary->path, excerpt);
      return FALSE;
    }
  if (text_out != NULL)
    *text_out = g_strdup (text);
  return TRUE;
}

/* What the tokenizer says, but not more than the text tower has places for; and whether that has an embedding for each token. */
static gboolean
read_max_length (UnclipTokenizer *tokenizer, UnclipModel *model, const UnclipConfig *config, GError **error)
{
  double length = 77;
  int    places = MAX_LENGTH, n_vocab;

  /* "No limit" is written as 1e30. */
  if (config != NULL && ! unclip_config_double (config, "model_max_length", 77, 3, 1e300, &length, error))
    return FALSE;
  if (unclip_model_has (model, "text_encoder"))
    {
      g_autoptr (UnclipConfig) tower = unclip_model_config (model, "text_encoder", error);
      g_autoptr (UnclipConfig) part = tower != NULL ? unclip_config_part (tower, "text_config") : NULL;

      if (tower == NULL
          || ! unclip_config_int (part != NULL ? part : tower, "max_position_embeddings", 77, 3, MAX_LENGTH, &places, error)
          || ! unclip_config_int (part != NULL ? part : tower, "vocab_size", 49408, 1, 1 << 24, &n_vocab, error))
        return FALSE;
      if (tokenizer->vocabulary->n_ids > n_vocab)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s has %d tokens, but the text encoder knows %d; take both from the same model"),
                       tokenizer->vocabulary->path, tokenizer->vocabulary->n_ids, n_vocab);
          return FALSE;
        }
    }
  tokenizer->max_length = length < places ? (int) length : places;
  return TRUE;
}

UnclipTokenizer *
unclip_tokenizer_new (UnclipModel *model, GError **error)
{
  g_autoptr (UnclipTokenizer) tokenizer = g_new0 (UnclipTokenizer, 1);
  const char      *dir = unclip_model_component_dir (model, "tokenizer", error);
  g_autofree char *config_path = NULL, *map_path = NULL;
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipConfig) map = NULL;

  tokenizer->merges = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
  if (dir == NULL)
    return NULL;

  /* Both small files may be absent: then CLIP's own values hold. */
  config_path = g_build_filename (dir, "tokenizer_config.json", NULL);
  map_path = g_build_filename (dir, "special_tokens_map.json", NULL);
  if (g_file_test (config_path, G_FILE_TEST_EXISTS) && (config = unclip_config_load (config_path, error)) == NULL)
    return NULL;
  if (g_file_test (map_path, G_FILE_TEST_EXISTS) && (map = unclip_config_load (map_path, error)) == NULL)
    return NULL;
  tokenizer->vocabulary = unclip_vocabulary_load (dir, config, error);
  if (tokenizer->vocabulary == NULL)
    return NULL;
  take_merges (tokenizer);
  if (! read_max_length (tokenizer, model, config, error)
      || ! find_special (tokenizer, (UnclipConfig *[]) { config, map }, "bos_token", "<|startoftext|>", &tokenizer->start_text, &tokenizer->start, error)
      || ! find_special (tokenizer, (UnclipConfig *[]) { config, map }, "eos_token", "<|endoftext|>", &tokenizer->end_text, &tokenizer->end, error)
      || ! find_special (tokenizer, (UnclipConfig *[]) { config, map }, "pad_token", "!", NULL, &tokenizer->pad, error))
    return NULL;

  for (int b = 0; b < 256; b++)
    {
      char text[16];
      int  n = g_unichar_to_utf8 (byte_character (b), text);

      text[n] = '\0';
      tokenizer->bytes[b] = unclip_vocabulary_find (tokenizer->vocabulary, text);
      strcpy (text + n, "</w>");
      tokenizer->last_bytes[b] = unclip_vocabulary_find (tokenizer->vocabulary, text);
      if (tokenizer->bytes[b] < 0)
        tokenizer->bytes[b] = tokenizer->end;
      if (tokenizer->last_bytes[b] < 0)
        tokenizer->last_bytes[b] = tokenizer->end;
    }
  return g_steal_pointer (&tokenizer);
}

void
unclip_tokenizer_free (UnclipTokenizer *tokenizer)
{
  if (tokenizer == NULL)
    return;
  g_hash_table_unref (tokenizer->merges);
  unclip_vocabulary_free (tokenizer->vocabulary);
  g_free (tokenizer->start_text);
  g_free (tokenizer->end_text);
  g_free (tokenizer);
}

void
unclip_tokenizer_digest (const UnclipTokenizer *tokenizer, GChecksum *sum)
{
  const UnclipVocabulary *vocabulary = tokenizer->vocabulary;
  g_autoptr (GList) texts = g_list_sort (g_hash_table_get_keys (vocabulary->ids), (GCompareFunc) strcmp);
  g_autoptr (GString) line = g_string_new (NULL);

  g_string_printf (line, "%d %d %d %d\n", tokenizer->max_length, tokenizer->start, tokenizer->end, tokenizer->pad);
  g_checksum_update (sum, (const guchar *) line->str, line->len);
  for (GList *item = texts; item != NULL; item = item->next)
    {
      g_string_printf (line, "%s %d\n", (const char *) item->data, unclip_vocabulary_find (vocabulary, item->data));
      g_checksum_update (sum, (const guchar *) line->str, line->len);
    }
  for (guint i = 0; i < vocabulary->merges->len; i++)
    {
      const UnclipMerge *merge = &g_array_index (vocabulary->merges, UnclipMerge, i);

      g_string_printf (line, "%d %d\n", merge->left, merge->right);
      g_checksum_update (sum, (const guchar *) line->str, line->len);
    }
}

int
unclip_tokenizer_max_length (const UnclipTokenizer *tokenizer)
{
  return tokenizer->max_length;
}

/* ---- normalising and cutting -------------------------------------------------------------------- */

static gboolean
is_space (gunichar c)
{
  return g_unichar_isspace (c) || c == 0x0b || c == 0x85;
}

static gboolean
is_number (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_DECIMAL_NUMBER || type == G_UNICODE_LETTER_NUMBER || type == G_UNICODE_OTHER_NUMBER;
}

static char *
normalise (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *nfc = g_utf8_normalize (valid, -1, G_NORMALIZE_NFC);
  GString         *out = g_string_new (NULL);
  gboolean         was_space = FALSE;

  for (const char *p = nfc; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (is_space (c))
        {
          if (! was_space)
            g_string_append_c (out, ' ');
        }
      else if (c == 0x130) /* the one capital whose small form is two characters */
        g_string_append (out, "i\xcc\x87");
      else
        g_string_append_unichar (out, g_unichar_tolower (c));
      was_space = is_space (c);
    }
  return g_string_free (out, FALSE);
}

static gboolean
is_special (const UnclipTokenizer *tokenizer, const char *p)
{
  return g_str_has_prefix (p, tokenizer->start_text) || g_str_has_prefix (p, tokenizer->end_text);
}

/* Length in bytes of the piece at @p, which is no space and no special token. One that follows ends it. */
static gsize
piece_length (const UnclipTokenizer *tokenizer, const char *p)
{
  static const char *const contractions[] = { "'s", "'t", "'re", "'ve", "'m", "'ll", "'d" };
  const char *end = p;
  gunichar    c = g_utf8_get_char (p);

  for (guint i = 0; i < G_N_ELEMENTS (contractions); i++)
    if (g_str_has_prefix (p, contractions[i]))
      return strlen (contractions[i]);
  if (is_number (c))
    return g_utf8_next_char (p) - p;
  if (g_unichar_isalpha (c))
    {
      do
        end = g_utf8_next_char (end);
      while (g_unichar_isalpha (g_utf8_get_char (end)) && ! is_special (tokenizer, end));
      return end - p;
    }
  do
    {
      end = g_utf8_next_char (end);
      c = g_utf8_get_char (end);
    }
  while (c != 0 && ! is_space (c) && ! g_unichar_isalpha (c) && ! is_number (c) && ! is_special (tokenizer, end));
  return end - p;
}

/* ---- merging ---------------------------------------------------------------------------------------- */

/* A pair that may be merged; stale once either side has been merged away. */
typedef struct
{
  int rank, at; /* the heap's order: rank, then place */
  int left, right, id;
} Candidate;

static gboolean
before (const Candidate *a, const Candidate *b)
{
  return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

static void
heap_push (GArray *heap, Candidate candidate)
{
  Candidate *c;
  guint      i = heap->len;

  g_array_append_val (heap, candidate);
  c = (Candidate *) heap->data;
  for (; i > 0 && before (c + i, c + (i - 1) / 2); i = (i - 1) / 2)
    {
      Candidate swap = c[i];
      c[i] = c[(i - 1) / 2];
      c[(i - 1) / 2] = swap;
    }
}

static Candidate
heap_pop (GArray *heap)
{
  Candidate *c = (Candidate *) heap->data, top = c[0];
  guint      n = heap->len - 1, i = 0;

  c[0] = c[n];
  g_array_set_size (heap, n);
  while (2 * i + 1 < n)
    {
      guint     child = 2 * i + 1;
      Candidate swap;

      if (child + 1 < n && before (c + child + 1, c + child))
        child++;
      if (! before (c + child, c + i))
        break;
      swap = c[i];
      c[i] = c[child];
      c[child] = swap;
      i = child;
    }
  return top;
}

static void
consider (const UnclipTokenizer *tokenizer, GArray *heap, const int *ids, int left, int right)
{
  gint64       pair;
  const Merge *merge;

  if (left < 0 || right < 0)
    return;
  pair = (gint64) ids[left] << 32 | ids[right];
  merge = g_hash_table_lookup (tokenizer->merges, &pair);
  if (merge != NULL)
    heap_push (heap, (Candidate) { merge->rank, left, ids[left], ids[right], merge->id });
}

/* Appends the tokens of one piece. A heap keeps a hostile word of a million letters from taking a day. */
static void
encode_piece (const UnclipTokenizer *tokenizer, const char *piece, gsize length, GArray *out)
{
  g_autoptr (GArray) heap = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autofree int *ids = g_new (int, length), *next = g_new (int, length), *previous = g_new (int, length);

  for (gsize i = 0; i < length; i++)
    {
      ids[i] = (i + 1 < length ? tokenizer->bytes : tokenizer->last_bytes)[(guchar) piece[i]];
      next[i] = i + 1 < length ? (int) i + 1 : -1;
      previous[i] = (int) i - 1;
    }
  for (gsize i = 0; i + 1 < length; i++)
    consider (tokenizer, heap, ids, i, i + 1);

  while (heap->len > 0)
    {
      Candidate best = heap_pop (heap);
      int       left = best.at, right = next[left];

      if (ids[left] != best.left || right < 0 || ids[right] != best.right)
        continue;
      ids[left] = best.id;
      ids[right] = -1;
      next[left] = next[right];
      if (next[left] >= 0)
        previous[next[left]] = left;
      consider (tokenizer, heap, ids, previous[left], left);
      consider (tokenizer, heap, ids, left, next[left]);
    }
  for (int i = 0; i >= 0; i = next[i])
    g_array_append_val (out, ids[i]);
}

/* All tokens of @text but start and end, and how many words of it go beyond @limit of them. transfer full */
static GArray *
tokenize (const UnclipTokenizer *tokenizer, const char *text, int limit, int *n_words_beyond)
{
  g_autofree char *normal = normalise (text);
  GArray          *tokens = g_array_new (FALSE, FALSE, sizeof (int));
  gboolean         is_beyond = FALSE;

  *n_words_beyond = 0;
  for (const char *p = normal; *p != '\0';)
    {
      gsize length;

      if (*p == ' ')
        {
          p++;
          is_beyond = FALSE;
          continue;
        }
      if (g_str_has_prefix (p, tokenizer->start_text))
        {
          g_array_append_val (tokens, tokenizer->start);
          p += strlen (tokenizer->start_text);
        }
      else if (g_str_has_prefix (p, tokenizer->end_text))
        {
          g_array_append_val (tokens, tokenizer->end);
          p += strlen (tokenizer->end_text);
        }
      else
        {
          length = piece_length (tokenizer, p);
          encode_piece (tokenizer, p, length, tokens);
          p += length;
        }
      if ((int) tokens->len > limit && ! is_beyond)
        {
          is_beyond = TRUE;
          ++*n_words_beyond;
        }
    }
  return tokens;
}

int
unclip_tokenizer_words_cut (const UnclipTokenizer *tokenizer, const char *text)
{
  int n_words;
  g_autoptr (GArray) tokens = tokenize (tokenizer, text, tokenizer->max_length - 2, &n_words);

  return n_words;
}

int
unclip_tokenizer_encode (const UnclipTokenizer *tokenizer, const char *text, int *input_ids, int *attention_mask)
{
  int n_words, kept;
  g_autoptr (GArray) tokens = tokenize (tokenizer, text, tokenizer->max_length - 2, &n_words);

  kept = MIN ((int) tokens->len, tokenizer->max_length - 2);
  for (int i = 0; i < tokenizer->max_length; i++)
    {
      input_ids[i] = i == 0 ? tokenizer->start
                     : i <= kept ? g_array_index (tokens, int, i - 1)
                     : i == kept + 1 ? tokenizer->end
                                     : tokenizer->pad;
      attention_mask[i] = i <= kept + 1;
    }
  return (int) tokens->len + 2;
}
