/* How fast the engine is on this computer, and so how long it will take: measured while it works, remembered for the next time.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "arguments.h"

G_BEGIN_DECLS

/**
 * UnclipPluginPace:
 * @seconds, @share: time that steps took and how much of the job they were, without what a stage's first step loads
 * @remembered: seconds that the whole job should take, from earlier ones; 0: not known
 *
 * Zeroed before a job; of one thread.
 */
typedef struct
{
  double      seconds, share, remembered;
  gint64      last;
  double      fraction;
  const char *stage;
} UnclipPluginPace;

/* After each step of the engine. */
void   unclip_plugin_pace_step     (UnclipPluginPace *pace, const UnclipProgress *step, double fraction);
/* Seconds that are left of the job; negative: nobody can say yet. */
double unclip_plugin_pace_left     (const UnclipPluginPace *pace);

/**
 * unclip_plugin_pace_remember:
 * @precision: that the job used
 * @cost: of the whole job, in passes of the decoder
 *
 * Keeps in the user's cache what @pace found, for this model.
 */
void   unclip_plugin_pace_remember (const UnclipPluginPace *pace, UnclipModel *model, UnclipPrecision precision, double cost);
/* Seconds that such a job takes; 0: not known yet. */
double unclip_plugin_pace_expect   (UnclipModel *model, UnclipPrecision precision, double cost);

G_END_DECLS
