/* An upsampler on pictures of any size: in tiles, so that memory holds the picture once and no more of it.
 *
 * Every step goes over all tiles before the next begins, and where tiles overlap their predictions are mixed
 * with weights that fade out towards each tile's edge: all tiles see one state, so no seam can grow. A network
 * with group norms gives each tile another mean and scale, which no overlap alone would make good. Noise is drawn
 * row by row of the whole picture, whatever the tiles. A row is stepped on as soon as no tile needs the old one,
 * so that predictions are held for the height of a tile alone.
 *
 * Source: arXiv 2302.08113 (MultiDiffusion), for one step's predictions mixed over windows.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiles.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* In pixels of the result. What is farther away has little say in a pixel, and at 1024 pixels a side this is a seventh
 * more work. */
#define OVERLAP 32
/* In small pixels: farther than bicubic looks. */
#define REACH 3
/* Rows that are enlarged at a time. */
#define ROWS 32

/* One axis cut into @n pieces of @side pixels; no pixel is in more than two. */
typedef struct
{
  int    n, side;
  int   *first;  /* [n] */
  float *weight; /* [n, side]: for each pixel of the axis they add to 1 */
} Axis;

typedef struct
{
  UnclipRun         *run;
  UnclipUpsamplerRun upsampling;
  const float       *low;  /* [low_height, low_width, 3] */
  int                low_width, low_height, factor, width, height;
  int                n_steps, n_done; /* n_done: tiles, over all steps */
  gboolean           begins_with_picture, is_learned;
  Axis               across, down;
  float             *x;            /* [height, width, 3] */
  float             *out, *v;      /* [down.side, width, 3]: the mixed predictions; v NULL if not learned */
  float             *tile, *tile_out, *tile_v; /* [down.side, across.side, 3] */
  float             *noise, *x_0;  /* [width, 3] */
} Tiles;

/* ---- where tiles lie --------------------------------------------------------------------------- */

static void
axis_clear (Axis *axis)
{
  g_free (axis->first);
  g_free (axis->weight);
}

/* Fades in over the overlap with piece @i - 1 of which @at is a pixel. */
static float
fade (const Axis *axis, int i, int at)
{
  int   overlap = axis->first[i - 1] + axis->side - axis->first[i];
  float t = (at - axis->first[i] + 0.5f) / overlap;

  return t < 1.0f ? t * t * (3.0f - 2.0f * t) : 1.0f;
}

/* @size and all that comes of it: multiples of @multiple, so that tiles are on one grid in the network's lower levels. */
static void
axis_init (Axis *axis, int size, int most, int multiple)
{
  int overlap = MIN (OVERLAP, most / 4);

  axis->n = size <= most ? 1 : (size - overlap + most - overlap - 1) / (most - overlap);
  axis->side = axis->n == 1 ? size : (size + (axis->n - 1) * overlap + axis->n * multiple - 1) / (axis->n * multiple) * multiple;
  axis->first = g_new (int, axis->n);
  axis->weight = g_new (float, (gsize) axis->n * axis->side);
  for (int i = 0; i < axis->n; i++)
    axis->first[i] = i == 0 ? 0 : (int) ((gint64) (size - axis->side) * i / (axis->n - 1)) / multiple * multiple;
  for (int i = 0; i < axis->n; i++)
    for (int k = 0; k < axis->side; k++)
      {
        int at = axis->first[i] + k;

        axis->weight[i * axis->side + k] = (i > 0 ? fade (axis, i, at) : 1.0f)
                                           * (i + 1 < axis->n && at >= axis->first[i + 1] ? 1.0f - fade (axis, i + 1, at) : 1.0f);
      }
}

/* As the options want it, or as the network likes it. */
static int
side_of (const UnclipRun *run, const UnclipUnet *unet)
{
  int side = run->options->tile, multiple = unclip_unet_multiple (unet);

  if (side == 0)
    side = MIN (UNCLIP_TILE_SIDE, unclip_unet_sample_size (unet));
  return MAX (side / multiple * multiple, 4 * multiple);
}

UnclipTileSize
unclip_tile_size (const UnclipRun *run, const UnclipUnet *unet, int width, int height, int factor)
{
  int     side = side_of (run, unet), multiple = unclip_unet_multiple (unet), beyond = 2 * REACH * factor;
  Axis    across, down;
  guint64 band, strip, n_values;
  UnclipTileSize tile;

  axis_init (&across, width, side, multiple);
  axis_init (&down, height, side, multiple);
  tile.width = across.side;
  tile.height = down.side;
  axis_clear (&across);
  axis_clear (&down);

  /* The picture; predictions for the height of a tile; of a tile what goes into the network and comes out; and the larger of
   * what is enlarged: a tile with what is around it, or rows of the whole. */
  band = (guint64) width * tile.height * 3 * (unclip_unet_out_channels (unet) > 3 ? 2 : 1);
  strip = MAX ((guint64) (tile.width + beyond) * (tile.height + beyond), (guint64) width * (ROWS + beyond)) * 3;
  n_values = (guint64) width * height * 3 + band + (guint64) tile.width * tile.height * (3 * 3 + 15) + strip * 5 / 4;
  tile.working_size = n_values * sizeof (float);
  return tile;
}

/* ---- making and freeing ------------------------------------------------------------------------- */

static void
tiles_clear (Tiles *tiles)
{
  unclip_upsampler_run_clear (&tiles->upsampling);
  axis_clear (&tiles->across);
  axis_clear (&tiles->down);
  g_free (tiles->x);
  g_free (tiles->out);
  g_free (tiles->v);
  g_free (tiles->tile);
  g_free (tiles->tile_out);
  g_free (tiles->tile_v);
  g_free (tiles->noise);
  g_free (tiles->x_0);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Tiles, tiles_clear)

/* Which steps to take. A model may say that its upsampler is not for the noisiest: then the first step begins with
 * the enlarged picture under as much noise as is left. */
static void
choose_steps (Tiles *tiles, gboolean is_second)
{
  UnclipUpsamplerRun *upsampling = &tiles->upsampling;
  int last = upsampling->schedule->n_train - 1, first, n_skipped;

  if (is_second)
    {
      first = CLAMP ((int) unclip_model_default (tiles->run->model, "super_res_1024_first_timestep", last), 0, last);
      for (int k = 0; k < tiles->n_steps; k++)
        upsampling->timesteps[k] = tiles->n_steps == 1 ? first : (int) rint ((tiles->n_steps - 1.0 - k) * first / (tiles->n_steps - 1));
      tiles->begins_with_picture = first < last;
      return;
    }
  n_skipped = unclip_upsampler_n_skipped (tiles->run, tiles->n_steps);
  tiles->n_steps -= n_skipped;
  memmove (upsampling->timesteps, upsampling->timesteps + n_skipped, tiles->n_steps * sizeof (int));
  tiles->begins_with_picture = n_skipped > 0;
}

static gboolean
tiles_init (Tiles *tiles, UnclipRun *run, const char *component, GError **error)
{
  int side, multiple;
  gsize n_row, n_band, n_tile, n_state;
  gboolean is_second;

  tiles->run = run;
  is_second = strcmp (component, UNCLIP_SECOND_UPSAMPLER) == 0;
  if (! unclip_upsampler_run_init (&tiles->upsampling, run, component, 0, tiles->n_steps, is_second ? component : "super_res", error))
    return FALSE;
  choose_steps (tiles, is_second);
  tiles->is_learned = tiles->upsampling.schedule->variance == UNCLIP_VARIANCE_LEARNED_RANGE;

  multiple = unclip_unet_multiple (tiles->upsampling.upsampler.first);
  side = side_of (run, tiles->upsampling.upsampler.first);
  if (tiles->width % multiple != 0 || tiles->height % multiple != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s works on sides that are multiples of %d, but has to make %d × %d"),
                   component, multiple, tiles->width, tiles->height);
      return FALSE;
    }
  axis_init (&tiles->across, tiles->width, side, multiple);
  axis_init (&tiles->down, tiles->height, side, multiple);

  n_row = (gsize) tiles->width * 3;
  n_band = n_row * tiles->down.side;
  n_tile = (gsize) tiles->across.side * tiles->down.side * 3;
  tiles->x = g_size_checked_mul (&n_state, n_row, tiles->height) ? g_try_new (float, n_state) : NULL;
  tiles->out = g_try_new (float, n_band);
  tiles->v = tiles->is_learned ? g_try_new (float, n_band) : NULL;
  tiles->tile = g_try_new (float, n_tile);
  tiles->tile_out = g_try_new (float, n_tile);
  tiles->tile_v = tiles->is_learned ? g_try_new (float, n_tile) : NULL;
  tiles->noise = g_new (float, n_row);
  tiles->x_0 = g_new (float, n_row);
  if (tiles->x == NULL || tiles->out == NULL || tiles->tile == NULL || tiles->tile_out == NULL
      || (tiles->is_learned && (tiles->v == NULL || tiles->tile_v == NULL)))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a picture of %d × %d"), tiles->width, tiles->height);
      return FALSE;
    }
  return unclip_upsampler_resize (&tiles->upsampling.upsampler, tiles->across.side, tiles->down.side,
                                  tiles->upsampling.timesteps[tiles->n_steps - 1], error);
}

/* ---- the condition --------------------------------------------------------------------------------- */

/* [height, width, 3] of the enlarged picture from (@x, @y) on, as if all of it had been enlarged. */
static gboolean
enlarge_part (const Tiles *tiles, int x, int y, int width, int height, float *out, GError **error)
{
  int factor = tiles->factor;
  int left = MAX (x / factor - REACH, 0), right = MIN ((x + width - 1) / factor + 1 + REACH, tiles->low_width);
  int top = MAX (y / factor - REACH, 0), bottom = MIN ((y + height - 1) / factor + 1 + REACH, tiles->low_height);
  int w = right - left, h = bottom - top;
  g_autofree float *low = g_new (float, (gsize) w * h * 3), *large = g_new (float, (gsize) w * h * 3 * factor * factor);

  for (int i = 0; i < h; i++)
    memcpy (low + (gsize) i * w * 3, tiles->low + ((gsize) (top + i) * tiles->low_width + left) * 3, (gsize) w * 3 * sizeof (float));
  if (! unclip_resize_f32 (low, 1, w, h, 3, large, w * factor, h * factor, error))
    return FALSE;
  for (int i = 0; i < height; i++)
    memcpy (out + (gsize) i * width * 3, large + ((gsize) (y - top * factor + i) * w * factor + x - left * factor) * 3,
            (gsize) width * 3 * sizeof (float));
  return TRUE;
}

/* Noise for the first step, over the enlarged picture where that is where the steps begin. */
static gboolean
begin (Tiles *tiles, GError **error)
{
  const UnclipUpsamplerRun *upsampling = &tiles->upsampling;
  float alpha_bar = upsampling->schedule->alpha_bar[upsampling->timesteps[0]];
  float signal = sqrtf (alpha_bar), noise = sqrtf (1.0f - alpha_bar);
  gsize n_row = (gsize) tiles->width * 3;

  for (int y = 0; y < tiles->height; y++)
    {
      float *row = tiles->x + y * n_row;

      if (tiles->begins_with_picture && y % ROWS == 0
          && ! enlarge_part (tiles, 0, y, tiles->width, MIN (ROWS, tiles->height - y), row, error))
        return FALSE;
      unclip_random_normal (tiles->run->random, tiles->noise, n_row);
      for (gsize i = 0; i < n_row; i++)
        row[i] = tiles->begins_with_picture ? signal * CLAMP (row[i], -1.0f, 1.0f) + noise * tiles->noise[i] : tiles->noise[i];
    }
  return TRUE;
}

/* ---- steps ---------------------------------------------------------------------------------------------- */

/* Adds a tile's @from [down.side, across.side, 3] to the band @to, weighted. */
static void
add_weighted (const Tiles *tiles, int row, int column, float *to, const float *from)
{
  const float *across = tiles->across.weight + column * tiles->across.side, *down = tiles->down.weight + row * tiles->down.side;

  for (int y = 0; y < tiles->down.side; y++)
    for (int x = 0; x < tiles->across.side; x++)
      {
        float       *pixel = to + ((gsize) y * tiles->width + tiles->across.first[column] + x) * 3;
        const float *add = from + ((gsize) y * tiles->across.side + x) * 3;

        for (int c = 0; c < 3; c++)
          pixel[c] += down[y] * across[x] * add[c];
      }
}

static gboolean
run_tile (Tiles *tiles, int k, int row, int column, GError **error)
{
  UnclipUpsampler *upsampler = &tiles->upsampling.upsampler;
  int   width = tiles->across.side, height = tiles->down.side, left = tiles->across.first[column], top = tiles->down.first[row];
  int   n_tiles = tiles->across.n * tiles->down.n, n_total = tiles->n_steps * n_tiles;
  float cost = (float) unclip_enlarging_cost (tiles->width, tiles->height, 1) / n_tiles;

  for (int y = 0; y < height; y++)
    memcpy (tiles->tile + (gsize) y * width * 3, tiles->x + ((gsize) (top + y) * tiles->width + left) * 3, (gsize) width * 3 * sizeof (float));
  if (! enlarge_part (tiles, left, top, width, height, upsampler->enlarged, error)
      || ! unclip_upsampler_predict (tiles->tile, tiles->upsampling.timesteps[k], tiles->tile_out, tiles->tile_v, upsampler, error))
    return FALSE;
  add_weighted (tiles, row, column, tiles->out, tiles->tile_out);
  if (tiles->is_learned)
    add_weighted (tiles, row, column, tiles->v, tiles->tile_v);
  return unclip_run_step (tiles->run, tiles->upsampling.loop.stage, ++tiles->n_done, n_total, cost, NULL, 0, error);
}

/* The @n upper rows of the band are complete: the picture's rows from @top on go on to the next state, and what
 * is below moves up. */
static void
finish_rows (Tiles *tiles, const UnclipProcess *process, int k, int top, int n)
{
  gsize n_row = (gsize) tiles->width * 3, n_kept = n_row * (tiles->down.side - n);

  for (int y = 0; y < n; y++)
    {
      if (k + 1 < tiles->n_steps)
        unclip_random_normal (tiles->run->random, tiles->noise, n_row);
      unclip_ddpm_step (process, k, n_row, tiles->x + (top + y) * n_row, tiles->out + y * n_row,
                        tiles->is_learned ? tiles->v + y * n_row : NULL, tiles->noise, tiles->x_0);
    }
  memmove (tiles->out, tiles->out + n * n_row, n_kept * sizeof (float));
  memset (tiles->out + n_kept, 0, n * n_row * sizeof (float));
  if (tiles->is_learned)
    {
      memmove (tiles->v, tiles->v + n * n_row, n_kept * sizeof (float));
      memset (tiles->v + n_kept, 0, n * n_row * sizeof (float));
    }
}

static gboolean
run_step (Tiles *tiles, const UnclipProcess *process, int k, GError **error)
{
  for (int row = 0; row < tiles->down.n; row++)
    {
      int top = tiles->down.first[row], below = row + 1 < tiles->down.n ? tiles->down.first[row + 1] : tiles->height;

      for (int column = 0; column < tiles->across.n; column++)
        if (! run_tile (tiles, k, row, column, error))
          return FALSE;
      finish_rows (tiles, process, k, top, below - top);
    }
  return unclip_check_finite (tiles->upsampling.loop.stage, tiles->x, (gsize) tiles->width * tiles->height * 3, error);
}

double
unclip_enlarging_cost (int width, int height, int n_steps)
{
  /* As the first upsampler, whose pictures are of 256 pixels a side. */
  return UNCLIP_COST_SUPER_RES * n_steps * width * height / (256.0 * 256.0);
}

float *
unclip_run_enlarge (UnclipRun *run, const char *component, int n_steps, const float *low, int low_width, int low_height, int factor,
                    GError **error)
{
  g_auto (Tiles) tiles = { .n_steps = n_steps, .low = low, .low_width = low_width, .low_height = low_height, .factor = factor,
                           .width = low_width * factor, .height = low_height * factor };
  UnclipProcess process;

  if (! tiles_init (&tiles, run, component, error) || ! begin (&tiles, error))
    return NULL;
  process = (UnclipProcess) { .schedule = tiles.upsampling.schedule, .timesteps = tiles.upsampling.timesteps, .n_steps = tiles.n_steps };
  memset (tiles.out, 0, (gsize) tiles.width * 3 * tiles.down.side * sizeof (float));
  if (tiles.is_learned)
    memset (tiles.v, 0, (gsize) tiles.width * 3 * tiles.down.side * sizeof (float));
  for (int k = 0; k < tiles.n_steps; k++)
    if (! run_step (&tiles, &process, k, error))
      return NULL;
  return g_steal_pointer (&tiles.x);
}
