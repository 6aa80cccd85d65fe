/* One call of an edit: its options made definite, its progress, and the steps that edits share.
 *
 * Networks live as short as they can: each function here loads what it needs and drops it, except for
 * the decoder, which a caller keeps while it inverts and samples.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "codec.h"
#include "conditioner.h"
#include "fit.h"
#include "stages.h"
#include "unclip.h"

G_BEGIN_DECLS

/**
 * UnclipRun:
 * @size: side of the results
 * @codec: between pictures and the decoder's states
 * @low_size: side of the pictures that the decoder makes
 * @state_side: side of its states
 * @n_state: values of one, [state_side, state_side, n_channels of the codec]
 * @first_size: side that the first upsampler makes
 * @upsamples: whether @size takes the upsampler
 * @upsamples_twice: whether it takes the second one, too
 * @candidates: (nullable): where the edit leaves its pictures unfinished
 * @watch: (nullable): is given every state of the decoder's loops, [n_state], by who compares engines
 */
typedef struct
{
  UnclipModel        *model;
  BkContext           context; /* threads and precision */
  const UnclipOptions *options;
  UnclipRandom       *random;
  UnclipCodec         codec;
  int                 size, low_size, first_size, state_side;
  gsize               n_state;
  gboolean            upsamples, upsamples_twice;
  UnclipCandidates  **candidates;
  const UnclipSamplerKind *sampler; /* from noise to new pictures */
  int                 n_steps, prior_n_steps, super_res_n_steps;
  int                 dim; /* of z_i and z_t, once a tower has said it */
  double              cost_done, cost_total; /* in passes of the decoder on one picture */
  guint               noted; /* kinds of notes that were given, 1 << kind */
  void              (*watch) (const float *x, gpointer data);
  gpointer            watch_data;
} UnclipRun;

/* @options: (nullable); checked: %UNCLIP_ERROR_ARGUMENT names the value and what it may be. */
gboolean unclip_run_init  (UnclipRun *run, UnclipModel *model, const UnclipOptions *options, GError **error);
/* For edits that can leave their pictures at the decoder's size, if the options ask for that. */
void     unclip_run_offer_candidates (UnclipRun *run);
/* Tells the caller what is used, once the edit has chosen its own share of it. */
void     unclip_run_use   (const UnclipRun *run, double guidance_scale, double strength);
void     unclip_run_clear (UnclipRun *run);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipRun, unclip_run_clear)

/* ---- memory (memory.c) ---------------------------------------------------------------------- */

/**
 * UnclipJob:
 * @x: (nullable): the picture that is framed
 * @n_states: states of the decoder's size that are kept while it works: see unclip_inversion_states()
 * @n_enlarged_states: of the first upsampler's size
 * @n_results: pictures that are made
 * @lays_over: whether they are laid over the picture that they were made from
 * @upscaler: (nullable): the upsampler that makes one of @width × @height @factor times as large, and no other stage is gone through
 *
 * What takes memory of a job.
 */
typedef struct
{
  UnclipStages       stages;
  const UnclipImage *x;
  int                n_states, n_enlarged_states, n_results;
  const char        *upscaler;
  int                width, height, factor;
  gboolean           lays_over, has_alpha;
} UnclipJob;

/* Where a component would stand, if pictures alone take the most. */
#define UNCLIP_PICTURES "pictures"

/* The largest of a job's stages. */
typedef struct
{
  guint64     size;    /* bytes */
  guint64     network; /* those of its network: weights and working memory */
  const char *component;
} UnclipNeed;

/* The upsamplers that run->size takes, unless the pictures are left unfinished. */
UnclipStages unclip_run_upsampler_stages (const UnclipRun *run);
/* Errors: a config that is not sound; a component that is missing. */
gboolean unclip_run_need         (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, GError **error);
/* To be called before the first stage: %UNCLIP_ERROR_MEMORY if the machine has clearly less than that. */
gboolean unclip_run_check_memory (UnclipRun *run, const UnclipJob *job, GError **error);

/* ---- progress ------------------------------------------------------------------------------ */

/* What a step of each stage costs, in passes of the decoder on one picture; rough, for the progress only. */
#define UNCLIP_COST_TEXT 0.3
#define UNCLIP_COST_IMAGE 0.3
#define UNCLIP_COST_PRIOR 0.3
#define UNCLIP_COST_AUTOREGRESSIVE 1.0 /* all codes of one z_i */
#define UNCLIP_COST_SUPER_RES 8.0

/* Says beforehand what is to come, so that progress knows the whole. */
void     unclip_run_expect (UnclipRun *run, double cost);
/* After a step: tells the caller, and %FALSE with %G_IO_ERROR_CANCELLED if he gave up.
 * @x_0: (nullable): [side, side, 3] in [-1, 1], what the picture is like so far */
gboolean unclip_run_step   (UnclipRun *run, const char *stage, int step, int n_steps, double cost, const float *x_0, int side, GError **error);

/**
 * unclip_run_candidate:
 * @number: from 0; -1: the reconstruction
 *
 * Shows a state that is done to a caller who wants to see candidates as they come.
 */
gboolean unclip_run_candidate (UnclipRun *run, int number, const float *state, GError **error);
/**
 * unclip_run_is_stopped:
 * @n_done: candidates that are done
 *
 * After a step that failed: whether that was the caller who said enough, and there are candidates to leave. Then it is no error.
 */
gboolean unclip_run_is_stopped (UnclipRun *run, int n_done, GError **error);

/* ---- notes ------------------------------------------------------------------------------------- */

/* What a note is about. */
typedef enum
{
  UNCLIP_NOTE_PICTURE,
  UNCLIP_NOTE_CAPTION,
  UNCLIP_NOTE_CUT, /* and eight more: one for each caption of a job, as long as they last */
} UnclipNoteKind;

/* Tells the caller, unless he was told of that kind before. @sentence: translated */
void unclip_run_note (UnclipRun *run, UnclipNoteKind kind, const char *sentence);

/* ---- captions and pictures --------------------------------------------------------------------- */

gboolean unclip_run_captions (UnclipRun *run, const char *const *texts, int n, UnclipCaptions *captions, GError **error);
/* The same for the decoder alone: where that is shown none, nothing is encoded, and they are without tokens. */
gboolean unclip_run_decoder_captions (UnclipRun *run, const char *const *texts, int n, UnclipCaptions *captions, GError **error);
/* Stages that the edit of a picture goes through, without what it needs captions for. */
UnclipStages unclip_run_edit_stages (const UnclipRun *run);

/* z_i [dim] of @x, framed; transfer full. @dim: (out) */
float *unclip_run_embed (UnclipRun *run, const UnclipImage *x, int *dim, GError **error);

/* @x framed to [side, side, 3] in [-1, 1]; transfer full. */
float       *unclip_run_picture (UnclipRun *run, const UnclipImage *x, int side, GError **error);
/* [side, side, 3] in [-1, 1], clamped, to a picture in [0, 1]. */
UnclipImage *unclip_run_image   (const float *x, int side, GError **error);
/* Adds those of @pictures (element-type float*) to @images, each freed as soon as it is no longer needed. */
gboolean     unclip_run_images  (GPtrArray *images, GPtrArray *pictures, int side, GError **error);

/* ---- states of the decoder: state.c ------------------------------------------------------------------ */

/* Room for one; transfer full. */
float       *unclip_run_new_state   (const UnclipRun *run);
/* @x framed, as a state; transfer full. */
float       *unclip_run_encode      (UnclipRun *run, const UnclipImage *x, GError **error);
/* The same of a picture [low_size, low_size, 3] in [-1, 1]. */
float       *unclip_run_encode_small (UnclipRun *run, const float *picture, GError **error);
/* The picture [low_size, low_size, 3] in [-1, 1] that @state stands for; transfer full. */
float       *unclip_run_small       (UnclipRun *run, const float *state, GError **error);
UnclipImage *unclip_run_small_image (UnclipRun *run, const float *state, GError **error);
/* A state of noise, from the run's random numbers. */
void         unclip_run_state_noise (UnclipRun *run, float *out);

/* ---- decoder --------------------------------------------------------------------------------------- */

typedef struct
{
  UnclipUnet          *unet;
  UnclipGuidedDecoder  guided;
  UnclipSchedule      *schedule;
  UnclipConditioner    conditioner;
  int                 *timesteps; /* of the loop that is set up; falling */
} UnclipDecoder;

gboolean unclip_decoder_init  (UnclipDecoder *decoder, UnclipRun *run, GError **error);
void     unclip_decoder_clear (UnclipDecoder *decoder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipDecoder, unclip_decoder_clear)

/* out = base + guidance_scale (conditional - base), from now on; at 1 @base is not computed. */
gboolean unclip_decoder_condition (UnclipDecoder *decoder, UnclipRun *run, const UnclipCaptions *captions,
                                   UnclipCondition base, UnclipCondition conditional, double guidance_scale, GError **error);

/* What after-step callbacks of a loop are given. */
typedef struct
{
  UnclipRun  *run;
  const char *stage;
  double      cost; /* of a step */
  int         side, n_channels;
} UnclipLoop;

/* A new state @x under the decoder's condition: from the run's random numbers, by its sampler. */
gboolean unclip_decoder_draw (UnclipDecoder *decoder, UnclipRun *run, float *x, GError **error);

/* Processes on the decoder as it is conditioned when they run: UnCLIPScheduler's steps, those of a DDPM trace, and DDIM's,
 * which are never clipped. @loop must outlive them; another process of the same decoder ends the one before. */
UnclipProcess unclip_decoder_ddpm (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps);
UnclipProcess unclip_decoder_ddpm_trace (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps);
UnclipProcess unclip_decoder_ddim (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, int n_steps);

/* Noise from the run's random numbers, pictures in the order in which torch fills them. */
void unclip_run_noise (UnclipRun *run, float *out, int side, int n_channels);
/**
 * unclip_run_noise_z_i:
 * @z_i: [dim]; stays as long as it is
 * @seed: of the noise, which is no other's
 * @out: (out caller-allocates): [dim]; @z_i itself without a noise level
 *
 * z_i for a decoder that was trained on clean ones, which are all about as long: turned towards noise, as far as noise would have
 * taken it at options->noise_level of the schedule squaredcos_cap_v2, by which Stable unCLIP counts.
 */
void unclip_run_noise_z_i (const UnclipRun *run, const float *z_i, int dim, guint64 seed, float *out);
/* The run's random numbers begin anew, from another seed than the options' or from the same. */
void unclip_run_reseed (UnclipRun *run, guint64 seed);

/* ---- upsampler ---------------------------------------------------------------------------------------- */

#define UNCLIP_FIRST_UPSAMPLER "super_res_first"
#define UNCLIP_SECOND_UPSAMPLER "super_res_1024"

/* What each of @n pictures costs on its way from the decoder to run->size. */
double unclip_run_upsample_cost (const UnclipRun *run, int n);
/**
 * unclip_run_upsample:
 * @states: (array length=n): of the decoder
 * @seeds: (array length=n) (nullable): of each one's noise; %NULL: the run's own random numbers go on
 *
 * Through as many upsamplers as the run's size takes, which is one at least.
 * Returns: (element-type float*) (transfer full): @n times [size, size, 3]
 */
GPtrArray *unclip_run_upsample (UnclipRun *run, const float *const *states, int n, const guint64 *seeds, GError **error);

/* A process of the upsampler's steps, and what goes with it. */
typedef struct
{
  UnclipUpsampler  upsampler;
  UnclipSchedule  *schedule;
  int             *timesteps;
  UnclipLoop       loop;
} UnclipUpsamplerRun;

/* Steps that the model or the caller wants of an upsampler, and how many of the first one's are left out, as the model's
 * small one can make nothing of the noisiest. */
int           unclip_upsampler_n_steps   (const UnclipRun *run, const char *component);
int           unclip_upsampler_n_skipped (const UnclipRun *run, int n_steps);
gboolean      unclip_upsampler_run_init  (UnclipUpsamplerRun *upsampling, UnclipRun *run, const char *component, int size, int n_steps,
                                          const char *stage, GError **error);
void          unclip_upsampler_run_clear (UnclipUpsamplerRun *upsampling);
UnclipProcess unclip_upsampler_process   (UnclipUpsamplerRun *upsampling, int size, int n_steps);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipUpsamplerRun, unclip_upsampler_run_clear)

G_END_DECLS
