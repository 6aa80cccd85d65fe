/* See origin.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "origin.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const char *const kinds[] = { "result", "group", "clipped-group" };

void
unclip_plugin_origin_clear (UnclipPluginOrigin *origin)
{
  g_clear_pointer (&origin->procedure, g_free);
  g_clear_pointer (&origin->selection, g_free);
}

void
unclip_plugin_origin_remember (const UnclipPluginOrigin *origin,
                               GimpLayer                *layer)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = NULL;
  GimpParasite    *parasite;

  json_object_set_string_member (object, "kind", kinds[origin->kind]);
  json_object_set_int_member (object, "tattoo", origin->tattoo);
  json_object_set_string_member (object, "procedure", origin->procedure);
  if (origin->selection != NULL)
    json_object_set_string_member (object, "selection", origin->selection);
  text = json_to_string (node, FALSE);
  parasite = gimp_parasite_new (UNCLIP_PLUGIN_ORIGIN, GIMP_PARASITE_PERSISTENT, strlen (text) + 1, text);
  gimp_item_attach_parasite (GIMP_ITEM (layer), parasite);
  gimp_parasite_free (parasite);
}

/* Whatever an XCF from elsewhere may hold under that name. transfer full, nullable */
static JsonObject *
parse (GimpLayer *layer)
{
  GimpParasite   *parasite = gimp_item_get_parasite (GIMP_ITEM (layer), UNCLIP_PLUGIN_ORIGIN);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *text = NULL;
  const char      *data;
  guint32          size;

  if (parasite == NULL)
    return NULL;
  data = gimp_parasite_get_data (parasite, &size);
  text = g_strndup (data != NULL ? data : "", size);
  gimp_parasite_free (parasite);
  node = g_utf8_validate (text, -1, NULL) ? json_from_string (text, NULL) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_dup_object (node) : NULL;
}

gboolean
unclip_plugin_origin_recall (UnclipPluginOrigin *origin,
                             GimpLayer          *layer)
{
  g_autoptr (JsonObject) object = parse (layer);
  const char *kind;

  *origin = (UnclipPluginOrigin) { 0 };
  if (object == NULL)
    return FALSE;
  kind = json_object_get_string_member_with_default (object, "kind", "");
  while (origin->kind < G_N_ELEMENTS (kinds) && strcmp (kind, kinds[origin->kind]) != 0)
    origin->kind++;
  origin->tattoo = (guint) json_object_get_int_member_with_default (object, "tattoo", 0);
  origin->procedure = g_strdup (json_object_get_string_member_with_default (object, "procedure", ""));
  origin->selection = g_strdup (json_object_get_string_member_with_default (object, "selection", NULL));
  return origin->kind < G_N_ELEMENTS (kinds) && origin->tattoo != 0;
}

GimpLayer *
unclip_plugin_origin_of (GimpProcedure *procedure,
                         GimpLayer     *result)
{
  g_auto (UnclipPluginOrigin) origin = { 0 };

  if (! unclip_plugin_origin_recall (&origin, result) || origin.kind != UNCLIP_PLUGIN_RESULT
      || strcmp (origin.procedure, gimp_procedure_get_name (procedure)) != 0)
    return NULL;
  return gimp_image_get_layer_by_tattoo (gimp_item_get_image (GIMP_ITEM (result)), origin.tattoo);
}
