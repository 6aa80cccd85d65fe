/* A tokenizer's tokens and merges, checked against each other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "config.h"

G_BEGIN_DECLS

/* The pair of tokens that becomes one, by their ids. */
typedef struct
{
  int left, right, id;
} UnclipMerge;

/**
 * UnclipVocabulary:
 * @path: where the tokens are from, for messages
 * @ids: text to id + 1; unclip_vocabulary_find() asks it
 * @n_ids: ids are 0 to this, and none of them is missing or taken twice
 * @merges: (element-type UnclipMerge): the most important first
 */
typedef struct
{
  char       *path;
  GHashTable *ids;
  int         n_ids;
  GArray     *merges;
} UnclipVocabulary;

/**
 * unclip_vocabulary_load:
 * @dir: the tokenizer's folder
 * @config: (nullable): its tokenizer_config.json
 *
 * vocab.json, merges.txt and added_tokens.json, or, where one of the first two is missing, tokenizer.json, in which newer tools
 * put all of them; and @config's "added_tokens_decoder", which must agree with them and may add to them. Every merge has to be of tokens and make one, and every token that is longer than a character has to be made.
 * Errors: %UNCLIP_ERROR_FILE names the file: a caption would be cut into other tokens than the model has learned.
 */
UnclipVocabulary *unclip_vocabulary_load (const char *dir, const UnclipConfig *config, GError **error);
void              unclip_vocabulary_free (UnclipVocabulary *vocabulary);
/* -1: there is no such token. */
int               unclip_vocabulary_find (const UnclipVocabulary *vocabulary, const char *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipVocabulary, unclip_vocabulary_free)

G_END_DECLS
