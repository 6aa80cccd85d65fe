/* The settings of a procedure as a form: its own arguments, seed, model, what is rarely changed; of GIMP's own procedure dialog,
 * which brings Reset, saved settings and Help.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimpui.h>

#include "procedure.h"

G_BEGIN_DECLS

typedef struct _UnclipPluginRows UnclipPluginRows;

/* Before the dialog is made: text that a script left out is %NULL, which the widgets would complain about. */
void              unclip_plugin_rows_fill_texts (GimpProcedure *procedure, GimpProcedureConfig *config);

/* Rows over @config in @dialog, which have to go before it. It also has them without a model, and they say what is wrong. */
UnclipPluginRows *unclip_plugin_rows_new        (const UnclipPluginDescriptor *descriptor, GimpProcedure *procedure, GimpProcedureConfig *config, GimpProcedureDialog *dialog);
void              unclip_plugin_rows_free       (UnclipPluginRows *rows);
/* All of them, which scroll; transfer none. */
GtkWidget        *unclip_plugin_rows_widget     (UnclipPluginRows *rows);
/* Whether there is a model that can do it, and all that has to be said is. */
gboolean          unclip_plugin_rows_are_ready  (UnclipPluginRows *rows);
/* Remembers the captions, to offer them again. */
void              unclip_plugin_rows_remember   (UnclipPluginRows *rows);
/* What they say about the captions, and the user has read; transfer full. */
char            **unclip_plugin_rows_notes      (UnclipPluginRows *rows);

G_END_DECLS
