/* The progress bar: stage, step and time left on one line of stderr, which is gone at the end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Ten a second: more is not seen, and slows a terminal at the other end of a line. */
#define INTERVAL (G_USEC_PER_SEC / 10)
#define BAR_WIDTH 24

gboolean
cmd_progress_wanted (void)
{
  return isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
}

static int
terminal_width (void)
{
  struct winsize size;

  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* Too early to tell: nothing. */
static char *
time_left (double elapsed, double fraction)
{
  int seconds;

  if (elapsed < 1 || fraction < 0.02)
    return g_strdup ("");
  seconds = (int) ceil (elapsed * (1 - fraction) / fraction);
  if (seconds >= 3600)
    return g_strdup_printf (_(" %d:%02d:%02d left"), seconds / 3600, seconds / 60 % 60, seconds % 60);
  return g_strdup_printf (_(" %d:%02d left"), seconds / 60, seconds % 60);
}

/* @text: what is being done */
static void
draw (CmdProgress *progress,
      double       fraction,
      const char  *text)
{
  gint64           now = g_get_monotonic_time ();
  int              filled;
  char             bar[BAR_WIDTH + 1];
  g_autofree char *left = NULL, *line = NULL, *fitting = NULL;

  fraction = CLAMP (fraction, 0, 1);
  filled = (int) (fraction * BAR_WIDTH);
  memset (bar, '.', BAR_WIDTH);
  memset (bar, '#', filled);
  bar[BAR_WIDTH] = '\0';
  left = time_left ((now - progress->start) / (double) G_USEC_PER_SEC, (fraction - progress->first) / MAX (1 - progress->first, 1e-9));
  line = g_strdup_printf ("[%s] %3.0f%% %s%s", bar, 100 * fraction, text, left);
  /* A line that wraps could not be erased. */
  fitting = g_utf8_substring (line, 0, MIN (g_utf8_strlen (line, -1), terminal_width () - 1));
  g_printerr ("\r%s\033[K", fitting);
  progress->is_shown = TRUE;
}

/* Whether it is time to draw again. */
static gboolean
is_due (CmdProgress *progress)
{
  gint64 now = g_get_monotonic_time ();

  if (progress->start == 0)
    progress->start = now;
  if (progress->last != 0 && now - progress->last < INTERVAL)
    return FALSE;
  progress->last = now;
  return TRUE;
}

void
cmd_progress_show (const UnclipProgress *step,
                   gpointer              data)
{
  CmdProgress     *progress = data;
  g_autofree char *text = NULL;

  if (! is_due (progress))
    return;
  text = g_strdup_printf ("%s %d/%d", unclip_stage_title (step->stage), step->step, step->n_steps);
  draw (progress, step->fraction, text);
}

void
cmd_progress_show_bytes (CmdProgress *progress,
                         guint64      done,
                         guint64      size)
{
  double fraction = size > 0 ? done / (double) size : 1;

  if (progress->start == 0)
    progress->first = fraction;
  if (is_due (progress))
    {
      g_autofree char *there = g_format_size (done), *all = g_format_size (size);
      g_autofree char *text = g_strdup_printf (_("%s of %s"), there, all);

      draw (progress, fraction, text);
    }
}

void
cmd_progress_clear (CmdProgress *progress)
{
  if (progress->is_shown)
    g_printerr ("\r\033[K");
  progress->is_shown = FALSE;
}
