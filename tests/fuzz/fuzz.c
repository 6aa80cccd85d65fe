/* See fuzz.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "led.h"
#include "allowance.h"
#include "mutate.h"
#include "support.h"

/* Seconds for one file; seen: milliseconds. */
#define PATIENCE 60
#define N_DRAWN 400

typedef struct
{
  char      *name;
  GBytes    *seed;
  FuzzFormat format;
  FuzzTarget target;
} Case;

/* Over what is there, as a file by another name that takes its place costs half of a short run. */
char *
fuzz_write (const char *name, const void *data, gsize size)
{
  g_autofree char *path = support_path (name);
  FILE            *file = fopen (path, "w");

  if (file == NULL)
    return support_write (name, data, size);
  g_assert_true (size == 0 || fwrite (data, size, 1, file) == 1);
  g_assert_cmpint (fclose (file), ==, 0);
  return g_steal_pointer (&path);
}

void
fuzz_touch (const void *data, gsize size)
{
  static volatile guint8 sink;

  for (gsize i = 0; i < size; i++)
    sink ^= ((const guint8 *) data)[i];
}

void
fuzz_assert_refusal (GError **error)
{
  g_assert_nonnull (*error);
  g_assert_cmpstr (g_quark_to_string ((*error)->domain), ==, "unclip-error-quark");
  g_assert_cmpuint (strlen ((*error)->message), >, 0);
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  g_assert_null (strchr ((*error)->message, '\n'));
  g_clear_error (error);
}

/* Every copy stands in memory of its own size, so that a sanitizer sees a byte too far. */
static void
try (const Case *c, const guint8 *data, gsize size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);

  alarm (PATIENCE);
  fuzz_limited (c->target, c->name, copy, size);
  alarm (0);
}

static void
test_seed (gconstpointer data)
{
  const Case *c = data;
  gsize       size;

  try (c, g_bytes_get_data (c->seed, &size), g_bytes_get_size (c->seed));
}

static void
test_cut (gconstpointer data)
{
  const Case   *c = data;
  gsize         size;
  const guint8 *bytes = g_bytes_get_data (c->seed, &size);

  for (gsize n = 0; n < size; n += 1 + size / 200)
    try (c, bytes, n);
}

static void
test_drawn (gconstpointer data)
{
  const Case        *c = data;
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) g_test_rand_int ());
  gsize         size;
  const guint8 *seed = g_bytes_get_data (c->seed, &size);

  for (int i = 0; i < N_DRAWN; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();

      g_byte_array_append (bytes, seed, size);
      fuzz_mutate (bytes, c->format, random);
      try (c, bytes->data, bytes->len);
    }
}

/* A gigabyte more than the program starts with: an allocation that a file of some kilobytes asks for must not
 * come near. Sanitizers map the whole address space, so they do without. */
static void
limit_memory (void)
{
#if ! defined(__SANITIZE_ADDRESS__)
  g_autofree char *text = NULL;
  gulong           pages;

  if (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL) && sscanf (text, "%lu", &pages) == 1)
    {
      rlim_t size = (rlim_t) pages * sysconf (_SC_PAGESIZE) + ((rlim_t) 1 << 30);

      setrlimit (RLIMIT_AS, &(struct rlimit) { size, size });
    }
#endif
}

static void
case_free (Case *c)
{
  g_bytes_unref (c->seed);
  g_free (c->name);
  g_free (c);
}

static void
add (const char *name, const char *kind, Case *c, GTestDataFunc test)
{
  g_autofree char *path = g_strdup_printf ("/fuzz/%s/%s", name, kind);

  g_test_add_data_func (path, c, test);
}

/* The seeds of a folder: each bears the file's name, or the folder's if @name is that. */
static void
add_seeds (GPtrArray *cases, const char *path, const char *name, FuzzFormat format, FuzzTarget target)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) dir = g_dir_open (path, 0, &error);
  const char *entry;

  g_assert_no_error (error);
  while ((entry = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, entry, NULL), *text = NULL;
      g_autofree char *title = name != NULL ? g_strconcat (name, "/", entry, NULL) : g_strdup (entry);
      Case            *c;
      gsize            size;

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        {
          add_seeds (cases, file, entry, format, target);
          continue;
        }
      g_file_get_contents (file, &text, &size, &error);
      g_assert_no_error (error);
      c = g_new (Case, 1);
      *c = (Case) { g_strdup (name != NULL ? name : entry), g_bytes_new_take (g_steal_pointer (&text), size), format, target };
      g_ptr_array_add (cases, c);
      add (title, "seed", c, test_seed);
      add (title, "cut", c, test_cut);
      add (title, "drawn", c, test_drawn);
    }
}

int
fuzz_main (int argc, char **argv, FuzzFormat format, FuzzTarget target)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func ((GDestroyNotify) case_free);

#ifdef FUZZ_LED
  fuzz_led (argc, argv, format, target);
#endif
  /* Thousands of small files, which no disk has to see. */
  if (access ("/dev/shm", W_OK) == 0)
    g_setenv ("TMPDIR", "/dev/shm", TRUE);
  support_init (&argc, &argv);
  fuzz_limits_init ();
  add_seeds (cases, argc > 1 ? argv[1] : ".", NULL, format, target);
  limit_memory ();
  return g_test_run ();
}
