/* unclip generate: a picture from a caption.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "--prompt TEXT --out F.png",
  .summary = N_("Makes a picture from a caption: the prior turns the caption into the embedding of a\n"
                "picture, the decoder makes a picture of that, and the upsampler enlarges it."),
  .examples = N_("Examples:\n"
                 "  unclip generate --prompt \"a red apple\" --out apple.png\n"
                 "  unclip generate --prompt \"a red apple\" --prior text --seed 7 --json --out apple.png\n"
                 "  unclip generate --model ~/karlo-v1-alpha --prompt \"a corgi\" --size 64 --out corgi.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_NOISE_LEVEL | CMD_TAKES_METADATA,
};

gboolean
cmd_generate (CmdJob  *job,
              int      argc,
              char   **argv,
              GError **error)
{
  /* In the order of UnclipPriorKind. */
  static const char *const priors[] = { "diffusion", "autoregressive", "none", "text", NULL };
  g_autofree char *prompt = NULL, *prior_text = NULL, *out = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  UnclipImage *image;
  int          prior = UNCLIP_PRIOR_DIFFUSION;
  const GOptionEntry entries[] = {
    { "prompt", 'p', 0, G_OPTION_ARG_FILENAME, &prompt, N_("What the picture shows"), N_("TEXT") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The picture that is written; - is stdout, as PNG"), N_("F.png") },
    { "prior", 0, 0, G_OPTION_ARG_STRING, &prior_text, N_("Where the picture's embedding comes from: a prior (default: diffusion); none, the decoder sees the caption alone; text, the caption's embedding takes its place"), "diffusion|autoregressive|none|text" },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (prompt, "--prompt", error)
      || ! cmd_text (&prompt, "--prompt", error)
      || ! cmd_choice (prior_text, "--prior", priors, &prior, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  json_object_set_string_member (job->settings, "prompt", prompt);
  json_object_set_string_member (job->settings, "prior", priors[prior]);

  output = cmd_output_new_file (job, out, ".png", 1, error);
  if (output == NULL)
    return FALSE;
  if (! cmd_job_open_model (job, error))
    return FALSE;
  image = unclip_generate (job->model, prompt, prior, &job->options, error);
  if (image == NULL)
    return FALSE;
  g_ptr_array_add (images, image);
  return cmd_job_save (job, output, images, 0, NULL, FALSE, error);
}
