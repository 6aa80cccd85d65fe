/* One result as a layer: the layer's own pixels, and those of the edit where it made a difference.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "work.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_layer_write:
 * @layer: of the size of the layer worked on, whatever its type and precision; nobody else can reach it yet
 * @before: (nullable): the square that the model says is the picture; %NULL: see unclip_frame_return_rows()
 * @after: the edited one
 * @options: of the edit
 * @opaque: pixels that are half transparent become opaque, for a layer that gets its shape from one below it
 *
 * Pixels in which the edit made no difference are written as they were taken, to the last bit.
 */
gboolean       unclip_plugin_layer_write     (GimpLayer *layer, const UnclipPluginWork *work, const UnclipImage *before, const UnclipImage *after, const UnclipOptions *options, gboolean opaque, GError **error);

/* A picture of the layer's own size. */
void           unclip_plugin_layer_write_picture (GimpLayer *layer, const UnclipImage *picture);

/**
 * unclip_plugin_layer_mask_new:
 * @with_own: of what the layer hides itself, too
 *
 * A mask for @layer that hides what was not selected.
 * Returns: (transfer none) (nullable): %NULL if there is nothing to hide
 */
GimpLayerMask *unclip_plugin_layer_mask_new  (GimpLayer *layer, const UnclipPluginWork *work, gboolean with_own);

/* Opacity, mode and the spaces and shape in which it mixes. */
void           unclip_plugin_layer_look_like (GimpLayer *layer, GimpLayer *other);
void           unclip_plugin_layer_look_plain (GimpLayer *layer, GimpLayerCompositeMode composite_mode);

/* GIMP ends a plug-in that writes to a locked layer, and keeps the eye of one as it is. */
void           unclip_plugin_layer_unlock    (GimpLayer *layer);

G_END_DECLS
