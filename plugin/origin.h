/* What a result remembers of the layer that it was made of, so that Repeat starts from that again and puts
 * what it makes beside what is there.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

/* Name of the parasite of results and of the groups that they come in; its data is JSON. */
#define UNCLIP_PLUGIN_ORIGIN "unclip-origin"

typedef enum
{
  UNCLIP_PLUGIN_RESULT,
  UNCLIP_PLUGIN_GROUP,        /* results above a layer, or in its place */
  UNCLIP_PLUGIN_CLIPPED_GROUP /* results over a copy of the layer, which gives them its shape */
} UnclipPluginKind;

/**
 * UnclipPluginOrigin:
 * @tattoo: the layer's, which stays the same as long as the image lives, on disk too
 * @procedure: that made the result
 * @selection: (nullable): checksum of what was selected
 */
typedef struct
{
  UnclipPluginKind kind;
  guint            tattoo;
  char            *procedure, *selection;
} UnclipPluginOrigin;

void       unclip_plugin_origin_clear    (UnclipPluginOrigin *origin);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginOrigin, unclip_plugin_origin_clear)

/* @layer: a result or a group that is not in the image yet, so that undo has nothing to do with it. */
void       unclip_plugin_origin_remember (const UnclipPluginOrigin *origin, GimpLayer *layer);
/* %FALSE: @layer is none of ours; @origin is cleared or filled in. */
gboolean   unclip_plugin_origin_recall   (UnclipPluginOrigin *origin, GimpLayer *layer);
/* The layer that @procedure made @result of; %NULL if it is no result of that, or its origin is gone. */
GimpLayer *unclip_plugin_origin_of       (GimpProcedure *procedure, GimpLayer *result);

G_END_DECLS
