/* XMP: where a picture comes from. The vocabulary is IPTC's, http://cv.iptc.org/newscodes/digitalsourcetype;
 * captions and settings, which may be private, go in only with --metadata full.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <gexiv2/gexiv2.h>
#include <string.h>

#define SOURCE_TYPE "Xmp.iptcExt.DigitalSourceType"
#define GENERATED "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
#define COMPOSITE "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

/* What was asked for, as one line of JSON. */
static char *
settings_text (const CmdJob *job)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *fingerprint = unclip_model_fingerprint (job->model);
  g_autofree char *name = g_filename_display_name (unclip_model_name (job->model));

  json_object_set_string_member (object, "command", job->command);
  json_object_set_string_member (object, "model", name);
  json_object_set_string_member (object, "fingerprint", fingerprint);
  json_object_set_int_member (object, "seed", (gint64) job->options.seed);
  json_object_set_object_member (object, "settings", json_object_ref (job->settings));
  return json_to_string (node, FALSE);
}

static gboolean
set (GExiv2Metadata  *metadata,
     const char      *tag,
     const char      *value,
     GError         **error)
{
  return gexiv2_metadata_try_set_tag_string (metadata, tag, value, error);
}

static gboolean
set_all (const CmdJob    *job,
         GExiv2Metadata  *metadata,
         gboolean         is_composite,
         GError         **error)
{
  g_autofree char *settings = NULL;

  if (! set (metadata, SOURCE_TYPE, is_composite ? COMPOSITE : GENERATED, error)
      || ! set (metadata, "Xmp.xmp.CreatorTool", "unCLIP for GIMP " UNCLIP_VERSION, error))
    return FALSE;
  if (job->metadata != CMD_METADATA_FULL)
    return TRUE;

  /* IPTC's own places for these, since version 2025.1 of its standard. */
  settings = settings_text (job);
  return set (metadata, "Xmp.iptcExt.AIPromptInformation", settings, error)
         && set (metadata, "Xmp.iptcExt.AISystemUsed", "unCLIP for GIMP", error)
         && set (metadata, "Xmp.iptcExt.AISystemVersionUsed", UNCLIP_VERSION, error);
}

gboolean
cmd_metadata_write (const CmdJob  *job,
                    gboolean       is_composite,
                    const char    *path,
                    GError       **error)
{
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();

  return job->metadata == CMD_METADATA_NONE
         || (gexiv2_metadata_open_path (metadata, path, error)
             && set_all (job, metadata, is_composite, error)
             && gexiv2_metadata_save_file (metadata, path, error));
}

void
cmd_metadata_read (const char *path,
                   int        *orientation,
                   gboolean   *is_generated)
{
  g_autoptr (GExiv2Metadata) metadata = gexiv2_metadata_new ();
  g_autofree char *type = NULL;
  int value;

  *orientation = 1;
  *is_generated = FALSE;
  /* What cannot be read has nothing to say. */
  if (! gexiv2_metadata_open_path (metadata, path, NULL))
    return;
  value = gexiv2_metadata_try_get_orientation (metadata, NULL);
  if (value >= 1 && value <= 8)
    *orientation = value;
  type = gexiv2_metadata_try_get_tag_string (metadata, SOURCE_TYPE, NULL);
  *is_generated = g_strcmp0 (type, GENERATED) == 0;
}
