/* Files that are not done yet: they lie beside their place without a name, or under another one, get theirs all together or not at
 * all, and are gone if the process has to end before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stdio.h>

#include "error.h"

G_BEGIN_DECLS

/* A file to be. Not for two threads at once. */
typedef struct _UnclipPart UnclipPart;

/**
 * unclip_part_new:
 * @path: where the file shall be; a link stays, and what it points to is replaced or made
 *
 * Makes an empty file beside it, without a name where the file system has such, else under one that nobody has, with mode and owner of the file that it replaces,
 * as far as the system lets us.
 * Errors: %UNCLIP_ERROR_FILE, also if there is something else than a file, or one that must not be written to.
 */
UNCLIP_API UnclipPart *unclip_part_new (const char *path, GError **error);

/* Something to be removed unless it is kept: a file that has its name already, or a folder, which has to be empty by then. */
UNCLIP_API UnclipPart *unclip_part_adopt (const char *path);

/* A file that somebody else is about to write under its own name: unless it is kept, what was there comes back. */
UNCLIP_API UnclipPart *unclip_part_hold (const char *path, GError **error);

/* Whether unclip_part_new() would work, its name be short enough included; leaves nothing there. */
UNCLIP_API gboolean unclip_part_check (const char *path, GError **error);

/* Where it is written to; transfer none. */
UNCLIP_API FILE       *unclip_part_file (UnclipPart *part);
UNCLIP_API const char *unclip_part_path (const UnclipPart *part);

/* Brings it to the disk. FALSE if any of it did not get there. */
UNCLIP_API gboolean unclip_part_close (UnclipPart *part, GError **error);

/**
 * unclip_parts_place:
 * @parts: (array length=n): closed
 *
 * Gives all of them their names, or none: then older files are back in their places. Those are lost only when the parts are kept.
 */
UNCLIP_API gboolean unclip_parts_place (UnclipPart *const *parts, guint n, GError **error);

/* From now on it is done. */
UNCLIP_API void unclip_part_keep (UnclipPart *part);
/* What is not kept is removed, or taken back. */
UNCLIP_API void unclip_part_free (UnclipPart *part);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipPart, unclip_part_free)

/**
 * unclip_parts_remove_all:
 *
 * For a process that is about to die: removes all that is not done, and all folders made for it. Takes no lock and no memory, so that it may be called
 * from a signal handler, and from a hook for fatal errors.
 */
UNCLIP_API void unclip_parts_remove_all (void);

/* The same from an ordinary thread, which can wait until no file is between two names; nothing can be made any more after it. */
UNCLIP_API void unclip_parts_end (void);

G_END_DECLS
