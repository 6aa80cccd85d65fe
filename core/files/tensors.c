/* See tensors.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tensors.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"
#include "safetensors.h"

struct _UnclipTensors
{
  char       *path;     /* where it was read from, for messages; may be NULL */
  GPtrArray  *names;    /* in the order in which they came */
  GHashTable *tensors;  /* name to UnclipTensor */
  GHashTable *metadata;
};

static void
tensor_free (UnclipTensor *tensor)
{
  g_free (tensor->data);
  g_free (tensor);
}

UnclipTensors *
unclip_tensors_new (void)
{
  UnclipTensors *tensors = g_new0 (UnclipTensors, 1);

  tensors->names = g_ptr_array_new_with_free_func (g_free);
  tensors->tensors = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) tensor_free);
  tensors->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return tensors;
}

void
unclip_tensors_free (UnclipTensors *tensors)
{
  if (tensors == NULL)
    return;
  g_ptr_array_unref (tensors->names);
  g_hash_table_unref (tensors->tensors);
  g_hash_table_unref (tensors->metadata);
  g_free (tensors->path);
  g_free (tensors);
}

UnclipTensor *
unclip_tensors_add (UnclipTensors *tensors, const char *name, UnclipDtype dtype, int n_dims, const int *dims, GError **error)
{
  UnclipTensor *tensor = g_new0 (UnclipTensor, 1);
  gsize         size = unclip_dtype_size (dtype);

  g_return_val_if_fail (n_dims >= 0 && n_dims <= UNCLIP_MAX_DIMS, NULL);

  tensor->dtype = dtype;
  tensor->n_dims = n_dims;
  tensor->n = 1;
  for (int i = 0; i < n_dims; i++)
    {
      tensor->dims[i] = dims[i];
      if (dims[i] < 0 || ! g_size_checked_mul (&tensor->n, tensor->n, dims[i]))
        size = 0;
    }
  if (size == 0 || ! g_size_checked_mul (&size, size, MAX (tensor->n, 1))
      || (tensor->data = g_try_malloc0 (size)) == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the tensor %s"), name);
      tensor_free (tensor);
      return NULL;
    }
  if (! g_hash_table_contains (tensors->tensors, name))
    g_ptr_array_add (tensors->names, g_strdup (name));
  g_hash_table_replace (tensors->tensors, g_strdup (name), tensor);
  return tensor;
}

/* Bytes of a file that are somewhere; the others are holes, which read as zeros. All of it where the file system does not tell. */
static goffset
stored_size (const char *path, goffset size)
{
  int     file = open (path, O_RDONLY | O_CLOEXEC);
  goffset stored = 0, from = 0, hole;

  while (file >= 0 && from < size && (from = lseek (file, from, SEEK_DATA)) >= 0)
    {
      hole = lseek (file, from, SEEK_HOLE);
      if (hole < 0)
        break;
      stored += hole - from;
      from = hole;
    }
  if (file < 0 || (from < 0 && errno != ENXIO) || (from >= 0 && from < size))
    stored = size;
  if (file >= 0)
    close (file);
  return stored;
}

/* Before anything is allocated: that it would fit, and that there is something to load. */
static gboolean
check_size (const char *path, const UnclipContainer *file, GError **error)
{
  guint64          size = 0, available = unclip_memory_available ();
  goffset          length = (goffset) g_mapped_file_get_length (file->map);
  g_autofree char *wanted = NULL, *there = NULL;

  for (guint i = 0; i < file->entries->len; i++)
    size += ((const UnclipEntry *) g_ptr_array_index (file->entries, i))->size;
  /* Numbers of pictures and noise are hardly ever zero. */
  if (stored_size (path, length) < length / 2)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has holes where its tensors should be; copy or download it again"), path);
      return FALSE;
    }
  if (available == 0 || size <= available)
    return TRUE;
  wanted = g_format_size (size);
  there = g_format_size (available);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("The tensors of %s take %s of memory, and %s are free; close other programs"), path, wanted, there);
  return FALSE;
}

UnclipTensors *
unclip_tensors_load (const char *path, GError **error)
{
  g_autoptr (UnclipContainer) file = unclip_container_open (path, error);
  g_autoptr (UnclipTensors) tensors = NULL;
  GHashTableIter iter;
  gpointer       key, value;

  if (file == NULL || ! check_size (path, file, error))
    return NULL;
  tensors = unclip_tensors_new ();
  tensors->path = g_strdup (path);
  for (guint i = 0; i < file->entries->len; i++)
    {
      UnclipEntry  *entry = g_ptr_array_index (file->entries, i);
      UnclipTensor *tensor;
      const void   *data;

      /* What nobody here asks for. */
      if (entry->dtype > UNCLIP_DTYPE_BOOL)
        continue;
      tensor = unclip_tensors_add (tensors, entry->name, entry->dtype, entry->n_dims, entry->dims, error);
      data = tensor != NULL ? unclip_container_data (file, entry, NULL, error) : NULL;
      if (data == NULL)
        return NULL;
      memcpy (tensor->data, data, entry->size);
    }
  if (! unclip_container_check (file, error))
    return NULL;
  g_hash_table_iter_init (&iter, file->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    unclip_tensors_set_metadata (tensors, key, value);
  return g_steal_pointer (&tensors);
}

gboolean
unclip_tensors_save (UnclipTensors *tensors, const char *path, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_entry_free);
  g_autoptr (UnclipWriter) writer = NULL;

  for (guint i = 0; i < tensors->names->len; i++)
    {
      const char   *name = g_ptr_array_index (tensors->names, i);
      UnclipTensor *tensor = g_hash_table_lookup (tensors->tensors, name);

      g_ptr_array_add (entries, unclip_entry_new (name, tensor->dtype, tensor->n_dims, tensor->dims));
    }
  writer = unclip_writer_new (path, entries, tensors->metadata, error);
  if (writer == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      const UnclipEntry *entry = g_ptr_array_index (entries, i);
      UnclipTensor      *tensor = g_hash_table_lookup (tensors->tensors, entry->name);

      if (! unclip_writer_write (writer, tensor->data, entry->size, error))
        return FALSE;
    }
  return unclip_writer_finish (writer, error);
}

UnclipTensor *
unclip_tensors_find (UnclipTensors *tensors, const char *name)
{
  return g_hash_table_lookup (tensors->tensors, name);
}

void
unclip_tensors_remove (UnclipTensors *tensors, const char *name)
{
  guint i;

  if (g_ptr_array_find_with_equal_func (tensors->names, name, g_str_equal, &i))
    g_ptr_array_remove_index (tensors->names, i);
  g_hash_table_remove (tensors->tensors, name);
}

static char *
shape_text (int n_dims, const int *dims)
{
  GString *text = g_string_new ("[");

  for (int i = 0; i < n_dims; i++)
    if (dims[i] < 0)
      g_string_append_printf (text, "%s?", i > 0 ? ", " : "");
    else
      g_string_append_printf (text, "%s%d", i > 0 ? ", " : "", dims[i]);
  return g_string_free (g_string_append (text, "]"), FALSE);
}

UnclipTensor *
unclip_tensors_get (UnclipTensors *tensors, const char *name, UnclipDtype dtype, GError **error, int n_dims, ...)
{
  UnclipTensor *tensor = unclip_tensors_find (tensors, name);
  const char   *path = tensors->path != NULL ? tensors->path : _("The set");
  int           dims[UNCLIP_MAX_DIMS];
  gboolean      fits;
  va_list       list;

  g_return_val_if_fail (n_dims <= UNCLIP_MAX_DIMS, NULL);

  if (tensor == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s lacks the tensor \"%s\""), path, name);
      return NULL;
    }
  if (tensor->dtype != dtype && ! (dtype == UNCLIP_DTYPE_I64 && tensor->dtype == UNCLIP_DTYPE_I32))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" is %s, but must be %s"), path, name,
                   unclip_dtype_name (tensor->dtype), unclip_dtype_name (dtype));
      return NULL;
    }
  fits = tensor->n_dims == n_dims;
  va_start (list, n_dims);
  for (int i = 0; i < n_dims; i++)
    {
      dims[i] = va_arg (list, int);
      fits = fits && (dims[i] < 0 || dims[i] == tensor->dims[i]);
    }
  va_end (list);
  if (! fits)
    {
      g_autofree char *is = shape_text (tensor->n_dims, tensor->dims), *should = shape_text (n_dims, dims);

      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has the shape %s, but must have %s"), path, name, is, should);
      return NULL;
    }
  return tensor;
}

char **
unclip_tensors_names (UnclipTensors *tensors)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < tensors->names->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (tensors->names, i));
  return g_strv_builder_end (builder);
}

const char *
unclip_tensors_metadata (UnclipTensors *tensors, const char *key)
{
  return g_hash_table_lookup (tensors->metadata, key);
}

void
unclip_tensors_set_metadata (UnclipTensors *tensors, const char *key, const char *value)
{
  g_hash_table_replace (tensors->metadata, g_strdup (key), g_strdup (value));
}
