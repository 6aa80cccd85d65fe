/* Matrix products in tiles, for linear layers and for convolutions that are sums of taps.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <string.h>

/* Rows of a tile, a multiple of every level's, and its columns: with 256 of k, a tile's share of a and c takes 300 KB, which an
 * L2 cache holds, while b is read through. The more columns, the seldomer is the same a gathered, and rounded; with
 * twice as many there are too few tiles for two threads. Tiles are fixed, never from the number of threads, as they fix the order of sums. */
#define TILE_M 96
#define TILE_N 512
#define TILE_K 256
/* So few rows are over before a thread has read 512 columns: let more threads read. */
#define FEW_ROWS 16
#define TILE_N_FEW 64
/* So many rows make tasks enough, even when each has all columns: so no row is gathered twice. */
#define MANY_ROWS 1536
#define TILE_M_MANY 48
#define TILE_N_MANY 1024
/* Keeps rows off the same lines of the L1 cache. */
#define PAD 16

/* What a is made of, as it lies there. */
typedef struct
{
  const char *data;        /* of the first pixel */
  size_t      pitch, size; /* from one pixel to the next; of a value, in bytes */
  int         h, w, c;
  BkTaps      taps;
  bool        narrows;     /* floats that a holds in bf16 */
} Input;

static Input
make_input (BkTensor x, const uint16_t *narrow, BkTaps taps, BkPacking packing)
{
  Input input = { (const char *) x.data, x.stride * sizeof (float), sizeof (float), x.h, x.w, x.c, taps, bk_narrows (packing) };

  if (narrow != NULL)
    {
      input.data = (const char *) narrow;
      input.size = sizeof *narrow;
      input.pitch = x.c * input.size;
      input.narrows = false;
    }
  return input;
}

static inline void
copy_values (char *out, const Input *input, const char *from, int n)
{
  if (input->narrows)
    bk_kernels ()->to_bf16 ((uint16_t *) out, (const float *) from, n);
  else
    memcpy (out, from, n * input->size);
}

/* Columns [first, first + count) of the row of a that belongs to pixel (py, px) of a sample's y: taps one after another. */
static void
gather (char *out, const Input *input, const char *sample, int py, int px, int first, int count)
{
  int    kernel = input->taps.kernel, top = py * input->taps.stride - input->taps.pad, left = px * input->taps.stride - input->taps.pad;
  size_t size = input->narrows ? sizeof (uint16_t) : input->size;
  /* A row of taps is one run where it lies within the map and between pixels is nothing. */
  bool is_run = input->pitch == input->c * input->size && left >= 0 && left + kernel <= input->w;
  int  unit = is_run ? kernel * input->c : input->c, per = is_run ? 1 : kernel;

  while (count > 0)
    {
      int step = first / unit, at = first % unit, run = (int) bk_min (unit - at, count);
      int iy = top + step / per, ix = is_run ? left : left + step % per;

      if (iy < 0 || iy >= input->h || ix < 0 || ix >= input->w)
        memset (out, 0, run * size);
      else
        copy_values (out, input, sample + ((size_t) iy * input->w + ix) * input->pitch + at * input->size, run);
      out += run * size;
      first += run;
      count -= run;
    }
}

/* What the sums are added to. */
static void
begin_tile (BkTensor y, BkTensor residual, const float *bias, size_t first_row, int rows, int first, int columns)
{
  for (int r = 0; r < rows; r++)
    {
      float       *out = bk_pixel (y, first_row + r) + first;
      const float *add = residual.data == NULL ? NULL : bk_pixel (residual, first_row + r) + first;

      if (bias == NULL && add == NULL)
        memset (out, 0, columns * sizeof (float));
      else if (add == NULL)
        memcpy (out, bias + first, columns * sizeof (float));
      else
        for (int c = 0; c < columns; c++)
          out[c] = add[c] + (bias == NULL ? 0.0f : bias[first + c]);
    }
}

/* Columns [first, first + depth) of @rows rows of all samples' a, one for each pixel of y, as the packing takes them. */
static void
gather_tile (char *a, const Input *input, BkTensor y, BkPacking packing, size_t first_row, int rows, int first, int depth)
{
  size_t      pixels = (size_t) y.h * y.w, at = first_row % pixels, sample_size = (size_t) input->h * input->w * input->pitch;
  size_t      size = bk_narrows (packing) ? sizeof (uint16_t) : sizeof (float), row_size = (TILE_K + PAD) * size;
  const char *sample = input->data + first_row / pixels * sample_size;
  int         py = (int) (at / y.w), px = (int) (at % y.w);

  for (int r = 0; r < rows; r++, a += row_size)
    {
      gather (a, input, sample, py, px, first, depth);
      if (packing.step == 2 && depth % 2 == 1)
        memset (a + depth * size, 0, size);
      if (++px < y.w)
        continue;
      px = 0;
      if (++py < y.h)
        continue;
      py = 0;
      sample += sample_size;
    }
}

static void
run_tile (BkTensor y, const Input *input, BkPacking packing, const char *weight, const float *bias, BkTensor residual,
          BkActivation act, size_t first_row, int rows, int first, int columns)
{
  int    k = input->taps.kernel * input->taps.kernel * input->c, packed_k = bk_packed_depth (packing, k);
  float *out = bk_pixel (y, first_row) + first;
  _Alignas (64) char a[TILE_M * (TILE_K + PAD) * sizeof (float)];

  begin_tile (y, residual, bias, first_row, rows, first, columns);
  for (int k0 = 0; k0 < k; k0 += TILE_K)
    {
      int depth = (int) bk_min (TILE_K, k - k0);

      gather_tile (a, input, y, packing, first_row, rows, k0, depth);
      for (int j = 0; j < columns; j += packing.panel)
        {
          int         width = bk_panel_width (packing, y.c, first + j);
          const char *panel = weight + ((size_t) (first + j) * packed_k + (size_t) k0 * width) * packing.size;

          bk_gemm (packing, out + j, y.stride, a, TILE_K + PAD, panel, width,
                   rows, (int) bk_min (packing.panel, columns - j), depth, true);
        }
    }
  if (act != BK_IDENTITY)
    bk_kernels ()->affine (out, y.stride, out, y.stride, rows, columns, NULL, NULL, NULL, act);
}

typedef struct
{
  int m, n;
} Tile;

static Tile
choose_tile (int m, int n, BkPacking packing)
{
  Tile tile = { TILE_M, TILE_N };

  if (m > MANY_ROWS)
    tile = (Tile) { TILE_M_MANY, TILE_N_MANY };
  else if (m <= FEW_ROWS)
    tile.n = TILE_N_FEW;
  /* Of even height, in steps of 12, which every level's registers divide, and of even width. */
  tile.m = (int) bk_n_tiles (bk_n_tiles (m, bk_n_tiles (m, tile.m)), 12) * 12;
  tile.n = (int) bk_n_tiles (bk_n_tiles (n, bk_n_tiles (n, tile.n)), packing.panel) * packing.panel;
  return tile;
}

void
bk_tiled_gemm (BkTensor y, BkTensor x, const uint16_t *narrow, BkTaps taps, BkType type, const void *weight, const float *bias,
               BkTensor residual, BkActivation act)
{
  BkPacking packing = bk_packing (type);
  Input     input = make_input (x, narrow, taps, packing);
  int       m = (int) bk_n_pixels (y);
  Tile      tile = choose_tile (m, y.c, packing);
  int       n_m = (int) bk_n_tiles (m, tile.m), n_n = (int) bk_n_tiles (y.c, tile.n);
  double    begin = bk_now ();

  /* Neighbours in time share the weights, which are the larger part. */
#pragma omp parallel for collapse(2) schedule(dynamic) num_threads(bk_team (y.context, (size_t) n_m * n_n))
  for (int j = 0; j < n_n; j++)
    for (int i = 0; i < n_m; i++)
      {
        bk_flush_denormals ();
        run_tile (y, &input, packing, weight, bias, residual, act, (size_t) i * tile.m, (int) bk_min (tile.m, m - i * tile.m),
                  j * tile.n, (int) bk_min (tile.n, y.c - j * tile.n));
      }
  bk_count_gemm (y.context, bk_now () - begin);
}
