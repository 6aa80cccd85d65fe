/* See tiles.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/* Of a tile, where it is not asked for and the network's own side is not smaller: larger ones overlap less, and
 * need more memory. */
#define UNCLIP_TILE_SIDE 384

/* Passes of the decoder on one picture that @n_steps on a picture of that size cost; rough. */
double unclip_enlarging_cost (int width, int height, int n_steps);

/* A tile, and what goes with it while an upsampler works in tiles, without the network: bytes. */
typedef struct
{
  int     width, height;
  guint64 working_size;
} UnclipTileSize;

/* Of pictures of @width × @height, which are @factor times as large as what they are made from. */
UnclipTileSize unclip_tile_size (const UnclipRun *run, const UnclipUnet *unet, int width, int height, int factor);

/**
 * unclip_run_enlarge:
 * @component: the upsampler: "super_res_first" or "super_res_1024"
 * @n_steps: such as unclip_upsampler_n_steps() says; of the first upsampler's, those that it leaves out included
 * @low: [low_height, low_width, 3] in [-1, 1]
 * @factor: how much larger the result is, from 1
 *
 * Works in tiles of options->tile pixels a side. Takes its noise from the run's random numbers, and the next use of them
 * is the same whatever the tiles.
 * Errors: %UNCLIP_ERROR_MEMORY, %UNCLIP_ERROR_MODEL if the network cannot make sides of that size.
 * Returns: (transfer full): [low_height * factor, low_width * factor, 3], about -1 to 1
 */
float *unclip_run_enlarge (UnclipRun *run, const char *component, int n_steps, const float *low, int low_width, int low_height, int factor,
                           GError **error);

G_END_DECLS
