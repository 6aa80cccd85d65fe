/* See read.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define POINTER "version https://git-lfs.github.com/"

static gboolean
cannot_read (const char *path, int code, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be read: %s"), path, g_strerror (code));
  return FALSE;
}

static gboolean
check (int fd, const char *path, gsize max_size, struct stat *status, GError **error)
{
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ENXIO)
    return cannot_read (path, errno, error);
  if (fd < 0 || fstat (fd, status) != 0 || ! S_ISREG (status->st_mode))
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is not there, or is not a file"), path);
  else if ((guint64) status->st_size > max_size)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is far too large for what it should be"), path);
  else
    return TRUE;
  return FALSE;
}

/* @size becomes what is left of it if the file has become shorter. */
static gboolean
read_all (int fd, const char *path, char *text, gsize *size, GError **error)
{
  gsize done = 0;

  while (done < *size)
    {
      gssize n = read (fd, text + done, *size - done);

      if (n < 0 && errno != EINTR)
        return cannot_read (path, errno, error);
      if (n == 0)
        break;
      done += MAX (n, 0);
    }
  *size = done;
  return TRUE;
}

static char *
read_file (int fd, const char *path, gsize max_size, gsize *size, GError **error)
{
  g_autofree char *text = NULL;
  struct stat      status;

  if (! check (fd, path, max_size, &status, error))
    return NULL;
  *size = status.st_size;
  text = g_try_malloc (*size + 1);
  if (text == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for %s; close other programs"), path);
      return NULL;
    }
  if (! read_all (fd, path, text, size, error))
    return NULL;
  text[*size] = '\0';
  return g_steal_pointer (&text);
}

gboolean
unclip_read_is_pointer (const char *text, gsize size, const char *path, GError **error)
{
  if (size < strlen (POINTER) || memcmp (text, POINTER, strlen (POINTER)) != 0)
    return FALSE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
               _("%s is not the file itself but what Git LFS puts in its place; fetch it with \"git lfs pull\", or download it again"), path);
  return TRUE;
}

char *
unclip_read_text (const char *path, gsize max_size, gsize *size, GError **error)
{
  /* A pipe would be waited for. */
  int              fd = g_open (path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
  g_autofree char *text = read_file (fd, path, max_size, size, error);

  if (fd >= 0)
    close (fd);
  if (text == NULL || unclip_read_is_pointer (text, *size, path, error))
    return NULL;
  if (g_str_has_prefix (text, BYTE_ORDER_MARK))
    {
      *size -= strlen (BYTE_ORDER_MARK);
      memmove (text, text + strlen (BYTE_ORDER_MARK), *size + 1);
    }
  return g_steal_pointer (&text);
}
