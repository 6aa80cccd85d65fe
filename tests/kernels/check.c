/* Drawing tensors, and looking at what kernels make of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "check.h"

#include <math.h>
#include <string.h>

/* Longer than the widest store, so that one too many is seen. */
#define GUARD 64
/* As much of the arena behind what a kernel takes: a third of one thread's buffers, or more. */
#define BEYOND 16384
/* A NaN that no arithmetic makes, to tell untouched memory. */
#define UNTOUCHED 0x7fc0beefu

BkContext check_context;

static GPtrArray *drawn;

static void *
keep (size_t size)
{
  void *memory = g_malloc (size);

  if (drawn == NULL)
    drawn = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (drawn, memory);
  return memory;
}

void
check_free_all (void)
{
  g_clear_pointer (&drawn, g_ptr_array_unref);
}

int
check_int (int low, int high)
{
  return g_test_rand_int_range (low, high + 1);
}

int
check_size (int tile, int high)
{
  int size;

  switch (check_int (0, 5))
    {
    case 0:
      return 1;
    case 1:
      size = 2 * check_int (0, MAX (high / 2 - 1, 0)) + 1;
      break;
    case 2:
      size = tile * check_int (1, MAX (high / tile, 1));
      break;
    case 3:
      size = tile * check_int (1, MAX (high / tile, 1)) - 1;
      break;
    case 4:
      size = tile * check_int (1, MAX (high / tile, 1)) + 1;
      break;
    default:
      size = check_int (1, high);
    }
  return CLAMP (size, 1, high);
}

float *
check_values (size_t n, float scale)
{
  float *values = keep (n * sizeof (float));

  for (size_t i = 0; i < n; i++)
    {
      /* Three uniform numbers of deviation 1/sqrt 3 add up to deviation 1. */
      double sum = g_test_rand_double_range (-1, 1) + g_test_rand_double_range (-1, 1) + g_test_rand_double_range (-1, 1);

      values[i] = check_int (0, 30) == 0 ? 0.0f : (float) (sum * scale);
    }
  return values;
}

BkTensor
check_output (int n, int h, int w, int c, int gap)
{
  BkTensor x = bk_tensor (NULL, n, h, w, c);

  x.stride = c + gap;
  return x;
}

BkTensor
check_tensor (int n, int h, int w, int c, int gap)
{
  BkTensor x = check_output (n, h, w, c, gap);

  x.data = check_values ((size_t) n * h * w * x.stride, 1.0f);
  return x;
}

int
check_gap (void)
{
  return check_int (0, 2) == 0 ? check_int (1, 9) : 0;
}

BkActivation
check_act (void)
{
  return (BkActivation) check_int (BK_IDENTITY, BK_GELU_TANH);
}

void
check_narrow (BkTensor x)
{
  size_t n = (size_t) x.n * x.h * x.w * x.stride;

  for (size_t i = 0; i < n; i++)
    {
      uint32_t bits;

      memcpy (&bits, x.data + i, 4);
      bits &= 0xffff0000;
      memcpy (x.data + i, &bits, 4);
    }
}

BkType
check_type (void)
{
  return (BkType) check_int (BK_F32, BK_BF16);
}

static uint16_t
half_of (float value)
{
  int    exponent;
  double mantissa = frexp (fabs (value), &exponent); /* 0.5 to 1 */
  int    sign = value < 0 ? 0x8000 : 0;

  if (value == 0 || exponent < -23)
    return sign;
  if (exponent < -13)
    return sign | (int) ldexp (mantissa, exponent + 24);
  return sign | (exponent + 14) << 10 | ((int) ldexp (mantissa, 11) & 1023);
}

BkSource
check_source (size_t n, BkType type, float scale)
{
  float *values = check_values (n, scale);
  char  *memory = (char *) keep (n * 4 + 1) + 1;

  for (size_t i = 0; i < n; i++)
    {
      uint32_t bits;
      uint16_t half;

      memcpy (&bits, values + i, 4);
      half = type == BK_F16 ? half_of (values[i]) : bits >> 16;
      if (type == BK_F32)
        memcpy (memory + 4 * i, values + i, 4);
      else
        memcpy (memory + 2 * i, &half, 2);
    }
  return (BkSource) { memory, type };
}

double
check_sum_error (int k)
{
  /* Rounding errors walk at random, hence the root; 2 of them because the largest of many is asked for. Two
   * a term, as a CPU without fused multiply-add rounds each product, too. */
  return 0x1p-24 * (4 + 2 * sqrt (2.0 * k));
}

/* An output in memory full of NaN, with guards; holds what y holds. */
static BkTensor
guarded (BkTensor y, uint32_t **memory, size_t *size)
{
  size_t pixels = (size_t) y.n * y.h * y.w;
  float *start = y.data;

  *size = pixels * y.stride + 2 * GUARD;
  *memory = g_new (uint32_t, *size);
  for (size_t i = 0; i < *size; i++)
    (*memory)[i] = UNTOUCHED;
  y.data = (float *) *memory + GUARD;
  if (start != NULL)
    for (size_t p = 0; p < pixels; p++)
      memcpy (y.data + p * y.stride, start + p * y.stride, y.c * sizeof (float));
  return y;
}

static void
check_guards (const char *what, BkTensor y, const uint32_t *memory, size_t size)
{
  size_t pixels = (size_t) y.n * y.h * y.w;

  for (size_t i = 0; i < size; i++)
    {
      bool inside = i >= GUARD && i < size - GUARD && (i - GUARD) % y.stride < (size_t) y.c &&
                    (i - GUARD) / y.stride < pixels;

      if (! inside && memory[i] != UNTOUCHED)
        g_error ("%s wrote outside of its output, %ld floats from the start", what, (long) i - GUARD);
    }
}

static void
check_values_near (const char *what, BkTensor y, BkTensor expected, double tolerance, double terms)
{
  size_t pixels = (size_t) y.n * y.h * y.w;
  double most = terms;

  for (size_t p = 0; p < pixels; p++)
    for (int c = 0; c < y.c; c++)
      most = MAX (most, fabs (expected.data[p * y.stride + c]));
  for (size_t p = 0; p < pixels; p++)
    for (int c = 0; c < y.c; c++)
      {
        double a = y.data[p * y.stride + c], b = expected.data[p * y.stride + c];

        if (! (fabs (a - b) <= tolerance * most))
          g_error ("%s: pixel %zu of %zu, channel %d of %d is %.9g, should be %.9g: "
                   "off by %.2g of the largest, allowed %.2g",
                   what, p, pixels, c, y.c, a, b, fabs (a - b) / most, tolerance);
      }
}

typedef struct
{
  CheckKernel kernel;
  BkTensor    y;
  BkArena    *arena;
  const void *data;
} Call;

static void *
call_kernel (void *data)
{
  Call *call = data;

  call->kernel (call->y, call->arena, call->data);
  return NULL;
}

void
check_kernel (const char *what, CheckKernel kernel, CheckKernel twin, const void *data, BkTensor y, double tolerance, double terms)
{
  g_autofree uint32_t *expected_memory = NULL, *first_memory = NULL;
  size_t               size;
  BkTensor             expected = guarded (y, &expected_memory, &size);

  twin (expected, NULL, data);
  for (int n_threads = 1; n_threads <= 3; n_threads++)
    {
      g_autofree uint32_t *memory = NULL;
      BkContext            context;
      BkArena             *measure = bk_arena_new_measuring (&context), *arena;
      BkTensor             shape = y, out = guarded (y, &memory, &size);
      size_t               peak;
      uint32_t            *memory_of_arena;
      BkScratch            scratch;
      Call                 call = { kernel, out, NULL, data };

      bk_context_init (&context, n_threads);
      g_assert_cmpint (context.n_threads, ==, n_threads);
      out.context = &context;
      call.y = out;
      shape.data = NULL;
      kernel (shape, measure, data);
      peak = bk_arena_peak (measure);
      arena = bk_arena_new (&context, peak + BEYOND * 4);
      scratch = bk_scratch (arena);
      memory_of_arena = bk_arena_alloc (arena, peak + BEYOND * 4);
      for (size_t i = 0; i < peak / 4 + BEYOND; i++)
        memory_of_arena[i] = UNTOUCHED;
      bk_scratch_close (&scratch);

      /* In a thread that has no workers yet, as an application calls us. */
      call.arena = arena;
      g_thread_join (g_thread_new ("caller", call_kernel, &call));

      check_guards (what, out, memory, size);
      check_values_near (what, out, expected, tolerance, terms);
      for (size_t i = peak / 4; i < peak / 4 + BEYOND; i++)
        if (memory_of_arena[i] != UNTOUCHED)
          g_error ("%s wrote beyond what it had measured", what);
      if (bk_arena_alloc (measure, 1) != NULL || bk_arena_peak (measure) > MAX (peak, 64))
        g_error ("%s kept some of its arena", what);
      if (first_memory == NULL)
        first_memory = g_steal_pointer (&memory);
      else if (memcmp (memory, first_memory, size * 4) != 0)
        g_error ("%s: other bits with %d threads than with one", what, n_threads);
      bk_arena_free (measure);
      bk_arena_free (arena);
      bk_context_clear (&context);
    }
}
