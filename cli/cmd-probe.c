/* unclip probe: which label fits a picture best.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <stdlib.h>

static const CmdHelp help = {
  .usage = "--image F.png --label TEXT …",
  .summary = N_("Says how well labels fit a picture, the best first: probability among these labels, cosine\n"
                "of the angle between label and picture, label."),
  .examples = N_("Examples:\n"
                 "  unclip probe --image apple.png --label \"a red apple\" --label \"a green apple\" --label \"a car\""),
  .takes = CMD_TAKES_PICTURE,
};

typedef struct
{
  const char *label;
  float       probability, similarity;
} Score;

static int
by_probability (gconstpointer a,
                gconstpointer b)
{
  const Score *score_a = a, *score_b = b;

  return (score_a->probability < score_b->probability) - (score_a->probability > score_b->probability);
}

static void
report (CmdJob      *job,
        const Score *scores,
        int          n)
{
  JsonArray *array = json_array_new ();

  for (int i = 0; i < n; i++)
    {
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "label", scores[i].label);
      json_object_set_double_member (object, "probability", scores[i].probability);
      json_object_set_double_member (object, "similarity", scores[i].similarity);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (job->report, "labels", array);
  if (! job->json)
    for (int i = 0; i < n; i++)
      printf ("%.4f  %+.4f  %s\n", scores[i].probability, scores[i].similarity, scores[i].label);
}

gboolean
cmd_probe (CmdJob  *job,
           int      argc,
           char   **argv,
           GError **error)
{
  g_autofree char *path = NULL, *pca = NULL;
  g_auto (GStrv) labels = NULL;
  g_autoptr (UnclipImage) image = NULL;
  g_autofree float *probabilities = NULL, *similarities = NULL;
  g_autofree Score *scores = NULL;
  int n;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "label", 'l', 0, G_OPTION_ARG_FILENAME_ARRAY, &labels, N_("A label; may be repeated"), N_("TEXT") },
    { "pca", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &pca, NULL, NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error))
    return FALSE;
  if (pca != NULL)
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_FAILED, _("--pca comes with a later version; use --label"));
      return FALSE;
    }
  if (! cmd_require (path, "--image", error) || ! cmd_require (labels, "--label", error))
    return FALSE;
  n = g_strv_length (labels);
  for (int i = 0; i < n; i++)
    if (! cmd_text (&labels[i], "--label", error))
      return FALSE;

  image = cmd_picture_read (path, NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error))
    return FALSE;
  probabilities = g_new0 (float, n);
  similarities = g_new0 (float, n);
  if (! unclip_probe_labels (job->model, image, (const char *const *) labels, n, probabilities, similarities, &job->options, error))
    return FALSE;

  scores = g_new (Score, n);
  for (int i = 0; i < n; i++)
    scores[i] = (Score) { labels[i], probabilities[i], similarities[i] };
  qsort (scores, n, sizeof *scores, by_probability);
  cmd_progress_clear (&job->progress);
  report (job, scores, n);
  cmd_job_finish (job, NULL);
  return TRUE;
}
