/* See finish.c.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "run.h"

G_BEGIN_DECLS

/**
 * unclip_run_finish:
 * @x: the picture that was edited
 * @low: state of @x, as the decoder was given it
 * @reconstruction: state that its latents decode to
 * @after: (array length=n): the edited states
 * @seeds: (array length=n): of the upsampler's noise
 *
 * Where the edit changed nothing the result has the detail of @x, that which the codec loses included, elsewhere that of the upsampler. A square in @after
 * that is @reconstruction to the last bit gives the same picture as that.
 * Returns: (element-type UnclipImage) (transfer full): the reconstruction and the @n results, of run->size
 */
GPtrArray *unclip_run_finish (UnclipRun *run, const UnclipImage *x, const float *low, const float *reconstruction, const float *const *after, int n,
                              const guint64 *seeds, GError **error);
/* The same from here on, whether now or later. @high: (nullable): [size, size, 3], the picture at the results' size, if that takes an upsampler or the codec loses some of it */
GPtrArray *unclip_run_lay_over (UnclipRun *run, const float *high, const float *low, const float *reconstruction, const float *const *after, int n,
                                const guint64 *seeds, GError **error);

/**
 * unclip_run_finish_new:
 * @squares: (array length=n): states, made from nothing but noise
 * @seeds: (array length=n) (nullable): as unclip_run_upsample() takes them
 *
 * Returns: (element-type UnclipImage) (transfer full): @n pictures of run->size
 */
GPtrArray *unclip_run_finish_new (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, GError **error);
/* The same from here on, whether now or later. */
GPtrArray *unclip_run_enlarge_all (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, GError **error);

G_END_DECLS
