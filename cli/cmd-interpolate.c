/* unclip interpolate: frames from one picture to another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--image A.png --image B.png --out DIR",
  .summary = N_("Makes frames from one picture to another, both included, that change in meaning and not as\n"
                "a fade. Writes DIR/frame-00.png, DIR/frame-01.png, …"),
  .examples = N_("Examples:\n"
                 "  unclip interpolate --image apple.png --image pear.png --frames 9 --out frames"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD | CMD_TAKES_METADATA,
};

/* NULL-terminated; all of one length, so that they sort as they follow. */
static char **
file_names (int n)
{
  char **names = g_new0 (char *, n + 1);

  for (int i = 0; i < n; i++)
    names[i] = g_strdup_printf ("frame-%0*d.png", n > 100 ? 3 : 2, i);
  return names;
}

gboolean
cmd_interpolate (CmdJob  *job,
                 int      argc,
                 char   **argv,
                 GError **error)
{
  g_auto (GStrv) paths = NULL;
  /* In the order of UnclipHold. */
  static const char *const holds[] = { "nothing", "z_i", "x_T", NULL };
  g_autofree char *frames_text = NULL, *hold_text = NULL, *out = NULL;
  g_autoptr (UnclipImage) a = NULL;
  g_autoptr (UnclipImage) b = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) frames = NULL;
  g_auto (GStrv) names = NULL;
  int      n_frames = 5, hold = UNCLIP_HOLD_NOTHING;
  gboolean a_is_generated, b_is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, N_("The first picture, and again the last"), N_("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The folder that the frames are written to"), N_("DIR") },
    { "frames", 'n', 0, G_OPTION_ARG_STRING, &frames_text, N_("How many, 2 to 256 (default: 5)"), N_("N") },
    { "hold", 0, 0, G_OPTION_ARG_STRING, &hold_text, N_("What stays as it is in the first picture: what it means, z_i, or its noise, x_T (default: nothing)"), "nothing|z_i|x_T" },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (paths, "--image", error)
      || ! cmd_int (frames_text, "--frames", 2, 256, &n_frames, error)
      || ! cmd_choice (hold_text, "--hold", holds, &hold, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  if (g_strv_length (paths) != 2)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("--image has to be given twice, not %u times"), g_strv_length (paths));
      return FALSE;
    }
  json_object_set_int_member (job->settings, "frames", n_frames);
  json_object_set_string_member (job->settings, "hold", holds[hold]);

  names = file_names (n_frames);
  output = cmd_output_new_in (out, names, error);
  if (output == NULL)
    return FALSE;
  a = cmd_picture_read_reduced (paths[0], &job->options, &a_is_generated, NULL, error);
  if (a == NULL)
    return FALSE;
  b = cmd_picture_read_reduced (paths[1], &job->options, &b_is_generated, NULL, error);
  if (b == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  frames = unclip_interpolate (job->model, a, b, n_frames, hold, &job->options, error);
  if (frames == NULL)
    return FALSE;
  return cmd_job_save (job, output, frames, 0, NULL, ! (a_is_generated && b_is_generated), error);
}
