/* Where pictures go: files that appear all together or not at all, or stdout.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct _CmdOutput
{
  UnclipPart *folder; /* (nullable): one that we made */
  GPtrArray  *files;  /* NULL-terminated paths, as they will be; none for stdout */
  GPtrArray  *parts;  /* element-type UnclipPart: what they are until then */
};

static CmdOutput *
output_new (void)
{
  CmdOutput *output = g_new0 (CmdOutput, 1);

  output->files = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  output->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_part_free);
  return output;
}

/* The last level of a folder, if it is missing. */
static gboolean
make_folder (CmdOutput   *output,
             const char  *dir,
             GError     **error)
{
  if (g_mkdir (dir, 0777) == 0)
    output->folder = unclip_part_adopt (dir);
  else if (errno != EEXIST)
    {
      g_autofree char *display_name = g_filename_display_name (dir);

      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("The folder %s cannot be made: %s"), display_name, g_strerror (errno));
      return FALSE;
    }
  return TRUE;
}

static gboolean
expect (CmdOutput   *output,
        const char  *dir,
        const char  *name,
        GError     **error)
{
  char *path = g_strcmp0 (dir, ".") == 0 ? g_strdup (name) : g_build_filename (dir, name, NULL);

  g_ptr_array_add (output->files, path);
  return unclip_part_check (path, error);
}

CmdOutput *
cmd_output_new_in (const char  *dir,
                   char       **names,
                   GError     **error)
{
  g_autoptr (CmdOutput) output = output_new ();

  if (strcmp (dir, "-") == 0)
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_USAGE,
                           _("Only one picture can go to stdout, and --out takes a folder here; one with that name is ./-"));
      return NULL;
    }
  if (! make_folder (output, dir, error))
    return NULL;
  for (; *names != NULL; names++)
    if (! expect (output, dir, *names, error))
      return NULL;
  return g_steal_pointer (&output);
}

/* "F.png" for (0, 1) and "F-2.png" for (1, 3). */
static char *
numbered (const char *name,
          int         i,
          int         n)
{
  const char *dot = strrchr (name, '.');
  int         stem = dot != NULL ? dot - name : (int) strlen (name);

  return n == 1 ? g_strdup (name) : g_strdup_printf ("%.*s-%d%s", stem, name, i + 1, dot != NULL ? dot : "");
}

static CmdOutput *
to_stdout (const CmdJob  *job,
           const char    *suffix,
           int            n,
           GError       **error)
{
  const char *why = NULL;

  if (strcmp (suffix, ".png") != 0)
    why = _("Only pictures can go to stdout; a file with that name is ./-");
  else if (n > 1)
    why = _("Only one picture can go to stdout, and this makes several; a file with that name is ./-");
  else if (job->json)
    why = _("Either the picture or what --json says can go to stdout, not both");
  else if (isatty (STDOUT_FILENO))
    why = _("The picture would go to the terminal; send it to a file or to another program");
  if (why == NULL)
    return output_new ();
  g_set_error_literal (error, CMD_ERROR, CMD_ERROR_USAGE, why);
  return NULL;
}

CmdOutput *
cmd_output_new_file (const CmdJob  *job,
                     const char    *path,
                     const char    *suffix,
                     int            n,
                     GError       **error)
{
  g_autofree char *dir = g_path_get_dirname (path), *name = g_path_get_basename (path);
  g_autoptr (CmdOutput) output = NULL;
  const char *dot = strrchr (name, '.');

  if (strcmp (path, "-") == 0)
    return to_stdout (job, suffix, n, error);
  if (*path == '\0' || (dot != NULL && g_ascii_strcasecmp (dot, suffix) != 0))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("--out takes a file name that ends in %s, not \"%s\""), suffix, path);
      return NULL;
    }
  /* Renaming would put our file in the place of a device, too. */
  if (g_str_has_suffix (path, "/") || (g_file_test (path, G_FILE_TEST_EXISTS) && ! g_file_test (path, G_FILE_TEST_IS_REGULAR)))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a file; give --out the name of a file"), path);
      return NULL;
    }
  output = output_new ();
  if (! make_folder (output, dir, error))
    return NULL;
  for (int i = 0; i < n; i++)
    {
      g_autofree char *file_name = numbered (name, i, n);

      if (! expect (output, dir, file_name, error))
        return NULL;
    }
  return g_steal_pointer (&output);
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

/* An UnclipWriteRows. */
static gboolean
write_rows (int           y,
            int           n,
            const float  *rows,
            gpointer      data,
            GError      **error)
{
  return cmd_png_rows (data, rows, n, error);
}

/* Where the next picture goes to; NULL: failed. @part: (out): what it is until it has its name, NULL for stdout */
static FILE *
next_file (CmdOutput   *output,
           UnclipPart **part,
           GError     **error)
{
  *part = NULL;
  if (output->files->len == 0)
    return stdout;
  *part = unclip_part_new (g_ptr_array_index (output->files, output->parts->len), error);
  if (*part == NULL)
    return NULL;
  g_ptr_array_add (output->parts, *part);
  return unclip_part_file (*part);
}

static gboolean
close_file (UnclipPart  *part,
            GError     **error)
{
  if (part != NULL)
    return unclip_part_close (part, error);
  if (fflush (stdout) == 0)
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s"), "stdout", g_strerror (errno));
  return FALSE;
}

gboolean
cmd_output_add (CmdOutput          *output,
                const UnclipImage  *image,
                const char         *xmp,
                GError            **error)
{
  UnclipPart *part;
  FILE       *file = next_file (output, &part, error);
  g_autoptr (CmdPng) png = NULL;

  if (file == NULL)
    return FALSE;
  png = cmd_png_new (file, image->width, image->height, image->n_channels, xmp, part != NULL ? unclip_part_path (part) : "stdout", error);
  return png != NULL && cmd_png_rows (png, image->pixels, image->height, error) && cmd_png_end (png, error) && close_file (part, error);
}

gboolean
cmd_output_add_fitted (CmdOutput            *output,
                       CmdPicture           *original,
                       const UnclipImage    *before,
                       const UnclipImage    *after,
                       const UnclipOptions  *options,
                       const char           *xmp,
                       GError              **error)
{
  UnclipPart *part;
  FILE       *file = next_file (output, &part, error);
  UnclipRows  rows = cmd_picture_rows (original);
  g_autoptr (CmdPng) png = NULL;

  if (file == NULL)
    return FALSE;
  png = cmd_png_new (file, rows.width, rows.height, rows.n_channels, xmp, part != NULL ? unclip_part_path (part) : "stdout", error);
  return png != NULL && unclip_frame_return_rows (&rows, before, after, options, write_rows, png, error) && cmd_png_end (png, error)
         && close_file (part, error);
}

const char *
cmd_output_hold (CmdOutput  *output,
                 GError    **error)
{
  const char *path = g_ptr_array_index (output->files, 0);
  UnclipPart *part = unclip_part_hold (path, error);

  if (part == NULL)
    return NULL;
  g_ptr_array_add (output->parts, part);
  return path;
}

gboolean
cmd_output_commit (CmdOutput  *output,
                   GError    **error)
{
  return unclip_parts_place ((UnclipPart *const *) output->parts->pdata, output->parts->len, error);
}

void
cmd_output_keep (CmdOutput *output)
{
  for (guint i = 0; i < output->parts->len; i++)
    unclip_part_keep (g_ptr_array_index (output->parts, i));
  if (output->folder != NULL)
    unclip_part_keep (output->folder);
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
  g_ptr_array_unref (output->parts);
  g_ptr_array_unref (output->files);
  unclip_part_free (output->folder);
  g_free (output);
}
