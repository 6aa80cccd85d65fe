/* unclip text-edit: "a red apple" becomes "a green apple".
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--image F.png --from TEXT --to TEXT --out G.png",
  .summary = N_("Changes a picture by the difference between two captions: what it shows now, and what it\n"
                "shall show. With --stages N the way there is written as G-1.png … G-N.png."),
  .examples = N_("Examples:\n"
                 "  unclip text-edit --image apple.png --from \"a red apple\" --to \"a green apple\" --out green.png\n"
                 "  unclip text-edit --image apple.png --from \"a red apple\" --to \"a green apple\" \\\n"
                 "    --strength 0.5 --stages 4 --fit --out green.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD | CMD_TAKES_METADATA,
};

gboolean
cmd_text_edit (CmdJob  *job,
               int      argc,
               char   **argv,
               GError **error)
{
  g_autofree char *path = NULL, *from = NULL, *to = NULL, *strength_text = NULL, *stages_text = NULL, *out = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdPicture) original = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) results = NULL;
  double   strength = -1;
  int      n_stages = 1;
  gboolean fit = FALSE, is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &from, N_("What it shows now; may be \"\""), N_("TEXT") },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, N_("What it shall show"), N_("TEXT") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The picture that is written; - is stdout, as PNG"), N_("G.png") },
    { "strength", 0, 0, G_OPTION_ARG_STRING, &strength_text, N_("How far to turn, 0 (the same picture) to 1; 0.25 to 0.50 is usual (default: the model's)"), N_("THETA") },
    { "stages", 0, 0, G_OPTION_ARG_STRING, &stages_text, N_("Pictures on the way, 1 to 64 (default: 1)"), N_("N") },
    { "fit", 0, 0, G_OPTION_ARG_NONE, &fit, N_("Bring the result to the picture's own size and shape"), NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || ! cmd_require (from, "--from", error)
      || ! cmd_text (&from, "--from", error)
      || ! cmd_require (to, "--to", error)
      || ! cmd_text (&to, "--to", error)
      || ! cmd_double (strength_text, "--strength", 0, 1, &strength, error)
      || ! cmd_int (stages_text, "--stages", 1, 64, &n_stages, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  json_object_set_string_member (job->settings, "from", from);
  json_object_set_string_member (job->settings, "to", to);
  json_object_set_int_member (job->settings, "stages", n_stages);
  if (strength_text != NULL)
    json_object_set_double_member (job->settings, "strength", strength);

  output = cmd_output_new_file (job, out, ".png", n_stages, error);
  if (output == NULL)
    return FALSE;
  image = cmd_picture_read_reduced (path, &job->options, &is_generated, fit ? &original : NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  results = unclip_text_edit (job->model, image, from, to, strength, n_stages, &job->options, error);
  if (results == NULL)
    return FALSE;
  return cmd_job_save (job, output, results, 1, original, ! is_generated, error);
}
