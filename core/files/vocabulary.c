/* See vocabulary.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "vocabulary.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "read.h"

#define MAX_MERGES_SIZE (16 << 20)
/* As many as a text tower may have. */
#define MAX_IDS (1 << 24)

void
unclip_vocabulary_free (UnclipVocabulary *vocabulary)
{
  if (vocabulary == NULL)
    return;
  g_hash_table_unref (vocabulary->ids);
  g_array_unref (vocabulary->merges);
  g_free (vocabulary->path);
  g_free (vocabulary);
}

int
unclip_vocabulary_find (const UnclipVocabulary *vocabulary, const char *text)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (vocabulary->ids, text)) - 1;
}

/* @why: what is wrong with @text of the file */
static gboolean
refuse (const char *path, const char *text, const char *why, GError **error)
{
  g_autofree char *excerpt = unclip_error_excerpt (text);

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" %s; download the tokenizer again"), path, excerpt, why);
  return FALSE;
}

/* ---- tokens ------------------------------------------------------------------------------------ */

static gboolean
add_id (UnclipVocabulary *vocabulary, const char *path, const char *text, gint64 id, GError **error)
{
  int before = unclip_vocabulary_find (vocabulary, text);

  if (id < 0 || id >= MAX_IDS)
    return refuse (path, text, _("has a number that is no token id"), error);
  if (before >= 0 && before != id)
    return refuse (path, text, _("has two numbers"), error);
  g_hash_table_insert (vocabulary->ids, g_strdup (text), GINT_TO_POINTER ((int) id + 1));
  return TRUE;
}

static gboolean
add_token (UnclipVocabulary *vocabulary, const char *path, const char *text, JsonNode *node, GError **error)
{
  gboolean is_whole = node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64;

  return add_id (vocabulary, path, text, is_whole ? json_node_get_int (node) : -1, error);
}

static gboolean
add_tokens (UnclipVocabulary *vocabulary, const UnclipConfig *config, GError **error)
{
  JsonObjectIter iter;
  const char    *text;
  JsonNode      *node;

  json_object_iter_init (&iter, unclip_config_json (config));
  while (json_object_iter_next (&iter, &text, &node))
    if (! add_token (vocabulary, unclip_config_path (config), text, node, error))
      return FALSE;
  return TRUE;
}

/* Ids without a gap, each of one token: an embedding's rows. A number beyond as many as there are tokens leaves a gap
 * below it, so that none is too large to be looked at. */
static gboolean
check_ids (UnclipVocabulary *vocabulary, GError **error)
{
  int                  n = (int) g_hash_table_size (vocabulary->ids);
  g_autofree gboolean *is_taken = g_new0 (gboolean, MAX (n, 1));
  GHashTableIter       iter;
  gpointer             id;

  g_hash_table_iter_init (&iter, vocabulary->ids);
  while (g_hash_table_iter_next (&iter, NULL, &id))
    {
      int i = GPOINTER_TO_INT (id) - 1;

      if (i >= n)
        continue;
      if (is_taken[i])
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s gives the number %d to two tokens; download it again"), vocabulary->path, i);
          return FALSE;
        }
      is_taken[i] = TRUE;
    }
  for (int i = 0; i < n; i++)
    if (! is_taken[i])
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has no token with the number %d; download it again"), vocabulary->path, i);
        return FALSE;
      }
  vocabulary->n_ids = n;
  return TRUE;
}

/* ---- merges --------------------------------------------------------------------------------------- */

static gboolean
add_merge (UnclipVocabulary *vocabulary, const char *path, const char *left, const char *right, GError **error)
{
  g_autofree char *joined = g_strconcat (left, right, NULL);
  UnclipMerge      merge = { unclip_vocabulary_find (vocabulary, left), unclip_vocabulary_find (vocabulary, right),
                             unclip_vocabulary_find (vocabulary, joined) };

  if (merge.left < 0 || merge.right < 0 || merge.id < 0)
    return refuse (path, joined, _("is merged of, or to, what is no token of the vocabulary"), error);
  g_array_append_val (vocabulary->merges, merge);
  return TRUE;
}

/* "left right", which it cuts in two. */
static gboolean
add_line (UnclipVocabulary *vocabulary, const char *path, char *line, GError **error)
{
  char *space = strchr (line, ' ');

  if (space == NULL || space == line || space[1] == '\0' || strchr (space + 1, ' ') != NULL)
    return refuse (path, line, _("is not two tokens with a space between them"), error);
  *space = '\0';
  return add_merge (vocabulary, path, line, space + 1, error);
}

static gboolean
read_merges (UnclipVocabulary *vocabulary, const char *path, GError **error)
{
  gsize            size;
  g_autofree char *text = unclip_read_text (path, MAX_MERGES_SIZE, &size, error);
  char *line, *rest;

  if (text == NULL)
    return FALSE;
  if (strlen (text) != size)
    return refuse (path, text, _("is followed by a zero byte"), error);
  for (line = strtok_r (text, "\r\n", &rest); line != NULL; line = strtok_r (NULL, "\r\n", &rest))
    if (! g_str_has_prefix (line, "#version") && ! add_line (vocabulary, path, line, error))
      return FALSE;
  return TRUE;
}

/* What no merge makes: a character, perhaps at the end of a word, or a mark like "<|endoftext|>". */
static gboolean
is_basic (const char *text)
{
  gboolean is_mark = (*text == '<' && g_str_has_suffix (text, ">")) || (*text == '[' && g_str_has_suffix (text, "]"));
  const char *behind = *text != '\0' ? g_utf8_next_char (text) : text;

  return is_mark || *behind == '\0' || strcmp (behind, "</w>") == 0;
}

/* A file of merges that was cut has no other sign of it: all lines that are left are sound. */
static gboolean
check_merges (const UnclipVocabulary *vocabulary, const char *path, GHashTable *added, GError **error)
{
  g_autofree gboolean *is_made = g_new0 (gboolean, MAX (vocabulary->n_ids, 1));
  GHashTableIter iter;
  gpointer       text, id;
  int            n_made = 0, n_long = 0;

  for (guint i = 0; i < vocabulary->merges->len; i++)
    is_made[g_array_index (vocabulary->merges, UnclipMerge, i).id] = TRUE;
  g_hash_table_iter_init (&iter, vocabulary->ids);
  while (g_hash_table_iter_next (&iter, &text, &id))
    if (! is_basic (text) && ! g_hash_table_contains (added, text))
      {
        n_long++;
        n_made += is_made[GPOINTER_TO_INT (id) - 1];
      }
  if (n_made == n_long)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
               _("The merges in %s make only %d of the %d long tokens in %s: it was cut short, or is of another model; download both again"),
               path, n_made, n_long, vocabulary->path);
  return FALSE;
}

/* ---- the files ---------------------------------------------------------------------------------------- */

/* NULL: not a text. */
static const char *
text_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

static gboolean
lacks (const char *path, const char *member, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has no \"%s\" as a CLIP tokenizer has it; download it again"), path, member);
  return FALSE;
}

/* "added_tokens_decoder" of tokenizer_config.json, {"49407": {"content": "<|endoftext|>"}}: newer tools tell there again which numbers
 * the marks have, and of tokens that were added later only there. @added takes texts of @config. */
static gboolean
add_decoder (UnclipVocabulary *vocabulary, const UnclipConfig *config, GHashTable *added, GError **error)
{
  g_autoptr (UnclipConfig) decoder = config != NULL ? unclip_config_part (config, "added_tokens_decoder") : NULL;
  JsonObjectIter iter;
  const char    *number;
  JsonNode      *node;

  if (decoder == NULL && config != NULL && json_object_has_member (unclip_config_json (config), "added_tokens_decoder"))
    return lacks (unclip_config_path (config), "added_tokens_decoder", error);
  if (decoder == NULL)
    return TRUE;
  json_object_iter_init (&iter, unclip_config_json (decoder));
  while (json_object_iter_next (&iter, &number, &node))
    {
      JsonObject *token = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *text = token != NULL ? text_of (json_object_get_member (token, "content")) : NULL;
      guint64     id;

      if (text == NULL || ! g_ascii_string_to_unsigned (number, 10, 0, MAX_IDS - 1, &id, NULL))
        return lacks (unclip_config_path (config), "added_tokens_decoder", error);
      if (! add_id (vocabulary, unclip_config_path (config), text, id, error))
        return FALSE;
      g_hash_table_add (added, (gpointer) text);
    }
  return TRUE;
}

static gboolean
read_files (UnclipVocabulary *vocabulary, const char *vocab_path, const char *merges_path, const char *added_path, const UnclipConfig *config,
            GError **error)
{
  g_autoptr (UnclipConfig) vocab = unclip_config_load (vocab_path, error);
  g_autoptr (UnclipConfig) more = NULL;
  g_autoptr (GHashTable) added = g_hash_table_new (g_str_hash, g_str_equal);

  vocabulary->path = g_strdup (vocab_path);
  if (vocab == NULL || ! add_tokens (vocabulary, vocab, error))
    return FALSE;
  if (g_file_test (added_path, G_FILE_TEST_EXISTS))
    {
      JsonObjectIter iter;
      const char    *text;

      more = unclip_config_load (added_path, error);
      if (more == NULL || ! add_tokens (vocabulary, more, error))
        return FALSE;
      json_object_iter_init (&iter, unclip_config_json (more));
      while (json_object_iter_next (&iter, &text, NULL))
        g_hash_table_add (added, (gpointer) text);
    }
  return add_decoder (vocabulary, config, added, error)
         && check_ids (vocabulary, error)
         && read_merges (vocabulary, merges_path, error)
         && check_merges (vocabulary, merges_path, added, error);
}

/* Pairs, or, from older tools, "left right". */
static gboolean
add_json_merge (UnclipVocabulary *vocabulary, JsonNode *node, GError **error)
{
  g_autofree char *line = g_strdup (text_of (node));
  JsonArray       *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  const char      *left, *right;

  if (line != NULL)
    return add_line (vocabulary, vocabulary->path, line, error);
  if (pair == NULL || json_array_get_length (pair) != 2
      || (left = text_of (json_array_get_element (pair, 0))) == NULL || (right = text_of (json_array_get_element (pair, 1))) == NULL)
    return lacks (vocabulary->path, "merges", error);
  return add_merge (vocabulary, vocabulary->path, left, right, error);
}

/* "added_tokens", a list of {"id", "content"}. */
static gboolean
add_json_added (UnclipVocabulary *vocabulary, JsonNode *list, GHashTable *added, GError **error)
{
  JsonArray *array = list != NULL && JSON_NODE_HOLDS_ARRAY (list) ? json_node_get_array (list) : NULL;

  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    {
      JsonNode   *node = json_array_get_element (array, i);
      JsonObject *token = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
      const char *text = token != NULL ? text_of (json_object_get_member (token, "content")) : NULL;

      if (text == NULL)
        return lacks (vocabulary->path, "added_tokens", error);
      if (! add_token (vocabulary, vocabulary->path, text, json_object_get_member (token, "id"), error))
        return FALSE;
      g_hash_table_add (added, (gpointer) text);
    }
  return TRUE;
}

static gboolean
read_json (UnclipVocabulary *vocabulary, const char *path, const UnclipConfig *tokenizer_config, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_config_load (path, error);
  g_autoptr (UnclipConfig) model = config != NULL ? unclip_config_part (config, "model") : NULL;
  g_autoptr (UnclipConfig) vocab = model != NULL ? unclip_config_part (model, "vocab") : NULL;
  g_autoptr (GHashTable) added = g_hash_table_new (g_str_hash, g_str_equal);
  JsonNode *merges;

  vocabulary->path = g_strdup (path);
  if (config == NULL)
    return FALSE;
  if (vocab == NULL)
    return lacks (path, model == NULL ? "model" : "vocab", error);
  merges = json_object_get_member (unclip_config_json (model), "merges");
  if (merges == NULL || ! JSON_NODE_HOLDS_ARRAY (merges))
    return lacks (path, "merges", error);
  if (! unclip_config_expect_string (model, "type", "BPE", error)
      || ! unclip_config_expect_string (model, "end_of_word_suffix", "</w>", error)
      || ! add_tokens (vocabulary, vocab, error)
      || ! add_json_added (vocabulary, json_object_get_member (unclip_config_json (config), "added_tokens"), added, error)
      || ! add_decoder (vocabulary, tokenizer_config, added, error)
      || ! check_ids (vocabulary, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (merges)); i++)
    if (! add_json_merge (vocabulary, json_array_get_element (json_node_get_array (merges), i), error))
      return FALSE;
  return check_merges (vocabulary, path, added, error);
}

UnclipVocabulary *
unclip_vocabulary_load (const char *dir, const UnclipConfig *config, GError **error)
{
  g_autofree char *vocab = g_build_filename (dir, "vocab.json", NULL), *merges = g_build_filename (dir, "merges.txt", NULL);
  g_autofree char *added = g_build_filename (dir, "added_tokens.json", NULL), *json = g_build_filename (dir, "tokenizer.json", NULL);
  g_autoptr (UnclipVocabulary) vocabulary = g_new0 (UnclipVocabulary, 1);
  gboolean has_both = g_file_test (vocab, G_FILE_TEST_EXISTS) && g_file_test (merges, G_FILE_TEST_EXISTS);

  vocabulary->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  vocabulary->merges = g_array_new (FALSE, FALSE, sizeof (UnclipMerge));
  if (! has_both && g_file_test (json, G_FILE_TEST_EXISTS))
    return read_json (vocabulary, json, config, error) ? g_steal_pointer (&vocabulary) : NULL;
  return read_files (vocabulary, vocab, merges, added, config, error) ? g_steal_pointer (&vocabulary) : NULL;
}
