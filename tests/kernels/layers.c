/* Linear layers and convolutions against their twins, with weights in float32 and in bf16.
 *
 * What bf16 holds exactly must come out as exactly as from float32: the products are the same, and their
 * sums are float32 in both. Only Winograd's transforms round there too.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "layers.h"

#include <math.h>
#include <string.h>

#include "check.h"
#include "ref/ref.h"

#define N_DRAWS 24

/* Largest errors of Winograd in bf16, as a share of the largest output; three times what many draws showed. */
#define WINOGRAD_2_BF16 1.2e-2
#define WINOGRAD_4_BF16 3e-2
/* The same of plain sums of values that bf16 does not hold: half a bit of 8 in each factor. */
#define ROUNDED 5e-3

typedef struct
{
  BkTensor     x, residual;
  BkSource     weight, bias;
  BkLinear     linear;
  BkConv       conv;
  BkActivation act;
  int          n_out, kernel;
  int          stride, pad; /* stride 2: what bk_pack_conv_down () makes, with @pad */
  int          side; /* map that a convolution is packed for */
  bool         in_place;
  bool         lends; /* the weights stay where they are */
} Layer;

/* A store of just the size that packing asks for; @pack is run twice. */
static BkArena *
packed (void (*pack) (Layer *layer, BkArena *store), Layer *layer, BkType type)
{
  BkArena *measure = bk_arena_new_measuring (&check_context), *store;

  check_context.type = type;
  pack (layer, measure);
  store = bk_arena_new (&check_context, bk_arena_peak (measure));
  pack (layer, store);
  check_context.type = BK_F32;
  g_assert_cmpuint (bk_arena_peak (store), ==, bk_arena_peak (measure));
  bk_arena_free (measure);
  return store;
}

/* What the output is added to, for messages. */
static const char *
plus (const Layer *layer)
{
  return layer->in_place ? ", plus itself" : layer->residual.data == NULL ? "" : ", plus residual";
}

/* ---- linear ---- */

static void
linear_pack (Layer *layer, BkArena *store)
{
  int n_in = layer->x.c, n_out = layer->n_out;

  if (layer->lends)
    layer->linear = bk_lend_linear (layer->weight, layer->bias, n_in, n_out, bk_arena_alloc (store, bk_linear_size (&check_context, n_in, n_out)), store);
  else
    layer->linear = bk_pack_linear (layer->weight, layer->bias, n_in, n_out, store);
}

static void
linear_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Layer *layer = data;

  if (layer->residual.data != NULL)
    bk_linear_add (y, layer->x, &layer->linear, layer->in_place ? y : layer->residual);
  else
    bk_linear (y, layer->x, &layer->linear, layer->act);
}

static void
linear_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Layer *layer = data;

  ref_linear (y, layer->x, layer->weight, layer->bias, layer->in_place ? y : layer->residual, layer->act);
}

/* What the plain loops come to before an activation makes it small, or a residual takes it away: where few channels
 * are all negative, the sum's error is all that is left. */
static double
largest_sum (const Layer *layer)
{
  BkTensor y = check_tensor (layer->x.n, layer->x.h, layer->x.w, layer->n_out, 0);
  double   most = 1;

  ref_linear (y, layer->x, layer->weight, layer->bias, (BkTensor) { 0 }, BK_IDENTITY);
  for (size_t i = 0; i < (size_t) y.n * y.h * y.w * y.c; i++)
    most = MAX (most, fabs (y.data[i]));
  return most;
}

static void
run_linear (Layer *layer, BkType type, double tolerance)
{
  BkArena         *store = packed (linear_pack, layer, type);
  g_autofree char *what = g_strdup_printf ("linear of %d x %d rows, %d to %d%s%s, activation %d, %s", layer->x.n, layer->x.h,
                                           layer->x.c, layer->n_out,
                                           plus (layer), layer->lends ? ", lent" : "",
                                           layer->act, type == BK_BF16 ? "bf16" : "float32");

  check_kernel (what, linear_kernel, linear_twin, layer,
                layer->in_place ? layer->residual : check_output (layer->x.n, layer->x.h, layer->x.w, layer->n_out, check_gap ()),
                tolerance, largest_sum (layer));
  bk_arena_free (store);
}

static void
check_linear (int m, int n_in, int n_out)
{
  Layer layer = { .n_out = n_out, .act = check_act (), .lends = check_int (0, 2) == 0 };

  layer.x = check_tensor (1 + m % 2, (m + m % 2) / (1 + m % 2), 1, n_in, check_gap ());
  layer.weight = check_source ((size_t) n_in * n_out, check_type (), 1.0f / sqrtf (n_in));
  if (check_int (0, 3) > 0)
    layer.bias = check_source (n_out, check_type (), 1.0f);
  if (check_int (0, 2) == 0)
    {
      layer.residual = check_tensor (layer.x.n, layer.x.h, 1, n_out, check_gap ());
      layer.in_place = check_int (0, 1) == 0;
      layer.act = BK_IDENTITY;
    }
  run_linear (&layer, BK_F32, check_sum_error (n_in));

  check_narrow (layer.x);
  layer.weight = check_source ((size_t) n_in * n_out, BK_BF16, 1.0f / sqrtf (n_in));
  run_linear (&layer, BK_BF16, check_sum_error (n_in));
  check_free_all ();
}

static void
test_linear (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_linear (check_size (64, 300), check_size (32, 200), check_size (64, 600));
  /* A timestep's embedding: one row, wide. */
  check_linear (1, 320, 1280);
  check_linear (2, 1280, 641);
  check_linear (7, 1023, 77);
  /* More rows than fit into tiles of the usual form. */
  check_linear (1601, 19, 70);
}

/* ---- convolution ---- */

static void
conv_pack (Layer *layer, BkArena *store)
{
  int n_in = layer->x.c, n_out = layer->n_out;

  if (layer->stride == 2)
    layer->conv = bk_pack_conv_down (layer->weight, layer->bias, n_in, n_out, layer->pad, store);
  else if (layer->lends)
    layer->conv = bk_lend_conv (layer->weight, layer->bias, n_in, n_out, layer->kernel, layer->side,
                                bk_arena_alloc (store, bk_conv_size (&check_context, n_in, n_out, layer->kernel, layer->side)), store);
  else
    layer->conv = bk_pack_conv (layer->weight, layer->bias, n_in, n_out, layer->kernel, layer->side, store);
}

static void
conv_kernel (BkTensor y, BkArena *arena, const void *data)
{
  const Layer *layer = data;

  if (layer->in_place || layer->residual.data != NULL)
    bk_conv_add (y, layer->x, &layer->conv, layer->in_place ? y : layer->residual, arena);
  else
    bk_conv (y, layer->x, &layer->conv, arena);
}

static void
conv_twin (BkTensor y, BkArena *arena, const void *data)
{
  const Layer *layer = data;

  ref_conv_add (y, layer->x, layer->weight, layer->bias, layer->kernel, layer->stride, layer->pad,
                layer->in_place ? y : layer->residual);
}

static double
conv_error (const Layer *layer)
{
  double error = check_sum_error (layer->x.c * layer->kernel * layer->kernel);

  if (layer->conv.winograd_output == 0)
    return error;
  if (layer->conv.type == BK_BF16)
    return layer->conv.winograd_output == 4 ? WINOGRAD_4_BF16 : WINOGRAD_2_BF16;
  /* The transforms add and take away before they multiply. */
  return error * (layer->conv.winograd_output == 4 ? 6 : 3);
}

static int
output_side (const Layer *layer, int side)
{
  return layer->stride == 1 ? side : (side + layer->pad) / 2;
}

static void
run_conv (Layer *layer, BkType type)
{
  BkArena         *store = packed (conv_pack, layer, type);
  BkTensor         x = layer->x, y;
  int              h = output_side (layer, x.h), w = output_side (layer, x.w);
  g_autofree char *what = NULL;

  y = layer->in_place ? check_tensor (x.n, h, w, layer->n_out, check_gap ())
                      : check_output (x.n, h, w, layer->n_out, check_gap ());
  g_assert_true ((layer->conv.winograd != NULL) == (layer->conv.winograd_output > 0));
  g_assert_true ((layer->conv.winograd != NULL) != (layer->conv.weight != NULL));
  what = g_strdup_printf ("convolution %d x %d, stride %d, padding %d, of %d x %d x %d, %d to %d channels%s%s, Winograd %d, %s",
                          layer->kernel, layer->kernel, layer->stride, layer->pad, x.n, x.h, x.w, x.c, layer->n_out,
                          plus (layer), layer->lends ? ", lent" : "",
                          layer->conv.winograd_output, type == BK_BF16 ? "bf16" : "float32");
  check_kernel (what, conv_kernel, conv_twin, layer, y, conv_error (layer), 1);
  bk_arena_free (store);
}

static void
check_layer (Layer layer, int n, int h, int w, int n_in)
{
  int    n_out = layer.n_out, kernel = layer.kernel;
  size_t size = (size_t) n_in * n_out * kernel * kernel;
  float  scale = 1.0f / sqrtf (n_in * kernel * kernel);

  layer.x = check_tensor (n, h, w, n_in, check_gap ());
  if (check_int (0, 1) == 0)
    layer.residual = check_tensor (n, output_side (&layer, h), output_side (&layer, w), n_out, check_gap ());
  layer.in_place = check_int (0, 3) == 0;
  layer.weight = check_source (size, check_type (), scale);
  if (check_int (0, 3) > 0)
    layer.bias = check_source (n_out, check_type (), 1.0f);
  run_conv (&layer, BK_F32);

  check_narrow (layer.x);
  layer.weight = check_source (size, BK_BF16, scale);
  run_conv (&layer, BK_BF16);
  check_free_all ();
}

static void
check_conv (int n, int h, int w, int side, int n_in, int n_out, int kernel)
{
  check_layer ((Layer) { .n_out = n_out, .kernel = kernel, .stride = 1, .pad = kernel / 2, .side = side, .lends = check_int (0, 2) == 0 },
               n, h, w, n_in);
}

/* Of even and of odd sides; padded before and behind, or behind alone. */
static void
test_conv_down (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_layer ((Layer) { .n_out = check_size (32, 70), .kernel = 3, .stride = 2, .pad = i % 2 },
                 check_int (1, 3), 1 + check_size (4, 21), 1 + check_size (4, 21), check_size (16, 80));
}

static void
test_conv (void)
{
  for (int i = 0; i < N_DRAWS; i++)
    check_conv (check_int (1, 2), check_size (4, 21), check_size (4, 21), check_int (1, 40),
                check_size (16, 40), check_size (32, 70), check_int (0, 2) == 0 ? 1 : 3);
  check_conv (1, 41, 39, 1, 7, 33, 3);
}

/* Wide enough for whatever is only chosen for wide layers, on maps of any size, and on
 * others than the one that the layer was packed for. */
static void
test_conv_wide (void)
{
  static const int sides[] = { 1, 2, 3, 7, 8, 13, 16, 18 };

  for (size_t i = 0; i < G_N_ELEMENTS (sides); i++)
    check_conv (1 + i % 2, sides[i], sides[(i * 3) % G_N_ELEMENTS (sides)], check_int (1, 40),
                check_int (64, 80), check_int (64, 100), 3);
  check_context.is_exact = true;
  check_conv (1, 18, 18, 32, 64, 100, 3);
  check_context.is_exact = false;
}

/* ---- rounding to bf16 ---- */

static float
rounded (float value)
{
  float packed_value, y;
  Layer layer = { .n_out = 1 };
  BkArena *store;

  packed_value = value;
  y = 1.0f;
  layer.x = bk_tensor (&y, 1, 1, 1, 1);
  layer.weight = (BkSource) { &packed_value, BK_F32 };
  store = packed (linear_pack, &layer, BK_BF16);
  bk_linear (bk_tensor (&value, 1, 1, 1, 1), layer.x, &layer.linear, BK_IDENTITY);
  bk_arena_free (store);
  return value;
}

/* Of what bf16 does not hold, a weight is rounded when packed, an input where the level multiplies bf16 itself. */
static void
test_rounding (void)
{
  Layer layer = { .n_out = 90 };

  g_assert_cmpfloat (rounded (0x1.01p0f), ==, 1.0f);       /* a tie, to even */
  g_assert_cmpfloat (rounded (0x1.03p0f), ==, 0x1.04p0f);  /* a tie, to even */
  g_assert_cmpfloat (rounded (-0x1.0101p0f), ==, -0x1.02p0f);
  g_assert_cmpfloat (rounded (0x1.00ffffp0f), ==, 1.0f);
  g_assert_cmpfloat (rounded (0x1.ffffp0f), ==, 2.0f);
  g_assert_true (isinf (rounded (0x1.fffffep127f)));
  g_assert_true (isinf (rounded (-INFINITY)));
  g_assert_true (isnan (rounded (NAN)));

  layer.x = check_tensor (1, 70, 1, 333, 0);
  layer.weight = check_source ((size_t) 333 * 90, BK_F32, 1.0f / sqrtf (333));
  run_linear (&layer, BK_BF16, ROUNDED);
  check_free_all ();
}

void
layers_add (void)
{
  g_test_add_func ("/kernels/linear", test_linear);
  g_test_add_func ("/kernels/conv", test_conv);
  g_test_add_func ("/kernels/conv-wide", test_conv_wide);
  g_test_add_func ("/kernels/conv-down", test_conv_down);
  g_test_add_func ("/kernels/bf16-rounding", test_rounding);
}
