/* Shares as bars, in a dialog of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimpui.h>

G_BEGIN_DECLS

/* @share: 0 to 1 */
typedef struct
{
  const char *label;
  double      share;
} UnclipPluginBar;

/* Shows @bars, from the top down, below the sentence @hint until they are closed. */
void unclip_plugin_bars_show (const char *title, const char *hint, const UnclipPluginBar *bars, int n);

G_END_DECLS
