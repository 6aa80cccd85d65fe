/* Every kernel of blas_backend against its twin in ref/, on drawn shapes.
 * BK_CPU says which CPU level is under test.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "layers.h"
#include "level.h"
#include "ref/ref.h"

#define N_DRAWS 24

/* What one drawn case is made of; each kernel takes what it needs. */
typedef struct
{
  BkTensor     x, second;
  BkSource     weight, bias;
  BkNorm       norm;
  BkAttention  attention;
  BkTensor     k, v;
  BkActivation act;
  int          size; /* groups, patch */
  bool         in_place;
  float        eps;
} Case;

/* A store of just the size that packing asks for; @pack is run twice. */
static BkArena *
packed (void (*pack) (Case *one, BkArena *store), Case *one)
{
  BkArena *measure = bk_arena_new_measuring (&check_context), *store;

  pack (one, measure);
  store = bk_arena_new (&check_context, bk_arena_peak (measure));
  pack (one, store);
  g_assert_cmpuint (bk_arena_peak (store), ==, bk_arena_peak (measure));
  bk_arena_free (measure);
  return store;
}

/* ---- normalisation ---- */

static void
norm_pack (Case *one, BkArena *store)
{
  one->norm = bk_pack_norm (one->weight, one->bias, one->x.c, one->size, one->eps, store);
}

static void
group_norm_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_group_norm (y, one->x.data == NULL ? y : one->x, &one->norm, one->second, one->act);
}

static void
group_norm_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_group_norm (y, one->x.data == NULL ? y : one->x, one->weight, one->bias, one->size, one->eps, one->second, one->act);
}

static void
layer_norm_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_layer_norm (y, one->x.data == NULL ? y : one->x, &one->norm);
}

static void
layer_norm_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_layer_norm (y, one->x.data == NULL ? y : one->x, one->weight, one->bias, one->eps);
}

static void
check_norm (int n, int h, int w, int n_groups, int per)
{
  Case             one = { .size = n_groups, .eps = 1e-5f };
  int              c = per * MAX (n_groups, 1);
  bool             in_place = check_int (0, 1);
  BkTensor         y;
  BkArena         *store;
  g_autofree char *what = NULL;

  one.x = check_tensor (n, h, w, c, check_gap ());
  /* A mean far from zero is where a careless variance drowns. It rounds the values, too, which shows the more the less
   * they deviate: neighbours lie on both sides of it. */
  for (int p = 0; p < n * h * w; p++)
    for (int i = 0; i < c; i++)
      one.x.data[p * one.x.stride + i] = 3.0f + copysignf (0.5f + fabsf (one.x.data[p * one.x.stride + i]), (p + i) % 2 - 0.5f);
  one.act = n_groups > 0 ? check_act () : BK_IDENTITY;
  /* An embedding to add, one to scale and shift by, or none. */
  if (n_groups > 0 && check_int (0, 2) > 0)
    one.second = check_tensor (n, 1, 1, check_int (1, 2) * c, check_gap ());
  one.weight = check_source (c, check_type (), 1.0f);
  one.bias = check_source (c, check_type (), 1.0f);
  store = packed (norm_pack, &one);
  y = in_place ? one.x : check_output (n, h, w, c, check_gap ());
  if (in_place)
    one.x.data = NULL;
  what = g_strdup_printf ("norm of %d x %d x %d x %d in %d groups, an embedding of %d, activation %d%s",
                          n, h, w, c, n_groups, one.second.c, one.act, in_place ? ", in place" : "");
  check_kernel (what, n_groups > 0 ? group_norm_kernel : layer_norm_kernel,
                n_groups > 0 ? group_norm_twin : layer_norm_twin, &one, y, 2e-6, 1);
  bk_arena_free (store);
  check_free_all ();
}

static void
test_group_norm (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_norm (check_int (1, 3), check_size (8, 20), check_size (8, 20), check_int (1, 8), check_size (16, 40));
  check_norm (2, 16, 16, 32, 10);
}

static void
test_layer_norm (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_norm (check_int (1, 3), check_size (8, 90), 1, 0, 1 + check_size (16, 300));
}

/* ---- one pixel at a time ---- */

static void
add_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_add (y, one->x);
}

static void
add_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_add (y, one->x);
}

static void
activate_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_activate (y, one->act);
}

static void
activate_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_activate (y, one->act);
}

static void
copy_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_copy (y, one->x);
}

static void
copy_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_copy (y, one->x);
}

static void
upsample_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_upsample (y, one->x);
}

static void
upsample_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_upsample (y, one->x);
}

static void
downsample_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_downsample (y, one->x);
}

static void
downsample_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_downsample (y, one->x);
}

static void
modulate_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_modulate (y, one->x.data == NULL ? y : one->x, one->k, one->v, one->act);
}

static void
modulate_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_modulate (y, one->x.data == NULL ? y : one->x, one->k, one->v, one->act);
}

static void
geglu_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_geglu (y, one->x);
}

static void
geglu_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_geglu (y, one->x);
}

static void
patches_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_patches (y, one->x, one->size);
}

static void
patches_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_patches (y, one->x, one->size);
}

static void
test_pointwise (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    {
      int              n = check_int (1, 3), h = check_size (8, 20), w = check_size (8, 20), c = check_size (16, 70);
      g_autofree char *shape = g_strdup_printf ("%d x %d x %d x %d", n, h, w, c);
      g_autofree char *add = g_strdup_printf ("addition to %s", shape);
      g_autofree char *copy = g_strdup_printf ("copy of %s", shape);
      Case             one = { .x = check_tensor (n, h, w, c, check_gap ()) };

      check_kernel (add, add_kernel, add_twin, &one, check_tensor (n, h, w, c, check_gap ()), 1e-7, 0);
      check_kernel (copy, copy_kernel, copy_twin, &one, check_output (n, h, w, c, check_gap ()), 0, 0);
      one.x = check_tensor (n, h, w, 2 * c, check_gap ());
      check_kernel ("geglu", geglu_kernel, geglu_twin, &one, check_output (n, h, w, c, check_gap ()), 5e-7, 1);
      check_free_all ();
    }
}

/* Near zero, at both far ends, and infinite: where an exponential goes wrong. */
static void
test_activations (void)
{
  for (BkActivation act = BK_IDENTITY; act <= BK_GELU_TANH; act++)
    {
      Case             one = { .act = act };
      BkTensor         y = check_tensor (1, 37, 1, 53, 0);
      g_autofree char *what = g_strdup_printf ("activation %d", act);

      check_kernel (what, activate_kernel, activate_twin, &one, y, 5e-7, 0);
      for (int i = 0; i < y.h * y.c; i++)
        y.data[i] *= powf (10.0f, -check_int (0, 9));
      check_kernel (what, activate_kernel, activate_twin, &one, y, 5e-7, 0);

      /* Here the largest is the input's own size; each value is looked at alone. */
      for (int i = 0; i < y.h * y.c; i++)
        {
          float    value = ldexpf (check_int (0, 1) ? 1.0f : -1.0f, check_int (-12, 12));
          double   right, error;
          BkTensor single = bk_tensor (&value, 1, 1, 1, 1);

          right = ref_act (value, act);
          bk_activate (single, act);
          error = fabs (value - right);
          if (! (error <= 1e-6 * fabs (right) + 1e-7))
            g_error ("activation %d gives %.9g, should be %.9g", act, value, right);
        }
      check_free_all ();
    }
}

static void
test_resampling (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    {
      int  n = check_int (1, 3), h = check_size (4, 12), w = check_size (4, 12), c = check_size (16, 40);
      Case one = { .x = check_tensor (n, h, w, c, check_gap ()) };

      check_kernel ("upsampling", upsample_kernel, upsample_twin, &one, check_output (n, 2 * h, 2 * w, c, check_gap ()), 0, 0);
      check_kernel ("upsampling to any size", upsample_kernel, upsample_twin, &one,
                    check_output (n, h + check_int (0, 2 * h), w + check_int (0, 2 * w), c, check_gap ()), 0, 0);
      one.x = check_tensor (n, 2 * h, 2 * w, c, check_gap ());
      check_kernel ("downsampling", downsample_kernel, downsample_twin, &one, check_output (n, h, w, c, check_gap ()), 3e-7, 1);
      one.size = check_int (1, 8);
      c = check_int (1, 4);
      one.x = check_tensor (n, h * one.size, w * one.size, c, check_gap ());
      check_kernel ("patches", patches_kernel, patches_twin, &one,
                    check_output (n, h * w, 1, c * one.size * one.size, check_gap ()), 0, 0);
      check_free_all ();
    }
}

/* Scale and shift of another map, as the spatial norms of an autoencoder have them. */
static void
test_modulation (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    {
      int      n = check_int (1, 3), h = check_size (4, 20), w = check_size (4, 20), c = check_size (16, 70);
      bool     in_place = check_int (0, 1);
      BkTensor y = in_place ? check_tensor (n, h, w, c, check_gap ()) : check_output (n, h, w, c, check_gap ());
      Case     one = { .act = check_act () };

      if (! in_place)
        one.x = check_tensor (n, h, w, c, check_gap ());
      one.k = check_tensor (n, check_int (1, h), check_int (1, w), c, check_gap ());
      one.v = check_tensor (n, check_int (1, h), check_int (1, w), c, check_gap ());
      check_kernel (in_place ? "modulation in place" : "modulation", modulate_kernel, modulate_twin, &one, y, 1e-6, 1);
      check_free_all ();
    }
}

/* ---- attention ---- */

static void
attention_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  bk_attention (y, one->x, one->k, one->v, &one->attention, arena);
}

static void
attention_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Case *one = data;
  ref_attention (y, one->x, one->k, one->v, &one->attention);
}

static void
check_attention (int n, int n_q, int n_k, int n_heads, int dim)
{
  Case             one = { 0 };
  int              c = n_heads * dim;
  g_autofree char *what = NULL, *bf16 = NULL;

  one.x = check_tensor (n, n_q, 1, c, check_gap ());
  one.k = check_tensor (n, n_k, 1, c, check_gap ());
  one.v = check_tensor (n, n_k, 1, c, check_gap ());
  one.attention.n_heads = n_heads;
  one.attention.scale = 1.0f / sqrtf (dim);
  if (check_int (0, 1))
    {
      float *mask = check_values ((size_t) n * n_k, 1.0f);

      /* As a caption's padding is masked, in both ways that are usual. */
      for (int j = 1; j < n * n_k; j++)
        if (j % n_k != 0 && check_int (0, 3) == 0)
          mask[j] = check_int (0, 1) ? -10000.0f : -INFINITY;
      one.attention.mask = mask;
    }
  one.attention.causal = check_int (0, 1);
  one.attention.causal_value = check_int (0, 1) ? -10000.0f : -INFINITY;
  what = g_strdup_printf ("attention of %d x %d queries, %d keys, %d heads of %d%s%s", n, n_q, n_k, n_heads, dim,
                          one.attention.mask != NULL ? ", masked" : "", one.attention.causal ? ", causal" : "");
  check_kernel (what, attention_kernel, attention_twin, &one, check_output (n, n_q, 1, c, check_gap ()),
                4 * check_sum_error (dim), 1 / sqrt (n_k));

  /* Scores are as exact as before, but exp is rounded, by up to half a bit of 8. Values of one sign, so that
   * no sum may lose more than its terms. */
  for (size_t i = 0; i < (size_t) n * n_k * one.v.stride; i++)
    one.v.data[i] = fabsf (one.v.data[i]);
  one.attention.type = BK_BF16;
  check_narrow (one.x);
  check_narrow (one.k);
  check_narrow (one.v);
  bf16 = g_strconcat (what, ", bf16", NULL);
  check_kernel (bf16, attention_kernel, attention_twin, &one, check_output (n, n_q, 1, c, check_gap ()), 0x1p-8, 0);
  check_free_all ();
}

static void
test_attention (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_attention (check_int (1, 2), check_size (64, 140), check_size (64, 200), check_int (1, 4), check_size (16, 64));
  check_attention (1, 65, 513, 2, 64);
}

/* ---- what is not a number ---- */

/* It goes on through every kernel, as what damaged weights make is found in the results: a key that is none makes none of
 * each query's result, and so does an infinite one, where something finite would look like a sound picture. */
static void
test_not_a_number (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    {
      const float        bad = i % 2 == 0 ? NAN : INFINITY;
      int                n_q = check_size (64, 70), n_k = check_size (16, 70), dim = check_size (16, 40);
      BkTensor           q = check_tensor (1, n_q, 1, dim, 0), k = check_tensor (1, n_k, 1, dim, 0), v = check_tensor (1, n_k, 1, dim, 0);
      BkTensor           y = check_tensor (1, n_q, 1, dim, 0), x = check_tensor (1, 3, 1, check_size (16, 40), 0);
      const BkAttention  attention = { .n_heads = 1, .scale = 1.0f, .type = i % 4 < 2 ? BK_F32 : BK_BF16 };
      BkArena           *measure = bk_arena_new_measuring (&check_context), *arena;

      for (int j = 0; j < n_q; j++)
        q.data[j * q.stride] = 1.0f; /* at times 0, which would leave an infinite key's sign open */
      for (int j = 0; j < n_k; j++)
        k.data[j * k.stride] = bad;
      bk_attention (bk_tensor (NULL, 1, n_q, 1, dim), q, k, v, &attention, measure);
      arena = bk_arena_new (&check_context, MAX (bk_arena_peak (measure), 1));
      bk_attention (y, q, k, v, &attention, arena);
      for (int j = 0; j < n_q * dim; j++)
        g_assert_false (isfinite (y.data[j]));

      x.data[check_int (0, x.h * x.c - 1)] = bad;
      bk_activate (x, check_act ());
      for (int j = 0, n_bad = 0; j < x.h * x.c; j++)
        {
          n_bad += ! isfinite (x.data[j]);
          g_assert_true (j + 1 < x.h * x.c || n_bad == 1);
        }
      bk_arena_free (arena);
      bk_arena_free (measure);
      check_free_all ();
    }
}

/* ---- sources, tensors and memory ---- */

static void
test_sources (void)
{
  for (BkType type = BK_F32; type <= BK_BF16; type++)
    for (size_t n = 1; n < 300000; n = n * 7 + 3)
      {
        BkSource source = check_source (n, type, 1.0f);
        float   *values = check_values (n + 1, 0.0f);

        values[n] = 7.0f;
        bk_source_read (source, n, values);
        for (size_t i = 0; i < n; i++)
          if (values[i] != ref_value (source, i))
            g_error ("value %zu of type %d is read as %g", i, type, values[i]);
        g_assert_cmpfloat (values[n], ==, 7.0f);
        check_free_all ();
      }
}

/* Every half there is: also subnormals, infinities and NaN. */
static void
test_halves (void)
{
  uint16_t *halves = g_new (uint16_t, 65536);
  float    *values = g_new (float, 65536);
  BkSource  source = { halves, BK_F16 };

  for (int i = 0; i < 65536; i++)
    halves[i] = i;
  bk_source_read (source, 65536, values);
  for (int i = 0; i < 65536; i++)
    {
      double right = ref_value (source, i);

      if (isnan (right) ? ! isnan (values[i]) : values[i] != right || ! signbit (values[i]) != ! signbit (right))
        g_error ("half %04x is read as %g, should be %g", i, values[i], right);
    }
  g_free (halves);
  g_free (values);
}

static void
test_arena (void)
{
  BkArena  *arena = bk_arena_new (&check_context, 1000);
  BkScratch scratch = bk_scratch (arena);
  BkTensor  a = bk_scratch_tensor (&scratch, 1, 2, 3, 5), b = bk_scratch_like (&scratch, a);

  g_assert_cmpuint ((guintptr) a.data % 64, ==, 0);
  g_assert_cmpuint ((guintptr) b.data % 64, ==, 0);
  g_assert_true (b.data >= a.data + 30);
  bk_scratch_close (&scratch);
  g_assert_true (bk_arena_alloc (arena, 4) == a.data);
  g_assert_cmpuint (bk_arena_peak (arena), ==, 256);
  bk_arena_free (arena);
  g_assert_null (bk_arena_new (&check_context, SIZE_MAX - 5));
}

static void
test_views (void)
{
  BkTensor x = check_tensor (3, 4, 5, 6, 2);

  g_assert_true (bk_channels (x, 2, 3).data == x.data + 2);
  g_assert_true (bk_samples (x, 1, 2).data == x.data + 20 * 8);
  g_assert_true (bk_rows (bk_samples (x, 1, 1), 2, 2).data == x.data + 20 * 8 + 10 * 8);
  x.data = NULL;
  g_assert_null (bk_channels (bk_rows (bk_samples (x, 1, 1), 2, 2), 1, 1).data);
  check_free_all ();
}

int
main (int    argc,
      char **argv)
{
  bk_context_init (&check_context, 1);
  if (level_is_lacking ())
    return 0;
  g_test_init (&argc, &argv, NULL);
  g_test_message ("CPU level %s", bk_cpu_level ());

  if (g_test_perf ())
    {
      bench_run ();
      return 0;
    }
  g_test_add_func ("/kernels/sources", test_sources);
  g_test_add_func ("/kernels/halves", test_halves);
  g_test_add_func ("/kernels/arena", test_arena);
  g_test_add_func ("/kernels/views", test_views);
  layers_add ();
  g_test_add_func ("/kernels/group-norm", test_group_norm);
  g_test_add_func ("/kernels/layer-norm", test_layer_norm);
  g_test_add_func ("/kernels/pointwise", test_pointwise);
  g_test_add_func ("/kernels/activations", test_activations);
  g_test_add_func ("/kernels/resampling", test_resampling);
  g_test_add_func ("/kernels/modulation", test_modulation);
  g_test_add_func ("/kernels/attention", test_attention);
  g_test_add_func ("/kernels/not-a-number", test_not_a_number);
  return g_test_run ();
}
