/* The embedding that Kandinsky guides away from.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

/* Whether it was made before for this image encoder in this arithmetic: then no network is needed. */
gboolean unclip_negative_is_kept (UnclipModel *model, const BkContext *context);
/**
 * unclip_negative_embedding:
 * @tower: (nullable): the model's image tower, if it is there anyway
 * @dim: (out)
 *
 * What the image tower makes of a picture of zeros after normalisation, the mean colour. The tower is Kandinsky's largest network by far, so
 * the result is kept among the user's caches; where these cannot be written it is made anew every time.
 * Errors: those of the tower.
 * Returns: (transfer full): [dim]
 */
float   *unclip_negative_embedding (UnclipModel *model, UnclipImageTower *tower, BkContext *context, int *dim, GError **error);

G_END_DECLS
