/* Filters ▸ unCLIP ▸ Models: what is here, what each can do, where to get more.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "procedure.h"

G_BEGIN_DECLS

#define UNCLIP_PLUGIN_MODELS UNCLIP_PLUGIN_PREFIX "models"

/* It works on nothing, so that it has none of what the others share. */
GimpProcedure *unclip_plugin_models_new (GimpPlugIn *plug_in);

G_END_DECLS
