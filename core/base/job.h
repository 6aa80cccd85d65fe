/* How a long call is asked for and watched: options, progress, cancelling; and the
 * picture type that goes in and comes out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "error.h"

G_BEGIN_DECLS

/**
 * UnclipImage:
 * @width: pixels
 * @height: pixels
 * @n_channels: 3 (RGB) or 4 (RGB and straight, un-premultiplied alpha)
 * @pixels: (array): [height, width, n_channels], sRGB-encoded, 0 to 1
 */
typedef struct
{
  int    width, height, n_channels;
  float *pixels;
} UnclipImage;

/* Zero-filled; %NULL when the machine refuses the memory or a size is not positive. */
UNCLIP_API UnclipImage *unclip_image_new  (int width, int height, int n_channels);
UNCLIP_API UnclipImage *unclip_image_copy (const UnclipImage *image);
UNCLIP_API void         unclip_image_free (UnclipImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipImage, unclip_image_free)

/**
 * UnclipProgress:
 * @stage: what runs: "image_encoder", "text_encoder", "prior", "inversion", "decoder",
 *   "super_res", "framing"; an identifier, not for display (see unclip_stage_title())
 * @step: steps done, 0 to @n_steps
 * @n_steps: steps of this stage
 * @fraction: share of the whole job that is done, 0 to 1, by estimated cost
 * @preview: (nullable): the predicted clean picture so far
 */
typedef struct
{
  const char        *stage;
  int                step, n_steps;
  double             fraction;
  const UnclipImage *preview;
} UnclipProgress;

/* Called on the thread that made the call. */
typedef void (*UnclipProgressFunc) (const UnclipProgress *progress, gpointer user_data);

/**
 * UnclipNoteFunc:
 * @note: one translated sentence, without a line break and in UTF-8
 *
 * What is worth knowing about a job that works all the same, such as a picture that the model was not made for; never an
 * error. Called on the thread that made the call, before the result is there, at most once per kind of note and job.
 */
typedef void (*UnclipNoteFunc) (const char *note, gpointer user_data);

/**
 * UnclipCandidateFunc:
 * @number: which of the edit's pictures, from 0; -1: the reconstruction that comes before them
 * @square: of the decoder's size, as the edit returns it in the end
 *
 * A picture of an edit that leaves candidates is done, while others are still to come. Called on the thread that made the call.
 */
typedef void (*UnclipCandidateFunc) (int number, const UnclipImage *square, gpointer user_data);

/* The stage for people, translated: "Decoder", "Upsampler", ... */
UNCLIP_API const char *unclip_stage_title (const char *stage);

typedef enum
{
  UNCLIP_PRECISION_AUTO,
  UNCLIP_PRECISION_F32,
  UNCLIP_PRECISION_BF16
} UnclipPrecision;

/* Whether this CPU computes in bf16 if asked for @precision; auto means whatever is faster on it. */
UNCLIP_API gboolean unclip_precision_is_bf16 (UnclipPrecision precision);

typedef enum
{
  UNCLIP_RNG_PHILOX, /* counter-based */
  UNCLIP_RNG_TORCH   /* torch's CPU generator: a seed gives the picture diffusers gives */
} UnclipRngKind;

/**
 * unclip_seed_after:
 * @seed: the first of a row
 * @k: how many after it
 *
 * Seeds that count on from @seed, and begin again at 0 after the largest: that of an int if @seed fits one, as whoever gave it in an
 * int could not give a larger one again; else that of JSON's whole numbers, 2^63 - 1; else there is none but the type's.
 */
UNCLIP_API guint64 unclip_seed_after (guint64 seed, guint k);

/**
 * UnclipFraming:
 * @UNCLIP_FRAMING_PAD: the whole picture, its edges continued to a square
 * @UNCLIP_FRAMING_CROP: the largest square in the middle
 * @UNCLIP_FRAMING_STRETCH: the whole picture, out of proportion
 *
 * How a picture of any shape becomes the model's square.
 */
typedef enum
{
  UNCLIP_FRAMING_PAD,
  UNCLIP_FRAMING_CROP,
  UNCLIP_FRAMING_STRETCH
} UnclipFraming;

/**
 * UnclipInversion:
 * @UNCLIP_INVERSION_DEFAULT: the best measured
 * @UNCLIP_INVERSION_DDIM: plain, as in the paper
 * @UNCLIP_INVERSION_FIXED_POINT: DDIM with each step solved by iteration
 * @UNCLIP_INVERSION_BDIA: bi-directional integration (arXiv 2307.10829); keeps a second state
 * @UNCLIP_INVERSION_RESIDUALS: DDIM with what each step missed stored ("direct inversion")
 * @UNCLIP_INVERSION_DDPM: states noised anew, with what each ancestral step missed stored ("edit-friendly", arXiv 2304.06140)
 *
 * How x_T is found, and what is kept beside it so that the way back returns the picture.
 */
typedef enum
{
  UNCLIP_INVERSION_DEFAULT,
  UNCLIP_INVERSION_DDIM,
  UNCLIP_INVERSION_FIXED_POINT,
  UNCLIP_INVERSION_BDIA,
  UNCLIP_INVERSION_RESIDUALS,
  UNCLIP_INVERSION_DDPM
} UnclipInversion;

/**
 * UnclipSampler:
 * @UNCLIP_SAMPLER_DEFAULT: the model's; ancestral with torch's random numbers, whose pictures are made so
 * @UNCLIP_SAMPLER_DDPM: ancestral, as in the paper
 * @UNCLIP_SAMPLER_DPM: SDE-DPM-Solver++ (2M), ancestral of second order: as good in half the steps
 * @UNCLIP_SAMPLER_PNDM: PLMS, without noise of its own: Stable Diffusion's
 *
 * How prior and decoder get from noise to a new picture; pictures with an x_T of their own are always decoded by DDIM.
 */
typedef enum
{
  UNCLIP_SAMPLER_DEFAULT,
  UNCLIP_SAMPLER_DDPM,
  UNCLIP_SAMPLER_DPM,
  UNCLIP_SAMPLER_PNDM
} UnclipSampler;

/**
 * UnclipUsed:
 * @precision: %UNCLIP_PRECISION_F32 or %UNCLIP_PRECISION_BF16
 * @size: side of the resulting square; the longer one of a picture that was upscaled
 * @n_steps: of the decoder, and of an inversion; of the upsampler where that works alone
 * @guidance_scale: of the decoder
 * @strength: eta of variations, theta of a text edit's last stage; 0 for other jobs
 * @cost: of the whole job, in passes of the decoder on one picture; rough, as UnclipProgress.fraction counts
 *
 * What a job used where its options left the choice to the model or to this CPU.
 */
typedef struct
{
  UnclipPrecision precision;
  int             size;
  int             n_steps;
  double          guidance_scale;
  double          strength;
  double          cost;
} UnclipUsed;

/* An edit's pictures at the decoder's size, with what it takes to finish them: see unclip_candidates_finish(). */
typedef struct _UnclipCandidates UnclipCandidates;

/**
 * UnclipOptions:
 * @precision: of weights and of what they are multiplied with; sums, norms and steps are float32 in any case
 * @n_threads: 0: all that this process may use
 * @rng: kind of random numbers
 * @seed: their seed
 * @framing: how pictures that are not square go in
 * @inversion: how pictures are inverted
 * @sampler: how new pictures are sampled
 * @size: side of the resulting square, 64, 256, 1024 or what the model has; 0: what its first upsampler makes
 * @tile: side of the pieces in which large pictures are upsampled; 0: as the network likes it, at most 384
 * @n_steps: decoder (and inversion) steps; 0: the model's default
 * @prior_n_steps: 0: the model's default
 * @super_res_n_steps: of each upsampler; 0: the model's default
 * @noise_level: noise on z_i, 0 (none) to 999 (nothing else): a timestep of squaredcos_cap_v2, whose signal and noise it is mixed
 *   from; variations, mixes and generated pictures have it, each seed another
 * @guidance_scale: decoder; negative: the model's default for this job
 * @prior_guidance_scale: negative: the model's default
 * @progress: (nullable): called after every step
 * @candidates: (nullable): where generate, variations, text edit, interpolate and mix leave what it takes to finish their pictures, %NULL if they
 *   fail; what they return is then of the decoder's size
 * @candidate: (nullable): with @candidates: called when one of them is done
 * @stop: (nullable): with @candidates: once it is cancelled no further one is begun, the present one is given up, and those that are done are
 *   all; %G_IO_ERROR_CANCELLED if none is
 * @known_latents: (nullable) (element-type UnclipLatents): of earlier edits; variations, text edit and interpolate invert no picture again that is
 *   among them with the same model, steps, precision and, as far as the inversion draws, seed
 * @used_latents: (nullable) (element-type UnclipLatents): what those edits found or took of their pictures is added to it
 * @used: (nullable): takes what the job used, as soon as it has begun
 * @note: (nullable): called when there is something worth knowing; see #UnclipNoteFunc
 * @cancellable: (nullable): looked at before every step
 */
typedef struct
{
  UnclipPrecision     precision;
  int                 n_threads;
  UnclipRngKind       rng;
  guint64             seed;
  UnclipFraming       framing;
  UnclipInversion     inversion;
  UnclipSampler       sampler;
  int                 size;
  int                 tile;
  int                 n_steps;
  int                 prior_n_steps;
  int                 super_res_n_steps;
  int                 noise_level;
  double              guidance_scale;
  double              prior_guidance_scale;
  UnclipProgressFunc  progress;
  gpointer            progress_data;
  UnclipCandidates  **candidates;
  UnclipCandidateFunc candidate;
  gpointer            candidate_data;
  GCancellable       *stop;
  GPtrArray          *known_latents;
  GPtrArray          *used_latents;
  UnclipUsed         *used;
  UnclipNoteFunc      note;
  gpointer            note_data;
  GCancellable       *cancellable;
} UnclipOptions;

/* Every field at "the model's default"; seed 0, philox. */
UNCLIP_API void unclip_options_init (UnclipOptions *options);

G_END_DECLS
