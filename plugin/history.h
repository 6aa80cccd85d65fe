/* What layers and images remember of edits, so that they can be made again: parasites, which XCF keeps.
 *
 * A result has the record of its edit (JSON), what was selected, and its latents; an image has a log of records.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libgimp/gimp.h>

#include "results.h"
#include "work.h"

G_BEGIN_DECLS

/* Names of the parasites: of a result, the last of them with a number after it, and of an image. */
#define UNCLIP_PLUGIN_RECORD "unclip-edit"
#define UNCLIP_PLUGIN_SELECTION "unclip-selection"
#define UNCLIP_PLUGIN_LATENTS "unclip-latents-"
#define UNCLIP_PLUGIN_LOG "unclip-log"

/* Bytes of latents that one edit leaves in its layers at most. */
#define UNCLIP_PLUGIN_LATENTS_LIMIT (4u << 20)

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* All of them but run mode, image and drawables, by name; @seed: that was used. transfer full */
JsonObject *unclip_plugin_history_arguments (GimpProcedureConfig *config, int seed);
/* Sets those that the procedure has; what has another type or is out of range stays as it was. */
void        unclip_plugin_history_apply     (GimpProcedureConfig *config, JsonObject *arguments);
/**
 * unclip_plugin_history_change:
 * @changes: (nullable): "name=value", several with semicolons between them
 *
 * Errors: %UNCLIP_ERROR_ARGUMENT names one that the procedure has not, or a value that does not fit it.
 */
gboolean    unclip_plugin_history_change    (GimpProcedureConfig *config, const char *changes, GError **error);

/* ---- of a layer -------------------------------------------------------------------------------------------- */

/* Of a result; transfer full, %NULL: the layer has none, or a broken one. */
JsonObject *unclip_plugin_history_record    (GimpLayer *layer);
/* What was selected when the edit began, as a mask of the layer that it worked on; %FALSE: nobody knows. Without rows: nothing was. */
gboolean    unclip_plugin_history_selection (GimpLayer *layer, JsonObject *record, UnclipPluginPixels *selection);
/* Latents that results of these layers have kept; (element-type UnclipLatents) (transfer full). Calls GIMP. */
GPtrArray  *unclip_plugin_history_latents   (GimpImage *image, const UnclipPluginWork *works, int n_works);
/**
 * unclip_plugin_history_keep:
 * @layer: a result that is not in the image yet
 * @room: (inout): bytes of latents that the edit may still leave
 *
 * Leaves with the layer what there is to remember, in the place of what it may have as another's copy.
 */
void        unclip_plugin_history_keep      (GimpLayer *layer, const UnclipPluginWork *work, const UnclipPluginResults *results, JsonObject *record, gsize *room);

/* ---- of an image -------------------------------------------------------------------------------------------- */

/* Entries are records with "time" and "results", tattoos of the layers; the oldest first. transfer full */
JsonArray  *unclip_plugin_history_log       (GimpImage *image);
/* Adds an edit; can be undone. @layers: (array zero-terminated=1) */
void        unclip_plugin_history_log_add   (GimpImage *image, JsonObject *record, GimpLayer **layers);
/* Takes all of this from the image and its layers, as one step to undo. */
void        unclip_plugin_history_strip     (GimpImage *image);

G_END_DECLS
