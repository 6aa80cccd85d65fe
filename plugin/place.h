/* Where results go: into the image as it is when they are ready, whatever happened to it since the work was taken.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "origin.h"
#include "work.h"

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_PLUGIN_ABOVE,   /* covers the layer, which stays as it is */
  UNCLIP_PLUGIN_INSTEAD, /* the layer would shine through: it is hidden */
  UNCLIP_PLUGIN_CLIPPED  /* the same with a selection: in a group above a copy of the layer, which gives it its shape */
} UnclipPluginForm;

/**
 * UnclipPluginPlace:
 * @image: the layer's, or a new one
 * @layer: (nullable): the layer as it is now; %NULL: it is gone
 * @beside: (nullable): what the results come above, the layer or what it was merged into; %NULL: nothing is there
 * @is_new: of the image
 * @home: (nullable): the group of earlier results that the new ones join
 * @earlier: (nullable): results of the same layer and their groups that are there
 * @base_type, @precision: the image's; it may have others before the results are in it
 * @origin: what results remember
 *
 * Owns @earlier and @origin.
 */
typedef struct
{
  GimpImage         *image;
  GimpLayer         *layer, *beside, *home;
  GPtrArray         *earlier;
  UnclipPluginForm   form;
  gboolean           is_new;
  GimpImageBaseType  base_type;
  GimpPrecision      precision;
  UnclipPluginOrigin origin;
} UnclipPluginPlace;

/**
 * unclip_plugin_place_find:
 * @place: was cleared, or is zeroed
 * @width, @height: of a new image
 * @to_new_image: whatever is there
 *
 * Makes a new image where it has to.
 */
void     unclip_plugin_place_find     (UnclipPluginPlace *place, GimpProcedure *procedure, const UnclipPluginWork *work, int width, int height, gboolean to_new_image);
void     unclip_plugin_place_clear    (UnclipPluginPlace *place);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginPlace, unclip_plugin_place_clear)

/* Whether what was found is still so. */
gboolean unclip_plugin_place_is_valid (const UnclipPluginPlace *place);

/* The first place among @parent's children that is above the layer, and above earlier results beside it. */
int      unclip_plugin_place_position (const UnclipPluginPlace *place, GimpItem *parent);

G_END_DECLS
