/* What the loops share: one step of each kind on plain arrays.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "sampling.h"

G_BEGIN_DECLS

/* alpha_bar before step @k of a falling list, and after it; the last step goes to 1. */
float unclip_alpha_bar_at    (const UnclipProcess *process, int k);
float unclip_alpha_bar_after (const UnclipProcess *process, int k);

gboolean unclip_process_predict (const UnclipProcess *process, const float *x, int t, float *out, float *v, GError **error);
gboolean unclip_process_after   (const UnclipProcess *process, int step, const float *x, const float *x_0, GError **error);

/* What @out says of the clean state: x_0 [n], limited as the schedule says if @is_limited; @out becomes eps. */
void unclip_predicted_x_0 (const UnclipProcess *process, const float *x, float *out, float alpha_bar, gboolean is_limited, float *x_0);

/* DDIM from one alpha_bar to another, with the given eps: @y [n], may be @x. */
void unclip_ddim_move (float *y, const float *x, const float *eps, gsize n, float from, float to);

/* Step @k of DDIM: network, predicted x_0, next state. @eps, @x_0, @noise: [n], working memory. */
gboolean unclip_ddim_step (const UnclipProcess *process, int k, float *x, double eta, float *eps, float *x_0, float *noise, GError **error);

/* Mean of ancestral step @k: @mean [n]. */
void unclip_ddpm_mean (const UnclipProcess *process, int k, const float *x, const float *x_0, float *mean);

G_END_DECLS
