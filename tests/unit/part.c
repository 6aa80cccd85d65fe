/* Files that are not done: all names or none, older files come back, and nothing of them is left.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "part.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static UnclipPart *
written (const char *path, const char *text)
{
  GError     *error = NULL;
  UnclipPart *part = unclip_part_new (path, &error);

  g_assert_no_error (error);
  fputs (text, unclip_part_file (part));
  g_assert_true (unclip_part_close (part, &error));
  return part;
}

static void
assert_text (const char *path, const char *wanted)
{
  g_autofree char *text = NULL;

  g_file_get_contents (path, &text, NULL, NULL);
  g_assert_cmpstr (text, ==, wanted);
}

/* Files in the test's folder whose names say that they are not done. */
static int
n_unfinished (void)
{
  g_autofree char *path = support_path ("");
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;
  int n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += g_str_has_prefix (name, ".unclip");
  return n;
}

/* What is killed outright while it writes, or when all is written, leaves nothing, where files can be without a name. */
static void
test_killed (void)
{
  g_autofree char *dir = support_path (""), *old = support_write ("old", "old", -1), *new = support_path ("new");
  int unnamed = open (dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

  if (unnamed < 0)
    {
      g_test_skip ("this file system has no files without a name");
      return;
    }
  close (unnamed);
  for (int is_closed = 0; is_closed < 2; is_closed++)
    {
      pid_t child = fork ();
      int   status;

      if (child == 0)
        {
          UnclipPart *parts[] = { unclip_part_new (old, NULL), unclip_part_new (new, NULL) };

          for (int i = 0; i < 2; i++)
            {
              fputs ("half of it", unclip_part_file (parts[i]));
              fflush (unclip_part_file (parts[i]));
              if (is_closed)
                unclip_part_close (parts[i], NULL);
            }
          kill (getpid (), SIGKILL);
        }
      g_assert_cmpint (waitpid (child, &status, 0), ==, child);
      g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
      g_assert_cmpint (n_unfinished (), ==, 0);
      assert_text (old, "old");
      assert_text (new, NULL);
    }
}

/* More files than the process may have open. */
static void
test_many (void)
{
  UnclipPart   *parts[40];
  GError       *error = NULL;
  struct rlimit before, few;

  g_assert_cmpint (getrlimit (RLIMIT_NOFILE, &before), ==, 0);
  few = before;
  few.rlim_cur = 24;
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &few), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i), *path = support_path (name);

      parts[i] = written (path, name);
    }
  g_assert_true (unclip_parts_place (parts, G_N_ELEMENTS (parts), &error));
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i), *path = support_path (name);

      assert_text (path, name);
      unclip_part_keep (parts[i]);
      unclip_part_free (parts[i]);
    }
  g_assert_cmpint (setrlimit (RLIMIT_NOFILE, &before), ==, 0);
  g_assert_cmpint (n_unfinished (), ==, 0);
}

static void
test_all_or_none (void)
{
  g_autofree char *old = support_write ("old", "old", -1), *new = support_path ("new"), *folder = support_path ("folder"), *third = support_path ("third");
  UnclipPart *parts[] = { written (old, "1"), written (new, "2"), written (third, "3"), written (folder, "4") };
  GError     *error = NULL;

  /* The last one cannot get its name any more. */
  g_mkdir (folder, 0755);
  g_assert_false (unclip_parts_place (parts, 4, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
  assert_text (old, "old");
  assert_text (new, NULL);
  assert_text (third, NULL);
  for (int i = 0; i < 4; i++)
    unclip_part_free (parts[i]);
  g_assert_cmpint (n_unfinished (), ==, 0);
}

/* Placed, but not kept: what was there comes back. Kept: it does not. */
static void
test_take_back (void)
{
  g_autofree char *old = support_write ("taken", "old", -1), *new = support_path ("made");

  for (int keep = 0; keep < 2; keep++)
    {
      UnclipPart *parts[] = { written (old, "1"), written (new, "2") };

      g_assert_true (unclip_parts_place (parts, 2, NULL));
      assert_text (old, "1");
      assert_text (new, "2");
      for (int i = 0; i < 2; i++)
        {
          if (keep)
            unclip_part_keep (parts[i]);
          unclip_part_free (parts[i]);
        }
      assert_text (old, keep ? "1" : "old");
      assert_text (new, keep ? "2" : NULL);
      g_assert_cmpint (n_unfinished (), ==, 0);
    }
}

static void
test_hold (void)
{
  g_autofree char *path = support_write ("held", "old", -1);
  UnclipPart *part = unclip_part_hold (path, NULL);

  unclip_part_free (part);
  assert_text (path, "old");
  part = unclip_part_hold (path, NULL);
  g_assert_true (g_file_set_contents (path, "new", -1, NULL));
  unclip_part_free (part);
  assert_text (path, "old");
  part = unclip_part_hold (path, NULL);
  g_assert_true (g_file_set_contents (path, "new", -1, NULL));
  unclip_part_keep (part);
  unclip_part_free (part);
  assert_text (path, "new");
  g_assert_cmpint (n_unfinished (), ==, 0);
}

static void
test_modes_and_links (void)
{
  g_autofree char *path = support_write ("secret", "old", -1), *link = support_path ("link"), *round = support_path ("round");
  GStatBuf    info;
  GError     *error = NULL;
  UnclipPart *part;

  g_chmod (path, 0600);
  g_assert_cmpint (symlink ("secret", link), ==, 0);
  part = written (link, "new");
  g_assert_true (unclip_parts_place (&part, 1, NULL));
  unclip_part_keep (part);
  unclip_part_free (part);
  g_assert_cmpint (g_lstat (link, &info), ==, 0);
  g_assert_true (S_ISLNK (info.st_mode));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  assert_text (path, "new");

  g_assert_cmpint (symlink ("round", round), ==, 0);
  g_assert_null (unclip_part_new (round, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

/* As a signal handler does. */
static void
test_remove_all (void)
{
  g_autofree char *path = support_write ("kept", "old", -1), *folder = support_path ("made-folder"), *inside = g_build_filename (folder, "x", NULL);
  UnclipPart *outer, *part, *other = written (path, "new");

  g_mkdir (folder, 0755);
  outer = unclip_part_adopt (folder);
  part = written (inside, "x");
  unclip_parts_remove_all ();
  g_assert_cmpint (n_unfinished (), ==, 0);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  assert_text (path, "old");
  unclip_part_free (part);
  unclip_part_free (outer);
  unclip_part_free (other);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/part/killed", test_killed);
  g_test_add_func ("/part/many", test_many);
  g_test_add_func ("/part/all-or-none", test_all_or_none);
  g_test_add_func ("/part/take-back", test_take_back);
  g_test_add_func ("/part/hold", test_hold);
  g_test_add_func ("/part/modes-and-links", test_modes_and_links);
  g_test_add_func ("/part/remove-all", test_remove_all);
  return g_test_run ();
}
