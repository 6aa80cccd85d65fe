/* The safetensors format: a JSON header and one block of data, both ways.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "container.h"

G_BEGIN_DECLS

/* Reads the header of the mapped @file into its entries, of which none overlaps another. Errors: %UNCLIP_ERROR_FILE. */
gboolean unclip_safetensors_read (UnclipContainer *file, GError **error);

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
