/* The dialog of every procedure: its own arguments, seed, model, what is rarely changed; around them GIMP's own procedure
 * dialog, which brings Reset, saved settings and Help.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimpui.h>

#include "procedure.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_dialog_ask:
 *
 * Shows the dialog over @config until it is answered. It also opens without a model, says what is wrong, and then has no OK.
 * Returns: %FALSE: dismissed
 */
gboolean unclip_plugin_dialog_ask (const UnclipPluginDescriptor *descriptor, GimpProcedure *procedure, GimpProcedureConfig *config);

G_END_DECLS
