/* Whether a model can do what a procedure asks of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "procedure.h"

G_BEGIN_DECLS

/* What @model lacks for this procedure, in words; transfer full, %NULL: nothing. */
char *unclip_plugin_lacking (const UnclipPluginDescriptor *descriptor, UnclipModel *model);

G_END_DECLS
