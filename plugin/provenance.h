/* What tells, later and elsewhere, how a picture came about: settings on each layer, which XCF keeps, and
 * the kind of source in the image's metadata, which exports keep.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libgimp/gimp.h>

#include "arguments.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_record_new:
 * @settings: of a job that is done
 *
 * The settings that every procedure has, as they were really used; it adds its own.
 * Returns: (transfer full):
 */
JsonObject *unclip_plugin_record_new    (GimpProcedure *procedure, const UnclipPluginSettings *settings, UnclipModel *model);
/* In @record: the arguments that, in the place of the job's own, make this layer alone; precision is one of them. transfer none */
JsonObject *unclip_plugin_record_alone  (JsonObject *record);

/* Says in XMP, by IPTC's vocabulary, that a trained model took part in this picture, or @is_new made it altogether; leaves
 * alone a word that says more. Can be undone as any change of the image. */
void        unclip_plugin_mark_image    (GimpImage *image, gboolean is_new);

G_END_DECLS
