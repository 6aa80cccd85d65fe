/* See timestep.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "timestep.h"

#include <math.h>

UnclipTimestep
unclip_timestep_build (UnclipBuilder *builder,
                       const char    *path,
                       int            width,
                       int            hidden,
                       int            n_out,
                       gboolean       flip_sin_to_cos,
                       float          freq_shift)
{
  return (UnclipTimestep) {
    .width = width,
    .flip_sin_to_cos = flip_sin_to_cos,
    .freq_shift = freq_shift,
    .linear1 = unclip_build_linear (builder, path, "linear_1", width, hidden),
    .linear2 = unclip_build_linear (builder, path, "linear_2", hidden, n_out),
  };
}

/* In float32 step by step, as checkpoints were trained with it: at t near 1000 the rounding of a
 * frequency shows in the angle. */
void
unclip_timestep_sinusoids (const UnclipTimestep *timestep,
                           int                   t,
                           float                *out)
{
  int half = timestep->width / 2;
  float *cosines = timestep->flip_sin_to_cos ? out : out + half;
  float *sines = timestep->flip_sin_to_cos ? out + half : out;

  for (int i = 0; i < half; i++)
    {
      float exponent = (float) -log (10000.0) * (float) i / ((float) half - timestep->freq_shift);
      float angle = (float) t * expf (exponent);

      cosines[i] = cosf (angle);
      sines[i] = sinf (angle);
    }

  /* An odd width has one value that stands for nothing. */
  if (timestep->width % 2 != 0)
    out[timestep->width - 1] = 0.0f;
}

void
unclip_timestep_run (const UnclipTimestep *timestep,
                     BkTensor              y,
                     int                   t,
                     BkArena              *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);

  BkTensor a = bk_scratch_tensor (&scratch, 1, 1, 1, timestep->width);
  BkTensor b = bk_scratch_tensor (&scratch, 1, 1, 1, timestep->linear1.n_out);

  if (a.data != NULL)
    unclip_timestep_sinusoids (timestep, t, a.data);

  bk_linear (b, a, &timestep->linear1, BK_SILU);
  bk_linear (y, b, &timestep->linear2, BK_IDENTITY);
}
