/* See provenance.h.
 *
 * Source: IPTC NewsCodes, Digital Source Type, http://cv.iptc.org/newscodes/digitalsourcetype
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "provenance.h"

#define SOURCE_TYPE_TAG "Xmp.iptcExt.DigitalSourceType"
#define SOURCE_TYPES "http://cv.iptc.org/newscodes/digitalsourcetype/"
/* A user's picture in which a model changed something; next to it, one that a model made altogether. */
#define COMPOSITE "compositeWithTrainedAlgorithmicMedia"
#define GENERATED "trainedAlgorithmicMedia"

JsonObject *
unclip_plugin_record_new (GimpProcedure              *procedure,
                          const UnclipPluginSettings *settings,
                          UnclipModel                *model)
{
  g_autofree char *fingerprint = unclip_model_fingerprint (model), *notes = unclip_plugin_settings_notes (settings);
  JsonObject      *record = json_object_new (), *alone = json_object_new ();

  json_object_set_string_member (record, "procedure", gimp_procedure_get_name (procedure));
  json_object_set_string_member (record, "engine", UNCLIP_VERSION);
  json_object_set_string_member (record, "model", unclip_model_name (model));
  json_object_set_string_member (record, "folder", unclip_model_path (model));
  json_object_set_string_member (record, "fingerprint", fingerprint);
  if (settings->image_encoder != NULL)
    json_object_set_string_member (record, "image-encoder", settings->image_encoder);
  json_object_set_string_member (record, "rng", "philox");
  json_object_set_int_member (record, "seed", settings->seed);
  json_object_set_int_member (record, "steps", settings->used.n_steps);
  json_object_set_double_member (record, "guidance", settings->used.guidance_scale);
  json_object_set_int_member (record, "size", settings->used.size);
  if (settings->framing_name != NULL)
    json_object_set_string_member (record, "framing", settings->framing_name);
  json_object_set_string_member (record, "precision", unclip_plugin_settings_precision (settings));
  json_object_set_string_member (record, "notes", notes);
  /* What was fastest here need not be so elsewhere. */
  json_object_set_string_member (alone, "precision", unclip_plugin_settings_precision (settings));
  json_object_set_object_member (record, "alone", alone);
  return record;
}

JsonObject *
unclip_plugin_record_alone (JsonObject *record)
{
  return json_object_get_object_member (record, "alone");
}

void
unclip_plugin_mark_image (GimpImage *image,
                          gboolean   is_new)
{
  const char *type = is_new ? SOURCE_TYPES GENERATED : SOURCE_TYPES COMPOSITE;
  g_autoptr (GimpMetadata) metadata = gimp_image_get_metadata (image);
  g_autofree char *before = NULL;

  if (metadata == NULL)
    metadata = gimp_metadata_new ();
  before = gexiv2_metadata_try_get_tag_string (GEXIV2_METADATA (metadata), SOURCE_TYPE_TAG, NULL);
  if (before != NULL && (g_str_has_suffix (before, "/" GENERATED) || g_str_has_suffix (before, "/" COMPOSITE)))
    return;
  if (gexiv2_metadata_try_set_tag_string (GEXIV2_METADATA (metadata), SOURCE_TYPE_TAG, type, NULL))
    gimp_image_set_metadata (image, metadata);
}
