/* Filters ▸ unCLIP ▸ Text Edit: from what the layer shows towards what it shall show.
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

#define MAX_STAGES 8

/* The arguments that this procedure alone has. */
typedef struct
{
  char  *from, *to;
  double strength;
  int    n_stages;
} Edit;

static void
edit_clear (Edit *edit)
{
  g_free (edit->from);
  g_free (edit->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_clear)

static gboolean
ask (GimpProcedure       *procedure,
     GimpProcedureConfig *config)
{
  GimpProcedureDialog *dialog = unclip_plugin_dialog_new (
      procedure, config, _("Text Edit"),
      _("Makes a new layer that shows something else. Say what the layer shows now and what it should show, "
        "in the same words but for the difference."),
      (const char *[]) { "from", "to", "strength", "stages", NULL });

  unclip_plugin_dialog_caption (dialog, "from", _("a red ball"));
  unclip_plugin_dialog_caption (dialog, "to", _("a blue ball"));
  unclip_plugin_dialog_need (dialog, "to");
  return unclip_plugin_dialog_run (dialog);
}

static gboolean
edit_read (Edit                *edit,
           GimpProcedureConfig *config,
           GError             **error)
{
  g_object_get (config, "strength", &edit->strength, "stages", &edit->n_stages, NULL);
  edit->from = unclip_plugin_text (config, "from");
  edit->to = unclip_plugin_text (config, "to");
  if (*edit->to != '\0')
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
               _("Say what the layer should show: the argument \"to\" is empty; write for example \"a blue ball\""));
  return FALSE;
}

/* The strongest first, so that it is on top and GIMP's animation, which plays upwards, grows towards it. transfer full */
static GPtrArray *
results_new (GimpProcedure              *procedure,
             const UnclipPluginSettings *settings,
             const Edit                 *edit,
             UnclipModel                *model,
             GPtrArray                  *squares)
{
  GPtrArray *results = unclip_plugin_results_new ();

  for (int k = edit->n_stages; k >= 1; k--)
    {
      double      theta = edit->strength * k / edit->n_stages;
      JsonObject *record = unclip_plugin_record_new (procedure, settings, model);

      json_object_set_string_member (record, "from", edit->from);
      json_object_set_string_member (record, "to", edit->to);
      json_object_set_double_member (record, "theta", theta);
      unclip_plugin_results_add (results, g_strdup_printf (_("Text Edit θ %.2f"), theta), record, squares->pdata[k]);
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
  g_auto (Edit) edit = { 0 };
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipImage) picture = NULL;
  g_autoptr (GPtrArray) squares = NULL;
  g_autoptr (GPtrArray) results = NULL;
  g_autofree GimpLayer **layers = NULL;
  g_autofree char *caption = NULL, *group_name = NULL;
  UnclipRows           rows;
  UnclipPluginProgress progress;
  UnclipOptions        options;
  GError              *error = NULL;

  gegl_init (NULL, NULL);
  if (! unclip_plugin_work_take (&work, procedure, run_mode, image, drawables, &error))
    return unclip_plugin_fail (procedure, error);
  if (run_mode == GIMP_RUN_INTERACTIVE && ! ask (procedure, config))
    return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
  /* What there is at OK is what counts. */
  if (run_mode == GIMP_RUN_INTERACTIVE && ! unclip_plugin_work_take (&work, procedure, run_mode, image, drawables, &error))
    return unclip_plugin_fail (procedure, error);

  if (! unclip_plugin_settings_read (&settings, config, &error) || ! edit_read (&edit, config, &error))
    return unclip_plugin_fail (procedure, error);
  model = unclip_plugin_settings_model (&settings, &error);
  if (model == NULL)
    return unclip_plugin_fail (procedure, error);

  unclip_plugin_settings_options (&settings, &options);
  unclip_plugin_progress_start (&progress, _("Text Edit"), &options);
  rows = unclip_plugin_work_rows (&work);
  picture = unclip_frame_reduce (&rows, options.framing, NULL, &error);
  if (picture != NULL)
    squares = unclip_text_edit (model, picture, edit.from, edit.to, edit.strength, edit.n_stages, &options, &error);
  if (squares == NULL)
    return unclip_plugin_fail (procedure, error);

  results = results_new (procedure, &settings, &edit, model, squares);
  caption = unclip_plugin_line (edit.to);
  group_name = g_strdup_printf (_("Text Edit: %s"), caption);
  layers = unclip_plugin_results_place (procedure, &work, squares->pdata[0], results, &options, group_name, &error);
  if (layers == NULL)
    return unclip_plugin_fail (procedure, error);

  return unclip_plugin_success (procedure, run_mode, g_steal_pointer (&layers), &settings, model);
}

GimpProcedure *
unclip_plugin_text_edit_new (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, UNCLIP_PLUGIN_TEXT_EDIT, GIMP_PDB_PROC_TYPE_PLUGIN,
                                                       run, NULL, NULL);

  gimp_procedure_set_menu_label (procedure, _("_Text Edit…"));
  gimp_procedure_set_documentation (
      procedure, _("Turn what the layer shows towards other words"),
      _("Makes new layers that show something else, by unCLIP: what the layer means is turned by the "
        "difference of two captions, and the rest of it is kept. With a selection only the selected part "
        "changes, by a layer mask. The layer itself stays as it is. Nothing leaves this computer. A value "
        "that is not among a choice's counts as its default; the settings used are returned."),
      UNCLIP_PLUGIN_TEXT_EDIT);

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
  unclip_plugin_add_arguments (procedure);

  unclip_plugin_add_return_values (procedure, "used-strength", _("Used strength"), _("How far it was turned"));
  return procedure;
}
