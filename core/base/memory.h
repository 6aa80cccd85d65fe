/* How much memory there is for a job.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "error.h"

G_BEGIN_DECLS

/**
 * unclip_memory_available:
 *
 * What $UNCLIP_MEMORY_LIMIT says, in MB, where it is a number above 0: who runs this in a container, whose limit
 * is not looked at, can say so there, and who knows better than the system can overrule it. Else what
 * the system can give: MemAvailable and free swap space.
 * Returns: bytes; 0: not known
 */
UNCLIP_API guint64 unclip_memory_available (void);

/* The same of the text of /proc/meminfo; 0 if it does not say. */
guint64 unclip_memory_in_meminfo (const char *meminfo);

G_END_DECLS
