/* The PDB procedures that this plug-in registers, one per file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <libgimp/gimp.h>

G_BEGIN_DECLS

#define UNCLIP_PLUGIN_VARIATIONS "plug-in-unclip-variations"
#define UNCLIP_PLUGIN_TEXT_EDIT "plug-in-unclip-text-edit"

/* What GIMP wants to know about each at start-up: needs no model and touches no engine. */
GimpProcedure *unclip_plugin_variations_new (GimpPlugIn *plug_in);
GimpProcedure *unclip_plugin_text_edit_new  (GimpPlugIn *plug_in);

/**
 * unclip_plugin_fail:
 * @error: (transfer full): what went wrong; a cancelled job becomes %GIMP_PDB_CANCEL
 *
 * The return values of a procedure that could not do its work. GIMP shows the message.
 */
GimpValueArray *unclip_plugin_fail (GimpProcedure *procedure, GError *error);

G_END_DECLS
