/* The door of nets: tokenizer, towers, prior, text projection, UNets, autoencoders.
 *
 * Each network is made from one component of a model ("new" reads config and weights and packs
 * them), is used any number of times, and is freed when its stage ends. Pictures at this door are
 * NHWC float32; token ids and masks are int. Working memory is measured on the first call of each
 * shape and then kept. Every call can fail with %UNCLIP_ERROR_MEMORY; "new" also with
 * %UNCLIP_ERROR_MODEL, %UNCLIP_ERROR_FILE, %UNCLIP_ERROR_MISSING.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "files.h"
#include "pca.h"

G_BEGIN_DECLS

/* ---- tokenizer.c ----------------------------------------------------------- */

/* CLIP's byte-level BPE, as the fast tokenizer does it: NFC, white space runs to one space, lower
 * case, "</w>" endings. */
typedef struct _UnclipTokenizer UnclipTokenizer;

UnclipTokenizer *unclip_tokenizer_new        (UnclipModel *model, GError **error);
void             unclip_tokenizer_free       (UnclipTokenizer *tokenizer);
int              unclip_tokenizer_max_length (const UnclipTokenizer *tokenizer); /* 77 in Karlo */
/* Adds all that its results follow from to @sum, however the files put it. */
void             unclip_tokenizer_digest     (const UnclipTokenizer *tokenizer, GChecksum *sum);
/**
 * unclip_tokenizer_encode:
 * @input_ids: (out caller-allocates): [max_length], padded with the pad token's id
 * @attention_mask: (out caller-allocates): [max_length], 1 = token, 0 = padding
 *
 * Longer texts keep the first max_length - 2 tokens and the end token.
 * Returns: number of tokens before truncation, start and end included
 */
int              unclip_tokenizer_encode     (const UnclipTokenizer *tokenizer, const char *text, int *input_ids, int *attention_mask);
/* How many words of @text, as spaces part them, do not go in or not to their end. */
int              unclip_tokenizer_words_cut  (const UnclipTokenizer *tokenizer, const char *text);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipTokenizer, unclip_tokenizer_free)

/* ---- text-tower.c, image-tower.c ------------------------------------------------ */

typedef struct _UnclipTextTower UnclipTextTower;

UnclipTextTower *unclip_text_tower_new    (UnclipModel *model, BkContext *context, GError **error);
void             unclip_text_tower_free   (UnclipTextTower *tower);
int              unclip_text_tower_width  (const UnclipTextTower *tower); /* of last_hidden_state */
int              unclip_text_tower_dim    (const UnclipTextTower *tower); /* of text_embeds; 0: there is no projection, and text_embeds has to be NULL */
int              unclip_text_tower_length (const UnclipTextTower *tower); /* tokens per text */
gsize            unclip_text_tower_weights_size (const UnclipTextTower *tower); /* bytes, packed */
/* input_ids [n, t], t up to the length: a token does not see those behind it, so that padding may be left out;
 * last_hidden_state [n, t, width] after the final layer norm (nullable);
 * text_embeds [n, dim] of the end-of-text position, projected, not normalised. */
gboolean         unclip_text_tower_encode (UnclipTextTower *tower, const int *input_ids, int n, int t, float *last_hidden_state, float *text_embeds, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipTextTower, unclip_text_tower_free)

typedef struct _UnclipImageTower UnclipImageTower;

UnclipImageTower *unclip_image_tower_new      (UnclipModel *model, BkContext *context, GError **error);
void              unclip_image_tower_free     (UnclipImageTower *tower);
int               unclip_image_tower_size     (const UnclipImageTower *tower); /* pixels per side */
int               unclip_image_tower_width    (const UnclipImageTower *tower);
int               unclip_image_tower_n_tokens (const UnclipImageTower *tower); /* class token included */
int               unclip_image_tower_dim      (const UnclipImageTower *tower);
gsize             unclip_image_tower_weights_size (const UnclipImageTower *tower); /* bytes, packed */
/* pixel_values [n, size, size, 3]; last_hidden_state (nullable) [n, n_tokens, width] before
 * post_layernorm; image_embeds [n, dim], not normalised. */
gboolean          unclip_image_tower_encode   (UnclipImageTower *tower, const float *pixel_values, int n, float *last_hidden_state, float *image_embeds, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipImageTower, unclip_image_tower_free)

/* ---- prior.c ------------------------------------------------------------------- */

typedef struct _UnclipPrior UnclipPrior;

UnclipPrior *unclip_prior_new     (UnclipModel *model, BkContext *context, GError **error);
void         unclip_prior_free    (UnclipPrior *prior);
int          unclip_prior_dim     (const UnclipPrior *prior);    /* of z_i */
int          unclip_prior_length  (const UnclipPrior *prior);    /* text tokens */
gsize        unclip_prior_weights_size (const UnclipPrior *prior); /* bytes, packed */
/* clip_mean and clip_std, [dim] each; transfer none. z_i = x * std + mean. */
const float *unclip_prior_mean    (const UnclipPrior *prior);
const float *unclip_prior_std     (const UnclipPrior *prior);
/**
 * unclip_prior_predict:
 * @x_t: [n, dim] noised image embeddings, whitened
 * @t: timestep, the same for all
 * @z_t: [n, dim] text embeddings (proj_embedding)
 * @text_states: [n, n_tokens, width of the text tower]
 * @text_mask: (nullable): [n, n_tokens], 1 = token
 * @n_tokens: up to the length: padding behind the longest text may be left out
 * @x_0: (out caller-allocates): [n, dim] predicted un-noised embeddings, whitened, not clamped
 */
gboolean     unclip_prior_predict (UnclipPrior *prior, const float *x_t, int t, const float *z_t, const float *text_states, const int *text_mask, int n_tokens, int n, float *x_0, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipPrior, unclip_prior_free)

/* ---- prior-autoregressive.c ------------------------------------------------------- */

typedef struct _UnclipPriorAutoregressive UnclipPriorAutoregressive;

UnclipPriorAutoregressive *unclip_prior_autoregressive_new    (UnclipModel *model, BkContext *context, GError **error);
void                       unclip_prior_autoregressive_free   (UnclipPriorAutoregressive *prior);
int                        unclip_prior_autoregressive_length (const UnclipPriorAutoregressive *prior); /* text tokens */
gsize                      unclip_prior_autoregressive_weights_size (const UnclipPriorAutoregressive *prior); /* bytes, packed */
/* Principal components and their buckets, which the codes are numbers of; transfer none. */
const UnclipPca           *unclip_prior_autoregressive_pca    (const UnclipPriorAutoregressive *prior);
int                        unclip_prior_autoregressive_n_dots (const UnclipPriorAutoregressive *prior); /* buckets of the cosine */
/* The bucket of the cosine of z_i and z_t, [dim] each. */
int                        unclip_prior_autoregressive_dot    (const UnclipPriorAutoregressive *prior, const float *z_i, const float *z_t);
/**
 * unclip_prior_autoregressive_begin:
 * @z_t: [n, dim] text embeddings
 * @text_states: [n, n_tokens, dim] of the text tower
 * @text_mask: (nullable): [n, n_tokens], 1 = token
 * @n_tokens: up to the length: padding behind the longest text may be left out
 * @dots: [n], buckets of the cosine of z_i and z_t; n_dots: there is no caption
 * @codes: [n, n_codes], the codes that are known; 0 to all but the last
 * @logits: (out caller-allocates): [n, n_codes + 1, n_buckets] of codes 0 to n_codes
 *
 * One pass over the caption and @codes. Their keys and values are kept, until the next call, for
 * unclip_prior_autoregressive_next().
 * Errors: %UNCLIP_ERROR_MEMORY.
 */
gboolean unclip_prior_autoregressive_begin (UnclipPriorAutoregressive *prior, const float *z_t, const float *text_states, const int *text_mask, int n_tokens,
                                            const int *dots, const int *codes, int n_codes, int n, float *logits, GError **error);
/* One more code for each row, @codes [n], and the logits [n, n_buckets] of the code after it. Not after the last code. */
gboolean unclip_prior_autoregressive_next  (UnclipPriorAutoregressive *prior, const int *codes, float *logits, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipPriorAutoregressive, unclip_prior_autoregressive_free)

/* ---- text-proj.c ----------------------------------------------------------------- */

typedef struct _UnclipTextProj UnclipTextProj;

UnclipTextProj *unclip_text_proj_new           (UnclipModel *model, BkContext *context, GError **error);
void            unclip_text_proj_free          (UnclipTextProj *proj);
int             unclip_text_proj_dim           (const UnclipTextProj *proj);   /* of z_i, z_t and the text states */
int             unclip_text_proj_n_extra       (const UnclipTextProj *proj);   /* context tokens from z_i */
int             unclip_text_proj_context_width (const UnclipTextProj *proj);
int             unclip_text_proj_time_width    (const UnclipTextProj *proj);
gsize           unclip_text_proj_weights_size  (const UnclipTextProj *proj); /* bytes, packed */
/* The embedding that stands for "no picture" under classifier-free guidance, [dim of z_i]; transfer none. */
const float    *unclip_text_proj_unconditional (const UnclipTextProj *proj);
/**
 * unclip_text_proj_run:
 * @z_i: [n, dim]; rows that are unconditional hold unclip_text_proj_unconditional()
 * @z_t: [n, dim] text_embeds
 * @text_states: [n, t, width of the text tower]
 * @context: (out caller-allocates): [n, n_extra + t, context_width], extra tokens first
 * @time: (out caller-allocates): [n, time_width], is added to the decoder's time embedding
 */
gboolean        unclip_text_proj_run           (UnclipTextProj *proj, const float *z_i, const float *z_t, const float *text_states, int n, int t, float *context, float *time, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipTextProj, unclip_text_proj_free)

/* ---- unet.c: decoder and upsamplers, one code ---------------------------------------- */

typedef struct _UnclipUnet UnclipUnet;

/* @component: "decoder", "super_res_first", "super_res_last", … */
UnclipUnet *unclip_unet_new          (UnclipModel *model, const char *component, BkContext *context, GError **error);
void        unclip_unet_free         (UnclipUnet *unet);
int         unclip_unet_in_channels  (const UnclipUnet *unet);
int         unclip_unet_out_channels (const UnclipUnet *unet);
int         unclip_unet_sample_size  (const UnclipUnet *unet); /* pixels per side it was trained for */
int         unclip_unet_multiple     (const UnclipUnet *unet); /* sides must be multiples of this */
gboolean    unclip_unet_is_conditional (const UnclipUnet *unet);
int         unclip_unet_context_width (const UnclipUnet *unet); /* 0 if it is not conditional */
int         unclip_unet_time_width   (const UnclipUnet *unet); /* of what is added to the time embedding, or of the class labels that it makes that of */
/* Of the z_i that alone conditions it, and how many context tokens it makes of one; the former is 0 for those that are given context and time. */
int         unclip_unet_image_dim    (const UnclipUnet *unet);
int         unclip_unet_image_tokens (const UnclipUnet *unet);
/**
 * unclip_unet_embed:
 * @z_i: [n, dim]
 * @context: (out caller-allocates): [n, image tokens, context width]
 * @time: (out caller-allocates): [n, time width]
 *
 * What unclip_unet_set_context() takes, of one that z_i alone conditions.
 */
gboolean    unclip_unet_embed        (UnclipUnet *unet, const float *z_i, int n, float *context, float *time, GError **error);
/**
 * unclip_unet_set_context:
 * @context: [n, t, context width], as unclip_text_proj_run() gives it
 * @context_mask: (nullable): [n, t], 1 = attend
 * @time: (nullable): [n, time width], added to the time embedding, once projected where that is its own to do
 *
 * What stays the same over all steps of a loop; the context's keys and values are computed here, once.
 * Only for conditional UNets, and needed before the first predict.
 */
gboolean    unclip_unet_set_context  (UnclipUnet *unet, const float *context, const int *context_mask, const float *time, int n, int t, GError **error);
/**
 * unclip_unet_predict:
 * @x: [n, h, w, in_channels]; n as in set_context
 * @out: (out caller-allocates): [n, h, w, out_channels]
 * Errors: %UNCLIP_ERROR_ARGUMENT if a side is not a multiple of unclip_unet_multiple()
 */
gboolean    unclip_unet_predict      (UnclipUnet *unet, const float *x, int t, int n, int h, int w, float *out, GError **error);
/* Bytes of packed weights, and of working memory for the last shape. */
gsize       unclip_unet_weights_size (const UnclipUnet *unet);
gsize       unclip_unet_working_size (const UnclipUnet *unet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipUnet, unclip_unet_free)

/* ---- autoencoder/: between pictures and latents ------------------------------------------- */

typedef struct _UnclipAutoencoder UnclipAutoencoder;

/* What is to be made of one; a job needs one at a time. */
typedef enum
{
  UNCLIP_AUTOENCODER_ENCODER = 1 << 0,
  UNCLIP_AUTOENCODER_DECODER = 1 << 1,
  UNCLIP_AUTOENCODER_CODEBOOK = 1 << 2, /* MoVQ's, which no pipeline uses; of KL nothing */
  UNCLIP_AUTOENCODER_ALL = (1 << 3) - 1
} UnclipAutoencoderParts;

/* @component: "vae", "movq" */
UnclipAutoencoder *unclip_autoencoder_new        (UnclipModel *model, const char *component, UnclipAutoencoderParts parts, BkContext *context, GError **error);
void               unclip_autoencoder_free       (UnclipAutoencoder *autoencoder);
int                unclip_autoencoder_n_latents  (const UnclipAutoencoder *autoencoder); /* channels of a latent */
int                unclip_autoencoder_factor     (const UnclipAutoencoder *autoencoder); /* pixels of a picture's side for one of its latents' */
/* What latents are multiplied by to be a decoder's state, which is divided by it before it is decoded: KL's scaling_factor; 1 of MoVQ. */
double             unclip_autoencoder_scale      (const UnclipAutoencoder *autoencoder);
gboolean           unclip_autoencoder_has_variance (const UnclipAutoencoder *autoencoder); /* KL's encoder */
/**
 * unclip_autoencoder_encode:
 * @x: [n, h, w, 3], -1 to 1; h and w multiples of the factor
 * @mean: (out caller-allocates): [n, h / factor, w / factor, n_latents]: what latents are, of KL on the average; not scaled, not quantised
 * @log_variance: (nullable) (out caller-allocates): likewise, of those that have one, from -30 to 20
 */
gboolean unclip_autoencoder_encode (UnclipAutoencoder *autoencoder, const float *x, int n, int h, int w, float *mean, float *log_variance, GError **error);
/* @z: [n, h, w, n_latents], not scaled; @x: (out caller-allocates): [n, h * factor, w * factor, 3], about -1 to 1, not clamped */
gboolean unclip_autoencoder_decode (UnclipAutoencoder *autoencoder, const float *z, int n, int h, int w, float *x, GError **error);
/* @z: [n_pixels, n_latents]; @indices: (out caller-allocates): [n_pixels], entries of the codebook that are nearest;
 * @quantised: (out caller-allocates): those entries. May be @z. Only with the codebook. */
void     unclip_autoencoder_quantise (const UnclipAutoencoder *autoencoder, const float *z, int n_pixels, int *indices, float *quantised);
/* Bytes of packed weights, and of working memory for the last shape. */
gsize    unclip_autoencoder_weights_size (const UnclipAutoencoder *autoencoder);
gsize    unclip_autoencoder_working_size (const UnclipAutoencoder *autoencoder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipAutoencoder, unclip_autoencoder_free)

G_END_DECLS
