/* See work.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "work.h"

#include <glib/gi18n-lib.h>

#include "origin.h"

/* ---- what can be worked on --------------------------------------------------------------------- */

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

  if (image == NULL)
    return refuse (error, _("There is no image: open one first (File ▸ Open)"));
  if (! gimp_image_is_valid (image))
    return refuse (error, _("The image was closed: open it again to work on it"));
  if (drawable == NULL || drawables[1] != NULL)
    return refuse (error, _("unCLIP works on one layer: select a single one in the Layers dialog"));
  if (! gimp_item_is_valid (GIMP_ITEM (drawable)))
    return refuse (error, _("The layer is gone: select another one and start again"));
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

/* ---- pixels ------------------------------------------------------------------------------------------- */

const Babl *
unclip_plugin_work_format (const UnclipPluginWork *work)
{
  return babl_format (babl_format_has_alpha (work->pixels.format) ? "R'G'B'A float" : "R'G'B' float");
}

static gboolean
read_rows (int       y,
           int       n,
           float    *rows,
           gpointer  data,
           GError  **error)
{
  const UnclipPluginWork *work = data;
  const Babl             *format = unclip_plugin_work_format (work);
  gsize                   row_size = (gsize) work->rect.width * babl_format_get_n_components (format);

  for (int i = 0; i < n; i++)
    unclip_plugin_pixels_get (&work->pixels, work->rect.x, work->rect.y + y + i, work->rect.width, format, rows + i * row_size);
  return TRUE;
}

UnclipRows
unclip_plugin_work_rows (const UnclipPluginWork *work)
{
  int n_channels = babl_format_get_n_components (unclip_plugin_work_format (work));

  return (UnclipRows) { work->rect.width, work->rect.height, n_channels, read_rows, (gpointer) work };
}

/* From a copy, which GIMP makes between two of the user's doings and nobody can reach: reading takes a while,
 * and what is resized or converted meanwhile would end this process. */
static gboolean
take_pixels (UnclipPluginWork *work,
             GError          **error)
{
  gboolean       is_selected = ! gimp_selection_is_empty (work->image), taken;
  GimpLayer     *copy = gimp_layer_copy (work->layer);
  GimpLayerMask *own, *selection = NULL;

  if (copy == NULL)
    return refuse (error, _("The layer is gone: select another one and start again"));
  gimp_drawable_get_offsets (GIMP_DRAWABLE (copy), &work->x, &work->y);
  own = gimp_layer_get_apply_mask (copy) ? gimp_layer_get_mask (copy) : NULL;
  if (is_selected)
    selection = gimp_layer_create_mask (copy, GIMP_ADD_MASK_SELECTION);
  taken = unclip_plugin_pixels_take (&work->pixels, GIMP_DRAWABLE (copy), error)
          && (own == NULL || unclip_plugin_pixels_take (&work->mask, GIMP_DRAWABLE (own), error))
          && (selection == NULL || unclip_plugin_pixels_take (&work->selection, GIMP_DRAWABLE (selection), error));
  if (selection != NULL)
    gimp_item_delete (GIMP_ITEM (selection));
  gimp_item_delete (GIMP_ITEM (copy));
  return taken;
}

/* ---- what there is to see ------------------------------------------------------------------------------- */

/* How much of each pixel of row @y is seen and selected, @shown; @selected: the selection alone. Scratch
 * is for a row of RGBA. */
static void
read_shares (const UnclipPluginWork *work,
             int                     y,
             float                  *shown,
             float                  *selected,
             float                  *scratch)
{
  int         width = work->pixels.width;
  const Babl *gray = babl_format ("Y float");

  for (int x = 0; x < width; x++)
    shown[x] = selected[x] = 1;
  if (work->selection.rows != NULL)
    unclip_plugin_pixels_get (&work->selection, 0, y, width, gray, selected);
  if (work->mask.rows != NULL)
    unclip_plugin_pixels_get (&work->mask, 0, y, width, gray, shown);
  if (babl_format_has_alpha (work->pixels.format))
    {
      unclip_plugin_pixels_get (&work->pixels, 0, y, width, babl_format ("R'G'B'A float"), scratch);
      for (int x = 0; x < width; x++)
        shown[x] *= scratch[4 * x + 3];
    }
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

static gboolean
look_over (UnclipPluginWork *work,
           GError          **error)
{
  int               width = work->pixels.width, height = work->pixels.height;
  int               left = width, right = 0, top = height, bottom = 0;
  gboolean          is_seen = FALSE;
  g_autofree float *shown = g_new (float, width), *selected = g_new (float, width), *scratch = g_new (float, 4 * (gsize) width);

  for (int y = 0; y < height; y++)
    {
      read_shares (work, y, shown, selected, scratch);
      for (int x = 0; x < width; x++)
        if (selected[x] > 0)
          {
            left = MIN (left, x);
            right = MAX (right, x + 1);
            top = MIN (top, y);
            bottom = y + 1;
            is_seen = is_seen || shown[x] > 0;
            work->is_partial = work->is_partial || (shown[x] > 0 && shown[x] < 1);
          }
    }
  if (left >= right)
    return refuse (error, _("The selection does not touch the layer: move it, or drop it (Select ▸ None)"));
  if (! is_seen)
    return refuse (error, _("There is nothing to see in the layer: it is transparent here"));

  work->rect = *GEGL_RECTANGLE (left, top, right - left, bottom - top);
  if (work->selection.rows != NULL)
    {
      int longest = MAX (work->rect.width, work->rect.height);
      int side = longest + MIN (longest / 2, G_MAXINT - longest);

      widen (&work->rect.x, &work->rect.width, side, width);
      widen (&work->rect.y, &work->rect.height, side, height);
    }
  return TRUE;
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

static void
add_layers (GPtrArray *all,
            GimpItem **items)
{
  for (GimpItem **item = items; item != NULL && *item != NULL; item++)
    {
      g_ptr_array_add (all, *item);
      if (gimp_item_is_group (*item))
        {
          g_autofree GimpItem **children = gimp_item_get_children (*item);

          add_layers (all, children);
        }
    }
}

GPtrArray *
unclip_plugin_all_layers (GimpImage *image)
{
  g_autofree GimpLayer **layers = gimp_image_get_layers (image);
  GPtrArray             *all = g_ptr_array_new ();

  add_layers (all, (GimpItem **) layers);
  return all;
}

void
unclip_plugin_work_clear (UnclipPluginWork *work)
{
  g_clear_pointer (&work->name, g_free);
  g_clear_object (&work->profile);
  g_clear_pointer (&work->known, g_ptr_array_unref);
  unclip_plugin_pixels_clear (&work->pixels);
  unclip_plugin_pixels_clear (&work->mask);
  unclip_plugin_pixels_clear (&work->selection);
}

gboolean
unclip_plugin_work_take (UnclipPluginWork *work,
                         GimpProcedure    *procedure,
                         GimpRunMode       run_mode,
                         GimpImage        *image,
                         GimpDrawable    **drawables,
                         GError          **error)
{
  GimpLayer *origin;

  /* GIMP would show a message of its own for each call about a layer that is gone; what fails is told once, by us. */
  gimp_plug_in_set_pdb_error_handler (gimp_get_plug_in (), GIMP_PDB_ERROR_HANDLER_PLUGIN);
  if (! check_drawables (image, drawables, error))
    return FALSE;
  origin = run_mode == GIMP_RUN_WITH_LAST_VALS ? unclip_plugin_origin_of (procedure, GIMP_LAYER (drawables[0])) : NULL;
  if (origin != NULL && ! check_drawables (image, (GimpDrawable *[]) { GIMP_DRAWABLE (origin), NULL }, error))
    return FALSE;

  unclip_plugin_work_clear (work);
  work->run_mode = run_mode;
  work->image = image;
  work->layer = origin != NULL ? origin : GIMP_LAYER (drawables[0]);
  work->name = gimp_item_get_name (GIMP_ITEM (work->layer));
  work->is_visible = gimp_item_get_visible (GIMP_ITEM (work->layer));
  work->is_partial = FALSE;
  work->image_width = gimp_image_get_width (image);
  work->image_height = gimp_image_get_height (image);
  work->base_type = gimp_image_get_base_type (image);
  work->precision = gimp_image_get_precision (image);
  work->profile = gimp_image_get_color_profile (image);
  work->known = unclip_plugin_all_layers (image);
  return take_pixels (work, error) && look_over (work, error);
}
