/* Working memory of a network: measured on the first call of a shape, then kept.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "files.h"

G_BEGIN_DECLS

typedef struct
{
  BkArena *arena;
  int      shape[3]; /* what it was measured for */
} UnclipWork;

/* One forward pass. On a measuring arena it computes nothing and touches no memory. */
typedef void (*UnclipForward) (BkArena *arena, gpointer call);

/**
 * unclip_work_run:
 * @store: the network's packed weights; while they only measure, so does this
 * @weights: (nullable): the files that layers read from
 * @what: the component's name, for messages
 * @shape: whatever the memory that @forward takes depends on
 *
 * Errors: %UNCLIP_ERROR_MEMORY, %UNCLIP_ERROR_FILE.
 */
gboolean unclip_work_run   (UnclipWork *work, const BkArena *store, const UnclipWeights *weights, const char *what, const int shape[3], UnclipForward forward, gpointer call, GError **error);
void     unclip_work_clear (UnclipWork *work);

/* The caller's own memory as a tensor; without data while measuring. Inputs are only read. */
BkTensor unclip_work_tensor (BkArena *arena, const float *data, int n, int h, int w, int c);

G_END_DECLS
