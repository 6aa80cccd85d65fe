/* Candidates as thumbnails in a row: which is shown, which are ticked, and which are kept when others are made.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "dialog/batch.h"

#include <gtk/gtk.h>

G_BEGIN_DECLS

typedef struct _UnclipPluginStrip UnclipPluginStrip;

/**
 * UnclipPluginTile:
 * @number: of the candidate in its batch
 * @after: as the preview shows it
 *
 * One candidate.
 */
typedef struct
{
  UnclipPluginStrip *strip;
  UnclipPluginBatch *batch;
  int                number;
  UnclipImage       *after;
  char              *label;
  GtkWidget         *widget, *show, *tick, *keep;
} UnclipPluginTile;

/* @shown: (nullable): what is shown now; called too when it goes */
typedef void (*UnclipPluginShownFunc) (const UnclipPluginTile *shown, gpointer data);

/* @changed is called whenever ticks or what is shown change. */
UnclipPluginStrip *unclip_plugin_strip_new    (UnclipPluginShownFunc changed, gpointer data);
void               unclip_plugin_strip_free   (UnclipPluginStrip *strip);
/* transfer none */
GtkWidget         *unclip_plugin_strip_widget (UnclipPluginStrip *strip);
/**
 * unclip_plugin_strip_add:
 * @after: (transfer full):
 * @label: (transfer full): what tells it from others
 */
void               unclip_plugin_strip_add    (UnclipPluginStrip *strip, UnclipPluginBatch *batch, int number, UnclipImage *after, char *label);
/* Drops those that are not kept. */
void               unclip_plugin_strip_clear  (UnclipPluginStrip *strip);
/* The element-type UnclipPluginTile of all; transfer none. */
GPtrArray         *unclip_plugin_strip_tiles  (UnclipPluginStrip *strip);
/* %NULL: none */
const UnclipPluginTile *unclip_plugin_strip_shown (UnclipPluginStrip *strip);
/* Shows the one at that place, from 0. */
void               unclip_plugin_strip_show   (UnclipPluginStrip *strip, guint i);
/* Whether it is to be inserted: those that are ticked, or the one that is shown if none is. */
gboolean           unclip_plugin_strip_is_picked (UnclipPluginStrip *strip, const UnclipPluginTile *tile);

G_END_DECLS
