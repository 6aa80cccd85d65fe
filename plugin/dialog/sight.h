/* What the preview shows of the work: the picture, small enough to be drawn at once, and what an edit makes of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "work.h"

G_BEGIN_DECLS

/**
 * UnclipPluginSight:
 * @picture: the part that the engine sees; gray where nothing is worked on
 * @selected: (array) (nullable): [height, width] of @picture, how much of each pixel is selected, 0 to 1; %NULL: all
 * @is_blank: nothing is worked on
 *
 * Does not change any more, so that any thread may look at it. By reference.
 */
typedef struct
{
  UnclipImage  *picture;
  float        *selected;
  UnclipFraming framing;
  gboolean      is_blank;
} UnclipPluginSight;

/* Errors: %UNCLIP_ERROR_MEMORY. transfer full */
UnclipPluginSight *unclip_plugin_sight_new   (const UnclipPluginWork *work, UnclipFraming framing, GError **error);
UnclipPluginSight *unclip_plugin_sight_ref   (UnclipPluginSight *sight);
void               unclip_plugin_sight_unref (UnclipPluginSight *sight);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipPluginSight, unclip_plugin_sight_unref)

/**
 * unclip_plugin_sight_edited:
 * @before: (nullable): the square that the model says is the picture; %NULL: @after covers it altogether
 * @after: the square after the edit, or what it will be like
 *
 * Of the size of the picture; what is not selected stays as it is. transfer full, %NULL with an error
 */
UnclipImage       *unclip_plugin_sight_edited (const UnclipPluginSight *sight, const UnclipImage *before, const UnclipImage *after, GError **error);

G_END_DECLS
