/* 8 floats in an AVX register: what the compiler's vectors do not say well.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <immintrin.h>

INLINE __m256i
first_lanes (int n)
{
  return _mm256_cmpgt_epi32 (_mm256_set1_epi32 (n), _mm256_setr_epi32 (0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE Vec
load_part (const float *from, int n)
{
  return n >= 8 ? load (from) : (Vec) _mm256_maskload_ps (from, first_lanes (n));
}

INLINE void
store_part (float *to, Vec v, int n)
{
  if (n >= 8)
    store (to, v);
  else
    _mm256_maskstore_ps (to, first_lanes (n), (__m256) v);
}

INLINE Vec
choose (IntVec mask, Vec a, Vec b)
{
  return (Vec) _mm256_blendv_ps ((__m256) b, (__m256) a, (__m256) mask);
}

INLINE Vec
least (Vec a, Vec b)
{
  return (Vec) _mm256_min_ps ((__m256) a, (__m256) b);
}

INLINE Vec
most (Vec a, Vec b)
{
  return (Vec) _mm256_max_ps ((__m256) a, (__m256) b);
}
