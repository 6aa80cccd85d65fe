/* Filters ▸ unCLIP ▸ Probe: what CLIP sees in the layer, as words and as pictures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>

#include "bars.h"
#include "provenance.h"

#define MAX_PICTURES 16

typedef struct
{
  const char *label;
  double      probability, similarity;
} Score;

/* What the labels came to, the best first; and of how many components there are pictures. */
typedef struct
{
  char **labels;
  Score *scores;
  int    n;
  int    numbers[MAX_PICTURES], n_pictures;
} Probed;

static void
probed_free (Probed *probed)
{
  g_strfreev (probed->labels);
  g_free (probed->scores);
  g_free (probed);
}

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_string_argument (procedure, "labels", _("La_bels"),
                                      _("Captions to choose from, with commas between them, for example \"a ball, a star\""),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "pca", _("Princip_al components"),
                                      _("Numbers with commas between them, for example \"1, 4, 16\": a layer for each shows what so many of the "
                                        "first principal components of the layer's meaning hold; empty: none"),
                                      "", G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_string_array_return_value (procedure, "labels", _("Labels"), _("The labels, the likeliest first"), G_PARAM_READWRITE);
  /* As texts: GIMP 3.0's Python cannot read an array of numbers that a procedure returns. */
  gimp_procedure_add_string_array_return_value (procedure, "probabilities", _("Probabilities"),
                                                _("How likely each is, among these labels; they add up to 1"), G_PARAM_READWRITE);
  gimp_procedure_add_string_array_return_value (procedure, "similarities", _("Similarities"),
                                                _("Cosine of the angle between layer and label, -1 to 1"), G_PARAM_READWRITE);
}

/* Six digits, with a point whatever the language. */
static void
add_number (GStrvBuilder *texts,
            double        number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_strv_builder_add (texts, g_ascii_formatd (text, sizeof text, "%.6f", number));
}

static void
take_texts (const UnclipPluginJob *job,
            GimpValueArray        *values,
            const char            *name,
            GStrvBuilder          *texts)
{
  g_value_take_boxed (unclip_plugin_value (job->procedure, values, name), g_strv_builder_end (texts));
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  const Probed *probed = job->data;
  g_autoptr (GStrvBuilder) labels = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) probabilities = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) similarities = g_strv_builder_new ();

  for (int i = 0; i < probed->n; i++)
    {
      g_strv_builder_add (labels, probed->scores[i].label);
      add_number (probabilities, probed->scores[i].probability);
      add_number (similarities, probed->scores[i].similarity);
    }
  take_texts (job, values, "labels", labels);
  take_texts (job, values, "probabilities", probabilities);
  take_texts (job, values, "similarities", similarities);
}

/* For the user, after the layers are there. */
static void
show (const UnclipPluginJob *job)
{
  const Probed              *probed = job->data;
  g_autofree UnclipPluginBar *bars = g_new (UnclipPluginBar, probed->n);

  for (int i = 0; i < probed->n; i++)
    bars[i] = (UnclipPluginBar) { probed->scores[i].label, probed->scores[i].probability };
  if (probed->n > 0)
    unclip_plugin_bars_show (_("Labels"), _("What the model takes the layer for, among these labels:"), bars, probed->n);
}

static int
by_probability (gconstpointer a,
                gconstpointer b)
{
  const Score *score_a = a, *score_b = b;

  return (score_a->probability < score_b->probability) - (score_a->probability > score_b->probability);
}

static gboolean
probe_labels (UnclipPluginJob   *job,
              const UnclipImage *picture,
              Probed            *probed,
              GError           **error)
{
  int n = g_strv_length (probed->labels);
  g_autofree float *probabilities = g_new0 (float, n), *similarities = g_new0 (float, n);

  if (! unclip_probe_labels (job->model, picture, (const char *const *) probed->labels, n, probabilities, similarities, &job->options, error))
    return FALSE;
  probed->n = n;
  probed->scores = g_new (Score, n);
  for (int i = 0; i < n; i++)
    probed->scores[i] = (Score) { probed->labels[i], probabilities[i], similarities[i] };
  qsort (probed->scores, n, sizeof *probed->scores, by_probability);
  return TRUE;
}

/* @numbers: (array length=n): each once, in their order */
static gboolean
read_numbers (char  **parts,
              int    *numbers,
              int    *n,
              GError **error)
{
  *n = 0;
  for (char **part = parts; *part != NULL; part++)
    {
      guint64 number;
      int     i = 0;

      if (! g_ascii_string_to_unsigned (*part, 10, 0, G_MAXINT, &number, NULL))
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                       _("The argument \"pca\" takes numbers with commas between them, like \"1, 4, 16\", and \"%s\" is none"), *part);
          return FALSE;
        }
      while (i < *n && numbers[i] != (int) number)
        i++;
      if (i == MAX_PICTURES)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The argument \"pca\" takes at most %d numbers"), MAX_PICTURES);
          return FALSE;
        }
      numbers[i] = (int) number;
      *n = MAX (*n, i + 1);
    }
  return TRUE;
}

static gboolean
probe_pca (UnclipPluginJob   *job,
           const UnclipImage *picture,
           const int         *numbers,
           int                n,
           GError           **error)
{
  job->squares = unclip_probe_pca (job->model, picture, numbers, n, &job->options, error);
  return job->squares != NULL;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  const Probed *probed = job->data;

  for (int i = 0; i < probed->n_pictures; i++)
    {
      JsonObject *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);

      json_object_set_int_member (record, "pca", probed->numbers[i]);
      unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("PCA %d"), probed->numbers[i]), .record = record,
                                                         .square = job->squares->pdata[i] });
    }
  job->results.group_name = g_strdup (_("Probe"));
  return TRUE;
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *labels = unclip_plugin_text (job->config, "labels"), *pca = unclip_plugin_text (job->config, "pca");
  g_auto (GStrv) parts = unclip_plugin_split (pca);
  g_autoptr (UnclipImage) picture = NULL;
  Probed *probed = g_new0 (Probed, 1);

  job->data = probed;
  job->free_data = (GDestroyNotify) probed_free;
  probed->labels = unclip_plugin_split (labels);
  if (! read_numbers (parts, probed->numbers, &probed->n_pictures, error))
    return FALSE;
  if (probed->labels[0] == NULL && probed->n_pictures == 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("Say what to look for: the arguments \"labels\" and \"pca\" are both empty; write for example \"a ball, a star\""));
      return FALSE;
    }
  picture = unclip_plugin_job_picture (job, 0, error);
  if (picture == NULL)
    return FALSE;
  return (probed->labels[0] == NULL || probe_labels (job, picture, probed, error))
         && (probed->n_pictures == 0 || probe_pca (job, picture, probed->numbers, probed->n_pictures, error));
}

const UnclipPluginDescriptor unclip_plugin_probe = {
  .name = UNCLIP_PLUGIN_PREFIX "probe",
  .menu_label = N_("_Probe…"),
  .title = N_("Probe"),
  .blurb = N_("See what the model sees in the layer"),
  .help = N_("Says which of some labels fits the layer best, by CLIP, with the probability of each among these; and makes layers of what the "
             "first principal components of the layer's meaning hold, by unCLIP. With a selection only that and some of "
             "its surroundings count. The layer itself stays as it is. Nothing leaves this computer. A value that is not "
             "among a choice's counts as its default; the settings used are returned."),
  .hint = N_("Says which label fits the layer best, and makes layers of what the first principal components of its meaning hold."),
  .takes = UNCLIP_PLUGIN_TAKES_EDIT,
  .needs = (const char *const[]) { "image_encoder", NULL },
  .captions = { { "labels", N_("a ball, a star"), FALSE } },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .make = make,
  .name_results = name,
  .set_values = set_values,
  .show = show,
};
