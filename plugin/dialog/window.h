/* The dialog of every procedure: its settings, a preview of what comes of them, candidates to choose from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimpui.h>

#include "procedure.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_window_run:
 * @image: (nullable):
 * @drawables: (nullable) (array zero-terminated=1): as GIMP passed them
 *
 * Shows the dialog over @config until it is answered. The engine works in a thread meanwhile, and neither dialog nor GIMP wait for it; the image is
 * not touched before the user takes what was made. The dialog also opens where nothing can be done, and says what is wrong.
 * Returns: (transfer full): what the procedure returns
 */
GimpValueArray *unclip_plugin_window_run (const UnclipPluginDescriptor *descriptor, GimpProcedure *procedure, GimpProcedureConfig *config,
                                          GimpImage *image, GimpDrawable **drawables);

G_END_DECLS
