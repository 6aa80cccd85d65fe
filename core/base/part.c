/* See part.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows. */
#define MAX_LINKS 40
#define TEMPLATE ".unclip-XXXXXX"

/* ---- what is to be removed when the process dies ------------------------------------------------- */

/* In a list that only grows, as a signal handler may be reading it at any time: entries are used again, never freed. */
typedef struct _Entry Entry;
struct _Entry
{
  Entry      *next;
  gsize       size;
  atomic_bool is_used;
  char        path[];
};

static _Atomic (Entry *) entries;
/* Held while a file is made and entered, and while files get their names. */
static GMutex lock;

static Entry *
enter (const char *path)
{
  gsize  size = strlen (path) + 1;
  Entry *entry = entries;

  while (entry != NULL && (entry->is_used || entry->size < size))
    entry = entry->next;
  if (entry == NULL)
    {
      entry = g_malloc0 (sizeof *entry + size);
      entry->size = size;
      entry->next = entries;
      entries = entry;
    }
  memcpy (entry->path, path, size);
  entry->is_used = true;
  return entry;
}

static void
leave (Entry **entry)
{
  if (*entry != NULL)
    (*entry)->is_used = false;
  *entry = NULL;
}

void
unclip_parts_remove_all (void)
{
  gboolean removed = TRUE;

  /* A folder can go when what is in it has gone. */
  while (removed)
    {
      removed = FALSE;
      for (Entry *entry = entries; entry != NULL; entry = entry->next)
        if (entry->is_used && (unlink (entry->path) == 0 || rmdir (entry->path) == 0))
          removed = TRUE;
    }
}

void
unclip_parts_end (void)
{
  g_mutex_lock (&lock);
  unclip_parts_remove_all ();
}

/* ---- one file ------------------------------------------------------------------------------------- */

struct _UnclipPart
{
  char    *name;           /* what users call it */
  char    *path;           /* where it shall be, links followed */
  char    *temporary;      /* what it is called until then; NULL: it has its name, or none yet, or somebody else writes it */
  int      unnamed;        /* closed, and without a name until it is placed; -1: not so */
  char    *old;            /* another name of the file that was there, from placing to keeping; NULL: there was none */
  Entry   *entry, *old_entry;
  FILE    *file;
  gboolean is_placed, is_kept;
};

static UnclipPart *
part_new (const char *name)
{
  UnclipPart *part = g_new0 (UnclipPart, 1);

  part->name = g_strdup (name);
  part->unnamed = -1;
  return part;
}

static gboolean
fail (const char *path, int code, GError **error)
{
  g_autofree char *name = g_filename_display_name (path);

  /* So says look_at() of devices and the like. */
  if (code == EEXIST)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be written: it is there already, and not a file"), name);
  else
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be written: %s"), name, g_strerror (code));
  return FALSE;
}

/* Where links lead to, whether or not there is something; transfer full. NULL with errno. */
static char *
follow (const char *path)
{
  g_autofree char *at = g_strdup (path);

  for (int i = 0; i < MAX_LINKS; i++)
    {
      char             target[PATH_MAX];
      ssize_t          n = readlink (at, target, sizeof target - 1);
      g_autofree char *dir = NULL;

      if (n < 0)
        return g_steal_pointer (&at);
      target[n] = '\0';
      dir = g_path_get_dirname (at);
      g_free (at);
      at = g_path_is_absolute (target) ? g_strdup (target) : g_build_filename (dir, target, NULL);
    }
  errno = ELOOP;
  return NULL;
}

/* Whether a file of ours can take the place of what is there; 0 or an error code. @info: of what is there, else a mode of 0 */
static int
look_at (const char *path, struct stat *info)
{
  *info = (struct stat) { 0 };
  if (lstat (path, info) != 0)
    return errno == ENOENT ? 0 : errno;
  if (S_ISDIR (info->st_mode))
    return EISDIR;
  if (! S_ISREG (info->st_mode))
    return EEXIST;
  return access (path, W_OK) == 0 ? 0 : errno;
}

static char *
beside (const char *path, const char *name)
{
  g_autofree char *dir = g_path_get_dirname (path);

  return g_build_filename (dir, name, NULL);
}

/* A file in that folder that goes with the process, even if that is killed outright; -1: not every file system has such, and
 * giving it a name takes /proc. */
static int
open_unnamed (const char *path)
{
  g_autofree char *dir = g_path_get_dirname (path), *link = NULL;
  int              file = open (dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);

  link = g_strdup_printf ("/proc/self/fd/%d", file);
  if (file < 0 || access (link, F_OK) == 0)
    return file;
  close (file);
  return -1;
}

/* With the lock held: gives the open file its temporary name; 0 or an error code. */
static int
give_name (UnclipPart *part, int file)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", file);

  for (int i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf (".unclip-%06x", g_random_int () & 0xffffff);
      g_autofree char *path = beside (part->path, name);

      if (linkat (AT_FDCWD, link, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
        {
          part->temporary = g_steal_pointer (&path);
          part->entry = enter (part->temporary);
          return 0;
        }
      if (errno != EEXIST)
        break;
    }
  return errno;
}

/* Opens the file under its temporary name; 0 or an error code. */
static int
make_named (UnclipPart *part, int *file)
{
  int code;

  part->temporary = beside (part->path, TEMPLATE);
  g_mutex_lock (&lock);
  *file = g_mkstemp_full (part->temporary, O_WRONLY | O_CLOEXEC, 0666);
  code = *file >= 0 ? 0 : errno;
  if (code == 0)
    part->entry = enter (part->temporary);
  g_mutex_unlock (&lock);
  if (code != 0)
    g_clear_pointer (&part->temporary, g_free);
  return code;
}

/* Opens the file; 0 or an error code. */
static int
make (UnclipPart *part)
{
  struct stat info;
  int         file, code;

  if (part->path == NULL)
    return errno;
  code = look_at (part->path, &info);
  if (code != 0)
    return code;

  file = open_unnamed (part->path);
  if (file < 0)
    code = make_named (part, &file);
  if (code != 0)
    return code;

  if (info.st_mode != 0)
    {
      mode_t mode = info.st_mode & 0777;

      /* Owners are changed by root alone; what a group may do is said of that group. */
      if (fchown (file, info.st_uid, info.st_gid) != 0 && fchown (file, -1, info.st_gid) != 0)
        mode &= ~S_IRWXG;
      fchmod (file, mode);
    }
  part->file = fdopen (file, "wb");
  if (part->file != NULL)
    return 0;
  code = errno;
  close (file);
  return code;
}

UnclipPart *
unclip_part_new (const char *path, GError **error)
{
  g_autoptr (UnclipPart) part = part_new (path);
  int code;

  part->path = follow (path);
  code = make (part);
  if (code != 0)
    {
      fail (path, code, error);
      return NULL;
    }
  return g_steal_pointer (&part);
}

gboolean
unclip_part_check (const char *path, GError **error)
{
  g_autoptr (UnclipPart) part = unclip_part_new (path, error);

  return part != NULL;
}

UnclipPart *
unclip_part_adopt (const char *path)
{
  UnclipPart *part = part_new (path);

  part->path = g_strdup (path);
  part->is_placed = TRUE;
  g_mutex_lock (&lock);
  part->entry = enter (path);
  g_mutex_unlock (&lock);
  return part;
}

FILE *
unclip_part_file (UnclipPart *part)
{
  return part->file;
}

const char *
unclip_part_path (const UnclipPart *part)
{
  return part->name;
}

gboolean
unclip_part_close (UnclipPart *part, GError **error)
{
  FILE *file = g_steal_pointer (&part->file);
  int   code;

  errno = EIO;
  code = ferror (file) || fflush (file) != 0 ? errno : 0;
  /* Not every file system can say that it has brought something to the disk. */
  if (code == 0 && fsync (fileno (file)) != 0 && errno != EINVAL && errno != ENOSYS && errno != ENOTSUP)
    code = errno;
  if (code == 0 && part->temporary == NULL)
    {
      part->unnamed = fcntl (fileno (file), F_DUPFD_CLOEXEC, 0);
      /* Of many files at once: more than the process may have open. */
      g_mutex_lock (&lock);
      if (part->unnamed < 0)
        code = give_name (part, fileno (file));
      g_mutex_unlock (&lock);
    }
  if (fclose (file) != 0 && code == 0)
    code = errno;
  return code == 0 || fail (part->name, code, error);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* A second name for what is at @path, under which it survives being replaced; transfer full. NULL with errno. */
static char *
second_name (const char *path, gboolean may_move)
{
  for (int i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf (".unclip-%06x", g_random_int () & 0xffffff);
      g_autofree char *old = beside (path, name);

      if (link (path, old) == 0)
        return g_steal_pointer (&old);
      if (errno == EEXIST)
        continue;
      /* A file system without links. */
      if (may_move && access (old, F_OK) != 0 && rename (path, old) == 0)
        return g_steal_pointer (&old);
      return NULL;
    }
  return NULL;
}

/* With the lock held. @alone: nothing has to be taken back because of another file. 0 or an error code */
static int
place (UnclipPart *part, gboolean alone)
{
  struct stat info;
  int         code;

  if (part->is_placed)
    return 0;
  code = look_at (part->path, &info);
  if (code == 0 && part->unnamed >= 0)
    code = give_name (part, part->unnamed);
  if (code != 0)
    return code;
  if (part->unnamed >= 0)
    close (part->unnamed);
  part->unnamed = -1;
  if (info.st_mode != 0)
    {
      part->old = second_name (part->path, ! alone);
      if (part->old != NULL)
        part->old_entry = enter (part->old);
      else if (! alone)
        return errno;
    }
  part->is_placed = TRUE;
  if (part->temporary != NULL && rename (part->temporary, part->path) != 0)
    return errno;
  leave (&part->entry);
  g_clear_pointer (&part->temporary, g_free);
  /* It was replaced in one go, but cannot come back. */
  part->is_kept = info.st_mode != 0 && part->old == NULL;
  return 0;
}

static void
take_back (UnclipPart *part)
{
  if (part->is_placed && part->old != NULL)
    rename (part->old, part->path);
  else if (part->is_placed && part->temporary == NULL && unlink (part->path) != 0)
    rmdir (part->path);
  /* Two names of one file stay two. */
  if (part->old != NULL)
    unlink (part->old);
  leave (&part->old_entry);
  g_clear_pointer (&part->old, g_free);
  part->is_placed = FALSE;
}

UnclipPart *
unclip_part_hold (const char *path, GError **error)
{
  g_autoptr (UnclipPart) part = part_new (path);
  int code;

  part->path = follow (path);
  if (part->path == NULL)
    code = errno;
  else
    {
      g_mutex_lock (&lock);
      code = place (part, TRUE);
      g_mutex_unlock (&lock);
    }
  if (code != 0)
    {
      fail (path, code, error);
      return NULL;
    }
  return g_steal_pointer (&part);
}

/* Brings names in it to the disk; 0 or an error code. */
static int
sync_folder (const char *dir)
{
  int folder = open (dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;

  /* One that may be written to but not read is as good as others. */
  if (folder < 0)
    return 0;
  if (fsync (folder) != 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
    code = errno;
  close (folder);
  return code;
}

gboolean
unclip_parts_place (UnclipPart *const *parts, guint n, GError **error)
{
  g_autofree char *synced = NULL;
  const char      *name = NULL;
  int              code = 0;

  g_mutex_lock (&lock);
  for (guint i = 0; i < n && code == 0; i++)
    {
      name = parts[i]->name;
      code = place (parts[i], n == 1);
    }
  for (guint i = 0; i < n && code == 0; i++)
    {
      g_autofree char *dir = g_path_get_dirname (parts[i]->path);

      /* Mostly all are in one folder. */
      if (g_strcmp0 (dir, synced) != 0)
        code = sync_folder (dir);
      g_free (synced);
      synced = g_steal_pointer (&dir);
    }
  for (guint i = n; code != 0 && i > 0; i--)
    take_back (parts[i - 1]);
  g_mutex_unlock (&lock);
  return code == 0 || fail (name, code, error);
}

void
unclip_part_keep (UnclipPart *part)
{
  if (part->old != NULL)
    unlink (part->old);
  leave (&part->old_entry);
  leave (&part->entry);
  part->is_kept = TRUE;
}

void
unclip_part_free (UnclipPart *part)
{
  if (part == NULL)
    return;
  if (part->file != NULL)
    fclose (part->file);
  if (part->unnamed >= 0)
    close (part->unnamed);
  if (! part->is_kept)
    {
      take_back (part);
      if (part->temporary != NULL)
        unlink (part->temporary);
      leave (&part->entry);
    }
  g_free (part->name);
  g_free (part->path);
  g_free (part->temporary);
  g_free (part->old);
  g_free (part);
}
