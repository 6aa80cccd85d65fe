/* Pictures from files: PNG by libpng, for its 16 bits, everything else by gdk-pixbuf. Both are decoded
 * only after their size is known to be sane.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <string.h>

/* 200 megapixels, more than any camera's; 3 GB as float RGBA. */
#define MAX_PIXELS 200000000

gboolean
cmd_picture_check_size (const char  *path,
                        int          width,
                        int          height,
                        GError     **error)
{
  if (width > 0 && height > 0 && (gint64) width * height <= MAX_PIXELS)
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED,
               _("%s has %d x %d pixels; at most %d megapixels are read, so make it smaller first"),
               path, width, height, MAX_PIXELS / 1000000);
  return FALSE;
}

static UnclipImage *
image_of_pixbuf (GdkPixbuf   *pixbuf,
                 const char  *path,
                 GError     **error)
{
  int           w = gdk_pixbuf_get_width (pixbuf), h = gdk_pixbuf_get_height (pixbuf);
  int           n_channels = gdk_pixbuf_get_n_channels (pixbuf);
  UnclipImage  *image = unclip_image_new (w, h, n_channels);
  const guint8 *pixels = gdk_pixbuf_read_pixels (pixbuf);

  if (image == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture %s"), path);
      return NULL;
    }
  for (int y = 0; y < h; y++)
    {
      const guint8 *row = pixels + (gsize) y * gdk_pixbuf_get_rowstride (pixbuf);
      float        *out = image->pixels + (gsize) y * w * n_channels;

      for (int i = 0; i < w * n_channels; i++)
        out[i] = row[i] / 255.0f;
    }
  return image;
}

/* Whether a JPEG ends before its end marker. libjpeg would make the rest grey, and say that all is well.
 * Markers inside segments, of thumbnails, do not count, nor does what comes after the end. */
static gboolean
is_cut_jpeg (const guint8 *data,
             gsize         size)
{
  gsize i = 2;

  if (size < 2 || data[0] != 0xff || data[1] != 0xd8)
    return FALSE;
  while (i + 1 < size)
    {
      guint8 marker = data[i + 1];

      if (data[i] != 0xff || marker == 0x00 || marker == 0xff || (marker >= 0xd0 && marker <= 0xd7))
        i++; /* of the compressed data: it is what lies between segments */
      else if (marker == 0xd9)
        return FALSE;
      else if (i + 3 < size)
        i += 2 + (data[i + 2] << 8 | data[i + 3]);
      else
        break;
    }
  return TRUE;
}

static GdkPixbuf *
load_pixbuf (const char  *path,
             GError     **error)
{
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, error);
  g_autoptr (GdkPixbuf) pixbuf = NULL;

  if (map == NULL)
    return NULL;
  if (is_cut_jpeg ((const guint8 *) g_mapped_file_get_contents (map), g_mapped_file_get_length (map)))
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_FAILED, _("it has no end"));
      return NULL;
    }
  pixbuf = gdk_pixbuf_new_from_file (path, error);
  return pixbuf != NULL ? gdk_pixbuf_apply_embedded_orientation (pixbuf) : NULL;
}

static UnclipImage *
read_other (const char  *path,
            GError     **error)
{
  g_autoptr (GdkPixbuf) pixbuf = NULL;
  g_autoptr (GError) cause = NULL;
  int width, height;

  if (gdk_pixbuf_get_file_info (path, &width, &height) == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a picture that can be read; PNG and JPEG always can"), path);
      return NULL;
    }
  if (! cmd_picture_check_size (path, width, height, error))
    return NULL;
  pixbuf = load_pixbuf (path, &cause);
  if (pixbuf == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is damaged or cut short: %s"), path, cause->message);
      return NULL;
    }
  return image_of_pixbuf (pixbuf, path, error);
}

/* EXIF: 1 as it is, 2 to 4 mirrored or turned about, 5 to 8 with sides exchanged. */
static UnclipImage *
turn (const UnclipImage  *image,
      int                 orientation,
      const char         *path,
      GError            **error)
{
  gboolean     is_swapped = orientation >= 5;
  gboolean     from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  gboolean     from_below = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  int          w = is_swapped ? image->height : image->width, h = is_swapped ? image->width : image->height;
  int          c = image->n_channels;
  UnclipImage *turned = unclip_image_new (w, h, c);

  if (turned == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture %s"), path);
      return NULL;
    }
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        int from_x = is_swapped ? y : x, from_y = is_swapped ? x : y;

        if (from_right)
          from_x = image->width - 1 - from_x;
        if (from_below)
          from_y = image->height - 1 - from_y;
        memcpy (turned->pixels + ((gsize) y * w + x) * c,
                image->pixels + ((gsize) from_y * image->width + from_x) * c, c * sizeof (float));
      }
  return turned;
}

static UnclipImage *
read_png (const char  *path,
          FILE        *file,
          int          orientation,
          GError     **error)
{
  g_autoptr (UnclipImage) image = cmd_png_read (file, path, error);

  if (image == NULL || orientation == 1)
    return g_steal_pointer (&image);
  return turn (image, orientation, path, error);
}

static gboolean
is_png (FILE *file)
{
  static const guint8 signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
  guint8              start[8];
  gboolean            is;

  is = fread (start, sizeof start, 1, file) == 1 && memcmp (start, signature, sizeof start) == 0;
  rewind (file);
  return is;
}

UnclipImage *
cmd_picture_read (const char  *path,
                  gboolean    *is_generated,
                  GError     **error)
{
  UnclipImage *image;
  FILE        *file;
  int          orientation;
  gboolean     is_model_made;

  /* A pipe or a device would be read for ever. */
  if (g_file_test (path, G_FILE_TEST_EXISTS) && ! g_file_test (path, G_FILE_TEST_IS_REGULAR))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a file"), path);
      return NULL;
    }
  file = fopen (path, "rbe");
  if (file == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be read: %s"), path, g_strerror (errno));
      return NULL;
    }
  cmd_metadata_read (path, &orientation, &is_model_made);
  if (is_generated != NULL)
    *is_generated = is_model_made;
  image = is_png (file) ? read_png (path, file, orientation, error) : read_other (path, error);
  fclose (file);
  return image;
}

gboolean
cmd_picture_fit (GPtrArray          *results,
                 const UnclipImage  *original,
                 UnclipFraming       framing,
                 GError            **error)
{
  for (guint i = 1; i < results->len; i++)
    {
      UnclipImage *fitted = unclip_frame_return (original, g_ptr_array_index (results, 0),
                                                 g_ptr_array_index (results, i), framing, error);

      if (fitted == NULL)
        return FALSE;
      unclip_image_free (g_ptr_array_index (results, i));
      g_ptr_array_index (results, i) = fitted;
    }
  return TRUE;
}
