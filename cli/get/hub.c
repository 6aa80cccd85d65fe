/* What repositories hold, and which of their files a model needs: configs, and of the weights one set in the best form that there is.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "get.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "cmd.h"

#define MOST_FILES 10000

/* A file of a folder of a repository, as the hub lists it. */
typedef struct
{
  char   *name;
  guint64 size;
  char   *sha256, *sha1;
} Entry;

static void
entry_free (Entry *entry)
{
  g_free (entry->name);
  g_free (entry->sha256);
  g_free (entry->sha1);
  g_free (entry);
}

static JsonNode *
ask_json (GetHttp    *http,
          const char *path,
          const char *what,
          GError    **error)
{
  g_autoptr (GBytes) bytes = get_http_bytes (http, path, what, error);
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize       n;
  const char *text;

  if (bytes == NULL)
    return NULL;
  text = g_bytes_get_data (bytes, &n);
  if (n > 0 && json_parser_load_from_data (parser, text, n, NULL) && json_parser_get_root (parser) != NULL)
    return json_node_copy (json_parser_get_root (parser));
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("What %s says of %s is no JSON: is that address a hub's, and does the network ask for a login?"),
               get_http_hub (http), what);
  return NULL;
}

static gboolean
is_hex (const char *text, int n)
{
  if (text == NULL || strlen (text) != n)
    return FALSE;
  for (; *text != '\0'; text++)
    if (! g_ascii_isxdigit (*text))
      return FALSE;
  return TRUE;
}

/* %NULL: it is not there, or no text */
static const char *
get_text (JsonObject *object,
          const char *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : NULL;
}

/* @otherwise: it is not there, or no whole number */
static gint64
get_int (JsonObject *object,
         const char *name,
         gint64      otherwise)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node) : otherwise;
}

static JsonObject *
get_object (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* The commit that is the repository's newest now, so that all files are of one; transfer full. */
static char *
find_revision (GetHttp    *http,
               const char *repository,
               GError    **error)
{
  g_autofree char *path = g_strdup_printf ("/api/models/%s", repository);
  g_autoptr (JsonNode) node = ask_json (http, path, repository, error);
  const char *sha;

  if (node == NULL)
    return NULL;
  sha = get_text (get_object (node), "sha");
  if (is_hex (sha, 40))
    return g_strdup (sha);
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s names no revision of %s: is that address a hub's?"), get_http_hub (http), repository);
  return NULL;
}

/* One that a hostile hub could have made up is left out: a name is no way to anywhere else. */
static Entry *
read_entry (JsonNode   *node,
            const char *folder)
{
  JsonObject *object = get_object (node), *lfs;
  const char *path = get_text (object, "path"), *name, *of_lfs, *of_git;
  gint64      size;
  Entry      *entry;

  if (g_strcmp0 (get_text (object, "type"), "file") != 0 || path == NULL)
    return NULL;
  name = path;
  if (*folder != '\0')
    {
      if (! g_str_has_prefix (path, folder) || path[strlen (folder)] != '/')
        return NULL;
      name = path + strlen (folder) + 1;
    }
  size = get_int (object, "size", -1);
  if (*name == '\0' || *name == '.' || strpbrk (name, "/\\") != NULL || size < 0)
    return NULL;
  for (const char *c = name; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return NULL;

  lfs = get_object (json_object_get_member (object, "lfs"));
  of_lfs = get_text (lfs, "oid");
  of_git = get_text (object, "oid");
  entry = g_new0 (Entry, 1);
  entry->name = g_strdup (name);
  entry->size = lfs != NULL ? MAX (0, get_int (lfs, "size", size)) : size;
  if (is_hex (of_lfs, 64))
    entry->sha256 = g_strdup (of_lfs);
  else if (lfs == NULL && is_hex (of_git, 40))
    entry->sha1 = g_strdup (of_git);
  return entry;
}

/* (element-type Entry) of one folder, not of those in it */
static GPtrArray *
list_folder (GetHttp    *http,
             const char *repository,
             const char *revision,
             const char *folder,
             GError    **error)
{
  g_autofree char *path = g_strdup_printf ("/api/models/%s/tree/%s%s%s", repository, revision, *folder != '\0' ? "/" : "", folder);
  g_autofree char *what = g_strdup_printf ("%s%s%s", repository, *folder != '\0' ? "/" : "", folder);
  g_autoptr (JsonNode) node = ask_json (http, path, what, error);
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  JsonArray *array;

  if (node == NULL)
    return NULL;
  array = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (array == NULL || json_array_get_length (array) > MOST_FILES)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s does not list the files of %s: is that address a hub's?"), get_http_hub (http), what);
      return NULL;
    }
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      Entry *entry = read_entry (json_array_get_element (array, i), folder);

      if (entry != NULL)
        g_ptr_array_add (entries, entry);
    }
  return g_steal_pointer (&entries);
}

/* ---- weights ------------------------------------------------------------------------------ */

/* The forms that weights come in, the best first: what follows "model" or "diffusion_pytorch_model" in their names. */
static const struct
{
  const char *pattern;
  gboolean    is_sharded; /* an index tells which tensor is in which file */
} forms[] = {
  { "^(diffusion_pytorch_)?model\\.safetensors$", FALSE },
  { "^(diffusion_pytorch_)?model(-\\d+-of-\\d+\\.safetensors|\\.safetensors\\.index\\.json)$", TRUE },
  { "^(diffusion_pytorch_)?model\\.fp16\\.safetensors$", FALSE },
  { "^(diffusion_pytorch_)?model(\\.fp16-\\d+-of-\\d+\\.safetensors|-\\d+-of-\\d+\\.fp16\\.safetensors|\\.safetensors\\.index\\.fp16\\.json|\\.fp16\\.safetensors\\.index\\.json)$", TRUE },
  { "^(diffusion_)?pytorch_model\\.bin$", FALSE },
};

/* Which of the forms is there; -1: none, as in a tokenizer's folder. */
static int
best_form (GPtrArray *entries)
{
  for (guint form = 0; form < G_N_ELEMENTS (forms); form++)
    for (guint i = 0; i < entries->len; i++)
      if (g_regex_match_simple (forms[form].pattern, ((Entry *) entries->pdata[i])->name, 0, 0))
        return form;
  return -1;
}

static gboolean
is_wanted (const Entry   *entry,
           const GetPart *part,
           int            form)
{
  if (part->files != NULL)
    {
      g_auto (GStrv) names = g_strsplit (part->files, " ", -1);

      return g_strv_contains ((const char *const *) names, entry->name);
    }
  if (form >= 0 && g_regex_match_simple (forms[form].pattern, entry->name, 0, 0))
    return TRUE;
  return (g_str_has_suffix (entry->name, ".json") && strstr (entry->name, ".index.") == NULL) || g_str_has_suffix (entry->name, ".txt");
}

static GetFile *
file_new (const Entry   *entry,
          const char    *repository,
          const char    *revision,
          const GetPart *part)
{
  GetFile *file = g_new0 (GetFile, 1);

  file->repository = g_strdup (repository);
  file->revision = g_strdup (revision);
  file->path = *part->from != '\0' ? g_strconcat (part->from, "/", entry->name, NULL) : g_strdup (entry->name);
  file->to = *part->to != '\0' ? g_strconcat (part->to, "/", entry->name, NULL) : g_strdup (entry->name);
  file->size = entry->size;
  file->sha256 = g_strdup (entry->sha256);
  file->sha1 = g_strdup (entry->sha1);
  return file;
}

/* Adds what is needed of @part to @files. */
static gboolean
add_part (GetHttp       *http,
          const char    *repository,
          const char    *revision,
          const GetPart *part,
          GPtrArray     *files,
          GError       **error)
{
  g_autoptr (GPtrArray) entries = list_folder (http, repository, revision, part->from, error);
  guint before = files->len;
  int   form;

  if (entries == NULL)
    return FALSE;
  form = part->files == NULL ? best_form (entries) : -1;
  for (guint i = 0; i < entries->len; i++)
    if (is_wanted (entries->pdata[i], part, form))
      g_ptr_array_add (files, file_new (entries->pdata[i], repository, revision, part));
  if (files->len > before)
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s has nothing that is needed of %s/%s: its makers may have changed it"), get_http_hub (http), repository, part->from);
  return FALSE;
}

GPtrArray *
get_hub_list (GetHttp        *http,
              const GetModel *model,
              GError        **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func ((GDestroyNotify) get_file_free);

  for (const GetRepository *repository = model->repositories; repository->name != NULL; repository++)
    {
      g_autofree char *revision = find_revision (http, repository->name, error);

      if (revision == NULL)
        return NULL;
      for (const GetPart *part = repository->parts; part->from != NULL; part++)
        if (! add_part (http, repository->name, revision, part, files, error))
          return NULL;
    }
  return g_steal_pointer (&files);
}
