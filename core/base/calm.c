/* Threads that wait without burning the CPU.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <omp.h>
#include <unistd.h>

/* A thread that waits looks this often before it sleeps: some microseconds, which the next kernel is usually
 * within. libgomp's own 300,000 cost up to a hundredfold when another program wants a core. */
#define SPIN_COUNT "3000"

void
unclip_calm_threads (char **argv)
{
  if (g_getenv ("GOMP_SPINCOUNT") != NULL || g_getenv ("OMP_WAIT_POLICY") != NULL)
    return;
  /* By now libgomp has bound this thread to one CPU, which a new beginning would take for all that there are. */
  if (omp_get_proc_bind () != omp_proc_bind_false)
    return;
  /* libgomp has read its environment before main () began, so the program has to begin again. Where that
   * is refused it runs as it is. */
  if (g_setenv ("GOMP_SPINCOUNT", SPIN_COUNT, TRUE))
    execv ("/proc/self/exe", argv);
}
