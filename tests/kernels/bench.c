/* The layers of a full-size decoder step, one by one, in float32 and in bf16.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "bench.h"

#include "check.h"

#include <math.h>

/* Each layer is run until this has passed, and the best run counts: whoever else
 * uses the machine only ever makes it slower. */
#define SECONDS 0.6

typedef struct
{
  BkTensor     x, y, k, v;
  BkLinear     linear;
  BkConv       conv;
  BkNorm       norm;
  BkAttention  attention;
  BkArena     *arena;
} Layer;

typedef void (*Step) (Layer *layer);

static void
run_conv (Layer *layer)
{
  bk_conv (layer->y, layer->x, &layer->conv, layer->arena);
}

static void
run_linear (Layer *layer)
{
  bk_linear (layer->y, layer->x, &layer->linear, BK_IDENTITY);
}

static void
run_attention (Layer *layer)
{
  bk_attention (layer->y, layer->x, layer->k, layer->v, &layer->attention, layer->arena);
}

static void
run_group_norm (Layer *layer)
{
  bk_group_norm (layer->y, layer->x, &layer->norm, (BkTensor) { 0 }, BK_SILU);
}

static void
run_layer_norm (Layer *layer)
{
  bk_layer_norm (layer->y, layer->x, &layer->norm);
}

static void
run_gelu (Layer *layer)
{
  bk_activate (layer->x, BK_GELU);
}

static void
report (const char *name, Step step, Layer *layer)
{
  double    best = G_MAXDOUBLE, begin = g_get_monotonic_time ();
  BkArena  *measure = bk_arena_new_measuring (&check_context);
  BkTensor  y;
  double    flop;

  layer->arena = measure;
  layer->x.context = layer->y.context = &check_context;
  y = layer->y;
  layer->y.data = NULL;
  step (layer);
  layer->y = y;
  layer->arena = bk_arena_new (&check_context, bk_arena_peak (measure));
  do
    {
      gint64 start = g_get_monotonic_time ();

      check_context.counters = (BkCounters) { 0 };
      step (layer);
      best = MIN (best, (g_get_monotonic_time () - start) * 1e-6);
    }
  while (g_get_monotonic_time () - begin < SECONDS * 1e6);
  flop = check_context.counters.flop;
  if (flop > 0)
    g_print ("%-51s %9.3f ms %7.0f GFLOP/s\n", name, best * 1e3, flop / best * 1e-9);
  else
    g_print ("%-51s %9.3f ms %7.1f GB/s\n", name, best * 1e3,
             2.0 * y.n * y.h * y.w * y.c * sizeof (float) / best * 1e-9);
  bk_arena_free (layer->arena);
  bk_arena_free (measure);
}

static const char *
type_name (BkType type)
{
  return type == BK_BF16 ? "bf16" : "f32";
}

static void
bench_conv_in (BkType type, int n_in, int n_out, int kernel, int side, int batch)
{
  Layer            layer = { .x = check_tensor (batch, side, side, n_in, 0),
                             .y = check_tensor (batch, side, side, n_out, 0) };
  size_t           n = (size_t) n_in * n_out * kernel * kernel;
  BkSource         weight = { check_values (n, 1.0f / sqrtf (n_in * kernel * kernel)), BK_F32 };
  BkSource         bias = { check_values (n_out, 1.0f), BK_F32 };
  BkArena         *measure = bk_arena_new_measuring (&check_context), *store;
  gint64           start;
  g_autofree char *name = NULL;

  check_context.type = type;
  bk_pack_conv (weight, bias, n_in, n_out, kernel, side, measure);
  store = bk_arena_new (&check_context, bk_arena_peak (measure));
  start = g_get_monotonic_time ();
  layer.conv = bk_pack_conv (weight, bias, n_in, n_out, kernel, side, store);
  start = g_get_monotonic_time () - start;
  name = g_strdup_printf ("conv %dx%d %d-%d, %d^2, %d, %s (packed %.1f GB/s)",
                          kernel, kernel, n_in, n_out, side, batch, type_name (type), n * 4e-3 / start);
  report (name, run_conv, &layer);
  bk_arena_free (measure);
  bk_arena_free (store);
  check_free_all ();
}

static void
bench_conv (int n_in, int n_out, int kernel, int side, int batch)
{
  for (BkType type = BK_F32; type <= BK_BF16; type += BK_BF16)
    bench_conv_in (type, n_in, n_out, kernel, side, batch);
}

static void
bench_linear_in (BkType type, int rows, int n_in, int n_out)
{
  Layer            layer = { .x = check_tensor (1, rows, 1, n_in, 0), .y = check_tensor (1, rows, 1, n_out, 0) };
  BkSource         weight = { check_values ((size_t) n_in * n_out, 1.0f / sqrtf (n_in)), BK_F32 };
  BkSource         bias = { check_values (n_out, 1.0f), BK_F32 };
  BkArena         *measure = bk_arena_new_measuring (&check_context), *store;
  g_autofree char *name = g_strdup_printf ("linear %d rows, %d-%d, %s", rows, n_in, n_out, type_name (type));

  check_context.type = type;
  bk_pack_linear (weight, bias, n_in, n_out, measure);
  store = bk_arena_new (&check_context, bk_arena_peak (measure));
  layer.linear = bk_pack_linear (weight, bias, n_in, n_out, store);
  report (name, run_linear, &layer);
  bk_arena_free (measure);
  bk_arena_free (store);
  check_free_all ();
}

static void
bench_linear (int rows, int n_in, int n_out)
{
  for (BkType type = BK_F32; type <= BK_BF16; type += BK_BF16)
    bench_linear_in (type, rows, n_in, n_out);
}

static void
bench_attention_in (BkType type, int batch, int n_q, int n_k, int n_heads, int dim)
{
  int              c = n_heads * dim;
  Layer            layer = { .x = check_tensor (batch, n_q, 1, c, 0), .y = check_tensor (batch, n_q, 1, c, 0) };
  g_autofree char *name = g_strdup_printf ("attention %d x %d to %d, %d heads of %d, %s", batch, n_q, n_k, n_heads, dim, type_name (type));

  layer.k = check_tensor (batch, n_k, 1, c, 0);
  layer.v = check_tensor (batch, n_k, 1, c, 0);
  layer.attention = (BkAttention) { .n_heads = n_heads, .scale = 1.0f / sqrtf (dim), .type = type };
  report (name, run_attention, &layer);
  check_free_all ();
}

static void
bench_attention (int batch, int n_q, int n_k, int n_heads, int dim)
{
  for (BkType type = BK_F32; type <= BK_BF16; type += BK_BF16)
    bench_attention_in (type, batch, n_q, n_k, n_heads, dim);
}

static void
bench_norm (const char *name, Step step, int batch, int pixels, int c, int n_groups)
{
  Layer layer = { .x = check_tensor (batch, pixels, 1, c, 0), .y = check_tensor (batch, pixels, 1, c, 0) };

  layer.norm = (BkNorm) { c, n_groups, 1e-5f, check_values (c, 1.0f), check_values (c, 1.0f) };
  report (name, step, &layer);
  check_free_all ();
}

void
bench_run (void)
{
  bk_context_init (&check_context, 0);
  g_print ("CPU level %s, %d threads\n", bk_cpu_level (), check_context.n_threads);
  bench_conv (320, 320, 3, 64, 2);
  bench_conv (640, 640, 3, 32, 2);
  bench_conv (960, 960, 3, 16, 2);
  bench_conv (1280, 1280, 3, 16, 2);
  bench_conv (1280, 1280, 3, 8, 2);
  bench_conv (2560, 1280, 3, 8, 2);
  bench_conv (320, 320, 3, 256, 1);
  bench_conv (3, 320, 3, 64, 2);
  bench_conv (320, 6, 3, 64, 2);
  bench_conv (960, 640, 1, 32, 2);
  bench_linear (2048, 640, 640);
  bench_linear (512, 960, 960);
  bench_linear (128, 1280, 1280);
  bench_linear (81, 2048, 8192);
  bench_linear (81, 8192, 2048);
  bench_linear (2, 1280, 2560);
  bench_attention (2, 1024, 1101, 10, 64);
  bench_attention (2, 256, 333, 15, 64);
  bench_attention (2, 64, 141, 20, 64);
  bench_norm ("group norm and SiLU, 64^2 x 320, 2", run_group_norm, 2, 4096, 320, 32);
  bench_norm ("group norm and SiLU, 16^2 x 960, 2", run_group_norm, 2, 256, 960, 32);
  bench_norm ("layer norm, 162 x 2048", run_layer_norm, 2, 81, 2048, 0);
  bench_norm ("GELU, 162 x 8192", run_gelu, 2, 81, 8192, 0);
}
