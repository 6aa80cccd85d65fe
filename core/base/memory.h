/* How much memory there is for a job.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "error.h"

G_BEGIN_DECLS

/**
 * unclip_memory_hold:
 * @size: bytes that are held from now on: a picture, a layer, a file; below 0: no longer
 *
 * Counts what jobs work on, in the whole process as $UNCLIP_MEMORY_LIMIT is the whole process': a picture and the job on it have
 * to fit together. What the system says is left has such blocks taken off already. An UnclipImage counts itself.
 */
UNCLIP_API void unclip_memory_hold (gint64 size);

/**
 * unclip_memory_available:
 *
 * What $UNCLIP_MEMORY_LIMIT says, in MB, where it is a number above 0, without what unclip_memory_hold() counts: who knows better
 * than the system can overrule it.
 * Else the least of what the system can give (MemAvailable and free swap space), of what is left to the control groups
 * that this process is in, and of its own limits (ulimit -v, ulimit -d).
 * Returns: bytes, at least 1; 0: not known
 */
UNCLIP_API guint64 unclip_memory_available (void);

/* The system's share of the text of /proc/meminfo; 0 if it does not say. */
guint64 unclip_memory_in_meminfo (const char *meminfo);
/* What is left to the groups in the text of /proc/self/cgroup and to all that they are in, of either version, whose
 * folders are under @mount. %G_MAXUINT64: no limit. */
guint64 unclip_memory_in_cgroups (const char *cgroups, const char *mount);

G_END_DECLS
