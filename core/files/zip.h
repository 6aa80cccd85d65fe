/* A zip archive whose members are stored, not compressed, so that they can be used where they lie in the map.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

typedef struct
{
  char *name;
  gsize offset, size; /* of the bytes, from the archive's first byte */
} UnclipZipMember;

/**
 * unclip_zip_members:
 * @data: the archive
 * @path: for messages
 *
 * What the central directory lists; zip64 too. Every member lies inside the archive.
 * Errors: %UNCLIP_ERROR_FILE for what is no archive, is cut short, is encrypted or compressed.
 * Returns: (element-type UnclipZipMember) (transfer full): by name
 */
GHashTable *unclip_zip_members (const void *data, gsize size, const char *path, GError **error);

G_END_DECLS
