/* Every getter of a component's config: absent, null, wrong type, out of range, lists.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "config.h"

#include "files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static UnclipConfig *
load (const char *text)
{
  g_autofree char *path = support_write ("config.json", text, -1);
  GError          *error = NULL;
  UnclipConfig    *config = unclip_config_load (path, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (unclip_config_path (config), ==, path);
  return config;
}

static void
test_int (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": 3, \"b\": null, \"c\": 4.0, \"d\": 4.5, \"e\": \"3\", \"f\": true, "
                                          "\"g\": [3], \"h\": {}, \"i\": 1e30, \"j\": 99999999999, \"k\": -7}");
  GError *error = NULL;
  int     out;

  g_assert_true (unclip_config_int (config, "a", 9, 1, 10, &out, &error));
  g_assert_cmpint (out, ==, 3);
  g_assert_true (unclip_config_int (config, "b", 9, 1, 10, &out, &error));
  g_assert_cmpint (out, ==, 9);
  g_assert_true (unclip_config_int (config, "absent", 9, 1, 10, &out, &error));
  g_assert_cmpint (out, ==, 9);
  g_assert_true (unclip_config_int (config, "c", 9, 1, 10, &out, &error));
  g_assert_cmpint (out, ==, 4);
  g_assert_true (unclip_config_int (config, "k", 9, G_MININT, G_MAXINT, &out, &error));
  g_assert_cmpint (out, ==, -7);
  g_assert_no_error (error);
  for (const char *name = "defghijk"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_int (config, (char[]) { *name, '\0' }, 9, 1, 10, &out, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
  /* The ends of the range belong to it. */
  g_assert_true (unclip_config_int (config, "a", 9, 3, 9, &out, &error));
  g_assert_true (unclip_config_int (config, "a", 1, 1, 3, &out, &error));
  g_assert_false (unclip_config_int (config, "a", 9, 4, 9, &out, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  /* A fallback outside the range says that the member has to be there. */
  g_assert_false (unclip_config_int (config, "absent", 0, 1, 10, &out, &error));
  g_assert_nonnull (strstr (error->message, "absent"));
  g_assert_nonnull (strstr (error->message, "config.json"));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
}

static void
test_double (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": 0.5, \"b\": null, \"c\": 2, \"d\": \"2\", \"e\": false, \"f\": [1], "
                                          "\"g\": 1e999, \"h\": -0.5, \"i\": {}}");
  GError *error = NULL;
  double  out;

  g_assert_true (unclip_config_double (config, "a", 9, 0, 10, &out, &error));
  g_assert_cmpfloat (out, ==, 0.5);
  g_assert_true (unclip_config_double (config, "b", 9, 0, 10, &out, &error));
  g_assert_cmpfloat (out, ==, 9);
  g_assert_true (unclip_config_double (config, "absent", 9, 0, 10, &out, &error));
  g_assert_cmpfloat (out, ==, 9);
  g_assert_true (unclip_config_double (config, "c", 9, 0, 10, &out, &error));
  g_assert_cmpfloat (out, ==, 2);
  g_assert_no_error (error);
  for (const char *name = "defghi"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_double (config, (char[]) { *name, '\0' }, 9, 0, 10, &out, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_bool (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": true, \"b\": false, \"c\": null, \"d\": 1, \"e\": \"true\", \"f\": []}");
  GError  *error = NULL;
  gboolean out;

  g_assert_true (unclip_config_bool (config, "a", FALSE, &out, &error));
  g_assert_true (out);
  g_assert_true (unclip_config_bool (config, "b", TRUE, &out, &error));
  g_assert_false (out);
  g_assert_true (unclip_config_bool (config, "c", TRUE, &out, &error));
  g_assert_true (out);
  g_assert_true (unclip_config_bool (config, "absent", FALSE, &out, &error));
  g_assert_false (out);
  g_assert_no_error (error);
  for (const char *name = "def"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_bool (config, (char[]) { *name, '\0' }, FALSE, &out, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_string (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": \"gelu\", \"b\": null, \"c\": 1, \"d\": [\"gelu\"], \"e\": {}, \"f\": \"\"}");
  GError     *error = NULL;
  const char *out;

  g_assert_true (unclip_config_string (config, "a", "x", &out, &error));
  g_assert_cmpstr (out, ==, "gelu");
  g_assert_true (unclip_config_string (config, "f", "x", &out, &error));
  g_assert_cmpstr (out, ==, "");
  g_assert_true (unclip_config_string (config, "b", "x", &out, &error));
  g_assert_cmpstr (out, ==, "x");
  g_assert_true (unclip_config_string (config, "absent", NULL, &out, &error));
  g_assert_null (out);
  for (const char *name = "cde"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_string (config, (char[]) { *name, '\0' }, "x", &out, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }

  g_assert_true (unclip_config_expect_string (config, "a", "gelu", &error));
  g_assert_true (unclip_config_expect_string (config, "absent", "gelu", &error));
  g_assert_true (unclip_config_expect_string (config, "b", NULL, &error));
  g_assert_no_error (error);
  g_assert_false (unclip_config_expect_string (config, "a", "silu", &error));
  g_assert_nonnull (strstr (error->message, "gelu"));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_config_expect_string (config, "a", NULL, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_config_expect_string (config, "c", "1", &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
}

static void
test_ints (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": [1, 2, 3], \"b\": 5, \"c\": [], \"d\": [1, 2, 3, 4, 5], \"e\": [1, \"2\"], "
                                          "\"f\": [1, 99], \"g\": null, \"h\": \"1\", \"i\": [[1]], \"j\": 99, \"k\": [1, null]}");
  GError *error = NULL;
  int     out[4], n;

  g_assert_true (unclip_config_ints (config, "a", 1, 10, 4, out, &n, &error));
  g_assert_cmpint (n, ==, 3);
  g_assert_cmpint (out[0], ==, 1);
  g_assert_cmpint (out[2], ==, 3);
  /* One number stands for as many equal ones as there may be. */
  g_assert_true (unclip_config_ints (config, "b", 1, 10, 4, out, &n, &error));
  g_assert_cmpint (n, ==, 4);
  g_assert_cmpint (out[3], ==, 5);
  g_assert_no_error (error);
  for (const char *name = "cdefghijkz"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_ints (config, (char[]) { *name, '\0' }, 1, 10, 4, out, &n, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_strings (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"a\": [\"x\", \"y\"], \"b\": \"x\", \"c\": [], \"d\": [\"1\", \"2\", \"3\", \"4\"], "
                                          "\"e\": [\"x\", 1], \"f\": null, \"g\": {\"x\": \"y\"}}");
  GError     *error = NULL;
  const char *out[3];
  int         n;

  g_assert_true (unclip_config_strings (config, "a", 3, out, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpint (n, ==, 2);
  g_assert_cmpstr (out[0], ==, "x");
  g_assert_cmpstr (out[1], ==, "y");
  for (const char *name = "bcdefgz"; *name != '\0'; name++)
    {
      g_assert_false (unclip_config_strings (config, (char[]) { *name, '\0' }, 3, out, &n, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_part (void)
{
  g_autoptr (UnclipConfig) config = load ("{\"vision_config\": {\"hidden_size\": 8}, \"b\": null, \"c\": 1}");
  g_autoptr (UnclipConfig) part = unclip_config_part (config, "vision_config");
  g_autofree char *text = NULL;
  int              out;

  g_assert_nonnull (part);
  g_assert_cmpstr (unclip_config_path (part), ==, unclip_config_path (config));
  g_assert_null (unclip_config_part (config, "b"));
  g_assert_null (unclip_config_part (config, "c"));
  g_assert_null (unclip_config_part (config, "absent"));
  g_assert_true (unclip_config_has (config, "c"));
  g_assert_false (unclip_config_has (config, "b"));
  g_assert_false (unclip_config_has (config, "absent"));

  /* A part outlives the whole. */
  g_clear_pointer (&config, unclip_config_free);
  g_assert_true (unclip_config_int (part, "hidden_size", 0, 1, 10, &out, NULL));
  g_assert_cmpint (out, ==, 8);
  text = unclip_config_text (part);
  g_assert_cmpstr (text, ==, "{11:hidden_size8,}");
}

/* What a message cuts stays valid text, wherever the cut falls. */
static void
test_long_values (void)
{
  for (int lead = 0; lead < 4; lead++)
    {
      g_autoptr (GString) value = g_string_new (NULL);
      g_autofree char *text = NULL;
      g_autoptr (UnclipConfig) config = NULL;
      GError *error = NULL;
      int     out;

      for (int i = 0; i < lead; i++)
        g_string_append_c (value, 'x');
      for (int i = 0; i < 100; i++)
        g_string_append (value, "画");
      text = g_strdup_printf ("{\"a\": \"%s\"}", value->str);
      config = load (text);
      g_assert_false (unclip_config_int (config, "a", 9, 1, 10, &out, &error));
      g_assert_cmpint (g_utf8_strlen (error->message, -1), <, 300);
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
      g_assert_false (unclip_config_expect_string (config, "a", "b", &error));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_files (void)
{
  static const char *const bad[] = { "", " ", "null", "3", "[]", "\"a\"", "{", "{\"a\"}", "{\"a\": }", "{} {}x", "{\"a\": \"\xff\"}",
                                    "{}{}", "{} []", "{}/* \" */{}", "/* x */ {}", "{} // x", "{'a': 1}", "x = {}", "var x = {};",
                                    "{\"a\":\n\n}", "{}}", "\xff\xfe{\0}\0", "\xef\xbb\xbf", "{\"a\": NaN}", "{\"a\": -Infinity}",
                                    "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 7\n" };
  g_autofree char *missing = support_path ("nothing.json"), *folder = support_path ("."), *deep = NULL, *path = NULL;
  g_autofree char *large = g_strnfill ((16 << 20) + 1, ' ');
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *file = support_write ("bad.json", bad[i], -1), *shown = g_strescape (bad[i], NULL);

      g_test_message ("%s", shown);
      g_assert_null (unclip_config_load (file, &error));
      g_assert_nonnull (strstr (error->message, "bad.json"));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
  g_assert_null (unclip_config_load (missing, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  g_assert_null (unclip_config_load (folder, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  path = support_write ("large.json", large, -1);
  g_assert_null (unclip_config_load (path, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  /* Deep enough to exhaust a recursive parser's stack. */
  memset (large, '[', 1 << 20);
  memcpy (large, "{\"a\":", 5);
  large[1 << 20] = '\0';
  deep = support_write ("deep.json", large, -1);
  g_assert_null (unclip_config_load (deep, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

/* Editors put a mark before the text; pipes and devices would be waited for, or read for ever. */
static void
test_odd_files (void)
{
  g_autofree char *marked = support_write ("marked.json", "\xef\xbb\xbf{\"a\": 3}", -1);
  g_autofree char *pipe = support_path ("pipe.json"), *link = support_path ("link.json"), *dangling = support_path ("dangling.json");
  g_autoptr (UnclipConfig) config = NULL;
  const char *const odd[] = { pipe, link, dangling, "/dev/null", "/dev/zero/x" };
  GError *error = NULL;
  int     out;

  config = unclip_config_load (marked, &error);
  g_assert_no_error (error);
  g_assert_true (unclip_config_int (config, "a", 1, 1, 9, &out, &error));
  g_assert_cmpint (out, ==, 3);

  g_assert_cmpint (mkfifo (pipe, 0644), ==, 0);
  g_assert_cmpint (symlink ("/dev/zero", link), ==, 0);
  g_assert_cmpint (symlink ("nowhere", dangling), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_test_message ("%s", odd[i]);
      g_assert_null (unclip_config_load (odd[i], &error));
      g_assert_nonnull (strstr (error->message, odd[i]));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
}

/* A few bytes in the file that become a hundred each in memory. */
static void
test_many_values (void)
{
  const int        n = 16 << 20;
  g_autofree char *text = g_malloc (n), *path = NULL;
  GError          *error = NULL;

  memcpy (text, "{\"a\":", 5);
  for (int i = 5; i < n; i++)
    text[i] = "[],"[(i - 5) % 3];
  text[5] = '[';
  path = support_write ("many.json", text, n);
  g_assert_null (unclip_config_load (path, &error));
  g_assert_nonnull (strstr (error->message, "many.json"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/config/int", test_int);
  g_test_add_func ("/config/double", test_double);
  g_test_add_func ("/config/bool", test_bool);
  g_test_add_func ("/config/string", test_string);
  g_test_add_func ("/config/ints", test_ints);
  g_test_add_func ("/config/strings", test_strings);
  g_test_add_func ("/config/part", test_part);
  g_test_add_func ("/config/long-values", test_long_values);
  g_test_add_func ("/config/files", test_files);
  g_test_add_func ("/config/odd-files", test_odd_files);
  g_test_add_func ("/config/many-values", test_many_values);
  return g_test_run ();
}
