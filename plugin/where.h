/* Where an edit applies: how a selection becomes what is edited, and how much around that the model sees.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_PLUGIN_CONTEXT_AUTO,      /* a square half as large again */
  UNCLIP_PLUGIN_CONTEXT_SELECTION, /* nothing else */
  UNCLIP_PLUGIN_CONTEXT_PERCENT,   /* @padding of the longer side, all around */
  UNCLIP_PLUGIN_CONTEXT_PIXELS,    /* @padding pixels all around */
  UNCLIP_PLUGIN_CONTEXT_LAYER      /* all of the layer */
} UnclipPluginContext;

/**
 * UnclipPluginWhere:
 * @context, @padding: what the model sees around a selection
 * @grow: pixels that the selection grows by, or shrinks
 * @feather: pixels over which its edge becomes soft, as GIMP counts them
 * @is_seen: the layer with its effects is what is edited, and not its own pixels
 * @matches_seam: colours are matched along the selection's edge
 * @selection: (transfer none) (nullable): in the place of the image's, as a mask of the layer's size; without rows: nothing is selected
 *
 * Zeroed: what is selected now, as it is.
 */
typedef struct
{
  UnclipPluginContext       context;
  double                    padding;
  int                       grow;
  double                    feather;
  gboolean                  is_seen, matches_seam;
  const UnclipPluginPixels *selection;
} UnclipPluginWhere;

void unclip_plugin_where_add_arguments     (GimpProcedure *procedure);
void unclip_plugin_where_add_return_values (GimpProcedure *procedure);
/* Of a configuration that may lack them. */
void unclip_plugin_where_read              (UnclipPluginWhere *where, GimpProcedureConfig *config);
/* The choices as scripts write them. */
void unclip_plugin_where_set_values        (GimpProcedure *procedure, GimpProcedureConfig *config, GimpValueArray *values);

/* Grows and feathers a mask of the layer's size. What is selected is taken to go on beyond the layer. */
void unclip_plugin_where_adjust            (const UnclipPluginWhere *where, UnclipPluginPixels *selection);
/* Of @bounds, what is selected of a layer of @width × @height, what the model sees. */
GeglRectangle unclip_plugin_where_widen    (const UnclipPluginWhere *where, const GeglRectangle *bounds, int width, int height);

G_END_DECLS
