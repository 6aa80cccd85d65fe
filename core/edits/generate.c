/* From a caption to a picture: prior, decoder, upsampler.
 *
 * With torch's random numbers the order of draws is that of diffusers' UnCLIPPipeline, one z_i and all, so
 * that a seed gives the same picture.
 *
 * Source: arXiv 2204.06125, sections 2.1 and 2.2, and 5.1 for what can stand in for the prior.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "generate.h"
#include "finish.h"
#include "prior.h"

#include <glib/gi18n-lib.h>

/* Rows of the captions. */
enum
{
  EMPTY,
  CAPTION
};

void
unclip_new_picture_clear (UnclipNewPicture *picture)
{
  g_clear_pointer (&picture->z_i, g_free);
  g_clear_pointer (&picture->state, g_free);
  g_clear_pointer (&picture->high, g_free);
}

gboolean
unclip_run_generate (UnclipRun *run, const char *y, UnclipPriorKind kind, const float *z_i, double guidance_scale, UnclipNewPicture *picture, GError **error)
{
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (GPtrArray) high = NULL;
  g_autofree float *clean = NULL;

  if (kind == UNCLIP_PRIOR_NONE && ! unclip_conditioner_sees_captions (run->model))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The decoder of the model %s is shown no caption but what the prior makes of it; take --prior diffusion"),
                   unclip_model_name (run->model));
      return FALSE;
    }
  if (! (z_i != NULL ? unclip_run_decoder_captions : unclip_run_captions) (run, (const char *[]) { "", y }, 2, &captions, error))
    return FALSE;
  clean = z_i != NULL ? g_memdup2 (z_i, captions.dim * sizeof (float)) : unclip_run_prior (run, &captions, kind, NULL, 1, error);
  if (clean == NULL)
    return FALSE;
  picture->z_i = g_new (float, captions.dim);
  unclip_run_noise_z_i (run, clean, captions.dim, run->options->seed, picture->z_i);

  picture->state = unclip_run_new_state (run);
  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, run, error)
        || ! unclip_decoder_condition (&decoder, run, &captions, (UnclipCondition) { NULL, EMPTY },
                                       (UnclipCondition) { kind == UNCLIP_PRIOR_NONE ? NULL : picture->z_i, CAPTION }, guidance_scale, error)
        || ! unclip_decoder_draw (&decoder, run, picture->state, error))
      return FALSE;
  }
  if (! run->upsamples || run->candidates != NULL)
    return TRUE;
  high = unclip_run_upsample (run, (const float *[]) { picture->state }, 1, NULL, error);
  if (high == NULL)
    return FALSE;
  picture->high = g_steal_pointer (&high->pdata[0]);
  return TRUE;
}

UnclipImage *
unclip_generate (UnclipModel *model, const char *y, UnclipPriorKind kind, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipNewPicture) picture = { 0 };
  g_autoptr (GPtrArray) images = NULL;
  UnclipJob job = { .n_results = 1 };
  double guidance_scale;

  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  unclip_run_offer_candidates (&run);
  if (run.options->n_steps == 0)
    run.n_steps = (int) unclip_model_default (model, "generate_steps", run.n_steps);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                                                    : unclip_model_default (model, "decoder_guidance_scale", 8.0);
  job.stages = UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER | unclip_run_upsampler_stages (&run)
               | (kind == UNCLIP_PRIOR_DIFFUSION ? UNCLIP_STAGE_PRIOR : 0)
               | (kind == UNCLIP_PRIOR_AUTOREGRESSIVE ? UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE : 0);
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_use (&run, guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + unclip_run_prior_cost (&run, kind)
                             + run.n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + unclip_run_upsample_cost (&run, 1));

  if (! unclip_run_generate (&run, y, kind, NULL, guidance_scale, &picture, error))
    return NULL;
  if (picture.high != NULL)
    return unclip_run_image (picture.high, run.size, error);
  if (! unclip_run_candidate (&run, 0, picture.state, error))
    return NULL;
  images = unclip_run_finish_new (&run, (const float *[]) { picture.state }, 1, NULL, error);
  return images != NULL ? g_ptr_array_steal_index (images, 0) : NULL;
}
