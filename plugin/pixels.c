/* See pixels.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "pixels.h"

#include <glib/gi18n-lib.h>

#include "unclip.h"

/* Rows that are asked for at once: GIMP's tiles are as high or half as high. */
#define N_ROWS 128

guint8 *
unclip_plugin_pixels_row (const UnclipPluginPixels *pixels,
                          int                       y)
{
  return pixels->rows + (gsize) y * pixels->width * babl_format_get_bytes_per_pixel (pixels->format);
}

void
unclip_plugin_pixels_get (const UnclipPluginPixels *pixels,
                          int                       x,
                          int                       y,
                          int                       n,
                          const Babl               *format,
                          gpointer                  row)
{
  const guint8 *from = unclip_plugin_pixels_row (pixels, y) + (gsize) x * babl_format_get_bytes_per_pixel (pixels->format);

  babl_process (babl_fish (pixels->format, format), from, row, n);
}

static gint64
size_of (const UnclipPluginPixels *pixels)
{
  return (gint64) pixels->width * pixels->height * babl_format_get_bytes_per_pixel (pixels->format);
}

void
unclip_plugin_pixels_clear (UnclipPluginPixels *pixels)
{
  if (pixels->rows != NULL)
    unclip_memory_hold (-size_of (pixels));
  g_clear_pointer (&pixels->rows, g_free);
}

UnclipPluginPixels *
unclip_plugin_pixels_copy (const UnclipPluginPixels *pixels)
{
  UnclipPluginPixels *copy = g_memdup2 (pixels, sizeof *pixels);

  if (pixels->rows != NULL)
    {
      copy->rows = g_memdup2 (pixels->rows, (gsize) size_of (pixels));
      unclip_memory_hold (size_of (pixels));
    }
  return copy;
}

gboolean
unclip_plugin_pixels_take (UnclipPluginPixels *pixels,
                           GimpDrawable       *drawable,
                           GError            **error)
{
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (drawable);
  gsize row_size;

  if (buffer == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The layer is gone: select another one and start again"));
      return FALSE;
    }
  pixels->width = gegl_buffer_get_width (buffer);
  pixels->height = gegl_buffer_get_height (buffer);
  pixels->format = gegl_buffer_get_format (buffer);
  row_size = (gsize) pixels->width * babl_format_get_bytes_per_pixel (pixels->format);
  pixels->rows = g_try_malloc_n (pixels->height, row_size);
  if (pixels->rows == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
                   _("There is not enough memory for a layer of %d × %d pixels: scale it down, or work on a part of it in an image of its own"),
                   pixels->width, pixels->height);
      return FALSE;
    }
  unclip_memory_hold (size_of (pixels));
  for (int y = 0; y < pixels->height; y += N_ROWS)
    gegl_buffer_get (buffer, GEGL_RECTANGLE (0, y, pixels->width, MIN (N_ROWS, pixels->height - y)), 1, pixels->format,
                     unclip_plugin_pixels_row (pixels, y), (int) row_size, GEGL_ABYSS_NONE);
  return TRUE;
}
