/* unclip probe: which label fits a picture best, and what the first principal components of z_i hold.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <stdlib.h>

static const CmdHelp help = {
  .usage = "--image F.png --label TEXT … | --pca K,K,… --out DIR",
  .summary = N_("Says how well labels fit a picture, the best first: probability among these labels, cosine\n"
                "of the angle between label and picture, label. With --pca it makes pictures of what the first\n"
                "principal components of the picture's embedding hold, the rest at the mean, from one noise."),
  .examples = N_("Examples:\n"
                 "  unclip probe --image apple.png --label \"a red apple\" --label \"a green apple\" --label \"a car\"\n"
                 "  unclip probe --image apple.png --pca 1,4,16 --out probed"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METADATA,
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

/* What --label asks for, into the report. */
static gboolean
probe_labels (CmdJob             *job,
              const UnclipImage  *image,
              char              **labels,
              GError            **error)
{
  int n = g_strv_length (labels);
  g_autofree float *probabilities = g_new0 (float, n), *similarities = g_new0 (float, n);
  g_autofree Score *scores = g_new (Score, n);

  if (! unclip_probe_labels (job->model, image, (const char *const *) labels, n, probabilities, similarities, &job->options, error))
    return FALSE;
  for (int i = 0; i < n; i++)
    scores[i] = (Score) { labels[i], probabilities[i], similarities[i] };
  qsort (scores, n, sizeof *scores, by_probability);
  cmd_progress_clear (&job->progress);
  report (job, scores, n);
  return TRUE;
}

/* NULL-terminated. */
static char **
file_names (const char *path,
            const int  *numbers,
            int         n)
{
  g_autofree char *stem = cmd_output_stem (path);
  char **names = g_new0 (char *, n + 1);

  for (int i = 0; i < n; i++)
    names[i] = g_strdup_printf ("%s-pca-%d.png", stem, numbers[i]);
  return names;
}

/* What --pca asks for: pictures in @output, and the numbers, in the order of the files, in the report. */
static gboolean
probe_pca (CmdJob             *job,
           const UnclipImage  *image,
           const int          *numbers,
           int                 n,
           CmdOutput          *output,
           gboolean            is_composite,
           GError            **error)
{
  g_autoptr (GPtrArray) results = unclip_probe_pca (job->model, image, numbers, n, &job->options, error);
  JsonArray *array;

  if (results == NULL)
    return FALSE;
  array = json_array_new ();
  for (int i = 0; i < n; i++)
    json_array_add_int_element (array, numbers[i]);
  json_object_set_array_member (job->report, "pca", array);
  return cmd_job_save (job, output, results, 0, NULL, is_composite, error);
}

gboolean
cmd_probe (CmdJob  *job,
           int      argc,
           char   **argv,
           GError **error)
{
  g_autofree char *path = NULL, *pca = NULL, *out = NULL;
  g_autofree int  *numbers = NULL;
  g_auto (GStrv) labels = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (UnclipImage) image = NULL;
  gboolean is_generated;
  int      n_numbers = 0;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME, &path, N_("The picture"), N_("FILE") },
    { "label", 'l', 0, G_OPTION_ARG_FILENAME_ARRAY, &labels, N_("A label; may be repeated"), N_("TEXT") },
    { "pca", 0, 0, G_OPTION_ARG_STRING, &pca, N_("Numbers of principal components, with commas between them; a picture for each"), "K,K,…" },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The folder that the pictures of --pca are written to"), N_("DIR") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_require (path, "--image", error)
      || (pca == NULL && ! cmd_require (labels, "--label", error))
      || (pca != NULL && ! cmd_ints (pca, "--pca", 0, 65536, &numbers, &n_numbers, error))
      || (pca != NULL && ! cmd_require (out, "--out", error)))
    return FALSE;
  if (out != NULL && pca == NULL)
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_USAGE, _("--out is for the pictures of --pca, which was not given"));
      return FALSE;
    }
  for (int i = 0; labels != NULL && labels[i] != NULL; i++)
    if (! cmd_text (&labels[i], "--label", error))
      return FALSE;

  if (pca != NULL)
    {
      g_auto (GStrv) names = file_names (path, numbers, n_numbers);

      output = cmd_output_new_in (out, names, error);
      if (output == NULL)
        return FALSE;
    }
  image = cmd_picture_read_reduced (path, &job->options, &is_generated, NULL, error);
  if (image == NULL || ! cmd_job_open_model (job, error)
      || (labels != NULL && ! probe_labels (job, image, labels, error)))
    return FALSE;
  if (pca != NULL)
    return probe_pca (job, image, numbers, n_numbers, output, ! is_generated, error);
  return cmd_job_finish (job, NULL, error);
}
