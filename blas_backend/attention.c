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
/* Values that are rounded to bf16 before they are moved; no level's panel is wider. */
#define PIECE 64

/* What one thread needs. */
typedef struct
{
  BkPacking packing;
  int       n_k, dim;
  size_t    pitch;                 /* of a row of scores, in floats */
  size_t    values, scores, q, size; /* where each begins, after the keys, in bytes; and all */
} Plan;

static Plan
make_plan (BkType type, int n_k, int dim)
{
  Plan plan = { bk_packing (BK_F32), n_k, dim, n_k + PAD, 0, 0, 0, 0 };

  if (bk_narrows (bk_packing (type)))
    plan.packing = bk_packing (type);
  plan.values = bk_packed_size (plan.packing, dim, n_k) * plan.packing.size;
  plan.scores = plan.values + bk_packed_size (plan.packing, n_k, dim) * plan.packing.size;
  /* Whole lines of the cache, also to each thread. */
  plan.scores = bk_n_tiles (plan.scores, 64) * 64;
  plan.q = plan.scores + bk_n_tiles (TILE_Q * plan.pitch * sizeof (float), 64) * 64;
  plan.size = plan.q + bk_n_tiles (TILE_Q * (dim + PAD) * sizeof (uint16_t), 64) * 64;
  return plan;
}

/* b [k, n] to panels; @turned: b is its transpose [n, k]. */
static void
pack (float *packed, BkPacking packing, const float *b, size_t stride, bool turned, int k, int n)
{
  for (int first = 0; first < n; first += packing.panel)
    {
      int width = bk_panel_width (packing, n, first), count = (int) bk_min (packing.panel, n - first);

      if (turned)
        bk_kernels ()->transpose (packed, width, b + first * stride, stride, count, k);
      for (int i = 0; i < k; i++, packed += width)
        {
          if (! turned)
            memcpy (packed, b + i * stride + first, count * sizeof (float));
          memset (packed + count, 0, (width - count) * sizeof (float));
        }
    }
}

/* Rows of a [n, k] to panels of its transpose in bf16: the pairs of k lie beside each other already. */
static void
pack_pairs (uint16_t *packed, BkPacking packing, const float *a, size_t stride, int k, int n)
{
  int depth = bk_packed_depth (packing, k), panel = packing.panel;

  for (int row = 0; row < bk_packed_columns (packing, n); row++)
    {
      uint16_t *to = packed + (size_t) (row / panel) * panel * depth + 2 * (row % panel), pairs[PIECE];

      for (int first = 0; first < depth; first += PIECE)
        {
          int count = (int) bk_min (PIECE, depth - first);

          memset (pairs, 0, count * sizeof *pairs);
          if (row < n)
            bk_kernels ()->to_bf16 (pairs, a + row * stride + first, (int) bk_min (count, k - first));
          for (int i = 0; i < count; i += 2, to += 2 * panel)
            memcpy (to, pairs + i, 2 * sizeof *pairs);
        }
    }
}

/* Rows of b [k, n] to panels in bf16: two of them are woven into one. */
static void
pack_rows (uint16_t *packed, BkPacking packing, const float *b, size_t stride, int k, int n)
{
  int panel = packing.panel;

  for (int first = 0; first < n; first += panel)
    {
      int count = (int) bk_min (panel, n - first);

      for (int i = 0; i < k; i += 2, packed += 2 * panel)
        {
          uint16_t even[PIECE] = { 0 }, odd[PIECE] = { 0 };

          bk_kernels ()->to_bf16 (even, b + i * stride + first, count);
          if (i + 1 < k)
            bk_kernels ()->to_bf16 (odd, b + (i + 1) * stride + first, count);
          bk_weave (packed, even, odd, panel);
        }
    }
}

static void
pack_head (char *buffer, const Plan *plan, const float *k, size_t k_stride, const float *v, size_t v_stride)
{
  char *values = buffer + plan->values;

  if (plan->packing.type == BK_BF16)
    {
      pack_pairs ((uint16_t *) buffer, plan->packing, k, k_stride, plan->dim, plan->n_k);
      pack_rows ((uint16_t *) values, plan->packing, v, v_stride, plan->n_k, plan->dim);
    }
  else
    {
      pack ((float *) buffer, plan->packing, k, k_stride, true, plan->dim, plan->n_k);
      pack ((float *) values, plan->packing, v, v_stride, false, plan->n_k, plan->dim);
    }
}

/* c [m, n] = a [m, k] times a packed b. */
static void
multiply (BkPacking packing, float *c, size_t ldc, const void *a, size_t lda, const char *packed, int m, int n, int k)
{
  for (int j = 0; j < n; j += packing.panel)
    {
      int width = bk_panel_width (packing, n, j);

      bk_gemm (packing, c + j, ldc, a, lda, packed, width, m, (int) bk_min (packing.panel, n - j), k, false);
      packed += (size_t) bk_packed_depth (packing, k) * width * packing.size;
    }
}

/* Rows [m, n] in bf16, filled up to an even n; @out may begin where @x does, as its rows are no longer. */
static void
narrow (uint16_t *out, size_t out_stride, const float *x, size_t stride, int m, int n)
{
  for (int i = 0; i < m; i++)
    {
      uint16_t *row = out + i * out_stride;

      bk_kernels ()->to_bf16 (row, x + i * stride, n);
      if (n % 2 == 1)
        row[n] = 0;
    }
}

/* One head of one sample, queries [first, first + count); all tensors are its slices. */
static void
run_tile (BkTensor out, BkTensor q, char *buffer, const Plan *plan, const float *mask, const BkAttention *attention,
          int first, int count)
{
  const void *a = bk_pixel (q, first);
  float      *scores = (float *) (buffer + plan->scores), inverse[TILE_Q];
  size_t      a_pitch = q.stride, pitch = plan->pitch;
  bool        narrows = plan->packing.type == BK_BF16;
  int         n_k = plan->n_k;

  if (narrows)
    {
      a_pitch = plan->dim + PAD;
      narrow ((uint16_t *) (buffer + plan->q), a_pitch, a, q.stride, count, plan->dim);
      a = buffer + plan->q;
    }
  multiply (plan->packing, scores, pitch, a, a_pitch, buffer, count, n_k, plan->dim);
  for (int i = 0; i < count; i++)
    {
      int visible = attention->causal ? (int) bk_min (n_k, first + i + 1) : n_k;

      inverse[i] = 1.0f / bk_kernels ()->softmax (scores + i * pitch, n_k, attention->scale, mask, visible,
                                                  attention->causal_value);
    }
  if (narrows)
    narrow ((uint16_t *) scores, 2 * pitch, scores, pitch, count, n_k);
  multiply (plan->packing, bk_pixel (out, first), out.stride, scores, narrows ? 2 * pitch : pitch, buffer + plan->values,
            count, out.c, n_k);
  for (int i = 0; i < count; i++)
    for (int c = 0; c < out.c; c++)
      bk_pixel (out, first + i)[c] *= inverse[i];
}

void
bk_attention (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention, BkArena *arena)
{
  BkScratch  scratch = bk_scratch (arena);
  BkContext *context = bk_arena_context (arena);
  int        n_q = q.h * q.w, n_k = k.h * k.w, dim = q.c / attention->n_heads;
  int        blocks = (int) bk_n_tiles (n_q, TILE_Q * TILES_Q);
  Plan       plan = make_plan (attention->type, n_k, dim);
  char      *buffers = bk_arena_alloc (arena, context->n_threads * plan.size);
  double     begin = bk_now ();

  if (out.data != NULL)
    {
#pragma omp parallel for collapse(3) schedule(dynamic) num_threads(bk_team (context, (size_t) q.n * attention->n_heads * blocks))
      for (int s = 0; s < q.n; s++)
        for (int head = 0; head < attention->n_heads; head++)
          for (int block = 0; block < blocks; block++)
            {
              char        *buffer = buffers + omp_get_thread_num () * plan.size;
              const float *mask = attention->mask == NULL ? NULL : attention->mask + (size_t) s * n_k;
              BkTensor     head_q = bk_channels (bk_samples (q, s, 1), head * dim, dim);
              BkTensor     head_out = bk_channels (bk_samples (out, s, 1), head * dim, dim);
              int          first = block * TILE_Q * TILES_Q, last = (int) bk_min (n_q, first + TILE_Q * TILES_Q);

              bk_flush_denormals ();
              pack_head (buffer, &plan, bk_pixel (k, (size_t) s * n_k) + head * dim, k.stride,
                         bk_pixel (v, (size_t) s * n_k) + head * dim, v.stride);
              for (; first < last; first += TILE_Q)
                run_tile (head_out, head_q, buffer, &plan, mask, attention, first, (int) bk_min (TILE_Q, last - first));
            }
      bk_count_gemm (context, bk_now () - begin);
      bk_count_flop (context, 4.0 * q.n * attention->n_heads * n_q * (double) n_k * dim);
    }
  bk_scratch_close (&scratch);
}
