/* See work.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "work.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "layers.h"
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
refuse_memory (int      width,
               int      height,
               GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a picture of %d × %d"), width, height);
  return FALSE;
}

static gboolean
check_image (GimpImage *image,
             GError   **error)
{
  if (! gimp_image_is_valid (image))
    return refuse (error, _("The image was closed: open it again to work on it"));
  if (gimp_image_get_floating_sel (image) != NULL)
    return refuse (error, _("There is a floating selection: anchor it first (Layer ▸ Anchor Floating Layer)"));
  if (gimp_image_get_base_type (image) == GIMP_INDEXED)
    return refuse (error, _("unCLIP needs more colors than an indexed image has: convert it first (Image ▸ Mode ▸ RGB)"));
  return TRUE;
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
  return check_image (image, error);
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

/* A layer that is locked cannot be written to. */
static void
merge_effects (GimpLayer *copy)
{
  unclip_plugin_layer_unlock (copy);
  gimp_drawable_merge_filters (GIMP_DRAWABLE (copy));
}

/* From a copy, which GIMP makes between two of the user's doings and nobody can reach: reading takes a while,
 * and what is resized or converted meanwhile would end this process. */
static gboolean
take_pixels (UnclipPluginWork        *work,
             const UnclipPluginWhere *where,
             GError                 **error)
{
  gboolean       is_selected = where->selection == NULL && ! gimp_selection_is_empty (work->image), taken;
  GimpLayer     *copy = gimp_layer_copy (work->layer);
  GimpLayerMask *own, *selection = NULL;

  if (copy == NULL)
    return refuse (error, _("The layer is gone: select another one and start again"));
  if (where->is_seen)
    merge_effects (copy);
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
  if (taken && where->selection != NULL && where->selection->rows != NULL)
    {
      g_autofree UnclipPluginPixels *recorded = NULL;

      if (where->selection->width != work->pixels.width || where->selection->height != work->pixels.height)
        return refuse (error, _("What was selected then does not fit the layer as it is now: select it anew, and edit what is selected now"));
      recorded = unclip_plugin_pixels_copy (where->selection);
      work->selection = *recorded;
    }
  if (taken)
    unclip_plugin_where_adjust (where, &work->selection);
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

/* What is selected lies in, @right and @bottom just beyond it; empty at { width, 0, height, 0 }. */
typedef struct
{
  int left, right, top, bottom;
} Bounds;

/* Grows to hold the pixel; rows come from the top down. */
static inline void
include (Bounds *bounds,
         int     x,
         int     y)
{
  bounds->left = MIN (bounds->left, x);
  bounds->right = MAX (bounds->right, x + 1);
  bounds->top = MIN (bounds->top, y);
  bounds->bottom = y + 1;
}

static GeglRectangle
rectangle_of (const Bounds *bounds)
{
  return *GEGL_RECTANGLE (bounds->left, bounds->top, bounds->right - bounds->left, bounds->bottom - bounds->top);
}

static gboolean
look_over (UnclipPluginWork        *work,
           UnclipPluginInput        input,
           const UnclipPluginWhere *where,
           GError                 **error)
{
  int               width = work->pixels.width, height = work->pixels.height;
  Bounds            bounds = { width, 0, height, 0 };
  gboolean          is_seen = FALSE;
  g_autofree float *shown = g_new (float, width), *selected = g_new (float, width), *scratch = g_new (float, 4 * (gsize) width);

  for (int y = 0; y < height; y++)
    {
      read_shares (work, y, shown, selected, scratch);
      for (int x = 0; x < width; x++)
        if (selected[x] > 0)
          {
            include (&bounds, x, y);
            is_seen = is_seen || shown[x] > 0;
            work->is_partial = work->is_partial || (shown[x] > 0 && shown[x] < 1);
          }
    }
  if (bounds.left >= bounds.right)
    return refuse (error, _("The selection does not touch the layer: move it, or drop it (Select ▸ None)"));
  if (! is_seen)
    return refuse (error, _("There is nothing to see in the layer: it is transparent here"));

  work->rect = rectangle_of (&bounds);
  if (work->selection.rows != NULL && input != UNCLIP_PLUGIN_PART)
    work->rect = unclip_plugin_where_widen (where, &work->rect, width, height);
  return TRUE;
}

/* ---- a part by itself ---------------------------------------------------------------------------------- */

UnclipImage *
unclip_plugin_work_cut (const UnclipPluginWork *work,
                        GError                **error)
{
  int               width = work->rect.width, height = work->rect.height, layer_width = work->pixels.width;
  gboolean          has_alpha = babl_format_has_alpha (work->pixels.format) || work->mask.rows != NULL || work->selection.rows != NULL;
  int               n = has_alpha ? 4 : 3;
  UnclipImage      *cut = unclip_image_new (width, height, n);
  g_autofree float *shown = g_new (float, layer_width), *selected = g_new (float, layer_width), *scratch = g_new (float, 4 * (gsize) layer_width);

  if (cut == NULL)
    {
      refuse_memory (width, height, error);
      return NULL;
    }
  for (int y = 0; y < height; y++)
    {
      float *row = cut->pixels + (gsize) y * width * n;

      unclip_plugin_pixels_get (&work->pixels, work->rect.x, work->rect.y + y, width, babl_format (has_alpha ? "R'G'B'A float" : "R'G'B' float"), row);
      if (! has_alpha)
        continue;
      read_shares (work, work->rect.y + y, shown, selected, scratch);
      for (int x = 0; x < width; x++)
        row[4 * x + 3] = shown[work->rect.x + x] * selected[work->rect.x + x];
    }
  return cut;
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

static void
take_image (UnclipPluginWork *work,
            GimpRunMode       run_mode,
            GimpImage        *image)
{
  unclip_plugin_work_clear (work);
  *work = (UnclipPluginWork) { .run_mode = run_mode, .image = image, .base_type = GIMP_RGB, .precision = GIMP_PRECISION_U8_NON_LINEAR };
  if (image == NULL)
    return;
  work->image_width = gimp_image_get_width (image);
  work->image_height = gimp_image_get_height (image);
  work->base_type = gimp_image_get_base_type (image);
  work->precision = gimp_image_get_precision (image);
  work->profile = gimp_image_get_color_profile (image);
  work->known = unclip_plugin_all_layers (image);
}

/* Repeated on a result, a procedure starts from what that was made of, if that is still there. */
static GimpDrawable *
source_of (GimpProcedure *procedure,
           GimpRunMode    run_mode,
           GimpDrawable  *drawable)
{
  GimpLayer *origin = run_mode == GIMP_RUN_WITH_LAST_VALS ? unclip_plugin_origin_of (procedure, GIMP_LAYER (drawable)) : NULL;

  return origin != NULL ? GIMP_DRAWABLE (origin) : drawable;
}

gboolean
unclip_plugin_work_take (UnclipPluginWork        *work,
                         GimpProcedure           *procedure,
                         GimpRunMode              run_mode,
                         GimpImage               *image,
                         GimpDrawable           **drawables,
                         UnclipPluginInput        input,
                         const UnclipPluginWhere *where,
                         GError                 **error)
{
  GimpDrawable *source;

  if (! check_drawables (image, drawables, error))
    return FALSE;
  source = source_of (procedure, run_mode, drawables[0]);
  if (source != drawables[0] && ! check_drawables (image, (GimpDrawable *[]) { source, NULL }, error))
    return FALSE;

  take_image (work, run_mode, image);
  work->layer = GIMP_LAYER (source);
  work->name = gimp_item_get_name (GIMP_ITEM (work->layer));
  work->is_visible = gimp_item_get_visible (GIMP_ITEM (work->layer));
  work->is_seen = where->is_seen;
  work->matches_seam = where->matches_seam;
  return take_pixels (work, where, error) && look_over (work, input, where, error);
}

/* ---- several layers ------------------------------------------------------------------------------------ */

/* The next layer below it in the same stack; %NULL: there is none, or it is a group. */
static GimpDrawable *
layer_below (GimpImage    *image,
             GimpDrawable *layer)
{
  GimpItem             *parent = gimp_item_get_parent (GIMP_ITEM (layer));
  g_autofree GimpItem **items = parent != NULL ? gimp_item_get_children (parent) : (GimpItem **) gimp_image_get_layers (image);

  for (GimpItem **item = items; item != NULL && *item != NULL; item++)
    if (GIMP_DRAWABLE (*item) == layer)
      return item[1] != NULL && ! gimp_item_is_group (item[1]) ? GIMP_DRAWABLE (item[1]) : NULL;
  return NULL;
}

static guint
count_of (GimpDrawable **drawables)
{
  guint n = 0;

  while (drawables != NULL && drawables[n] != NULL)
    n++;
  return n;
}

int
unclip_plugin_work_find_layers (GimpDrawable    **layers,
                                int               most,
                                GimpProcedure    *procedure,
                                GimpRunMode       run_mode,
                                GimpImage        *image,
                                GimpDrawable    **drawables,
                                UnclipPluginInput input,
                                GError          **error)
{
  guint n = count_of (drawables);
  g_autoptr (GPtrArray) all = NULL;

  if (image == NULL)
    return refuse (error, _("There is no image: open one first (File ▸ Open)"));
  if (input == UNCLIP_PLUGIN_TWO_LAYERS && (n < 1 || n > 2))
    return refuse (error, _("This takes two layers: select both in the Layers dialog, or one that has another below it"));
  if (n < 1 || n > (guint) most)
    return refuse (error, _("This takes from one to eight layers: select them in the Layers dialog"));
  for (guint i = 0; i < n; i++)
    if (! check_drawables (image, (GimpDrawable *[]) { drawables[i], NULL }, error))
      return 0;

  if (n == 1)
    {
      layers[0] = source_of (procedure, run_mode, drawables[0]);
      if (input == UNCLIP_PLUGIN_LAYERS)
        return 1;
      layers[1] = layer_below (image, layers[0]);
      return layers[1] != NULL ? 2 : refuse (error, _("This takes two layers: select both in the Layers dialog, or one that has another below it"));
    }

  all = unclip_plugin_all_layers (image);
  n = 0;
  for (guint i = 0; i < all->len; i++)
    for (GimpDrawable **drawable = drawables; *drawable != NULL; drawable++)
      if (*drawable == all->pdata[i])
        layers[n++] = *drawable;
  return n;
}

gboolean
unclip_plugin_work_is_alike (const UnclipPluginWork *a,
                             const UnclipPluginWork *b)
{
  return a->x == b->x && a->y == b->y && a->pixels.width == b->pixels.width && a->pixels.height == b->pixels.height
         && babl_format_has_alpha (a->pixels.format) == babl_format_has_alpha (b->pixels.format)
         && gegl_rectangle_equal (&a->rect, &b->rect);
}

/* ---- room for a new picture ----------------------------------------------------------------------------- */

/* Of @pixels the part @rect. */
static gboolean
crop (UnclipPluginPixels  *pixels,
      const GeglRectangle *rect,
      GError             **error)
{
  gsize              pixel_size = babl_format_get_bytes_per_pixel (pixels->format), row_size = rect->width * pixel_size;
  UnclipPluginPixels part = { rect->width, rect->height, pixels->format, g_try_malloc_n (rect->height, row_size) };

  if (part.rows == NULL)
    return refuse_memory (rect->width, rect->height, error);
  for (int y = 0; y < rect->height; y++)
    memcpy (unclip_plugin_pixels_row (&part, y), unclip_plugin_pixels_row (pixels, rect->y + y) + rect->x * pixel_size, row_size);
  unclip_plugin_pixels_clear (pixels);
  *pixels = part;
  return TRUE;
}

/* The selection, as a mask of the rectangle that it takes of the canvas. */
static gboolean
take_selection (UnclipPluginWork *work,
                GError          **error)
{
  GimpImageType     type = work->base_type == GIMP_GRAY ? GIMP_GRAYA_IMAGE : GIMP_RGBA_IMAGE;
  GimpLayer        *canvas = gimp_layer_new (work->image, "", work->image_width, work->image_height, type, 100, GIMP_LAYER_MODE_NORMAL);
  GimpLayerMask    *mask = canvas != NULL ? gimp_layer_create_mask (canvas, GIMP_ADD_MASK_SELECTION) : NULL;
  gboolean          is_taken = mask != NULL && unclip_plugin_pixels_take (&work->selection, GIMP_DRAWABLE (mask), error);
  Bounds            bounds = { work->image_width, 0, work->image_height, 0 };
  GeglRectangle     rect;
  g_autofree float *row = g_new (float, work->image_width);

  if (mask != NULL)
    gimp_item_delete (GIMP_ITEM (mask));
  if (canvas != NULL)
    gimp_item_delete (GIMP_ITEM (canvas));
  if (mask == NULL)
    return refuse (error, _("The image was closed: open it again to work on it"));
  if (! is_taken)
    return FALSE;

  for (int y = 0; y < work->selection.height; y++)
    {
      unclip_plugin_pixels_get (&work->selection, 0, y, work->selection.width, babl_format ("Y float"), row);
      for (int x = 0; x < work->selection.width; x++)
        if (row[x] > 0)
          include (&bounds, x, y);
    }
  if (bounds.left >= bounds.right)
    return refuse (error, _("The selection is outside of the image: move it, or drop it (Select ▸ None)"));
  rect = rectangle_of (&bounds);
  work->x = rect.x;
  work->y = rect.y;
  return crop (&work->selection, &rect, error);
}

gboolean
unclip_plugin_work_take_blank (UnclipPluginWork *work,
                               GimpRunMode       run_mode,
                               GimpImage        *image,
                               GimpDrawable    **drawables,
                               GError          **error)
{
  GimpDrawable *first = drawables != NULL ? drawables[0] : NULL;

  if (image != NULL && ! check_image (image, error))
    return FALSE;
  take_image (work, run_mode, image);
  work->is_blank = work->is_visible = TRUE;
  if (image == NULL)
    return TRUE;
  if (first != NULL && gimp_item_is_valid (GIMP_ITEM (first)) && GIMP_IS_LAYER (first))
    work->layer = GIMP_LAYER (first);
  return gimp_selection_is_empty (image) || take_selection (work, error);
}

gboolean
unclip_plugin_work_make_room (UnclipPluginWork *work,
                              int               side,
                              GError          **error)
{
  /* Finer than what comes in there. Layers in an image can be seen through, as GIMP's own new ones. */
  static const guint16 clear[] = { 0, 0, 0, G_MAXUINT16 };
  UnclipPluginPixels  *pixels = &work->pixels;
  int                  n = work->image != NULL ? 4 : 3;

  pixels->format = babl_format (n == 4 ? "R'G'B'A u16" : "R'G'B' u16");
  pixels->width = pixels->height = side;
  if (work->selection.rows != NULL)
    {
      pixels->width = work->selection.width;
      pixels->height = work->selection.height;
    }
  else if (work->image != NULL)
    {
      work->x = (work->image_width - side) / 2;
      work->y = (work->image_height - side) / 2;
    }
  pixels->rows = g_try_malloc_n ((gsize) pixels->width * pixels->height, n * sizeof *clear);
  if (pixels->rows == NULL)
    return refuse_memory (pixels->width, pixels->height, error);
  for (gsize i = 0; i < (gsize) pixels->width * pixels->height; i++)
    memcpy (pixels->rows + i * n * sizeof *clear, clear, n * sizeof *clear);
  work->rect = *GEGL_RECTANGLE (0, 0, pixels->width, pixels->height);
  return TRUE;
}
