/* What stands for the picture of a caption; see prior.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/**
 * unclip_run_prior:
 * @captions: row 0 is the empty caption, from which guidance starts; each other row one to be turned into a z_i
 * @seeds: (array length=n_seeds) (nullable): the random numbers begin anew with them for each caption; %NULL: the run's own go on
 * @n_seeds: 1 without @seeds
 *
 * Returns: (transfer full): z_i [n_seeds, n - 1, dim]; of %UNCLIP_PRIOR_TEXT and %UNCLIP_PRIOR_NONE z_t in its place
 */
float *unclip_run_prior      (UnclipRun *run, const UnclipCaptions *captions, UnclipPriorKind kind, const guint64 *seeds, int n_seeds, GError **error);
/* Of one z_i, in passes of the decoder on one picture. */
double unclip_run_prior_cost (const UnclipRun *run, UnclipPriorKind kind);

G_END_DECLS
