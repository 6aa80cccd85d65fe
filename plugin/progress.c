/* See progress.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "progress.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimp.h>

/* Before this share of the job is done, and so long it has run, a time left would be a guess. */
#define ENOUGH_TO_TELL 0.05
#define ENOUGH_SECONDS 1.0
/* Microseconds between two words to GIMP, each of which waits for its answer. */
#define PAUSE 100000

char *
unclip_plugin_clock_text (double seconds)
{
  int s = (int) CLAMP (seconds + 0.5, 0, G_MAXINT / 2);

  return s < 3600 ? g_strdup_printf ("%d:%02d", s / 60, s % 60) : g_strdup_printf ("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

char *
unclip_plugin_stage_text (const UnclipProgress *step)
{
  const char *title = unclip_stage_title (step->stage);

  /* Translators: stage, step, of how many */
  return step->n_steps > 1 ? g_strdup_printf (_("%s %d/%d"), title, step->step, step->n_steps) : g_strdup (title);
}

char *
unclip_plugin_left_text (const char *stage,
                         double      seconds)
{
  g_autofree char *left = unclip_plugin_clock_text (seconds);

  /* Translators: stage and steps; hours, minutes and seconds */
  return g_strdup_printf (_("%s · %s left"), stage, left);
}

static void
show (const UnclipProgress *step,
      gpointer              data)
{
  UnclipPluginProgress *progress = data;
  g_autofree char      *text = NULL;
  double                fraction = (progress->part + CLAMP (step->fraction, 0, 1)) / progress->n_parts, seconds;
  gint64                now = g_get_monotonic_time ();

  /* Another part of the work, which begins anew. */
  if (fraction < progress->fraction)
    progress->start = now;
  progress->fraction = fraction;
  if (now - progress->shown < PAUSE && fraction < 1)
    return;
  progress->shown = now;

  text = unclip_plugin_stage_text (step);
  seconds = (now - progress->start) / (double) G_USEC_PER_SEC;
  if (fraction > ENOUGH_TO_TELL && seconds > ENOUGH_SECONDS && fraction < 1)
    {
      g_autofree char *whole = unclip_plugin_left_text (text, seconds / fraction * (1 - fraction));

      gimp_progress_set_text (whole);
    }
  else
    {
      gimp_progress_set_text (text);
    }
  gimp_progress_update (fraction);
}

void
unclip_plugin_progress_start (UnclipPluginProgress *progress,
                              const char           *message,
                              UnclipOptions        *options)
{
  *progress = (UnclipPluginProgress) { .start = g_get_monotonic_time (), .n_parts = 1 };
  options->progress = show;
  options->progress_data = progress;
  gimp_progress_init (message);
}

void
unclip_plugin_progress_part (UnclipPluginProgress *progress,
                             int                   part,
                             int                   n_parts)
{
  progress->part = part;
  progress->n_parts = n_parts;
}
