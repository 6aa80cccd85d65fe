/* See safetensors.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "safetensors.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "read.h"

/* The format's own limit for a header. */
#define MAX_HEADER (100 << 20)

static gboolean
refuse (const UnclipContainer *file, const char *name, const char *why, GError **error)
{
  g_autofree char *excerpt = unclip_error_excerpt (name);

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: the header's entry \"%s\" %s"), file->path, excerpt, why);
  return FALSE;
}

static gboolean
read_size (JsonNode *node, gsize *out)
{
  gint64 value;

  if (! JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  *out = value;
  return value >= 0;
}

static gboolean
read_shape (UnclipEntry *entry, JsonArray *shape)
{
  entry->n_dims = json_array_get_length (shape);
  if (entry->n_dims > UNCLIP_MAX_DIMS)
    return FALSE;
  entry->n = 1;
  for (int i = 0; i < entry->n_dims; i++)
    {
      gsize dim;

      if (! read_size (json_array_get_element (shape, i), &dim) || dim > G_MAXINT
          || ! g_size_checked_mul (&entry->n, entry->n, dim))
        return FALSE;
      entry->dims[i] = (int) dim;
    }
  return TRUE;
}

static JsonArray *
array_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* One entry, checked as far as it can be without the others. */
static gboolean
add_entry (UnclipContainer *file, const char *name, JsonNode *node, gsize data_start, GError **error)
{
  UnclipEntry *entry = g_new0 (UnclipEntry, 1);
  JsonObject  *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  JsonArray   *shape, *offsets;
  JsonNode    *dtype;
  const char  *dtype_name;
  gsize        begin, end, size;

  entry->name = g_strdup (name);
  g_ptr_array_add (file->entries, entry);
  if (object == NULL)
    return refuse (file, name, _("is not an object"), error);

  dtype = json_object_get_member (object, "dtype");
  dtype_name = dtype != NULL && JSON_NODE_HOLDS_VALUE (dtype) ? json_node_get_string (dtype) : NULL;
  if (dtype_name == NULL || ! unclip_dtype_of_name (dtype_name, &entry->dtype))
    return refuse (file, name, _("has a number type that is not known here"), error);

  shape = array_member (object, "shape");
  offsets = array_member (object, "data_offsets");
  if (shape == NULL || ! read_shape (entry, shape))
    return refuse (file, name, _("has an impossible shape"), error);
  if (offsets == NULL || json_array_get_length (offsets) != 2
      || ! read_size (json_array_get_element (offsets, 0), &begin)
      || ! read_size (json_array_get_element (offsets, 1), &end) || begin > end
      || ! g_size_checked_mul (&size, entry->n, unclip_dtype_bits (entry->dtype)) || size % 8 != 0 || size / 8 != end - begin
      || ! g_size_checked_add (&entry->offset, data_start, begin))
    return refuse (file, name, _("has offsets that do not fit its shape"), error);
  entry->size = end - begin;
  return TRUE;
}

static int
by_offset (gconstpointer a, gconstpointer b)
{
  const UnclipEntry *x = *(UnclipEntry *const *) a, *y = *(UnclipEntry *const *) b;

  return x->offset != y->offset ? (x->offset > y->offset) - (x->offset < y->offset)
                                : (x->size > y->size) - (x->size < y->size);
}

static gboolean
check_layout (UnclipContainer *file, GError **error)
{
  gsize length = g_mapped_file_get_length (file->map), end = 0;

  g_ptr_array_sort (file->entries, by_offset);
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry *entry = g_ptr_array_index (file->entries, i);

      if (entry->offset < end)
        return refuse (file, entry->name, _("overlaps another one"), error);
      if (entry->size > G_MAXSIZE - entry->offset)
        return refuse (file, entry->name, _("has offsets that do not fit its shape"), error);
      end = entry->offset + entry->size;
    }
  if (end > length)
    {
      g_autofree char *is = g_format_size (length), *should = g_format_size (end);

      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
                   _("%s is cut short: %s of %s; download it again"), file->path, is, should);
      return FALSE;
    }
  return TRUE;
}

gboolean
unclip_safetensors_read (UnclipContainer *file, GError **error)
{
  gsize       length = g_mapped_file_get_length (file->map), data_start;
  const char *contents = g_mapped_file_get_contents (file->map);
  guint64     header;
  g_autoptr (JsonParser) parser = NULL;
  JsonObjectIter iter;
  const char    *name;
  JsonNode      *node;

  if (length < 8)
    header = 0;
  else
    memcpy (&header, contents, 8);
  header = GUINT64_FROM_LE (header);
  if (header < 2 || header > MAX_HEADER || header > length - 8)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
                   _("%s is not a safetensors file, or is cut short; download it again"), file->path);
      return FALSE;
    }
  data_start = 8 + header;
  parser = unclip_json_parse (contents + 8, header, file->path, error);
  if (parser == NULL)
    return FALSE;

  json_object_iter_init (&iter, json_node_get_object (json_parser_get_root (parser)));
  while (json_object_iter_next (&iter, &name, &node))
    {
      if (strcmp (name, "__metadata__") == 0)
        {
          JsonObjectIter inner;
          const char    *key;

          if (! JSON_NODE_HOLDS_OBJECT (node))
            continue;
          json_object_iter_init (&inner, json_node_get_object (node));
          while (json_object_iter_next (&inner, &key, &node))
            if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
              g_hash_table_insert (file->metadata, g_strdup (key), json_node_dup_string (node));
        }
      else if (! add_entry (file, name, node, data_start, error))
        return FALSE;
    }
  if (! check_layout (file, error))
    return FALSE;
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry *entry = g_ptr_array_index (file->entries, i);
      g_hash_table_insert (file->by_name, entry->name, entry);
    }
  return TRUE;
}

/* ---- writing --------------------------------------------------------------------------- */

struct _UnclipWriter
{
  UnclipPart *part;
  gsize       missing; /* bytes of data still to come */
};

static gboolean
fail (UnclipWriter *writer, int code, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be written: %s"), unclip_part_path (writer->part), g_strerror (code));
  return FALSE;
}

static char *
make_header (GPtrArray *entries, GHashTable *metadata, gsize *size)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;
  gsize offset = 0;

  json_builder_begin_object (builder);
  if (metadata != NULL && g_hash_table_size (metadata) > 0)
    {
      g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (metadata), (GCompareFunc) strcmp);

      json_builder_set_member_name (builder, "__metadata__");
      json_builder_begin_object (builder);
      for (GList *key = keys; key != NULL; key = key->next)
        {
          json_builder_set_member_name (builder, key->data);
          json_builder_add_string_value (builder, g_hash_table_lookup (metadata, key->data));
        }
      json_builder_end_object (builder);
    }
  for (guint i = 0; i < entries->len; i++)
    {
      const UnclipEntry *entry = g_ptr_array_index (entries, i);

      json_builder_set_member_name (builder, entry->name);
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "dtype");
      json_builder_add_string_value (builder, unclip_dtype_name (entry->dtype));
      json_builder_set_member_name (builder, "shape");
      json_builder_begin_array (builder);
      for (int d = 0; d < entry->n_dims; d++)
        json_builder_add_int_value (builder, entry->dims[d]);
      json_builder_end_array (builder);
      json_builder_set_member_name (builder, "data_offsets");
      json_builder_begin_array (builder);
      json_builder_add_int_value (builder, offset);
      offset += entry->size;
      json_builder_add_int_value (builder, offset);
      json_builder_end_array (builder);
      json_builder_end_object (builder);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  *size = offset;
  return json_to_string (root, FALSE);
}

UnclipWriter *
unclip_writer_new (const char *path, GPtrArray *entries, GHashTable *metadata, GError **error)
{
  g_autoptr (UnclipWriter) writer = g_new0 (UnclipWriter, 1);
  g_autofree char *header = NULL;
  gsize            length, padded;
  guint64          prefix;

  writer->part = unclip_part_new (path, error);
  if (writer->part == NULL)
    return NULL;
  header = make_header (entries, metadata, &writer->missing);
  length = strlen (header);
  padded = (length + 7) / 8 * 8; /* readers like the data aligned */
  prefix = GUINT64_TO_LE ((guint64) padded);

  if (fwrite (&prefix, 8, 1, unclip_part_file (writer->part)) != 1
      || fprintf (unclip_part_file (writer->part), "%-*s", (int) padded, header) < 0)
    {
      fail (writer, errno, error);
      return NULL;
    }
  return g_steal_pointer (&writer);
}

gboolean
unclip_writer_write (UnclipWriter *writer, const void *data, gsize size, GError **error)
{
  g_return_val_if_fail (size <= writer->missing, FALSE);

  writer->missing -= size;
  if (size > 0 && fwrite (data, size, 1, unclip_part_file (writer->part)) != 1)
    return fail (writer, errno, error);
  return TRUE;
}

gboolean
unclip_writer_finish (UnclipWriter *writer, GError **error)
{
  g_return_val_if_fail (writer->missing == 0, FALSE);

  if (! unclip_part_close (writer->part, error) || ! unclip_parts_place (&writer->part, 1, error))
    return FALSE;
  unclip_part_keep (writer->part);
  return TRUE;
}

void
unclip_writer_free (UnclipWriter *writer)
{
  if (writer == NULL)
    return;
  unclip_part_free (writer->part);
  g_free (writer);
}
