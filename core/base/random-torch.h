/* torch's CPU generator: mt19937 and its two ways of making normal numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

typedef struct
{
  guint32  state[624];
  int      next;
  gboolean has_spare; /* the second number of a pair, for tensors below 16 values */
  double   spare;
} UnclipTorch;

void unclip_torch_seed   (UnclipTorch *torch, guint64 seed);
void unclip_torch_normal (UnclipTorch *torch, float *out, gsize n);
void unclip_torch_uniform (UnclipTorch *torch, float *out, gsize n);

/* Philox's block function, for its known-answer test. */
void unclip_philox (const guint32 counter[4], const guint32 key[2], guint32 out[4]);
