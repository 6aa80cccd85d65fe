/* What a job of the engine is at, in words: "Decoder 12/25 · 0:41 left"; and in GIMP's progress bar.
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
 * @part, @n_parts: which of the parts of the work, each a job of the engine, 0 of 1 unless there are more
 */
typedef struct
{
  gint64 start, shown;
  double fraction;
  int    part, n_parts;
} UnclipPluginProgress;

/* "0:41", "12:05", "1:02:30"; transfer full */
char *unclip_plugin_clock_text (double seconds);
/* "Decoder 12/25"; transfer full */
char *unclip_plugin_stage_text (const UnclipProgress *step);
/* That, and how long the job takes yet; transfer full */
char *unclip_plugin_left_text  (const char *stage, double seconds);

/* Shows @message and makes @options report to @progress, which has to outlive the job. GIMP's Cancel
 * ends the whole process, so there is no cancellable; the image is not touched before the job is done. */
void unclip_plugin_progress_start (UnclipPluginProgress *progress, const char *message, UnclipOptions *options);

/* Before each of several jobs that are about as long: the bar goes on from one to the next. */
void unclip_plugin_progress_part  (UnclipPluginProgress *progress, int part, int n_parts);

G_END_DECLS
