/* GIMP's progress bar for a job of the engine: "Decoder 12/25 · 0:41 left".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "unclip.h"

G_BEGIN_DECLS

/**
 * UnclipPluginProgress:
 * @start: when the job, or its present part, began, g_get_monotonic_time()
 * @shown: when GIMP was last told of it
 * @fraction: what it was told
 */
typedef struct
{
  gint64 start, shown;
  double fraction;
} UnclipPluginProgress;

/* Shows @message and makes @options report to @progress, which has to outlive the job. GIMP's Cancel
 * ends the whole process, so there is no cancellable; the image is not touched before the job is done. */
void unclip_plugin_progress_start (UnclipPluginProgress *progress, const char *message, UnclipOptions *options);

G_END_DECLS
