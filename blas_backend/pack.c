/* From a checkpoint's bytes to what the kernels read.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

#include <string.h>

/* Piece of a source that is turned over at once: 32 columns, which no level's panel cuts
 * unevenly, by about 4 KB of each row of the file, half of an L1 cache in all. */
#define PACK_COLUMNS 32
#define PACK_DEPTH 144
/* Winograd pays from here on: below, its transforms cost more than they save. */
#define WINOGRAD_MIN_CHANNELS (64 * 64)
/* F(4x4) quadruples the weights, which are read once a step: too much for small maps, and
 * for the widest layers, which would take half of a full-size network's memory. */
#define WINOGRAD_4_MIN_SIDE 12
#define WINOGRAD_4_MAX_CHANNELS (2 << 20)
#define WINOGRAD_MIN_SIDE 6
/* From so many rows of a map on, a convolution's weights are packed at every pass. For two thirds of the memory that took 7 % of a
 * step of the full-size decoder in bf16, and nothing that could be seen of an upsampler's. float32 has more to write.
 * Only weights that take memory are worth it. */
#define LEND_MIN_SIDE_BF16 16
#define LEND_MIN_SIDE 64
#define LEND_MIN_SIZE ((size_t) 3 << 20)
/* Convolutions that read or write the picture itself stay in float32: they cost next to nothing, and their
 * rounding was more than half of what bf16 changed in a generated picture (23 dB became 36). */
#define BF16_MIN_CHANNELS 16

const float *
bk_pack_values (BkSource source, size_t n, BkArena *store)
{
  float *values = bk_arena_alloc (store, n * sizeof (float));

  if (values != NULL && source.data != NULL)
    {
      bk_read_values (bk_arena_context (store), source, n, values);
      bk_give_back (source, n);
    }
  return values;
}

/* NULL for a bias that the layer does not have. While measuring both are NULL. */
static const float *
pack_bias (BkSource bias, int n, BkArena *store)
{
  return bias.data == NULL ? NULL : bk_pack_values (bias, n, store);
}

void
bk_weave (uint16_t *restrict out, const uint16_t *restrict even, const uint16_t *restrict odd, int n)
{
  for (int j = 0; j < n; j++)
    {
      out[2 * j] = even[j];
      out[2 * j + 1] = odd[j];
    }
}

/* Columns [first, first + n) of one panel, of which the first n_rows are rows of the file, and channels. */
typedef struct
{
  int first, n, n_rows, channel, n_channels;
} Piece;

/* A piece of bf16 to a panel in bf16: what is a pair in the file is one here. Columns without a row are zeros. */
static void
move_pairs (uint16_t *panel, int width, BkSource weight, size_t n_in, const Piece *piece)
{
  /* First to where they lie closer: rows may be a power of two apart, and then crowd each other out of the L1 cache. */
  uint32_t       pairs[PACK_COLUMNS][PACK_DEPTH / 2] = { 0 };
  const uint8_t *rows = (const uint8_t *) weight.data + (piece->first * n_in + piece->channel) * sizeof *panel;

  for (int column = 0; column < piece->n_rows; column++)
    {
      const uint8_t *row = rows + column * n_in * sizeof *panel;

      memcpy (pairs[column], row, piece->n_channels * sizeof *panel);
      bk_prefetch (row + piece->n_channels * sizeof *panel, piece->n_channels * sizeof *panel);
    }
  /* A pair is as wide as a float, and is only moved. */
  bk_kernels ()->transpose ((float *) (panel + (size_t) piece->channel * width), width, (const float *) pairs, PACK_DEPTH / 2,
                            piece->n, (piece->n_channels + 1) / 2);
}

/* The same from and to any type, for all taps. */
static void
put_values (void *panel, BkPacking packing, int width, BkSource weight, int n_in, int n_taps, const Piece *piece)
{
  float values[PACK_COLUMNS * PACK_DEPTH] = { 0 };
  int   run = piece->n_channels * n_taps, k = n_in * n_taps;

  bk_read_weights (values, weight, n_in, n_taps, piece->first, piece->n_rows, piece->channel, piece->n_channels);
  for (int t = 0; t < n_taps; t++)
    for (int i = 0; i < piece->n_channels; i++)
      for (int column = 0; column < piece->n; column++)
        bk_put_weight (packing, panel, width, (size_t) t * n_in + piece->channel + i, column, values[column * run + i * n_taps + t]);
  /* Where k is filled up. */
  for (int column = 0; column < piece->n && piece->channel + piece->n_channels == n_in && bk_packed_depth (packing, k) > k; column++)
    bk_put_weight (packing, panel, width, k, column, 0.0f);
}

bool
bk_only_moves (const BkContext *context, BkSource weight)
{
  return weight.type == BK_BF16 && context->type == BK_BF16;
}

void
bk_pack_panels (const BkContext *context, void *packed, BkPacking packing, BkSource weight, int n_in, int n_out, int n_taps)
{
  int depth = PACK_DEPTH / n_taps, k = n_in * n_taps, packed_k = bk_packed_depth (packing, k);
  int n_blocks = (int) bk_n_tiles (n_in, depth), n_columns = bk_packed_columns (packing, n_out);
  int n_pieces = (int) bk_n_tiles (n_columns, PACK_COLUMNS);
  bool moves = packing.type == BK_BF16 && weight.type == BK_BF16 && n_taps == 1;

#pragma omp parallel for schedule(dynamic) num_threads(bk_team (context, n_pieces))
  for (int part = 0; part < n_pieces; part++)
    for (int block = 0; block < n_blocks; block++)
      {
        Piece piece = { .first = part * PACK_COLUMNS, .channel = block * depth };
        int   end = (int) bk_min (piece.first + PACK_COLUMNS, n_columns);

        piece.n_channels = (int) bk_min (depth, n_in - piece.channel);
        for (; piece.first < end; piece.first += piece.n)
          {
            int   panel = piece.first / packing.panel * packing.panel, width = bk_panel_width (packing, n_out, panel);
            char *out = (char *) packed + ((size_t) panel * packed_k + packing.step * (piece.first - panel)) * packing.size;

            piece.n = (int) bk_min (end, panel + width) - piece.first;
            piece.n_rows = piece.first < n_out ? (int) bk_min (piece.n, n_out - piece.first) : 0;
            if (moves)
              move_pairs ((uint16_t *) out, width, weight, n_in, &piece);
            else
              put_values (out, packing, width, weight, n_in, n_taps, &piece);
          }
      }
  bk_give_back (weight, (size_t) n_out * k);
}

size_t
bk_linear_size (const BkContext *context, int n_in, int n_out)
{
  BkPacking packing = bk_packing (context->type);

  return bk_packed_size (packing, n_in, n_out) * packing.size;
}

BkLinear
bk_pack_linear (BkSource weight, BkSource bias, int n_in, int n_out, BkArena *store)
{
  const BkContext *context = bk_arena_context (store);
  BkPacking        packing = bk_packing (context->type);
  BkLinear         linear = { .n_in = n_in, .n_out = n_out, .type = packing.type };
  void            *packed = bk_arena_alloc (store, bk_linear_size (context, n_in, n_out));

  linear.weight = packed;
  linear.bias = pack_bias (bias, n_out, store);
  if (packed != NULL && weight.data != NULL)
    bk_pack_panels (context, packed, packing, weight, n_in, n_out, 1);
  return linear;
}

BkLinear
bk_lend_linear (BkSource weight, BkSource bias, int n_in, int n_out, void *room, BkArena *store)
{
  return (BkLinear) { .n_in = n_in, .n_out = n_out, .type = bk_arena_context (store)->type, .weight = room, .lent = weight,
                      .bias = pack_bias (bias, n_out, store) };
}

/* 0: a sum of taps. */
static int
choose_winograd (const BkContext *context, BkType type, int n_in, int n_out, int kernel, int h)
{
  if (kernel != 3 || context->is_exact || h < WINOGRAD_MIN_SIDE || (int64_t) n_in * n_out < WINOGRAD_MIN_CHANNELS)
    return 0;
  /* The larger tile's sums lose three bits more than bf16 can spare: pictures drift from float32's. */
  return type == BK_F32 && h >= WINOGRAD_4_MIN_SIDE && (int64_t) n_in * n_out <= WINOGRAD_4_MAX_CHANNELS ? 4 : 2;
}

/* All but the weights. */
static BkConv
choose_conv (const BkContext *context, int n_in, int n_out, int kernel, int h)
{
  BkConv conv = { .n_in = n_in, .n_out = n_out, .kernel = kernel, .stride = 1, .pad = kernel / 2, .type = context->type };

  if (n_in < BF16_MIN_CHANNELS || n_out < BF16_MIN_CHANNELS)
    conv.type = BK_F32;
  conv.winograd_output = choose_winograd (context, conv.type, n_in, n_out, kernel, h);
  return conv;
}

static size_t
conv_size (const BkConv *conv)
{
  BkPacking packing = bk_packing (conv->type);

  if (conv->winograd_output > 0)
    return bk_winograd_size (conv->type, conv->n_in, conv->n_out, conv->winograd_output);
  return bk_packed_size (packing, conv->kernel * conv->kernel * conv->n_in, conv->n_out) * packing.size;
}

size_t
bk_conv_size (const BkContext *context, int n_in, int n_out, int kernel, int h)
{
  BkConv conv = choose_conv (context, n_in, n_out, kernel, h);

  return conv_size (&conv);
}

bool
bk_conv_lends (const BkContext *context, int n_in, int n_out, int kernel, int h)
{
  BkConv conv = choose_conv (context, n_in, n_out, kernel, h);

  return h >= (conv.type == BK_BF16 ? LEND_MIN_SIDE_BF16 : LEND_MIN_SIDE) && conv_size (&conv) >= LEND_MIN_SIZE;
}

void
bk_pack_conv_weights (const BkContext *context, const BkConv *conv, BkSource weight)
{
  /* Whoever packs owns what the layer only reads. */
  if (conv->winograd_output > 0)
    bk_winograd_pack (context, (void *) conv->winograd, conv->type, weight, conv->n_in, conv->n_out, conv->winograd_output);
  else
    bk_pack_panels (context, (void *) conv->weight, bk_packing (conv->type), weight, conv->n_in, conv->n_out, conv->kernel * conv->kernel);
}

static void
set_packed (BkConv *conv, void *packed)
{
  if (conv->winograd_output > 0)
    conv->winograd = packed;
  else
    conv->weight = packed;
}

static BkConv
pack_conv (BkConv conv, BkSource weight, BkSource bias, BkArena *store)
{
  void *packed = bk_arena_alloc (store, conv_size (&conv));

  set_packed (&conv, packed);
  conv.bias = pack_bias (bias, conv.n_out, store);
  if (packed != NULL && weight.data != NULL)
    bk_pack_conv_weights (bk_arena_context (store), &conv, weight);
  return conv;
}

BkConv
bk_pack_conv (BkSource weight, BkSource bias, int n_in, int n_out, int kernel, int h, BkArena *store)
{
  return pack_conv (choose_conv (bk_arena_context (store), n_in, n_out, kernel, h), weight, bias, store);
}

BkConv
bk_pack_conv_down (BkSource weight, BkSource bias, int n_in, int n_out, int pad, BkArena *store)
{
  /* Winograd's tiles are of stride 1; no map is smaller than 1. */
  BkConv conv = choose_conv (bk_arena_context (store), n_in, n_out, 3, 1);

  conv.stride = 2;
  conv.pad = pad;
  return pack_conv (conv, weight, bias, store);
}

BkConv
bk_lend_conv (BkSource weight, BkSource bias, int n_in, int n_out, int kernel, int h, void *room, BkArena *store)
{
  BkConv conv = choose_conv (bk_arena_context (store), n_in, n_out, kernel, h);

  set_packed (&conv, room);
  conv.lent = weight;
  conv.bias = pack_bias (bias, n_out, store);
  return conv;
}

BkNorm
bk_pack_norm (BkSource weight, BkSource bias, int n_channels, int n_groups, float eps, BkArena *store)
{
  return (BkNorm) { n_channels, n_groups, eps,
                    bk_pack_values (weight, n_channels, store),
                    bk_pack_values (bias, n_channels, store) };
}
