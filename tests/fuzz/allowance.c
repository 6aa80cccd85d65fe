/* What a run may take: a second of CPU time, and memory that its input justifies. Memory is counted where a sanitizer
 * looks after it anyway; without one the replay has a limit for the whole process.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "allowance.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* No single allocation may be larger than 20 times the input and what any run takes: GLib's and json-glib's own
 * start-up, one picture's row, a block of 256 kB to read files in. */
#define TIMES 20
#define FIXED (1 << 20)
/* Nor all of a run at once larger than this many times: a JSON number of two bytes is a node of 72 in json-glib. */
#define TOTAL_TIMES 200
#define TOTAL_FIXED (8 << 20)

#define MAX_SECONDS 1.0

/* Of the runtime that -fsanitize=address brings; there is none without it. */
int    __sanitizer_install_malloc_and_free_hooks (void (*malloc_hook) (const volatile void *, size_t), void (*free_hook) (const volatile void *)) __attribute__ ((weak));
size_t __sanitizer_get_allocated_size (const volatile void *pointer) __attribute__ ((weak));

static struct
{
  gboolean is_on;
  gsize    n_input, more;
  gssize   held; /* since the run began */
} count;

static void
too_much (const char *what, gsize size)
{
  char line[200];
  int  n = snprintf (line, sizeof line, "fuzz: %s of %zu bytes for an input of %zu\n", what, size, count.n_input);

  count.is_on = FALSE;
  if (write (STDERR_FILENO, line, n) == n)
    abort ();
  abort ();
}

static void
after_malloc (const volatile void *pointer, size_t size)
{
  if (! count.is_on)
    return;
  if (size > FIXED + count.more + TIMES * count.n_input)
    too_much ("an allocation", size);
  count.held += size;
  if (count.held > (gssize) (TOTAL_FIXED + 2 * count.more + TOTAL_TIMES * count.n_input))
    too_much ("memory in all", count.held);
}

static void
before_free (const volatile void *pointer)
{
  if (count.is_on && pointer != NULL)
    count.held -= __sanitizer_get_allocated_size (pointer);
}

void
fuzz_allow (gsize more)
{
  count.more = more;
}

void
fuzz_limits_init (void)
{
  if (__sanitizer_install_malloc_and_free_hooks != NULL
      && __sanitizer_install_malloc_and_free_hooks (after_malloc, before_free) == 0)
    g_error ("allocations cannot be counted");
}

static double
seconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

void
fuzz_limited (FuzzTarget target, const char *name, const guint8 *data, gsize size)
{
  double begin = seconds ();

  count.n_input = size;
  count.held = 0;
  count.is_on = TRUE;
  target (name, data, size);
  count.is_on = FALSE;
  g_assert_cmpfloat (seconds () - begin, <, MAX_SECONDS);
}
