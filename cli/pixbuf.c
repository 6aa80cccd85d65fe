/* Pictures of every kind that gdk-pixbuf has a loader for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gi18n.h>
#include <string.h>

/* Fed to a loader at a time: a header is within the first. */
#define CHUNK 65536
#define GIF_PIXEL 5
/* The largest that there is, version 5's. */
#define BMP_HEADER 124

/* What a pixel takes while it is decoded, the result's 3 or 4 bytes included; measured on pictures of 24 megapixels. */
static const struct
{
  const char *name;
  int         bytes;
} costs[] = {
  { "gif", GIF_PIXEL }, { "ani", 5 }, { "jpeg", 3 }, { "bmp", 3 }, { "tiff", 5 }, { "avif", 5 }, { "heif/avif", 5 }, { "jxl", 5 },
};

/* Kinds that not every system can read. */
static const struct
{
  const char *at_4, *at_8, *start, *name, *package;
} optional[] = {
  { NULL, "WEBP", NULL, "WebP", "webp-pixbuf-loader" },
  { "ftyp", "avif", NULL, "AVIF", "libavif-gdk-pixbuf" },
  { "ftyp", "avis", NULL, "AVIF", "libavif-gdk-pixbuf" },
  { "ftyp", NULL, NULL, "HEIF", "heif-gdk-pixbuf" },
  { NULL, NULL, "\xff\x0a", "JPEG XL", "libjxl-gdk-pixbuf" },
  { "JXL ", NULL, NULL, "JPEG XL", "libjxl-gdk-pixbuf" },
  { NULL, NULL, "<svg", "SVG", "librsvg2-common" },
};

typedef struct
{
  int     width, height;
  guint8 *has_row; /* [height]: rows that the loader has said it wrote; NULL: none */
} Sight;

static gboolean
has_at (const char   *wanted,
        gsize         at,
        const guint8 *data,
        gsize         size)
{
  return wanted == NULL || (size >= at + strlen (wanted) && memcmp (data + at, wanted, strlen (wanted)) == 0);
}

static void
refuse (const char    *path,
        const guint8  *data,
        gsize          size,
        GError       **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (optional); i++)
    if (has_at (optional[i].at_4, 4, data, size) && has_at (optional[i].at_8, 8, data, size) && has_at (optional[i].start, 0, data, size))
      {
        g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED,
                     _("%s is a picture in the format %s, which cannot be read here or is damaged; install the package %s, or save it as PNG"),
                     path, optional[i].name, optional[i].package);
        return;
      }
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is not a picture that can be read; PNG and JPEG always can"), path);
}

/* Whether a JPEG ends before its end marker. libjpeg would make the rest grey, and say that all is well.
 * Markers inside segments, of thumbnails, do not count, nor does what comes after the end. */
static gboolean
is_cut_jpeg (const guint8 *data,
             gsize         size)
{
  gsize i = 2;

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

/* Bytes a pixel of the coefficients that a JPEG's loader holds: all of them, 16 bits each, where its scans do not each have all of the
 * picture; else none. Colours may have fewer than there are pixels: frame and scan headers, which are among the segments before the data, say so. */
static int
coefficients_of_jpeg (const guint8 *data,
                      gsize         size)
{
  gsize    i = 2;
  gboolean is_progressive = FALSE;
  int      n_components = 0, n_samples = 0, across = 1, down = 1;

  while (i + 4 < size && data[i] == 0xff)
    {
      guint8 marker = data[i + 1];

      if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc && i + 9 < size)
        {
          is_progressive = marker == 0xc2 || marker == 0xca;
          n_components = data[i + 9];
          for (int c = 0; c < n_components && i + 11 + 3 * c < size; c++)
            {
              int h = data[i + 11 + 3 * c] >> 4, v = data[i + 11 + 3 * c] & 15;

              n_samples += h * v;
              across = MAX (across, h);
              down = MAX (down, v);
            }
        }
      else if (marker == 0xda)
        return is_progressive || data[i + 4] < n_components ? (2 * n_samples + across * down - 1) / (across * down) : 0;
      i += 2 + (data[i + 2] << 8 | data[i + 3]);
    }
  return 0;
}

/* Also one in a QuickTime picture. */
static gboolean
has_cut_jpeg (const char   *format,
              const guint8 *data,
              gsize         size)
{
  static const guint8 start[] = { 0xff, 0xd8, 0xff };
  const guint8       *jpeg;

  if (strcmp (format, "jpeg") != 0 && strcmp (format, "qtif") != 0)
    return FALSE;
  jpeg = memmem (data, size, start, sizeof start);
  return jpeg != NULL && is_cut_jpeg (jpeg, data + size - jpeg);
}

static void
on_size (GdkPixbufLoader *loader,
         int              width,
         int              height,
         Sight           *sight)
{
  sight->width = width;
  sight->height = height;
  /* So they stop before they take memory. */
  gdk_pixbuf_loader_set_size (loader, 0, 0);
}

static void
on_area (GdkPixbufLoader *loader,
         int              x,
         int              y,
         int              width,
         int              height,
         Sight           *sight)
{
  if (sight->has_row == NULL)
    sight->has_row = g_malloc0 (sight->height);
  for (int i = MAX (y, 0); x <= 0 && width >= sight->width && i < MIN (y + height, sight->height); i++)
    sight->has_row[i] = TRUE;
}

/* gdk-pixbuf makes room for as large a header as a BMP says it has, and for all that it says lies before the pixels. */
static gboolean
is_vast_bmp (const guint8 *data,
             gsize         size)
{
  guint32 where[2]; /* the pixels' place, the header's size */

  if (! has_at ("BM", 0, data, size) || size < 10 + sizeof where)
    return FALSE;
  memcpy (where, data + 10, sizeof where);
  return GUINT32_FROM_LE (where[0]) > size || GUINT32_FROM_LE (where[1]) > BMP_HEADER;
}

/* Behind the sub-blocks that begin at @i, or beyond the end. */
static gsize
skip_sub_blocks (const guint8 *data,
                 gsize         size,
                 gsize         i)
{
  while (i < size && data[i] != 0)
    i += 1 + data[i];
  return i + 1;
}

static gsize
gif_colours (guint8 flags)
{
  return (flags & 0x80) != 0 ? (gsize) 3 << ((flags & 7) + 1) : 0;
}

/* A GIF's frames have sizes of their own, for which gdk-pixbuf makes room, however small the whole is said to be. Between
 * blocks it passes over what it does not know. */
static gboolean
check_gif_frames (const char    *path,
                  const guint8  *data,
                  gsize          size,
                  GError       **error)
{
  gsize i = size >= 13 ? 13 + gif_colours (data[10]) : size;

  if (! has_at ("GIF8", 0, data, size))
    return TRUE;
  while (i < size && data[i] != ';')
    if (data[i] == '!')
      i = skip_sub_blocks (data, size, i + 2);
    else if (data[i] == ',' && i + 10 < size)
      {
        int w = data[i + 5] | data[i + 6] << 8, h = data[i + 7] | data[i + 8] << 8;

        if (w > 0 && h > 0 && ! cmd_picture_check_size (path, w, h, GIF_PIXEL, error))
          return FALSE;
        i = skip_sub_blocks (data, size, i + 11 + gif_colours (data[i + 9]));
      }
    else
      i++;
  return TRUE;
}

/* The kind and the size of a picture, from the file's start. @format: transfer full */
static gboolean
look (const char    *path,
      const guint8  *data,
      gsize          size,
      Sight         *sight,
      char         **format,
      GError       **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  GdkPixbufFormat *kind;
  gboolean         goes_on = ! is_vast_bmp (data, size);

  g_signal_connect (loader, "size-prepared", G_CALLBACK (on_size), sight);
  for (gsize at = 0; goes_on && sight->width == 0 && at < size; at += CHUNK)
    goes_on = gdk_pixbuf_loader_write (loader, data + at, MIN (CHUNK, size - at), NULL);
  /* Short files are looked at no sooner. */
  gdk_pixbuf_loader_close (loader, NULL);
  kind = gdk_pixbuf_loader_get_format (loader);
  *format = kind != NULL ? gdk_pixbuf_format_get_name (kind) : NULL;
  if (sight->width > 0 && sight->height > 0 && *format != NULL)
    return TRUE;
  refuse (path, data, size, error);
  return FALSE;
}

static int
cost_of (const char   *format,
         const guint8 *data,
         gsize         size)
{
  for (guint i = 0; i < G_N_ELEMENTS (costs); i++)
    if (strcmp (costs[i].name, format) == 0)
      return costs[i].bytes + (strcmp (format, "jpeg") == 0 ? coefficients_of_jpeg (data, size) : 0);
  return 4;
}

/* Loaders for files that come over a network are content with half of them; what they did not write is black. */
static gboolean
is_whole (const Sight *sight)
{
  return sight->has_row != NULL && memchr (sight->has_row, FALSE, sight->height) == NULL;
}

static gboolean
fail (const char    *path,
      const GError  *cause,
      GError       **error)
{
  if (g_error_matches (cause, GDK_PIXBUF_ERROR, GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY))
    return cmd_picture_no_memory (path, error);
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is damaged or cut short: %s"), path, cause != NULL ? cause->message : _("it has no end"));
  return FALSE;
}

/* transfer full */
static GdkPixbuf *
load (const char    *path,
      const guint8  *data,
      gsize          size,
      Sight         *sight,
      const char    *format,
      GError       **error)
{
  g_autoptr (GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  g_autoptr (GError) cause = NULL;
  GdkPixbuf *pixbuf = NULL;
  gboolean   is_written = TRUE;

  g_signal_connect (loader, "area-updated", G_CALLBACK (on_area), sight);
  for (gsize at = 0; is_written && at < size; at += CHUNK)
    is_written = gdk_pixbuf_loader_write (loader, data + at, MIN (CHUNK, size - at), &cause);
  if (gdk_pixbuf_loader_close (loader, is_written ? &cause : NULL) && is_written)
    pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  /* A GIF's first frame may be smaller than its picture; that loader tells of cut files. */
  if (pixbuf == NULL || has_cut_jpeg (format, data, size) || (strcmp (format, "gif") != 0 && ! is_whole (sight)))
    {
      fail (path, cause, error);
      return NULL;
    }
  return g_object_ref (pixbuf);
}

/* EXIF in a WebP, which its loader does not look at. RIFF: name, size and contents, of even length. */
static int
orientation_of_webp (const guint8 *data,
                     gsize         size)
{
  gsize at = 12;

  while (at < size && size - at >= 8)
    {
      guint32 length = data[at + 4] | data[at + 5] << 8 | data[at + 6] << 16 | (guint32) data[at + 7] << 24;

      if (length > size - at - 8)
        return 0;
      if (memcmp (data + at, "EXIF", 4) == 0)
        return cmd_exif_orientation (data + at + 8, length);
      at += 8 + (gsize) length + length % 2;
    }
  return 0;
}

/* libtiff gives colours that are multiplied with alpha. */
static void
divide_by_alpha (GdkPixbuf *pixbuf)
{
  guint8 *pixels = gdk_pixbuf_get_pixels (pixbuf);
  int     stride = gdk_pixbuf_get_rowstride (pixbuf);

  for (int y = 0; y < gdk_pixbuf_get_height (pixbuf); y++)
    for (guint8 *pixel = pixels + (gsize) y * stride, *end = pixel + 4 * gdk_pixbuf_get_width (pixbuf); pixel < end; pixel += 4)
      for (int c = 0; c < 3 && pixel[3] > 0; c++)
        pixel[c] = MIN ((pixel[c] * 255 + pixel[3] / 2) / pixel[3], 255);
}

static void
read_aside (GdkPixbuf *pixbuf,
            CmdAside  *aside)
{
  const char *orientation = gdk_pixbuf_get_option (pixbuf, "orientation"), *profile = gdk_pixbuf_get_option (pixbuf, "icc-profile");
  gsize       size;

  if (orientation != NULL)
    aside->orientation = (int) g_ascii_strtoll (orientation, NULL, 10);
  if (profile != NULL)
    {
      guchar *data = g_base64_decode (profile, &size);

      aside->profile = g_bytes_new_take (data, size);
    }
}

CmdPicture *
cmd_pixbuf_read (const char  *path,
                 GBytes      *file,
                 CmdAside    *aside,
                 GError     **error)
{
  g_autofree char *format = NULL;
  Sight            sight = { 0 };
  GdkPixbuf       *pixbuf = NULL;
  CmdPicture      *picture;
  gsize            size;
  const guint8    *data = g_bytes_get_data (file, &size);

  if (look (path, data, size, &sight, &format, error)
      && cmd_picture_check_size (path, sight.width, sight.height, cost_of (format, data, size), error)
      && check_gif_frames (path, data, size, error))
    pixbuf = load (path, data, size, &sight, format, error);
  g_free (sight.has_row);
  if (pixbuf == NULL)
    return NULL;

  read_aside (pixbuf, aside);
  if (strcmp (format, "webp") == 0 && aside->orientation == 0)
    aside->orientation = orientation_of_webp (data, size);
  if (strcmp (format, "tiff") == 0 && gdk_pixbuf_get_has_alpha (pixbuf))
    divide_by_alpha (pixbuf);
  picture = g_new0 (CmdPicture, 1);
  picture->width = gdk_pixbuf_get_width (pixbuf);
  picture->height = gdk_pixbuf_get_height (pixbuf);
  picture->n_channels = gdk_pixbuf_get_n_channels (pixbuf);
  picture->depth = 8;
  picture->stride = gdk_pixbuf_get_rowstride (pixbuf);
  picture->rows = gdk_pixbuf_get_pixels (pixbuf);
  picture->owner = pixbuf;
  picture->owner_free = g_object_unref;
  return cmd_picture_held (picture);
}
