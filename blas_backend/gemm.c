/* Linear layers and convolutions: tiles of rows, each a single-threaded sgemm.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <cblas.h>
#include <omp.h>
#include <string.h>

/* Fixed, never from the number of threads: the tile fixes the order of sums. */
#define TILE_M 128
#define TILE_N 256

void
bk_linear (BkTensor y, BkTensor x, const BkLinear *linear, BkActivation act)
{
  int    m = (int) bk_n_pixels (x), n = linear->n_out, k = linear->n_in;
  int    n_m = (m + TILE_M - 1) / TILE_M, n_n = (n + TILE_N - 1) / TILE_N;
  double begin;

  if (y.data == NULL)
    return;
  begin = bk_now ();
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(bk_n_threads ())
  for (int j = 0; j < n_n; j++)
    for (int i = 0; i < n_m; i++)
      {
        bk_flush_denormals ();
        int    rows = m - i * TILE_M < TILE_M ? m - i * TILE_M : TILE_M;
        int    cols = n - j * TILE_N < TILE_N ? n - j * TILE_N : TILE_N;
        float *out = bk_pixel (y, (size_t) i * TILE_M) + j * TILE_N;

        cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, rows, cols, k, 1.0f,
                     bk_pixel (x, (size_t) i * TILE_M), x.stride,
                     linear->weight + (size_t) j * TILE_N * k, k, 0.0f, out, y.stride);
        for (int r = 0; r < rows; r++)
          bk_act_row (out + (size_t) r * y.stride,
                      linear->bias == NULL ? NULL : linear->bias + j * TILE_N, cols, act);
      }
  bk_count_gemm (bk_now () - begin);
  bk_count_flop (2.0 * m * n * k);
}

/* One row of taps, [pixels, 3 c], of output pixels [first, first + count) of a sample. */
static void
im2row (float *out, BkTensor x, int ky, int first, int count)
{
  for (int p = 0; p < count; p++)
    {
      int iy = (first + p) / x.w + ky - 1, px = (first + p) % x.w;

      for (int kx = 0; kx < 3; kx++, out += x.c)
        {
          int ix = px + kx - 1;

          if (iy < 0 || iy >= x.h || ix < 0 || ix >= x.w)
            memset (out, 0, x.c * sizeof (float));
          else
            memcpy (out, bk_pixel (x, (size_t) iy * x.w + ix), x.c * sizeof (float));
        }
    }
}

void
bk_conv_add (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena)
{
  BkScratch scratch = bk_scratch (arena);
  int       pixels = x.h * x.w, tiles = (pixels + TILE_M - 1) / TILE_M;
  int       n = conv->n_out, k = conv->kernel == 3 ? 3 * x.c : x.c;
  size_t    buffer_size = conv->kernel == 3 ? (size_t) TILE_M * k : 0;
  float    *buffers = bk_arena_alloc (arena, bk_n_threads () * buffer_size * sizeof (float));
  double    begin = bk_now ();

  if (y.data != NULL)
    {
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(bk_n_threads ())
      for (int s = 0; s < x.n; s++)
        for (int tile = 0; tile < tiles; tile++)
          {
            bk_flush_denormals ();
            int      first = tile * TILE_M, count = pixels - first < TILE_M ? pixels - first : TILE_M;
            BkTensor sample = bk_samples (x, s, 1);
            float   *out = bk_pixel (y, (size_t) s * pixels + first);
            float   *buffer = buffers + omp_get_thread_num () * buffer_size;

            if (conv->kernel == 1)
              cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, count, n, k, 1.0f,
                           bk_pixel (sample, first), x.stride, conv->weight, n, 0.0f, out, y.stride);
            else
              for (int ky = 0; ky < 3; ky++)
                {
                  im2row (buffer, sample, ky, first, count);
                  cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, count, n, k, 1.0f,
                               buffer, k, conv->weight + (size_t) ky * k * n, n,
                               ky == 0 ? 0.0f : 1.0f, out, y.stride);
                }
            for (int p = 0; p < count; p++)
              {
                float *row = out + (size_t) p * y.stride;

                bk_act_row (row, conv->bias, n, BK_IDENTITY);
                if (residual.data != NULL)
                  {
                    const float *add = bk_pixel (residual, (size_t) s * pixels + first + p);
                    for (int c = 0; c < n; c++)
                      row[c] += add[c];
                  }
              }
          }
      bk_count_gemm (bk_now () - begin);
      bk_count_flop (2.0 * bk_n_pixels (x) * n * x.c * conv->kernel * conv->kernel);
    }
  bk_scratch_close (&scratch);
}

void
bk_conv (BkTensor y, BkTensor x, const BkConv *conv, BkArena *arena)
{
  bk_conv_add (y, x, conv, (BkTensor) { 0 }, arena);
}

void
bk_patches (BkTensor y, BkTensor x, int size)
{
  int across = x.w / size, down = x.h / size;

  if (y.data == NULL)
    return;
#pragma omp parallel for schedule(static) num_threads(bk_n_threads ())
  for (int p = 0; p < x.n * down * across; p++)
    {
      bk_flush_denormals ();
      BkTensor sample = bk_samples (x, p / (down * across), 1);
      int      py = p / across % down, px = p % across;
      float   *out = bk_pixel (y, p);

      for (int c = 0; c < x.c; c++)
        for (int i = 0; i < size; i++)
          for (int j = 0; j < size; j++)
            *out++ = bk_pixel (sample, (size_t) (py * size + i) * x.w + px * size + j)[c];
    }
}
