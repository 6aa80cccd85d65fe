/* Arithmetic on LANES floats at once, in the compiler's own vectors: one source for
 * every width. The file that includes this defines LANES and is built with the flags
 * of its instruction set.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <string.h>

#include "../kernels.h"

#define INLINE static inline __attribute__ ((always_inline))

typedef float   Vec __attribute__ ((vector_size (4 * LANES)));
typedef int32_t IntVec __attribute__ ((vector_size (4 * LANES)));
/* Half as many lanes, for sums whose error must not show. */
typedef float  HalfVec __attribute__ ((vector_size (2 * LANES)));
typedef double DoubleVec __attribute__ ((vector_size (4 * LANES)));

INLINE Vec
all (float value)
{
  return value - (Vec) { 0 };
}

INLINE Vec
load (const float *from)
{
  Vec v;

  memcpy (&v, from, sizeof v);
  return v;
}

INLINE IntVec
load_ints (const void *from)
{
  IntVec v;

  memcpy (&v, from, sizeof v);
  return v;
}

INLINE void
store (float *to, Vec v)
{
  memcpy (to, &v, sizeof v);
}

#if LANES == 16
#include "../x86/avx512-vector.h"
#elif LANES == 8
#include "../x86/avx2-vector.h"
#else
/* The first n lanes; the rest are zero. */
INLINE Vec
load_part (const float *from, int n)
{
  Vec v = { 0 };

  if (n >= LANES)
    return load (from);
  for (int i = 0; i < n; i++)
    v[i] = from[i];
  return v;
}

INLINE void
store_part (float *to, Vec v, int n)
{
  if (n >= LANES)
    store (to, v);
  else
    for (int i = 0; i < n; i++)
      to[i] = v[i];
}

/* Where a lane of mask is set, a, else b. */
INLINE Vec
choose (IntVec mask, Vec a, Vec b)
{
  return (Vec) ((mask & (IntVec) a) | (~mask & (IntVec) b));
}

INLINE Vec
least (Vec a, Vec b)
{
  return choose (a < b, a, b);
}

INLINE Vec
most (Vec a, Vec b)
{
  return choose (a > b, a, b);
}
#endif

INLINE DoubleVec
widen (const float *from)
{
  HalfVec half;

  memcpy (&half, from, sizeof half);
  return __builtin_convertvector (half, DoubleVec);
}

INLINE float
sum_lanes (Vec v)
{
  double sum = 0;

  for (int i = 0; i < LANES; i++)
    sum += v[i];
  return (float) sum;
}

/* e^x, relative error about 1e-7; 0 where x < -87, and as at 88 above that.
 * x = n ln 2 + r, and e^r is a polynomial fitted on |r| <= ln 2 / 2. */
INLINE Vec
exponential (Vec x)
{
  /* Adding it leaves the nearest whole number in the lowest bits. */
  const Vec round = all (0x1.8p23f);
  /* What is not a number comes second in both, and so gets through: damaged weights shall not look like sound ones. */
  Vec       clamped = most (all (-87.0f), least (all (88.0f), x));
  Vec       shifted = clamped * 1.44269504f + round;
  Vec       n = shifted - round;
  /* ln 2 in two parts, the first with few bits, so that its product is exact. */
  Vec       r = clamped - n * 0.693359375f + n * 2.12194440e-4f;
  Vec       p = all (0.001381455804221332f);
  IntVec    exponent = ((IntVec) shifted - (IntVec) round + 127) << 23;

  p = p * r + 0.008368736132979393f;
  p = p * r + 0.04166838899254799f;
  p = p * r + 0.1666652113199234f;
  p = p * r + 0.4999999403953552f;
  p = (p * r * r + r + 1.0f) * (Vec) exponent;
  return choose (x < all (-87.0f), all (0.0f), p);
}

INLINE Vec
sigmoid_times (Vec x, Vec y)
{
  return x / (1.0f + exponential (-y));
}

/* x times the normal distribution function, from the complementary error function
 * erfc (t) = e^(-t^2) u P (u), u = 1 / (1 + 0.4 t); P was fitted on 0 <= t <= 9.3,
 * relative error 2e-7. So the far left end keeps its accuracy. */
INLINE Vec
gelu (Vec x)
{
  Vec scaled = x * 0.70710678f;
  Vec t = least (choose (scaled < 0.0f, -scaled, scaled), all (9.3f));
  Vec u = 1.0f / (1.0f + 0.4f * t);
  Vec p = all (0.03983538597822189f);
  Vec tail;

  p = p * u - 0.13333603739738464f;
  p = p * u + 0.06935171037912369f;
  p = p * u + 0.10496757179498672f;
  p = p * u + 0.0678112730383873f;
  p = p * u + 0.1985756754875183f;
  p = p * u + 0.20053508877754211f;
  p = p * u + 0.22663679718971252f;
  p = p * u + 0.22562259435653687f;
  tail = 0.5f * p * u * exponential (-t * t);
  return x * choose (x < 0.0f, tail, 1.0f - tail);
}

INLINE Vec
activate (Vec x, BkActivation act)
{
  switch (act)
    {
    case BK_SILU:
      return sigmoid_times (x, x);
    case BK_GELU:
      return gelu (x);
    case BK_QUICK_GELU:
      return sigmoid_times (x, 1.702f * x);
    case BK_GELU_TANH:
      /* (1 + tanh y) / 2 is the sigmoid of 2 y. */
      return sigmoid_times (x, 1.59576912f * (x + 0.044715f * x * x * x));
    default:
      return x;
    }
}
