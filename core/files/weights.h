/* The weights of one component: one or several safetensors files, mapped.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

typedef struct _UnclipWeights UnclipWeights;

/**
 * unclip_weights_open:
 * @dir: a component's folder
 *
 * Prefers, in this order: model.safetensors / diffusion_pytorch_model.safetensors, the same
 * sharded with its index (*.safetensors.index.json), the .fp16. (and .bf16.) variants of both.
 * Checks the header's length, JSON, every dtype, shape, offset (no overlap, none outside the
 * file) and says "… is cut short: 1.2 of 3.5 GB". A folder with only .bin says what to do.
 * Errors: %UNCLIP_ERROR_FILE, %UNCLIP_ERROR_MISSING.
 */
UnclipWeights *unclip_weights_open (const char *dir, GError **error);
UnclipWeights *unclip_weights_open_file (const char *path, GError **error);
void           unclip_weights_free (UnclipWeights *weights);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipWeights, unclip_weights_free)

/**
 * unclip_weights_take:
 * @name: the tensor's full name
 * @n_dims: number of sizes that follow as int
 *
 * Finds a floating point tensor of exactly this shape. The source points into the map and lives
 * as long as @weights. Errors: %UNCLIP_ERROR_MODEL naming file, tensor, both shapes.
 */
gboolean unclip_weights_take (UnclipWeights *weights, BkSource *source, GError **error, const char *name, int n_dims, ...);
/* To be asked when sources have been read: FALSE if a file did not have them any more. Errors: %UNCLIP_ERROR_FILE. */
gboolean unclip_weights_check (const UnclipWeights *weights, GError **error);
gboolean unclip_weights_has  (UnclipWeights *weights, const char *name);

/**
 * unclip_weights_new_recording:
 *
 * Weights that no file holds: every take succeeds with a source without data, and its name and shape are
 * remembered. Building a network on them tells which tensors its checkpoint has (unclip_synth()).
 */
UnclipWeights *unclip_weights_new_recording (void);
/* From now on takes give sources without data, as recording ones do, but only of what the files have. */
void           unclip_weights_look_at       (UnclipWeights *weights);
gboolean       unclip_weights_is_recording  (const UnclipWeights *weights);
/* Tensor @i of those taken, in order; FALSE after the last. @name and @dims belong to @weights. */
gboolean       unclip_weights_recorded      (const UnclipWeights *weights, guint i, const char **name, int *n_dims, const int **dims);

/* For info: number of tensors, parameters, bytes; the widest dtype's name ("F32"). */
gsize       unclip_weights_n_tensors    (const UnclipWeights *weights);
guint64     unclip_weights_n_parameters (const UnclipWeights *weights);
guint64     unclip_weights_size         (const UnclipWeights *weights);
const char *unclip_weights_dtype        (const UnclipWeights *weights);
/* Adds name, type, shape and the first 64 bytes of every tensor to @sum: tells trainings of one architecture apart, and reads little. */
void        unclip_weights_digest       (const UnclipWeights *weights, GChecksum *sum);

G_END_DECLS
