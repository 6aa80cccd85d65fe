/* What the tasks of `unclip eval` share: the job that each is given, the way tensors come in and go out,
 * and the loops. Golden files hold pictures as NCHW, everything inside is NHWC; it is turned here, at the
 * door. eval.c has the table of tasks, eval-inputs.c what makes the networks' inputs, eval-nets.c single
 * networks, eval-autoregressive.c the prior that draws codes, eval-autoencoder.c
 * pictures to latents and back, eval-loops.c loops of the UnCLIP scheduler, eval-ddim.c those of DDIM, eval-pipelines.c all
 * stages in a row.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "stages.h"

G_BEGIN_DECLS

/**
 * UnclipEval:
 * @in: the named tensors of the input file; %NULL for the tasks that do not take tensors
 * @out: every output goes here, under the golden file's name, shape and dtype
 * @settings: (nullable): NULL-terminated "key=value", all of keys that the task knows
 * @image: (nullable): a picture given along with the tensors
 */
typedef struct
{
  UnclipModel         *model;
  BkContext           *context; /* threads and precision */
  const char          *in_path, *out_path;
  UnclipTensors       *in, *out;
  const char *const   *settings;
  const UnclipImage   *image;
  const UnclipOptions *options;
  double               from, to; /* share of the job that runs now, 0 to 1 */
} UnclipEval;

/* ---- eval-io.c ------------------------------------------------------------------- */

/* %G_IO_ERROR_CANCELLED if the user gave up. */
gboolean unclip_eval_check_cancelled (const UnclipEval *eval, GError **error);
/* Reports that @step of @n_steps of what runs now is done; the same. */
gboolean unclip_eval_step            (const UnclipEval *eval, const char *stage, int step, int n_steps, GError **error);
/* Zero-filled; %NULL with %UNCLIP_ERROR_MEMORY. transfer full, g_free () it. */
float   *unclip_eval_new             (gsize n, GError **error);

gboolean unclip_eval_has (const UnclipEval *eval, const char *name);
/**
 * unclip_eval_floats:
 * @dims: (inout) (array length=n_dims): the sizes that it must have, -1 for any from 1 up; then those it has
 *
 * The next two read in the same way. Each error is one sentence that names the file and the tensor.
 * Returns: (transfer none)
 */
const float *unclip_eval_floats   (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error);
/* Pictures […, c, h, w] as they lie in the file; returns […, h, w, c]. transfer full, g_free () it. */
float       *unclip_eval_pictures (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error);
/* Timesteps, ids and masks (int64, int32, uint8 or bool), checked to fit an int and not to be negative.
 * transfer full, g_free () it. */
int         *unclip_eval_ints     (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error);

/* %UNCLIP_ERROR_MODEL if two components of the model disagree in a size. */
gboolean unclip_eval_check_fit (const UnclipEval *eval, const char *what, int a, const char *of_what, int b, GError **error);

/* Adds a float output and returns its values, to be filled in. */
float   *unclip_eval_add          (UnclipEval *eval, const char *name, int n_dims, const int *dims, GError **error);
/* Adds […, h, w, c] as pictures […, c, h, w], whose sizes @dims are. */
gboolean unclip_eval_add_pictures (UnclipEval *eval, const char *name, const float *nhwc, int n_dims, const int *dims, GError **error);
gboolean unclip_eval_add_ints     (UnclipEval *eval, const char *name, const int *values, int n, GError **error);

/* "key=value" of the settings; %NULL / @fallback where it is not given. */
const char *unclip_eval_setting        (const UnclipEval *eval, const char *key);
gboolean    unclip_eval_setting_double (const UnclipEval *eval, const char *key, double fallback, double min, double max, double *out, GError **error);
gboolean    unclip_eval_setting_int    (const UnclipEval *eval, const char *key, int fallback, int min, int max, int *out, GError **error);

/* ---- the decoder's condition: eval-nets.c --------------------------------------------- */

/**
 * UnclipEvalCondition:
 * @context: [n_rows, n_tokens, context_width]
 * @mask: (nullable): [n_rows, n_tokens]
 * @time: [n_rows, time_width]
 * @n_rows: under guidance first all the unconditional rows, then as many conditional ones
 */
typedef struct
{
  float *context, *time;
  int   *mask;
  int    n_rows, n_tokens, context_width, time_width;
} UnclipEvalCondition;

/* From encoder_hidden_states, attention_mask and class_labels of the input file, or from its image_embeds where the decoder takes z_i alone. */
gboolean unclip_eval_condition_read  (UnclipEvalCondition *condition, const UnclipEval *eval, UnclipUnet *unet, GError **error);
void     unclip_eval_condition_clear (UnclipEvalCondition *condition);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipEvalCondition, unclip_eval_condition_clear)

/* Of unconditional rows and as many conditional ones the two that belong to row @row of a batch of @n; where
 * there is only one pair it serves every row. transfer full, g_free () it. */
gpointer unclip_eval_pair        (gconstpointer rows, int n_rows, int row, gsize row_size);
/* Whether there is one pair of rows, or @n. */
gboolean unclip_eval_check_pairs (const UnclipEval *eval, const char *name, int n_rows, int n, GError **error);

/* The decoder with its condition for row @row of a batch. */
gboolean unclip_eval_guided_decoder (UnclipGuidedDecoder *guided, UnclipUnet *unet, const UnclipEvalCondition *condition,
                                     int row, int size, double guidance_scale, GError **error);

/* The network at every timestep, its results one after the other under @name. @dims: of @sample; the condition is set */
gboolean unclip_eval_predict         (UnclipEval *eval, UnclipUnet *unet, const float *sample, const int dims[4], const int *timesteps, int n_timesteps,
                                      const char *stage, const char *name, GError **error);
/* %UNCLIP_ERROR_MODEL unless z_i alone conditions the decoder. */
gboolean unclip_eval_check_sees_image (const UnclipEval *eval, const UnclipUnet *unet, GError **error);
/* The embedding that is guided away from, as output negative_image_embeds; nothing where the model has none. */
gboolean unclip_eval_add_negative    (UnclipEval *eval, GError **error);

/* ---- the tasks: each reads @in and fills @out --------------------------------------- */

/* eval-inputs.c */
gboolean unclip_eval_preprocess    (UnclipEval *eval, GError **error); /* @image to rgb8, pixel_values */
/* Reads and writes JSON itself: @in is %NULL, @out stays empty. */
gboolean unclip_eval_tokenizer     (UnclipEval *eval, GError **error);
/* @image as the image encoder takes it; %NULL with an error that says to give one. transfer full: [size, size, 3],
 * and in @rgb8 (nullable) the same in 8 bits. */
float   *unclip_eval_pixel_values  (const UnclipEval *eval, int *w, int *h, guint8 **rgb8, GError **error);

/* eval-nets.c */
gboolean unclip_eval_text_encoder  (UnclipEval *eval, GError **error);
gboolean unclip_eval_image_encoder (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior         (UnclipEval *eval, GError **error);
gboolean unclip_eval_text_proj     (UnclipEval *eval, GError **error);
gboolean unclip_eval_decoder       (UnclipEval *eval, GError **error);
gboolean unclip_eval_super_res     (UnclipEval *eval, GError **error);

/* eval-loops.c. What the settings do not give the options do, then the file, and guidance scales and the
 * prompt the manifest, so that a golden file alone is enough. */
gboolean unclip_eval_slerp          (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior_loop     (UnclipEval *eval, GError **error);
gboolean unclip_eval_decoder_loop   (UnclipEval *eval, GError **error);
gboolean unclip_eval_super_res_loop (UnclipEval *eval, GError **error);
gboolean unclip_eval_img2img        (UnclipEval *eval, GError **error);

/* eval-autoregressive.c */
gboolean unclip_eval_prior_autoregressive      (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior_autoregressive_loop (UnclipEval *eval, GError **error);

/* eval-autoencoder.c, of an autoencoder that has the parts that they name */
gboolean unclip_eval_autoencoder_kl          (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error); /* encoder, decoder */
gboolean unclip_eval_autoencoder_movq_encode (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error); /* encoder */
gboolean unclip_eval_autoencoder_movq_decode (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error); /* decoder, codebook */

/* eval-kandinsky.c */
gboolean unclip_eval_unet                (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior_loop_negative (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior_interpolate   (UnclipEval *eval, GError **error);
gboolean unclip_eval_movq_encode         (UnclipEval *eval, GError **error);
gboolean unclip_eval_movq_decode         (UnclipEval *eval, GError **error);

/* eval-stable.c, of Stable unCLIP's networks */
gboolean unclip_eval_stable_unet         (UnclipEval *eval, UnclipUnet *unet, GError **error);
/* @schedule: of which the timesteps are; @autoencoder: its decoder makes the pictures */
gboolean unclip_eval_stable_sampler_loop (UnclipEval *eval, UnclipUnet *unet, UnclipSchedule *schedule, UnclipAutoencoder *autoencoder, GError **error);
gboolean unclip_eval_stable_ddim         (UnclipEval *eval, UnclipUnet *unet, UnclipSchedule *schedule, UnclipAutoencoder *autoencoder, GError **error);

/* eval-ddim.c */
gboolean unclip_eval_ddim           (UnclipEval *eval, GError **error);

/* eval-pipelines.c. variation takes @image; without it the file's pixel_values or image_embeds serve. */
gboolean unclip_eval_variation      (UnclipEval *eval, GError **error);
gboolean unclip_eval_text2image     (UnclipEval *eval, GError **error);

G_END_DECLS
