/* The rows that all dialogs have: seed, model, what is rarely changed; around them GIMP's own procedure
 * dialog, which brings Reset, saved settings and Help.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimpui.h>

G_BEGIN_DECLS

/**
 * unclip_plugin_dialog_new:
 * @hint: one sentence above the rows
 * @rows: (array zero-terminated=1): names of the procedure's own arguments, in their order
 *
 * A dialog over @config that also opens without a model, says what is wrong, and then has no OK.
 * Returns: (transfer full): run it by unclip_plugin_dialog_run()
 */
GimpProcedureDialog *unclip_plugin_dialog_new     (GimpProcedure *procedure, GimpProcedureConfig *config, const char *title, const char *hint, const char *const *rows);
/* The text @property is one that the model is to understand: shows @example where it is empty, and says where the model will not. */
void                 unclip_plugin_dialog_caption (GimpProcedureDialog *dialog, const char *property, const char *example);
/* Holds OK back while the text @property is empty. */
void                 unclip_plugin_dialog_need    (GimpProcedureDialog *dialog, const char *property);
/* Destroys @dialog; %FALSE: dismissed. */
gboolean             unclip_plugin_dialog_run     (GimpProcedureDialog *dialog);

G_END_DECLS
