/* 16 floats in an AVX-512 register: what the compiler's vectors do not say well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <immintrin.h>

INLINE __mmask16
first_lanes (int n)
{
  return n >= 16 ? 0xffff : (__mmask16) ((1u << n) - 1);
}

INLINE Vec
load_part (const float *from, int n)
{
  return (Vec) _mm512_maskz_loadu_ps (first_lanes (n), from);
}

INLINE void
store_part (float *to, Vec v, int n)
{
  _mm512_mask_storeu_ps (to, first_lanes (n), (__m512) v);
}

#ifdef HAS_BF16
/* Rounded to the nearest, ties to even. */
INLINE void
store_bf16 (uint16_t *to, Vec v, int n)
{
  _mm256_mask_storeu_epi16 (to, first_lanes (n), (__m256i) _mm512_cvtneps_pbh ((__m512) v));
}

/* The same of two, by turns. */
INLINE void
store_pairs (uint16_t *to, Vec even, Vec odd)
{
  __m512i low = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh ((__m512) even));
  __m512i high = _mm512_cvtepu16_epi32 ((__m256i) _mm512_cvtneps_pbh ((__m512) odd));

  _mm512_storeu_si512 (to, _mm512_or_si512 (low, _mm512_slli_epi32 (high, 16)));
}

/* To each lane of sum the products of two bf16 of a and b. */
INLINE Vec
add_pairs (Vec sum, IntVec a, IntVec b)
{
  return (Vec) _mm512_dpbf16_ps ((__m512) sum, (__m512bh) a, (__m512bh) b);
}
#endif

INLINE Vec
choose (IntVec mask, Vec a, Vec b)
{
  return (Vec) _mm512_mask_blend_ps (_mm512_movepi32_mask ((__m512i) mask), (__m512) b, (__m512) a);
}

INLINE Vec
least (Vec a, Vec b)
{
  return (Vec) _mm512_min_ps ((__m512) a, (__m512) b);
}

INLINE Vec
most (Vec a, Vec b)
{
  return (Vec) _mm512_max_ps ((__m512) a, (__m512) b);
}
