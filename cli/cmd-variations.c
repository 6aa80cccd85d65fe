/* unclip variations: the same picture again, different in what is not essential.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <string.h>

static const CmdHelp help = {
  .usage = "--image F.png --out DIR",
  .summary = N_("Makes variations of a picture: what CLIP sees in it stays, the rest is drawn anew, the more\n"
                "freely the larger --eta is. Writes DIR/F-1.png, DIR/F-2.png, …"),
  .examples = N_("Examples:\n"
                 "  unclip variations --image apple.png --count 4 --out more\n"
                 "  unclip variations --image photo.jpg --eta 0.3 --fit --out more"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD | CMD_TAKES_METADATA,
};

/* "DIR/apple.jpg" gives "apple-1.png" and so on; NULL-terminated. */
static char **
file_names (const char *path,
            int         n)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *name = cmd_output_stem (path);

  for (int i = 1; i <= n; i++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s-%d.png", name, i);

      g_strv_builder_add (builder, numbered);
    }
  return g_strv_builder_end (builder);
}

gboolean
cmd_variations (CmdJob  *job,
                int      argc,
                char   **argv,
                GError **error)
{
  g_autofree char *path = NULL, *count_text = NULL, *eta_text = NULL, *out = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdPicture) original = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_auto (GStrv) names = NULL;
  int      count = 1;
  double   eta = -1;
  gboolean fit = FALSE, is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The folder that the variations are written to"), N_("DIR") },
    { "count", 'n', 0, G_OPTION_ARG_STRING, &count_text, N_("How many, 1 to 64 (default: 1)"), N_("N") },
    { "eta", 0, 0, G_OPTION_ARG_STRING, &eta_text, N_("How different, 0 (the picture itself) to 1 (default: the model's)"), N_("E") },
    { "fit", 0, 0, G_OPTION_ARG_NONE, &fit, N_("Bring the result to the picture's own size and shape"), NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || ! cmd_int (count_text, "--count", 1, 64, &count, error)
      || ! cmd_double (eta_text, "--eta", 0, 1, &eta, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  json_object_set_int_member (job->settings, "count", count);
  if (eta_text != NULL)
    json_object_set_double_member (job->settings, "eta", eta);

  names = file_names (path, count);
  output = cmd_output_new_in (out, names, error);
  if (output == NULL)
    return FALSE;
  image = cmd_picture_read_reduced (path, &job->options, &is_generated, fit ? &original : NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  results = unclip_variations (job->model, image, count, eta, &job->options, error);
  if (results == NULL)
    return FALSE;
  return cmd_job_save (job, output, results, 1, original, ! is_generated, error);
}
