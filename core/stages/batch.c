/* See batch.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "batch.h"

#include <glib/gi18n-lib.h>

void
unclip_batch_channels (float *to, int n, const float *from, gsize n_pixels, int stride, int first)
{
  for (gsize i = 0; i < n_pixels; i++)
    for (int c = 0; c < n; c++)
      to[n * i + c] = from[i * stride + first + c];
}

gboolean
unclip_batch_no_memory (const char *what, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for %s; close other programs"), what);
  return FALSE;
}
