/* What a procedure made, as layers in the image.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libgimp/gimp.h>

#include "arguments.h"
#include "work.h"

G_BEGIN_DECLS

/**
 * UnclipPluginResult:
 * @name: of the layer
 * @record: from unclip_plugin_record_new(), for the layer
 * @work: (transfer none) (nullable): whose pixels stay where @square changed nothing, one like that which all are placed by; %NULL: that one
 * @before: (transfer none) (nullable): the square that the model says is the picture; %NULL: @square is no edit, and covers the picture
 * @square: (transfer none): the edited picture, to come at the size of what was worked on
 * @picture: (transfer none) (nullable): instead of @square, one that comes at its own size, over the middle of what was worked on
 */
typedef struct
{
  char                   *name;
  JsonObject             *record;
  const UnclipPluginWork *work;
  const UnclipImage      *before, *square, *picture;
} UnclipPluginResult;

/**
 * UnclipPluginResults:
 * @layers: (element-type UnclipPluginResult): from the top down; may be none
 * @group_name: (nullable): for several layers
 * @metadata: what is left behind of them
 * @latents: (element-type GBytes) (nullable): packed, for the layers
 * @to_new_image: they come in an image of their own, all of them visible
 *
 * What came of a job. Zeroed, and cleared at the end.
 */
typedef struct
{
  GPtrArray *layers;
  char      *group_name;
  gboolean   to_new_image;
  GPtrArray *latents;
  UnclipPluginMetadata metadata;
} UnclipPluginResults;

/* Adds a copy of @result; its name and record: transfer full. */
void unclip_plugin_results_add   (UnclipPluginResults *results, UnclipPluginResult result);
void unclip_plugin_results_clear (UnclipPluginResults *results);

/**
 * unclip_plugin_results_place:
 * @options: of the edit
 *
 * Makes the layers and then, in the one short moment in which the image changes and that is one step to undo,
 * puts them where the layer is now, so that the canvas shows the first of them as it showed the layer: with its
 * opacity, mode and effects, and in its place where it would shine through. They join earlier results of the
 * same layer. What is selected in the Layers dialog stays selected. Where the layer is gone they come above what
 * it was merged into, or in a new image, and the user is told.
 * Returns: (transfer container) (array zero-terminated=1): the new layers
 */
GimpLayer **unclip_plugin_results_place (GimpProcedure *procedure, const UnclipPluginWork *work, const UnclipPluginResults *results, const UnclipOptions *options, GError **error);

G_END_DECLS
