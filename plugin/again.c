/* Filters ▸ unCLIP ▸ Edit Again: an edit that layers or image remember, made once more or opened as it was.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "procedure.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "again-dialog.h"
#include "history.h"
#include "scripts.h"

typedef enum
{
  RUN,
  SHOW,
  STRIP
} Action;

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_choice_argument (procedure, "action", _("_Action"),
                                      _("What to do with the edit"),
                                      gimp_choice_new_with_values ("run", RUN, _("Make it again"), NULL,
                                                                   "show", SHOW, _("Only say what it was"), NULL,
                                                                   "strip", STRIP, _("Take what is remembered from the image and all its layers"), NULL,
                                                                   NULL),
                                      "run", G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "changes", _("C_hanges"),
                                      _("What is to be other than it was: \"name=value\" with semicolons between, for example \"strength=0.5; seed=7\""),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "entry", _("Entry of the _log"),
                                   _("Which edit of the image's log, 1 the first; 0: that which made the layer"),
                                   0, G_MAXINT32, 0, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "selection", _("_Selection"),
                                      _("What is edited of the layer"),
                                      gimp_choice_new_with_values ("recorded", FALSE, _("What was selected then"), NULL,
                                                                   "current", TRUE, _("What is selected now"), NULL,
                                                                   NULL),
                                      "recorded", G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_core_object_array_return_value (procedure, "layers", _("Layers"), _("The new layers"), GIMP_TYPE_LAYER, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-procedure", _("Used procedure"), _("Name of the edit's procedure; empty: there is no edit"),
                                          NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-arguments", _("Used arguments"), _("The edit's arguments, as a JSON object"), NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "script-fu", _("Script-Fu"), _("The edit as a call in Script-Fu"), NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "python-fu", _("Python-Fu"), _("The edit as a call in Python-Fu"), NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "command-line", _("Command line"), _("The edit as a call of the command unclip, if that has it"),
                                          NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "log", _("Log"), _("All edits of the image, as a JSON array, the oldest first"), NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "notes", _("Notes"),
                                          _("What is worth knowing about the result, one sentence a line; empty: nothing"), NULL, G_PARAM_READWRITE);
}

/* ---- the edit -------------------------------------------------------------------------------------------- */

/* An edit that is remembered. Cleared at the end. */
typedef struct
{
  const UnclipPluginDescriptor *descriptor;
  GimpProcedure                *procedure;
  GimpProcedureConfig          *config;
  JsonObject                   *record;
  GPtrArray                    *layers;  /* what it worked on, those that are there */
  gboolean                      is_whole; /* all of them are */
  UnclipPluginPixels            selection;
  gboolean                      has_selection; /* that is known */
} Edit;

static void
edit_clear (Edit *edit)
{
  g_clear_object (&edit->procedure);
  g_clear_object (&edit->config);
  g_clear_pointer (&edit->record, json_object_unref);
  g_clear_pointer (&edit->layers, g_ptr_array_unref);
  unclip_plugin_pixels_clear (&edit->selection);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Edit, edit_clear)

static JsonObject *
object_in (JsonObject *object,
           const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static JsonArray *
array_in (JsonObject *object,
          const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

/* Of element @i the member @name, a number; 0 if there is none. */
static guint
number_in (JsonArray  *array,
           guint       i,
           const char *name)
{
  JsonNode *node = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (node) ? (guint) json_object_get_int_member_with_default (json_node_get_object (node), name, 0) : 0;
}

static void
find_layers (Edit      *edit,
             GimpImage *image)
{
  JsonArray *layers = array_in (edit->record, "layers");

  edit->layers = g_ptr_array_new ();
  edit->is_whole = TRUE;
  for (guint i = 0; layers != NULL && i < json_array_get_length (layers); i++)
    {
      GimpLayer *layer = gimp_image_get_layer_by_tattoo (image, number_in (layers, i, "tattoo"));

      if (layer != NULL)
        g_ptr_array_add (edit->layers, layer);
      else
        edit->is_whole = FALSE;
    }
}

/* The result that the entry of a log speaks of, if one is still there. */
static GimpLayer *
find_result (GimpImage  *image,
             JsonObject *entry)
{
  JsonArray *results = array_in (entry, "results");

  for (guint i = 0; results != NULL && i < json_array_get_length (results); i++)
    {
      JsonNode  *node = json_array_get_element (results, i);
      GimpLayer *layer = JSON_NODE_HOLDS_VALUE (node) ? gimp_image_get_layer_by_tattoo (image, (guint) json_node_get_int (node)) : NULL;

      if (layer != NULL)
        return layer;
    }
  return NULL;
}

/* @record: (transfer full); @result: (nullable): made by it; @alone: as what makes that one alone. %FALSE: it is none of ours. */
static gboolean
read_edit (Edit       *edit,
           GimpImage  *image,
           JsonObject *record,
           GimpLayer  *result,
           gboolean    alone)
{
  JsonObject *arguments = object_in (record, "arguments"), *of_one = object_in (record, "alone");

  edit->record = record;
  edit->descriptor = unclip_plugin_descriptor (json_object_get_string_member_with_default (record, "procedure", ""));
  if (edit->descriptor == NULL || edit->descriptor->run != NULL || arguments == NULL)
    return FALSE;
  edit->procedure = unclip_plugin_procedure_new (gimp_get_plug_in (), edit->descriptor);
  edit->config = gimp_procedure_create_config (edit->procedure);
  unclip_plugin_history_apply (edit->config, arguments);
  if (alone && of_one != NULL)
    unclip_plugin_history_apply (edit->config, of_one);
  find_layers (edit, image);
  edit->has_selection = result != NULL && unclip_plugin_history_selection (result, record, &edit->selection);
  return TRUE;
}

static gboolean
refuse (GError    **error,
        const char *why)
{
  g_set_error_literal (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, why);
  return FALSE;
}

/* Entry @n of the log, from 1; of 0 that of the layer. %FALSE without an error: there is none. */
static gboolean
find_edit (Edit          *edit,
           GimpImage     *image,
           GimpDrawable **drawables,
           int            n,
           gboolean       alone,
           GError       **error)
{
  g_autoptr (JsonArray) log = unclip_plugin_history_log (image);
  GimpLayer  *layer = drawables != NULL && drawables[0] != NULL && GIMP_IS_LAYER (drawables[0]) ? GIMP_LAYER (drawables[0]) : NULL;
  JsonObject *record;

  if (n > 0)
    {
      if ((guint) n > json_array_get_length (log))
        return refuse (error, _("The image's log has no such entry: take one of those that it has, 1 is the first"));
      record = json_object_ref (json_array_get_object_element (log, n - 1));
      layer = find_result (image, record);
      alone = FALSE;
    }
  else
    {
      record = layer != NULL ? unclip_plugin_history_record (layer) : NULL;
    }
  return record != NULL && read_edit (edit, image, record, layer, alone);
}

/* ---- what is said of it --------------------------------------------------------------------------------------- */

/* Of a layer that was made again: what is other than it was then. transfer full */
static char *
differences (const Edit *edit,
             GimpLayer  *made)
{
  g_autoptr (JsonObject) now = unclip_plugin_history_record (made);
  g_autoptr (GString) notes = g_string_new (NULL);
  JsonArray *layers = array_in (edit->record, "layers"), *layers_now = now != NULL ? array_in (now, "layers") : NULL;

  if (layers_now == NULL)
    return g_strdup ("");
  if (g_strcmp0 (json_object_get_string_member_with_default (edit->record, "fingerprint", ""),
                 json_object_get_string_member_with_default (now, "fingerprint", "")) != 0)
    g_string_append_printf (notes, "%s\n", _("The model is another one than then, and so is the picture."));
  for (guint i = 0; layers != NULL && i < MIN (json_array_get_length (layers), json_array_get_length (layers_now)); i++)
    {
      JsonNode   *a = json_array_get_element (layers, i), *b = json_array_get_element (layers_now, i);
      const char *name;

      if (! JSON_NODE_HOLDS_OBJECT (a) || ! JSON_NODE_HOLDS_OBJECT (b)
          || g_strcmp0 (json_object_get_string_member_with_default (json_node_get_object (a), "picture", ""),
                        json_object_get_string_member_with_default (json_node_get_object (b), "picture", "")) == 0)
        continue;
      name = json_object_get_string_member_with_default (json_node_get_object (b), "name", "");
      g_string_append_printf (notes, _("What was edited of the layer \"%s\" is not as it was then: the edit starts from how it is now."), name);
      g_string_append_c (notes, '\n');
    }
  return g_strdup (g_strchomp (notes->str));
}

static void
take_string (GimpProcedure  *procedure,
             GimpValueArray *values,
             const char     *name,
             char           *text)
{
  g_value_take_string (unclip_plugin_value (procedure, values, name), text);
}

static char *
text_of (JsonNode *node)
{
  char *text = json_to_string (node, FALSE);

  json_node_free (node);
  return text;
}

/* The tattoos of what it worked on; transfer full. */
static guint *
tattoos_of (const Edit *edit,
            int        *n)
{
  JsonArray *layers = array_in (edit->record, "layers");
  guint     *tattoos;

  *n = layers != NULL ? (int) json_array_get_length (layers) : 0;
  tattoos = g_new0 (guint, *n + 1);
  for (int i = 0; i < *n; i++)
    tattoos[i] = number_in (layers, i, "tattoo");
  return tattoos;
}

char *
unclip_plugin_again_text (GimpImage            *image,
                          int                   entry,
                          UnclipPluginAgainText kind)
{
  g_auto (Edit) edit = { 0 };
  g_autofree guint *tattoos = NULL;
  int n;

  if (! find_edit (&edit, image, NULL, entry, FALSE, NULL))
    return g_strdup ("");
  tattoos = tattoos_of (&edit, &n);
  return kind == UNCLIP_PLUGIN_AGAIN_SCRIPT_FU   ? unclip_plugin_script_fu (edit.procedure, edit.config, tattoos, n)
         : kind == UNCLIP_PLUGIN_AGAIN_PYTHON_FU ? unclip_plugin_python_fu (edit.procedure, edit.config, tattoos, n)
                                                 : unclip_plugin_command_line (edit.procedure, edit.config, n);
}

static void
describe (GimpProcedure  *procedure,
          GimpValueArray *values,
          const Edit     *edit,
          GimpImage      *image)
{
  g_autofree guint *tattoos = NULL;
  JsonObject       *arguments;
  int               n, seed = 0;

  take_string (procedure, values, "log", text_of (json_node_init_array (json_node_alloc (), unclip_plugin_history_log (image))));
  take_string (procedure, values, "notes", g_strdup (""));
  if (edit->procedure == NULL)
    {
      for (const char *const *name = (const char *const[]) { "used-procedure", "used-arguments", "script-fu", "python-fu", "command-line", NULL }; *name != NULL; name++)
        take_string (procedure, values, *name, g_strdup (""));
      return;
    }
  tattoos = tattoos_of (edit, &n);
  g_object_get (edit->config, "seed", &seed, NULL);
  arguments = unclip_plugin_history_arguments (edit->config, seed);
  take_string (procedure, values, "used-procedure", g_strdup (edit->descriptor->name));
  take_string (procedure, values, "used-arguments", text_of (json_node_init_object (json_node_alloc (), arguments)));
  json_object_unref (arguments);
  take_string (procedure, values, "script-fu", unclip_plugin_script_fu (edit->procedure, edit->config, tattoos, n));
  take_string (procedure, values, "python-fu", unclip_plugin_python_fu (edit->procedure, edit->config, tattoos, n));
  take_string (procedure, values, "command-line", unclip_plugin_command_line (edit->procedure, edit->config, n));
}

/* ---- the run ------------------------------------------------------------------------------------------------ */

static GimpValueArray *
fail (GimpProcedure *procedure,
      GError        *error)
{
  return gimp_procedure_new_return_values (procedure, GIMP_PDB_CALLING_ERROR, error);
}

/* Makes it, or opens its dialog. */
static GimpValueArray *
make_again (GimpProcedure *procedure,
            GimpRunMode    run_mode,
            GimpImage     *image,
            Edit          *edit,
            gboolean       with_current)
{
  g_autofree GimpDrawable **drawables = NULL;
  GimpValueArray   *made, *values;
  GimpPDBStatusType status;
  GimpLayer       **layers;
  GError           *error = NULL;
  g_autofree char  *notes = NULL, *other = NULL;
  GString          *all;

  if (! edit->is_whole)
    {
      refuse (&error, _("The layer that was edited is gone: undo its deletion, or start the edit anew from another layer"));
      return fail (procedure, error);
    }
  drawables = g_new0 (GimpDrawable *, edit->layers->len + 1);
  for (guint i = 0; i < edit->layers->len; i++)
    drawables[i] = edit->layers->pdata[i];
  if (edit->has_selection && ! with_current)
    unclip_plugin_set_selection (edit->config, &edit->selection);

  made = unclip_plugin_run (edit->descriptor, edit->procedure, run_mode, image, drawables, edit->config);
  status = GIMP_VALUES_GET_ENUM (made, 0);
  if (status != GIMP_PDB_SUCCESS)
    {
      if (gimp_value_array_length (made) > 1 && G_VALUE_HOLDS_BOXED (gimp_value_array_index (made, 1)))
        error = g_value_dup_boxed (gimp_value_array_index (made, 1));
      gimp_value_array_unref (made);
      return gimp_procedure_new_return_values (procedure, status, error);
    }
  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  describe (procedure, values, edit, image);
  layers = g_value_dup_boxed (unclip_plugin_value (edit->procedure, made, "layers"));
  notes = g_value_dup_string (unclip_plugin_value (edit->procedure, made, "notes"));
  gimp_value_array_unref (made);
  other = layers != NULL && layers[0] != NULL ? differences (edit, layers[0]) : g_strdup ("");
  if (*other != '\0' && run_mode == GIMP_RUN_NONINTERACTIVE)
    g_printerr ("unclip: %s\n", other);
  else if (*other != '\0')
    gimp_message (other);
  all = g_string_new (notes != NULL ? notes : "");
  if (all->len > 0 && *other != '\0')
    g_string_append_c (all, '\n');
  g_string_append (all, other);
  g_value_take_boxed (unclip_plugin_value (procedure, values, "layers"), layers);
  take_string (procedure, values, "notes", g_string_free (all, FALSE));
  return values;
}

static GimpValueArray *
run (GimpProcedure       *procedure,
     GimpRunMode          run_mode,
     GimpImage           *image,
     GimpDrawable       **drawables,
     GimpProcedureConfig *config)
{
  g_auto (Edit) edit = { 0 };
  g_autofree char *changes = unclip_plugin_text (config, "changes");
  Action           action = gimp_procedure_config_get_choice_id (config, "action");
  gboolean         with_current = gimp_procedure_config_get_choice_id (config, "selection"), is_asked = run_mode == GIMP_RUN_INTERACTIVE, is_found;
  int              entry;
  GError          *error = NULL;
  GimpValueArray  *values;

  gimp_plug_in_set_pdb_error_handler (gimp_get_plug_in (), GIMP_PDB_ERROR_HANDLER_PLUGIN);
  g_object_get (config, "entry", &entry, NULL);
  if (image == NULL || ! gimp_image_is_valid (image))
    {
      refuse (&error, _("There is no image: open one first (File ▸ Open)"));
      return fail (procedure, error);
    }
  if (run_mode != GIMP_RUN_NONINTERACTIVE)
    {
      action = RUN;
      with_current = FALSE;
      entry = 0;
      g_set_str (&changes, "");
    }
  if (is_asked)
    {
      entry = unclip_plugin_again_ask (image, drawables);
      if (entry < 0)
        return gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
    }
  if (action == STRIP)
    unclip_plugin_history_strip (image);
  is_found = find_edit (&edit, image, drawables, entry, ! is_asked, &error);
  if (error == NULL && ! is_found && action == RUN)
    refuse (&error, _("This layer remembers no edit: select one that unCLIP made, or choose an entry of the image's log"));
  if (error != NULL || (is_found && ! unclip_plugin_history_change (edit.config, changes, &error)))
    return fail (procedure, error);
  if (action == RUN)
    return make_again (procedure, is_asked ? GIMP_RUN_INTERACTIVE : GIMP_RUN_NONINTERACTIVE, image, &edit, with_current);

  values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  g_value_take_boxed (unclip_plugin_value (procedure, values, "layers"), g_new0 (GimpLayer *, 1));
  describe (procedure, values, &edit, image);
  return values;
}

const UnclipPluginDescriptor unclip_plugin_edit_again = {
  .name = UNCLIP_PLUGIN_PREFIX "edit-again",
  .menu_label = N_("Edit _Again…"),
  .title = N_("Edit Again"),
  .blurb = N_("Make an edit once more, as it was or with other settings"),
  .help = N_("Layers that unCLIP made remember the edit that made them, and images have a log of their edits; XCF keeps both. This makes "
             "such an edit again from the layer that it was made of, with the settings of then and those that are changed, or opens its dialog as "
             "it was. Where neither layer, model nor settings are other than then it makes the very picture. It says the edit as Script-Fu, as "
             "Python-Fu and as a command line, too, and takes what is remembered from image and layers on request."),
  .hint = N_("Makes an edit once more, from the layer that it was made of."),
  .add_arguments = add_arguments,
  .add_values = add_values,
  .run = run,
};
