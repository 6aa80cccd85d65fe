/* See memory.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "memory.h"

#include <string.h>

#define LIMIT "UNCLIP_MEMORY_LIMIT"

/* "MemAvailable:   123 kB" at the start of a line, in bytes; 0 if there is none. */
static guint64
read_line (const char *meminfo, const char *name)
{
  for (const char *line = meminfo; line != NULL; line = strchr (line, '\n'))
    {
      line += *line == '\n';
      if (g_str_has_prefix (line, name))
        return g_ascii_strtoull (line + strlen (name), NULL, 10) * 1024;
    }
  return 0;
}

guint64
unclip_memory_in_meminfo (const char *meminfo)
{
  guint64 available = read_line (meminfo, "MemAvailable:");

  return available > 0 ? available + read_line (meminfo, "SwapFree:") : 0;
}

guint64
unclip_memory_available (void)
{
  const char      *limit = g_getenv (LIMIT);
  guint64          megabytes = 0;
  g_autofree char *meminfo = NULL;

  if (limit != NULL && g_ascii_string_to_unsigned (limit, 10, 1, G_MAXUINT32, &megabytes, NULL))
    return megabytes * 1000000;
  return g_file_get_contents ("/proc/meminfo", &meminfo, NULL, NULL) ? unclip_memory_in_meminfo (meminfo) : 0;
}
