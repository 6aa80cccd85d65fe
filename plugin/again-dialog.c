/* See again-dialog.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "again-dialog.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <libgimp/gimpui.h>
#include <string.h>

#include "arguments.h"
#include "history.h"
#include "procedure.h"

/* Answers beside OK and Close: those of copying, from the first kind on. */
#define RESPONSE_COPY 1

enum
{
  COLUMN_ENTRY,
  COLUMN_TIME,
  COLUMN_EDIT,
  COLUMN_SETTINGS,
  N_COLUMNS
};

/* Local time, as the language writes it; transfer full. */
static char *
time_text (JsonObject *entry)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_iso8601 (json_object_get_string_member_with_default (entry, "time", ""), NULL);
  g_autoptr (GDateTime) local = utc != NULL ? g_date_time_to_local (utc) : NULL;

  return local != NULL ? g_date_time_format (local, "%x %X") : g_strdup ("");
}

static char *
title_of (JsonObject *entry)
{
  const char                   *name = json_object_get_string_member_with_default (entry, "procedure", "");
  const UnclipPluginDescriptor *descriptor = unclip_plugin_descriptor (name);

  return descriptor != NULL ? g_strdup (_(descriptor->title)) : unclip_plugin_line (name);
}

/* What it was to show, and its seed. */
static char *
settings_of (JsonObject *entry)
{
  static const char *const words[] = { "to", "prompt", "captions" };
  JsonNode   *node = json_object_get_member (entry, "arguments");
  JsonObject *arguments = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  GString    *text = g_string_new (NULL);

  for (guint i = 0; arguments != NULL && i < G_N_ELEMENTS (words); i++)
    {
      g_autofree char *line = unclip_plugin_line (json_object_get_string_member_with_default (arguments, words[i], ""));

      if (*line != '\0')
        g_string_append_printf (text, "“%s” ", line);
    }
  if (arguments != NULL)
    g_string_append_printf (text, "#%d", (int) json_object_get_int_member_with_default (arguments, "seed", 0));
  return g_string_free (text, FALSE);
}

/* Whether the layer is one of those that the edit made. */
static gboolean
made (JsonObject *entry,
      GimpLayer  *layer)
{
  JsonNode  *node = json_object_get_member (entry, "results");
  JsonArray *results = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint i = 0; layer != NULL && results != NULL && i < json_array_get_length (results); i++)
    if (JSON_NODE_HOLDS_VALUE (json_array_get_element (results, i))
        && json_node_get_int (json_array_get_element (results, i)) == gimp_item_get_tattoo (GIMP_ITEM (layer)))
      return TRUE;
  return FALSE;
}

/* The latest first. @chosen: (out): the row that is proposed. transfer full */
static GtkListStore *
rows_of (GimpImage *image,
         GimpLayer *layer,
         int       *chosen)
{
  g_autoptr (JsonArray)  log = unclip_plugin_history_log (image);
  g_autoptr (JsonObject) own = layer != NULL ? unclip_plugin_history_record (layer) : NULL;
  GtkListStore *rows = gtk_list_store_new (N_COLUMNS, G_TYPE_INT, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
  int           n = (int) json_array_get_length (log);

  *chosen = -1;
  for (int i = n; i >= 1; i--)
    {
      JsonObject      *entry = json_array_get_object_element (log, i - 1);
      g_autofree char *time = time_text (entry), *title = title_of (entry), *settings = settings_of (entry);

      if (*chosen < 0 && made (entry, layer))
        *chosen = n - i;
      gtk_list_store_insert_with_values (rows, NULL, -1, COLUMN_ENTRY, i, COLUMN_TIME, time, COLUMN_EDIT, title, COLUMN_SETTINGS, settings, -1);
    }
  /* A layer from elsewhere, or one whose edit has left the log. */
  if (*chosen < 0 && own != NULL)
    {
      g_autofree char *title = title_of (own), *settings = settings_of (own);

      gtk_list_store_insert_with_values (rows, NULL, 0, COLUMN_ENTRY, 0, COLUMN_TIME, "", COLUMN_EDIT, title, COLUMN_SETTINGS, settings, -1);
    }
  *chosen = MAX (*chosen, 0);
  return rows;
}

/* The entry that is selected; -1: none. */
static int
entry_of (GtkTreeView *list)
{
  GtkTreeModel *rows;
  GtkTreeIter   row;
  int           entry = -1;

  if (gtk_tree_selection_get_selected (gtk_tree_view_get_selection (list), &rows, &row))
    gtk_tree_model_get (rows, &row, COLUMN_ENTRY, &entry, -1);
  return entry;
}

/* Only what the log has can be said as text. */
static void
update (GtkTreeSelection *selection,
        GtkDialog        *dialog)
{
  int entry = entry_of (gtk_tree_selection_get_tree_view (selection));

  gtk_dialog_set_response_sensitive (dialog, GTK_RESPONSE_OK, entry >= 0);
  for (int k = UNCLIP_PLUGIN_AGAIN_SCRIPT_FU; k <= UNCLIP_PLUGIN_AGAIN_COMMAND_LINE; k++)
    gtk_dialog_set_response_sensitive (dialog, RESPONSE_COPY + k, entry > 0);
}

static void
open_row (GtkTreeView       *list,
          GtkTreePath       *path,
          GtkTreeViewColumn *column,
          GtkDialog         *dialog)
{
  gtk_dialog_response (dialog, GTK_RESPONSE_OK);
}

static GtkTreeView *
list_new (GtkListStore *rows)
{
  static const char *const titles[N_COLUMNS] = { NULL, N_("When"), N_("Edit"), N_("Settings") };
  GtkTreeView *list = GTK_TREE_VIEW (gtk_tree_view_new_with_model (GTK_TREE_MODEL (rows)));

  for (int i = COLUMN_TIME; i < N_COLUMNS; i++)
    gtk_tree_view_insert_column_with_attributes (list, -1, _(titles[i]), gtk_cell_renderer_text_new (), "text", i, NULL);
  atk_object_set_name (gtk_widget_get_accessible (GTK_WIDGET (list)), _("Edits of this image"));
  return list;
}

/* The clipboard keeps it when this process is gone. */
static void
copy_text (GtkWidget  *widget,
           const char *text)
{
  GtkClipboard *clipboard = gtk_widget_get_clipboard (widget, GDK_SELECTION_CLIPBOARD);

  gtk_clipboard_set_text (clipboard, text, -1);
  gtk_clipboard_store (clipboard);
}

int
unclip_plugin_again_ask (GimpImage     *image,
                         GimpDrawable **drawables)
{
  GimpLayer    *layer = drawables != NULL && drawables[0] != NULL && GIMP_IS_LAYER (drawables[0]) ? GIMP_LAYER (drawables[0]) : NULL;
  int           chosen, response, entry = -1;
  g_autoptr (GtkListStore) rows = NULL;
  g_autoptr (GtkTreePath)  path = NULL;
  GtkTreeView  *list;
  GtkWidget    *dialog, *scrolled;

  gimp_ui_init ("unclip");
  rows = rows_of (image, layer, &chosen);
  dialog = gimp_dialog_new (_("Edit Again"), "unclip-edit-again", NULL, 0, gimp_standard_help_func, UNCLIP_PLUGIN_PREFIX "edit-again",
                            _("Copy as _Script-Fu"), RESPONSE_COPY + UNCLIP_PLUGIN_AGAIN_SCRIPT_FU,
                            _("Copy as _Python-Fu"), RESPONSE_COPY + UNCLIP_PLUGIN_AGAIN_PYTHON_FU,
                            _("Copy as Comman_d"), RESPONSE_COPY + UNCLIP_PLUGIN_AGAIN_COMMAND_LINE,
                            _("_Close"), GTK_RESPONSE_CLOSE, _("_Open…"), GTK_RESPONSE_OK, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (dialog), GTK_RESPONSE_OK);
  list = list_new (rows);
  scrolled = gtk_scrolled_window_new (NULL, NULL);
  gtk_widget_set_size_request (scrolled, 480, 240);
  gtk_container_add (GTK_CONTAINER (scrolled), GTK_WIDGET (list));
  gtk_box_pack_start (GTK_BOX (gtk_dialog_get_content_area (GTK_DIALOG (dialog))), scrolled, TRUE, TRUE, 0);
  g_signal_connect (list, "row-activated", G_CALLBACK (open_row), dialog);
  g_signal_connect (gtk_tree_view_get_selection (list), "changed", G_CALLBACK (update), dialog);
  path = gtk_tree_path_new_from_indices (chosen, -1);
  gtk_tree_view_set_cursor (list, path, NULL, FALSE);
  update (gtk_tree_view_get_selection (list), GTK_DIALOG (dialog));
  gtk_widget_show_all (scrolled);
  gtk_widget_grab_focus (GTK_WIDGET (list));

  while ((response = gimp_dialog_run (GIMP_DIALOG (dialog))) >= RESPONSE_COPY)
    {
      g_autofree char *text = unclip_plugin_again_text (image, entry_of (list), response - RESPONSE_COPY);

      copy_text (dialog, text);
    }
  if (response == GTK_RESPONSE_OK)
    entry = entry_of (list);
  gtk_widget_destroy (dialog);
  return entry;
}
