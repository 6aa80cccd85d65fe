/* What CLIP sees: zero-shot labels.
 *
 * Source: arXiv 2103.00020, section 3.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <math.h>

/* CLIP's trained temperature stops here. */
#define LOGIT_SCALE 100.0

gboolean
unclip_probe_labels (UnclipModel *model, const UnclipImage *x, const char *const *labels, int n, float *probabilities, float *similarities, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autofree float *z_i = NULL, *cosines = NULL;
  double most = -1, sum = 0;
  int    dim;

  if (n < 1)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Give at least one label"));
      return FALSE;
    }
  if (! unclip_run_init (&run, model, options, error)
      || ! unclip_run_check_memory (&run, UNCLIP_STAGE_TEXT | UNCLIP_STAGE_IMAGE, 0, error))
    return FALSE;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE);
  z_i = unclip_run_embed (&run, x, &dim, error);
  if (z_i == NULL || ! unclip_run_captions (&run, labels, n, &captions, error))
    return FALSE;
  if (captions.dim != dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("text_encoder and image_encoder do not fit each other; take both from the same CLIP"));
      return FALSE;
    }

  cosines = g_new (float, n);
  unclip_normalise (z_i, z_i, dim);
  for (int i = 0; i < n; i++)
    {
      float *z_t = captions.z_t + (gsize) i * dim;
      double dot = 0;

      unclip_normalise (z_t, z_t, dim);
      for (int k = 0; k < dim; k++)
        dot += (double) z_i[k] * z_t[k];
      cosines[i] = (float) dot;
      most = MAX (most, dot);
    }
  for (int i = 0; i < n; i++)
    sum += exp (LOGIT_SCALE * (cosines[i] - most));
  for (int i = 0; i < n; i++)
    {
      if (probabilities != NULL)
        probabilities[i] = (float) (exp (LOGIT_SCALE * (cosines[i] - most)) / sum);
      if (similarities != NULL)
        similarities[i] = cosines[i];
    }
  return TRUE;
}
