/* Winograd's 3 x 3 convolution, F(2x2) and F(4x4): a tile of 2 or 4 output pixels a
 * side takes 16 or 36 multiplications a channel where the sum of taps takes 36 or 144.
 *
 *   y = A^T [ (G g G^T) (.) (B^T d B) ] A
 *
 * d is the tile's input, 2 pixels wider than its output, g the 3 x 3 weights. (.), for
 * each of the 16 or 36 places ("planes") of a tile, is a matrix product [tiles, in] by
 * [in, out]. G g G^T is computed once, when packing.
 *
 * Source: arXiv 1509.09308. Points of F(4x4): see winograd.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "winograd.h"

#include "internal.h"

#include <omp.h>
#include <string.h>

/* Tiles of a task: a multiple of every level's rows. 48 of them read each weight from L2
 * 4 times, and keep what 64 columns of 36 planes give (440 KB) in it. */
#define TILE_M 48
#define TILE_N 64
/* Where there are no more than 2 x 48 tiles, smaller tasks, so that threads end together. */
#define TILE_N_FEW 32
/* Transformed inputs that are held at once, in bytes a thread: so much stays in the last
 * cache. How many changes no sum. */
#define INPUT_SIZE ((size_t) 3 << 20)
/* Keeps rows and planes off the same lines of a cache. */
#define PAD 16
/* Channels that are packed together, an even number: 300 bytes or more of each column's row in the file. */
#define PACK_CHANNELS 16

typedef struct
{
  int    output, planes, across, down; /* tiles a row and a column of tiles */
  int    n_tiles, batch;               /* of all samples; at once */
  int    tile_n;
  size_t v_pitch, v_plane, m_plane;
  size_t v_size; /* bytes of a value of v: bf16 or float */
  BkPacking packing;
} Plan;

static Plan
make_plan (BkTensor x, const BkConv *conv, int n_threads)
{
  Plan   plan = { .output = conv->winograd_output, .packing = bk_packing (conv->type) };
  size_t fit;

  plan.planes = (plan.output + 2) * (plan.output + 2);
  plan.across = (int) bk_n_tiles (x.w, plan.output);
  plan.down = (int) bk_n_tiles (x.h, plan.output);
  plan.n_tiles = x.n * plan.across * plan.down;
  plan.v_pitch = x.c + PAD;
  plan.v_size = bk_narrows (plan.packing) ? sizeof (uint16_t) : sizeof (float);
  fit = n_threads * INPUT_SIZE / (plan.planes * plan.v_pitch * plan.v_size) / TILE_M * TILE_M;
  plan.batch = (int) bk_min (fit < TILE_M ? TILE_M : fit, plan.n_tiles);
  plan.v_plane = plan.batch * plan.v_pitch + PAD;
  plan.tile_n = plan.n_tiles > 2 * TILE_M ? TILE_N : TILE_N_FEW;
  if (plan.tile_n < plan.packing.panel)
    plan.tile_n = plan.packing.panel;
  plan.m_plane = (size_t) TILE_M * plan.tile_n + PAD;
  return plan;
}

size_t
bk_winograd_size (BkType type, int n_in, int n_out, int output)
{
  BkPacking packing = bk_packing (type);

  return (output + 2) * (output + 2) * bk_packed_size (packing, n_in, n_out) * packing.size;
}

/* u [step][planes][WINOGRAD_COLUMNS], of the packing's type: channels from @k on, as many as it fills up to, of columns from
 * @first on, to where they are packed. */
static void
put_columns (char *packed, BkPacking packing, int n_out, int planes, int packed_k, const void *u, int first, int k)
{
  int n_columns = bk_packed_columns (packing, n_out);

  /* They may be several panels, and their end may be none. */
  for (int j = 0; j < WINOGRAD_COLUMNS && first + j < n_columns;)
    {
      int panel = (first + j) / packing.panel * packing.panel, width = bk_panel_width (packing, n_out, panel);
      int count = (int) bk_min (bk_min (WINOGRAD_COLUMNS, n_columns - first), panel + width - first) - j;

      for (int p = 0; p < planes; p++)
        {
          size_t at = ((size_t) planes * panel + (size_t) p * width) * packed_k + (size_t) k * width
                      + packing.step * (first + j - panel);
          size_t from = p * WINOGRAD_COLUMNS + j;

          if (packing.type == BK_F32)
            memcpy ((float *) packed + at, (const float *) u + from, count * sizeof (float));
          else
            bk_weave ((uint16_t *) packed + at, (const uint16_t *) u + from, (const uint16_t *) u + from + planes * WINOGRAD_COLUMNS, count);
        }
      j += count;
    }
}

/* The same from taps [step][9][WINOGRAD_COLUMNS]. */
static void
put_channels (char *packed, BkPacking packing, int n_out, int output, int packed_k, const float *taps, int first, int k)
{
  int      planes = (output + 2) * (output + 2);
  float    u[2 * 36 * WINOGRAD_COLUMNS];
  uint16_t narrow[2 * 36 * WINOGRAD_COLUMNS];

  for (int i = 0; i < packing.step; i++)
    bk_kernels ()->winograd_weights (u + i * planes * WINOGRAD_COLUMNS, taps + i * 9 * WINOGRAD_COLUMNS, output);
  if (packing.type == BK_BF16)
    bk_round (narrow, u, 2 * planes * WINOGRAD_COLUMNS);
  put_columns (packed, packing, n_out, planes, packed_k, packing.type == BK_BF16 ? (const void *) narrow : u, first, k);
}

/* Packed: [panel][planes][in][columns]. */
void
bk_winograd_pack (const BkContext *context, void *packed, BkType type, BkSource weight, int n_in, int n_out, int output)
{
  BkPacking packing = bk_packing (type);
  int       planes = (output + 2) * (output + 2), packed_k = bk_packed_depth (packing, n_in);
  int       n_blocks = (int) bk_n_tiles (n_in, PACK_CHANNELS);
  int       n_pieces = (int) bk_n_tiles (bk_packed_columns (packing, n_out), WINOGRAD_COLUMNS);

#pragma omp parallel for schedule(dynamic) num_threads(bk_team (context, n_pieces))
  for (int piece = 0; piece < n_pieces; piece++)
    for (int block = 0; block < n_blocks; block++)
      {
        int      first = piece * WINOGRAD_COLUMNS, channel = block * PACK_CHANNELS;
        int      count = first < n_out ? (int) bk_min (WINOGRAD_COLUMNS, n_out - first) : 0;
        int      n_channels = (int) bk_min (PACK_CHANNELS, n_in - channel);
        float    read[WINOGRAD_COLUMNS * PACK_CHANNELS * 9], taps[PACK_CHANNELS * 9 * WINOGRAD_COLUMNS];

        bk_flush_denormals ();
        bk_read_weights (read, weight, n_in, 9, first, count, channel, n_channels);
        /* Zeros for channels and columns that there are not. */
        if (count < WINOGRAD_COLUMNS || n_channels < PACK_CHANNELS)
          memset (taps, 0, sizeof taps);
        bk_kernels ()->transpose (taps, WINOGRAD_COLUMNS, read, n_channels * 9, count, n_channels * 9);
        for (int i = 0; i < n_channels; i += packing.step)
          {
            const float *some = taps + i * 9 * WINOGRAD_COLUMNS;

            if (packing.type == BK_BF16 && output == 2 && bk_kernels ()->winograd_pairs != NULL)
              bk_kernels ()->winograd_pairs ((uint16_t *) packed + ((size_t) planes * first * packed_k + (size_t) (channel + i) * WINOGRAD_COLUMNS),
                                             (size_t) WINOGRAD_COLUMNS * packed_k, some);
            else
              put_channels (packed, packing, n_out, output, packed_k, some, first, channel + i);
          }
      }
  bk_give_back (weight, (size_t) n_in * n_out * 9);
}

/* Where tile @index of all samples lies. */
static void
locate (const Plan *plan, int index, int *sample, int *y, int *x)
{
  int per = plan->across * plan->down;

  *sample = index / per;
  *y = index % per / plan->across * plan->output;
  *x = index % plan->across * plan->output;
}

/* Columns [first, first + n) of tiles [begin, begin + count), whose inputs are in v. */
static void
run_task (const Plan *plan, BkTensor y, const BkConv *conv, BkTensor residual,
          const char *v, float *m, int begin, int count, int first, int n)
{
  BkPacking packing = plan->packing;
  size_t    packed_k = bk_packed_depth (packing, conv->n_in);
  BkTensor  out = bk_channels (y, first, n), add = bk_channels (residual, first, n);

  for (int p = 0; p < plan->planes; p++)
    for (int j = 0; j < n; j += packing.panel)
      {
        int         width = bk_panel_width (packing, conv->n_out, first + j);
        const char *u = (const char *) conv->winograd
                        + ((size_t) plan->planes * (first + j) + (size_t) p * width) * packed_k * packing.size;

        bk_gemm (packing, m + p * plan->m_plane + j, plan->tile_n, v + p * plan->v_plane * plan->v_size, plan->v_pitch,
                 u, width, count, (int) bk_min (packing.panel, n - j), conv->n_in, false);
      }
  for (int i = 0; i < count; i++)
    {
      int sample, tile_y, tile_x;

      locate (plan, begin + i, &sample, &tile_y, &tile_x);
      bk_kernels ()->winograd_output (bk_samples (out, sample, 1), m + (size_t) i * plan->tile_n, plan->m_plane, tile_y, tile_x,
                                plan->output, conv->bias == NULL ? NULL : conv->bias + first, bk_samples (add, sample, 1));
    }
}

void
bk_winograd (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena)
{
  BkContext *context = bk_arena_context (arena);
  Plan       plan = make_plan (x, conv, context->n_threads);
  BkScratch  scratch = bk_scratch (arena);
  char      *v = bk_arena_alloc (arena, plan.planes * plan.v_plane * plan.v_size);
  size_t     m_size = plan.planes * plan.m_plane;
  float     *m = bk_arena_alloc (arena, context->n_threads * m_size * sizeof (float));
  int        n_n = (int) bk_n_tiles (conv->n_out, plan.tile_n);
  double     start = bk_now ();

  for (int first = 0; y.data != NULL && first < plan.n_tiles; first += plan.batch)
    {
      int batch = (int) bk_min (plan.batch, plan.n_tiles - first), n_m = (int) bk_n_tiles (batch, TILE_M);

#pragma omp parallel num_threads(bk_team (context, (size_t) n_m * n_n))
      {
        bk_flush_denormals ();
#pragma omp for schedule(static)
        for (int i = 0; i < batch; i++)
          {
            int sample, tile_y, tile_x;

            locate (&plan, first + i, &sample, &tile_y, &tile_x);
            bk_kernels ()->winograd_input (v + i * plan.v_pitch * plan.v_size, plan.v_plane, bk_samples (x, sample, 1),
                                           tile_y, tile_x, plan.output, bk_narrows (plan.packing));
          }
        /* Neighbours in time share the weights, which come from farthest away. */
#pragma omp for collapse(2) schedule(dynamic)
        for (int j = 0; j < n_n; j++)
          for (int i = 0; i < n_m; i++)
            run_task (&plan, y, conv, residual, v + (size_t) i * TILE_M * plan.v_pitch * plan.v_size, m + omp_get_thread_num () * m_size,
                      first + i * TILE_M, (int) bk_min (TILE_M, batch - i * TILE_M),
                      j * plan.tile_n, (int) bk_min (plan.tile_n, conv->n_out - j * plan.tile_n));
      }
    }
  if (y.data != NULL)
    bk_count_gemm (context, bk_now () - start);
  bk_scratch_close (&scratch);
}
