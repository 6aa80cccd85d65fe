/* What an edit's pictures are at the decoder's size, with all that finishing them takes: so that only those are enlarged
 * that somebody wants.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "candidates.h"
#include "fingerprint.h"
#include "finish.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const UnclipStages upsamplers[] = { UNCLIP_STAGE_FIRST_UPSAMPLER, UNCLIP_STAGE_SECOND_UPSAMPLER };

struct _UnclipCandidates
{
  char           *fingerprints[G_N_ELEMENTS (upsamplers)];
  UnclipPrecision precision;
  UnclipRngKind   rng;
  int             size, low_size, super_res_n_steps; /* the steps as they were asked for */
  int             n;
  GPtrArray      *squares; /* element-type float* */
  guint64        *seeds;   /* one of both */
  UnclipRandom   *random;
  float          *high, *low, *reconstruction; /* NULL where there was no picture */
};

void
unclip_candidates_free (UnclipCandidates *candidates)
{
  if (candidates == NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (upsamplers); i++)
    g_free (candidates->fingerprints[i]);
  g_ptr_array_unref (candidates->squares);
  g_free (candidates->seeds);
  g_clear_pointer (&candidates->random, unclip_random_free);
  g_free (candidates->high);
  g_free (candidates->low);
  g_free (candidates->reconstruction);
  g_free (candidates);
}

int
unclip_candidates_count (const UnclipCandidates *candidates)
{
  return candidates->n;
}

GPtrArray *
unclip_run_keep_candidates (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, float *high, const float *low,
                            const float *reconstruction, GError **error)
{
  g_autoptr (UnclipCandidates) candidates = g_new0 (UnclipCandidates, 1);
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  gsize size = run->n_state * sizeof (float);

  candidates->squares = g_ptr_array_new_with_free_func (g_free);
  candidates->high = high;
  for (guint i = 0; i < G_N_ELEMENTS (upsamplers); i++)
    candidates->fingerprints[i] = unclip_stage_fingerprint (run->model, upsamplers[i]);
  candidates->precision = run->context.type == BK_BF16 ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32;
  candidates->rng = run->options->rng;
  candidates->size = run->size;
  candidates->low_size = run->low_size;
  candidates->super_res_n_steps = run->options->super_res_n_steps;
  candidates->n = n;
  if (seeds != NULL)
    candidates->seeds = g_memdup2 (seeds, n * sizeof (guint64));
  else
    candidates->random = unclip_random_copy (run->random);
  candidates->low = g_memdup2 (low, size);
  candidates->reconstruction = g_memdup2 (reconstruction, size);

  for (int i = reconstruction != NULL ? -1 : 0; i < n; i++)
    {
      UnclipImage *image = unclip_run_small_image (run, i < 0 ? reconstruction : squares[i], error);

      if (image == NULL)
        return NULL;
      g_ptr_array_add (images, image);
      if (i >= 0)
        g_ptr_array_add (candidates->squares, g_memdup2 (squares[i], size));
    }
  *run->candidates = g_steal_pointer (&candidates);
  return g_steal_pointer (&images);
}

static gboolean
check (const UnclipCandidates *candidates, const UnclipRun *run, const int *picks, int n, GError **error)
{
  for (int i = 0; i < n; i++)
    if (picks[i] < 0 || picks[i] >= candidates->n)
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("There is no candidate %d; they are numbered from 1 to %d"), picks[i] + 1, candidates->n);
        return FALSE;
      }
  for (guint i = 0; i < G_N_ELEMENTS (upsamplers); i++)
    {
      g_autofree char *fingerprint = unclip_stage_fingerprint (run->model, upsamplers[i]);

      if (run->low_size != candidates->low_size || strcmp (fingerprint, candidates->fingerprints[i]) != 0)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The candidates are of another model than %s; finish them with the one that made them"),
                       unclip_model_name (run->model));
          return FALSE;
        }
    }
  return TRUE;
}

GPtrArray *
unclip_candidates_finish (UnclipModel *model, const UnclipCandidates *candidates, const int *picks, int n, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_autofree const float **squares = g_new (const float *, n);
  g_autofree guint64      *seeds = g_new (guint64, n);
  UnclipOptions own;
  UnclipJob     job;

  unclip_options_init (&own);
  if (options != NULL)
    own = *options;
  own.candidates = NULL;
  own.precision = candidates->precision;
  own.rng = candidates->rng;
  own.size = candidates->size;
  own.super_res_n_steps = candidates->super_res_n_steps;
  if (! unclip_run_init (&run, model, &own, error) || ! check (candidates, &run, picks, n, error))
    return NULL;
  job = (UnclipJob) { unclip_run_upsampler_stages (&run), .n_results = n, .lays_over = candidates->high != NULL };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_use (&run, 0, 0);
  unclip_run_expect (&run, unclip_run_upsample_cost (&run, n));

  for (int i = 0; i < n; i++)
    {
      squares[i] = candidates->squares->pdata[picks[i]];
      if (candidates->seeds != NULL)
        seeds[i] = candidates->seeds[picks[i]];
    }
  if (candidates->reconstruction != NULL)
    return unclip_run_lay_over (&run, candidates->high, candidates->low, candidates->reconstruction, squares, n, seeds, error);
  if (candidates->random != NULL)
    {
      unclip_random_free (run.random);
      run.random = unclip_random_copy (candidates->random);
    }
  return unclip_run_enlarge_all (&run, squares, n, candidates->seeds != NULL ? seeds : NULL, error);
}
