/* Loaded before everything else (LD_PRELOAD), lets the memory that a program asks for come to an end: the FAIL_MALLOC-th request
 * is refused, and with FAIL_ALL every one after it, too. Without it, how many there were is written to the file FAIL_COUNT.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The project hides what is not marked, and hidden functions stand in for nobody's. */
#pragma GCC visibility push(default)

/* glibc's own, under the names that stay its own. */
extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static atomic_long count;
static long        refused; /* the first; -1: none; 0: not known yet */

static int
is_refused (void)
{
  const char *text;
  long        n;

  /* The C library has not begun. */
  if (environ == NULL)
    return 0;
  if (refused == 0)
    {
      text = getenv ("FAIL_MALLOC");
      refused = text != NULL ? atol (text) : -1;
    }
  n = ++count;
  if (refused < 0 || n < refused || (n > refused && getenv ("FAIL_ALL") == NULL))
    return 0;
  errno = ENOMEM;
  return 1;
}

void *
malloc (size_t size)
{
  return is_refused () ? NULL : __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  return is_refused () ? NULL : __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  return is_refused () ? NULL : __libc_realloc (memory, size);
}

void *
aligned_alloc (size_t alignment, size_t size)
{
  return is_refused () ? NULL : __libc_memalign (alignment, size);
}

void *
memalign (size_t alignment, size_t size)
{
  return is_refused () ? NULL : __libc_memalign (alignment, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  if (is_refused ())
    return ENOMEM;
  *memory = __libc_memalign (alignment, size);
  return *memory != NULL ? 0 : ENOMEM;
}

#pragma GCC visibility pop

__attribute__ ((destructor)) static void
tell (void)
{
  const char *path = getenv ("FAIL_COUNT");
  FILE       *file = path != NULL ? fopen (path, "w") : NULL;

  if (file != NULL)
    {
      fprintf (file, "%ld\n", (long) count);
      fclose (file);
    }
}
