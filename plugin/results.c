/* See results.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "results.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "fit.h"
#include "history.h"
#include "layers.h"
#include "origin.h"
#include "place.h"
#include "provenance.h"
#include "seam.h"

/* How often the image may change between the making of layers and their insertion. */
#define MAX_TRIES 5

/* A layer that is not in the image yet. */
typedef struct
{
  GimpLayer     *layer;
  GimpLayerMask *mask;
  gboolean       has_own_size;
} Made;

/* ---- layers that are not in the image yet ----------------------------------------------------------------------- */

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

static gboolean
has_size_of (const UnclipPluginWork *work,
             GimpLayer              *layer)
{
  return gimp_drawable_get_width (GIMP_DRAWABLE (layer)) == work->pixels.width
         && gimp_drawable_get_height (GIMP_DRAWABLE (layer)) == work->pixels.height;
}

/* Of a layer whose pixels will show them. */
static void
drop_effects (GimpLayer *layer)
{
  g_autofree GimpDrawableFilter **filters = gimp_drawable_get_filters (GIMP_DRAWABLE (layer));

  for (GimpDrawableFilter **filter = filters; filter != NULL && *filter != NULL; filter++)
    gimp_drawable_filter_delete (*filter);
}

/* A layer that looks like the one worked on, whatever pixels it has yet. */
static GimpLayer *
new_layer (const UnclipPluginPlace *place,
           const UnclipPluginWork  *work)
{
  /* GimpImageType counts RGB, RGBA, GRAY, GRAYA and so on. */
  GimpImageType type = 2 * place->base_type + (babl_format_has_alpha (work->pixels.format) ? 1 : 0);
  GimpLayer    *layer;
  int           x = place->is_new ? 0 : work->x, y = place->is_new ? 0 : work->y;

  /* A copy has its effects, too. One of a text layer would be set anew when somebody clicks on it. */
  if (place->layer != NULL && G_OBJECT_TYPE (place->layer) == GIMP_TYPE_LAYER && has_size_of (work, place->layer))
    {
      layer = gimp_layer_copy (place->layer);
      if (layer != NULL)
        unclip_plugin_layer_unlock (layer);
      if (layer != NULL && work->is_seen)
        drop_effects (layer);
      return layer;
    }
  layer = gimp_layer_new (place->image, work->name, work->pixels.width, work->pixels.height, type, 100, GIMP_LAYER_MODE_NORMAL);
  if (layer == NULL)
    return NULL;
  if (place->layer != NULL)
    {
      unclip_plugin_layer_look_like (layer, place->layer);
      if (has_size_of (work, place->layer))
        gimp_drawable_get_offsets (GIMP_DRAWABLE (place->layer), &x, &y);
    }
  gimp_layer_set_offsets (layer, x, y);
  return layer;
}

/* One for a picture that is larger than the layer: over the same middle. */
static GimpLayer *
new_picture_layer (const UnclipPluginPlace *place,
                   const UnclipPluginWork  *work,
                   const UnclipImage       *picture)
{
  GimpImageType type = 2 * place->base_type + (picture->n_channels == 4 ? 1 : 0);
  GimpLayer    *layer = gimp_layer_new (place->image, work->name, picture->width, picture->height, type, 100, GIMP_LAYER_MODE_NORMAL);
  int           x = work->x, y = work->y;

  if (layer == NULL || place->is_new)
    return layer;
  if (place->layer != NULL)
    {
      unclip_plugin_layer_look_like (layer, place->layer);
      if (has_size_of (work, place->layer))
        gimp_drawable_get_offsets (GIMP_DRAWABLE (place->layer), &x, &y);
    }
  gimp_layer_set_offsets (layer, x + work->rect.x + (work->rect.width - picture->width) / 2,
                          y + work->rect.y + (work->rect.height - picture->height) / 2);
  return layer;
}

static gboolean
make (Made                     *made,
      const UnclipPluginPlace  *place,
      const UnclipPluginWork   *work,
      const UnclipPluginResults *results,
      const UnclipPluginResult *result,
      const UnclipOptions      *options,
      gsize                    *room,
      GError                  **error)
{
  const UnclipPluginWork *source = result->work != NULL ? result->work : work;
  g_autofree char        *name = free_name (place->image, result->name);
  g_autoptr (UnclipImage) matched = NULL;

  made->layer = result->picture != NULL ? new_picture_layer (place, work, result->picture) : new_layer (place, work);
  made->has_own_size = result->picture != NULL;
  if (made->layer == NULL)
    return FALSE;
  gimp_item_set_name (GIMP_ITEM (made->layer), name);
  if (place->form == UNCLIP_PLUGIN_CLIPPED)
    unclip_plugin_layer_look_plain (made->layer, GIMP_LAYER_COMPOSITE_CLIP_TO_BACKDROP);
  if (made->has_own_size)
    unclip_plugin_layer_write_picture (made->layer, result->picture);
  else if (source->matches_seam && source->selection.rows != NULL
           && (matched = unclip_plugin_seam_match (source, result->before, result->square, options->framing, error)) == NULL)
    return FALSE;
  else if (! unclip_plugin_layer_write (made->layer, source, result->before, matched != NULL ? matched : result->square, options, place->form == UNCLIP_PLUGIN_CLIPPED, error))
    return FALSE;
  /* In a clipped group the copy of the layer hides what the layer hides. A picture has it in its alpha. */
  if (! made->has_own_size)
    made->mask = unclip_plugin_layer_mask_new (made->layer, work, place->form != UNCLIP_PLUGIN_CLIPPED);
  unclip_plugin_history_keep (made->layer, work, results, result->record, room);
  if (place->layer != NULL)
    unclip_plugin_origin_remember (&place->origin, made->layer);
  return TRUE;
}

static void
drop (Made *made,
      guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (made[i].mask != NULL && gimp_item_is_valid (GIMP_ITEM (made[i].mask)))
        gimp_item_delete (GIMP_ITEM (made[i].mask));
      if (made[i].layer != NULL && gimp_item_is_valid (GIMP_ITEM (made[i].layer)))
        gimp_item_delete (GIMP_ITEM (made[i].layer));
      made[i] = (Made) { 0 };
    }
}

/* ---- into the image ------------------------------------------------------------------------------------------ */

static void
hide (GimpLayer *layer)
{
  gboolean is_locked = gimp_item_get_lock_visibility (GIMP_ITEM (layer));

  if (! gimp_item_get_visible (GIMP_ITEM (layer)))
    return;
  if (is_locked)
    gimp_item_set_lock_visibility (GIMP_ITEM (layer), FALSE);
  gimp_item_set_visible (GIMP_ITEM (layer), FALSE);
  if (is_locked)
    gimp_item_set_lock_visibility (GIMP_ITEM (layer), TRUE);
}

/* Earlier results that the new ones take the place of. */
static void
hide_earlier (const UnclipPluginPlace *place)
{
  for (guint i = 0; place->earlier != NULL && i < place->earlier->len; i++)
    {
      g_auto (UnclipPluginOrigin) origin = { 0 };
      GimpLayer *layer = place->earlier->pdata[i];
      gboolean   is_home = place->home != NULL && (layer == place->home || GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (layer))) == place->home);

      if (! gimp_item_is_valid (GIMP_ITEM (layer)) || ! unclip_plugin_origin_recall (&origin, layer))
        continue;
      if ((origin.kind == UNCLIP_PLUGIN_RESULT && g_strcmp0 (origin.selection, place->origin.selection) == 0)
          || (place->form != UNCLIP_PLUGIN_ABOVE && origin.kind != UNCLIP_PLUGIN_GROUP && ! is_home))
        hide (layer);
    }
}

/* A result that is edited further shows, with what is made of it, alone in its group. */
static void
show_alone (const UnclipPluginPlace *place)
{
  g_autofree GimpItem **items = gimp_item_get_children (GIMP_ITEM (place->home));

  for (GimpItem **item = items; item != NULL && *item != NULL; item++)
    {
      g_auto (UnclipPluginOrigin) origin = { 0 };

      if (GIMP_LAYER (*item) != place->layer && unclip_plugin_origin_recall (&origin, GIMP_LAYER (*item)) && origin.kind == UNCLIP_PLUGIN_RESULT)
        hide (GIMP_LAYER (*item));
    }
  if (place->form == UNCLIP_PLUGIN_ABOVE)
    gimp_item_set_visible (GIMP_ITEM (place->layer), TRUE);
}

/* The group that the results come in; %NULL: they need none, or GIMP made none. */
static GimpLayer *
insert_group (const UnclipPluginPlace *place,
              const char              *name,
              GimpLayer               *parent,
              int                      position)
{
  UnclipPluginOrigin origin = place->origin;
  GimpLayer         *group = GIMP_LAYER (gimp_group_layer_new (place->image, name));
  GimpLayer         *copy;

  if (group == NULL)
    return NULL;
  origin.kind = place->form == UNCLIP_PLUGIN_CLIPPED ? UNCLIP_PLUGIN_CLIPPED_GROUP : UNCLIP_PLUGIN_GROUP;
  if (place->layer != NULL)
    unclip_plugin_origin_remember (&origin, group);
  if (place->form == UNCLIP_PLUGIN_CLIPPED)
    unclip_plugin_layer_look_like (group, place->layer);
  else
    gimp_layer_set_mode (group, GIMP_LAYER_MODE_PASS_THROUGH);
  if (! gimp_image_insert_layer (place->image, group, parent, position))
    return NULL;

  if (place->form == UNCLIP_PLUGIN_CLIPPED)
    {
      copy = gimp_layer_copy (place->layer);
      if (copy == NULL)
        return NULL;
      unclip_plugin_layer_unlock (copy);
      unclip_plugin_layer_look_plain (copy, GIMP_LAYER_COMPOSITE_AUTO);
      gimp_item_detach_parasite (GIMP_ITEM (copy), UNCLIP_PLUGIN_ORIGIN);
      gimp_item_set_visible (GIMP_ITEM (copy), TRUE);
      if (! gimp_image_insert_layer (place->image, copy, group, 0))
        return NULL;
    }
  return group;
}

static gboolean
insert (const UnclipPluginPlace *place,
        const UnclipPluginWork  *work,
        const Made              *made,
        GimpLayer               *parent,
        int                      position,
        gboolean                 visible)
{
  gimp_item_set_visible (GIMP_ITEM (made->layer), visible);
  if (! gimp_image_insert_layer (place->image, made->layer, parent, position))
    return FALSE;
  if (gimp_layer_get_mask (made->layer) != NULL)
    gimp_layer_remove_mask (made->layer, GIMP_MASK_DISCARD);
  if (made->mask != NULL)
    gimp_layer_add_mask (made->layer, made->mask);
  /* Whoever runs a filter on the result next means the picture. */
  gimp_layer_set_edit_mask (made->layer, FALSE);
  if (place->layer != NULL && ! made->has_own_size)
    unclip_plugin_fit (made->layer, work, place->layer);
  return TRUE;
}

static gboolean
insert_all (const UnclipPluginPlace   *place,
            const UnclipPluginWork    *work,
            const Made                *made,
            guint                      n,
            const UnclipPluginResults *results)
{
  gboolean   all_visible = results->to_new_image;
  /* A layer that its owner hid stays so, results of one that results took the place of do not. */
  gboolean   is_shown = work->is_visible || place->home != NULL || (place->earlier != NULL && place->earlier->len > 0);
  GimpLayer *parent = place->home, *group = NULL;
  int        position = 0;

  if (place->home != NULL)
    {
      gimp_item_set_visible (GIMP_ITEM (place->home), TRUE);
      if (GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (place->layer))) == place->home)
        show_alone (place);
    }
  else if (! place->is_new)
    {
      if (place->beside != NULL)
        {
          parent = GIMP_LAYER (gimp_item_get_parent (GIMP_ITEM (place->beside)));
          position = unclip_plugin_place_position (place, GIMP_ITEM (parent));
        }
      if (n > 1 || place->form == UNCLIP_PLUGIN_CLIPPED)
        {
          parent = group = insert_group (place, results->group_name, parent, position);
          if (group == NULL)
            return FALSE;
          gimp_item_set_visible (GIMP_ITEM (group), is_shown);
          position = 0;
        }
    }
  for (guint i = 0; i < n; i++)
    if (! insert (place, work, &made[i], parent, position + (int) i, all_visible || (i == 0 && (is_shown || group != NULL))))
      {
        if (group != NULL)
          gimp_item_delete (GIMP_ITEM (group));
        return FALSE;
      }
  hide_earlier (place);
  if (place->form != UNCLIP_PLUGIN_ABOVE)
    hide (place->layer);
  return TRUE;
}

/* What the image says of it afterwards. */
static void
leave (const UnclipPluginPlace   *place,
       const Made                *made,
       guint                      n,
       const UnclipPluginResults *results,
       gboolean                   is_new)
{
  g_autofree GimpLayer **layers = g_new0 (GimpLayer *, n + 1);

  for (guint i = 0; i < n; i++)
    layers[i] = made[i].layer;
  if (results->metadata != UNCLIP_PLUGIN_METADATA_NONE)
    unclip_plugin_mark_image (place->image, is_new);
  if (results->metadata == UNCLIP_PLUGIN_METADATA_FULL)
    unclip_plugin_history_log_add (place->image, ((UnclipPluginResult *) results->layers->pdata[0])->record, layers);
}

/* What GIMP undoes as one step. %FALSE: the image is no longer what the layers were made for. */
static gboolean
change_image (const UnclipPluginPlace   *place,
              const UnclipPluginWork    *work,
              const Made                *made,
              guint                      n,
              const UnclipPluginResults *results)
{
  g_autofree GimpLayer **selected = NULL;
  gboolean inserted;

  if (! unclip_plugin_place_is_valid (place))
    return FALSE;
  if (place->is_new)
    {
      gimp_image_undo_disable (place->image);
      inserted = insert_all (place, work, made, n, results);
      leave (place, made, n, results, work->is_blank);
      gimp_image_undo_enable (place->image);
      return inserted;
    }

  selected = gimp_image_get_selected_layers (place->image);
  gimp_image_undo_group_start (place->image);
  inserted = insert_all (place, work, made, n, results);
  if (inserted)
    leave (place, made, n, results, FALSE);
  if (selected != NULL && selected[0] != NULL && gimp_image_get_floating_sel (place->image) == NULL)
    gimp_image_set_selected_layers (place->image, (const GimpLayer **) selected);
  gimp_image_undo_group_end (place->image);
  return inserted;
}

static void
tell (const UnclipPluginPlace *place,
      const UnclipPluginWork  *work)
{
  g_autofree char *heir = place->beside != NULL ? gimp_item_get_name (GIMP_ITEM (place->beside)) : NULL;
  g_autofree char *text = NULL;

  if (work->is_blank && place->is_new && work->image != NULL)
    text = g_strdup (_("The image was closed: what was made for it is in a new image."));
  else if (place->layer != NULL || work->is_blank)
    return;
  else if (place->beside != NULL)
    text = g_strdup_printf (_("The layer \"%s\" is gone: what was made of it is above \"%s\"."), work->name, heir);
  else
    text = g_strdup_printf (_("The layer \"%s\" is gone: what was made of it is in a new image."), work->name);
  gimp_message (text);
}

/* ---- the whole -------------------------------------------------------------------------------------------------- */

static void
result_free (UnclipPluginResult *result)
{
  g_free (result->name);
  json_object_unref (result->record);
  g_free (result);
}

void
unclip_plugin_results_clear (UnclipPluginResults *results)
{
  g_clear_pointer (&results->layers, g_ptr_array_unref);
  g_clear_pointer (&results->latents, g_ptr_array_unref);
  g_clear_pointer (&results->group_name, g_free);
}

void
unclip_plugin_results_add (UnclipPluginResults *results,
                           UnclipPluginResult   result)
{
  if (results->layers == NULL)
    results->layers = g_ptr_array_new_with_free_func ((GDestroyNotify) result_free);
  g_ptr_array_add (results->layers, g_memdup2 (&result, sizeof result));
}

/* Of the image that these would get of their own. */
static void
find_place (UnclipPluginPlace         *place,
            GimpProcedure             *procedure,
            const UnclipPluginWork    *work,
            const UnclipPluginResults *results)
{
  const UnclipPluginResult *first = results->layers->pdata[0];
  int width = first->picture != NULL ? first->picture->width : work->pixels.width;
  int height = first->picture != NULL ? first->picture->height : work->pixels.height;

  unclip_plugin_place_find (place, procedure, work, width, height, results->to_new_image);
  /* Such a picture has its own shape. */
  if (first->picture != NULL)
    place->form = UNCLIP_PLUGIN_ABOVE;
}

GimpLayer **
unclip_plugin_results_place (GimpProcedure             *procedure,
                             const UnclipPluginWork    *work,
                             const UnclipPluginResults *results,
                             const UnclipOptions       *options,
                             GError                   **error)
{
  g_auto (UnclipPluginPlace) place = { 0 };
  guint                  n = results->layers != NULL ? results->layers->len : 0;
  g_autofree Made       *made = g_new0 (Made, n);
  g_autofree GimpLayer **layers = g_new0 (GimpLayer *, n + 1);

  if (n == 0)
    return g_steal_pointer (&layers);
  for (int tries = 0; tries < MAX_TRIES; tries++)
    {
      GError  *failed = NULL;
      gboolean is_made = TRUE;
      gsize    room = UNCLIP_PLUGIN_LATENTS_LIMIT;

      find_place (&place, procedure, work, results);
      for (guint i = 0; i < n && is_made; i++)
        is_made = make (&made[i], &place, work, results, results->layers->pdata[i], options, &room, &failed);
      if (is_made && change_image (&place, work, made, n, results))
        {
          for (guint i = 0; i < n; i++)
            layers[i] = made[i].layer;
          if (place.is_new && work->run_mode != GIMP_RUN_NONINTERACTIVE)
            gimp_display_new (place.image);
          gimp_displays_flush ();
          if (! results->to_new_image)
            tell (&place, work);
          return g_steal_pointer (&layers);
        }
      drop (made, n);
      if (place.is_new)
        gimp_image_delete (place.image);
      if (failed != NULL)
        {
          g_propagate_error (error, failed);
          return NULL;
        }
    }
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("GIMP took no new layer of %d × %d pixels: %s"),
               work->pixels.width, work->pixels.height, gimp_pdb_get_last_error (gimp_get_pdb ()));
  return NULL;
}
