/* Colours along the edge of a selection: the edit takes on those that are around it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "work.h"

G_BEGIN_DECLS

/**
 * unclip_plugin_seam_match:
 * @before: (nullable): the square that the model says is the picture; %NULL: the picture itself, framed
 * @after: the edited one, as large
 *
 * @after, to which is added what it lacks outside of the selection, and inside what joins that most smoothly: the solution of Laplace's
 * equation, as in Poisson image editing (Pérez et al., 2003). Where nothing was edited nothing changes, to the last bit.
 * Returns: (transfer full): %NULL with an error
 */
UnclipImage *unclip_plugin_seam_match (const UnclipPluginWork *work, const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, GError **error);

G_END_DECLS
