/* unclip invert: the latents that return a picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--image F.png --out L.safetensors",
  .summary = N_("Finds the bipartite latents of a picture, z_i and x_T, from which \"unclip decode\" returns it,\n"
                "and writes them with all that this takes."),
  .examples = N_("Examples:\n"
                 "  unclip invert --image apple.png --out apple.safetensors\n"
                 "  unclip decode --latents apple.safetensors --out again.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD,
};

gboolean
cmd_invert (CmdJob  *job,
            int      argc,
            char   **argv,
            GError **error)
{
  g_autofree char *path = NULL, *prompt = NULL, *out = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (UnclipLatents) latents = NULL;
  const char *held;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The latents that are written"), N_("L.safetensors") },
    { "prompt", 'p', 0, G_OPTION_ARG_FILENAME, &prompt, N_("Caption that the decoder sees along with the picture's embedding (default: none)"), N_("TEXT") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || ! cmd_text (&prompt, "--prompt", error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  json_object_set_string_member (job->settings, "prompt", prompt);

  output = cmd_output_new_file (job, out, ".safetensors", 1, error);
  if (output == NULL)
    return FALSE;
  image = cmd_picture_read_reduced (path, &job->options, NULL, NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  latents = unclip_invert (job->model, image, prompt, &job->options, error);
  if (latents == NULL)
    return FALSE;
  held = cmd_output_hold (output, error);
  return held != NULL && unclip_latents_save (latents, held, error) && cmd_job_deliver (job, output, error);
}
