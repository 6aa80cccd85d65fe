/* See memory.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "memory.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LIMIT "UNCLIP_MEMORY_LIMIT"
#define CGROUPS "/sys/fs/cgroup"

/* Jobs may run at once. */
static gint64 held;

/* "NAME 123" at the start of a line; 0 if there is none. */
static guint64
read_line (const char *text, const char *name)
{
  for (const char *line = text; line != NULL; line = strchr (line, '\n'))
    {
      line += *line == '\n';
      if (g_str_has_prefix (line, name))
        return g_ascii_strtoull (line + strlen (name), NULL, 10);
    }
  return 0;
}

guint64
unclip_memory_in_meminfo (const char *meminfo)
{
  guint64 available = read_line (meminfo, "MemAvailable:") * 1024;

  return available > 0 ? available + read_line (meminfo, "SwapFree:") * 1024 : 0;
}

/* ---- control groups ------------------------------------------------------------------------- */

/* The files of a version of control groups. */
typedef struct
{
  const char *limits[2]; /* nullable */
  const char *used;
  const char *files[2];  /* lines of memory.stat: pages of files, which the system takes back before it refuses */
} Version;

static const Version first = { { "memory.limit_in_bytes", NULL }, "memory.usage_in_bytes", { "total_inactive_file ", "total_active_file " } };
static const Version second = { { "memory.max", "memory.high" }, "memory.current", { "inactive_file ", "active_file " } };

/* Of a file that is not there, or says "max", all there is. */
static guint64
read_number (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *text = NULL;
  guint64          value = G_MAXUINT64;

  if (g_file_get_contents (path, &text, NULL, NULL) && g_ascii_isdigit (*text))
    value = g_ascii_strtoull (text, NULL, 10);
  return value;
}

static guint64
left_in (const char *folder, const Version *version)
{
  guint64          limit = G_MAXUINT64, used = read_number (folder, version->used), files = 0;
  g_autofree char *path = g_build_filename (folder, "memory.stat", NULL), *stat = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (version->limits) && version->limits[i] != NULL; i++)
    limit = MIN (limit, read_number (folder, version->limits[i]));
  if (limit == G_MAXUINT64 || used == G_MAXUINT64)
    return G_MAXUINT64;
  if (g_file_get_contents (path, &stat, NULL, NULL))
    files = read_line (stat, version->files[0]) + read_line (stat, version->files[1]);
  used -= MIN (used, files);
  return limit - MIN (limit, used);
}

/* The least of a group and of all that it is in. A container may not see the way up to its own, which then is at the top. */
static guint64
left_in_parents (const char *mount, const char *group, const Version *version)
{
  g_autofree char *path = g_strdup (group);
  guint64          left = G_MAXUINT64;

  for (;;)
    {
      g_autofree char *folder = g_build_filename (mount, path, NULL);
      char            *slash = strrchr (path, '/');

      left = MIN (left, left_in (folder, version));
      if (slash == NULL)
        return left;
      *slash = '\0';
    }
}

guint64
unclip_memory_in_cgroups (const char *cgroups, const char *mount)
{
  g_auto (GStrv)   lines = g_strsplit (cgroups, "\n", 0);
  g_autofree char *of_first = g_build_filename (mount, "memory", NULL), *beside_first = g_build_filename (mount, "unified", NULL);
  guint64          left = G_MAXUINT64;

  /* "4:memory:/a/b" of the first version, "0::/a/b" of the second. */
  for (char **line = lines; *line != NULL; line++)
    {
      g_auto (GStrv) parts = g_strsplit (*line, ":", 3);
      g_auto (GStrv) controllers = g_strsplit (g_strv_length (parts) == 3 ? parts[1] : "", ",", 0);

      if (g_strv_length (parts) != 3)
        continue;
      if (g_strv_contains ((const char *const *) controllers, "memory"))
        left = MIN (left, left_in_parents (of_first, parts[2], &first));
      else if (*parts[1] == '\0')
        left = MIN (left, MIN (left_in_parents (mount, parts[2], &second), left_in_parents (beside_first, parts[2], &second)));
    }
  return left;
}

/* ---- limits of the process ---------------------------------------------------------------------- */

/* @used: bytes of what the limit counts */
static guint64
left_of_limit (int resource, guint64 used)
{
  struct rlimit limit;

  if (getrlimit (resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return G_MAXUINT64;
  return limit.rlim_cur - MIN (limit.rlim_cur, used);
}

static guint64
left_of_limits (void)
{
  g_autofree char *statm = NULL;
  guint64          page = sysconf (_SC_PAGESIZE), address_space = 0, data = 0;

  if (g_file_get_contents ("/proc/self/statm", &statm, NULL, NULL))
    {
      /* Pages: all, resident, shared, text, 0, data and stack. */
      g_auto (GStrv) fields = g_strsplit (statm, " ", 0);

      if (g_strv_length (fields) >= 6)
        {
          address_space = g_ascii_strtoull (fields[0], NULL, 10) * page;
          data = g_ascii_strtoull (fields[5], NULL, 10) * page;
        }
    }
  return MIN (left_of_limit (RLIMIT_AS, address_space), left_of_limit (RLIMIT_DATA, data));
}

void
unclip_memory_hold (gint64 size)
{
  __atomic_add_fetch (&held, size, __ATOMIC_RELAXED);
}

guint64
unclip_memory_available (void)
{
  const char      *limit = g_getenv (LIMIT);
  guint64          megabytes = 0, left;
  g_autofree char *meminfo = NULL, *cgroups = NULL;

  if (limit != NULL && g_ascii_string_to_unsigned (limit, 10, 1, G_MAXUINT32, &megabytes, NULL))
    {
      guint64 counted = __atomic_load_n (&held, __ATOMIC_RELAXED);

      return megabytes * 1000000 > counted ? megabytes * 1000000 - counted : 1;
    }
  left = left_of_limits ();
  if (g_file_get_contents ("/proc/self/cgroup", &cgroups, NULL, NULL))
    left = MIN (left, unclip_memory_in_cgroups (cgroups, CGROUPS));
  if (g_file_get_contents ("/proc/meminfo", &meminfo, NULL, NULL) && unclip_memory_in_meminfo (meminfo) > 0)
    left = MIN (left, unclip_memory_in_meminfo (meminfo));
  return left < G_MAXUINT64 ? MAX (left, 1) : 0;
}
