/* Files that appear all together or not at all.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _CmdOutput
{
  char      *dir;
  char      *path;    /* of the one file; NULL for a folder */
  gboolean   is_made; /* the folder is ours, and goes if we fail */
  GPtrArray *files;   /* NULL-terminated paths, as they will be */
  GPtrArray *parts;   /* what they are called until then */
};

static gboolean
fail (const char  *path,
      int          code,
      GError     **error)
{
  g_autofree char *name = g_filename_display_name (path);

  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s"), name, g_strerror (code));
  return FALSE;
}

/* A new file beside the others, under a name that nobody has; -1 with errno. */
static int
open_part (CmdOutput  *output,
           char      **part)
{
  *part = g_build_filename (output->dir, ".unclip-XXXXXX", NULL);
  return g_mkstemp_full (*part, O_WRONLY | O_CLOEXEC, 0666);
}

static gboolean
try_to_write (CmdOutput  *output,
              GError    **error)
{
  g_autofree char *part = NULL;
  int file = open_part (output, &part);

  if (file < 0)
    return fail (output->dir, errno, error);
  close (file);
  g_unlink (part);
  return TRUE;
}

CmdOutput *
cmd_output_new_in (const char  *dir,
                   GError     **error)
{
  g_autoptr (CmdOutput) output = g_new0 (CmdOutput, 1);

  output->dir = g_strdup (dir);
  output->files = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  output->parts = g_ptr_array_new_with_free_func (g_free);
  if (g_mkdir (dir, 0777) == 0)
    output->is_made = TRUE;
  else if (errno != EEXIST)
    {
      g_autofree char *display_name = g_filename_display_name (dir);

      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("The folder %s cannot be made: %s"), display_name, g_strerror (errno));
      return NULL;
    }
  return try_to_write (output, error) ? g_steal_pointer (&output) : NULL;
}

/* A file keeps being where a link points to. */
static char *
resolve (const char *path)
{
  g_autofree char *target = NULL;

  if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    target = realpath (path, NULL);
  return g_strdup (target != NULL ? target : path);
}

CmdOutput *
cmd_output_new_file (const char  *path,
                     const char  *suffix,
                     GError     **error)
{
  g_autofree char *resolved = resolve (path);
  g_autofree char *dir = g_path_get_dirname (resolved), *name = g_path_get_basename (resolved);
  CmdOutput  *output;
  const char *dot = strrchr (name, '.');

  if (*path == '\0' || (dot != NULL && g_ascii_strcasecmp (dot, suffix) != 0))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("--out takes a file name that ends in %s, not \"%s\""), suffix, path);
      return NULL;
    }
  /* Renaming would put our file in the place of a device, too. */
  if (g_str_has_suffix (path, "/") || (g_file_test (resolved, G_FILE_TEST_EXISTS) && ! g_file_test (resolved, G_FILE_TEST_IS_REGULAR)))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a file; give --out the name of a file"), path);
      return NULL;
    }
  output = cmd_output_new_in (dir, error);
  if (output != NULL)
    output->path = g_steal_pointer (&resolved);
  return output;
}

const char *
cmd_output_path (const CmdOutput *output)
{
  return output->path;
}

char *
cmd_output_numbered (const CmdOutput *output,
                     int              i,
                     int              n)
{
  g_autofree char *name = g_path_get_basename (output->path);
  char *dot = strrchr (name, '.');

  if (n == 1)
    return g_steal_pointer (&name);
  if (dot != NULL)
    *dot = '\0';
  return g_strdup_printf ("%s-%d%s%s", name, i + 1, dot != NULL ? "." : "", dot != NULL ? dot + 1 : "");
}

char *
cmd_output_stem (const char *path)
{
  char *name = g_path_get_basename (path);
  char *dot = strrchr (name, '.');

  if (dot != NULL && dot != name)
    *dot = '\0';
  return name;
}

const char *
cmd_output_add (CmdOutput          *output,
                const char         *name,
                const UnclipImage  *image,
                GError            **error)
{
  char    *path = g_strcmp0 (output->dir, ".") == 0 ? g_strdup (name) : g_build_filename (output->dir, name, NULL);
  char    *part;
  int      fd = open_part (output, &part), failed;
  FILE    *file;
  gboolean is_written;

  if (fd < 0)
    {
      fail (path, errno, error);
      g_free (path);
      g_free (part);
      return NULL;
    }
  g_ptr_array_add (output->files, path);
  g_ptr_array_add (output->parts, part);

  file = fdopen (fd, "wb");
  is_written = cmd_png_write (file, image, path, error);
  failed = fflush (file) != 0 ? errno : 0;
  fclose (file);
  if (is_written && failed != 0)
    fail (path, failed, error);
  return is_written && failed == 0 ? part : NULL;
}

gboolean
cmd_output_commit (CmdOutput  *output,
                   GError    **error)
{
  for (guint i = 0; i < output->parts->len; i++)
    {
      const char *path = g_ptr_array_index (output->files, i);

      if (g_rename (g_ptr_array_index (output->parts, i), path) != 0)
        return fail (path, errno, error);
    }
  g_ptr_array_set_size (output->parts, 0);
  output->is_made = FALSE;
  return TRUE;
}

const char *const *
cmd_output_files (const CmdOutput *output)
{
  return (const char *const *) output->files->pdata;
}

void
cmd_output_free (CmdOutput *output)
{
  if (output == NULL)
    return;
  /* What has its name already is not there any more under the other. */
  for (guint i = 0; i < output->parts->len; i++)
    g_unlink (g_ptr_array_index (output->parts, i));
  if (output->is_made)
    g_rmdir (output->dir);
  g_ptr_array_unref (output->files);
  g_ptr_array_unref (output->parts);
  g_free (output->dir);
  g_free (output->path);
  g_free (output);
}
