/* See picture.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 200 megapixels, more than any camera's. */
#define MAX_PIXELS 200000000

/* ---- memory ------------------------------------------------------------------------------------------ */

CmdPicture *
cmd_picture_new (int width,
                 int height,
                 int n_channels,
                 int depth)
{
  CmdPicture *picture = g_new0 (CmdPicture, 1);

  picture->width = width;
  picture->height = height;
  picture->n_channels = n_channels;
  picture->depth = depth;
  picture->stride = (gsize) width * n_channels * depth / 8;
  picture->rows = picture->owner = g_try_malloc0_n (height, picture->stride);
  if (picture->rows == NULL)
    {
      g_free (picture);
      return NULL;
    }
  return cmd_picture_held (picture);
}

CmdPicture *
cmd_picture_held (CmdPicture *picture)
{
  unclip_memory_hold (picture->height * (gint64) picture->stride);
  return picture;
}

void
cmd_picture_free (CmdPicture *picture)
{
  if (picture == NULL)
    return;
  unclip_memory_hold (-picture->height * (gint64) picture->stride);
  if (picture->owner_free != NULL)
    picture->owner_free (picture->owner);
  else
    g_free (picture->owner);
  g_free (picture);
}

gboolean
cmd_picture_no_memory (const char  *path,
                       GError     **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture %s"), path);
  return FALSE;
}

static gboolean
check_memory (const char  *path,
              guint64      needed,
              GError     **error)
{
  guint64          available = unclip_memory_available ();
  g_autofree char *taken = NULL, *free_size = NULL;

  if (available == 0 || needed <= available)
    return TRUE;
  taken = g_format_size (needed);
  free_size = g_format_size (available);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("The picture %s takes %s of memory, and %s are free; make it smaller first"),
               path, taken, free_size);
  return FALSE;
}

gboolean
cmd_picture_check_size (const char  *path,
                        int          width,
                        int          height,
                        int          bytes_per_pixel,
                        GError     **error)
{
  gint64 n = (gint64) width * height;

  if (width > 0 && height > 0 && n <= MAX_PIXELS)
    return check_memory (path, n * bytes_per_pixel, error);
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED,
               _("%s has %d x %d pixels; at most %d megapixels are read, so make it smaller first"),
               path, width, height, MAX_PIXELS / 1000000);
  return FALSE;
}

/* ---- files ------------------------------------------------------------------------------------------- */

static GBytes *
fail (const char  *path,
      int          code,
      GError     **error)
{
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be read: %s"), path, g_strerror (code));
  return NULL;
}

/* Read and not mapped, as somebody may be writing to it; what is decoded then is one state of it. */
static GBytes *
read_open_file (const char  *path,
                int          file,
                GError     **error)
{
  g_autofree guint8 *data = NULL;
  struct stat        info;
  gsize              size = 0;

  if (fstat (file, &info) != 0)
    return fail (path, errno, error);
  /* A pipe or a device would be read for ever. */
  if (! S_ISREG (info.st_mode))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a file"), path);
      return NULL;
    }
  if (! check_memory (path, info.st_size, error))
    return NULL;
  data = g_try_malloc (info.st_size + 1);
  if (data == NULL)
    {
      cmd_picture_no_memory (path, error);
      return NULL;
    }
  while (size < (gsize) info.st_size)
    {
      ssize_t n = read (file, data + size, info.st_size - size);

      if (n < 0 && errno != EINTR)
        return fail (path, errno, error);
      if (n == 0)
        break;
      size += MAX (n, 0);
    }
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

static GBytes *
read_file (const char  *path,
           GError     **error)
{
  /* One that waits for a writer does not open at once otherwise. */
  int     file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  GBytes *bytes;

  if (file < 0)
    return fail (path, errno, error);
  bytes = read_open_file (path, file, error);
  close (file);
  return bytes;
}

/* ---- the right way up ----------------------------------------------------------------------------------- */

static CmdPicture *
turn (CmdPicture  *picture,
      int          orientation,
      const char  *path,
      GError     **error)
{
  g_autoptr (CmdPicture) original = picture;
  gboolean    is_swapped = orientation >= 5;
  gboolean    from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  gboolean    from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  int         w = is_swapped ? picture->height : picture->width, h = is_swapped ? picture->width : picture->height;
  gsize       size = picture->n_channels * picture->depth / 8;
  CmdPicture *turned = NULL;

  if (orientation <= 1 || orientation > 8)
    return g_steal_pointer (&original);
  if (cmd_picture_check_size (path, w, h, size, error))
    turned = cmd_picture_new (w, h, picture->n_channels, picture->depth);
  if (turned == NULL)
    {
      if (error == NULL || *error == NULL)
        cmd_picture_no_memory (path, error);
      return NULL;
    }
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        int from_x = is_swapped ? y : x, from_y = is_swapped ? x : y;

        if (from_right)
          from_x = picture->width - 1 - from_x;
        if (from_below)
          from_y = picture->height - 1 - from_y;
        memcpy (turned->rows + y * turned->stride + x * size, picture->rows + from_y * picture->stride + from_x * size, size);
      }
  return turned;
}

CmdPicture *
cmd_picture_read (const char  *path,
                  gboolean    *is_generated,
                  GError     **error)
{
  static const guint8 signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  g_autofree char    *name = g_filename_display_name (path);
  g_autoptr (GBytes)  file = read_file (path, error);
  CmdAside            aside = { 0 };
  CmdPicture         *picture;
  const guint8       *data;
  gsize               size;

  if (file == NULL)
    return NULL;
  data = g_bytes_get_data (file, &size);
  unclip_memory_hold (size);
  if (size >= sizeof signature && memcmp (data, signature, sizeof signature) == 0)
    picture = cmd_png_read (name, file, &aside, error);
  else
    picture = cmd_pixbuf_read (name, file, &aside, error);
  if (is_generated != NULL)
    *is_generated = aside.is_generated || cmd_metadata_is_generated (data, size);
  g_clear_pointer (&file, g_bytes_unref);
  unclip_memory_hold (-(gint64) size);
  if (picture != NULL && aside.profile != NULL)
    cmd_colour_convert (picture, aside.profile);
  g_clear_pointer (&aside.profile, g_bytes_unref);
  return picture != NULL ? turn (picture, aside.orientation, name, error) : NULL;
}

/* ---- numbers ------------------------------------------------------------------------------------------------ */

/* An UnclipRows' read. */
static gboolean
read_rows (int      y,
           int      n,
           float   *rows,
           gpointer data,
           GError **error)
{
  const CmdPicture *picture = data;
  gsize             n_values = (gsize) picture->width * picture->n_channels;

  for (int i = 0; i < n; i++, rows += n_values)
    {
      const guint8  *bytes = picture->rows + (y + i) * picture->stride;
      const guint16 *words = (const guint16 *) bytes;

      if (picture->depth == 16)
        for (gsize k = 0; k < n_values; k++)
          rows[k] = words[k] / 65535.0f;
      else
        for (gsize k = 0; k < n_values; k++)
          rows[k] = bytes[k] / 255.0f;
    }
  return TRUE;
}

UnclipRows
cmd_picture_rows (CmdPicture *picture)
{
  return (UnclipRows) { picture->width, picture->height, picture->n_channels, read_rows, picture };
}

UnclipImage *
cmd_picture_read_reduced (const char           *path,
                          const UnclipOptions  *options,
                          gboolean             *is_generated,
                          CmdPicture          **original,
                          GError              **error)
{
  g_autoptr (CmdPicture) picture = cmd_picture_read (path, is_generated, error);
  UnclipImage *image;
  UnclipRows   rows;

  if (picture == NULL)
    return NULL;
  rows = cmd_picture_rows (picture);
  image = unclip_frame_reduce (&rows, options->framing, options->cancellable, error);
  if (image != NULL && original != NULL)
    *original = g_steal_pointer (&picture);
  return image;
}

UnclipImage *
cmd_picture_read_image (const char  *path,
                        gboolean    *is_generated,
                        GError     **error)
{
  g_autoptr (CmdPicture) picture = cmd_picture_read (path, is_generated, error);
  UnclipImage *image;

  if (picture == NULL
      || ! cmd_picture_check_size (path, picture->width, picture->height, picture->n_channels * sizeof (float), error))
    return NULL;
  image = unclip_image_new (picture->width, picture->height, picture->n_channels);
  if (image == NULL)
    cmd_picture_no_memory (path, error);
  else
    read_rows (0, image->height, image->pixels, picture, error);
  return image;
}
