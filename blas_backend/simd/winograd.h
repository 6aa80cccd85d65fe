/* The transforms of Winograd's convolution, LANES channels at a time; formulas and
 * names are those of winograd.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../winograd.h"
#include "vector.h"

/* out = B^T d, for one row or column of a tile. */
INLINE void
input_line (Vec *out, int step, const Vec *d, int d_step, const int output)
{
  const float p = WINOGRAD_P, q = WINOGRAD_Q;

  if (output == 2)
    {
      out[0] = d[0] - d[2 * d_step];
      out[step] = d[d_step] + d[2 * d_step];
      out[2 * step] = d[2 * d_step] - d[d_step];
      out[3 * step] = d[d_step] - d[3 * d_step];
    }
  else
    {
      Vec d0 = d[0], d1 = d[d_step], d2 = d[2 * d_step], d3 = d[3 * d_step], d4 = d[4 * d_step], d5 = d[5 * d_step];
      Vec even_p = d4 - d2 * (q * q), odd_p = (d3 - d1 * (q * q)) * p;
      Vec even_q = d4 - d2 * (p * p), odd_q = (d3 - d1 * (p * p)) * q;

      out[0] = d4 - d2 * (p * p + q * q) + d0 * (p * p * q * q);
      out[step] = even_p + odd_p;
      out[2 * step] = even_p - odd_p;
      out[3 * step] = even_q + odd_q;
      out[4 * step] = even_q - odd_q;
      out[5 * step] = d5 - d3 * (p * p + q * q) + d1 * (p * p * q * q);
    }
}

/* out = A^T m. */
INLINE void
output_line (Vec *out, int step, const Vec *m, int m_step, const int output)
{
  const float p = WINOGRAD_P, q = WINOGRAD_Q;

  if (output == 2)
    {
      out[0] = m[0] + m[m_step] + m[2 * m_step];
      out[step] = m[m_step] - m[2 * m_step] - m[3 * m_step];
    }
  else
    {
      Vec sum_p = m[m_step] + m[2 * m_step], difference_p = m[m_step] - m[2 * m_step];
      Vec sum_q = m[3 * m_step] + m[4 * m_step], difference_q = m[3 * m_step] - m[4 * m_step];

      out[0] = m[0] + sum_p + sum_q;
      out[step] = difference_p * p + difference_q * q;
      out[2 * step] = sum_p * (p * p) + sum_q * (q * q);
      out[3 * step] = difference_p * (p * p * p) + difference_q * (q * q * q) + m[5 * m_step];
    }
}

/* out = G g; in double, as these are kept. */
INLINE void
weight_line (DoubleVec *out, int step, const DoubleVec *g, int g_step, const int output)
{
  const double p = WINOGRAD_P, q = WINOGRAD_Q;
  DoubleVec    g0 = g[0], g1 = g[g_step], g2 = g[2 * g_step];

  if (output == 2)
    {
      out[0] = g0;
      out[step] = (g0 + g1 + g2) * 0.5;
      out[2 * step] = (g0 - g1 + g2) * 0.5;
      out[3 * step] = g2;
    }
  else
    {
      const double at_p = 0.5 / (p * p * (p * p - q * q)), at_q = 0.5 / (q * q * (q * q - p * p));
      DoubleVec    even_p = (g0 + g2 * (p * p)) * at_p, odd_p = g1 * (p * at_p);
      DoubleVec    even_q = (g0 + g2 * (q * q)) * at_q, odd_q = g1 * (q * at_q);

      out[0] = g0 * (1.0 / (p * p * q * q));
      out[step] = even_p + odd_p;
      out[2 * step] = even_p - odd_p;
      out[3 * step] = even_q + odd_q;
      out[4 * step] = even_q - odd_q;
      out[5 * step] = g2;
    }
}

/* @output is a constant wherever this is expanded. */
INLINE void
weight_columns (float *u, const float *taps, const int output)
{
  const int side = output + 2;

  for (int c = 0; c < WINOGRAD_COLUMNS; c += LANES / 2)
    {
      DoubleVec g[9], half[18], line[6];

#pragma GCC unroll 9
      for (int t = 0; t < 9; t++)
        g[t] = widen (taps + t * WINOGRAD_COLUMNS + c);
#pragma GCC unroll 3
      for (int x = 0; x < 3; x++)
        weight_line (half + x, 3, g + x, 3, output);
#pragma GCC unroll 6
      for (int y = 0; y < side; y++)
        {
          weight_line (line, 1, half + 3 * y, 1, output);
#pragma GCC unroll 6
          for (int x = 0; x < side; x++)
            {
              HalfVec single = __builtin_convertvector (line[x], HalfVec);

              memcpy (u + (y * side + x) * WINOGRAD_COLUMNS + c, &single, sizeof single);
            }
        }
    }
}

static void
winograd_weights (float *u, const float *taps, int output)
{
  if (output == 2)
    weight_columns (u, taps, 2);
  else
    weight_columns (u, taps, 4);
}

#ifdef HAS_BF16
/* weight_line for F(2x2); what its sums lose in single precision is far below a bit of bf16. */
INLINE void
weight_line_2 (Vec *out, int step, const Vec *g, int g_step)
{
  out[0] = g[0];
  out[step] = (g[0] + g[g_step] + g[2 * g_step]) * 0.5f;
  out[2 * step] = (g[0] - g[g_step] + g[2 * g_step]) * 0.5f;
  out[3 * step] = g[2 * g_step];
}

static void
winograd_pairs (uint16_t *out, size_t plane, const float *taps)
{
  for (int c = 0; c < WINOGRAD_COLUMNS; c += LANES)
    {
      Vec u[2][16];

#pragma GCC unroll 2
      for (int k = 0; k < 2; k++)
        {
          Vec g[9], half[12];

#pragma GCC unroll 9
          for (int t = 0; t < 9; t++)
            g[t] = load (taps + (9 * k + t) * WINOGRAD_COLUMNS + c);
#pragma GCC unroll 3
          for (int x = 0; x < 3; x++)
            weight_line_2 (half + x, 3, g + x, 3);
#pragma GCC unroll 4
          for (int y = 0; y < 4; y++)
            weight_line_2 (u[k] + 4 * y, 1, half + 3 * y, 1);
        }
#pragma GCC unroll 16
      for (int p = 0; p < 16; p++)
        store_pairs (out + p * plane + 2 * c, u[0][p], u[1][p]);
    }
}
#endif

INLINE void
store_input (void *v, size_t at, Vec value, int n, const bool narrow)
{
#ifdef HAS_BF16
  if (narrow)
    store_bf16 ((uint16_t *) v + at, value, n);
  else
#endif
    store_part ((float *) v + at, value, n);
}

/* @output and @narrow are constants wherever this is expanded. */
INLINE void
input_tile (void *v, size_t plane, const float *const *pixels, int n, const int output, const bool narrow)
{
  const int side = output + 2;

  for (int c = 0; c < n; c += LANES)
    {
      Vec d[36], half[36], line[6];

#pragma GCC unroll 36
      for (int i = 0; i < side * side; i++)
        d[i] = pixels[i] == NULL ? (Vec) { 0 } : load_part (pixels[i] + c, n - c);
#pragma GCC unroll 6
      for (int x = 0; x < side; x++)
        input_line (half + x, side, d + x, side, output);
#pragma GCC unroll 6
      for (int y = 0; y < side; y++)
        {
          input_line (line, 1, half + y * side, 1, output);
#pragma GCC unroll 6
          for (int x = 0; x < side; x++)
            store_input (v, (y * side + x) * plane + c, line[x], n + n % 2 - c, narrow);
        }
    }
}

static void
winograd_input (void *v, size_t plane, BkTensor x, int tile_y, int tile_x, int output, bool narrow)
{
  const float *pixels[36];
  int          side = output + 2;

  for (int i = 0; i < side; i++)
    for (int j = 0; j < side; j++)
      {
        int  py = tile_y + i - 1, px = tile_x + j - 1;
        bool inside = py >= 0 && py < x.h && px >= 0 && px < x.w;

        pixels[i * side + j] = inside ? x.data + ((size_t) py * x.w + px) * x.stride : NULL;
      }
  if (output == 2 && narrow)
    input_tile (v, plane, pixels, x.c, 2, true);
  else if (output == 2)
    input_tile (v, plane, pixels, x.c, 2, false);
  else if (narrow)
    input_tile (v, plane, pixels, x.c, 4, true);
  else
    input_tile (v, plane, pixels, x.c, 4, false);
}

INLINE void
output_tile (BkTensor y, const float *m, size_t plane, int tile_y, int tile_x, const float *bias, BkTensor residual,
             const int output)
{
  const int side = output + 2;

  for (int c = 0; c < y.c; c += LANES)
    {
      int left = y.c - c;
      Vec column[6], half[24], out[16], add = bias == NULL ? (Vec) { 0 } : load_part (bias + c, left);

#pragma GCC unroll 6
      for (int x = 0; x < side; x++)
        {
#pragma GCC unroll 6
          for (int i = 0; i < side; i++)
            column[i] = load_part (m + (i * side + x) * plane + c, left);
          output_line (half + x, side, column, 1, output);
        }
#pragma GCC unroll 4
      for (int i = 0; i < output; i++)
        output_line (out + i * output, 1, half + i * side, 1, output);

      for (int i = 0; i < output && tile_y + i < y.h; i++)
        for (int j = 0; j < output && tile_x + j < y.w; j++)
          {
            size_t pixel = (size_t) (tile_y + i) * y.w + tile_x + j;
            Vec    value = out[i * output + j] + add;

            if (residual.data != NULL)
              value += load_part (residual.data + pixel * residual.stride + c, left);
            store_part (y.data + pixel * y.stride + c, value, left);
          }
    }
}

static void
winograd_output (BkTensor y, const float *m, size_t plane, int tile_y, int tile_x, int output,
                 const float *bias, BkTensor residual)
{
  if (output == 2)
    output_tile (y, m, plane, tile_y, tile_x, bias, residual, 2);
  else
    output_tile (y, m, plane, tile_y, tile_x, bias, residual, 4);
}

/* Of a level's BkKernels, what this file gives. */
#define WINOGRAD_KERNELS \
  .winograd_input = winograd_input, .winograd_weights = winograd_weights, .winograd_output = winograd_output
/* And what it and rows.h give where the CPU multiplies bf16 itself. */
#define BF16_KERNELS .to_bf16 = to_bf16, .winograd_pairs = winograd_pairs
