/* Latents of earlier edits in the place of an inversion that would come to the same.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "latents.h"

G_BEGIN_DECLS

/* z_i [dim] of @x from options->known_latents; %NULL: none of them is of that picture and this model's image encoder. transfer full */
float *unclip_run_recall_z_i (UnclipRun *run, const UnclipImage *x, int *dim);

/**
 * unclip_run_latents:
 * @decoder: conditioned by @z_i and the empty caption, without guidance
 * @x: the picture
 * @z_i: [dim] of it
 * @state: the decoder's state of it
 *
 * What @x is to the decoder: of options->known_latents those that the inversion would come to, else inverted now. The run's random
 * numbers begin at @seed; where nothing had to be inverted they still do. Tells options->used_latents.
 * Returns: (transfer full): with the decoder's share alone; %NULL with an error
 */
UnclipLatents *unclip_run_latents (UnclipRun *run, UnclipDecoder *decoder, const UnclipImage *x, const float *z_i, int dim, const float *state,
                                   UnclipInvertMethod method, guint64 seed, GError **error);

/* Notes in @latents what they are of and made with. */
void unclip_latents_describe (UnclipLatents *latents, UnclipRun *run, const UnclipImage *x, const char *caption, double guidance_scale, guint64 seed);

G_END_DECLS
