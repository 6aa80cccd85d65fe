/* What can be done at once where the work cannot be taken, as a button beside the sentence that says why.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "work.h"

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_PLUGIN_NO_REMEDY,
  UNCLIP_PLUGIN_CONVERT,    /* an indexed image to RGB */
  UNCLIP_PLUGIN_SELECT_ONE, /* of several layers the uppermost */
  UNCLIP_PLUGIN_LOOK_AGAIN  /* the user selects something else, and says so */
} UnclipPluginRemedy;

/* @drawables: (nullable) (array zero-terminated=1): what could not be worked on */
UnclipPluginRemedy unclip_plugin_remedy_of    (UnclipPluginInput input, GimpImage *image, GimpDrawable **drawables);
/* For a button, translated; %NULL: there is no remedy. */
const char        *unclip_plugin_remedy_label (UnclipPluginRemedy remedy);
/* What there is to work on now; transfer container, zero-terminated. */
GimpDrawable     **unclip_plugin_remedy_apply (UnclipPluginRemedy remedy, GimpImage *image);

G_END_DECLS
