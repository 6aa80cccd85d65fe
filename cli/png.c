/* PNG by libpng's full interface: the simplified one turns 16-bit values into linear light.
 *
 * libpng reports errors by longjmp; whatever has to be freed then lives in one struct, outside the
 * functions that it jumps over. gAMA, cHRM and iCCP are not looked at: values count as sRGB.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <png.h>
#include <string.h>

typedef struct
{
  const char  *path;
  png_structp  png;
  png_infop    info;
  guint8      *bytes; /* one row, or all of an interlaced picture's */
  UnclipImage *image;
  GError      *error;
} Png;

static void
png_clear (Png *self)
{
  g_free (self->bytes);
  unclip_image_free (self->image);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Png, png_clear)

static void
ignore_warning (png_structp     png,
                png_const_charp message)
{
}

static G_NORETURN void
stop_reading (png_structp     png,
              png_const_charp message)
{
  Png *self = png_get_error_ptr (png);

  g_clear_error (&self->error);
  g_set_error (&self->error, CMD_ERROR, CMD_ERROR_FAILED, _("%s is damaged or cut short: %s"), self->path, message);
  png_longjmp (png, 1);
}

static G_NORETURN void
stop_writing (png_structp     png,
              png_const_charp message)
{
  Png *self = png_get_error_ptr (png);

  g_clear_error (&self->error);
  g_set_error (&self->error, CMD_ERROR, CMD_ERROR_FAILED, _("%s cannot be written: %s"), self->path, message);
  png_longjmp (png, 1);
}

/* ---- reading ------------------------------------------------------------------------------ */

/* RGB or RGBA with 8 or 16 bits, whatever is in the file. */
static void
ask_for_rgb (Png *self)
{
  int color_type = png_get_color_type (self->png, self->info);

  png_set_expand (self->png); /* palettes, fewer than 8 bits, tRNS */
  if (color_type == PNG_COLOR_TYPE_GRAY || color_type == PNG_COLOR_TYPE_GRAY_ALPHA)
    png_set_gray_to_rgb (self->png);
}

static void
convert_row (const guint8 *bytes,
             float        *out,
             gsize         n,
             gboolean      is_16_bit)
{
  for (gsize i = 0; i < n; i++)
    out[i] = is_16_bit ? (bytes[2 * i] << 8 | bytes[2 * i + 1]) / 65535.0f : bytes[i] / 255.0f;
}

static gboolean
read_rows (Png *self)
{
  int      w = png_get_image_width (self->png, self->info), h = png_get_image_height (self->png, self->info);
  int      n_passes, c;
  gsize    row_size;
  gboolean is_16_bit;

  ask_for_rgb (self);
  n_passes = png_set_interlace_handling (self->png);
  png_read_update_info (self->png, self->info);
  c = png_get_channels (self->png, self->info);
  row_size = png_get_rowbytes (self->png, self->info);
  is_16_bit = png_get_bit_depth (self->png, self->info) == 16;

  self->image = unclip_image_new (w, h, c);
  self->bytes = g_try_malloc0 (row_size * (n_passes > 1 ? h : 1));
  if (self->image == NULL || self->bytes == NULL)
    {
      g_set_error (&self->error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture %s"), self->path);
      return FALSE;
    }

  for (int pass = 0; pass < n_passes; pass++)
    for (int y = 0; y < h; y++)
      {
        guint8 *row = self->bytes + (n_passes > 1 ? row_size * y : 0);

        png_read_row (self->png, row, NULL);
        if (pass == n_passes - 1)
          convert_row (row, self->image->pixels + (gsize) y * w * c, (gsize) w * c, is_16_bit);
      }
  png_read_end (self->png, NULL);
  return TRUE;
}

static gboolean
read_all (Png  *self,
          FILE *file)
{
  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  png_init_io (self->png, file);
  png_set_user_limits (self->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* we have our own */
  png_read_info (self->png, self->info);
  return cmd_picture_check_size (self->path, png_get_image_width (self->png, self->info),
                                 png_get_image_height (self->png, self->info), &self->error)
         && read_rows (self);
}

UnclipImage *
cmd_png_read (FILE        *file,
              const char  *path,
              GError     **error)
{
  g_auto (Png) self = { .path = path };
  gboolean is_read;

  self.png = png_create_read_struct (PNG_LIBPNG_VER_STRING, &self, stop_reading, ignore_warning);
  self.info = png_create_info_struct (self.png);
  is_read = read_all (&self, file);
  png_destroy_read_struct (&self.png, &self.info, NULL);
  if (! is_read)
    {
      g_propagate_error (error, g_steal_pointer (&self.error));
      return NULL;
    }
  return g_steal_pointer (&self.image);
}

/* ---- writing ------------------------------------------------------------------------------ */

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
write_all (Png               *self,
           FILE              *file,
           const UnclipImage *image)
{
  gsize n = (gsize) image->width * image->n_channels;

  if (setjmp (png_jmpbuf (self->png)))
    return FALSE;

  png_init_io (self->png, file);
  png_set_IHDR (self->png, self->info, image->width, image->height, 8,
                image->n_channels == 4 ? PNG_COLOR_TYPE_RGBA : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_sRGB (self->png, self->info, PNG_sRGB_INTENT_PERCEPTUAL);
  png_write_info (self->png, self->info);
  for (int y = 0; y < image->height; y++)
    {
      quantise_row (image->pixels + y * n, self->bytes, n);
      png_write_row (self->png, self->bytes);
    }
  png_write_end (self->png, NULL);
  return TRUE;
}

gboolean
cmd_png_write (FILE               *file,
               const UnclipImage  *image,
               const char         *path,
               GError            **error)
{
  g_auto (Png) self = { .path = path };
  gboolean is_written;

  self.bytes = g_malloc ((gsize) image->width * image->n_channels);
  self.png = png_create_write_struct (PNG_LIBPNG_VER_STRING, &self, stop_writing, ignore_warning);
  self.info = png_create_info_struct (self.png);
  is_written = write_all (&self, file, image);
  png_destroy_write_struct (&self.png, &self.info);
  if (! is_written)
    g_propagate_error (error, g_steal_pointer (&self.error));
  return is_written;
}
