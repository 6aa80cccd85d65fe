/* unclip upscale: the model's upsampler on any picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--image F.png --out G.png",
  .summary = N_("Enlarges a picture with the model's second upsampler, or with its first where it has no other;\n"
                "both make it four times as large, up to 4096 pixels a side. It works in tiles, so that large\n"
                "pictures take no more memory to work on. The picture keeps its shape; --size and --framing\n"
                "have no say."),
  .examples = N_("Examples:\n"
                 "  unclip upscale --image small.png --out large.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METADATA,
};

gboolean
cmd_upscale (CmdJob  *job,
             int      argc,
             char   **argv,
             GError **error)
{
  g_autofree char *path = NULL, *out = NULL, *tile = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  UnclipImage *result;
  gboolean     is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "tile", 0, 0, G_OPTION_ARG_STRING, &tile, N_("Side of a tile, 16 to 4096 pixels of the result; smaller ones take less memory and more time (default: the network's own side, at most 384)"), N_("PX") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The picture that is written; - is stdout, as PNG"), N_("G.png") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || ! cmd_require (out, "--out", error)
      || ! cmd_int (tile, "--tile", 16, 4096, &job->options.tile, error))
    return FALSE;

  output = cmd_output_new_file (job, out, ".png", 1, error);
  if (output == NULL)
    return FALSE;
  image = cmd_picture_read_image (path, &is_generated, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  result = unclip_upscale (job->model, image, &job->options, error);
  if (result == NULL)
    return FALSE;
  g_ptr_array_add (images, result);
  return cmd_job_save (job, output, images, 0, NULL, ! is_generated, error);
}
