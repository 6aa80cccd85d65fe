/* See candidates.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/**
 * unclip_run_keep_candidates:
 * @squares: (array length=n): what the decoder made, a state each
 * @seeds: (array length=n) (nullable): of the upsampler's noise; %NULL: the run's own random numbers go on
 * @high: (nullable) (transfer full): [size, size, 3], the edited picture at the results' size, if that takes an upsampler
 * @low: (nullable): the picture as a state, if there is one
 * @reconstruction: (nullable): the same of what its latents decode to
 *
 * Gives the caller in the place of finished pictures what it takes to finish them.
 * Returns: (element-type UnclipImage) (transfer full): the reconstruction, if there is one, and @squares, of low_size
 */
GPtrArray *unclip_run_keep_candidates (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, float *high, const float *low,
                                       const float *reconstruction, GError **error);

G_END_DECLS
