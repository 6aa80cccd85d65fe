/* What a procedure made, as layers in the image.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libgimp/gimp.h>

#include "work.h"

G_BEGIN_DECLS

/**
 * UnclipPluginResult:
 * @name: of the layer
 * @record: from unclip_plugin_record_new(), for the layer
 * @square: (transfer none): the edited picture
 */
typedef struct
{
  char              *name;
  JsonObject        *record;
  const UnclipImage *square;
} UnclipPluginResult;

/* @name and @record: transfer full. An array with these in it frees them. */
void       unclip_plugin_results_add (GPtrArray *results, char *name, JsonObject *record, const UnclipImage *square);
GPtrArray *unclip_plugin_results_new (void);

/**
 * unclip_plugin_results_place:
 * @before: the square that the model says is the picture
 * @results: (element-type UnclipPluginResult): from the top down
 * @options: of the edit
 * @group_name: for several layers
 *
 * Makes the layers and then, in the one short moment in which the image changes and that is one step to undo,
 * puts them where the layer is now, so that the canvas shows the first of them as it showed the layer: with its
 * opacity, mode and effects, and in its place where it would shine through. They join earlier results of the
 * same layer. What is selected in the Layers dialog stays selected. Where the layer is gone they come above what
 * it was merged into, or in a new image, and the user is told.
 * Returns: (transfer container) (array zero-terminated=1): the new layers
 */
GimpLayer **unclip_plugin_results_place (GimpProcedure *procedure, const UnclipPluginWork *work, const UnclipImage *before, GPtrArray *results, const UnclipOptions *options, const char *group_name, GError **error);

G_END_DECLS
