/* What the tasks of `unclip eval` share: the job that each is given, and the way tensors come in and go
 * out. Golden files hold pictures as NCHW, everything inside is NHWC; it is turned here, at the door.
 * eval.c has the table of tasks, eval-nets.c single networks, eval-loops.c whole loops and pipelines.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

/**
 * UnclipEval:
 * @in: the named tensors of the input file; %NULL for the tasks that do not take tensors
 * @out: every output goes here, under the golden file's name, shape and dtype
 * @settings: (nullable): NULL-terminated "key=value"
 * @image: (nullable): a picture given along with the tensors
 */
typedef struct
{
  UnclipModel         *model;
  const char          *in_path, *out_path;
  UnclipTensors       *in, *out;
  const char *const   *settings;
  const UnclipImage   *image;
  const UnclipOptions *options;
} UnclipEval;

/* ---- eval-io.c ------------------------------------------------------------------- */

/* %G_IO_ERROR_CANCELLED if the user gave up. */
gboolean unclip_eval_check_cancelled (const UnclipEval *eval, GError **error);

/**
 * unclip_eval_pictures:
 * @name: a float tensor of at least 3 dimensions, […, c, h, w]
 * @dims: (out caller-allocates): n (product of all leading dimensions), h, w, c
 *
 * Returns: (transfer full): [n, h, w, c], g_free () it; %NULL with one clear sentence
 */
float *unclip_eval_pictures (const UnclipEval *eval, const char *name, int dims[4], GError **error);
/**
 * unclip_eval_ints:
 * @n_dims: exactly so many; 0: any
 * @dims: (out caller-allocates) (nullable): [n_dims]
 *
 * Timesteps, ids and masks (int64 or int32), checked to fit an int.
 * Returns: (transfer full): g_free () it
 */
int   *unclip_eval_ints     (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error);

/* Whether a size is as wanted; else %UNCLIP_ERROR_FILE that names the tensor and both numbers. */
gboolean unclip_eval_check_dim (const UnclipEval *eval, const char *name, int dim, int wanted, GError **error);

/* Adds a float output of these dimensions (ints follow) and returns its values, to be filled in. */
float   *unclip_eval_add          (UnclipEval *eval, const char *name, GError **error, int n_dims, ...);
/* Adds pictures [n, h, w, c] as […, c, h, w]; @leading are the dimensions before c, their product n. */
gboolean unclip_eval_add_pictures (UnclipEval *eval, const char *name, const float *nhwc, int h, int w, int c,
                                   GError **error, int n_leading, ...);
gboolean unclip_eval_add_ints     (UnclipEval *eval, const char *name, const int *values, GError **error, int n_dims, ...);

/* "key=value" of the settings; %NULL / @fallback where it is not given. */
const char *unclip_eval_setting        (const UnclipEval *eval, const char *key);
gboolean    unclip_eval_setting_double (const UnclipEval *eval, const char *key, double fallback, double *out, GError **error);
gboolean    unclip_eval_setting_int    (const UnclipEval *eval, const char *key, int fallback, int min, int max, int *out, GError **error);

/* ---- the tasks: each reads @in and fills @out --------------------------------------- */

/* eval-nets.c */
gboolean unclip_eval_text_encoder  (UnclipEval *eval, GError **error);
gboolean unclip_eval_image_encoder (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior         (UnclipEval *eval, GError **error);
gboolean unclip_eval_text_proj     (UnclipEval *eval, GError **error);
gboolean unclip_eval_decoder       (UnclipEval *eval, GError **error);
gboolean unclip_eval_super_res     (UnclipEval *eval, GError **error);
gboolean unclip_eval_preprocess    (UnclipEval *eval, GError **error); /* @image to rgb8, pixel_values */
/* Reads and writes JSON itself: @in is %NULL, @out stays empty. */
gboolean unclip_eval_tokenizer     (UnclipEval *eval, GError **error);

/* eval-loops.c. Settings: guidance_scale, prior_guidance_scale, prior_n_steps, n_steps, super_res_n_steps,
 * prompt (text2image and variation); where they are not given the manifest's values hold, so that a golden
 * file alone is enough (text2image: "a photo of a cat sitting on a mat"; variation: ""). */
gboolean unclip_eval_slerp          (UnclipEval *eval, GError **error);
gboolean unclip_eval_prior_loop     (UnclipEval *eval, GError **error);
gboolean unclip_eval_decoder_loop   (UnclipEval *eval, GError **error);
gboolean unclip_eval_super_res_loop (UnclipEval *eval, GError **error);
gboolean unclip_eval_ddim           (UnclipEval *eval, GError **error);
gboolean unclip_eval_variation      (UnclipEval *eval, GError **error); /* needs @image */
gboolean unclip_eval_text2image     (UnclipEval *eval, GError **error);

G_END_DECLS
