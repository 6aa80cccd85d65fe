/* Pixels of a drawable as they were at one moment, whatever becomes of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/**
 * UnclipPluginPixels:
 * @format: GIMP's own, profile included, so that pixels go back to the last bit
 * @rows: [height, width] in @format; %NULL: nothing was taken
 */
typedef struct
{
  int         width, height;
  const Babl *format;
  guint8     *rows;
} UnclipPluginPixels;

/**
 * unclip_plugin_pixels_take:
 * @drawable: one that nobody else can reach: GIMP ends a plug-in that asks for a tile of what was resized or
 *   converted after it began to read
 *
 * Errors: %UNCLIP_ERROR_MEMORY.
 */
gboolean unclip_plugin_pixels_take  (UnclipPluginPixels *pixels, GimpDrawable *drawable, GError **error);
void     unclip_plugin_pixels_clear (UnclipPluginPixels *pixels);

/* @n pixels from (@x, @y) on, in one row, in another format. One that names no space means sRGB. */
void     unclip_plugin_pixels_get   (const UnclipPluginPixels *pixels, int x, int y, int n, const Babl *format, gpointer row);

/* Where the row @y begins. */
guint8  *unclip_plugin_pixels_row   (const UnclipPluginPixels *pixels, int y);

/* transfer full: with rows of its own */
UnclipPluginPixels *unclip_plugin_pixels_copy (const UnclipPluginPixels *pixels);

G_END_DECLS
