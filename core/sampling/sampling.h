/* The door of sampling: noise schedules, guidance, DDPM and DDIM steps, inversion.
 *
 * The network comes in as a callback, so that a formula can stand in for it in a test. States are plain
 * arrays of n values; nothing here knows what their shape is. Step arithmetic is float32 on float32
 * tables, as diffusers does it: 1 - alpha_bar has only three right digits at t = 0, and trajectories
 * follow theirs only with the same three.
 *
 * Source: arXiv 2006.11239 (DDPM), 2010.02502 (DDIM), 2102.09672 (learned variance), 2202.09778 (PNDM), 2307.10829 (BDIA).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

/* ---- schedule.c ------------------------------------------------------------------------ */

typedef enum
{
  UNCLIP_BETAS_SQUARED_COSINE, /* needs no ends */
  UNCLIP_BETAS_LINEAR,
  UNCLIP_BETAS_SCALED_LINEAR /* their square roots are linear */
} UnclipBetas;

typedef enum
{
  UNCLIP_SPACING_LEADING,  /* k * (n_train / n) + offset */
  UNCLIP_SPACING_TRAILING, /* round (n_train - k * n_train / n) - 1 */
  UNCLIP_SPACING_EVEN      /* rint (k * (n_train - 1) / (n - 1)) */
} UnclipSpacing;

typedef enum
{
  UNCLIP_PREDICTION_EPSILON,
  UNCLIP_PREDICTION_SAMPLE, /* x_0 */
  UNCLIP_PREDICTION_V       /* sqrt (alpha_bar) eps - sqrt (1 - alpha_bar) x_0 */
} UnclipPrediction;

typedef enum
{
  UNCLIP_VARIANCE_FIXED_SMALL_LOG,
  UNCLIP_VARIANCE_FIXED_SMALL, /* the same but for its last bits */
  UNCLIP_VARIANCE_LEARNED_RANGE
} UnclipVariance;

/**
 * UnclipSchedule:
 * @n_train: timesteps in training, 1000
 * @prediction: what the network predicts
 * @variance: of ancestral sampling
 * @clip: predicted x_0 is clamped to ± this; 0: not at all (always so while inverting)
 * @threshold_ratio: if not 0 the limit is this quantile of |x_0| over a state, from 1 to @threshold_most, and what it limits is divided
 *   by it (arXiv 2205.11487, section 2.3, dynamic thresholding); @clip is then 0
 * @spacing: of the timesteps that its ancestral sampling visits, and @offset
 * @has_table_steps: whether a step to the next timestep has the table's own beta; else all have that of their stride
 * @last_alpha_bar: what the last step goes to
 * @beta: (array length=n_train)
 * @alpha_bar: (array length=n_train): product of 1 - beta
 *
 * What the networks were trained with, and so how their output is understood.
 */
typedef struct
{
  int              n_train;
  UnclipPrediction prediction;
  UnclipVariance   variance;
  float            clip, threshold_ratio, threshold_most;
  UnclipSpacing    spacing;
  int              offset;
  gboolean         has_table_steps;
  float            last_alpha_bar;
  float           *beta, *alpha_bar;
} UnclipSchedule;

/* By the names of a scheduler's config: %FALSE for one that there is not. prediction.c has the table of the latter. */
gboolean unclip_betas_named      (const char *name, UnclipBetas *kind);
gboolean unclip_prediction_named (const char *name, UnclipPrediction *prediction);

/* As UnCLIPScheduler has it, with the @n_train betas of @kind from @start to @end. */
UnclipSchedule *unclip_schedule_new  (UnclipBetas kind, double start, double end, int n_train);
void            unclip_schedule_free (UnclipSchedule *schedule);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipSchedule, unclip_schedule_free)

/* What ancestral sampling visits, falling, as the schedule says. transfer full, 1 to n_train steps. */
int *unclip_timesteps_ddpm (const UnclipSchedule *schedule, int n_steps);

/**
 * unclip_timesteps_noisy:
 * @n_steps: 1 to n_train
 *
 * For DDPM traces: (n_train - 1) (1 - (k / (n - 1))^3), falling by at least 1; dense at the noisy end. There the network
 * begins to see the picture beneath the noise. An edit that has not replaced what is coarse by then (a background)
 * is answered half way between old and new, and even steps leave no time for it. What long steps at
 * the other end miss, the trace holds.
 *
 * Returns: (transfer full)
 */
int *unclip_timesteps_noisy (const UnclipSchedule *schedule, int n_steps);

/* What DDIMScheduler visits, falling; the inversion visits the same, rising. transfer full. */
int *unclip_timesteps_ddim (const UnclipSchedule *schedule, int n_steps, UnclipSpacing spacing, int offset);

/* ---- the process that a loop runs --------------------------------------------------------- */

/**
 * UnclipPredict:
 * @x: (array length=n): the state
 * @t: its timestep
 * @out: (out caller-allocates) (array length=n): eps or x_0, guided already
 * @v: (out caller-allocates) (array length=n) (nullable): raw variance values, from the conditional half
 */
typedef gboolean (*UnclipPredict) (const float *x, int t, float *out, float *v, gpointer data, GError **error);

/* Fills @out with standard normal values for step @step of the loop. */
typedef void (*UnclipNoise) (int step, float *out, gsize n, gpointer data);

/**
 * UnclipAfterStep:
 * @step: steps done, 1 to @n_steps
 * @x: the state after it
 * @x_0: the clean state as predicted in this step
 *
 * Returns: %FALSE with an error to stop (a cancelled job)
 */
typedef gboolean (*UnclipAfterStep) (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error);

typedef struct
{
  const UnclipSchedule *schedule;
  gsize                 n;         /* values in a state */
  const int            *timesteps; /* falling */
  int                   n_steps;
  UnclipPredict         predict;
  gpointer              predict_data;
  UnclipNoise           noise; /* may be NULL where none is needed */
  gpointer              noise_data;
  UnclipAfterStep       after; /* may be NULL */
  gpointer              after_data;
} UnclipProcess;

/* ---- guidance.c ------------------------------------------------------------------------------ */

/* out = unconditional + guidance_scale (conditional - unconditional); @out may be one of them. */
void unclip_guide (float *out, const float *unconditional, const float *conditional, gsize n, double guidance_scale);

/* ---- draw.c ---------------------------------------------------------------------------------- */

/* The bucket, of @n with the probabilities softmax (logits), in whose share of [0, 1) @u lies. */
int unclip_draw (const float *logits, int n, double u);

/* ---- ddpm.c: UnCLIPScheduler ------------------------------------------------------------------ */

/* @x: [n] from noise to picture, in place; the last step adds no noise. */
gboolean unclip_ddpm_sample (const UnclipProcess *process, float *x, GError **error);
/**
 * unclip_ddpm_step:
 * @k: which step
 * @n: values, of whatever part of the state
 * @x: [n], becomes the state after the step
 * @out: [n], what the network said; becomes eps
 * @v: (nullable): [n], where the variance is learned
 * @noise: (nullable): [n], standard normal; the last step takes none
 * @x_0: (out caller-allocates): [n]
 *
 * One step of that on a part of a state, for those who cannot hold the whole several times.
 */
void     unclip_ddpm_step   (const UnclipProcess *process, int k, gsize n, float *x, float *out, const float *v, const float *noise, float *x_0);

/* ---- prediction.c: dynamic thresholding --------------------------------------------------------- */

/* The quantile @ratio of |x_0| [n], linear between its order statistics, brought into 1 to @most. */
float unclip_threshold (const float *x_0, gsize n, float ratio, float most);

/* ---- dpm.c ----------------------------------------------------------------------------------------- */

/**
 * unclip_dpm_sample:
 * @x: (array length=n): from noise to picture, in place
 * @eta: 0 (deterministic, DPM-Solver++ 2M) to 1 (as noisy as DDPM, SDE-DPM-Solver++ 2M)
 *
 * Second order: needs about half the steps. Timesteps as for DDIM, trailing.
 */
gboolean unclip_dpm_sample (const UnclipProcess *process, float *x, double eta, GError **error);

/* ---- ddim.c -------------------------------------------------------------------------------------- */

/**
 * unclip_ddim_sample:
 * @x: (array length=n): x_T, becomes x_0
 * @eta: 0 (deterministic) to 1 (as noisy as DDPM); noise is asked for only where its factor is not 0
 */
gboolean unclip_ddim_sample (const UnclipProcess *process, float *x, double eta, GError **error);

/* ---- pndm.c --------------------------------------------------------------------------------------- */

/* @x: [n], from noise to picture, in place. Without noise of its own; the network is asked once more than there are steps. */
gboolean unclip_pndm_sample (const UnclipProcess *process, float *x, GError **error);

/* ---- sampler.c: from noise to what is new ------------------------------------------------------------- */

/**
 * UnclipSamplerKind:
 * @timesteps: what it visits, falling; transfer full
 * @sample: @x from noise to the clean state, in place
 */
typedef struct
{
  int     *(*timesteps) (const UnclipSchedule *schedule, int n_steps);
  gboolean (*sample)    (const UnclipProcess *process, float *x, GError **error);
} UnclipSamplerKind;

/* @sampler: not %UNCLIP_SAMPLER_DEFAULT */
const UnclipSamplerKind *unclip_sampler_kind (UnclipSampler sampler);

/* ---- inversion.c ------------------------------------------------------------------------------------ */

typedef enum
{
  UNCLIP_INVERT_DDIM,        /* the paper's: eps is asked at the target's time */
  UNCLIP_INVERT_FIXED_POINT, /* each step solved by iteration */
  UNCLIP_INVERT_BDIA,        /* a second state makes each step reversible */
  UNCLIP_INVERT_RESIDUALS,   /* plain, and what each sampling step then misses is kept */
  UNCLIP_INVERT_DDPM         /* each state noised anew from the picture, and what each ancestral step then misses is kept */
} UnclipInvertMethod;

/**
 * UnclipTrace:
 * @method: how it was made, and so how it is run back
 * @x_T: (array length=n)
 * @x_T_1: (array length=n) (nullable): BDIA's second state, one step before the end
 * @residuals: (array length=n_steps*n) (nullable): what step k of the way back, counted from x_T, lacks
 *
 * What an inversion keeps. The arrays are owned.
 */
typedef struct
{
  UnclipInvertMethod method;
  gsize              n;
  int                n_steps;
  float             *x_T, *x_T_1, *residuals;
} UnclipTrace;

void unclip_trace_free (UnclipTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipTrace, unclip_trace_free)

/**
 * unclip_invert_trace:
 * @x_0: (array length=n): the picture; not changed
 * @n_iterations: of the fixed point, per step; others ignore it
 *
 * Runs @process backwards (rising timesteps); @after sees the states. DDIM states are never clipped on the way.
 * With BDIA, residuals and DDPM the way back with the same network returns x_0 but for rounding.
 * Costs n_steps network calls; fixed point that times 1 + @n_iterations; residuals twice. DDPM draws noise from
 * @process (step k for the state at timesteps[k]).
 *
 * Source: arXiv 2204.06125, section 3 (DDIM); 2307.10829 (BDIA); 2310.01506 (residuals); 2304.06140 (DDPM).
 */
UnclipTrace *unclip_invert_trace (const UnclipProcess *process, const float *x_0, UnclipInvertMethod method, int n_iterations, GError **error);

/**
 * unclip_trace_sample:
 * @x: (out caller-allocates) (array length=n): x_0
 * @eta: as unclip_ddim_sample(); DDPM traces ignore it
 * @keep: how much of what the trace holds besides x_T to use, 1 to return the picture, 0: plain DDIM from x_T
 *
 * The way back, perhaps with another network than the way there: an edit.
 */
gboolean unclip_trace_sample (const UnclipProcess *process, const UnclipTrace *trace, double eta, double keep, float *x, GError **error);

/* ---- slerp.c -------------------------------------------------------------------------------------------- */

/* out = v / |v|; a zero vector stays zero. Returns |v|. */
double   unclip_normalise (float *out, const float *v, gsize n);
/**
 * unclip_slerp:
 * @theta: 0 (@a) to 1 (@b); the angle is the true one, from 2 atan2 (|a - b|, |a + b|) of the unit vectors
 * @out: (out caller-allocates) (array length=n): unit length
 *
 * Nearly parallel ends: normalised linear interpolation. Exactly opposite ones: there is no way; @a in the middle.
 */
void     unclip_slerp     (float *out, const float *a, const float *b, gsize n, double theta);
/**
 * unclip_weighted_mean:
 * @z: (array length=n_z): embeddings [n]
 * @weights: (array length=n_z): finite, of a sum above 0; may be negative
 * @out: (out caller-allocates) (array length=n): in the direction of the weighted sum, as long as the embeddings are in the mean, weighted by
 *   the weights' sizes
 *
 * Errors: %UNCLIP_ERROR_ARGUMENT if nothing is left of the sum.
 */
gboolean unclip_weighted_mean (float *out, const float *const *z, const double *weights, int n_z, gsize n, GError **error);
/* out = norm (z_t - z_t0); %UNCLIP_ERROR_ARGUMENT if the captions mean the same. arXiv 2204.06125, section 3.3. */
gboolean unclip_text_diff (float *z_d, const float *z_t, const float *z_t0, gsize n, GError **error);

G_END_DECLS
