/* Mapped files that become shorter while they are read.
 *
 * Reading a page that a file no longer has ends a process with SIGBUS: a model that is downloaded anew over itself would
 * take the user's GIMP session's plug-in, or a batch of an hour, with it. A guarded map reads as zeros there instead, and
 * says so afterwards. So does one whose disk cannot be read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

typedef struct _UnclipGuard UnclipGuard;

/**
 * unclip_guard_new:
 * @begin: a mapping's first byte
 * @size: its bytes
 *
 * Until it is freed, which must be before the mapping is. The first call installs the process's handler of SIGBUS, which
 * passes on what is none of its business to the one before it. %NULL when too many maps are guarded at once; such a map is
 * as it was.
 */
UnclipGuard *unclip_guard_new    (const void *begin, gsize size);
/* Whether something was read that the file did not have. */
gboolean     unclip_guard_failed (const UnclipGuard *guard);
void         unclip_guard_free   (UnclipGuard *guard);

G_END_DECLS
