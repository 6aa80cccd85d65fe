/* Bipartite latents (z_i, x_T): made, and decoded again. Their file: latents-file.c.
 *
 * Source: arXiv 2204.06125, section 3; IterInv (arXiv 2310.19540) for why upsampler stages need what their
 * steps lack, and the clean low-resolution picture, beside x_T.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "latents.h"
#include "fingerprint.h"
#include "recall.h"
#include "tiles.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define FIXED_POINT_ITERATIONS 3

static const struct
{
  UnclipStages stage;
  const char  *component;
} shares[] = {
  [UNCLIP_SHARE_DECODER] = { UNCLIP_STAGE_DECODER, "decoder" },
  [UNCLIP_SHARE_FIRST_UPSAMPLER] = { UNCLIP_STAGE_FIRST_UPSAMPLER, UNCLIP_FIRST_UPSAMPLER },
  [UNCLIP_SHARE_SECOND_UPSAMPLER] = { UNCLIP_STAGE_SECOND_UPSAMPLER, UNCLIP_SECOND_UPSAMPLER },
};

static const struct
{
  const char        *name;
  UnclipInversion    inversion;
  UnclipInvertMethod method;
} methods[] = {
  { "residuals", UNCLIP_INVERSION_RESIDUALS, UNCLIP_INVERT_RESIDUALS },
  { "ddim", UNCLIP_INVERSION_DDIM, UNCLIP_INVERT_DDIM },
  { "fixed-point", UNCLIP_INVERSION_FIXED_POINT, UNCLIP_INVERT_FIXED_POINT },
  { "bdia", UNCLIP_INVERSION_BDIA, UNCLIP_INVERT_BDIA },
  { "ddpm", UNCLIP_INVERSION_DDPM, UNCLIP_INVERT_DDPM },
};

UnclipInvertMethod
unclip_inversion_method (UnclipInversion inversion, UnclipInvertMethod best)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (methods[i].inversion == inversion)
      return methods[i].method;
  return best;
}

const char *
unclip_inversion_name (UnclipInvertMethod method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (methods[i].method == method)
      return methods[i].name;
  g_assert_not_reached ();
}

gboolean
unclip_inversion_of_name (const char *name, UnclipInvertMethod *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_strcmp0 (methods[i].name, name) == 0)
      {
        *method = methods[i].method;
        return TRUE;
      }
  return FALSE;
}

UnclipLatents *
unclip_latents_new (void)
{
  return g_atomic_rc_box_new0 (UnclipLatents);
}

UnclipLatents *
unclip_latents_ref (UnclipLatents *latents)
{
  return g_atomic_rc_box_acquire (latents);
}

static void
latents_clear (gpointer data)
{
  UnclipLatents *latents = data;

  g_free (latents->model);
  for (int i = 0; i < UNCLIP_N_SHARES; i++)
    g_free (latents->fingerprints[i]);
  g_free (latents->caption);
  g_free (latents->z_i);
  g_clear_pointer (&latents->trace, unclip_trace_free);
  g_clear_pointer (&latents->super_res, unclip_trace_free);
  g_free (latents->low);
  g_free (latents->first);
  g_free (latents->rest);
  g_free (latents->encoder);
  g_free (latents->picture);
  g_free (latents->rng);
}

void
unclip_latents_free (UnclipLatents *latents)
{
  if (latents != NULL)
    g_atomic_rc_box_release_full (latents, latents_clear);
}

/* ---- making them ----------------------------------------------------------------------------------- */

/* What a method's states lie on. */
static UnclipProcess
process_of (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, UnclipInvertMethod method, int n_steps)
{
  return method == UNCLIP_INVERT_DDPM ? unclip_decoder_ddpm_trace (decoder, run, loop, n_steps)
                                      : unclip_decoder_ddim (decoder, run, loop, n_steps);
}

int
unclip_inversion_states (UnclipInvertMethod method, int n_steps)
{
  return method == UNCLIP_INVERT_BDIA ? 2 : method == UNCLIP_INVERT_RESIDUALS || method == UNCLIP_INVERT_DDPM ? 1 + n_steps : 1;
}

double
unclip_inversion_cost (UnclipInvertMethod method, int n_steps)
{
  return n_steps * (method == UNCLIP_INVERT_RESIDUALS ? 2.0 : method == UNCLIP_INVERT_FIXED_POINT ? 1.0 + FIXED_POINT_ITERATIONS : 1.0);
}

UnclipTrace *
unclip_run_invert (UnclipRun *run, UnclipDecoder *decoder, const float *x, UnclipInvertMethod method, GError **error)
{
  UnclipLoop    loop;
  UnclipProcess process = process_of (decoder, run, &loop, method, run->n_steps);

  loop.stage = "inversion";
  loop.cost *= unclip_inversion_cost (method, 1);
  return unclip_invert_trace (&process, x, method, FIXED_POINT_ITERATIONS, error);
}

gboolean
unclip_run_decode (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, double eta, double keep, float *x, GError **error)
{
  UnclipLoop    loop;
  UnclipProcess process = process_of (decoder, run, &loop, trace->method, trace->n_steps);

  return unclip_trace_sample (&process, trace, eta, keep, x, error);
}

/* Whether the way back through the unchanged decoder returns the picture. */
static gboolean
is_exact (UnclipInvertMethod method)
{
  return method != UNCLIP_INVERT_DDIM && method != UNCLIP_INVERT_FIXED_POINT;
}

double
unclip_reconstruction_cost (UnclipInvertMethod method, int n_steps)
{
  return is_exact (method) ? 0 : n_steps;
}

gboolean
unclip_run_reconstruct (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, const float *low, float *x, GError **error)
{
  if (! is_exact (trace->method))
    return unclip_run_decode (run, decoder, trace, 0, 1, x, error);
  memcpy (x, low, trace->n * sizeof (float));
  return TRUE;
}

/* The first upsampler's share: what its steps from noise to @x lack, given @latents->low. */
static gboolean
invert_super_res (UnclipLatents *latents, UnclipRun *run, const float *x, GError **error)
{
  g_auto (UnclipUpsamplerRun) upsampling = { 0 };
  UnclipProcess process;
  int n_steps = run->super_res_n_steps;

  if (! unclip_upsampler_run_init (&upsampling, run, UNCLIP_FIRST_UPSAMPLER, run->first_size, n_steps, "inversion", error)
      || ! unclip_upsampler_condition (&upsampling.upsampler, latents->low, run->low_size, run->first_size, upsampling.timesteps[n_steps - 1], error))
    return FALSE;
  process = unclip_upsampler_process (&upsampling, run->first_size, n_steps);
  latents->super_res = unclip_invert_trace (&process, x, UNCLIP_INVERT_DDPM, 0, error);
  return latents->super_res != NULL;
}

/* The second upsampler on @x [first_size, first_size, 3], always with the same noise: so what it lacks is a picture, and not
 * one of every step. [size, size, 3]; transfer full. */
static float *
enlarge (UnclipRun *run, const float *x, int n_steps, GError **error)
{
  gsize             n = (gsize) run->first_size * run->first_size * 3;
  g_autofree float *clamped = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    clamped[i] = CLAMP (x[i], -1.0f, 1.0f);
  unclip_random_free (run->random);
  run->random = unclip_random_new (UNCLIP_RNG_PHILOX, 0);
  return unclip_run_enlarge (run, UNCLIP_SECOND_UPSAMPLER, n_steps, clamped, run->first_size, run->first_size,
                             run->size / run->first_size, error);
}

/* The upsamplers' shares. */
static gboolean
invert_upsamplers (UnclipLatents *latents, UnclipRun *run, const UnclipImage *x, GError **error)
{
  g_autofree float *first = unclip_run_picture (run, x, run->first_size, error), *whole = NULL, *made = NULL;

  if (first == NULL || ! invert_super_res (latents, run, first, error))
    return FALSE;
  if (! run->upsamples_twice)
    return TRUE;
  whole = unclip_run_picture (run, x, run->size, error);
  latents->second_n_steps = unclip_upsampler_n_steps (run, UNCLIP_SECOND_UPSAMPLER);
  made = whole != NULL ? enlarge (run, first, latents->second_n_steps, error) : NULL;
  if (made == NULL)
    return FALSE;
  for (gsize i = 0; i < (gsize) run->size * run->size * 3; i++)
    whole[i] -= made[i];
  latents->first = g_steal_pointer (&first);
  latents->rest = g_steal_pointer (&whole);
  return TRUE;
}

/* Without the steps that sampling leaves out. */
static double
upsamplers_cost (const UnclipRun *run, int n_steps)
{
  return n_steps * UNCLIP_COST_SUPER_RES
         + (run->upsamples_twice ? unclip_enlarging_cost (run->size, run->size, unclip_upsampler_n_steps (run, UNCLIP_SECOND_UPSAMPLER)) : 0);
}

UnclipLatents *
unclip_invert (UnclipModel *model, const UnclipImage *x, const char *y, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (UnclipLatents) latents = unclip_latents_new ();
  g_autofree float  *state = NULL;
  UnclipInvertMethod method;
  UnclipJob          job;

  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_RESIDUALS);
  /* Of the upsamplers: the trace and a step's own; the picture and what is made of it. */
  job = (UnclipJob) { unclip_run_edit_stages (&run) | unclip_run_upsampler_stages (&run), x, unclip_inversion_states (method, run.n_steps),
                      run.upsamples ? unclip_inversion_states (UNCLIP_INVERT_DDPM, run.super_res_n_steps) + 8 : 0, 2 };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_latents_describe (latents, &run, x, y != NULL ? y : "", run.options->guidance_scale >= 0 ? run.options->guidance_scale : 1.0,
                           run.options->seed);
  latents->first_size = run.upsamples ? run.first_size : run.low_size;
  latents->size = run.size;
  unclip_run_use (&run, latents->guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE
                             + unclip_inversion_cost (method, run.n_steps) * (latents->guidance_scale != 1.0 ? 2 : 1)
                             + (run.upsamples ? upsamplers_cost (&run, run.super_res_n_steps) : 0));

  latents->z_i = unclip_run_embed (&run, x, &latents->dim, error);
  latents->low = latents->z_i != NULL ? unclip_run_picture (&run, x, run.low_size, error) : NULL;
  state = latents->low != NULL ? unclip_run_encode_small (&run, latents->low, error) : NULL;
  if (state == NULL || ! unclip_run_decoder_captions (&run, (const char *[]) { "", latents->caption }, 2, &captions, error))
    return NULL;

  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, (UnclipCondition) { NULL, 0 }, (UnclipCondition) { latents->z_i, 1 },
                                       latents->guidance_scale, error))
      return NULL;
    latents->trace = unclip_run_invert (&run, &decoder, state, method, error);
    if (latents->trace == NULL)
      return NULL;
  }

  if (run.upsamples && ! invert_upsamplers (latents, &run, x, error))
    return NULL;
  return g_steal_pointer (&latents);
}

/* ---- decoding them ------------------------------------------------------------------------------------ */

/* Whether what made that share is what is to decode it. Components that have no part in it may be other ones, or away. */
static gboolean
check_share (const UnclipLatents *latents, UnclipModel *model, int share, GError **error)
{
  g_autofree char *fingerprint = unclip_stage_fingerprint (model, shares[share].stage);

  if (g_strcmp0 (latents->fingerprints[share], fingerprint) == 0)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
               _("These latents were made with the model %s, whose %s is another one than %s has, and mean nothing to it; decode them with the model that made them"),
               latents->model, shares[share].component, unclip_model_name (model));
  return FALSE;
}

/* A negative value in the options means what the latents were made with. */
static gboolean
check_loop (const UnclipLatents *latents, const UnclipRun *run, GError **error)
{
  if (latents->state_side != run->state_side || latents->n_channels != run->codec.n_channels)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents have %d × %d × %d values, but the decoder works on %d × %d × %d"),
                   latents->state_side, latents->state_side, latents->n_channels, run->state_side, run->state_side, run->codec.n_channels);
      return FALSE;
    }
  if (latents->low_size != run->low_size)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents are of a picture of %d × %d, but the decoder makes %d × %d"),
                   latents->low_size, latents->low_size, run->low_size, run->low_size);
      return FALSE;
    }
  if (run->options->n_steps > 0 && run->options->n_steps != latents->n_steps)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The latents were made with %d steps, so they cannot be decoded with %d; leave the steps out"),
                   latents->n_steps, run->options->n_steps);
      return FALSE;
    }
  return TRUE;
}

/* The first upsampler's picture, [first_size, first_size, 3]; transfer full. */
static float *
decode_super_res (const UnclipLatents *latents, UnclipRun *run, const float *low, GError **error)
{
  g_auto (UnclipUpsamplerRun) upsampling = { 0 };
  UnclipProcess process;
  int n_steps = latents->super_res->n_steps;
  g_autofree float *x = g_new (float, latents->super_res->n);

  if (! unclip_upsampler_run_init (&upsampling, run, UNCLIP_FIRST_UPSAMPLER, latents->first_size, n_steps, "super_res", error)
      || ! unclip_upsampler_condition (&upsampling.upsampler, low, run->low_size, latents->first_size, upsampling.timesteps[n_steps - 1], error))
    return NULL;
  process = unclip_upsampler_process (&upsampling, latents->first_size, n_steps);
  return unclip_trace_sample (&process, latents->super_res, 0, 1, x, error) ? g_steal_pointer (&x) : NULL;
}

/* From the decoder's picture up; a picture that was inverted at a smaller size gets the second upsampler's own detail.
 * Each upsampler's share was made with the clean picture below it, so that is what it is given, unless @is_edited. */
static UnclipImage *
decode_upsamplers (const UnclipLatents *latents, UnclipRun *run, const float *low, gboolean is_edited, GError **error)
{
  g_autofree float *first = decode_super_res (latents, run, is_edited ? low : latents->low, error), *x = NULL;

  if (first == NULL)
    return NULL;
  if (! run->upsamples_twice)
    return unclip_run_image (first, latents->first_size, error);
  x = enlarge (run, latents->first != NULL && ! is_edited ? latents->first : first,
               latents->second_n_steps > 0 ? latents->second_n_steps : unclip_upsampler_n_steps (run, UNCLIP_SECOND_UPSAMPLER), error);
  if (x == NULL)
    return NULL;
  if (latents->rest != NULL && latents->size == run->size)
    for (gsize i = 0; i < (gsize) run->size * run->size * 3; i++)
      x[i] += latents->rest[i];
  return unclip_run_image (x, run->size, error);
}

/* How far a state that comes back may be from the one that went in, for rounding's sake: in bf16 a last bit of float32 that differs can become
 * another input of the network (5e-3 was seen). A lossy codec makes another colour of that: MoVQ takes the nearest row of its codebook, and so a
 * difference of rounding became one of 11 in 255. */
static float
rounding (const UnclipRun *run)
{
  return run->context.type == BK_BF16 ? 2e-2f : 1e-3f;
}

/* The picture [low_size, low_size, 3] of the decoder's @x, with what there is of the latents' own picture that its state does not say;
 * transfer full. @x: where it is the picture's state but for rounding, it becomes that. */
static float *
decode_lossy (UnclipRun *run, const UnclipLatents *latents, float *x, GError **error)
{
  g_autofree float *state = unclip_run_encode_small (run, latents->low, error), *decoded = NULL, *picture = NULL;
  gsize    n = (gsize) run->low_size * run->low_size * 3;
  gboolean is_same = TRUE;

  if (state == NULL)
    return NULL;
  for (gsize i = 0; i < run->n_state; i++)
    if (fabsf (x[i] - state[i]) <= rounding (run))
      x[i] = state[i];
    else
      is_same = FALSE;
  if (is_same)
    return g_memdup2 (latents->low, n * sizeof (float));

  decoded = unclip_run_small (run, state, error);
  picture = decoded != NULL ? unclip_run_small (run, x, error) : NULL;
  for (gsize i = 0; picture != NULL && i < n; i++)
    picture[i] += latents->low[i] - decoded[i];
  return g_steal_pointer (&picture);
}

UnclipImage *
unclip_decode (UnclipModel *model, const UnclipLatents *latents, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autofree float *x = NULL, *low = NULL;
  UnclipOptions own;
  UnclipJob     job;
  double   guidance_scale;
  gboolean upsamples;

  unclip_options_init (&own);
  if (options != NULL)
    own = *options;
  if (own.size == 0)
    own.size = latents->size;
  if (own.precision == UNCLIP_PRECISION_AUTO)
    own.precision = latents->is_bf16 ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32;
  if (! check_share (latents, model, UNCLIP_SHARE_DECODER, error) || ! unclip_run_init (&run, model, &own, error) || ! check_loop (latents, &run, error))
    return NULL;
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale : latents->guidance_scale;
  upsamples = run.upsamples && latents->super_res != NULL;
  if (run.upsamples && latents->super_res == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The latents hold nothing of the upsampler; invert the picture again with the size %d"),
                   run.size);
      return NULL;
    }
  if (upsamples && run.upsamples_twice && latents->first_size != run.first_size)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents are of a picture of %d × %d, but the first upsampler makes %d × %d"),
                   latents->first_size, latents->first_size, run.first_size, run.first_size);
      return NULL;
    }
  job = (UnclipJob) { (unclip_run_edit_stages (&run) & ~UNCLIP_STAGE_IMAGE) | (upsamples ? unclip_run_upsampler_stages (&run) : 0), .n_results = 1 };
  if ((upsamples && ! check_share (latents, model, UNCLIP_SHARE_FIRST_UPSAMPLER, error))
      || (upsamples && run.upsamples_twice && latents->rest != NULL && ! check_share (latents, model, UNCLIP_SHARE_SECOND_UPSAMPLER, error))
      || ! unclip_run_check_memory (&run, &job, error))
    return NULL;
  run.n_steps = latents->n_steps;
  unclip_run_use (&run, guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + latents->n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + (upsamples ? upsamplers_cost (&run, latents->super_res->n_steps) : 0));

  if (! unclip_conditioner_sees_captions (model))
    run.dim = latents->dim;
  if (! unclip_run_decoder_captions (&run, (const char *[]) { "", latents->caption }, 2, &captions, error))
    return NULL;
  if (captions.dim != latents->dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents' z_i has %d values, but the model's has %d"), latents->dim, captions.dim);
      return NULL;
    }
  x = g_new (float, latents->trace->n);
  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, (UnclipCondition) { NULL, 0 }, (UnclipCondition) { latents->z_i, 1 },
                                       guidance_scale, error))
      return NULL;
    if (latents->n_steps > decoder.schedule->n_train)
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents claim %d steps, more than the decoder has"), latents->n_steps);
        return NULL;
      }
    if (! unclip_run_decode (&run, &decoder, latents->trace, 0, 1, x, error))
      return NULL;
  }

  low = ! run.codec.is_lossless && guidance_scale == latents->guidance_scale ? decode_lossy (&run, latents, x, error)
                                                                             : unclip_run_small (&run, x, error);
  if (low == NULL)
    return NULL;
  if (! upsamples)
    return unclip_run_image (low, run.low_size, error);
  return decode_upsamplers (latents, &run, low, guidance_scale != latents->guidance_scale, error);
}
