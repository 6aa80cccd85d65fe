/* Filters ▸ unCLIP ▸ Mix: several layers and captions, each with a weight, become one picture.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "provenance.h"

#define MAX_COUNT 16
/* Of layers and captions together, and the engine's limit. */
#define MAX_INGREDIENTS UNCLIP_PLUGIN_MAX_WORKS

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_string_argument (procedure, "weights", _("Weights of the la_yers"),
                                      _("Numbers with commas between them, for the selected layers from the top down, for example \"1, 0.5\"; negative "
                                        "ones lead away from what the layer shows; empty: 1 each"),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "captions", _("C_aptions"),
                                      _("Captions with their weights and commas between them, for example \"a red ball=0.5, a star=-0.3\"; without a "
                                        "number: 1; may be empty"),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_boolean_argument (procedure, "structure", _("_Keep the layout of the upper layer"),
                                       _("The picture has the noise of the uppermost layer, and so its composition; else a new one"),
                                       FALSE, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "count", _("Ho_w many"),
                                   _("How many pictures; more than one come in a layer group"),
                                   1, MAX_COUNT, 1, G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_string_array_return_value (procedure, "used-weights", _("Used weights"),
                                                _("Of the layers from the top down, then of the captions"), G_PARAM_READWRITE);
}

/* What is mixed. */
typedef struct
{
  UnclipIngredient ingredients[MAX_INGREDIENTS];
  UnclipImage     *pictures[MAX_INGREDIENTS];
  char           **captions;
  int              n;
} Mixture;

static void
mixture_free (Mixture *mixture)
{
  for (int i = 0; i < MAX_INGREDIENTS; i++)
    g_clear_pointer (&mixture->pictures[i], unclip_image_free);
  g_strfreev (mixture->captions);
  g_free (mixture);
}

static char *
weight_text (double weight)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  return g_strdup (g_ascii_formatd (text, sizeof text, "%g", weight));
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  const Mixture *mixture = job->data;
  char         **weights = g_new0 (char *, mixture->n + 1);

  for (int i = 0; i < mixture->n; i++)
    weights[i] = weight_text (mixture->ingredients[i].weight);
  g_value_take_boxed (unclip_plugin_value (job->procedure, values, "used-weights"), weights);
}

/* Whether all of @text is a number, with a point whatever the language. */
static gboolean
read_number (const char *text,
             double     *number)
{
  char *end;

  *number = g_ascii_strtod (text, &end);
  return end != text && *end == '\0';
}

static gboolean
read_weights (Mixture    *mixture,
              const char *text,
              int         n_layers,
              GError    **error)
{
  g_auto (GStrv) parts = unclip_plugin_split (text);
  int n = g_strv_length (parts);

  if (n != 0 && n != n_layers)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("The argument \"weights\" has %d numbers and there are %d layers: write as many, or none for 1 each"), n, n_layers);
      return FALSE;
    }
  for (int i = 0; i < n_layers; i++)
    {
      mixture->ingredients[i].weight = 1;
      if (n != 0 && ! read_number (parts[i], &mixture->ingredients[i].weight))
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                       _("The argument \"weights\" takes numbers with commas between them, like \"1, 0.5\", and \"%s\" is none"), parts[i]);
          return FALSE;
        }
    }
  mixture->n = n_layers;
  return TRUE;
}

/* "a red ball=0.5": cut behind the caption. */
static gboolean
read_captions (Mixture    *mixture,
               const char *text,
               GError    **error)
{
  mixture->captions = unclip_plugin_split (text);
  if (mixture->n + (int) g_strv_length (mixture->captions) > MAX_INGREDIENTS || mixture->n + (int) g_strv_length (mixture->captions) < 2)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("This mixes from 2 to %d layers and captions together: select more or fewer layers, or write more or fewer captions"), MAX_INGREDIENTS);
      return FALSE;
    }
  for (char **caption = mixture->captions; *caption != NULL; caption++)
    {
      UnclipIngredient *ingredient = &mixture->ingredients[mixture->n++];
      char             *equals = strrchr (*caption, '=');

      ingredient->weight = 1;
      if (equals != NULL && read_number (g_strchug (equals + 1), &ingredient->weight))
        *equals = '\0';
      ingredient->y = g_strchomp (*caption);
    }
  return TRUE;
}

/* "1 photo, -0.5 \"a star\"", for the layer's record. transfer full */
static char *
recipe (const UnclipPluginJob *job,
        const Mixture         *mixture)
{
  g_autoptr (GStrvBuilder) parts = g_strv_builder_new ();
  g_auto (GStrv) texts = NULL;

  for (int i = 0; i < mixture->n; i++)
    {
      g_autofree char *weight = weight_text (mixture->ingredients[i].weight);

      g_strv_builder_take (parts, i < job->n_works ? g_strdup_printf ("%s %s", weight, job->works[i].name)
                                                   : g_strdup_printf ("%s \"%s\"", weight, mixture->ingredients[i].y));
    }
  texts = g_strv_builder_end (parts);
  return g_strjoinv (", ", texts);
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *weights = unclip_plugin_text (job->config, "weights"), *captions = unclip_plugin_text (job->config, "captions");
  Mixture *mixture = g_new0 (Mixture, 1);
  gboolean keeps_structure;
  int      count;

  job->data = mixture;
  job->free_data = (GDestroyNotify) mixture_free;
  if (! read_weights (mixture, weights, job->n_works, error) || ! read_captions (mixture, captions, error))
    return FALSE;
  for (int i = 0; i < job->n_works; i++)
    {
      mixture->pictures[i] = unclip_plugin_job_picture (job, i, error);
      mixture->ingredients[i].x = mixture->pictures[i];
      if (mixture->pictures[i] == NULL)
        return FALSE;
    }
  g_object_get (job->config, "structure", &keeps_structure, "count", &count, NULL);
  job->squares = unclip_mix (job->model, mixture->ingredients, mixture->n, keeps_structure, count, &job->options, error);
  return job->squares != NULL;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *mixed = recipe (job, job->data);
  gboolean keeps_structure;

  g_object_get (job->config, "structure", &keeps_structure, NULL);
  for (guint k = 0; k + (keeps_structure ? 1 : 0) < job->squares->len; k++)
    {
      int         seed = (int) unclip_seed_after (job->settings.seed, k);
      JsonObject *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);

      json_object_set_int_member (record, "seed", seed);
      json_object_set_int_member (unclip_plugin_record_alone (record), "count", 1);
      json_object_set_int_member (unclip_plugin_record_alone (record), "seed", seed);
      json_object_set_string_member (record, "mix", mixed);
      json_object_set_boolean_member (record, "structure", keeps_structure);
      unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("Mix #%d"), seed), .record = record,
                                                         .before = keeps_structure ? job->squares->pdata[0] : NULL,
                                                         .square = job->squares->pdata[keeps_structure ? k + 1 : k] });
    }
  job->results.group_name = g_strdup (_("Mix"));
  return TRUE;
}

const UnclipPluginDescriptor unclip_plugin_mix = {
  .name = UNCLIP_PLUGIN_PREFIX "mix",
  .menu_label = N_("Mi_x…"),
  .title = N_("Mix"),
  .blurb = N_("Make one picture of several layers and captions"),
  .help = N_("Makes new pictures of what the selected layers and some captions mean, by unCLIP: the weighted mean of their meanings is drawn. There may "
             "be 2 to 8 of them, one layer at least; negative weights lead away. The pictures come above the uppermost of the layers, at its "
             "size and place, and with its layout if that is to be kept. With a selection only that part of the layers counts, and a layer "
             "mask hides the rest. The layers themselves stay as they are. Nothing leaves this computer. A value that is not among a choice's "
             "counts as its default; the settings used are returned."),
  .hint = N_("Makes one picture of all selected layers and of captions, each as strong as its weight; negative weights lead away."),
  .input = UNCLIP_PLUGIN_LAYERS,
  .takes = UNCLIP_PLUGIN_TAKES_EDIT | UNCLIP_PLUGIN_TAKES_PLACE,
  .needs = (const char *const[]) { "image_encoder", NULL },
  .captions = { { "captions", N_("a red ball=0.5, a star=-0.3"), FALSE } },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .has_candidates = TRUE,
  .make = make,
  .name_results = name,
  .set_values = set_values,
};
