/* See pace.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/pace.h"

#include <glib/gstdio.h>
#include <string.h>

/* In the file: seconds of one pass of the decoder on one picture. */
#define PASS_F32 "seconds-f32"
#define PASS_BF16 "seconds-bf16"
/* Share of a new measurement in what is remembered: other programs come and go. */
#define NEW_SHARE 0.5
/* Of a job, that has to be measured before it counts. */
#define ENOUGH 0.02

void
unclip_plugin_pace_step (UnclipPluginPace     *pace,
                         const UnclipProgress *step,
                         double                fraction)
{
  gint64 now = g_get_monotonic_time ();

  /* A stage's first step also loads its network. */
  if (pace->stage != NULL && strcmp (pace->stage, step->stage) == 0 && fraction > pace->fraction && step->step > 1)
    {
      pace->seconds += (now - pace->last) / (double) G_USEC_PER_SEC;
      pace->share += fraction - pace->fraction;
    }
  pace->last = now;
  pace->fraction = fraction;
  /* The engine's own text, which lasts. */
  pace->stage = step->stage;
}

double
unclip_plugin_pace_left (const UnclipPluginPace *pace)
{
  double whole = pace->share > ENOUGH ? pace->seconds / pace->share : pace->remembered;

  return whole > 0 ? whole * (1 - pace->fraction) : -1;
}

static char *
file_name (void)
{
  return g_build_filename (g_get_user_cache_dir (), "gimp-unclip", "pace.ini", NULL);
}

static const char *
key_of (UnclipPrecision precision)
{
  return precision == UNCLIP_PRECISION_BF16 ? PASS_BF16 : PASS_F32;
}

/* A group cannot be called by every path: brackets and line ends. transfer full */
static char *
group_of (UnclipModel *model)
{
  return g_uri_escape_string (unclip_model_path (model), "/", TRUE);
}

/* Seconds of one pass; 0: not known. */
static double
recall (GKeyFile       *file,
        UnclipModel    *model,
        UnclipPrecision precision)
{
  g_autofree char *group = group_of (model);
  double           seconds = g_key_file_get_double (file, group, key_of (precision), NULL);

  return seconds > 0 && seconds < 1e6 ? seconds : 0;
}

void
unclip_plugin_pace_remember (const UnclipPluginPace *pace,
                             UnclipModel            *model,
                             UnclipPrecision         precision,
                             double                  cost)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *name = file_name (), *folder = g_path_get_dirname (name), *group = group_of (model);
  double seconds, before;

  if (pace->share < ENOUGH || cost <= 0)
    return;
  seconds = pace->seconds / pace->share / cost;
  g_key_file_load_from_file (file, name, G_KEY_FILE_KEEP_COMMENTS, NULL);
  before = recall (file, model, precision);
  g_key_file_set_double (file, group, key_of (precision), before > 0 ? before + NEW_SHARE * (seconds - before) : seconds);
  /* Without a cache the next time is not known beforehand; nothing else depends on it. */
  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_key_file_save_to_file (file, name, NULL);
}

double
unclip_plugin_pace_expect (UnclipModel    *model,
                           UnclipPrecision precision,
                           double          cost)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autofree char *name = file_name ();

  return g_key_file_load_from_file (file, name, G_KEY_FILE_NONE, NULL) ? recall (file, model, precision) * cost : 0;
}
