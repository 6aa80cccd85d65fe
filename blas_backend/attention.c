/* Multi-head attention: one task per head and tile of queries.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <cblas.h>
#include <math.h>
#include <omp.h>

#define TILE_Q 64

void
bk_attention (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention, BkArena *arena)
{
  BkScratch scratch = bk_scratch (arena);
  int       n_q = q.h * q.w, n_k = k.h * k.w, dim = q.c / attention->n_heads;
  int       tiles = (n_q + TILE_Q - 1) / TILE_Q;
  float    *buffers = bk_arena_alloc (arena, (size_t) bk_n_threads () * TILE_Q * n_k * sizeof (float));
  double    begin = bk_now ();

  if (out.data != NULL)
    {
#pragma omp parallel for collapse(3) schedule(dynamic) num_threads(bk_n_threads ())
      for (int s = 0; s < q.n; s++)
        for (int head = 0; head < attention->n_heads; head++)
          for (int tile = 0; tile < tiles; tile++)
            {
              bk_flush_denormals ();
              int          first = tile * TILE_Q, count = n_q - first < TILE_Q ? n_q - first : TILE_Q;
              float       *scores = buffers + (size_t) omp_get_thread_num () * TILE_Q * n_k;
              const float *mask = attention->mask == NULL ? NULL : attention->mask + (size_t) s * n_k;
              const float *keys = bk_pixel (k, (size_t) s * n_k) + head * dim;
              const float *values = bk_pixel (v, (size_t) s * n_k) + head * dim;

              cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasTrans, count, n_k, dim, attention->scale,
                           bk_pixel (q, (size_t) s * n_q + first) + head * dim, q.stride,
                           keys, k.stride, 0.0f, scores, n_k);
              for (int i = 0; i < count; i++)
                {
                  float *row = scores + (size_t) i * n_k, most = -INFINITY;
                  double sum = 0;

                  for (int j = 0; j < n_k; j++)
                    {
                      if (mask != NULL)
                        row[j] += mask[j];
                      if (attention->causal && j > first + i)
                        row[j] += attention->causal_value;
                      most = row[j] > most ? row[j] : most;
                    }
                  for (int j = 0; j < n_k; j++)
                    {
                      row[j] = expf (row[j] - most);
                      sum += row[j];
                    }
                  for (int j = 0; j < n_k; j++)
                    row[j] = (float) (row[j] / sum);
                }
              cblas_sgemm (CblasRowMajor, CblasNoTrans, CblasNoTrans, count, dim, n_k, 1.0f,
                           scores, n_k, values, v.stride, 0.0f,
                           bk_pixel (out, (size_t) s * n_q + first) + head * dim, out.stride);
            }
      bk_count_gemm (bk_now () - begin);
      bk_count_flop (4.0 * q.n * attention->n_heads * n_q * (double) n_k * dim);
    }
  bk_scratch_close (&scratch);
}
