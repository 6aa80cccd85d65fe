/* unclip synth: a model with random weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"
#include "dev.h"

#include <glib/gi18n.h>
#include <string.h>

static const CmdHelp help = {
  .usage = "CONFIG_DIR --out DIR",
  .summary = N_("Makes a model of a folder of config.json files, with random weights under the names and in\n"
                "the shapes of the real ones, so that speed and memory can be measured without them."),
  .examples = N_("Examples:\n"
                 "  unclip synth karlo-configs --out karlo-random --dtype f16\n"
                 "  unclip bench karlo-random decoder"),
  .takes = CMD_TAKES_SEED,
  .n_operands = 1,
  .n_required = 1,
};

gboolean
cmd_synth (CmdJob  *job,
           int      argc,
           char   **argv,
           GError **error)
{
  static const char *const dtypes[] = { "f32", "f16", "bf16", NULL };
  g_autofree char *out = NULL, *dtype_text = NULL;
  int dtype = 0;
  const GOptionEntry entries[] = {
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The model folder that is made"), N_("DIR") },
    { "dtype", 0, 0, G_OPTION_ARG_STRING, &dtype_text, N_("How the weights are stored (default: f32)"), "f32|f16|bf16" },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (out, "--out", error)
      || ! cmd_choice (dtype_text, "--dtype", dtypes, &dtype, error))
    return FALSE;
  if (strcmp (out, "-") == 0)
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_USAGE, _("A model cannot go to stdout; a folder with that name is ./-"));
      return FALSE;
    }
  json_object_set_string_member (job->settings, "dtype", dtypes[dtype]);

  if (! unclip_synth (job->operands[0], out, job->options.seed, dtypes[dtype], &job->options, error))
    return FALSE;
  return cmd_job_finish (job, (const char *[]) { out, NULL }, error);
}
