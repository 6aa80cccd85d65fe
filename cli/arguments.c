/* Numbers, choices and texts as people write them: taken exactly, or refused with what would be right.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

gboolean
cmd_require (gconstpointer   value,
             const char     *option,
             GError        **error)
{
  if (value != NULL)
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s is missing"), option);
  return FALSE;
}

gboolean
cmd_int (const char  *text,
         const char  *option,
         int          min,
         int          max,
         int         *out,
         GError     **error)
{
  gint64 value;

  if (text == NULL)
    return TRUE;
  if (! g_ascii_string_to_signed (text, 10, min, max, &value, NULL))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s takes a whole number from %d to %d, not \"%s\""),
                   option, min, max, text);
      return FALSE;
    }
  *out = (int) value;
  return TRUE;
}

gboolean
cmd_ints (const char  *text,
          const char  *option,
          int          min,
          int          max,
          int        **numbers,
          int         *n,
          GError     **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ",", -1);

  *numbers = g_new (int, g_strv_length (parts) + 1);
  *n = 0;
  for (char **part = parts; *part != NULL; part++)
    {
      int number, i = 0;

      if (! cmd_int (*part, option, min, max, &number, error))
        return FALSE;
      while (i < *n && (*numbers)[i] != number)
        i++;
      (*numbers)[i] = number;
      *n = MAX (*n, i + 1);
    }
  if (*n >= 1 && *n <= 64)
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s takes from 1 to 64 numbers with commas between them, like 1,4,16"), option);
  return FALSE;
}

gboolean
cmd_seed (const char  *text,
          const char  *option,
          guint64     *out,
          GError     **error)
{
  /* Not up to 2^64: a seed has to pass through JSON, whose whole numbers are signed for most readers. */
  if (text == NULL || g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, out, NULL))
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s takes a whole number from 0 to %s, not \"%s\""),
               option, "9223372036854775807", text);
  return FALSE;
}

gboolean
cmd_double (const char  *text,
            const char  *option,
            double       min,
            double       max,
            double      *out,
            GError     **error)
{
  char  *end;
  double value;

  if (text == NULL)
    return TRUE;
  value = g_ascii_strtod (text, &end);
  /* strtod also takes blanks, hexadecimals and "inf". */
  if (*text == '\0' || *end != '\0' || strspn (text, "+-.0123456789eE") != strlen (text)
      || ! (value >= min && value <= max))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s takes a number from %g to %g, not \"%s\""),
                   option, min, max, text);
      return FALSE;
    }
  *out = value;
  return TRUE;
}

gboolean
cmd_choice (const char         *text,
            const char         *option,
            const char *const  *choices,
            int                *out,
            GError            **error)
{
  g_autofree char *list = NULL;

  if (text == NULL)
    return TRUE;
  for (int i = 0; choices[i] != NULL; i++)
    if (strcmp (text, choices[i]) == 0)
      {
        *out = i;
        return TRUE;
      }
  list = g_strjoinv (", ", (char **) choices);
  g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s takes one of %s, not \"%s\""), option, list, text);
  return FALSE;
}

gboolean
cmd_text (char       **text,
          const char  *option,
          GError     **error)
{
  char *utf8;

  if (*text == NULL)
    *text = g_strdup ("");
  /* Looked at first, as in the C locale, of scripts, no letter beyond ASCII can be converted. */
  if (g_utf8_validate (*text, -1, NULL))
    return TRUE;
  utf8 = g_locale_to_utf8 (*text, -1, NULL, NULL, NULL);
  if (utf8 == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("The text of %s is not valid UTF-8"), option);
      return FALSE;
    }
  g_free (*text);
  *text = utf8;
  return TRUE;
}
