/* The safetensors format: a JSON header and one block of data, both ways.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "guard.h"
#include "tensors.h"

G_BEGIN_DECLS

typedef struct
{
  char       *name;
  UnclipDtype dtype;
  int         n_dims;
  int         dims[UNCLIP_MAX_DIMS];
  gsize       n;      /* values */
  gsize       offset; /* from the start of the file */
  gsize       size;   /* bytes */
} UnclipEntry;

typedef struct
{
  char        *path;
  GMappedFile *map;
  UnclipGuard *guard;
  GPtrArray   *entries;  /* in the order of the data */
  GHashTable  *by_name;  /* name (none) to UnclipEntry (none) */
  GHashTable  *metadata; /* text to text */
} UnclipSafetensors;

/* Every entry of a file that opens lies inside it, overlaps no other and has the size of its shape. */
UnclipSafetensors *unclip_safetensors_open (const char *path, GError **error);
void               unclip_safetensors_free (UnclipSafetensors *file);
const void        *unclip_safetensors_data (const UnclipSafetensors *file, const UnclipEntry *entry);
/* To be asked when data has been read: FALSE if the file did not have it any more, and zeros were read. */
gboolean           unclip_safetensors_check (const UnclipSafetensors *file, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipSafetensors, unclip_safetensors_free)

gsize       unclip_dtype_size (UnclipDtype dtype);
const char *unclip_dtype_name (UnclipDtype dtype);

UnclipEntry *unclip_entry_new  (const char *name, UnclipDtype dtype, int n_dims, const int *dims);
void         unclip_entry_free (UnclipEntry *entry);

/* Streams a file of known tensors: the header first, then each tensor's bytes in the order of @entries,
 * in pieces of any size. Written beside @path; only a finished file takes the name. */
typedef struct _UnclipWriter UnclipWriter;

/* @entries: (element-type UnclipEntry); their offsets are not used. @metadata: (nullable) */
UnclipWriter *unclip_writer_new    (const char *path, GPtrArray *entries, GHashTable *metadata, GError **error);
gboolean      unclip_writer_write  (UnclipWriter *writer, const void *data, gsize size, GError **error);
/* FALSE also if bytes are missing. */
gboolean      unclip_writer_finish (UnclipWriter *writer, GError **error);
/* Removes what was not finished. */
void          unclip_writer_free   (UnclipWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipWriter, unclip_writer_free)

G_END_DECLS
