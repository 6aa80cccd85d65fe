/* See fuzz.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

/* What a number may become, or any other word: ends of ranges, wrong types, wrong signs. */
static const char *const words[] = {
  "0", "-1", "1", "-0", "1.5", "1e5", "1e999", "-1e999", "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296",
  "1073741824", "4611686018427387904", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
  "18446744073709551615", "18446744073709551616", "99999999999999999999999999999999999999", "null", "true", "false", "[]", "{}",
  "[[]]", "[0,0]", "\"\"", "\"a\"", "\"../../x\"", "\"\\u0000\"", "\"\\ud800\"", "\"F32\"", "\"U8\"", "nan", "Infinity", "é", "\xff"
};

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

char *
fuzz_write (const char *name, const void *data, gsize size)
{
  return support_write (name, data, size);
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
  c->target (c->name, copy, size);
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

  for (gsize n = 0; n < size; n += size > 2000 ? 1 + size / 500 : 1)
    try (c, bytes, n);
}

static gsize
draw (gsize n)
{
  return n == 0 ? 0 : (gsize) g_test_rand_int_range (0, (gint32) MIN (n, G_MAXINT32));
}

static gboolean
is_word (guint8 c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '"' || c == '_';
}

/* A run of word characters at or behind a place; FALSE if there is none. */
static gboolean
find_word (const GByteArray *bytes, gsize from, gsize start, gsize *begin, gsize *end)
{
  gsize i = start + draw (bytes->len - MIN (start, bytes->len));

  i = MAX (i, from);
  while (i < bytes->len && ! is_word (bytes->data[i]))
    i++;
  while (i > from && is_word (bytes->data[i - 1]))
    i--;
  *begin = i;
  while (i < bytes->len && is_word (bytes->data[i]))
    i++;
  *end = i;
  return *end > *begin;
}

static void
replace (GByteArray *bytes, gsize begin, gsize end, const void *with, gsize size)
{
  g_autofree guint8 *tail = g_memdup2 (bytes->data + end, bytes->len - end);
  gsize              n = bytes->len - end;

  g_byte_array_set_size (bytes, begin);
  g_byte_array_append (bytes, with, size);
  if (n > 0)
    g_byte_array_append (bytes, tail, n);
}

static void
mutate (GByteArray *bytes, gsize from, gsize text_end)
{
  gsize begin, end;

  switch (draw (8))
    {
    case 0: /* one bit */
      if (bytes->len > 0)
        bytes->data[draw (bytes->len)] ^= 1 << draw (8);
      break;
    case 1: /* one byte */
      if (bytes->len > 0)
        bytes->data[draw (bytes->len)] = (guint8) draw (256);
      break;
    case 2: /* a piece twice, or many times */
      begin = from + draw (bytes->len - from);
      end = begin + draw (MIN (bytes->len - begin, 40));
      {
        g_autofree guint8 *piece = g_memdup2 (bytes->data + begin, end - begin);

        for (gsize n = 1 + (draw (4) == 0 ? draw (2000) : 0); n > 0 && end > begin; n--)
          replace (bytes, begin, begin, piece, end - begin);
      }
      break;
    case 3: /* a piece less */
      begin = from + draw (bytes->len - from);
      replace (bytes, begin, begin + draw (MIN (bytes->len - begin, 40)), "", 0);
      break;
    case 4: /* deep, or just unbalanced */
      begin = from + draw (text_end - from);
      for (gsize n = 1 + (draw (4) == 0 ? draw (3000) : 0); n > 0; n--)
        replace (bytes, begin, begin, &"[{]},:\""[draw (7)], 1);
      break;
    default: /* a word becomes another one */
      if (find_word (bytes, from, from, &begin, &end) && begin < text_end)
        {
          const char *word = words[draw (G_N_ELEMENTS (words))];

          replace (bytes, begin, end, word, strlen (word));
        }
    }
}

static void
test_drawn (gconstpointer data)
{
  const Case   *c = data;
  gsize         size, from = c->format == FUZZ_SAFETENSORS ? 8 : 0;
  const guint8 *seed = g_bytes_get_data (c->seed, &size);

  for (int i = 0; i < N_DRAWN; i++)
    {
      g_autoptr (GByteArray) bytes = g_byte_array_new ();
      gsize   text_end = size, data_size;
      guint64 length;

      g_byte_array_append (bytes, seed, size);
      if (from > 0 && size > 8)
        {
          memcpy (&length, seed, 8);
          text_end = MIN (GUINT64_FROM_LE (length), size - 8) + 8;
        }
      data_size = size - text_end;
      for (gsize n = 1 + draw (3); n > 0 && bytes->len > from; n--)
        mutate (bytes, from, CLAMP (bytes->len - MIN (data_size, bytes->len), from, bytes->len));
      if (from > 0 && bytes->len >= 8 && draw (8) > 0)
        {
          length = GUINT64_TO_LE ((guint64) (bytes->len - 8 - MIN (data_size, bytes->len - 8)));
          memcpy (bytes->data, &length, 8);
        }
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

int
fuzz_main (int argc, char **argv, FuzzFormat format, FuzzTarget target)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func ((GDestroyNotify) case_free);
  g_autoptr (GDir) dir = NULL;
  const char *name;

  /* Thousands of small files, which no disk has to see. */
  if (access ("/dev/shm", W_OK) == 0)
    g_setenv ("TMPDIR", "/dev/shm", TRUE);
  support_init (&argc, &argv);
  dir = g_dir_open (argc > 1 ? argv[1] : ".", 0, NULL);
  if (dir == NULL)
    g_error ("give the folder of the seeds");
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (argv[1], name, NULL), *text = NULL;
      Case            *c = g_new0 (Case, 1);
      gsize            size;

      if (! g_file_get_contents (path, &text, &size, NULL))
        g_error ("%s cannot be read", path);
      *c = (Case) { g_strdup (name), g_bytes_new_take (g_steal_pointer (&text), size), format, target };
      g_ptr_array_add (cases, c);
      add (name, "seed", c, test_seed);
      add (name, "cut", c, test_cut);
      add (name, "drawn", c, test_drawn);
    }
  limit_memory ();
  return g_test_run ();
}
