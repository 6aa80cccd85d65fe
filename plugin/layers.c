/* See layers.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "layers.h"

#include <string.h>

/* ---- pixels ------------------------------------------------------------------------------------------- */

typedef struct
{
  const UnclipPluginWork *work;
  GeglBuffer             *buffer;
  gboolean                opaque;
  guint8                 *edited; /* a row of the work rectangle in the layer's own format */
  float                  *before, *after;
} Writer;

/* @row, but for the pixels in which nothing changed. */
static void
write_row (const Writer *writer,
           int           y,
           const float  *row)
{
  const UnclipPluginWork *work = writer->work;
  const Babl *format = unclip_plugin_work_format (work);
  int         width = work->rect.width, n = babl_format_get_n_components (format);
  int         size = babl_format_get_bytes_per_pixel (work->pixels.format);

  unclip_plugin_pixels_get (&work->pixels, work->rect.x, y, width, format, writer->before);
  memcpy (writer->after, row, (gsize) width * n * sizeof (float));
  if (writer->opaque && n == 4)
    for (int x = 0; x < width; x++)
      writer->after[4 * x + 3] = row[4 * x + 3] > 0;
  if (memcmp (writer->before, writer->after, (gsize) width * n * sizeof (float)) == 0)
    return;

  babl_process (babl_fish (format, work->pixels.format), writer->after, writer->edited, width);
  for (int x = 0; x < width; x++)
    if (memcmp (writer->before + x * n, writer->after + x * n, n * sizeof (float)) == 0)
      memcpy (writer->edited + x * size, unclip_plugin_pixels_row (&work->pixels, y) + (gsize) (work->rect.x + x) * size, size);
  gegl_buffer_set (writer->buffer, GEGL_RECTANGLE (work->rect.x, y, width, 1), 0, work->pixels.format, writer->edited, GEGL_AUTO_ROWSTRIDE);
}

/* An UnclipWriteRows. */
static gboolean
write_rows (int           y,
            int           n,
            const float  *rows,
            gpointer      data,
            GError      **error)
{
  const Writer *writer = data;
  gsize         row_size = (gsize) writer->work->rect.width * babl_format_get_n_components (unclip_plugin_work_format (writer->work));

  for (int i = 0; i < n; i++)
    write_row (writer, writer->work->rect.y + y + i, rows + i * row_size);
  return TRUE;
}

gboolean
unclip_plugin_layer_write (GimpLayer              *layer,
                           const UnclipPluginWork *work,
                           const UnclipImage      *before,
                           const UnclipImage      *after,
                           const UnclipOptions    *options,
                           gboolean                opaque,
                           GError                **error)
{
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  gsize              row_size = work->rect.width;
  g_autofree guint8 *edited = g_malloc (row_size * babl_format_get_bytes_per_pixel (work->pixels.format));
  g_autofree float  *a = g_new (float, 4 * row_size), *b = g_new (float, 4 * row_size);
  Writer             writer = { work, buffer, opaque, edited, a, b };
  UnclipRows         rows = unclip_plugin_work_rows (work);

  gegl_buffer_set (buffer, NULL, 0, work->pixels.format, work->pixels.rows, GEGL_AUTO_ROWSTRIDE);
  if (! unclip_frame_return_rows (&rows, before, after, options, write_rows, &writer, error))
    return FALSE;
  gegl_buffer_flush (buffer);
  gimp_drawable_update (GIMP_DRAWABLE (layer), 0, 0, work->pixels.width, work->pixels.height);
  return TRUE;
}

void
unclip_plugin_layer_write_picture (GimpLayer         *layer,
                                   const UnclipImage *picture)
{
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  const Babl *format = babl_format (picture->n_channels == 4 ? "R'G'B'A float" : "R'G'B' float");

  gegl_buffer_set (buffer, GEGL_RECTANGLE (0, 0, picture->width, picture->height), 0, format, picture->pixels, GEGL_AUTO_ROWSTRIDE);
  gegl_buffer_flush (buffer);
  gimp_drawable_update (GIMP_DRAWABLE (layer), 0, 0, picture->width, picture->height);
}

/* ---- mask ---------------------------------------------------------------------------------------------- */

GimpLayerMask *
unclip_plugin_layer_mask_new (GimpLayer              *layer,
                              const UnclipPluginWork *work,
                              gboolean                with_own)
{
  const UnclipPluginPixels *own = with_own && work->mask.rows != NULL ? &work->mask : NULL;
  const UnclipPluginPixels *selection = work->selection.rows != NULL ? &work->selection : NULL;
  const Babl               *format = babl_format ("Y float");
  int                       width = work->pixels.width;
  g_autofree float         *row = g_new (float, width), *factor = g_new (float, width);
  g_autoptr (GeglBuffer) buffer = NULL;
  GimpLayerMask            *mask;

  if (own == NULL && selection == NULL)
    return NULL;
  mask = gimp_layer_create_mask (layer, GIMP_ADD_MASK_WHITE);
  if (mask == NULL)
    return NULL;
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));
  for (int y = 0; y < work->pixels.height; y++)
    {
      unclip_plugin_pixels_get (selection != NULL ? selection : own, 0, y, width, format, row);
      if (selection != NULL && own != NULL)
        {
          unclip_plugin_pixels_get (own, 0, y, width, format, factor);
          for (int x = 0; x < width; x++)
            row[x] *= factor[x];
        }
      gegl_buffer_set (buffer, GEGL_RECTANGLE (0, y, width, 1), 0, format, row, GEGL_AUTO_ROWSTRIDE);
    }
  gegl_buffer_flush (buffer);
  gimp_drawable_update (GIMP_DRAWABLE (mask), 0, 0, width, work->pixels.height);
  return mask;
}

/* ---- looks ------------------------------------------------------------------------------------------------ */

void
unclip_plugin_layer_look_like (GimpLayer *layer,
                               GimpLayer *other)
{
  gimp_layer_set_opacity (layer, gimp_layer_get_opacity (other));
  gimp_layer_set_mode (layer, gimp_layer_get_mode (other));
  gimp_layer_set_blend_space (layer, gimp_layer_get_blend_space (other));
  gimp_layer_set_composite_space (layer, gimp_layer_get_composite_space (other));
  gimp_layer_set_composite_mode (layer, gimp_layer_get_composite_mode (other));
}

void
unclip_plugin_layer_look_plain (GimpLayer             *layer,
                                GimpLayerCompositeMode composite_mode)
{
  gimp_layer_set_opacity (layer, 100);
  gimp_layer_set_mode (layer, GIMP_LAYER_MODE_NORMAL);
  gimp_layer_set_blend_space (layer, GIMP_LAYER_COLOR_SPACE_AUTO);
  gimp_layer_set_composite_space (layer, GIMP_LAYER_COLOR_SPACE_AUTO);
  gimp_layer_set_composite_mode (layer, composite_mode);
}

void
unclip_plugin_layer_unlock (GimpLayer *layer)
{
  gimp_item_set_lock_content (GIMP_ITEM (layer), FALSE);
  gimp_item_set_lock_position (GIMP_ITEM (layer), FALSE);
  gimp_item_set_lock_visibility (GIMP_ITEM (layer), FALSE);
}
