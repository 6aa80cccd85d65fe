/* Models with random weights, piece by piece; unclip_synth () is in dev.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "files.h"

G_BEGIN_DECLS

/* Component @i of those that have weights; FALSE after the last. */
gboolean unclip_synth_component (guint i, const char **name);

/**
 * unclip_synth_entries:
 * @dir: the component's folder, with its config.json
 * @dtype: of all tensors
 *
 * Every tensor of the component's published checkpoint by name and shape, as the network itself asks
 * for them. (The int64 position_ids of old text towers are not weights, and nobody reads them.)
 * Returns: (element-type UnclipEntry) (transfer full)
 */
GPtrArray *unclip_synth_entries (const char *dir, const char *component, UnclipDtype dtype, GError **error);

G_END_DECLS
