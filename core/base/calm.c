/* Threads that wait without burning the CPU.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <unistd.h>

/* A thread that waits looks this often before it sleeps: some microseconds, which the next kernel is usually
 * within. libgomp's own 300,000 cost up to a hundredfold when another program wants a core. */
#define SPIN_COUNT "3000"

void
unclip_calm_threads (char **argv)
{
  /* Of the first two the user's own are left alone. With the others libgomp has bound this thread to one CPU by now, which
   * a new beginning would take for all that there are. */
  static const char *const left_alone[] = { "GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_PROC_BIND", "OMP_PLACES", "GOMP_CPU_AFFINITY" };

  for (gsize i = 0; i < G_N_ELEMENTS (left_alone); i++)
    if (g_getenv (left_alone[i]) != NULL)
      return;
  /* libgomp has read its environment before main () began, so the program has to begin again. Where that
   * is refused it runs as it is. */
  if (g_setenv ("GOMP_SPINCOUNT", SPIN_COUNT, TRUE))
    execv ("/proc/self/exe", argv);
}
