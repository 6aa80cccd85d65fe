/* Classifier-free guidance (arXiv 2207.12598).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sampling.h"

void
unclip_guide (float *out, const float *unconditional, const float *conditional, gsize n, double guidance_scale)
{
  float scale = (float) guidance_scale;

  for (gsize i = 0; i < n; i++)
    out[i] = unconditional[i] + scale * (conditional[i] - unconditional[i]);
}
