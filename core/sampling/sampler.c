/* How new states come out of noise: a row for each way, with the timesteps that it visits.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "internal.h"

static int *
trailing (const UnclipSchedule *schedule, int n_steps)
{
  return unclip_timesteps_ddim (schedule, n_steps, UNCLIP_SPACING_TRAILING, 0);
}

/* Noise of its own covers what small networks get wrong; without, at 12 steps, it stays in the picture as grain. */
static gboolean
dpm_with_noise (const UnclipProcess *process, float *x, GError **error)
{
  return unclip_dpm_sample (process, x, 1.0, error);
}

static const UnclipSamplerKind kinds[] = {
  [UNCLIP_SAMPLER_DDPM] = { unclip_timesteps_ddpm, unclip_ddpm_sample },
  [UNCLIP_SAMPLER_DPM] = { trailing, dpm_with_noise },
  [UNCLIP_SAMPLER_PNDM] = { unclip_timesteps_ddpm, unclip_pndm_sample },
};

const UnclipSamplerKind *
unclip_sampler_kind (UnclipSampler sampler)
{
  return &kinds[sampler];
}
