/* A layer to the picture that the engine takes, and its results back to new layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "unclip.h"

G_BEGIN_DECLS

/**
 * UnclipPluginWork:
 * @image: what the layer is in
 * @layer: the layer to start from; is only read
 * @rect: the part that the engine sees, in the layer's pixels
 * @has_selection: results get the selection as their mask, next to the layer's own
 *
 * What a procedure works on. Nothing in it is owned.
 */
typedef struct
{
  GimpImage    *image;
  GimpLayer    *layer;
  GeglRectangle rect;
  gboolean      has_selection;
} UnclipPluginWork;

/**
 * unclip_plugin_work_init:
 * @drawables: (array zero-terminated=1): as GIMP passed them
 *
 * With a selection the work rectangle is what it covers of the layer and, as a model understands little
 * of a mere cut-out, as much around that as makes it a square half as large again.
 * Errors: %UNCLIP_ERROR_ARGUMENT for anything but one ordinary layer, and for a selection beside it.
 */
gboolean unclip_plugin_work_init (UnclipPluginWork *work, GimpImage *image, GimpDrawable **drawables, GError **error);

/* The work rectangle's pixels in sRGB whatever the layer has; with alpha if it has. */
UnclipImage *unclip_plugin_work_read (const UnclipPluginWork *work, GError **error);

/**
 * unclip_plugin_layer_new:
 * @picture: from unclip_plugin_work_read()
 * @before: the square that the model says is the picture
 * @after: the edited one
 *
 * A layer like the one worked on, in size, type and precision, with the edit in the work rectangle. It is
 * not in the image yet.
 * Returns: (transfer none): owned by GIMP; gimp_item_delete() if it is not to be used
 */
GimpLayer *unclip_plugin_layer_new (const UnclipPluginWork *work, const UnclipImage *picture, const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, const char *name, GError **error);

/* Deletes new layers that are not to be used after all: %NULL-terminated, the array itself stays. */
void unclip_plugin_layers_drop (GimpLayer **layers);

/**
 * unclip_plugin_insert_layers:
 * @layers: (array length=n_layers): from the top down
 * @group_name: for more than one
 *
 * The one short moment in which the image changes, and one step to undo: puts the layers above the one
 * worked on, several into a group of which the first is visible; says in the image's metadata that a
 * model took part.
 */
gboolean unclip_plugin_insert_layers (const UnclipPluginWork *work, GimpLayer **layers, int n_layers, const char *group_name, GError **error);

G_END_DECLS
