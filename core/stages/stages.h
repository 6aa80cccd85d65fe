/* The stages of the pipeline as sampling sees them: each network with its condition and its guidance
 * becomes one UnclipPredict.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "image.h"
#include "nets.h"
#include "sampling.h"

G_BEGIN_DECLS

/**
 * unclip_stage_schedule:
 * @component: "prior_scheduler", "decoder_scheduler", "super_res_scheduler" or "super_res_1024_scheduler"
 *
 * What its scheduler_config.json says, with UnCLIPScheduler's defaults for what it leaves out (and Karlo's
 * three schedulers where the folder is missing). %UNCLIP_ERROR_MODEL for a scheduler that we do not have.
 */
UnclipSchedule *unclip_stage_schedule (UnclipModel *model, const char *component, GError **error);

/* CLIPImageProcessor's numbers; %UNCLIP_ERROR_MODEL for steps that are not CLIP's. */
gboolean unclip_preprocess_load (UnclipModel *model, UnclipPreprocess *preprocess, GError **error);

/* ---- prior ----------------------------------------------------------------------------- */

/**
 * UnclipGuidedPrior:
 * @prior: (transfer none)
 * @z_t: [2, dim], row 0 unconditional
 * @text_states: [2, n_tokens, text_width]
 * @text_mask: (nullable): [2, n_tokens]
 * @n_tokens: as unclip_prior_predict() takes it
 *
 * unclip_guided_prior_predict() is an UnclipPredict on whitened z_i [dim]; its data is this.
 * The rows' arrays are not owned. With guidance_scale 1 only row 1 is computed.
 */
typedef struct
{
  UnclipPrior *prior;
  const float *z_t, *text_states;
  const int   *text_mask;
  int          n_tokens, text_width;
  double       guidance_scale;
} UnclipGuidedPrior;

gboolean unclip_guided_prior_predict (const float *x, int t, float *x_0, float *v, gpointer guided, GError **error);

/* ---- autoregressive prior ----------------------------------------------------------------- */

/**
 * UnclipGuidedAutoregressive:
 * @prior: (transfer none)
 * @z_t: [2, dim], row 0 unconditional
 * @text_states: [2, n_tokens, dim]
 * @text_mask: (nullable): [2, n_tokens]
 * @n_tokens: as unclip_prior_autoregressive_begin() takes it
 *
 * The rows' arrays are not owned. With guidance_scale 1 only row 1 is computed.
 */
typedef struct
{
  UnclipPriorAutoregressive *prior;
  const float *z_t, *text_states;
  const int   *text_mask;
  int          n_tokens;
  double       guidance_scale;
} UnclipGuidedAutoregressive;

/* After code @n_done of @n_codes; %FALSE with an error ends the loop. */
typedef gboolean (*UnclipAfterCode) (int n_done, int n_codes, gpointer data, GError **error);

/**
 * unclip_guided_autoregressive_sample:
 * @uniforms: [1 + n_components] in [0, 1): the first chooses the bucket of the cosine, from the upper half of
 *   its buckets, which hold equal shares of the training pictures; then one for each code
 * @z_i: (out caller-allocates): [dim]
 */
gboolean unclip_guided_autoregressive_sample (const UnclipGuidedAutoregressive *guided, const float *uniforms, float *z_i,
                                              UnclipAfterCode after, gpointer after_data, GError **error);

/* ---- decoder ------------------------------------------------------------------------------ */

/**
 * UnclipGuidedDecoder:
 *
 * The decoder with its condition. unclip_guided_decoder_predict() is an UnclipPredict on states
 * [size, size, n_channels]; its data is this.
 */
typedef struct
{
  UnclipUnet *unet; /* transfer none */
  int         size, n_channels, n_rows;
  double      guidance_scale;
  float      *x, *out; /* owned: the batch, in and out */
} UnclipGuidedDecoder;

/**
 * unclip_guided_decoder_init:
 * @context: [2, n_tokens, context width], row 0 unconditional
 * @context_mask: [2, n_tokens]
 * @time: [2, time width]
 * @guidance_scale: at 1 row 1 alone is used, in a batch of one
 *
 * Errors: %UNCLIP_ERROR_MEMORY.
 */
gboolean unclip_guided_decoder_init    (UnclipGuidedDecoder *guided, UnclipUnet *unet, int size, int n_channels, const float *context, const int *context_mask,
                                        const float *time, int n_tokens, double guidance_scale, GError **error);
void     unclip_guided_decoder_clear   (UnclipGuidedDecoder *guided);
gboolean unclip_guided_decoder_predict (const float *x, int t, float *eps, float *v, gpointer guided, GError **error);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipGuidedDecoder, unclip_guided_decoder_clear)

/* ---- upsampler --------------------------------------------------------------------------------- */

/* Bytes: of an upsampler's two networks two larger ones are not held together. */
#define UNCLIP_LARGE_NETWORK ((gsize) 1 << 30)

/**
 * UnclipUpsampler:
 *
 * An upsampler on one low-resolution picture: super_res_first with super_res_last, or super_res_1024.
 * unclip_upsampler_predict() is an UnclipPredict on pictures [height, width, 3]; its data is this.
 */
typedef struct
{
  UnclipModel *model;        /* owned */
  BkContext   *context;      /* transfer none */
  const char  *component;    /* of the first network */
  UnclipUnet  *first, *last; /* owned; each is loaded when its first step comes */
  gboolean     has_last;     /* else first serves every step */
  int          width, height;
  int          last_t;       /* the timestep that super_res_last serves */
  float        residual_scale; /* of what is added to the enlarged picture; 0: the networks give no residual */
  float       *enlarged;     /* owned: [height, width, 3] */
  float       *x, *out;      /* owned: [height, width, 6] and the output */
} UnclipUpsampler;

/* The noise schedule that goes with it. */
UnclipSchedule *unclip_upsampler_schedule (UnclipModel *model, const char *component, GError **error);
/* @component: "super_res_first", or "super_res_1024", which has no other network for its last step */
gboolean unclip_upsampler_init      (UnclipUpsampler *upsampler, UnclipModel *model, const char *component, BkContext *context, GError **error);
void     unclip_upsampler_clear     (UnclipUpsampler *upsampler);
/* Room for a picture of that size; what it is to show, upsampler->enlarged, is the caller's to fill. */
gboolean unclip_upsampler_resize    (UnclipUpsampler *upsampler, int width, int height, int last_t, GError **error);
/* @low: [low_size, low_size, 3], in [-1, 1]: enlarged bicubically to @size, with antialias, not clamped after. @last_t: of the loop's timesteps, the last. */
gboolean unclip_upsampler_condition (UnclipUpsampler *upsampler, const float *low, int low_size, int size, int last_t, GError **error);
gboolean unclip_upsampler_predict   (const float *x, int t, float *eps, float *v, gpointer upsampler, GError **error);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipUpsampler, unclip_upsampler_clear)

G_END_DECLS
