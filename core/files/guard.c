/* See guard.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

/* Shards of the largest models come by tens. */
#define MAX_GUARDS 1024

/* The handler may run in any thread at any time and takes no lock, so guards live in a table that does not move. */
struct _UnclipGuard
{
  atomic_uintptr_t begin, end; /* end 0: free */
  atomic_bool      failed;
};

static UnclipGuard      guards[MAX_GUARDS];
static GMutex           guards_lock; /* for taking a place, and for the handler's installation */
static struct sigaction previous;

static UnclipGuard *
guard_of (uintptr_t address)
{
  for (int i = 0; i < MAX_GUARDS; i++)
    if (address >= guards[i].begin && address < guards[i].end)
      return &guards[i];
  return NULL;
}

/* Where a file ends before @address, so do the pages behind it. */
static gboolean
put_zeros (const UnclipGuard *guard, uintptr_t address)
{
  uintptr_t page = sysconf (_SC_PAGESIZE), from = address / page * page;

  return mmap ((void *) from, guard->end - from, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void
pass_on (int number, siginfo_t *info, void *context)
{
  if (previous.sa_flags & SA_SIGINFO)
    previous.sa_sigaction (number, info, context);
  else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)
    previous.sa_handler (number);
  else
    {
      /* Comes back as soon as this handler has ended, and ends the process as it would have without us. */
      signal (number, SIG_DFL);
      raise (number);
    }
}

static void
on_bus_error (int number, siginfo_t *info, void *context)
{
  int          saved = errno;
  UnclipGuard *guard = info->si_code > 0 ? guard_of ((uintptr_t) info->si_addr) : NULL;

  if (guard != NULL && put_zeros (guard, (uintptr_t) info->si_addr))
    guard->failed = true;
  else
    pass_on (number, info, context);
  errno = saved;
}

static void
install_handler (void)
{
  struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK };

  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, &previous);
}

UnclipGuard *
unclip_guard_new (const void *begin, gsize size)
{
  static gboolean installed = FALSE;
  UnclipGuard    *guard = NULL;

  if (size == 0)
    return NULL;

  g_mutex_lock (&guards_lock);
  if (! installed)
    install_handler ();
  installed = TRUE;
  for (int i = 0; i < MAX_GUARDS && guard == NULL; i++)
    if (guards[i].end == 0)
      guard = &guards[i];
  if (guard != NULL)
    {
      guard->failed = false;
      guard->begin = (uintptr_t) begin;
      guard->end = (uintptr_t) begin + size;
    }
  g_mutex_unlock (&guards_lock);
  return guard;
}

gboolean
unclip_guard_failed (const UnclipGuard *guard)
{
  return guard != NULL && guard->failed;
}

void
unclip_guard_free (UnclipGuard *guard)
{
  if (guard != NULL)
    guard->end = 0;
}
