/* The timestep as a network sees it: cosines and sines of it, and two linear layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

typedef struct
{
  int      width;            /* of the sinusoidal embedding */
  gboolean flip_sin_to_cos;  /* cosines first */
  float    freq_shift;
  BkLinear linear1, linear2;
} UnclipTimestep;

/* @path: holds linear_1 and linear_2. */
UnclipTimestep unclip_timestep_build (UnclipBuilder *builder, const char *path, int width, int hidden, int n_out,
                                      gboolean flip_sin_to_cos, float freq_shift);
/* @out: (array length=width): cosines and sines of @t at falling frequencies, what the linear layers get. */
void           unclip_timestep_sinusoids (const UnclipTimestep *timestep, int t, float *out);
/* y [1, 1, 1, n_out]: the same for all samples. */
void           unclip_timestep_run   (const UnclipTimestep *timestep, BkTensor y, int t, BkArena *arena);

G_END_DECLS
