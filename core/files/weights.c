/* See weights.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "weights.h"

#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>

#include "json.h"
#include "container.h"

#define MAX_INDEX (64 << 20)

struct _UnclipWeights
{
  char       *path;     /* the file or folder, for messages */
  GPtrArray  *files;    /* UnclipContainer */
  GHashTable *by_name;  /* name to UnclipEntry, both none */
  GHashTable *file_of;  /* UnclipEntry to UnclipContainer, both none */
  GPtrArray  *recorded; /* UnclipEntry; NULL unless recording */
  gboolean    is_only_looked_at;
};

static UnclipWeights *
weights_new (const char *path)
{
  UnclipWeights *weights = g_new0 (UnclipWeights, 1);

  weights->path = g_strdup (path);
  weights->files = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_container_free);
  weights->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  weights->file_of = g_hash_table_new (NULL, NULL);
  return weights;
}

void
unclip_weights_free (UnclipWeights *weights)
{
  if (weights == NULL)
    return;
  g_hash_table_unref (weights->by_name);
  g_hash_table_unref (weights->file_of);
  g_ptr_array_unref (weights->files);
  g_clear_pointer (&weights->recorded, g_ptr_array_unref);
  g_free (weights->path);
  g_free (weights);
}

static gboolean
add_file (UnclipWeights *weights, const char *path, GError **error)
{
  UnclipContainer *file = unclip_container_open (path, error);

  if (file == NULL)
    return FALSE;
  g_ptr_array_add (weights->files, file);
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry *entry = g_ptr_array_index (file->entries, i);

      g_hash_table_insert (weights->by_name, entry->name, entry);
      g_hash_table_insert (weights->file_of, entry, file);
    }
  return TRUE;
}

UnclipWeights *
unclip_weights_open_file (const char *path, GError **error)
{
  g_autoptr (UnclipWeights) weights = weights_new (path);

  return add_file (weights, path, error) ? g_steal_pointer (&weights) : NULL;
}

/* A shard is a file in the same folder and nothing else: an index must not lead us through the disk. Nor break the lines of
 * what we say of that file. */
static gboolean
is_plain_name (const char *name)
{
  for (const char *p = name; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  return *name != '\0' && *name != '.' && strpbrk (name, "/\\") == NULL;
}

static UnclipWeights *
open_sharded (const char *dir, const char *index, GError **error)
{
  g_autoptr (UnclipWeights) weights = weights_new (dir);
  g_autoptr (JsonParser) parser = unclip_json_load (index, MAX_INDEX, error);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  JsonNode      *map, *node;
  JsonObjectIter iter;

  if (parser == NULL)
    return NULL;
  map = json_object_get_member (json_node_get_object (json_parser_get_root (parser)), "weight_map");
  if (map == NULL || ! JSON_NODE_HOLDS_OBJECT (map) || json_object_get_size (json_node_get_object (map)) == 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has no \"weight_map\""), index);
      return NULL;
    }
  json_object_iter_init (&iter, json_node_get_object (map));
  while (json_object_iter_next (&iter, NULL, &node))
    {
      const char      *name = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
      g_autofree char *path = NULL;

      if (name == NULL || ! is_plain_name (name))
        {
          g_autofree char *excerpt = unclip_error_excerpt (name != NULL ? name : "");

          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s names \"%s\", which is not the plain name of a file in its own folder"), index, excerpt);
          return NULL;
        }
      if (! g_hash_table_add (seen, (gpointer) name))
        continue;
      path = g_build_filename (dir, name, NULL);
      if (! add_file (weights, path, error))
        return NULL;
    }
  return g_steal_pointer (&weights);
}

/* What is looked for, in this order: torch's own format after all of the other, whose files need no care. */
static const struct
{
  const char *ending, *stems[2];
} formats[] = { { ".safetensors", { "model", "diffusion_pytorch_model" } }, { ".bin", { "pytorch_model", "diffusion_pytorch_model" } } };

/* A file of weights under a name that nobody looks for, in a format that is read (@format its place in formats[]), or else in one that
 * is not (-1); of several the first by name. transfer full, nullable */
static char *
find_other (const char *dir, int *format)
{
  static const char *const endings[] = { ".safetensors", ".bin", ".ckpt", ".pt", ".pth", ".msgpack", ".h5", ".onnx", ".gguf" };
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  g_autofree char *first = NULL;
  const char      *name;

  *format = -1;
  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    for (int i = 0; i < (int) G_N_ELEMENTS (endings); i++)
      {
        int      of = i < (int) G_N_ELEMENTS (formats) ? i : -1;
        gboolean is_better = first == NULL || (of >= 0 && *format < 0) || ((of >= 0) == (*format >= 0) && strcmp (name, first) < 0);

        if (g_str_has_suffix (name, endings[i]) && is_better)
          {
            g_free (first);
            first = g_strdup (name);
            *format = of;
          }
      }
  return first != NULL ? g_filename_display_name (first) : NULL;
}

UnclipWeights *
unclip_weights_open (const char *dir, GError **error)
{
  static const char *const variants[] = { "", ".fp16", ".bf16" };
  g_autofree char *other = NULL;
  int              format;

  for (guint f = 0; f < G_N_ELEMENTS (formats); f++)
    for (guint v = 0; v < G_N_ELEMENTS (variants); v++)
      for (guint s = 0; s < G_N_ELEMENTS (formats[f].stems); s++)
        {
          const char      *stem = formats[f].stems[s], *ending = formats[f].ending;
          g_autofree char *path = g_strconcat (dir, "/", stem, variants[v], ending, NULL);
          /* Both spellings of a sharded variant's index are in use. */
          g_autofree char *index = g_strconcat (dir, "/", stem, ending, ".index", variants[v], ".json", NULL);
          g_autofree char *index_2 = g_strconcat (path, ".index.json", NULL);

          if (g_file_test (path, G_FILE_TEST_EXISTS))
            return unclip_weights_open_file (path, error);
          if (g_file_test (index, G_FILE_TEST_EXISTS))
            return open_sharded (dir, index, error);
          if (g_file_test (index_2, G_FILE_TEST_EXISTS))
            return open_sharded (dir, index_2, error);
        }

  other = find_other (dir, &format);
  if (other == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("%s has no weights (a .safetensors file)"), dir);
  else if (format >= 0)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING,
                 _("%s has %s, but neither %s%s nor %s%s, nor an index of such files; download the component again under its published names"),
                 dir, other, formats[format].stems[0], formats[format].ending, formats[format].stems[1], formats[format].ending);
  else
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING,
                 _("%s holds its weights only as %s, which this version does not read; "
                   "download the .safetensors file of the same model"),
                 dir, other);
  return NULL;
}

UnclipWeights *
unclip_weights_new_recording (void)
{
  UnclipWeights *weights = weights_new (NULL);

  weights->recorded = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_entry_free);
  return weights;
}

void
unclip_weights_look_at (UnclipWeights *weights)
{
  weights->is_only_looked_at = TRUE;
}

gboolean
unclip_weights_is_recording (const UnclipWeights *weights)
{
  return weights->recorded != NULL || weights->is_only_looked_at;
}

gboolean
unclip_weights_recorded (const UnclipWeights *weights, guint i, const char **name, int *n_dims, const int **dims)
{
  const UnclipEntry *entry;

  if (i >= weights->recorded->len)
    return FALSE;
  entry = g_ptr_array_index (weights->recorded, i);
  *name = entry->name;
  *n_dims = entry->n_dims;
  *dims = entry->dims;
  return TRUE;
}

static void
record (UnclipWeights *weights, const char *name, int n_dims, const int *dims)
{
  UnclipEntry *entry;

  /* A network takes every layer twice, to measure and to pack. */
  if (g_hash_table_contains (weights->by_name, name))
    return;
  entry = unclip_entry_new (name, UNCLIP_DTYPE_F32, n_dims, dims);
  g_ptr_array_add (weights->recorded, entry);
  g_hash_table_insert (weights->by_name, entry->name, entry);
}

static char *
shape_text (int n_dims, const int *dims)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < n_dims; i++)
    g_string_append_printf (text, "%s%d", i > 0 ? ", " : "", dims[i]);
  return g_string_free (g_string_append (text, "]"), FALSE);
}

gboolean
unclip_weights_take (UnclipWeights *weights, BkSource *source, GError **error, const char *name, int n_dims, ...)
{
  UnclipEntry           *entry;
  const UnclipContainer *file;
  int      dims[UNCLIP_MAX_DIMS];
  gboolean fits, is_mapped;
  va_list  list;

  g_return_val_if_fail (n_dims <= UNCLIP_MAX_DIMS, FALSE);

  va_start (list, n_dims);
  for (int i = 0; i < n_dims; i++)
    dims[i] = va_arg (list, int);
  va_end (list);

  *source = (BkSource) { NULL, BK_F32 };
  if (weights->recorded != NULL)
    {
      record (weights, name, n_dims, dims);
      return TRUE;
    }

  entry = g_hash_table_lookup (weights->by_name, name);
  if (entry == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s lacks the tensor %s that its config.json asks for"), weights->path, name);
      return FALSE;
    }
  file = g_hash_table_lookup (weights->file_of, entry);
  fits = entry->n_dims == n_dims;
  for (int i = 0; fits && i < n_dims; i++)
    fits = entry->dims[i] == dims[i];
  if (! fits)
    {
      g_autofree char *is = shape_text (entry->n_dims, entry->dims), *should = shape_text (n_dims, dims);

      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: %s has the shape %s, but its config.json asks for %s"),
                   file->path, name, is, should);
      return FALSE;
    }
  switch (entry->dtype)
    {
    case UNCLIP_DTYPE_F32:
      source->type = BK_F32;
      break;
    case UNCLIP_DTYPE_F16:
      source->type = BK_F16;
      break;
    case UNCLIP_DTYPE_BF16:
      source->type = BK_BF16;
      break;
    default:
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: %s is stored as %s; only F32, F16 and BF16 weights are read"),
                   file->path, name, unclip_dtype_name (entry->dtype));
      return FALSE;
    }
  if (weights->is_only_looked_at)
    {
      *source = (BkSource) { NULL, BK_F32 };
      return TRUE;
    }
  source->data = unclip_container_data (file, entry, &is_mapped, error);
  source->mapped = is_mapped;
  return source->data != NULL;
}

gboolean
unclip_weights_check (const UnclipWeights *weights, GError **error)
{
  for (guint i = 0; i < weights->files->len; i++)
    if (! unclip_container_check (g_ptr_array_index (weights->files, i), error))
      return FALSE;
  return TRUE;
}

gboolean
unclip_weights_has (UnclipWeights *weights, const char *name)
{
  return g_hash_table_contains (weights->by_name, name);
}

gsize
unclip_weights_n_tensors (const UnclipWeights *weights)
{
  return g_hash_table_size (weights->by_name);
}

static gboolean
is_parameter (const UnclipEntry *entry)
{
  return entry->dtype == UNCLIP_DTYPE_F64 || entry->dtype == UNCLIP_DTYPE_F32 || entry->dtype == UNCLIP_DTYPE_F16
         || entry->dtype == UNCLIP_DTYPE_BF16;
}

guint64
unclip_weights_n_parameters (const UnclipWeights *weights)
{
  GHashTableIter iter;
  gpointer       entry;
  guint64        n = 0;

  g_hash_table_iter_init (&iter, weights->by_name);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (is_parameter (entry))
      n += ((UnclipEntry *) entry)->n;
  return n;
}

guint64
unclip_weights_size (const UnclipWeights *weights)
{
  guint64 size = 0;

  for (guint i = 0; i < weights->files->len; i++)
    size += g_mapped_file_get_length (((UnclipContainer *) g_ptr_array_index (weights->files, i))->map);
  return size;
}

const char *
unclip_weights_dtype (const UnclipWeights *weights)
{
  GHashTableIter iter;
  gpointer       entry;
  UnclipDtype    widest = UNCLIP_DTYPE_BF16;

  g_hash_table_iter_init (&iter, weights->by_name);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    if (is_parameter (entry) && ((UnclipEntry *) entry)->dtype < widest)
      widest = ((UnclipEntry *) entry)->dtype; /* they are ordered from wide to narrow */
  return unclip_dtype_name (widest);
}

void
unclip_weights_digest (const UnclipWeights *weights, GChecksum *sum)
{
  /* By name: how they lie in one file or several does not matter. */
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (weights->by_name), (GCompareFunc) strcmp);

  for (GList *item = names; item != NULL; item = item->next)
    {
      const UnclipEntry     *entry = g_hash_table_lookup (weights->by_name, item->data);
      const UnclipContainer *file = g_hash_table_lookup (weights->file_of, entry);
      g_autofree char       *shape = shape_text (entry->n_dims, entry->dims);

      g_checksum_update (sum, (const guchar *) entry->name, -1);
      g_checksum_update (sum, (const guchar *) unclip_dtype_name (entry->dtype), -1);
      g_checksum_update (sum, (const guchar *) shape, -1);
      g_checksum_update (sum, (const guchar *) g_mapped_file_get_contents (file->map) + entry->offset, MIN (entry->size, 64));
    }
}
