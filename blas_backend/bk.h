/* The door of blas_backend: tensors, scratch memory and the kernels that the
 * networks are made of, on the CPU. Knows nothing of unCLIP and nothing of GLib.
 *
 * Activations are float32, NHWC. A BkTensor is a pointer with a shape and owns
 * nothing. Memory comes from an arena; an arena that only measures hands out
 * tensors without data, and every kernel returns at once when its output has
 * none. So a network's own forward function, run once on a measuring arena,
 * tells exactly how much memory it will need.
 *
 * Results do not depend on the number of threads: tiles, not threads, fix the
 * order of every sum.
 *
 * Whatever a job may choose is in its BkContext, which its arenas and their tensors
 * know, so that jobs in other threads never meet. One per process is the CPU level alone.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum
{
  BK_F32,
  BK_F16,
  BK_BF16
} BkType;

/* ---- a job --------------------------------------------------------------- */

/* Floating point operations (2 per multiply-add of the plain algorithm, whatever really
 * ran), and seconds spent inside GEMM or convolution calls, for the bench. */
typedef struct
{
  double flop;
  double gemm_seconds;
} BkCounters;

/* What a job computes with. Belongs to one thread at a time, and outlives the arenas that were made with it. */
typedef struct
{
  int        n_threads; /* that its kernels run on, the caller's included */
  /* Of packed weights, BK_F32 or BK_BF16, which takes half the memory; sums, biases and norms stay in float32. A level
   * that multiplies bf16 itself rounds the layer's input too; the others widen the weights in registers.
   * A layer runs as it was packed. */
  BkType     type;
  /* Convolutions are packed as plain sums, which lose three to ten times fewer bits than the quicker
   * Winograd forms: the reference mode. */
  bool       is_exact;
  BkCounters counters;  /* may be set to 0 at any time */
  unsigned   denormals; /* how the caller's thread treated them, see bk_context_clear () */
} BkContext;

typedef enum
{
  BK_READY,
  BK_NO_BLAS,  /* this CPU level multiplies with a BLAS, and there is none */
  BK_NO_MEMORY /* there is no room for it */
} BkReady;

/* float32, not exact. @n_threads 0: as many as OMP_NUM_THREADS, the affinity mask and the cgroup allow; fewer than
 * asked for where the system refuses some. To be called on the thread that is going to call the kernels, if they may be called. */
BkReady bk_context_init  (BkContext *context, int n_threads);
/* Kernels flush denormals to zero, as those cost a hundredfold; this gives the thread that called them its own way back. */
void    bk_context_clear (BkContext *context);

/* ---- tensors ------------------------------------------------------------ */

/* A picture batch [n, h, w, c], or tokens [n, t, c] as h = t, w = 1.
 * One pixel's c values are contiguous; the next pixel begins @stride floats
 * later, so that a slice of the channels is a tensor too. Rows and samples
 * follow without gaps: pixel p of sample i lies at (i * h * w + p) * stride. */
typedef struct
{
  float     *data; /* NULL while measuring */
  int        n, h, w, c;
  int        stride; /* floats from one pixel to the next, >= c */
  BkContext *context; /* of the job whose threads write it; NULL: one thread does */
} BkTensor;

/* Of nobody's memory and job: mostly what is only read. */
BkTensor bk_tensor   (float *data, int n, int h, int w, int c);
/* Channels [first, first + count) of every pixel. */
BkTensor bk_channels (BkTensor x, int first, int count);
/* Samples [first, first + count). */
BkTensor bk_samples  (BkTensor x, int first, int count);
/* Rows [first, first + count) of ONE sample (x.n must be 1). */
BkTensor bk_rows     (BkTensor x, int first, int count);

/* ---- memory ------------------------------------------------------------- */

typedef struct BkArena BkArena;

/* An arena that hands out no memory, only counts. NULL when the machine refuses even its few bytes. */
BkArena *bk_arena_new_measuring (BkContext *context);
/* An arena of @size bytes, 2 MiB aligned, huge pages where the kernel gives
 * them. NULL when the machine refuses. */
BkArena *bk_arena_new           (BkContext *context, size_t size);
void     bk_arena_free          (BkArena *arena);
BkContext *bk_arena_context     (const BkArena *arena);
/* Of the arena's job, in memory that is not the arena's; without data while that measures. */
BkTensor bk_arena_tensor        (BkArena *arena, float *data, int n, int h, int w, int c);
/* The most bytes that were in use at once. */
size_t   bk_arena_peak          (const BkArena *arena);
bool     bk_arena_is_measuring  (const BkArena *arena);
/* Raw bytes, 64-byte aligned; aborts when a real arena is exhausted, which only
 * a wrong measurement can cause. NULL while measuring. */
void    *bk_arena_alloc         (BkArena *arena, size_t size);

/* A scope: what is taken from it goes back to the arena when it closes. */
typedef struct
{
  BkArena *arena;
  size_t   mark;
} BkScratch;

BkScratch bk_scratch        (BkArena *arena);
void      bk_scratch_close  (BkScratch *scratch);
BkTensor  bk_scratch_tensor (BkScratch *scratch, int n, int h, int w, int c);
BkTensor  bk_scratch_like   (BkScratch *scratch, BkTensor x);

/* ---- the CPU --------------------------------------------------------------- */

/* "c", "avx2", "avx512", … : what this process runs on. The environment variable BK_CPU
 * lowers it; what this CPU lacks, or an unknown name, leaves it as it is. */
const char *bk_cpu_level (void);
/* Whether layers in bf16 are also quicker than in float32 at this CPU level. */
bool        bk_bf16_is_fast (void);

/* ---- weights ------------------------------------------------------------- */

/* A tensor as it lies in a mapped file: row-major, contiguous, perhaps not
 * aligned. Must outlive what is packed from it. data NULL: not there (a bias
 * that the layer does not have). */
typedef struct
{
  const void *data;
  BkType      type;
  bool        mapped; /* a file's pages: once read they are given back to the system, which keeps them while it has room */
} BkSource;

/* Widens @n values into @out. */
void bk_source_read (BkSource source, size_t n, float *out);

/* y = x W^T + b; source weight [out, in], bias [out]. */
typedef struct
{
  int          n_in, n_out;
  BkType       type;   /* of the packed weights: BK_F32 or BK_BF16 */
  const void  *weight; /* packed for this CPU level */
  BkSource     lent;   /* if with data, every pass packs it to that place: see bk_lend_linear */
  const float *bias;   /* NULL if none */
} BkLinear;

/* Zero padding; source weight [out, in, k, k], k 1 or 3. Stride 1 with padding (kernel - 1) / 2, or what bk_pack_conv_down () makes.
 * The packed form is chosen when packing, from the channels and from @h, the smallest map
 * that it will mostly see, and is right for any map: Winograd's (F(4x4), 4 times the size of
 * the weights, for larger maps; F(2x2), 1.8 times, for small ones) or plain taps. */
typedef struct
{
  int          n_in, n_out, kernel, stride, pad; /* pad: rows and columns of zeros before the map */
  BkType       type;            /* of the packed weights: BK_F32 or BK_BF16 */
  const void  *weight;          /* packed [k, k, in, out] for a sum of taps, or NULL */
  const void  *winograd;        /* packed [planes, in, out], or NULL: the other of the two */
  int          winograd_output; /* 2 or 4 output pixels per tile and side; 0: a sum of taps */
  BkSource     lent;            /* if with data, every pass packs it to that place: see bk_lend_conv */
  const float *bias;
} BkConv;

/* Normalisation: per-channel scale and shift, [c] each. */
typedef struct
{
  int          n_channels;
  int          n_groups; /* 0 for a layer norm */
  float        eps;
  const float *weight;
  const float *bias;
} BkNorm;

/* Each takes what it keeps from @store, whose context says how it is packed, and only counts while that measures. */
BkLinear bk_pack_linear (BkSource weight, BkSource bias, int n_in, int n_out, BkArena *store);
/* A layer for one pass or two: its weights stay in the file, and every pass packs them to @room, of bk_linear_size () bytes,
 * aligned to 64, which layers may share. That stays in a cache, so it costs less than memory that was never touched. */
BkLinear bk_lend_linear (BkSource weight, BkSource bias, int n_in, int n_out, void *room, BkArena *store);
size_t   bk_linear_size (const BkContext *context, int n_in, int n_out);
/* Whether packing only moves these weights; where it has to widen or round them, once is better. */
bool     bk_only_moves  (const BkContext *context, BkSource weight);
BkConv   bk_pack_conv   (BkSource weight, BkSource bias, int n_in, int n_out, int kernel, int h, BkArena *store);
/* The same for a convolution, in any number of passes: on a large map packing is little beside them. */
BkConv   bk_lend_conv   (BkSource weight, BkSource bias, int n_in, int n_out, int kernel, int h, void *room, BkArena *store);
/* 3 x 3, every second pixel of every second row. @pad: 1: zeros all around, y has (h + 1) / 2 rows; 0: below and on the right
 * only, h / 2 rows. Columns likewise. */
BkConv   bk_pack_conv_down (BkSource weight, BkSource bias, int n_in, int n_out, int pad, BkArena *store);
size_t   bk_conv_size   (const BkContext *context, int n_in, int n_out, int kernel, int h);
/* Whether it is so little, and the memory that it saves so much, that lending is better. */
bool     bk_conv_lends  (const BkContext *context, int n_in, int n_out, int kernel, int h);
BkNorm   bk_pack_norm   (BkSource weight, BkSource bias, int n_channels, int n_groups, float eps, BkArena *store);
/* Plain float32 values: an embedding table, a mean. */
const float *bk_pack_values (BkSource source, size_t n, BkArena *store);

/* ---- kernels ------------------------------------------------------------- */

typedef enum
{
  BK_IDENTITY,
  BK_SILU,       /* x sigma(x) */
  BK_GELU,       /* exact, with erf */
  BK_QUICK_GELU, /* x sigma(1.702 x) */
  BK_GELU_TANH
} BkActivation;

/* y = act (x W^T + b). y may not overlap x. */
void bk_linear      (BkTensor y, BkTensor x, const BkLinear *linear, BkActivation act);
/* y = x W^T + b + residual (any strides); saves a pass over y. residual may be y. */
void bk_linear_add  (BkTensor y, BkTensor x, const BkLinear *linear, BkTensor residual);
/* y = conv (x) + b. @arena gives the tiles' buffers. y may not overlap x. */
void bk_conv        (BkTensor y, BkTensor x, const BkConv *conv, BkArena *arena);
/* The same and + residual (any strides); saves a pass over y. residual may be y. */
void bk_conv_add    (BkTensor y, BkTensor x, const BkConv *conv, BkTensor residual, BkArena *arena);
/* Patches of size x size pixels, without overlap, as rows [n, h/size * w/size, 1, c * size * size],
 * each in the order (c, y, x) that a checkpoint's patch convolution weight has. */
void bk_patches     (BkTensor y, BkTensor x, int size);
/* y = act (norm (x)), over groups of channels of a whole sample. y may be x.
 * @emb: the same for all pixels of a sample: [n, 1, 1, c] is added to x first; of [n, 1, 1, 2c] the first half, plus 1,
 * scales what is normalised, the second shifts it; without data neither. */
void bk_group_norm  (BkTensor y, BkTensor x, const BkNorm *norm, BkTensor emb, BkActivation act);
/* y = norm (x), over the channels of each pixel. y may be x. */
void bk_layer_norm  (BkTensor y, BkTensor x, const BkNorm *norm);
void bk_add         (BkTensor x, BkTensor y);
void bk_activate    (BkTensor x, BkActivation act);
/* Copies into another stride: how channels and rows are concatenated. */
void bk_copy        (BkTensor y, BkTensor x);
/* 2 x 2 mean; x.h and x.w even, y half as large. */
void bk_downsample  (BkTensor y, BkTensor x);
/* Nearest neighbour: pixel i of @out comes from i in / out, rounded down. y is larger than x, by whatever factor. */
void bk_upsample    (BkTensor y, BkTensor x);
/* y = act (x scale + shift); y may be x. @scale, @shift [n, h', w', c], smaller than x or as large, enlarged as bk_upsample () does. */
void bk_modulate    (BkTensor y, BkTensor x, BkTensor scale, BkTensor shift, BkActivation act);
/* x [n, h, w, 2c], a gate behind what it is for: y = a gelu (gate), gelu the exact one. */
void bk_geglu       (BkTensor y, BkTensor x);

/* Multi-head attention: out = softmax (q k^T * scale + mask) v, per head of
 * c / n_heads channels. q, out [n, tq, c]; k, v [n, tk, c].
 * @mask: NULL, or [n, tk] added to every query's scores.
 * @causal: query i sees keys 0 to i only: @causal_value is added to the rest
 *   (-10000 in the prior; -INFINITY in a text tower).
 * @type: BK_BF16: a level that multiplies bf16 itself rounds q, k, v and exp to it; sums are float32
 * out may not overlap the others. Never holds a tq x tk matrix of all heads. */
typedef struct
{
  int          n_heads;
  float        scale;
  const float *mask;
  bool         causal;
  float        causal_value;
  BkType       type;
} BkAttention;

void bk_attention (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention, BkArena *arena);
