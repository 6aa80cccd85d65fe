/* AMX: sums in tiles of 16 x 16, to which one instruction adds 16 products of pairs of bf16 each. All else is that of
 * AVX512-BF16, of whose panels two tiles' columns make one.
 *
 * Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#define LANES 16
#define ROWS 12
#define HAS_BF16
#define HAS_TILES

#include "../simd/gemm.h"
#include "../simd/rows.h"
#include "../simd/winograd.h"

#include <immintrin.h>

/* Rows of a tile, and its bytes a row. */
#define TILE 16
#define TILE_BYTES 64
/* k of one instruction. */
#define STEP 32
/* GCC's intrinsics do not say what memory they read, so that it would leave out what was only written for them. */
#define WRITTEN() __asm__ volatile ("" ::: "memory")

/* What LDTILECFG reads. */
typedef struct
{
  uint8_t  palette, start_row, reserved[14];
  uint16_t row_bytes[16];
  uint8_t  rows[16];
} TileConfig;

/* Tiles 0 to 3 are sums, two of rows by two of columns; 4 and 5 of a, one a row of those; 6 and 7 of b. @rows: at most two tiles'. */
static void
configure (int rows)
{
  int        upper = rows < TILE ? rows : TILE, lower = rows > TILE ? rows - TILE : TILE;
  TileConfig config = { .palette = 1 };

  for (int i = 0; i < 8; i++)
    {
      bool is_lower = i == 2 || i == 3 || i == 5, is_b = i >= 6;

      config.row_bytes[i] = TILE_BYTES;
      config.rows[i] = is_b ? TILE : is_lower ? lower : upper;
    }
  WRITTEN ();
  _tile_loadconfig (&config);
}

INLINE void
add_step (const uint16_t *a, size_t lda, const uint16_t *b, const bool two)
{
  _tile_loadd (6, b, PANEL * 4);
  _tile_loadd (7, b + 2 * TILE, PANEL * 4);
  _tile_loadd (4, a, lda * sizeof *a);
  _tile_dpbf16ps (0, 4, 6);
  _tile_dpbf16ps (1, 4, 7);
  if (two)
    {
      _tile_loadd (5, a + TILE * lda, lda * sizeof *a);
      _tile_dpbf16ps (2, 5, 6);
      _tile_dpbf16ps (3, 5, 7);
    }
}

/* Sums of a whole panel's columns. @two: rows of tiles, a constant wherever this is expanded. */
INLINE void
gemm_tiles (float *c, size_t ldc, const uint16_t *a, size_t lda, const uint16_t *b, int rows, int k, bool add, const bool two)
{
  WRITTEN ();
  if (add)
    {
      _tile_loadd (0, c, ldc * sizeof *c);
      _tile_loadd (1, c + TILE, ldc * sizeof *c);
      if (two)
        {
          _tile_loadd (2, c + TILE * ldc, ldc * sizeof *c);
          _tile_loadd (3, c + TILE * ldc + TILE, ldc * sizeof *c);
        }
    }
  else
    {
      _tile_zero (0);
      _tile_zero (1);
      _tile_zero (2);
      _tile_zero (3);
    }

  for (; k >= STEP; k -= STEP, a += STEP, b += STEP * PANEL)
    add_step (a, lda, b, two);
  if (k > 0)
    {
      /* Zeros behind the last of k; an odd one has a partner already. */
      uint16_t last_a[2 * TILE][STEP] = { 0 }, last_b[STEP * PANEL] = { 0 };
      int      even = k + k % 2;

      for (int r = 0; r < rows; r++)
        memcpy (last_a[r], a + r * lda, even * sizeof *a);
      memcpy (last_b, b, (size_t) even * PANEL * sizeof *b);
      WRITTEN ();
      add_step (last_a[0], STEP, last_b, two);
    }

  _tile_stored (0, c, ldc * sizeof *c);
  _tile_stored (1, c + TILE, ldc * sizeof *c);
  if (two)
    {
      _tile_stored (2, c + TILE * ldc, ldc * sizeof *c);
      _tile_stored (3, c + TILE * ldc + TILE, ldc * sizeof *c);
    }
}

/* At most two tiles' rows. Columns that c lacks are summed elsewhere. */
static void
gemm_block (float *c, size_t ldc, const uint16_t *a, size_t lda, const uint16_t *b, int rows, int n, int k, bool add)
{
  float  sums[2 * TILE][PANEL];
  bool   is_whole = n == PANEL;
  float *to = is_whole ? c : sums[0];
  size_t ldto = is_whole ? ldc : PANEL;

  for (int r = 0; r < rows && ! is_whole && add; r++)
    memcpy (sums[r], c + r * ldc, n * sizeof *c);
  if (rows > TILE)
    gemm_tiles (to, ldto, a, lda, b, rows, k, add, true);
  else
    gemm_tiles (to, ldto, a, lda, b, rows, k, add, false);
  for (int r = 0; r < rows && ! is_whole; r++)
    memcpy (c + r * ldc, sums[r], n * sizeof *c);
}

static void
gemm_bf16 (float *c, size_t ldc, const void *a, size_t lda, const uint16_t *b, int m, int n, int k, bool add)
{
  int configured = 0;

  for (int first = 0; first < m; first += 2 * TILE)
    {
      int rows = m - first < 2 * TILE ? m - first : 2 * TILE;

      if (rows != configured)
        configure (configured = rows);
      gemm_block (c + first * ldc, ldc, (const uint16_t *) a + first * lda, lda, b, rows, n, k, add);
    }
  /* Tiles in use make every change of threads dearer. */
  _tile_release ();
}

const BkKernels bk_kernels_amx = {
  .name = "amx",
  GEMM_KERNELS,
  ROWS_KERNELS,
  WINOGRAD_KERNELS,
  BF16_KERNELS,
};
