/* The ceilings of this machine as our own kernels reach them: a large matrix product, and a copy of memory.
 *
 *     bench-peak THREADS quick|full
 *
 * Prints one JSON object: cpu_level, threads, f32_gflop_per_s, copy_gb_per_s (bytes read and written). Each is the
 * best of what fits into its time, as whoever else uses the machine only makes it slower.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "bk.h"

#include <glib.h>
#include <string.h>

/* Side of the product: 37 MB a matrix, so that it has to come from memory; and floats of the copy, far more than
 * any cache holds. */
#define SIDE 3072
#define COPY (64 << 20)
#define QUICK 16 /* divides both */
#define SECONDS 2.0

static BkContext context;

/* Random, not zeros: zeros are quicker on some CPUs. */
static float *
values_new (size_t n, guint32 seed)
{
  float *values = g_new (float, n);

  for (size_t i = 0; i < n; i++)
    {
      seed = seed * 1664525u + 1013904223u;
      values[i] = (gint32) seed * 0x1p-31f;
    }
  return values;
}

typedef struct
{
  BkTensor y, x;
  BkLinear linear;
} Work;

static void
multiply (Work *work)
{
  bk_linear (work->y, work->x, &work->linear, BK_IDENTITY);
}

static void
copy (Work *work)
{
  bk_copy (work->y, work->x);
}

static double
best_seconds (void (*step) (Work *work), Work *work)
{
  double best = G_MAXDOUBLE;
  gint64 begin = g_get_monotonic_time ();

  do
    {
      gint64 start = g_get_monotonic_time ();

      step (work);
      best = MIN (best, (g_get_monotonic_time () - start) * 1e-6);
    }
  while (g_get_monotonic_time () - begin < SECONDS * 1e6);
  return best;
}

static double
gflop_per_s (int side)
{
  size_t            n = (size_t) side * side;
  g_autofree float *x = values_new (n, 1), *y = values_new (n, 2), *w = values_new (n, 3);
  BkSource          weight = { w, BK_F32 }, bias = { NULL, BK_F32 };
  BkArena          *measure = bk_arena_new_measuring (&context), *store;
  Work              work = { bk_tensor (y, 1, side, 1, side), bk_tensor (x, 1, side, 1, side) };
  double            seconds;

  work.y.context = &context;
  bk_pack_linear (weight, bias, side, side, measure);
  store = bk_arena_new (&context, bk_arena_peak (measure));
  g_assert (store != NULL);
  work.linear = bk_pack_linear (weight, bias, side, side, store);
  seconds = best_seconds (multiply, &work);
  bk_arena_free (measure);
  bk_arena_free (store);
  return 2e-9 * side * side * side / seconds;
}

static double
gb_per_s (int n)
{
  const int         width = 1024;
  g_autofree float *x = values_new (n, 4), *y = values_new (n, 5);
  Work              work = { bk_tensor (y, 1, n / width, 1, width), bk_tensor (x, 1, n / width, 1, width) };

  work.y.context = &context;
  return 2e-9 * n * sizeof (float) / best_seconds (copy, &work);
}

int
main (int argc, char **argv)
{
  int scale = argc == 3 && strcmp (argv[2], "quick") == 0 ? QUICK : 1;

  if (argc != 3)
    {
      g_printerr ("Usage: bench-peak THREADS quick|full\n");
      return 2;
    }
  bk_context_init (&context, (int) g_ascii_strtoll (argv[1], NULL, 10));
  g_print ("{\"cpu_level\": \"%s\", \"threads\": %d, \"f32_gflop_per_s\": %.1f, \"copy_gb_per_s\": %.1f}\n",
           bk_cpu_level (), context.n_threads, gflop_per_s (SIDE / scale), gb_per_s (COPY / scale));
  return 0;
}
