/* Filters ▸ unCLIP ▸ Variations: the layer again, different in what is not essential.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>

#include "provenance.h"

/* The layers are dear in a large image, and the engine's own limit is higher. */
#define MAX_COUNT 16

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_int_argument (procedure, "count", _("How man_y"),
                                   _("How many variations; more than one come in a layer group"),
                                   1, MAX_COUNT, 4, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "eta", _("Ho_w different"),
                                      _("0: the same picture, 1: as free as it gets"),
                                      0, 1, 0.95, G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_double_return_value (procedure, "used-eta", _("Used eta"), _("How different"), 0, 1, 0, G_PARAM_READWRITE);
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  g_value_set_double (unclip_plugin_value (job->procedure, values, "used-eta"), job->settings.used.strength);
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  g_autoptr (UnclipImage) picture = unclip_plugin_job_picture (job, 0, error);
  int    count;
  double eta;

  if (picture == NULL)
    return FALSE;
  g_object_get (job->config, "count", &count, "eta", &eta, NULL);
  job->squares = unclip_variations (job->model, picture, count, eta, &job->options, error);
  return job->squares != NULL;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  double eta;

  g_object_get (job->config, "eta", &eta, NULL);
  for (guint k = 0; k + 1 < job->squares->len; k++)
    {
      /* From which the engine draws this picture's noise, and alone draws the same one again. */
      int         seed = (int) unclip_seed_after (job->settings.seed, k);
      JsonObject *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);

      json_object_set_int_member (record, "seed", seed);
      json_object_set_double_member (record, "eta", eta);
      json_object_set_int_member (unclip_plugin_record_alone (record), "count", 1);
      json_object_set_int_member (unclip_plugin_record_alone (record), "seed", seed);
      unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("Variation #%d"), seed), .record = record,
                                                         .before = job->squares->pdata[0], .square = job->squares->pdata[k + 1] });
    }
  job->results.group_name = g_strdup (_("Variations"));
  return TRUE;
}

const UnclipPluginDescriptor unclip_plugin_variations = {
  .name = UNCLIP_PLUGIN_PREFIX "variations",
  .menu_label = N_("_Variations…"),
  .title = N_("Variations"),
  .blurb = N_("Show the same again, different in what is not essential"),
  .help = N_("Makes new layers that mean the same as this layer, by unCLIP: the layer is turned into what it "
             "means and the noise that gave it, and drawn again with other noise. With a selection only the "
             "selected part changes, by a layer mask. The layer itself stays as it is. Nothing leaves this "
             "computer. A value that is not among a choice's counts as its default; the settings used are "
             "returned."),
  .hint = N_("Makes new layers that show the same as this one, different in what is not essential."),
  .takes = UNCLIP_PLUGIN_TAKES_EDIT | UNCLIP_PLUGIN_TAKES_PLACE | UNCLIP_PLUGIN_TAKES_LATENTS,
  .needs = (const char *const[]) { "image_encoder", NULL },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .has_candidates = TRUE,
  .make = make,
  .name_results = name,
  .set_values = set_values,
};
