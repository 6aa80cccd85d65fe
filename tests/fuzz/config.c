/* Fuzz target: a component's config.json, every getter on every member.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "files.h"

static void
check (gboolean ok, GError **error)
{
  if (ok)
    g_assert_no_error (*error);
  else
    fuzz_assert_refusal (error);
}

static void
read_all (const UnclipConfig *config, int depth)
{
  GList  *names = json_object_get_members (unclip_config_json (config));
  GError *error = NULL;

  for (GList *item = names; item != NULL; item = item->next)
    {
      const char *name = item->data, *string, *strings[4];
      g_autoptr (UnclipConfig) part = NULL;
      int      i, ints[4], n = 0;
      double   d;
      gboolean b;

      /* No code asks for a name that breaks its message's line. */
      if (strcspn (name, "\r\n") < strlen (name))
        continue;
      check (unclip_config_int (config, name, 1, -3, 300, &i, &error), &error);
      g_assert_true (error != NULL || (i >= -3 && i <= 300) || i == 1);
      check (unclip_config_int (config, name, 1, G_MININT, G_MAXINT, &i, &error), &error);
      check (unclip_config_double (config, name, 1, -1e300, 1e300, &d, &error), &error);
      check (unclip_config_bool (config, name, TRUE, &b, &error), &error);
      check (unclip_config_string (config, name, "x", &string, &error), &error);
      check (unclip_config_ints (config, name, 1, 2000, 4, ints, &n, &error), &error);
      check (unclip_config_strings (config, name, 4, strings, &n, &error), &error);
      g_assert_true (n >= 0 && n <= 4);
      check (unclip_config_expect_string (config, name, "gelu", &error), &error);
      check (unclip_config_expect_string (config, name, NULL, &error), &error);
      part = unclip_config_part (config, name);
      if (part != NULL && depth < 8)
        read_all (part, depth + 1);
    }
  g_list_free (names);
}

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = fuzz_write ("config.json", data, size), *text = NULL;
  g_autoptr (UnclipConfig) config = NULL;
  GError *error = NULL;

  config = unclip_config_load (path, &error);
  if (config == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  read_all (config, 0);
  text = unclip_config_text (config);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
