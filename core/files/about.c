/* See about.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "about.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "tensors.h"

#define ABOUT "_unclip_about"
#define MAX_SENTENCE 500
#define MAX_WORDS 5000
#define MAX_WORD 64
/* So many products are less than any network's, and as many as a hostile file may ask for. */
#define MAX_VALUES (1 << 22)

struct _UnclipAbout
{
  UnclipConfig    *config;  /* owns the texts */
  UnclipModelAbout public;
  const char     **words;   /* NULL-terminated; the same for people */
  GHashTable      *known;   /* stems of words, each its own key */
  GHashTable      *fillers;
  UnclipTensors   *tensors; /* NULL: no statistics */
  UnclipTensor    *directions, *centres;
  double           threshold;
};

void
unclip_about_free (UnclipAbout *about)
{
  if (about == NULL)
    return;
  g_clear_pointer (&about->config, unclip_config_free);
  g_clear_pointer (&about->words, g_free);
  g_clear_pointer (&about->known, g_hash_table_unref);
  g_clear_pointer (&about->fillers, g_hash_table_unref);
  g_clear_pointer (&about->tensors, unclip_tensors_free);
  g_free (about);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* English plurals become singulars, or what singulars become here, too. */
static void
cut_plural (char *word)
{
  gsize n = strlen (word);

  if (n > 4 && g_str_has_suffix (word, "ies"))
    strcpy (word + n - 3, "y");
  else if (n > 4 && (g_str_has_suffix (word, "sses") || g_str_has_suffix (word, "xes")
                     || g_str_has_suffix (word, "ches") || g_str_has_suffix (word, "shes")))
    word[n - 2] = '\0';
  else if (n > 3 && word[n - 1] == 's' && word[n - 2] != 's')
    word[n - 1] = '\0';
}

/* Symbols are words, too: a caption may be a pictogram. */
static gboolean
is_of_word (gunichar c)
{
  return g_unichar_isalnum (c) || g_unichar_ismark (c) || g_unichar_type (c) == G_UNICODE_OTHER_SYMBOL;
}

/* One Latin letter or digit names nothing. */
static gboolean
is_letter (const char *word)
{
  return g_ascii_isalnum (word[0]) && word[1] == '\0';
}

/* The stems of all words of @text, in any alphabet; NULL-terminated, transfer full. */
static char **
stems (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  g_autofree char *normal = g_utf8_normalize (valid, -1, G_NORMALIZE_NFKC);
  g_autofree char *folded = g_utf8_casefold (normal, -1);
  const char      *end;

  for (const char *p = folded; *p != '\0'; p = *end != '\0' ? g_utf8_next_char (end) : end)
    {
      for (end = p; *end != '\0' && is_of_word (g_utf8_get_char (end)); end = g_utf8_next_char (end))
        ;
      if (end > p)
        {
          g_autofree char *word = g_strndup (p, end - p);

          cut_plural (word);
          g_strv_builder_add (builder, word);
        }
    }
  return g_strv_builder_end (builder);
}

gboolean
unclip_about_knows_caption (const UnclipAbout *about, const char *y)
{
  g_auto (GStrv) words = stems (y);
  gboolean       names_something = FALSE;

  for (char **word = words; *word != NULL; word++)
    {
      if (g_hash_table_contains (about->known, *word))
        return TRUE;
      names_something = names_something || ! (is_letter (*word) || g_hash_table_contains (about->fillers, *word));
    }
  return ! names_something || g_hash_table_size (about->known) == 0;
}

/* ---- z_i --------------------------------------------------------------------------------------- */

gboolean
unclip_about_has_z_i (const UnclipAbout *about)
{
  return about->tensors != NULL;
}

double
unclip_about_threshold (const UnclipAbout *about)
{
  return about->threshold;
}

gboolean
unclip_about_distance (const UnclipAbout *about, const float *z_i, int dim, double *distance, GError **error)
{
  int                n = about->directions->dims[0];
  const float       *directions = about->directions->data, *centre = about->centres->data;
  g_autofree double *along = g_new0 (double, n);

  if (about->directions->dims[1] != dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" has statistics of z_i of %d values, but the model's z_i has %d; take both from the same model"),
                   unclip_config_path (about->config), ABOUT, about->directions->dims[1], dim);
      return FALSE;
    }
  for (int k = 0; k < n; k++)
    for (int i = 0; i < dim; i++)
      along[k] += (double) directions[(gsize) k * dim + i] * z_i[i];

  *distance = INFINITY;
  for (int j = 0; j < about->centres->dims[0]; j++, centre += n)
    {
      double sum = 0;

      for (int k = 0; k < n; k++)
        sum += (along[k] - centre[k]) * (along[k] - centre[k]);
      *distance = MIN (*distance, sum);
    }
  return TRUE;
}

/* ---- reading -------------------------------------------------------------------------------------- */

static gboolean
refuse (const UnclipAbout *about, const char *name, const char *wanted, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" of \"%s\" must be %s"),
               unclip_config_path (about->config), name, ABOUT, wanted);
  return FALSE;
}

/* A text for people, of one line. */
static gboolean
read_text (UnclipAbout *about, const char *name, const char **text, GError **error)
{
  if (! unclip_config_string (about->config, name, NULL, text, error))
    return FALSE;
  if (*text == NULL)
    return TRUE;
  for (const char *p = *text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return refuse (about, name, _("one line"), error);
  if (**text != '\0' && strlen (*text) <= MAX_SENTENCE)
    return TRUE;
  return refuse (about, name, _("a short text, and not an empty one"), error);
}

/* @words: (nullable): (array length=MAX_WORDS + 1): the texts themselves, NULL-terminated */
static gboolean
read_words (UnclipAbout *about, const char *name, const char **words, GHashTable *set, GError **error)
{
  g_autofree const char **texts = g_new (const char *, MAX_WORDS);
  int n = 0;

  if (unclip_config_has (about->config, name) && ! unclip_config_strings (about->config, name, MAX_WORDS, texts, &n, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    {
      g_auto (GStrv) parts = stems (texts[i]);

      if (g_strv_length (parts) != 1 || strlen (texts[i]) > MAX_WORD)
        return refuse (about, name, _("single words"), error);
      g_hash_table_add (set, g_strdup (parts[0]));
      if (words != NULL)
        words[i] = texts[i];
    }
  if (words != NULL)
    words[n] = NULL;
  return TRUE;
}

static gboolean
are_finite (const UnclipTensor *tensor)
{
  const float *values = tensor->data;

  for (gsize i = 0; i < tensor->n; i++)
    if (! isfinite (values[i]))
      return FALSE;
  return tensor->n > 0 && tensor->n <= MAX_VALUES;
}

static gboolean
read_tensors (UnclipAbout *about, const char *path, GError **error)
{
  about->tensors = unclip_tensors_load (path, error);
  if (about->tensors == NULL
      || (about->directions = unclip_tensors_get (about->tensors, "directions", UNCLIP_DTYPE_F32, error, 2, -1, -1)) == NULL
      || (about->centres = unclip_tensors_get (about->tensors, "centres", UNCLIP_DTYPE_F32, error, 2, -1, about->directions->dims[0])) == NULL)
    return FALSE;
  if (are_finite (about->directions) && are_finite (about->centres))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s has no values, too many or such as are no numbers; download the model again"), path);
  return FALSE;
}

static gboolean
read_z_i (UnclipAbout *about, const char *dir, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autofree char *path = NULL;
  const char      *file;

  if (! unclip_config_has (about->config, "z_i"))
    return TRUE;
  config = unclip_config_part (about->config, "z_i");
  if (config == NULL)
    return refuse (about, "z_i", _("an object"), error);
  if (! unclip_config_string (config, "file", NULL, &file, error)
      || ! unclip_config_double (config, "threshold", -1, 0, 1e12, &about->threshold, error))
    return FALSE;
  if (file == NULL || about->threshold < 0)
    return refuse (about, "z_i", _("an object with \"file\" and \"threshold\""), error);
  /* It lies beside model_index.json. */
  if (*file == '\0' || *file == '.' || strchr (file, '/') != NULL || strchr (file, G_DIR_SEPARATOR) != NULL)
    return refuse (about, "file", _("the name of a file, without a folder"), error);
  path = g_build_filename (dir, file, NULL);
  /* As with a component: without it the rest works. */
  return ! g_file_test (path, G_FILE_TEST_EXISTS) || read_tensors (about, path, error);
}

gboolean
unclip_about_new (const UnclipConfig *index, const char *dir, UnclipAbout **out, GError **error)
{
  g_autoptr (UnclipAbout) about = NULL;

  *out = NULL;
  if (! unclip_config_has (index, ABOUT))
    return TRUE;
  about = g_new0 (UnclipAbout, 1);
  about->config = unclip_config_part (index, ABOUT);
  if (about->config == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" is not an object"), unclip_config_path (index), ABOUT);
      return FALSE;
    }
  about->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  about->fillers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  about->words = g_new (const char *, MAX_WORDS + 1);
  if (! read_text (about, "sentence", &about->public.sentence, error)
      || ! read_text (about, "licence", &about->public.licence, error)
      || ! read_words (about, "words", about->words, about->known, error)
      || ! read_words (about, "fillers", NULL, about->fillers, error)
      || ! read_z_i (about, dir, error))
    return FALSE;
  about->public.words = about->words;
  *out = g_steal_pointer (&about);
  return TRUE;
}

const UnclipModelAbout *
unclip_about_public (const UnclipAbout *about)
{
  return &about->public;
}
