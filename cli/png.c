/* PNG by libpng's full interface: the simplified one turns 16-bit values into linear light.
 *
 * libpng reports errors by longjmp; whatever has to be freed then lives in one struct, outside the
 * functions that it jumps over. gAMA and cHRM are not looked at: values without a profile count as sRGB.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <png.h>
#include <string.h>

#define XMP_KEY "XML:com.adobe.xmp"

static void
ignore_warning (png_structp     png,
                png_const_charp message)
{
}

/* ---- reading ------------------------------------------------------------------------------ */

typedef struct
{
  const char   *path;
  png_structp   png;
  png_infop     info;
  const guint8 *data; /* [size], of which what is before @at has been read */
  gsize         size, at;
  CmdPicture   *picture;
  GError       *error;
} Reader;

static G_NORETURN void
stop_reading (png_structp     png,
              png_const_charp message)
{
  Reader *self = png_get_error_ptr (png);

  g_clear_error (&self->error);
  g_set_error (&self->error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is damaged or cut short: %s"), self->path, message);
  png_longjmp (png, 1);
}

static void
read_bytes (png_structp png,
            png_bytep   bytes,
            size_t      n)
{
  Reader *self = png_get_io_ptr (png);

  if (n > self->size - self->at)
    png_error (png, _("it has no end"));
  memcpy (bytes, self->data + self->at, n);
  self->at += n;
}

/* RGB or RGBA with 8 or 16 bits, whatever is in the file. */
static void
ask_for_rgb (Reader *self)
{
  int color_type = png_get_color_type (self->png, self->info);

  png_set_expand (self->png); /* palettes, fewer than 8 bits, tRNS */
  if (color_type == PNG_COLOR_TYPE_GRAY || color_type == PNG_COLOR_TYPE_GRAY_ALPHA)
    png_set_gray_to_rgb (self->png);
  if (G_BYTE_ORDER == G_LITTLE_ENDIAN && png_get_bit_depth (self->png, self->info) == 16)
    png_set_swap (self->png);
}

static gboolean
read_rows (Reader *self)
{
  int w = png_get_image_width (self->png, self->info), h = png_get_image_height (self->png, self->info);
  int n_passes, c, depth;

  ask_for_rgb (self);
  n_passes = png_set_interlace_handling (self->png);
  png_read_update_info (self->png, self->info);
  c = png_get_channels (self->png, self->info);
  depth = png_get_bit_depth (self->png, self->info);
  if (! cmd_picture_check_size (self->path, w, h, c * depth / 8, &self->error))
    return FALSE;
  self->picture = cmd_picture_new (w, h, c, depth);
  if (self->picture == NULL)
    return cmd_picture_no_memory (self->path, &self->error);

  for (int pass = 0; pass < n_passes; pass++)
    for (int y = 0; y < h; y++)
      png_read_row (self->png, self->picture->rows + y * self->picture->stride, NULL);
  png_read_end (self->png, self->info);
  return TRUE;
}

static gboolean
read_all (Reader *self)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  png_set_read_fn (self->png, self, read_bytes);
  png_set_user_limits (self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* we have our own */
  png_read_info (self->png, self->info);
  /* Before anything depends on it; what the rows take is known later. */
  return cmd_picture_check_size (self->path, png_get_image_width (self->png, self->info),
                                 png_get_image_height (self->png, self->info), 1, &self->error)
         && read_rows (self);
}

/* Chunks may also follow the pixels. */
static void
read_aside (Reader   *self,
            CmdAside *aside)
{
  png_charp   name;
  png_bytep   profile, exif;
  png_uint_32 size;
  png_textp   texts;
  int         method, n_texts = 0;

  if (png_get_iCCP (self->png, self->info, &name, &method, &profile, &size) == PNG_INFO_iCCP)
    aside->profile = g_bytes_new (profile, size);
  if (png_get_eXIf_1 (self->png, self->info, &size, &exif) == PNG_INFO_eXIf)
    aside->orientation = cmd_exif_orientation (exif, size);
  png_get_text (self->png, self->info, &texts, &n_texts);
  /* May be compressed, so that it is not to be found in the file. */
  for (int i = 0; i < n_texts; i++)
    if (strcmp (texts[i].key, XMP_KEY) == 0)
      aside->is_generated = cmd_metadata_is_generated (texts[i].text, strlen (texts[i].text));
}

CmdPicture *
cmd_png_read (const char  *path,
              GBytes      *file,
              CmdAside    *aside,
              GError     **error)
{
  Reader self = { .path = path };

  self.data = g_bytes_get_data (file, &self.size);
  self.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &self, stop_reading, ignore_warning);
  self.info = png_create_info_struct (self.png);
  if (read_all (&self))
    read_aside (&self, aside);
  else
    {
      g_propagate_error (error, self.error);
      g_clear_pointer (&self.picture, cmd_picture_free);
    }
  png_destroy_read_struct (&self.png, &self.info, NULL);
  return self.picture;
}

/* ---- writing ------------------------------------------------------------------------------ */

struct _CmdPng
{
  const char *path;
  png_structp png;
  png_infop   info;
  gsize       n;     /* values of a row */
  guint8     *bytes; /* a row */
  GError     *error;
};

static G_NORETURN void
stop_writing (png_structp     png,
              png_const_charp message)
{
  CmdPng *self = png_get_error_ptr (png);

  g_clear_error (&self->error);
  g_set_error (&self->error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s"), self->path, message);
  png_longjmp (png, 1);
}

static void
write_bytes (png_structp png,
             png_bytep   bytes,
             size_t      n)
{
  if (fwrite (bytes, 1, n, png_get_io_ptr (png)) != n)
    png_error (png, g_strerror (errno));
}

static void
do_nothing (png_structp png)
{
}

static void
set_xmp (CmdPng     *self,
         const char *xmp)
{
  png_text text = { .compression = PNG_ITXT_COMPRESSION_NONE, .key = XMP_KEY, .text = (char *) xmp };

  if (xmp != NULL)
    png_set_text (self->png, self->info, &text, 1);
}

static gboolean
write_header (CmdPng     *self,
              FILE       *file,
              int         width,
              int         height,
              int         n_channels,
              const char *xmp)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  png_set_write_fn (self->png, file, write_bytes, do_nothing);
  png_set_IHDR (self->png, self->info, width, height, 8,
                n_channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB (self->png, self->info, PNG_sRGB_INTENT_PERCEPTUAL);
  set_xmp (self, xmp);
  png_write_info (self->png, self->info);
  return TRUE;
}

static void
quantise_row (const float *in,
              guint8      *bytes,
              gsize        n)
{
  /* The comparison this way round makes a NaN black. */
  for (gsize i = 0; i < n; i++)
    bytes[i] = in[i] > 0 ? (guint8) (MIN (in[i], 1.0f) * 255.0f + 0.5f) : 0;
}

static gboolean
write_rows (CmdPng      *self,
            const float *rows,
            int          n)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  for (int i = 0; i < n; i++)
    {
      quantise_row (rows + i * self->n, self->bytes, self->n);
      png_write_row (self->png, self->bytes);
    }
  return TRUE;
}

static gboolean
write_end (CmdPng *self)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  png_write_end (self->png, NULL);
  return TRUE;
}

static gboolean
check (CmdPng    *self,
       gboolean   is_written,
       GError   **error)
{
  if (! is_written)
    g_propagate_error (error, g_steal_pointer (&self->error));
  return is_written;
}

CmdPng *
cmd_png_new (FILE        *file,
             int          width,
             int          height,
             int          n_channels,
             const char  *xmp,
             const char  *path,
             GError     **error)
{
  g_autoptr (CmdPng) self = g_new0 (CmdPng, 1);

  self->path = path;
  self->n = (gsize) width * n_channels;
  self->bytes = g_malloc (self->n);
  self->png = png_create_write_struct (PNG_LIBPNG_VER_STRING, self, stop_writing, ignore_warning);
  self->info = png_create_info_struct (self->png);
  return check (self, write_header (self, file, width, height, n_channels, xmp), error) ? g_steal_pointer (&self) : NULL;
}

gboolean
cmd_png_rows (CmdPng       *self,
              const float  *rows,
              int           n,
              GError      **error)
{
  return check (self, write_rows (self, rows, n), error);
}

gboolean
cmd_png_end (CmdPng  *self,
             GError **error)
{
  return check (self, write_end (self), error);
}

void
cmd_png_free (CmdPng *self)
{
  if (self == NULL)
    return;
  png_destroy_write_struct (&self->png, &self->info);
  g_clear_error (&self->error);
  g_free (self->bytes);
  g_free (self);
}
