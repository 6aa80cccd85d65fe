/* unclip decode: the picture of latents.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--latents L.safetensors --out F.png",
  .summary = N_("Makes a picture of the latents that \"unclip invert\" wrote."),
  .examples = N_("Examples:\n"
                 "  unclip invert --image apple.png --out apple.safetensors\n"
                 "  unclip decode --latents apple.safetensors --out again.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METADATA,
};

gboolean
cmd_decode (CmdJob  *job,
            int      argc,
            char   **argv,
            GError **error)
{
  g_autofree char *path = NULL, *out = NULL;
  g_autoptr (UnclipLatents) latents = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  UnclipImage *image;
  const GOptionEntry entries[] = {
    { "latents", 'l', 0, G_OPTION_ARG_FILENAME, &path, N_("The latents"), N_("L.safetensors") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The picture that is written; - is stdout, as PNG"), N_("F.png") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--latents", error)
      || ! cmd_require (out, "--out", error))
    return FALSE;

  output = cmd_output_new_file (job, out, ".png", 1, error);
  if (output == NULL)
    return FALSE;
  latents = unclip_latents_load (path, error);
  if (latents == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  image = unclip_decode (job->model, latents, &job->options, error);
  if (image == NULL)
    return FALSE;
  g_ptr_array_add (images, image);
  return cmd_job_save (job, output, images, 0, NULL, TRUE, error);
}
