/* How many threads, BLAS held to one of its own, and the counters of the bench.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <limits.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* OpenBLAS has it under this name; another BLAS may not. */
extern void openblas_set_num_threads (int n_threads) __attribute__ ((weak));

static int    n_threads_set;
static bool   exact, bf16;
static double flop_count, gemm_seconds;

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

void
bk_init (int n_threads)
{
  if (n_threads <= 0)
    {
      cpu_set_t set;
      int       allowed = omp_get_num_procs ();

      if (sched_getaffinity (0, sizeof set, &set) == 0)
        allowed = CPU_COUNT (&set);
      allowed = (int) bk_min (allowed, allowed_cpus ());
      n_threads = getenv ("OMP_NUM_THREADS") != NULL ? omp_get_max_threads () : allowed;
    }
  n_threads_set = n_threads;
  /* Our tiles are the parallelism; threads inside threads collapse. */
  if (openblas_set_num_threads != NULL)
    openblas_set_num_threads (1);
}

int
bk_n_threads (void)
{
  return n_threads_set > 0 ? n_threads_set : omp_get_max_threads ();
}

int
bk_team (size_t n_tasks)
{
  size_t n_threads = bk_n_threads ();

  return n_tasks < 1 ? 1 : (int) bk_min (n_threads, n_tasks);
}

void
bk_set_exact (bool on)
{
  exact = on;
}

bool
bk_exact (void)
{
  return exact;
}

void
bk_set_bf16 (bool on)
{
  bf16 = on;
}

BkType
bk_weight_type (void)
{
  return bf16 ? BK_BF16 : BK_F32;
}

double
bk_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

void
bk_count_flop (double flop)
{
  flop_count += flop;
}

void
bk_count_gemm (double seconds)
{
  gemm_seconds += seconds;
}

void
bk_counters_reset (void)
{
  flop_count = gemm_seconds = 0;
}

BkCounters
bk_counters (void)
{
  return (BkCounters) { flop_count, gemm_seconds };
}
