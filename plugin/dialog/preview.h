/* The picture before and after, side by side with a split that can be moved, what is selected outlined; with zoom.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gtk/gtk.h>

#include "dialog/sight.h"

G_BEGIN_DECLS

#define UNCLIP_TYPE_PLUGIN_PREVIEW (unclip_plugin_preview_get_type ())
G_DECLARE_FINAL_TYPE (UnclipPluginPreview, unclip_plugin_preview, UNCLIP, PLUGIN_PREVIEW, GtkDrawingArea)

GtkWidget *unclip_plugin_preview_new        (void);
/* Instead of all that it showed. */
void       unclip_plugin_preview_set_sight  (UnclipPluginPreview *preview, const UnclipPluginSight *sight);
/* @after: (nullable): of the size of the sight's picture, which is shown alone without it */
void       unclip_plugin_preview_set_after  (UnclipPluginPreview *preview, const UnclipImage *after);
/* Buttons for the zoom: out, fit and in. */
GtkWidget *unclip_plugin_preview_zoom_new   (UnclipPluginPreview *preview);

/**
 * unclip_plugin_surface_new:
 *
 * A picture for drawing; transfer full.
 */
cairo_surface_t *unclip_plugin_surface_new  (const UnclipImage *image);

G_END_DECLS
