/* The kernels as their formulas stand.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The one place that knows how a tensor lies in memory. */
static float *
at (BkTensor x, int n, int h, int w, int c)
{
  return x.data + (((size_t) n * x.h + h) * x.w + w) * x.stride + c;
}

double
ref_value (BkSource source, size_t i)
{
  const char *data = source.data;
  uint16_t    half;
  int         exponent, mantissa;
  double      value;

  if (source.type == BK_F32)
    {
      float single;

      memcpy (&single, data + 4 * i, 4);
      return single;
    }
  memcpy (&half, data + 2 * i, 2);
  if (source.type == BK_BF16)
    {
      uint32_t bits = (uint32_t) half << 16;
      float    single;

      memcpy (&single, &bits, 4);
      return single;
    }

  exponent = half >> 10 & 31;
  mantissa = half & 1023;
  if (exponent == 0)
    value = ldexp (mantissa, -24);
  else if (exponent == 31)
    value = mantissa == 0 ? INFINITY : NAN;
  else
    value = ldexp (1024 + mantissa, exponent - 25);
  return half & 0x8000 ? -value : value;
}

double
ref_act (double x, BkActivation act)
{
  switch (act)
    {
    case BK_SILU:
      return x / (1 + exp (-x));
    case BK_GELU:
      return 0.5 * x * (1 + erf (x * M_SQRT1_2));
    case BK_QUICK_GELU:
      return x / (1 + exp (-1.702 * x));
    case BK_GELU_TANH:
      return 0.5 * x * (1 + tanh (sqrt (2 / M_PI) * (x + 0.044715 * x * x * x)));
    case BK_IDENTITY:
      break;
    }
  return x;
}

void
ref_linear (BkTensor y, BkTensor x, BkSource weight, BkSource bias, BkTensor residual, BkActivation act)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        for (int o = 0; o < y.c; o++)
          {
            double sum = bias.data == NULL ? 0 : ref_value (bias, o);

            for (int i = 0; i < x.c; i++)
              sum += *at (x, n, h, w, i) * ref_value (weight, (size_t) o * x.c + i);
            if (residual.data != NULL)
              sum += *at (residual, n, h, w, o);
            *at (y, n, h, w, o) = (float) ref_act (sum, act);
          }
}

void
ref_conv_add (BkTensor y, BkTensor x, BkSource weight, BkSource bias, int kernel, int stride, int pad, BkTensor residual)
{
  for (int n = 0; n < y.n; n++)
    for (int h = 0; h < y.h; h++)
      for (int w = 0; w < y.w; w++)
        for (int o = 0; o < y.c; o++)
          {
            double sum = bias.data == NULL ? 0 : ref_value (bias, o);

            for (int i = 0; i < x.c; i++)
              for (int ky = 0; ky < kernel; ky++)
                for (int kx = 0; kx < kernel; kx++)
                  {
                    int    iy = h * stride + ky - pad, ix = w * stride + kx - pad;
                    size_t tap = (((size_t) o * x.c + i) * kernel + ky) * kernel + kx;

                    if (iy >= 0 && iy < x.h && ix >= 0 && ix < x.w)
                      sum += *at (x, n, iy, ix, i) * ref_value (weight, tap);
                  }
            if (residual.data != NULL)
              sum += *at (residual, n, h, w, o);
            *at (y, n, h, w, o) = (float) sum;
          }
}

void
ref_patches (BkTensor y, BkTensor x, int size)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        for (int c = 0; c < x.c; c++)
          *at (y, n, h / size * (x.w / size) + w / size, 0,
               (c * size + h % size) * size + w % size) = *at (x, n, h, w, c);
}

/* A value of x, plus the embedding's where it is one to add. */
static double
sum_at (BkTensor x, BkTensor emb, int n, int h, int w, int c)
{
  return *at (x, n, h, w, c) + (emb.data != NULL && emb.c == x.c ? *at (emb, n, 0, 0, c) : 0.0);
}

/* Channels [first, first + count) of pixels h0 to h1, w0 to w1 of sample n: one mean, one deviation. */
static void
normalise (BkTensor y, BkTensor x, int n, int h0, int h1, int w0, int w1, int first, int count,
           BkSource weight, BkSource bias, double eps, BkTensor emb, BkActivation act)
{
  double sum = 0, squares = 0, mean, deviation, size = (double) (h1 - h0) * (w1 - w0) * count;
  bool   scales = emb.data != NULL && emb.c != x.c;

  for (int h = h0; h < h1; h++)
    for (int w = w0; w < w1; w++)
      for (int c = first; c < first + count; c++)
        sum += sum_at (x, emb, n, h, w, c);
  mean = sum / size;
  for (int h = h0; h < h1; h++)
    for (int w = w0; w < w1; w++)
      for (int c = first; c < first + count; c++)
        squares += pow (sum_at (x, emb, n, h, w, c) - mean, 2);
  deviation = sqrt (squares / size + eps);
  for (int h = h0; h < h1; h++)
    for (int w = w0; w < w1; w++)
      for (int c = first; c < first + count; c++)
        {
          double value = (sum_at (x, emb, n, h, w, c) - mean) / deviation;

          value = value * ref_value (weight, c) + ref_value (bias, c);
          if (scales)
            value = value * (1.0 + *at (emb, n, 0, 0, c)) + *at (emb, n, 0, 0, x.c + c);
          *at (y, n, h, w, c) = (float) ref_act (value, act);
        }
}

void
ref_group_norm (BkTensor y, BkTensor x, BkSource weight, BkSource bias, int n_groups, double eps, BkTensor emb, BkActivation act)
{
  int per = x.c / n_groups;

  for (int n = 0; n < x.n; n++)
    for (int group = 0; group < n_groups; group++)
      normalise (y, x, n, 0, x.h, 0, x.w, group * per, per, weight, bias, eps, emb, act);
}

void
ref_layer_norm (BkTensor y, BkTensor x, BkSource weight, BkSource bias, double eps)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        normalise (y, x, n, h, h + 1, w, w + 1, 0, x.c, weight, bias, eps, (BkTensor) { 0 }, BK_IDENTITY);
}

void
ref_add (BkTensor x, BkTensor y)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        for (int c = 0; c < x.c; c++)
          *at (x, n, h, w, c) += *at (y, n, h, w, c);
}

void
ref_activate (BkTensor x, BkActivation act)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        for (int c = 0; c < x.c; c++)
          *at (x, n, h, w, c) = (float) ref_act (*at (x, n, h, w, c), act);
}

void
ref_copy (BkTensor y, BkTensor x)
{
  for (int n = 0; n < x.n; n++)
    for (int h = 0; h < x.h; h++)
      for (int w = 0; w < x.w; w++)
        for (int c = 0; c < x.c; c++)
          *at (y, n, h, w, c) = *at (x, n, h, w, c);
}

void
ref_downsample (BkTensor y, BkTensor x)
{
  for (int n = 0; n < y.n; n++)
    for (int h = 0; h < y.h; h++)
      for (int w = 0; w < y.w; w++)
        for (int c = 0; c < y.c; c++)
          {
            double sum = 0;

            for (int i = 0; i < 4; i++)
              sum += *at (x, n, 2 * h + i / 2, 2 * w + i % 2, c);
            *at (y, n, h, w, c) = (float) (sum / 4);
          }
}

void
ref_upsample (BkTensor y, BkTensor x)
{
  for (int n = 0; n < y.n; n++)
    for (int h = 0; h < y.h; h++)
      for (int w = 0; w < y.w; w++)
        for (int c = 0; c < y.c; c++)
          *at (y, n, h, w, c) = *at (x, n, h * x.h / y.h, w * x.w / y.w, c);
}

void
ref_modulate (BkTensor y, BkTensor x, BkTensor scale, BkTensor shift, BkActivation act)
{
  for (int n = 0; n < y.n; n++)
    for (int h = 0; h < y.h; h++)
      for (int w = 0; w < y.w; w++)
        for (int c = 0; c < y.c; c++)
          *at (y, n, h, w, c) = (float) ref_act ((double) *at (x, n, h, w, c) * *at (scale, n, h * scale.h / y.h, w * scale.w / y.w, c)
                                                 + *at (shift, n, h * shift.h / y.h, w * shift.w / y.w, c), act);
}

void
ref_geglu (BkTensor y, BkTensor x)
{
  for (int n = 0; n < y.n; n++)
    for (int h = 0; h < y.h; h++)
      for (int w = 0; w < y.w; w++)
        for (int c = 0; c < y.c; c++)
          *at (y, n, h, w, c) = (float) (*at (x, n, h, w, c) * ref_act (*at (x, n, h, w, y.c + c), BK_GELU));
}

void
ref_attention (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention)
{
  int     n_q = q.h * q.w, n_k = k.h * k.w, dim = q.c / attention->n_heads;
  double *p = malloc (n_k * sizeof (double));

  for (int n = 0; n < q.n; n++)
    for (int head = 0; head < attention->n_heads; head++)
      for (int i = 0; i < n_q; i++)
        {
          double most = -INFINITY, sum = 0;

          for (int j = 0; j < n_k; j++)
            {
              p[j] = 0;
              for (int d = head * dim; d < (head + 1) * dim; d++)
                p[j] += (double) *at (q, n, i / q.w, i % q.w, d) * *at (k, n, j / k.w, j % k.w, d);
              p[j] *= attention->scale;
              if (attention->mask != NULL)
                p[j] += attention->mask[(size_t) n * n_k + j];
              if (attention->causal && j > i)
                p[j] += attention->causal_value;
              most = fmax (most, p[j]);
            }
          for (int j = 0; j < n_k; j++)
            sum += p[j] = exp (p[j] - most);
          for (int d = head * dim; d < (head + 1) * dim; d++)
            {
              double value = 0;

              for (int j = 0; j < n_k; j++)
                value += p[j] * *at (v, n, j / v.w, j % v.w, d);
              *at (out, n, i / out.w, i % out.w, d) = (float) (value / sum);
            }
        }
  free (p);
}
