/* The autoregressive prior with its condition and guidance: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

gboolean
unclip_guided_autoregressive_sample (const UnclipGuidedAutoregressive *guided, const float *uniforms, float *z_i,
                                     UnclipAfterCode after, gpointer after_data, GError **error)
{
  UnclipPriorAutoregressive *prior = guided->prior;
  const UnclipPca  *pca = unclip_prior_autoregressive_pca (prior);
  gboolean          is_guided = guided->guidance_scale != 1.0;
  int               n_rows = is_guided ? 2 : 1, first = is_guided ? 0 : 1, n_buckets = pca->n_buckets;
  int               n_tokens = guided->n_tokens, n_dots = unclip_prior_autoregressive_n_dots (prior);
  int               half = n_dots / 2, dots[2] = { n_dots, n_dots - half + (int) (uniforms[0] * half) }, both[2];
  g_autofree float *logits = g_new (float, n_rows * n_buckets);
  g_autofree int   *codes = g_new (int, pca->n_components);

  if (! unclip_prior_autoregressive_begin (prior, guided->z_t + (gsize) first * pca->dim, guided->text_states + (gsize) first * n_tokens * pca->dim,
                                           guided->text_mask != NULL ? guided->text_mask + first * n_tokens : NULL, n_tokens,
                                           dots + first, NULL, 0, n_rows, logits, error))
    return FALSE;
  for (int k = 0; k < pca->n_components; k++)
    {
      if (k > 0)
        {
          both[0] = both[1] = codes[k - 1];
          if (! unclip_prior_autoregressive_next (prior, both, logits, error))
            return FALSE;
        }
      if (is_guided)
        unclip_guide (logits, logits, logits + n_buckets, n_buckets, guided->guidance_scale);
      codes[k] = unclip_draw (logits, n_buckets, uniforms[1 + k]);
      if (! after (k + 1, pca->n_components, after_data, error))
        return FALSE;
    }
  unclip_pca_decode (pca, codes, z_i);
  return TRUE;
}
