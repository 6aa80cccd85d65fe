/* The window of Edit Again: an image's log of edits, to open one of them or to copy it as text.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

typedef enum
{
  UNCLIP_PLUGIN_AGAIN_SCRIPT_FU,
  UNCLIP_PLUGIN_AGAIN_PYTHON_FU,
  UNCLIP_PLUGIN_AGAIN_COMMAND_LINE
} UnclipPluginAgainText;

/* Entry @entry of the image's log, from 1, as text; transfer full. In again.c. */
char *unclip_plugin_again_text (GimpImage *image, int entry, UnclipPluginAgainText kind);

/**
 * unclip_plugin_again_ask:
 * @drawables: (nullable) (array zero-terminated=1): what is selected; the edit that made it is the one that is proposed
 *
 * Returns: the entry that is to be opened, from 1; 0: that of the selected layer, which the log does not have; -1: none
 */
int   unclip_plugin_again_ask  (GimpImage *image, GimpDrawable **drawables);

G_END_DECLS
