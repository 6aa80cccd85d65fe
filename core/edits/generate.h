/* A new picture, as unclip_generate() makes it, for whoever gives the random numbers or z_i himself.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/**
 * UnclipNewPicture:
 * @z_i: [dim], what it was made from
 * @state: as the decoder made it
 * @high: (nullable): [size, size, 3], where the run upsamples and leaves no candidates
 *
 * The arrays are owned.
 */
typedef struct
{
  float *z_i, *state, *high;
} UnclipNewPicture;

void unclip_new_picture_clear (UnclipNewPicture *picture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipNewPicture, unclip_new_picture_clear)

/**
 * unclip_run_generate:
 * @z_i: (nullable): [dim], in the place of what @prior would say
 * @picture: (out caller-allocates): to be cleared in any case
 *
 * Captions, prior, decoder and upsamplers with the run's random numbers, drawn in the order of diffusers' pipelines.
 */
gboolean unclip_run_generate (UnclipRun *run, const char *y, UnclipPriorKind prior, const float *z_i, double guidance_scale, UnclipNewPicture *picture, GError **error);

G_END_DECLS
