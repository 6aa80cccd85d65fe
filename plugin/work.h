/* What a procedure works on, taken at one moment: the layer's pixels, what is selected of it, its place.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

#include "pixels.h"
#include "unclip.h"
#include "where.h"

G_BEGIN_DECLS

/* What a procedure works on. */
typedef enum
{
  UNCLIP_PLUGIN_LAYER,      /* one layer; of a selection the model also sees some of the surroundings */
  UNCLIP_PLUGIN_PART,       /* one layer, of which nothing but what is selected */
  UNCLIP_PLUGIN_TWO_LAYERS, /* the upper and the lower one, each as UNCLIP_PLUGIN_LAYER */
  UNCLIP_PLUGIN_LAYERS,     /* as many as are selected, from the top down, each as UNCLIP_PLUGIN_LAYER */
  UNCLIP_PLUGIN_NOTHING     /* a new picture: where it goes, if there is an image at all */
} UnclipPluginInput;

/**
 * UnclipPluginWork:
 * @image, @layer: (transfer none): where the picture is from; either may be gone by the time there is a result. With
 *   %UNCLIP_PLUGIN_NOTHING the image that it goes into, above that layer; either may be %NULL
 * @is_blank: nothing is worked on
 * @name: (nullable): the layer's
 * @x, @y: the layer's place in the image
 * @image_width, @image_height: the image's size
 * @base_type, @precision, @profile: the image's, for another one like it
 * @known: the layers that the image had
 * @pixels: the layer's
 * @mask: what the layer shows; no rows: all of it
 * @selection: as a mask of the layer's size; no rows: nothing is selected
 * @rect: the part that the engine sees, in the layer's pixels
 * @is_partial: something of what is worked on is neither opaque nor wholly transparent
 * @is_visible: the layer's own eye
 * @is_seen: @pixels are the layer's with its effects
 * @matches_seam: colours are matched along the selection's edge
 */
typedef struct
{
  GimpRunMode        run_mode;
  GimpImage         *image;
  GimpLayer         *layer;
  char              *name;
  int                x, y, image_width, image_height;
  GimpImageBaseType  base_type;
  GimpPrecision      precision;
  GimpColorProfile  *profile;
  GPtrArray         *known;
  UnclipPluginPixels pixels, mask, selection;
  GeglRectangle      rect;
  gboolean           is_partial, is_visible, is_blank, is_seen, matches_seam;
} UnclipPluginWork;

/**
 * unclip_plugin_work_take:
 * @work: zeroed
 * @drawables: (array zero-terminated=1): as GIMP passed them
 * @input: %UNCLIP_PLUGIN_LAYER or %UNCLIP_PLUGIN_PART
 * @where: of the layer
 *
 * With a selection the work rectangle is what it covers of the layer and, as a model understands little
 * of a mere cut-out, what @where says is around that. Repeat on a result of
 * the same procedure works on what that result was made of (origin.h).
 * Errors: %UNCLIP_ERROR_ARGUMENT for anything but one ordinary layer, for one that is gone, for a selection
 * beside it, and where there is nothing to see.
 */
gboolean     unclip_plugin_work_take   (UnclipPluginWork *work, GimpProcedure *procedure, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, UnclipPluginInput input,
                                       const UnclipPluginWhere *where, GError **error);

/**
 * unclip_plugin_work_find_layers:
 * @layers: (out caller-allocates): those in @drawables, from the top down; with %UNCLIP_PLUGIN_TWO_LAYERS of a single one itself and
 *   the layer below it
 * @most: how many @layers has room for
 *
 * Errors: %UNCLIP_ERROR_ARGUMENT where there are none, too many, or not two.
 * Returns: how many; 0 with an error
 */
int          unclip_plugin_work_find_layers (GimpDrawable **layers, int most, GimpProcedure *procedure, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, UnclipPluginInput input, GError **error);
/* Whether what is made of the one can be laid over the other, as both have one size, place and kind. */
gboolean     unclip_plugin_work_is_alike  (const UnclipPluginWork *a, const UnclipPluginWork *b);

/**
 * unclip_plugin_work_take_blank:
 * @image: (nullable): none is open
 *
 * The place for a new picture: above the first of @drawables, over what is selected. The selection is kept.
 * Errors: %UNCLIP_ERROR_ARGUMENT for an image that is closed, indexed or has a floating selection.
 */
gboolean     unclip_plugin_work_take_blank (UnclipPluginWork *work, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, GError **error);
/* Makes room for a picture of @side × @side, in the middle of the canvas where nothing is selected. */
gboolean     unclip_plugin_work_make_room (UnclipPluginWork *work, int side, GError **error);

/* The part that is selected and shown, with what is neither made transparent; transfer full, %NULL with an error. */
UnclipImage *unclip_plugin_work_cut    (const UnclipPluginWork *work, GError **error);

void         unclip_plugin_work_clear  (UnclipPluginWork *work);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginWork, unclip_plugin_work_clear)

/* A format in sRGB whatever the layer has; with alpha if it has. */
const Babl  *unclip_plugin_work_format (const UnclipPluginWork *work);

/* The work rectangle for the engine; @work has to outlive it. */
UnclipRows   unclip_plugin_work_rows   (const UnclipPluginWork *work);

/* All layers of an image, groups too, from the top down; transfer container. */
GPtrArray   *unclip_plugin_all_layers  (GimpImage *image);

G_END_DECLS
