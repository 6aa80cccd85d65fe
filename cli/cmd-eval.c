/* unclip eval: one part of the pipeline on given tensors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"
#include "dev.h"

#include <glib/gi18n.h>
#include <string.h>

static const CmdHelp help = {
  .usage = "MODEL TASK --in T.safetensors --out U.safetensors",
  .summary = N_("Runs one part of the pipeline on named tensors and writes all that it computes, so that two\n"
                "engines can be compared: in float32, unless --precision bf16 is given."),
  .examples = N_("Examples:\n"
                 "  unclip eval toybox decoder --in golden/decoder.safetensors --out decoder.safetensors\n"
                 "  unclip eval toybox ddim --in golden/ddim.safetensors --out ddim.safetensors --set guidance_scale=1\n"
                 "  unclip eval toybox tokenizer --in texts.json --out ids.json\n"
                 "  unclip eval toybox preprocess --in photo.png --out preprocess.safetensors"),
  .takes = CMD_TAKES_PICTURE & ~CMD_TAKES_MODEL,
  .n_operands = 2,
  .n_required = 2,
};

static gboolean
check_settings (char   **settings,
                GError **error)
{
  for (; settings != NULL && *settings != NULL; settings++)
    {
      const char *equals = strchr (*settings, '=');

      if (equals == NULL || equals == *settings)
        {
          g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("--set takes key=value, not \"%s\""), *settings);
          return FALSE;
        }
    }
  return TRUE;
}

gboolean
cmd_eval (CmdJob  *job,
          int      argc,
          char   **argv,
          GError **error)
{
  g_autofree char *in = NULL, *out = NULL, *path = NULL;
  g_auto (GStrv) settings = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdOutput) output = NULL;
  const char *picture;
  int         task;
  const GOptionEntry entries[] = {
    { "in", 0, 0, G_OPTION_ARG_FILENAME, &in, N_("Tensors; texts as JSON for tokenizer, a picture for preprocess"), N_("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("What is computed; JSON for tokenizer"), N_("FILE") },
    { "set", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &settings, N_("A setting of the task; may be repeated"), N_("KEY=VALUE") },
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("A picture that the task takes besides"), N_("FILE") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_choice (job->operands[1], "TASK", unclip_eval_tasks (), &task, error)
      || ! cmd_require (in, "--in", error)
      || ! cmd_require (out, "--out", error)
      || ! check_settings (settings, error))
    return FALSE;

  output = cmd_output_new_file (job, out, strcmp (job->operands[1], "tokenizer") == 0 ? ".json" : ".safetensors", 1, error);
  if (output == NULL)
    return FALSE;
  picture = path == NULL && strcmp (job->operands[1], "preprocess") == 0 ? in : path;
  if (picture != NULL)
    image = cmd_picture_read_image (picture, NULL, error);
  if (picture != NULL && image == NULL)
    return FALSE;
  job->model_name = g_strdup (job->operands[0]);
  if (! cmd_job_open_model (job, error)
      || ! unclip_eval (job->model, job->operands[1], in, out, (const char *const *) settings,
                        image, &job->options, error))
    return FALSE;
  cmd_output_keep (output);
  return cmd_job_finish (job, cmd_output_files (output), error);
}
