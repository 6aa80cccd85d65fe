/* See finite.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finite.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "error.h"

gboolean
unclip_is_finite (const float *values, gsize n)
{
  guint32 found = 0;

  /* Without a branch, so that it is computed many at a time: an exponent of ones, and one more, carries into the sign. */
  for (gsize i = 0; i < n; i++)
    {
      guint32 bits;

      memcpy (&bits, values + i, 4);
      found |= (bits & 0x7f800000) + 0x00800000;
    }
  return found >> 31 == 0;
}

gboolean
unclip_check_finite (const char *component, const float *values, gsize n, GError **error)
{
  if (values == NULL || unclip_is_finite (values, n))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
               _("The model's %s gives values that are not numbers, as its weights are damaged; download them again"), component);
  return FALSE;
}
