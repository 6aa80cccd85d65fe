/* The error domain, and what strangers' texts look like in a message.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "error.h"

G_DEFINE_QUARK (unclip-error-quark, unclip_error)

/* Characters: a line of a terminal. */
#define MAX_EXCERPT 80

char *
unclip_error_excerpt (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  gboolean         is_long = g_utf8_strlen (valid, -1) > MAX_EXCERPT;

  if (is_long)
    *g_utf8_offset_to_pointer (valid, MAX_EXCERPT) = '\0';
  for (char *p = valid; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return is_long ? g_strconcat (valid, "…", NULL) : g_steal_pointer (&valid);
}
