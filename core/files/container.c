/* See container.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "container.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "read.h"
#include "safetensors.h"
#include "torch.h"

/* A format is a line here; the first is that of names with no ending of a format. */
static const struct
{
  const char *ending;
  gboolean (*read) (UnclipContainer *file, GError **error);
} formats[] = {
  { ".safetensors", unclip_safetensors_read },
  { ".bin", unclip_torch_read },
};

static const struct
{
  const char *name;
  gsize       n_bits;
} dtypes[] = {
  [UNCLIP_DTYPE_F64] = { "F64", 64 },
  [UNCLIP_DTYPE_F32] = { "F32", 32 },
  [UNCLIP_DTYPE_F16] = { "F16", 16 },
  [UNCLIP_DTYPE_BF16] = { "BF16", 16 },
  [UNCLIP_DTYPE_I64] = { "I64", 64 },
  [UNCLIP_DTYPE_I32] = { "I32", 32 },
  [UNCLIP_DTYPE_U8] = { "U8", 8 },
  [UNCLIP_DTYPE_BOOL] = { "BOOL", 8 },
  [UNCLIP_DTYPE_U64] = { "U64", 64 },
  [UNCLIP_DTYPE_U32] = { "U32", 32 },
  [UNCLIP_DTYPE_U16] = { "U16", 16 },
  [UNCLIP_DTYPE_I16] = { "I16", 16 },
  [UNCLIP_DTYPE_I8] = { "I8", 8 },
  [UNCLIP_DTYPE_C64] = { "C64", 64 },
  [UNCLIP_DTYPE_F8_E4M3] = { "F8_E4M3", 8 },
  [UNCLIP_DTYPE_F8_E4M3FNUZ] = { "F8_E4M3FNUZ", 8 },
  [UNCLIP_DTYPE_F8_E5M2] = { "F8_E5M2", 8 },
  [UNCLIP_DTYPE_F8_E5M2FNUZ] = { "F8_E5M2FNUZ", 8 },
  [UNCLIP_DTYPE_F8_E8M0] = { "F8_E8M0", 8 },
  [UNCLIP_DTYPE_F6_E3M2] = { "F6_E3M2", 6 },
  [UNCLIP_DTYPE_F6_E2M3] = { "F6_E2M3", 6 },
  [UNCLIP_DTYPE_F4] = { "F4", 4 },
};

gsize
unclip_dtype_bits (UnclipDtype dtype)
{
  return dtypes[dtype].n_bits;
}

gsize
unclip_dtype_size (UnclipDtype dtype)
{
  return (dtypes[dtype].n_bits + 7) / 8;
}

const char *
unclip_dtype_name (UnclipDtype dtype)
{
  return dtypes[dtype].name;
}

gboolean
unclip_dtype_of_name (const char *name, UnclipDtype *dtype)
{
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    if (strcmp (dtypes[i].name, name) == 0)
      {
        *dtype = i;
        return TRUE;
      }
  return FALSE;
}

UnclipEntry *
unclip_entry_new (const char *name, UnclipDtype dtype, int n_dims, const int *dims)
{
  UnclipEntry *entry = g_new0 (UnclipEntry, 1);

  entry->name = g_strdup (name);
  entry->dtype = dtype;
  entry->n_dims = n_dims;
  entry->n = 1;
  for (int i = 0; i < n_dims; i++)
    {
      entry->dims[i] = dims[i];
      entry->n *= dims[i];
    }
  entry->size = entry->n * unclip_dtype_size (dtype);
  return entry;
}

void
unclip_entry_free (UnclipEntry *entry)
{
  if (entry == NULL)
    return;
  g_free (entry->copy);
  g_free (entry->strides);
  g_free (entry->name);
  g_free (entry);
}

void
unclip_container_free (UnclipContainer *file)
{
  if (file == NULL)
    return;
  g_clear_pointer (&file->guard, unclip_guard_free);
  g_clear_pointer (&file->map, g_mapped_file_unref);
  g_clear_pointer (&file->by_name, g_hash_table_unref);
  g_clear_pointer (&file->metadata, g_hash_table_unref);
  g_clear_pointer (&file->entries, g_ptr_array_unref);
  g_free (file->path);
  g_free (file);
}

UnclipContainer *
unclip_container_open (const char *path, GError **error)
{
  g_autoptr (UnclipContainer) file = g_new0 (UnclipContainer, 1);
  g_autoptr (GError) cause = NULL;
  guint format = 0;

  file->path = g_strdup (path);
  file->entries = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_entry_free);
  file->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  file->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (! g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is not there, or is not a file"), path);
      return NULL;
    }
  file->map = g_mapped_file_new (path, FALSE, &cause);
  if (file->map == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be read: %s"), path, cause->message);
      return NULL;
    }
  file->guard = unclip_guard_new (g_mapped_file_get_contents (file->map), g_mapped_file_get_length (file->map));
  if (unclip_read_is_pointer (g_mapped_file_get_contents (file->map), g_mapped_file_get_length (file->map), path, error))
    return NULL;
  for (guint i = 1; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_suffix (path, formats[i].ending))
      format = i;
  return formats[format].read (file, error) ? g_steal_pointer (&file) : NULL;
}

gboolean
unclip_container_check (const UnclipContainer *file, GError **error)
{
  if (! unclip_guard_failed (file->guard))
    return TRUE;

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
               _("%s could not be read to its end: it was cut short while in use, or its disk fails; download it again"), file->path);
  return FALSE;
}

/* The values of @entry's dimensions from @dim on, in row-major order, to @out; returns what is behind them. */
static char *
gather (const UnclipEntry *entry, const char *from, int dim, gsize size, char *out)
{
  if (dim == entry->n_dims)
    {
      memcpy (out, from, size);
      return out + size;
    }
  for (int i = 0; i < entry->dims[dim]; i++)
    out = gather (entry, from + i * entry->strides[dim] * size, dim + 1, size, out);
  return out;
}

const void *
unclip_container_data (const UnclipContainer *file, UnclipEntry *entry, gboolean *is_mapped, GError **error)
{
  const char *begin = g_mapped_file_get_contents (file->map) + entry->offset;

  if (is_mapped != NULL)
    *is_mapped = entry->strides == NULL;
  if (entry->strides == NULL)
    return begin;
  if (entry->copy == NULL)
    {
      entry->copy = g_try_malloc (entry->size);
      if (entry->copy == NULL)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the tensor %s"), entry->name);
          return NULL;
        }
      gather (entry, begin, 0, unclip_dtype_size (entry->dtype), entry->copy);
    }
  return entry->copy;
}
