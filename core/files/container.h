/* A file of named tensors, mapped, whatever its format: one door, and one table of formats in container.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "guard.h"
#include "tensors.h"

G_BEGIN_DECLS

/* Of a value, rounded up to whole bytes; and as it is. */
gsize       unclip_dtype_size    (UnclipDtype dtype);
gsize       unclip_dtype_bits    (UnclipDtype dtype);
/* "F32"; and back, FALSE for one that is not known. */
const char *unclip_dtype_name    (UnclipDtype dtype);
gboolean    unclip_dtype_of_name (const char *name, UnclipDtype *dtype);

typedef struct
{
  char       *name;
  UnclipDtype dtype;
  int         n_dims;
  int         dims[UNCLIP_MAX_DIMS];
  gsize       n;       /* values */
  gsize       offset;  /* of the first, from the start of the file */
  gsize       size;    /* bytes */
  gsize      *strides; /* [n_dims], in values; NULL: row-major and without gaps, as everything else expects it */
  void       *copy;    /* made of such when it was asked for */
} UnclipEntry;

UnclipEntry *unclip_entry_new  (const char *name, UnclipDtype dtype, int n_dims, const int *dims);
void         unclip_entry_free (UnclipEntry *entry);

typedef struct
{
  char        *path;
  GMappedFile *map;
  UnclipGuard *guard;
  GPtrArray   *entries;  /* in the order in which the format has them */
  GHashTable  *by_name;  /* name (none) to UnclipEntry (none) */
  GHashTable  *metadata; /* text to text */
} UnclipContainer;

/**
 * unclip_container_open:
 * @path: of a format that its ending names: .bin is torch's zip, anything else safetensors
 *
 * Every entry of a file that opens lies inside it, and has the size of its shape.
 * Errors: %UNCLIP_ERROR_FILE says what is wrong; %UNCLIP_ERROR_MEMORY.
 */
UnclipContainer *unclip_container_open (const char *path, GError **error);
void             unclip_container_free (UnclipContainer *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipContainer, unclip_container_free)

/* An entry's values, row-major and without gaps; they belong to the file. *@is_mapped: (optional): whether they lie in the
 * map. NULL: %UNCLIP_ERROR_MEMORY for those that had to be put in order. */
const void *unclip_container_data  (const UnclipContainer *file, UnclipEntry *entry, gboolean *is_mapped, GError **error);
/* To be asked when data has been read: FALSE if the file did not have it any more, and zeros were read. */
gboolean    unclip_container_check (const UnclipContainer *file, GError **error);

G_END_DECLS
