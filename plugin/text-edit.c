/* Filters ▸ unCLIP ▸ Text Edit: from what the layer shows towards what it shall show.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>

#include "provenance.h"

#define MAX_STAGES 8

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_string_argument (procedure, "from", _("Sho_ws now"),
                                      _("What the layer shows now, for example \"a red ball\"; may be empty"),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "to", _("Sho_uld show"),
                                      _("What it should show, for example \"a blue ball\""),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "strength", _("S_trength"),
                                      _("How far to turn from the one to the other; 0.25 to 0.5 is usual"),
                                      0, 1, 0.4, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "stages", _("St_ages"),
                                   _("How many steps on the way to that strength; more than one come in a layer group, the strongest on top"),
                                   1, MAX_STAGES, 1, G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_double_return_value (procedure, "used-strength", _("Used strength"), _("How far it was turned"), 0, 1, 0, G_PARAM_READWRITE);
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  g_value_set_double (unclip_plugin_value (job->procedure, values, "used-strength"), job->settings.used.strength);
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *from = unclip_plugin_text (job->config, "from"), *to = unclip_plugin_text (job->config, "to");
  g_autoptr (UnclipImage) picture = NULL;
  double strength;
  int    n_stages;

  if (*to == '\0')
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("Say what the layer should show: the argument \"to\" is empty; write for example \"a blue ball\""));
      return FALSE;
    }
  picture = unclip_plugin_job_picture (job, 0, error);
  if (picture == NULL)
    return FALSE;
  g_object_get (job->config, "strength", &strength, "stages", &n_stages, NULL);
  job->squares = unclip_text_edit (job->model, picture, from, to, strength, n_stages, &job->options, error);
  return job->squares != NULL;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *from = unclip_plugin_text (job->config, "from"), *to = unclip_plugin_text (job->config, "to"), *caption = NULL;
  double strength;
  int    n_stages;

  g_object_get (job->config, "strength", &strength, "stages", &n_stages, NULL);
  /* The strongest first, so that it is on top and GIMP's animation, which plays upwards, grows towards it. */
  for (int k = (int) job->squares->len - 1; k >= 1; k--)
    {
      double      theta = strength * k / n_stages;
      JsonObject *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);

      json_object_set_string_member (record, "from", from);
      json_object_set_string_member (record, "to", to);
      json_object_set_double_member (record, "theta", theta);
      json_object_set_int_member (unclip_plugin_record_alone (record), "stages", 1);
      json_object_set_double_member (unclip_plugin_record_alone (record), "strength", theta);
      unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("Text Edit θ %.2f"), theta), .record = record,
                                                         .before = job->squares->pdata[0], .square = job->squares->pdata[k] });
    }
  caption = unclip_plugin_line (to);
  job->results.group_name = g_strdup_printf (_("Text Edit: %s"), caption);
  return TRUE;
}

static char *
tell (const UnclipPluginJob *job,
      int                    number)
{
  double strength;
  int    n_stages;

  g_object_get (job->config, "strength", &strength, "stages", &n_stages, NULL);
  /* Translators: of a candidate, how far it was turned */
  return g_strdup_printf (_("θ %.2f"), strength * (number + 1) / n_stages);
}

const UnclipPluginDescriptor unclip_plugin_text_edit = {
  .name = UNCLIP_PLUGIN_PREFIX "text-edit",
  .menu_label = N_("_Text Edit…"),
  .title = N_("Text Edit"),
  .blurb = N_("Turn what the layer shows towards other words"),
  .help = N_("Makes new layers that show something else, by unCLIP: what the layer means is turned by the "
             "difference of two captions, and the rest of it is kept. With a selection only the selected part "
             "changes, by a layer mask. The layer itself stays as it is. Nothing leaves this computer. A value "
             "that is not among a choice's counts as its default; the settings used are returned."),
  .hint = N_("Makes a new layer that shows something else. Say what the layer shows now and what it should show, "
             "in the same words but for the difference."),
  .takes = UNCLIP_PLUGIN_TAKES_EDIT | UNCLIP_PLUGIN_TAKES_PLACE | UNCLIP_PLUGIN_TAKES_LATENTS,
  .needs = (const char *const[]) { "image_encoder", NULL },
  .captions = { { "from", N_("a red ball"), FALSE }, { "to", N_("a blue ball"), TRUE } },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .has_candidates = TRUE,
  .stages = N_("Strength"),
  .tell = tell,
  .make = make,
  .name_results = name,
  .set_values = set_values,
};
