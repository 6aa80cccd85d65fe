/* Random numbers: the same picture on every machine, whatever the thread count.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "job.h"

G_BEGIN_DECLS

typedef struct _UnclipRandom UnclipRandom;

UnclipRandom *unclip_random_new    (UnclipRngKind kind, guint64 seed);
/* Hands out @values (transfer none), in turn, as normal ones: what another engine drew. Not more than there are. */
UnclipRandom *unclip_random_new_given (const float *values, gsize n);
/* It goes on as @random does. */
UnclipRandom *unclip_random_copy   (const UnclipRandom *random);
void          unclip_random_free   (UnclipRandom *random);
/**
 * unclip_random_normal:
 * @out: (array length=n): standard normal values
 *
 * Philox: Philox4x32-10, Box-Muller; each call takes the next stream, and value i of a
 * stream depends on (seed, stream, i) alone.
 * Torch: what torch.randn (n, generator=torch.Generator ().manual_seed (seed)) gives in
 * the same sequence of calls on the CPU, float32: mt19937, and torch's two ways of
 * making normals (n >= 16 in blocks of 16, n < 16 one by one with a cached second value).
 * Note that torch fills NCHW; callers that hold NHWC transpose.
 */
void          unclip_random_normal (UnclipRandom *random, float *out, gsize n);
/* Uniform in [0, 1). Philox: the next stream, as above. Torch: what torch.rand (n) gives. */
void          unclip_random_uniform (UnclipRandom *random, float *out, gsize n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipRandom, unclip_random_free)

G_END_DECLS
