/* What `unclip` does for engineers: parts of the pipeline on given tensors, the speed of a network, models of random weights.
 * The functions stand on the library's parts, not on its door.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "unclip.h"

G_BEGIN_DECLS

/* ---- eval.c ------------------------------------------------------------ */

/**
 * unclip_eval:
 * @task: text_encoder, image_encoder, prior, prior_loop, prior_autoregressive, prior_autoregressive_loop, text_proj, decoder,
 *   ddim, decoder_loop, super_res, super_res_loop, slerp, variation, text2image, tokenizer, preprocess
 * @in_path: named tensors (safetensors); JSON for tokenizer, PNG-decoded pixels come by @image for preprocess
 * @settings: (nullable): NULL-terminated "key=value"
 * @image: (nullable): for preprocess and variation
 *
 * Runs one part of the pipeline on given tensors and writes all that it computes, to compare engines.
 * In float32 without shortcuts, unless @options ask for bf16: then as the pipeline computes in it.
 */
gboolean unclip_eval (UnclipModel *model, const char *task, const char *in_path, const char *out_path, const char *const *settings, const UnclipImage *image, const UnclipOptions *options, GError **error);
const char *const *unclip_eval_tasks (void);

/* ---- bench.c ----------------------------------------------------------- */

typedef struct
{
  const char *precision, *cpu_level; /* "f32" or "bf16"; see bk_cpu_level() */
  int         n_threads, n_batch, size, n_repeat;
  double      median_s, min_s, gflop, gflop_per_s, non_gemm_share, peak_rss_mb;
} UnclipBench;

/* Components that can be measured: %NULL-terminated, transfer none. */
const char *const *unclip_bench_components (void);
/* One forward pass of @component on random data, repeated. @n_batch 0, @size 0: as the pipeline uses it. */
gboolean unclip_bench (UnclipModel *model, const char *component, int n_batch, int size, int n_repeat, const UnclipOptions *options, UnclipBench *bench, GError **error);

/* ---- synth.c ----------------------------------------------------------- */

/**
 * unclip_synth:
 * @config_dir: a folder of components with config.json files, as a model folder without weights
 * @out_dir: is made; must not hold a model yet
 * @dtype: "f32", "f16" or "bf16"
 *
 * Writes a model with random weights, scaled so that activations neither vanish nor explode, with
 * exactly the tensor names and shapes that the published checkpoints have.
 */
gboolean unclip_synth (const char *config_dir, const char *out_dir, guint64 seed, const char *dtype, const UnclipOptions *options, GError **error);

G_END_DECLS
