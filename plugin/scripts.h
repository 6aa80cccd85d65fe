/* An edit as text that makes it again: for Script-Fu, Python-Fu and the command line.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>
#include <libgimp/gimp.h>

G_BEGIN_DECLS

/* @procedure with the arguments of @config that are not its defaults, on the layers with these tattoos (array length=n) of what the
 * script calls "image". transfer full */
char *unclip_plugin_script_fu    (GimpProcedure *procedure, GimpProcedureConfig *config, const guint *tattoos, int n);
char *unclip_plugin_python_fu    (GimpProcedure *procedure, GimpProcedureConfig *config, const guint *tattoos, int n);
/* With pictures layer-1.png and so on, from the bottom up as the command takes them, in the place of the layers; "" for what there is no command. */
char *unclip_plugin_command_line (GimpProcedure *procedure, GimpProcedureConfig *config, int n);

G_END_DECLS
