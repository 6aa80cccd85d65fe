/* Every kernel once more in plain loops, summed in double: what "right" means.
 * Slow, unthreaded, and used by the tests alone.
 *
 * Each ref_NAME does what bk_NAME says in bk.h. Weights come as they lie in a
 * file, so that packing is under test too. Nothing here measures: outputs have
 * data.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../bk.h"

/* Value @i of a source, as exactly as its type holds it. */
double ref_value       (BkSource source, size_t i);
double ref_act         (double x, BkActivation act);

/* @weight [y.c, x.c], @bias [y.c] or without data; @residual may lack data. */
void   ref_linear      (BkTensor y, BkTensor x, BkSource weight, BkSource bias, BkTensor residual, BkActivation act);
/* @weight [y.c, x.c, kernel, kernel]; @residual may lack data. */
void   ref_conv_add    (BkTensor y, BkTensor x, BkSource weight, BkSource bias, int kernel, int stride, int pad, BkTensor residual);
void   ref_patches     (BkTensor y, BkTensor x, int size);
void   ref_group_norm  (BkTensor y, BkTensor x, BkSource weight, BkSource bias, int n_groups, double eps, BkTensor emb, BkActivation act);
void   ref_layer_norm  (BkTensor y, BkTensor x, BkSource weight, BkSource bias, double eps);
void   ref_add         (BkTensor x, BkTensor y);
void   ref_activate    (BkTensor x, BkActivation act);
void   ref_copy        (BkTensor y, BkTensor x);
void   ref_downsample  (BkTensor y, BkTensor x);
void   ref_upsample    (BkTensor y, BkTensor x);
void   ref_modulate    (BkTensor y, BkTensor x, BkTensor scale, BkTensor shift, BkActivation act);
void   ref_geglu       (BkTensor y, BkTensor x);
void   ref_attention   (BkTensor out, BkTensor q, BkTensor k, BkTensor v, const BkAttention *attention);
