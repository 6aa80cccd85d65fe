/* See progress.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "progress.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

/* Before this share of the job is done a time left would be a guess. */
#define ENOUGH_TO_TELL 0.05

static void
show (const UnclipProgress *step,
      gpointer              data)
{
  UnclipPluginProgress *progress = data;
  double                seconds = (g_get_monotonic_time () - progress->start) / (double) G_USEC_PER_SEC;

  if (step->fraction > ENOUGH_TO_TELL && step->fraction <= 1)
    {
      int left = (int) (seconds / step->fraction * (1 - step->fraction) + 0.5);

      /* Translators: stage, step, of how many; minutes and seconds */
      gimp_progress_set_text_printf (_("%s %d/%d · %d:%02d left"), unclip_stage_title (step->stage),
                                     step->step, step->n_steps, left / 60, left % 60);
    }
  else
    {
      gimp_progress_set_text_printf (_("%s %d/%d"), unclip_stage_title (step->stage), step->step, step->n_steps);
    }
  gimp_progress_update (CLAMP (step->fraction, 0, 1));
}

void
unclip_plugin_progress_start (UnclipPluginProgress *progress,
                              const char           *message,
                              UnclipOptions        *options)
{
  *progress = (UnclipPluginProgress) { .start = g_get_monotonic_time () };
  options->progress = show;
  options->progress_data = progress;
  gimp_progress_init (message);
}
