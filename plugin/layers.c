/* See layers.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "layers.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "provenance.h"

/* ---- what to work on --------------------------------------------------------------------------- */

static gboolean
refuse (GError    **error,
        const char *why)
{
  g_set_error_literal (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, why);
  return FALSE;
}

static gboolean
check_drawables (GimpImage     *image,
                 GimpDrawable **drawables,
                 GError       **error)
{
  GimpDrawable *drawable = drawables != NULL ? drawables[0] : NULL;

  if (drawable == NULL || drawables[1] != NULL)
    return refuse (error, _("unCLIP works on one layer: select a single one in the Layers dialog"));
  if (GIMP_IS_LAYER_MASK (drawable))
    return refuse (error, _("unCLIP works on a layer, not on its mask: click the layer's own picture in the Layers dialog"));
  if (! GIMP_IS_LAYER (drawable))
    return refuse (error, _("unCLIP works on a layer, not on a channel: select a layer in the Layers dialog"));
  if (gimp_item_is_group (GIMP_ITEM (drawable)))
    return refuse (error, _("unCLIP works on a single layer: select one in the group, or merge the group first (Layer ▸ Merge Layer Group)"));
  if (gimp_image_get_floating_sel (image) != NULL)
    return refuse (error, _("There is a floating selection: anchor it first (Layer ▸ Anchor Floating Layer)"));
  if (gimp_drawable_is_indexed (drawable))
    return refuse (error, _("unCLIP needs more colors than an indexed image has: convert it first (Image ▸ Mode ▸ RGB)"));
  return TRUE;
}

/* Where along one axis to work: @length from @start are wanted, @side would be good, and there are only
 * @limit pixels. */
static void
widen (int *start,
       int *length,
       int  side,
       int  limit)
{
  int widened = CLAMP (side, *length, limit);

  *start = CLAMP (*start + *length / 2 - widened / 2, 0, limit - widened);
  *length = widened;
}

gboolean
unclip_plugin_work_init (UnclipPluginWork *work,
                         GimpImage        *image,
                         GimpDrawable    **drawables,
                         GError          **error)
{
  int x, y, width, height;

  if (! check_drawables (image, drawables, error))
    return FALSE;

  *work = (UnclipPluginWork) {
    .image = image,
    .layer = GIMP_LAYER (drawables[0]),
    .has_selection = ! gimp_selection_is_empty (image),
  };
  if (! gimp_drawable_mask_intersect (drawables[0], &x, &y, &width, &height))
    return refuse (error, _("The selection does not touch the layer: move it, or drop it (Select ▸ None)"));

  if (work->has_selection)
    {
      int longest = MAX (width, height);
      int side = longest + MIN (longest / 2, G_MAXINT - longest);

      widen (&x, &width, side, gimp_drawable_get_width (drawables[0]));
      widen (&y, &height, side, gimp_drawable_get_height (drawables[0]));
    }
  work->rect = *GEGL_RECTANGLE (x, y, width, height);
  return TRUE;
}

/* ---- pixels ----------------------------------------------------------------------------------------- */

/* A format that names no space means sRGB: babl converts from and to the layer's own. */
static const Babl *
picture_format (gboolean has_alpha)
{
  return babl_format (has_alpha ? "R'G'B'A float" : "R'G'B' float");
}

/* Whether there is anything to see. Also brings into range what float layers and wide gamuts hold. */
static gboolean
look_at (UnclipImage *picture)
{
  gsize    n = (gsize) picture->width * picture->height * picture->n_channels;
  gboolean visible = picture->n_channels == 3;

  for (gsize i = 0; i < n; i++)
    {
      float *value = &picture->pixels[i];

      *value = isnan (*value) ? 0 : CLAMP (*value, 0, 1);
      if (picture->n_channels == 4 && i % 4 == 3 && *value > 0)
        visible = TRUE;
    }
  return visible;
}

static UnclipImage *
picture_new (const UnclipPluginWork *work,
             GError                **error)
{
  gboolean     has_alpha = gimp_drawable_has_alpha (GIMP_DRAWABLE (work->layer));
  UnclipImage *picture = unclip_image_new (work->rect.width, work->rect.height, has_alpha ? 4 : 3);

  if (picture == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
                 _("There is not enough memory for %d × %d pixels: select a part of the layer"),
                 work->rect.width, work->rect.height);
  return picture;
}

UnclipImage *
unclip_plugin_work_read (const UnclipPluginWork *work,
                         GError                **error)
{
  g_autoptr (UnclipImage) picture = picture_new (work, error);
  g_autoptr (GeglBuffer) buffer = NULL;

  if (picture == NULL)
    return NULL;
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (work->layer));
  gegl_buffer_get (buffer, &work->rect, 1, picture_format (picture->n_channels == 4), picture->pixels,
                   GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
  if (! look_at (picture))
    {
      refuse (error, _("There is nothing to see in the layer: it is transparent here"));
      return NULL;
    }
  return g_steal_pointer (&picture);
}

/* Pixels that the edit left alone get what look_at() had to bring into range: highlights, and colours
 * that sRGB lacks. */
static void
put_back (UnclipImage       *result,
          const UnclipImage *picture,
          GeglBuffer        *source,
          GeglRectangle      rect)
{
  int               n = result->n_channels;
  gsize             row_size = (gsize) rect.width * n;
  g_autofree float *row = g_new (float, row_size);

  for (int y = 0; y < rect.height; y++)
    {
      float       *pixels = result->pixels + y * row_size;
      const float *before = picture->pixels + y * row_size;

      gegl_buffer_get (source, GEGL_RECTANGLE (rect.x, rect.y + y, rect.width, 1), 1, picture_format (n == 4), row,
                       GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (gsize i = 0; i < row_size; i += n)
        if (memcmp (pixels + i, before + i, n * sizeof (float)) == 0)
          memcpy (pixels + i, row + i, n * sizeof (float));
    }
}

/* GIMP counts a name that is taken on, "#7" to "#8", which would tell of another seed. transfer full */
static char *
free_name (GimpImage  *image,
           const char *name)
{
  char *free = g_strdup (name);

  for (int i = 2; gimp_image_get_layer_by_name (image, free) != NULL; i++)
    {
      g_free (free);
      free = g_strdup_printf ("%s (%d)", name, i);
    }
  return free;
}

GimpLayer *
unclip_plugin_layer_new (const UnclipPluginWork *work,
                         const UnclipImage      *picture,
                         const UnclipImage      *before,
                         const UnclipImage      *after,
                         UnclipFraming           framing,
                         const char             *name,
                         GError                **error)
{
  g_autoptr (UnclipImage) result = unclip_frame_return (picture, before, after, framing, error);
  g_autoptr (GeglBuffer) source = NULL, buffer = NULL;
  g_autofree char *unused = free_name (work->image, name);
  GimpDrawable *drawable = GIMP_DRAWABLE (work->layer);
  GimpLayer    *layer;
  int           width = gimp_drawable_get_width (drawable);
  int           height = gimp_drawable_get_height (drawable);
  int           x, y;

  if (result == NULL)
    return NULL;
  layer = gimp_layer_new (work->image, unused, width, height, gimp_drawable_type (drawable), 100,
                          gimp_image_get_default_new_layer_mode (work->image));
  if (layer == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("GIMP made no layer of %d × %d pixels: %s"),
                   width, height, gimp_pdb_get_last_error (gimp_get_pdb ()));
      return NULL;
    }
  gimp_drawable_get_offsets (drawable, &x, &y);
  gimp_layer_set_offsets (layer, x, y);

  source = gimp_drawable_get_buffer (drawable);
  buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (layer));
  if (work->rect.width < width || work->rect.height < height)
    gegl_buffer_copy (source, NULL, GEGL_ABYSS_NONE, buffer, NULL);
  put_back (result, picture, source, work->rect);
  gegl_buffer_set (buffer, &work->rect, 0, picture_format (result->n_channels == 4), result->pixels,
                   GEGL_AUTO_ROWSTRIDE);
  gegl_buffer_flush (buffer);
  gimp_drawable_update (GIMP_DRAWABLE (layer), 0, 0, width, height);
  return layer;
}

void
unclip_plugin_layers_drop (GimpLayer **layers)
{
  for (GimpLayer **layer = layers; *layer != NULL; layer++)
    gimp_item_delete (GIMP_ITEM (*layer));
}

/* ---- into the image ------------------------------------------------------------------------------------- */

static void
multiply (GimpLayerMask *mask,
          GimpLayerMask *by)
{
  int         width = gimp_drawable_get_width (GIMP_DRAWABLE (mask));
  int         height = gimp_drawable_get_height (GIMP_DRAWABLE (mask));
  const Babl *format = babl_format ("Y float");
  g_autofree float *row = g_new (float, width), *factor = g_new (float, width);
  g_autoptr (GeglBuffer) buffer = gimp_drawable_get_buffer (GIMP_DRAWABLE (mask));
  g_autoptr (GeglBuffer) source = gimp_drawable_get_buffer (GIMP_DRAWABLE (by));

  for (int y = 0; y < height; y++)
    {
      const GeglRectangle *here = GEGL_RECTANGLE (0, y, width, 1);

      gegl_buffer_get (buffer, here, 1, format, row, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      gegl_buffer_get (source, here, 1, format, factor, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
      for (int x = 0; x < width; x++)
        row[x] *= factor[x];
      gegl_buffer_set (buffer, here, 0, format, row, GEGL_AUTO_ROWSTRIDE);
    }
  gegl_buffer_flush (buffer);
  gimp_drawable_update (GIMP_DRAWABLE (mask), 0, 0, width, height);
}

/* What was not selected, and what the layer worked on hides itself, the new one hides. */
static void
add_mask (const UnclipPluginWork *work,
          GimpLayer              *layer)
{
  GimpLayerMask *own = gimp_layer_get_mask (work->layer);
  GimpLayerMask *mask;

  if (own != NULL && ! gimp_layer_get_apply_mask (work->layer))
    own = NULL;
  if (own == NULL && ! work->has_selection)
    return;

  mask = gimp_layer_create_mask (layer, work->has_selection ? GIMP_ADD_MASK_SELECTION : GIMP_ADD_MASK_WHITE);
  if (own != NULL)
    multiply (mask, own);
  gimp_layer_add_mask (layer, mask);
  /* Whoever runs a filter on the result next means the picture. */
  gimp_layer_set_edit_mask (layer, FALSE);
}

static gboolean
insert (const UnclipPluginWork *work,
        GimpLayer              *layer,
        GimpLayer              *parent,
        int                     position,
        GError                **error)
{
  if (! gimp_image_insert_layer (work->image, layer, parent, position))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("GIMP took no new layer: %s"),
                   gimp_pdb_get_last_error (gimp_get_pdb ()));
      return FALSE;
    }
  if (! gimp_item_is_group (GIMP_ITEM (layer)))
    add_mask (work, layer);
  return TRUE;
}

static gboolean
insert_all (const UnclipPluginWork *work,
            GimpLayer             **layers,
            int                     n_layers,
            const char             *group_name,
            GError                **error)
{
  GimpLayer *parent = GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (work->layer)));
  int        position = gimp_image_get_item_position (work->image, GIMP_ITEM (work->layer));

  if (n_layers > 1)
    {
      GimpLayer *group = GIMP_LAYER (gimp_group_layer_new (work->image, group_name));

      if (! insert (work, group, parent, position, error))
        return FALSE;
      parent = group;
      position = 0;
    }
  for (int i = 0; i < n_layers; i++)
    {
      gimp_item_set_visible (GIMP_ITEM (layers[i]), i == 0);
      if (! insert (work, layers[i], parent, position + i, error))
        return FALSE;
    }
  gimp_image_set_selected_layers (work->image, (const GimpLayer *[]) { layers[0], NULL });
  return TRUE;
}

gboolean
unclip_plugin_insert_layers (const UnclipPluginWork *work,
                             GimpLayer             **layers,
                             int                     n_layers,
                             const char             *group_name,
                             GError                **error)
{
  gboolean inserted;

  gimp_image_undo_group_start (work->image);
  inserted = insert_all (work, layers, n_layers, group_name, error);
  if (inserted)
    unclip_plugin_mark_image (work->image);
  gimp_image_undo_group_end (work->image);
  gimp_displays_flush ();
  return inserted;
}
