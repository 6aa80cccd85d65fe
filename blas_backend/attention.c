/* Multi-head attention: one task per head and block of queries, so that a task's scores,
 * keys and values stay in its cache.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <omp.h>
#include <string.h>

/* Rows of scores at once: a multiple of every level's rows. */
#define TILE_Q 48
/* Tiles of queries that share one packing of keys and values. */
#define TILES_Q 4
/* Keeps rows off the same lines of the L1 cache. */
#define PAD 16

/* b [k, n] to panels; b's values lie k_step and n_step floats apart. */
static void
pack (float *packed, const float *b, size_t k_step, size_t n_step, int k, int n)
{
  const BkKernels *kernels = bk_kernels ();

  for (int first = 0; first < n; first += kernels->panel)
    {
      int          width = bk_panel_width (kernels, n, first), count = (int) bk_min (kernels->panel, n - first);
      const float *from = b + first * n_step;

      for (int i = 0; i < k && n_step == 1; i++, packed += width, from += k_step)
        {
          memcpy (packed, from, count * sizeof (float));
          memset (packed + count, 0, (width - count) * sizeof (float));
        }
      if (n_step == 1)
        continue;
      for (int j = 0; j < width; j++, from += n_step)
        for (int i = 0; i < k; i++)
          packed[i * width + j] = j < count ? from[i * k_step] : 0.0f;
      packed += (size_t) k * width;
    }
}

/* c [m, n] = a [m, k] times a packed b. */
static void
multiply (float *c, size_t ldc, const float *a, size_t lda, const float *packed, int m, int n, int k)
{
  const BkKernels *kernels = bk_kernels ();

  for (int j = 0; j < n; j += kernels->panel)
    {
      int width = bk_panel_width (kernels, n, j);

      kernels->gemm (c + j, ldc, a, lda, packed, width, m, (int) bk_min (kernels->panel, n - j), k, false);
      packed += (size_t) k * width;
    }
}

/* One head of one sample, queries [first, first + count); all tensors are its slices. */
static void
run_tile (BkTensor out, BkTensor q, const float *keys, const float *values, float *scores, int n_k,
          const float *mask, const BkAttention *attention, int first, int count)
{
  const BkKernels *kernels = bk_kernels ();
  size_t           pitch = n_k + PAD;
  float            inverse[TILE_Q];

  multiply (scores, pitch, bk_pixel (q, first), q.stride, keys, count, n_k, q.c);
  for (int i = 0; i < count; i++)
    {
      float *row = scores + i * pitch;
      int    visible = attention->causal ? (int) bk_min (n_k, first + i + 1) : n_k;

      inverse[i] = 1.0f / kernels->softmax (row, n_k, attention->scale, mask, visible, attention->causal_value);
    }
  multiply (bk_pixel (out, first), out.stride, scores, pitch, values, count, out.c, n_k);
  for (int i = 0; i < count; i++)
    for (int c = 0; c < out.c; c++)
      bk_pixel (out, first + i)[c] *= inverse[i];
}

void
bk_attention (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention, BkArena *arena)
{
  BkScratch scratch = bk_scratch (arena);
  int       n_q = q.h * q.w, n_k = k.h * k.w, dim = q.c / attention->n_heads;
  int       blocks = (int) bk_n_tiles (n_q, TILE_Q * TILES_Q);
  size_t    keys_size = bk_packed_size (dim, n_k), values_size = bk_packed_size (n_k, dim);
  size_t    size = keys_size + values_size + (size_t) TILE_Q * (n_k + PAD);
  float    *buffers;
  double    begin = bk_now ();

  /* Whole lines of the cache to each thread. */
  size = bk_n_tiles (size, 16) * 16;
  buffers = bk_arena_alloc (arena, bk_n_threads () * size * sizeof (float));
  if (out.data != NULL)
    {
#pragma omp parallel for collapse(3) schedule(dynamic) num_threads(bk_team ((size_t) q.n * attention->n_heads * blocks))
      for (int s = 0; s < q.n; s++)
        for (int head = 0; head < attention->n_heads; head++)
          for (int block = 0; block < blocks; block++)
            {
              float       *keys = buffers + omp_get_thread_num () * size, *values = keys + keys_size;
              const float *mask = attention->mask == NULL ? NULL : attention->mask + (size_t) s * n_k;
              BkTensor     head_q = bk_channels (bk_samples (q, s, 1), head * dim, dim);
              BkTensor     head_out = bk_channels (bk_samples (out, s, 1), head * dim, dim);
              int          first = block * TILE_Q * TILES_Q, last = (int) bk_min (n_q, first + TILE_Q * TILES_Q);

              bk_flush_denormals ();
              pack (keys, bk_pixel (k, (size_t) s * n_k) + head * dim, 1, k.stride, dim, n_k);
              pack (values, bk_pixel (v, (size_t) s * n_k) + head * dim, v.stride, 1, n_k, dim);
              for (; first < last; first += TILE_Q)
                run_tile (head_out, head_q, keys, values, values + values_size, n_k, mask, attention,
                          first, (int) bk_min (TILE_Q, last - first));
            }
      bk_count_gemm (bk_now () - begin);
      bk_count_flop (4.0 * q.n * attention->n_heads * n_q * (double) n_k * dim);
    }
  bk_scratch_close (&scratch);
}
