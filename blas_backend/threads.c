/* How many threads a job gets: what the system allows, and what it then grants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

/* As many as an option may ask for. */
#define MAX_THREADS 1024
#define MANY_CPUS (1 << 20)

/* CPUs that the quota of the cgroup at @path allows. */
static int
cgroup_cpus (const char *path)
{
  char   name[PATH_MAX];
  FILE  *file;
  double quota, period;
  int    cpus = MANY_CPUS;

  if (snprintf (name, sizeof name, "/sys/fs/cgroup%s/cpu.max", path) >= (int) sizeof name || (file = fopen (name, "r")) == NULL)
    return cpus;
  if (fscanf (file, "%lf %lf", &quota, &period) == 2 && period > 0)
    cpus = (int) ((quota + period - 1) / period);
  fclose (file);
  return cpus < 1 ? 1 : cpus;
}

/* CPUs that our cgroup and all those it is part of allow. */
static int
allowed_cpus (void)
{
  FILE *file = fopen ("/proc/self/cgroup", "r");
  char  line[PATH_MAX] = "", *path = line, *slash;
  int   cpus = MANY_CPUS;

  /* The line of version 2 is "0::" and the path. */
  while (file != NULL && fgets (line, sizeof line, file) != NULL && strncmp (line, "0::", 3) != 0)
    line[0] = '\0';
  if (file != NULL)
    fclose (file);
  if (line[0] != '\0')
    path += 3;
  path[strcspn (path, "\n")] = '\0';
  for (;;)
    {
      cpus = (int) bk_min (cpus, cgroup_cpus (path));
      if (path[0] == '\0')
        return cpus;
      slash = strrchr (path, '/');
      *(slash != NULL ? slash : path) = '\0';
    }
}

int
bk_allowed_threads (void)
{
  cpu_set_t set;
  int       allowed = omp_get_num_procs ();

  if (getenv ("OMP_NUM_THREADS") != NULL)
    return omp_get_max_threads ();
  /* What binds threads to CPUs leaves this one a single CPU, of those that it knows. */
  if (omp_get_proc_bind () == omp_proc_bind_false && sched_getaffinity (0, sizeof set, &set) == 0)
    allowed = CPU_COUNT (&set);
  return (int) bk_min (allowed, allowed_cpus ());
}

static void *
wait_for_end (void *gate)
{
  pthread_mutex_lock (gate);
  pthread_mutex_unlock (gate);
  return NULL;
}

/* Starts so many threads and ends them: how many there were at once. */
static int
try_threads (int n_threads)
{
  pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
  pthread_t       threads[MAX_THREADS];
  int             n = 0;

  pthread_mutex_lock (&gate);
  while (n < n_threads && pthread_create (&threads[n], NULL, wait_for_end, &gate) == 0)
    n++;
  pthread_mutex_unlock (&gate);
  for (int i = 0; i < n; i++)
    pthread_join (threads[i], NULL);
  return n;
}

int
bk_start_threads (int n_threads)
{
  static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
  int                    granted = (int) bk_min (n_threads, MAX_THREADS);

  if (granted < 2)
    return 1;
  /* libgomp ends the process where it is refused a thread, so what it will want is tried before, and it gets
   * its threads at once, which stay. Our own jobs do not take them from each other in between. */
  pthread_mutex_lock (&one_at_a_time);
  granted = 1 + try_threads (granted - 1);
#pragma omp parallel num_threads(granted)
  bk_flush_denormals ();
  pthread_mutex_unlock (&one_at_a_time);
  return granted;
}
