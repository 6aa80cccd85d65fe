/* Filters ▸ unCLIP ▸ Variations: the layer again, different in what is not essential.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "plugin.h"

#include <glib/gi18n-lib.h>

#include "arguments.h"
#include "dialog.h"
#include "layers.h"
#include "progress.h"
#include "provenance.h"

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

/* @squares as layers that are not in the image yet; %NULL-terminated. */
static GimpLayer **
make_layers (GimpProcedure              *procedure,
             const UnclipPluginWork     *work,
             const UnclipPluginSettings *settings,
             double                      eta,
             UnclipModel                *model,
             const UnclipImage          *picture,
             GPtrArray                  *squares,
             GError                    **error)
{
  int                    n_layers = squares->len - 1;
  g_autofree GimpLayer **layers = g_new0 (GimpLayer *, n_layers + 1);

  for (int k = 0; k < n_layers; k++)
    {
      /* From which the engine draws this picture's noise, and alone draws the same one again. */
      int              seed = (int) unclip_seed_after (settings->seed, k);
      g_autofree char *name = g_strdup_printf (_("Variation #%d"), seed);
      g_autoptr (JsonObject) record = unclip_plugin_record_new (procedure, settings, model);

      layers[k] = unclip_plugin_layer_new (work, picture, squares->pdata[0], squares->pdata[k + 1],
                                           settings->framing, name, error);
      if (layers[k] == NULL)
        {
          unclip_plugin_layers_drop (layers);
          return NULL;
        }
      json_object_set_int_member (record, "seed", seed);
      json_object_set_double_member (record, "eta", eta);
      unclip_plugin_record_attach (record, layers[k]);
    }
  return g_steal_pointer (&layers);
}

static GimpValueArray *
run (GimpProcedure       *procedure,
     GimpRunMode          run_mode,
     GimpImage           *image,
     GimpDrawable       **drawables,
     GimpProcedureConfig *config,
     gpointer             run_data)
{
  g_auto (UnclipPluginSettings) settings = { 0 };
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipImage) picture = NULL;
  g_autoptr (GPtrArray) squares = NULL;
  g_autofree GimpLayer **layers = NULL;
  UnclipPluginWork     work;
  UnclipPluginProgress progress;
  UnclipOptions        options;
  GError              *error = NULL;
  int                  count;
  double               eta;

  gegl_init (NULL, NULL);
  if (! unclip_plugin_work_init (&work, image, drawables, &error))
    return unclip_plugin_fail (procedure, error);
  if (run_mode == GIMP_RUN_INTERACTIVE && ! ask (procedure, config))
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);

  g_object_get (config, "count", &count, "eta", &eta, NULL);
  if (! unclip_plugin_settings_read (&settings, config, &error))
    return unclip_plugin_fail (procedure, error);
  model = unclip_plugin_settings_model (&settings, &error);
  picture = model != NULL ? unclip_plugin_work_read (&work, &error) : NULL;
  if (picture == NULL)
    return unclip_plugin_fail (procedure, error);

  unclip_plugin_settings_options (&settings, &options);
  unclip_plugin_progress_start (&progress, _("Variations"), &options);
  squares = unclip_variations (model, picture, count, eta, &options, &error);
  if (squares != NULL)
    layers = make_layers (procedure, &work, &settings, eta, model, picture, squares, &error);
  if (layers == NULL || ! unclip_plugin_insert_layers (&work, layers, count, _("Variations"), &error))
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
