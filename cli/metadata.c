/* XMP: where a picture comes from. The vocabulary is IPTC's, http://cv.iptc.org/newscodes/digitalsourcetype;
 * captions and settings, which may be private, go in only with --metadata full.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <string.h>

#define VOCABULARY "http://cv.iptc.org/newscodes/digitalsourcetype/"
#define GENERATED "trainedAlgorithmicMedia"
#define COMPOSITE "compositeWithTrainedAlgorithmicMedia"

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

static void
add (GString    *xmp,
     const char *tag,
     const char *value)
{
  g_autofree char *escaped = g_markup_escape_text (value, -1);

  g_string_append_printf (xmp, "   <%s>%s</%s>\n", tag, escaped, tag);
}

char *
cmd_metadata_xmp (const CmdJob *job,
                  gboolean      is_composite)
{
  g_autoptr (GString) xmp = NULL;

  if (job->metadata == CMD_METADATA_NONE)
    return NULL;
  xmp = g_string_new ("<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
                      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
                      " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
                      "  <rdf:Description rdf:about=\"\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
                      " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\">\n");
  add (xmp, "Iptc4xmpExt:DigitalSourceType", is_composite ? VOCABULARY COMPOSITE : VOCABULARY GENERATED);
  add (xmp, "xmp:CreatorTool", "unCLIP for GIMP " UNCLIP_VERSION);
  if (job->metadata == CMD_METADATA_FULL)
    {
      g_autofree char *settings = settings_text (job);

      /* IPTC's own places for these, since version 2025.1 of its standard. */
      add (xmp, "Iptc4xmpExt:AIPromptInformation", settings);
      add (xmp, "Iptc4xmpExt:AISystemUsed", "unCLIP for GIMP");
      add (xmp, "Iptc4xmpExt:AISystemVersionUsed", UNCLIP_VERSION);
    }
  g_string_append (xmp, "  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"w\"?>");
  return g_string_free_and_steal (g_steal_pointer (&xmp));
}

gboolean
cmd_metadata_is_generated (const void *data,
                           gsize       size)
{
  /* As an attribute, an element or a reference of the property. */
  static const char pattern[] = "DigitalSourceType(\\s*=\\s*[\"']|\\s*>\\s*|\\s+rdf:resource\\s*=\\s*[\"'])" VOCABULARY "(\\w+)";
  g_autoptr (GRegex) regex = g_regex_new (pattern, G_REGEX_RAW | G_REGEX_OPTIMIZE, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  gboolean is_generated = FALSE;

  g_regex_match_full (regex, data, size, 0, 0, &match, NULL);
  for (; g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *type = g_match_info_fetch (match, 2);

      /* A part that was generated does not make all of it so. */
      if (strcmp (type, GENERATED) != 0)
        return FALSE;
      is_generated = TRUE;
    }
  return is_generated;
}
