/* From a checkpoint's bytes to what the kernels read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <string.h>

static float
half_to_float (uint16_t h)
{
  uint32_t sign = (uint32_t) (h & 0x8000) << 16;
  uint32_t exponent = (h >> 10) & 31, mantissa = h & 0x3ff, bits;
  float    value;

  if (exponent == 0)
    {
      value = mantissa * 0x1p-24f;
      memcpy (&bits, &value, 4);
      bits |= sign;
    }
  else if (exponent == 31)
    bits = sign | 0x7f800000 | mantissa << 13;
  else
    bits = sign | (exponent + 112) << 23 | mantissa << 13;
  memcpy (&value, &bits, 4);
  return value;
}

void
bk_source_read (BkSource source, size_t n, float *out)
{
  const uint8_t *in = source.data;

  if (source.type == BK_F32)
    {
      memcpy (out, in, n * sizeof (float));
      return;
    }
#pragma omp parallel for schedule(static) if (n > 100000) num_threads(bk_n_threads ())
  for (size_t i = 0; i < n; i++)
    {
      uint16_t half;
      uint32_t bits;

      memcpy (&half, in + 2 * i, 2);
      if (source.type == BK_F16)
        out[i] = half_to_float (half);
      else
        {
          bits = (uint32_t) half << 16;
          memcpy (out + i, &bits, 4);
        }
    }
}

const float *
bk_pack_values (BkSource source, size_t n, BkArena *store)
{
  float *values;

  values = bk_arena_alloc (store, n * sizeof (float));
  if (values != NULL && source.data != NULL)
    bk_source_read (source, n, values);
  return values;
}

/* NULL for a bias that the layer does not have. While measuring both are NULL. */
static const float *
pack_bias (BkSource bias, int n, BkArena *store)
{
  return bias.data == NULL ? NULL : bk_pack_values (bias, n, store);
}

BkLinear
bk_pack_linear (BkSource weight, BkSource bias, int n_in, int n_out, BkArena *store)
{
  BkLinear linear = { .n_in = n_in, .n_out = n_out };

  linear.weight = bk_pack_values (weight, (size_t) n_in * n_out, store);
  linear.bias = pack_bias (bias, n_out, store);
  return linear;
}

BkConv
bk_pack_conv (BkSource weight, BkSource bias, int n_in, int n_out, int kernel, int h, BkArena *store)
{
  BkConv conv = { .n_in = n_in, .n_out = n_out, .kernel = kernel };
  size_t n = (size_t) n_in * n_out * kernel * kernel;
  float *packed = bk_arena_alloc (store, n * sizeof (float));

  (void) h;
  conv.bias = pack_bias (bias, n_out, store);
  conv.weight = packed;
  if (packed == NULL || weight.data == NULL)
    return conv;

  /* [out, in, k, k] to [k, k, in, out], one output channel at a time. */
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (int o = 0; o < n_out; o++)
    for (int i = 0; i < n_in; i++)
      {
        float    taps[9];
        int      n_taps = kernel * kernel;
        size_t   size = weight.type == BK_F32 ? 4 : 2;
        BkSource row = { (const char *) weight.data + ((size_t) o * n_in + i) * n_taps * size, weight.type };

        bk_source_read (row, n_taps, taps);
        for (int t = 0; t < n_taps; t++)
          packed[((size_t) t * n_in + i) * n_out + o] = taps[t];
      }
  return conv;
}

BkNorm
bk_pack_norm (BkSource weight, BkSource bias, int n_channels, int n_groups, float eps, BkArena *store)
{
  return (BkNorm) { n_channels, n_groups, eps,
                    bk_pack_values (weight, n_channels, store),
                    bk_pack_values (bias, n_channels, store) };
}
