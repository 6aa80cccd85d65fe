/* Weights as they lie in a file.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Values that are worth a task of their own. */
#define READ_TILE 65536

/* Without branches, so that the compiler can make vectors of it; also right where
 * denormals are flushed. */
static inline float
half_to_float (uint16_t half)
{
  uint32_t sign = (uint32_t) (half & 0x8000) << 16, rest = half & 0x7fff, mantissa = half & 0x3ff;
  uint32_t normal = (rest << 13) + (112u << 23), special = 0x7f800000 | mantissa << 13, small_bits, bits;
  float    small = (float) (int32_t) mantissa * 0x1p-24f, value;

  memcpy (&small_bits, &small, 4);
  bits = rest < 0x400 ? small_bits : rest >= 0x7c00 ? special : normal;
  bits |= sign;
  memcpy (&value, &bits, 4);
  return value;
}

/* Values [first, first + n). */
static void
read_range (BkSource source, size_t first, size_t n, float *out)
{
  const uint8_t *in = source.data;
  uint16_t       half;
  uint32_t       bits;

  switch (source.type)
    {
    case BK_F32:
      memcpy (out, in + 4 * first, n * sizeof (float));
      break;
    case BK_F16:
      for (size_t i = 0; i < n; i++)
        {
          memcpy (&half, in + 2 * (first + i), 2);
          out[i] = half_to_float (half);
        }
      break;
    case BK_BF16:
      for (size_t i = 0; i < n; i++)
        {
          memcpy (&half, in + 2 * (first + i), 2);
          bits = (uint32_t) half << 16;
          memcpy (out + i, &bits, 4);
        }
      break;
    }
}

void
bk_read_values (const BkContext *context, BkSource source, size_t n, float *out)
{
  size_t n_tiles = bk_n_tiles (n, READ_TILE);

#pragma omp parallel for schedule(static) num_threads(bk_team (context, n_tiles))
  for (size_t i = 0; i < n_tiles; i++)
    read_range (source, i * READ_TILE, bk_min (READ_TILE, n - i * READ_TILE), out + i * READ_TILE);
}

void
bk_source_read (BkSource source, size_t n, float *out)
{
  bk_read_values (NULL, source, n, out);
}

void
bk_read_weights (float *out, BkSource weight, int n_in, int n_taps, int first, int count, int channel, int n_channels)
{
  size_t run = (size_t) n_channels * n_taps, size = weight.type == BK_F32 ? 4 : 2;

  for (int j = 0; j < count; j++)
    {
      size_t at = ((size_t) (first + j) * n_in + channel) * n_taps;

      read_range (weight, at, run, out + j * run);
      bk_prefetch ((const char *) weight.data + (at + run) * size, run * size);
    }
}

void
bk_give_back (BkSource source, size_t n)
{
  uintptr_t page = sysconf (_SC_PAGESIZE), begin = (uintptr_t) source.data, end = begin + n * (source.type == BK_F32 ? 4 : 2);

  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  if (source.mapped && end > begin)
    madvise ((void *) begin, end - begin, MADV_DONTNEED);
}
