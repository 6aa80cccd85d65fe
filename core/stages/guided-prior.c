/* The diffusion prior with its condition and guidance: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <string.h>

gboolean
unclip_guided_prior_predict (const float *x, int t, float *x_0, float *v, gpointer data, GError **error)
{
  const UnclipGuidedPrior *guided = data;
  UnclipPrior *prior = guided->prior;
  gboolean     is_guided = guided->guidance_scale != 1.0;
  int          n_rows = is_guided ? 2 : 1, first = is_guided ? 0 : 1, dim = unclip_prior_dim (prior), n_tokens = guided->n_tokens;
  g_autofree float *in = g_new (float, n_rows * dim), *out = g_new (float, n_rows * dim);

  for (int i = 0; i < n_rows; i++)
    memcpy (in + i * dim, x, dim * sizeof (float));
  if (! unclip_prior_predict (prior, in, t, guided->z_t + first * dim,
                              guided->text_states + (gsize) first * n_tokens * guided->text_width,
                              guided->text_mask != NULL ? guided->text_mask + first * n_tokens : NULL, n_tokens, n_rows, out, error))
    return FALSE;

  if (is_guided)
    unclip_guide (x_0, out, out + dim, dim, guided->guidance_scale);
  else
    memcpy (x_0, out, dim * sizeof (float));
  return TRUE;
}
