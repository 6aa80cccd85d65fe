/* What the stages do with the batches that networks take and give.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "stages.h"

G_BEGIN_DECLS

/* Channels [first, first + n) of pictures with @stride channels. */
void     unclip_batch_channels  (float *to, int n, const float *from, gsize n_pixels, int stride, int first);
/* %FALSE: there is not enough memory for @what. */
gboolean unclip_batch_no_memory (const char *what, GError **error);

G_END_DECLS
