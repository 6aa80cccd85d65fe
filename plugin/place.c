/* See place.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "place.h"

static gboolean
has_effects (GimpLayer *layer)
{
  g_autofree GimpDrawableFilter **filters = gimp_drawable_get_filters (GIMP_DRAWABLE (layer));

  for (GimpDrawableFilter **filter = filters; filter != NULL && *filter != NULL; filter++)
    if (gimp_drawable_filter_get_visible (*filter))
      return TRUE;
  return FALSE;
}

/* Whether the layer, were it still there under a result that looks like it, would be seen. */
static gboolean
shines_through (const UnclipPluginWork *work,
                GimpLayer              *layer)
{
  GimpLayerMode          mode = gimp_layer_get_mode (layer);
  GimpLayerCompositeMode composite = gimp_layer_get_composite_mode (layer);

  return work->is_partial
         || (mode != GIMP_LAYER_MODE_NORMAL && mode != GIMP_LAYER_MODE_NORMAL_LEGACY)
         || gimp_layer_get_opacity (layer) < 100
         || (composite != GIMP_LAYER_COMPOSITE_AUTO && composite != GIMP_LAYER_COMPOSITE_UNION)
         || has_effects (layer);
}

/* What the layer was merged into: the topmost layer that was not there before and lies where it lay. */
static GimpLayer *
find_heir (const UnclipPluginWork *work)
{
  g_autoptr (GPtrArray) all = unclip_plugin_all_layers (work->image);
  GeglRectangle place = { work->x + work->rect.x, work->y + work->rect.y, work->rect.width, work->rect.height };

  for (guint i = 0; i < all->len; i++)
    {
      GimpDrawable *drawable = all->pdata[i];
      GeglRectangle there;

      if (g_ptr_array_find (work->known, drawable, NULL) || gimp_item_is_group (GIMP_ITEM (drawable)))
        continue;
      gimp_drawable_get_offsets (drawable, &there.x, &there.y);
      there.width = gimp_drawable_get_width (drawable);
      there.height = gimp_drawable_get_height (drawable);
      if (gegl_rectangle_intersect (NULL, &place, &there))
        return GIMP_LAYER (drawable);
    }
  return NULL;
}

/* transfer container */
static GPtrArray *
find_earlier (GimpImage *image,
              guint      tattoo)
{
  g_autoptr (GPtrArray) all = unclip_plugin_all_layers (image);
  GPtrArray *earlier = g_ptr_array_new ();

  for (guint i = 0; i < all->len; i++)
    {
      g_auto (UnclipPluginOrigin) origin = { 0 };

      if (unclip_plugin_origin_recall (&origin, all->pdata[i]) && origin.tattoo == tattoo)
        g_ptr_array_add (earlier, all->pdata[i]);
    }
  return earlier;
}

static gboolean
is_group_of_ours (GimpLayer       *layer,
                  UnclipPluginKind kind)
{
  g_auto (UnclipPluginOrigin) origin = { 0 };

  return layer != NULL && gimp_item_is_group (GIMP_ITEM (layer)) && unclip_plugin_origin_recall (&origin, layer) && origin.kind == kind;
}

/* The group that results of this form join: that of earlier ones, or that in which the layer, a result itself, is. */
static GimpLayer *
find_home (const UnclipPluginPlace *place)
{
  GimpLayer       *parent = GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (place->layer)));
  UnclipPluginKind kind = place->form == UNCLIP_PLUGIN_CLIPPED ? UNCLIP_PLUGIN_CLIPPED_GROUP : UNCLIP_PLUGIN_GROUP;

  /* The copy in a clipped group tells of the layer as long as nobody saw the layer itself since. */
  if (place->form == UNCLIP_PLUGIN_CLIPPED && gimp_item_get_visible (GIMP_ITEM (place->layer)))
    return NULL;
  for (guint i = 0; i < place->earlier->len; i++)
    if (is_group_of_ours (place->earlier->pdata[i], kind))
      return place->earlier->pdata[i];
  return place->form != UNCLIP_PLUGIN_CLIPPED && is_group_of_ours (parent, kind) ? parent : NULL;
}

static char *
checksum (const UnclipPluginPixels *pixels)
{
  gsize size;

  if (pixels->rows == NULL)
    return NULL;
  size = (gsize) pixels->width * pixels->height * babl_format_get_bytes_per_pixel (pixels->format);
  return g_compute_checksum_for_data (G_CHECKSUM_MD5, pixels->rows, size);
}

static GimpImage *
new_image (const UnclipPluginWork *work,
           int                     width,
           int                     height)
{
  GimpImage *image = gimp_image_new_with_precision (width, height, work->base_type, work->precision);

  if (work->profile != NULL)
    gimp_image_set_color_profile (image, work->profile);
  return image;
}

/* Where there is no layer of its own; %NULL: the image has none. */
static GimpLayer *
topmost (GimpImage *image)
{
  g_autofree GimpLayer **layers = gimp_image_get_layers (image);

  return layers != NULL ? layers[0] : NULL;
}

void
unclip_plugin_place_find (UnclipPluginPlace      *place,
                          GimpProcedure          *procedure,
                          const UnclipPluginWork *work,
                          int                     width,
                          int                     height,
                          gboolean                to_new_image)
{
  gboolean has_image = ! to_new_image && work->image != NULL && gimp_image_is_valid (work->image);
  gboolean has_layer = has_image && work->layer != NULL && gimp_item_is_valid (GIMP_ITEM (work->layer));

  unclip_plugin_place_clear (place);
  *place = (UnclipPluginPlace) { .image = work->image };
  if (has_layer)
    place->beside = work->layer;
  else if (has_image)
    place->beside = work->is_blank ? topmost (work->image) : find_heir (work);
  if (! work->is_blank)
    place->layer = has_layer ? work->layer : NULL;
  place->is_new = ! has_image || (place->beside == NULL && ! work->is_blank);
  if (place->is_new)
    place->image = new_image (work, width, height);
  place->base_type = gimp_image_get_base_type (place->image);
  place->precision = gimp_image_get_precision (place->image);

  place->origin.procedure = g_strdup (gimp_procedure_get_name (procedure));
  if (place->layer == NULL)
    return;
  place->origin.tattoo = gimp_item_get_tattoo (GIMP_ITEM (place->layer));
  place->origin.selection = checksum (&work->selection);
  if (shines_through (work, place->layer))
    place->form = work->selection.rows != NULL ? UNCLIP_PLUGIN_CLIPPED : UNCLIP_PLUGIN_INSTEAD;
  place->earlier = find_earlier (place->image, place->origin.tattoo);
  place->home = find_home (place);
}

void
unclip_plugin_place_clear (UnclipPluginPlace *place)
{
  g_clear_pointer (&place->earlier, g_ptr_array_unref);
  unclip_plugin_origin_clear (&place->origin);
}

gboolean
unclip_plugin_place_is_valid (const UnclipPluginPlace *place)
{
  return gimp_image_is_valid (place->image)
         && (place->beside == NULL || gimp_item_is_valid (GIMP_ITEM (place->beside)))
         && gimp_image_get_base_type (place->image) == place->base_type
         && gimp_image_get_precision (place->image) == place->precision;
}

int
unclip_plugin_place_position (const UnclipPluginPlace *place,
                              GimpItem                *parent)
{
  int position = gimp_image_get_item_position (place->image, GIMP_ITEM (place->beside));

  for (guint i = 0; place->earlier != NULL && i < place->earlier->len; i++)
    if (gimp_item_get_parent (place->earlier->pdata[i]) == parent)
      position = MIN (position, gimp_image_get_item_position (place->image, place->earlier->pdata[i]));
  return MAX (position, 0);
}
