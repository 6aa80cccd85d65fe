/* The door of libunclip: everything that plugin/, cli/ and other programs see.
 *
 * A picture x becomes its bipartite latents (z_i, x_T) and is decoded from them again, after an
 * edit by meaning. Every long call takes UnclipOptions with a progress callback and a GCancellable,
 * returns %NULL or %FALSE with a GError on failure, and touches nothing but its results.
 * Pictures of any size go in, and are framed as options->framing says; what comes out are squares of
 * options->size, which unclip_frame_return() brings back to the picture's own size and shape.
 *
 * Source: arXiv 2204.06125.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base/error.h"
#include "base/job.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/part.h"
#include "files/model.h"

G_BEGIN_DECLS

/* ---- from a picture of any shape to the model's square, and back (image/framing.c, framing-return.c) ----- */

/**
 * UnclipRows:
 * @n_channels: 3 (RGB) or 4 (RGB and straight alpha)
 * @read: fills @rows [n, width, n_channels], sRGB-encoded, with rows @y to @y + @n - 1 of the picture; called on the caller's thread, from
 *   top to bottom, with as many rows as come to a megapixel
 *
 * A picture of any size that stays where it is: nobody needs to hold it in float.
 */
typedef struct
{
  int      width, height, n_channels;
  gboolean (*read) (int y, int n, float *rows, gpointer data, GError **error);
  gpointer data;
} UnclipRows;

/* Takes rows as UnclipRows gives them, on the caller's thread, each after it was read. */
typedef gboolean (*UnclipWriteRows) (int y, int n, const float *rows, gpointer data, GError **error);

/**
 * unclip_frame_reduce:
 * @framing: as the edit that follows will frame it
 *
 * A picture to edit in the place of a large one: what has at most 4 megapixels as it is, larger ones averaged to at most 2048 pixels a
 * side, under CROP their middle alone. Framed, it lies in its square as the whole picture would, so that unclip_frame_return_rows() finds its place.
 * Values outside 0 to 1 are brought into it.
 */
UNCLIP_API UnclipImage *unclip_frame_reduce (const UnclipRows *rows, UnclipFraming framing, GCancellable *cancellable, GError **error);
/* Square of @size from @image; alpha is kept as a channel if there is one, with its holes filled from
 * their surroundings in the colours. */
UNCLIP_API UnclipImage *unclip_frame_square (const UnclipImage *image, int size, UnclipFraming framing, GError **error);
/**
 * unclip_frame_return_rows:
 * @original: what was framed, any size
 * @before: (nullable): the square that the model says is the picture (its reconstruction); %NULL: @after is no edit of it, and covers
 *   what it shows altogether
 * @after: the edited square
 * @options: of the edit; what counts are framing, n_threads, progress and cancellable
 *
 * The edit at the size of @original: where @before and @after agree the original's own fine detail
 * stays, to the last bit and beyond 0 to 1; where they differ @after is enlarged. Alpha is the original's.
 */
UNCLIP_API gboolean     unclip_frame_return_rows (const UnclipRows *original, const UnclipImage *before, const UnclipImage *after,
                                                 const UnclipOptions *options, UnclipWriteRows write, gpointer write_data, GError **error);
/* The same of a picture in memory. */
UNCLIP_API UnclipImage *unclip_frame_return (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, GError **error);

/* ---- things that users do (edits/) --------------------------------------------------------- */

typedef enum
{
  UNCLIP_PRIOR_DIFFUSION,
  UNCLIP_PRIOR_AUTOREGRESSIVE, /* UNCLIP_ERROR_MISSING if the model has none */
  UNCLIP_PRIOR_NONE,           /* the caption alone: z_i unconditional */
  UNCLIP_PRIOR_TEXT            /* z_t in the place of z_i */
} UnclipPriorKind;

UNCLIP_API UnclipImage *unclip_generate    (UnclipModel *model, const char *y, UnclipPriorKind prior, const UnclipOptions *options, GError **error);
/**
 * unclip_variations:
 * @x: the picture
 * @count: how many, 1 to 64
 * @eta: 0 returns the picture, 1 is as free as it gets; negative: the model's default
 *
 * Decodes (z_i, x_T) by DDIM with eta; the noise of picture k comes from unclip_seed_after (seed, k), which as @count 1 gives that one
 * again. The model's own guidance comes in with eta; one that the options name holds at any eta above 0. With eta 0 all are the
 * reconstruction, to the last bit.
 * Returns: (element-type UnclipImage) (transfer container): @count squares, preceded by the reconstruction (index 0)
 */
UNCLIP_API GPtrArray   *unclip_variations  (UnclipModel *model, const UnclipImage *x, int count, double eta, const UnclipOptions *options, GError **error);
/**
 * unclip_text_edit:
 * @y0: what the picture shows now ("a red apple"); may be ""
 * @y: what it shall show
 * @theta: how far to turn z_i, 0 to 1; negative: the model's default
 * @n_stages: pictures at theta k / n_stages, k = 1 … n_stages
 *
 * Text diff of the paper (3.3): z_theta = slerp (z_i, norm (z_t - z_t0), theta), x_T kept. With theta 0 all stages are the
 * reconstruction, to the last bit.
 * Returns: (element-type UnclipImage): the reconstruction, then the stages
 */
UNCLIP_API GPtrArray   *unclip_text_edit   (UnclipModel *model, const UnclipImage *x, const char *y0, const char *y, double theta, int n_stages, const UnclipOptions *options, GError **error);

typedef enum
{
  UNCLIP_HOLD_NOTHING,
  UNCLIP_HOLD_Z_I, /* what the pictures mean stays the first one's */
  UNCLIP_HOLD_X_T  /* the noise, and what the inversion kept beside it, stay the first one's */
} UnclipHold;

/* Frames from @a to @b, both ends included: slerp of z_i and of x_T, or of what is not held. 2 to 256 frames;
 * with a part held the last one is not @b. From a picture to itself all are the same, unless the options name a guidance. */
UNCLIP_API GPtrArray   *unclip_interpolate (UnclipModel *model, const UnclipImage *a, const UnclipImage *b, int n_frames, UnclipHold hold, const UnclipOptions *options, GError **error);

/**
 * UnclipIngredient:
 * @x: (nullable): a picture, or
 * @y: (nullable): a caption; one of both
 * @weight: from -100 to 100; negative ones lead away from what it shows
 */
typedef struct
{
  const UnclipImage *x;
  const char        *y;
  double             weight;
} UnclipIngredient;

/**
 * unclip_mix:
 * @ingredients: (array length=n): pictures and captions, whose weights add up to more than 0
 * @n: 2 to 8
 * @keeps_structure: whether the result has the noise of the first picture, x_T with what its inversion keeps, and so its layout
 * @count: how many, 1 to 64
 *
 * One picture of all: z_i is their weighted mean, and as long as theirs are on average; captions get theirs from the diffusion prior.
 * Noise, prior's and decoder's, of picture k comes from unclip_seed_after (seed, k), which as @count 1 gives that one again.
 * A picture of weight 0 gives nothing but, if it is the first, its structure.
 * Errors: %UNCLIP_ERROR_ARGUMENT names what of the weights or their number is wrong; %UNCLIP_ERROR_MISSING without a prior for captions.
 * Returns: (element-type UnclipImage) (transfer container): @count squares; with @keeps_structure preceded by the first picture's
 *   reconstruction (index 0)
 */
UNCLIP_API GPtrArray   *unclip_mix         (UnclipModel *model, const UnclipIngredient *ingredients, int n, gboolean keeps_structure, int count, const UnclipOptions *options, GError **error);

UNCLIP_API int  unclip_candidates_count (const UnclipCandidates *candidates);
UNCLIP_API void unclip_candidates_free  (UnclipCandidates *candidates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipCandidates, unclip_candidates_free)
/**
 * unclip_candidates_finish:
 * @candidates: what an edit left where options->candidates says; kept, so that others can be picked later
 * @picks: (array length=n): which of them, from 0
 * @options: threads, tile, progress, used, note and cancellable; all else is as the candidates were made
 *
 * The very pictures, to the last bit, that the edit makes without options->candidates.
 * Errors: %UNCLIP_ERROR_ARGUMENT for a number that there is not, and for another model's candidates.
 * Returns: (element-type UnclipImage) (transfer container): @n squares, preceded by the reconstruction if the edit has one (index 0)
 */
UNCLIP_API GPtrArray *unclip_candidates_finish (UnclipModel *model, const UnclipCandidates *candidates, const int *picks, int n, const UnclipOptions *options, GError **error);

/* Bipartite latents, and what it takes to decode them to the very picture. */
typedef struct _UnclipLatents UnclipLatents;

/* What tells a picture that an edit sees from any other, 32 digits; transfer full. */
UNCLIP_API char *unclip_picture_digest (const UnclipImage *x, UnclipFraming framing);

/* @y: caption that the decoder sees along z_i, may be "". options->size decides whether the upsampler's
 * share is stored too. */
UNCLIP_API UnclipLatents *unclip_invert       (UnclipModel *model, const UnclipImage *x, const char *y, const UnclipOptions *options, GError **error);
UNCLIP_API UnclipImage   *unclip_decode       (UnclipModel *model, const UnclipLatents *latents, const UnclipOptions *options, GError **error);
UNCLIP_API gboolean       unclip_latents_save (const UnclipLatents *latents, const char *path, GError **error);
UNCLIP_API UnclipLatents *unclip_latents_load (const char *path, GError **error);
/* Those for options->used_latents, too. */
UNCLIP_API UnclipLatents *unclip_latents_ref  (UnclipLatents *latents);
UNCLIP_API void           unclip_latents_free (UnclipLatents *latents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipLatents, unclip_latents_free)
/* A latents file, compressed, to be kept elsewhere; and back, whoever it is from. transfer full, %NULL with an error */
UNCLIP_API GBytes        *unclip_latents_pack   (const UnclipLatents *latents, GError **error);
UNCLIP_API UnclipLatents *unclip_latents_unpack (GBytes *bytes, GError **error);

UNCLIP_API UnclipImage *unclip_upscale      (UnclipModel *model, const UnclipImage *x, const UnclipOptions *options, GError **error);
/* Zero-shot: @probabilities [n] (softmax of 100 cos, sums to 1), @similarities [n] (cosine); either may be NULL. */
UNCLIP_API gboolean     unclip_probe_labels (UnclipModel *model, const UnclipImage *x, const char *const *labels, int n, float *probabilities, float *similarities, const UnclipOptions *options, GError **error);
/**
 * unclip_probe_pca:
 * @x: the picture
 * @n_components: (array length=n): numbers of principal components, each from 0 (the mean picture) to as many as the model's
 *   prior_autoregressive keeps
 * @n: at least 1
 *
 * What the first principal components of z_i hold: the picture decoded from them alone, the rest at the mean, without
 * a caption and from the same noise each time.
 * Source: arXiv 2204.06125, section 4.
 * Errors: %UNCLIP_ERROR_ARGUMENT names the largest number.
 * Returns: (element-type UnclipImage) (transfer container): @n squares
 */
UNCLIP_API GPtrArray   *unclip_probe_pca    (UnclipModel *model, const UnclipImage *x, const int *n_components, int n, const UnclipOptions *options, GError **error);

/* ---- what a model can do (edits/able.c) ------------------------------------------------------------ */

/**
 * UnclipAbility:
 * @edit: "generate", "variations", "text-edit", "interpolate", "mix", "upscale" or "probe"
 * @lack: (nullable): what of the model is missing for it and where people get that, half a sentence, translated; %NULL: nothing
 */
typedef struct
{
  const char *edit;
  char       *lack;
} UnclipAbility;

/* One for each edit: (element-type UnclipAbility) (transfer full). Whether what is there is sound, unclip_model_info() says. */
UNCLIP_API GPtrArray *unclip_model_abilities (UnclipModel *model);

/* ---- what it takes (edits/memory.c) -------------------------------------------------------------- */

/**
 * unclip_model_memory:
 * @size: (out): bytes that the largest stage takes: packed weights, working memory and what the job holds beside them; without
 *   the mapped files and the caller's own picture
 * @side: (out): of the picture that this is for, options->size or the model's largest
 * @component: (out) (transfer none): whose stage that is; "pictures" if no network takes as much
 *
 * What one edited picture takes at most with these options. Reads configs alone. Jobs that need more than there is are
 * refused before they start, with %UNCLIP_ERROR_MEMORY.
 */
UNCLIP_API gboolean unclip_model_memory (UnclipModel *model, const UnclipOptions *options, guint64 *size, int *side, const char **component, GError **error);

G_END_DECLS
