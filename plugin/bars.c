/* See bars.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "bars.h"

#include <glib/gi18n-lib.h>

/* Pixels: wide enough to tell a tenth, and no taller than a small screen has room for; from there on they scroll. */
#define BAR_WIDTH 240
#define MAX_HEIGHT 360
/* Characters of a label, from which on it is wrapped. */
#define LABEL_CHARS 40

static void
add_bar (GtkGrid               *grid,
         const UnclipPluginBar *bar,
         int                    row)
{
  GtkWidget       *label = gtk_label_new (bar->label), *share = gtk_label_new (NULL), *level = gtk_level_bar_new_for_interval (0, 1);
  /* Translators: a probability */
  g_autofree char *percent = g_strdup_printf (_("%.1f %%"), 100 * bar->share);
  g_autofree char *name = g_strdup_printf ("%s: %s", bar->label, percent);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_line_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_width_chars (GTK_LABEL (label), MIN ((int) g_utf8_strlen (bar->label, -1), LABEL_CHARS));
  gtk_label_set_max_width_chars (GTK_LABEL (label), LABEL_CHARS);
  gtk_label_set_text (GTK_LABEL (share), percent);
  gtk_label_set_xalign (GTK_LABEL (share), 1);
  gtk_level_bar_set_value (GTK_LEVEL_BAR (level), bar->share);
  /* Little of one is no alarm. */
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (level), GTK_LEVEL_BAR_OFFSET_LOW);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (level), GTK_LEVEL_BAR_OFFSET_HIGH);
  gtk_level_bar_remove_offset_value (GTK_LEVEL_BAR (level), GTK_LEVEL_BAR_OFFSET_FULL);
  gtk_widget_set_size_request (level, BAR_WIDTH, -1);
  gtk_widget_set_valign (level, GTK_ALIGN_CENTER);
  gtk_widget_set_hexpand (level, TRUE);
  atk_object_set_name (gtk_widget_get_accessible (level), name);
  gtk_grid_attach (grid, label, 0, row, 1, 1);
  gtk_grid_attach (grid, level, 1, row, 1, 1);
  gtk_grid_attach (grid, share, 2, row, 1, 1);
}

void
unclip_plugin_bars_show (const char            *title,
                         const char            *hint,
                         const UnclipPluginBar *bars,
                         int                    n)
{
  GtkWidget *dialog, *box, *label, *scrolled, *grid;

  /* Repeat comes here without a dialog before. */
  gimp_ui_init ("unclip");
  label = gtk_label_new (hint);
  scrolled = gtk_scrolled_window_new (NULL, NULL);
  grid = gtk_grid_new ();
  dialog = gimp_dialog_new (title, "unclip-bars", NULL, 0, NULL, NULL, _("_Close"), GTK_RESPONSE_CLOSE, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_CLOSE);
  box = gtk_dialog_get_content_area (GTK_DIALOG (dialog));
  gtk_container_set_border_width (GTK_CONTAINER (box), 12);
  gtk_box_set_spacing (GTK_BOX (box), 12);
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_grid_set_row_spacing (GTK_GRID (grid), 6);
  gtk_grid_set_column_spacing (GTK_GRID (grid), 12);
  for (int i = 0; i < n; i++)
    add_bar (GTK_GRID (grid), &bars[i], i);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_propagate_natural_height (GTK_SCROLLED_WINDOW (scrolled), TRUE);
  gtk_scrolled_window_set_max_content_height (GTK_SCROLLED_WINDOW (scrolled), MAX_HEIGHT);
  gtk_container_add (GTK_CONTAINER (scrolled), grid);
  gtk_box_pack_start (GTK_BOX (box), label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), scrolled, TRUE, TRUE, 0);
  gtk_widget_show_all (dialog);
  gimp_dialog_run (GIMP_DIALOG (dialog));
  gtk_widget_destroy (dialog);
}
