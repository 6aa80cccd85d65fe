/* Zip archives of stored members, as torch saves its .bin files: for the tests of what reads them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

typedef struct
{
  GByteArray *bytes, *directory;
  guint       n;
} Archive;

Archive archive_new (void);

/* A member of these bytes as they are; @method: what the archive says was done to them, 0 for nothing */
void archive_add (Archive *archive, const char *name, const void *data, gsize size, int method);

/* The finished file, with its size and places in the records of a zip64 archive or in the usual ones; @archive is no more.
 * transfer full */
GByteArray *archive_finish (Archive *archive, gboolean is_zip64);
