/* What a job computes with, by its options.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "job.h"
#include "scratch.h"

G_BEGIN_DECLS

/**
 * unclip_context_init:
 * @context: (out caller-allocates): cleared by bk_context_clear (); belongs to the thread that calls
 *
 * Fewer threads than this machine has do, where it refuses the others; fewer than @options ask for do not.
 * Errors: %UNCLIP_ERROR_MEMORY, also for threads; %UNCLIP_ERROR_MISSING if this CPU needs a library that is not there.
 */
gboolean unclip_context_init (BkContext *context, const UnclipOptions *options, GError **error);

G_END_DECLS
