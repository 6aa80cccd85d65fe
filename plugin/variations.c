/* Filters ▸ unCLIP ▸ Variations: the layer again, different in what is not essential.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plugin.h"

#include <glib/gi18n-lib.h>

#include "arguments.h"
#include "dialog.h"
#include "progress.h"
#include "provenance.h"
#include "results.h"
#include "work.h"

/* The layers are dear in a large image, and the engine's own limit is higher. */
#define MAX_COUNT 16

static gboolean
ask (GimpProcedure       *procedure,
     GimpProcedureConfig *config)
{
  return unclip_plugin_dialog_run (unclip_plugin_dialog_new (
      procedure, config, _("Variations"),
      _("Makes new layers that show the same as this one, different in what is not essential."),
      (const char *[]) { "count", "eta", NULL }));
}

/* transfer full */
static GPtrArray *
results_new (GimpProcedure              *procedure,
             const UnclipPluginSettings *settings,
             double                      eta,
             UnclipModel                *model,
             GPtrArray                  *squares)
{
  GPtrArray *results = unclip_plugin_results_new ();

  for (guint k = 0; k + 1 < squares->len; k++)
    {
      /* From which the engine draws this picture's noise, and alone draws the same one again. */
      int         seed = (int) unclip_seed_after (settings->seed, k);
      JsonObject *record = unclip_plugin_record_new (procedure, settings, model);

      json_object_set_int_member (record, "seed", seed);
      json_object_set_double_member (record, "eta", eta);
      unclip_plugin_results_add (results, g_strdup_printf (_("Variation #%d"), seed), record, squares->pdata[k + 1]);
    }
  return results;
}

static GimpValueArray *
run (GimpProcedure       *procedure,
     GimpRunMode          run_mode,
     GimpImage           *image,
     GimpDrawable       **drawables,
     GimpProcedureConfig *config,
     gpointer             run_data)
{
  g_auto (UnclipPluginWork) work = { 0 };
  g_auto (UnclipPluginSettings) settings = { 0 };
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipImage) picture = NULL;
  g_autoptr (GPtrArray) squares = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_autofree GimpLayer **layers = NULL;
  UnclipRows           rows;
  UnclipPluginProgress progress;
  UnclipOptions        options;
  GError              *error = NULL;
  int                  count;
  double               eta;

  gegl_init (NULL, NULL);
  if (! unclip_plugin_work_take (&work, procedure, run_mode, image, drawables, &error))
    return unclip_plugin_fail (procedure, error);
  if (run_mode == GIMP_RUN_INTERACTIVE && ! ask (procedure, config))
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
  /* What there is at OK is what counts. */
  if (run_mode == GIMP_RUN_INTERACTIVE && ! unclip_plugin_work_take (&work, procedure, run_mode, image, drawables, &error))
    return unclip_plugin_fail (procedure, error);

  g_object_get (config, "count", &count, "eta", &eta, NULL);
  if (! unclip_plugin_settings_read (&settings, config, &error))
    return unclip_plugin_fail (procedure, error);
  model = unclip_plugin_settings_model (&settings, &error);
  if (model == NULL)
    return unclip_plugin_fail (procedure, error);

  unclip_plugin_settings_options (&settings, &options);
  unclip_plugin_progress_start (&progress, _("Variations"), &options);
  rows = unclip_plugin_work_rows (&work);
  picture = unclip_frame_reduce (&rows, options.framing, NULL, &error);
  if (picture != NULL)
    squares = unclip_variations (model, picture, count, eta, &options, &error);
  if (squares == NULL)
    return unclip_plugin_fail (procedure, error);

  results = results_new (procedure, &settings, eta, model, squares);
  layers = unclip_plugin_results_place (procedure, &work, squares->pdata[0], results, &options, _("Variations"), &error);
  if (layers == NULL)
    return unclip_plugin_fail (procedure, error);

  return unclip_plugin_success (procedure, run_mode, g_steal_pointer (&layers), &settings, model);
}

GimpProcedure *
unclip_plugin_variations_new (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, UNCLIP_PLUGIN_VARIATIONS, GIMP_PDB_PROC_TYPE_PLUGIN,
                                                       run, NULL, NULL);

  gimp_procedure_set_menu_label (procedure, _("_Variations…"));
  gimp_procedure_set_documentation (
      procedure, _("Show the same again, different in what is not essential"),
      _("Makes new layers that mean the same as this layer, by unCLIP: the layer is turned into what it "
        "means and the noise that gave it, and drawn again with other noise. With a selection only the "
        "selected part changes, by a layer mask. The layer itself stays as it is. Nothing leaves this "
        "computer. A value that is not among a choice's counts as its default; the settings used are "
        "returned."),
      UNCLIP_PLUGIN_VARIATIONS);

  gimp_procedure_add_int_argument (procedure, "count", _("How man_y"),
                                   _("How many variations; more than one come in a layer group"),
                                   1, MAX_COUNT, 4, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "eta", _("Ho_w different"),
                                      _("0: the same picture, 1: as free as it gets"),
                                      0, 1, 0.95, G_PARAM_READWRITE);
  unclip_plugin_add_arguments (procedure);

  unclip_plugin_add_return_values (procedure, "used-eta", _("Used eta"), _("How different"));
  return procedure;
}
