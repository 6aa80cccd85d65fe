/* See strip.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/strip.h"

#include <glib/gi18n-lib.h>

#include "dialog/preview.h"

/* Pixels of a thumbnail's longer side. */
#define SIDE 88

struct _UnclipPluginStrip
{
  GtkWidget            *widget, *box, *hint; /* hint: seen while there are none */
  GPtrArray            *tiles;
  UnclipPluginTile     *shown;
  UnclipPluginShownFunc changed;
  gpointer              data;
  gboolean              is_quiet; /* it changes itself */
};

/* ---- one -------------------------------------------------------------------------------------------------- */

static void
tile_free (UnclipPluginTile *tile)
{
  unclip_plugin_batch_unref (tile->batch);
  unclip_image_free (tile->after);
  g_free (tile->label);
  g_free (tile);
}

static GtkWidget *
thumbnail_new (const UnclipImage *image)
{
  int              scale = MIN (4, MAX (1, gdk_monitor_get_scale_factor (gdk_display_get_monitor (gdk_display_get_default (), 0))));
  double           factor = (double) SIDE * scale / MAX (image->width, image->height);
  int              width = MAX ((int) (image->width * factor), 1), height = MAX ((int) (image->height * factor), 1);
  cairo_surface_t *whole = unclip_plugin_surface_new (image), *small = cairo_image_surface_create (CAIRO_FORMAT_ARGB32, width, height);
  cairo_t         *cr = cairo_create (small);
  GtkWidget       *widget;

  cairo_scale (cr, (double) width / image->width, (double) height / image->height);
  cairo_set_source_surface (cr, whole, 0, 0);
  cairo_pattern_set_filter (cairo_get_source (cr), CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (cr), CAIRO_EXTEND_PAD);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_set_device_scale (small, scale, scale);
  widget = gtk_image_new_from_surface (small);
  cairo_surface_destroy (whole);
  cairo_surface_destroy (small);
  return widget;
}

static void
show (UnclipPluginStrip *strip,
      UnclipPluginTile  *tile)
{
  strip->is_quiet = TRUE;
  strip->shown = tile;
  for (guint i = 0; i < strip->tiles->len; i++)
    {
      UnclipPluginTile *other = strip->tiles->pdata[i];

      gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (other->show), other == tile);
    }
  strip->is_quiet = FALSE;
  strip->changed (tile, strip->data);
}

static void
on_show (GtkToggleButton  *button,
         UnclipPluginTile *tile)
{
  if (! tile->strip->is_quiet)
    show (tile->strip, tile);
}

static void
on_tick (UnclipPluginTile *tile)
{
  tile->strip->changed (tile->strip->shown, tile->strip->data);
}

static void
set_name (GtkWidget  *widget,
          const char *format,
          const char *label)
{
  g_autofree char *name = g_strdup_printf (format, label);

  atk_object_set_name (gtk_widget_get_accessible (widget), name);
  gtk_widget_set_tooltip_text (widget, name);
}

static void
build (UnclipPluginTile *tile)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 0);

  tile->widget = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2);
  tile->show = gtk_toggle_button_new ();
  gtk_button_set_relief (GTK_BUTTON (tile->show), GTK_RELIEF_NONE);
  gtk_container_add (GTK_CONTAINER (tile->show), thumbnail_new (tile->after));
  tile->tick = gtk_check_button_new_with_label (tile->label);
  tile->keep = gtk_toggle_button_new ();
  gtk_button_set_relief (GTK_BUTTON (tile->keep), GTK_RELIEF_NONE);
  gtk_container_add (GTK_CONTAINER (tile->keep), gtk_image_new_from_icon_name ("changes-prevent-symbolic", GTK_ICON_SIZE_MENU));
  /* Translators: in the dialog of a procedure, of a candidate with that seed or strength */
  set_name (tile->show, _("Show %s"), tile->label);
  /* Translators: in the dialog of a procedure, of a candidate with that seed or strength */
  set_name (tile->tick, _("Insert %s"), tile->label);
  /* Translators: in the dialog of a procedure, of a candidate with that seed or strength */
  set_name (tile->keep, _("Keep %s when others are made"), tile->label);
  gtk_box_pack_start (GTK_BOX (row), tile->tick, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (row), tile->keep, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (tile->widget), tile->show, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (tile->widget), row, FALSE, FALSE, 0);
  gtk_widget_show_all (tile->widget);
  g_signal_connect (tile->show, "toggled", G_CALLBACK (on_show), tile);
  g_signal_connect_swapped (tile->tick, "toggled", G_CALLBACK (on_tick), tile);
}

/* ---- all ---------------------------------------------------------------------------------------------------- */

UnclipPluginStrip *
unclip_plugin_strip_new (UnclipPluginShownFunc changed,
                         gpointer              data)
{
  UnclipPluginStrip *strip = g_new0 (UnclipPluginStrip, 1);

  strip->tiles = g_ptr_array_new_with_free_func ((GDestroyNotify) tile_free);
  strip->changed = changed;
  strip->data = data;
  strip->box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  strip->hint = gtk_label_new (_("Candidates to choose from come here"));
  gtk_style_context_add_class (gtk_widget_get_style_context (strip->hint), GTK_STYLE_CLASS_DIM_LABEL);
  gtk_box_set_center_widget (GTK_BOX (strip->box), strip->hint);
  strip->widget = gtk_scrolled_window_new (NULL, NULL);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (strip->widget), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
  gtk_scrolled_window_set_overlay_scrolling (GTK_SCROLLED_WINDOW (strip->widget), FALSE);
  gtk_container_add (GTK_CONTAINER (strip->widget), strip->box);
  gtk_widget_set_can_focus (strip->widget, FALSE);
  atk_object_set_name (gtk_widget_get_accessible (strip->widget), _("Candidates"));
  return strip;
}

void
unclip_plugin_strip_free (UnclipPluginStrip *strip)
{
  g_ptr_array_unref (strip->tiles);
  g_free (strip);
}

GtkWidget *
unclip_plugin_strip_widget (UnclipPluginStrip *strip)
{
  return strip->widget;
}

void
unclip_plugin_strip_add (UnclipPluginStrip *strip,
                         UnclipPluginBatch *batch,
                         int                number,
                         UnclipImage       *after,
                         char              *label)
{
  UnclipPluginTile *tile = g_new0 (UnclipPluginTile, 1);

  *tile = (UnclipPluginTile) { .strip = strip, .batch = unclip_plugin_batch_ref (batch), .number = number, .after = after, .label = label };
  build (tile);
  g_ptr_array_add (strip->tiles, tile);
  gtk_widget_hide (strip->hint);
  gtk_box_pack_start (GTK_BOX (strip->box), tile->widget, FALSE, FALSE, 0);
  if (strip->shown == NULL)
    show (strip, tile);
  else
    strip->changed (strip->shown, strip->data);
}

void
unclip_plugin_strip_clear (UnclipPluginStrip *strip)
{
  gboolean is_shown = FALSE;

  for (guint i = strip->tiles->len; i > 0; i--)
    {
      UnclipPluginTile *tile = strip->tiles->pdata[i - 1];

      if (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (tile->keep)))
        {
          is_shown = is_shown || tile == strip->shown;
          continue;
        }
      gtk_widget_destroy (tile->widget);
      g_ptr_array_remove_index (strip->tiles, i - 1);
    }
  gtk_widget_set_visible (strip->hint, strip->tiles->len == 0);
  if (! is_shown)
    show (strip, NULL);
}

GPtrArray *
unclip_plugin_strip_tiles (UnclipPluginStrip *strip)
{
  return strip->tiles;
}

const UnclipPluginTile *
unclip_plugin_strip_shown (UnclipPluginStrip *strip)
{
  return strip->shown;
}

void
unclip_plugin_strip_show (UnclipPluginStrip *strip,
                          guint              i)
{
  if (i < strip->tiles->len && strip->tiles->pdata[i] != strip->shown)
    show (strip, strip->tiles->pdata[i]);
}

static gboolean
is_ticked (const UnclipPluginTile *tile)
{
  return gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (tile->tick));
}

gboolean
unclip_plugin_strip_is_picked (UnclipPluginStrip      *strip,
                               const UnclipPluginTile *tile)
{
  for (guint i = 0; i < strip->tiles->len; i++)
    if (is_ticked (strip->tiles->pdata[i]))
      return is_ticked (tile);
  return tile == strip->shown;
}
