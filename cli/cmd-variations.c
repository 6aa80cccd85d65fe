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
                "freely the larger --eta is. Writes DIR/F-1.png, DIR/F-2.png, … With --candidates they are of the\n"
                "decoder's size, which takes less time; --pick then makes some of them whole."),
  .examples = N_("Examples:\n"
                 "  unclip variations --image apple.png --count 4 --out more\n"
                 "  unclip variations --image photo.jpg --eta 0.3 --fit --out more\n"
                 "  unclip variations --image apple.png --candidates 8 --out seen\n"
                 "  unclip variations --image apple.png --candidates 8 --pick 2,5 --out more"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD | CMD_TAKES_NOISE_LEVEL | CMD_TAKES_METADATA,
};

/* "DIR/apple.jpg" gives "apple-1.png" and so on, up to @n or for @numbers; NULL-terminated. */
static char **
file_names (const char *path,
            const int  *numbers,
            int         n)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *name = cmd_output_stem (path);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *numbered = g_strdup_printf ("%s-%d.png", name, numbers != NULL ? numbers[i] : i + 1);

      g_strv_builder_add (builder, numbered);
    }
  return g_strv_builder_end (builder);
}

/* Those of @numbers, from 1, whole. */
static GPtrArray *
finish (CmdJob                  *job,
        const UnclipCandidates  *candidates,
        const int               *numbers,
        int                      n,
        GError                 **error)
{
  g_autofree int *picks = g_new (int, n);

  for (int i = 0; i < n; i++)
    picks[i] = numbers[i] - 1;
  return unclip_candidates_finish (job->model, candidates, picks, n, &job->options, error);
}

gboolean
cmd_variations (CmdJob  *job,
                int      argc,
                char   **argv,
                GError **error)
{
  g_autofree char *path = NULL, *count_text = NULL, *eta_text = NULL, *candidates_text = NULL, *pick_text = NULL, *out = NULL;
  g_autofree int  *picks = NULL;
  g_autoptr (UnclipCandidates) candidates = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autoptr (CmdPicture) original = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_auto (GStrv) names = NULL;
  int      count = 1, n_picks = 0;
  double   eta = -1;
  gboolean fit = FALSE, is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The folder that the variations are written to"), N_("DIR") },
    { "count", 'n', 0, G_OPTION_ARG_STRING, &count_text, N_("How many, 1 to 64 (default: 1)"), N_("N") },
    { "candidates", 0, 0, G_OPTION_ARG_STRING, &candidates_text, N_("In the place of --count: as many, but only of the decoder's size"), N_("N") },
    { "pick", 0, 0, G_OPTION_ARG_STRING, &pick_text, N_("Numbers of candidates, with commas between them, that are made whole"), "K,K,…" },
    { "eta", 0, 0, G_OPTION_ARG_STRING, &eta_text, N_("How different, 0 (the picture itself) to 1 (default: the model's)"), N_("E") },
    { "fit", 0, 0, G_OPTION_ARG_NONE, &fit, N_("Bring the result to the picture's own size and shape"), NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || ! cmd_int (count_text, "--count", 1, 64, &count, error)
      || ! cmd_int (candidates_text, "--candidates", 1, 64, &count, error)
      || (pick_text != NULL && ! cmd_require (candidates_text, "--candidates", error))
      || (pick_text != NULL && ! cmd_ints (pick_text, "--pick", 1, count, &picks, &n_picks, error))
      || ! cmd_double (eta_text, "--eta", 0, 1, &eta, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  if (count_text != NULL && candidates_text != NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s and %s do not go together"), "--count", "--candidates");
      return FALSE;
    }
  json_object_set_int_member (job->settings, candidates_text != NULL ? "candidates" : "count", count);
  if (eta_text != NULL)
    json_object_set_double_member (job->settings, "eta", eta);

  names = file_names (path, picks, picks != NULL ? n_picks : count);
  output = cmd_output_new_in (out, names, error);
  if (output == NULL)
    return FALSE;
  image = cmd_picture_read_reduced (path, &job->options, &is_generated, fit ? &original : NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  if (candidates_text != NULL)
    job->options.candidates = &candidates;
  results = unclip_variations (job->model, image, count, eta, &job->options, error);
  if (results != NULL && picks != NULL)
    {
      g_ptr_array_unref (results);
      results = finish (job, candidates, picks, n_picks, error);
    }
  if (results == NULL)
    return FALSE;
  return cmd_job_save (job, output, results, 1, original, ! is_generated, error);
}
