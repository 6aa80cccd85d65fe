/* See models.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "models.h"

#include <glib/gi18n-lib.h>
#include <libgimp/gimpui.h>
#include <string.h>

#include "needs.h"

/* Characters of a line of the dialog, from which on it is wrapped. */
#define LINE_CHARS 64
/* Its size in pixels, and what it may take of a small screen. */
#define HEIGHT 520
#define KARLO "https://huggingface.co/kakaobrain/karlo-v1-alpha"
#define COMMAND "unclip get"

typedef struct
{
  GtkWidget       *dialog, *facts;
  GtkComboBoxText *names;
  GPtrArray       *folders; /* element-type char*, as @names has them */
} Models;

/* ---- what a model says of itself -------------------------------------------------------------------------------- */

static GtkWidget *
text_new (const char *text)
{
  GtkWidget *label = gtk_label_new (text);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_line_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_max_width_chars (GTK_LABEL (label), LINE_CHARS);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE);
  return label;
}

static void
add_fact (Models     *models,
          int        *row,
          const char *name,
          const char *text)
{
  GtkWidget *label = gtk_label_new (name);

  if (text == NULL)
    return;
  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_yalign (GTK_LABEL (label), 0);
  gtk_style_context_add_class (gtk_widget_get_style_context (label), GTK_STYLE_CLASS_DIM_LABEL);
  gtk_grid_attach (GTK_GRID (models->facts), label, 0, *row, 1, 1);
  gtk_grid_attach (GTK_GRID (models->facts), text_new (text), 1, (*row)++, 1, 1);
}

/* Of all its weights; transfer full. */
static char *
size_text (UnclipModel *model)
{
  g_autoptr (GPtrArray) infos = unclip_model_info (model);
  guint64               size = 0;

  for (guint i = 0; i < infos->len; i++)
    size += ((UnclipComponentInfo *) infos->pdata[i])->size;
  return g_format_size (size);
}

/* A GtkCallback. */
static void
drop (GtkWidget *widget,
      gpointer   data)
{
  gtk_widget_destroy (widget);
}

static void
show_model (Models *models)
{
  int active = gtk_combo_box_get_active (GTK_COMBO_BOX (models->names)), row = 0;
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *size = NULL;
  const UnclipModelAbout *about;

  gtk_container_foreach (GTK_CONTAINER (models->facts), drop, NULL);
  if (active >= 0)
    model = unclip_model_open (models->folders->pdata[active], NULL, &error);
  if (model == NULL)
    {
      add_fact (models, &row, "", error != NULL ? error->message : _("There is no model here yet."));
      gtk_widget_show_all (models->facts);
      return;
    }
  about = unclip_model_about (model);
  size = size_text (model);
  add_fact (models, &row, _("Folder"), unclip_model_path (model));
  add_fact (models, &row, _("Made for"), about != NULL ? about->sentence : NULL);
  add_fact (models, &row, _("Licence"), about != NULL ? about->licence : NULL);
  add_fact (models, &row, _("Size"), size);
  for (guint i = 0; unclip_plugin_procedures[i] != NULL; i++)
    {
      g_autofree char *lacking = unclip_plugin_lacking (unclip_plugin_procedures[i], model);

      add_fact (models, &row, _(unclip_plugin_procedures[i]->title), lacking != NULL ? lacking : _("Yes"));
    }
  gtk_widget_show_all (models->facts);
}

static void
add_model (Models     *models,
           const char *folder)
{
  g_autofree char *name = g_path_get_basename (folder);

  g_ptr_array_add (models->folders, g_strdup (folder));
  gtk_combo_box_text_append_text (models->names, name);
}

/* ---- the dialog ------------------------------------------------------------------------------------------------------ */

static void
choose_folder (Models *models)
{
  g_autoptr (GtkFileChooserNative) chooser = NULL;
  g_autofree char *folder = NULL;

  chooser = gtk_file_chooser_native_new (_("Folder of a Model"), GTK_WINDOW (models->dialog), GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, NULL);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (chooser)) != GTK_RESPONSE_ACCEPT)
    return;
  folder = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  if (folder == NULL)
    return;
  add_model (models, folder);
  gtk_combo_box_set_active (GTK_COMBO_BOX (models->names), (int) models->folders->len - 1);
}

static void
copy_command (void)
{
  gtk_clipboard_set_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD), COMMAND, -1);
}

static GtkWidget *
choice_new (Models *models)
{
  GtkWidget     *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *label = gtk_label_new_with_mnemonic (_("_Model")), *names = gtk_combo_box_text_new ();
  GtkWidget     *button = gtk_button_new_with_mnemonic (_("Choose Fol_der…"));
  g_auto (GStrv) found = unclip_model_list ();

  models->names = GTK_COMBO_BOX_TEXT (names);
  atk_object_set_name (gtk_widget_get_accessible (names), _("Model"));
  gtk_label_set_mnemonic_widget (GTK_LABEL (label), names);
  for (char **folder = found; *folder != NULL; folder++)
    add_model (models, *folder);
  gtk_combo_box_set_active (GTK_COMBO_BOX (names), models->folders->len > 0 ? 0 : -1);
  g_signal_connect_swapped (names, "changed", G_CALLBACK (show_model), models);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (choose_folder), models);
  gtk_box_pack_start (GTK_BOX (box), label, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), names, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), button, FALSE, FALSE, 0);
  return box;
}

/* Nothing is fetched from here: that is for the command, which says how much it is and asks. */
static GtkWidget *
more_new (void)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *copy = gtk_button_new_with_mnemonic (_("Cop_y Command")), *link = gtk_link_button_new_with_label (KARLO, _("Karlo's page"));

  gtk_widget_set_tooltip_text (copy, COMMAND);
  g_signal_connect (copy, "clicked", G_CALLBACK (copy_command), NULL);
  gtk_box_pack_start (GTK_BOX (row), copy, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (row), link, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), text_new (_("More models are published by others. In a terminal the command \"unclip get\" lists them and fetches one, after it has told its size "
                                                 "and licence and asked; then it is found here. Nothing is fetched without you.")),
                      FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), row, FALSE, FALSE, 0);
  return box;
}

static void
show_dialog (void)
{
  Models     models = { .folders = g_ptr_array_new_with_free_func (g_free) };
  GtkWidget *content, *scrolled;

  gimp_ui_init ("unclip");
  models.dialog = gimp_dialog_new (_("Models"), "unclip-models", NULL, 0, gimp_standard_help_func, UNCLIP_PLUGIN_MODELS, _("_Close"), GTK_RESPONSE_CLOSE, NULL);
  gtk_dialog_set_default_response (GTK_DIALOG (models.dialog), GTK_RESPONSE_CLOSE);
  gimp_window_set_transient (GTK_WINDOW (models.dialog));
  gtk_window_set_default_size (GTK_WINDOW (models.dialog), -1, HEIGHT);
  content = gtk_dialog_get_content_area (GTK_DIALOG (models.dialog));
  gtk_container_set_border_width (GTK_CONTAINER (content), 12);
  gtk_box_set_spacing (GTK_BOX (content), 12);
  scrolled = gtk_scrolled_window_new (NULL, NULL);
  models.facts = gtk_grid_new ();
  gtk_grid_set_row_spacing (GTK_GRID (models.facts), 6);
  gtk_grid_set_column_spacing (GTK_GRID (models.facts), 12);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  gtk_container_add (GTK_CONTAINER (scrolled), models.facts);
  gtk_box_pack_start (GTK_BOX (content), choice_new (&models), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (content), scrolled, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (content), more_new (), FALSE, FALSE, 0);
  show_model (&models);
  gtk_widget_show_all (models.dialog);
  gimp_dialog_run (GIMP_DIALOG (models.dialog));
  gtk_widget_destroy (models.dialog);
  g_ptr_array_unref (models.folders);
}

/* ---- the procedure ------------------------------------------------------------------------------------------------------ */

/* Names of the procedures that it can do, with blanks between them; transfer full. */
static char *
able_text (const char *folder)
{
  g_autoptr (UnclipModel) model = unclip_model_open (folder, NULL, NULL);
  g_autoptr (GStrvBuilder) able = g_strv_builder_new ();
  g_auto (GStrv) names = NULL;

  for (guint i = 0; model != NULL && unclip_plugin_procedures[i] != NULL; i++)
    {
      g_autofree char *lacking = unclip_plugin_lacking (unclip_plugin_procedures[i], model);

      if (lacking == NULL)
        g_strv_builder_add (able, unclip_plugin_procedures[i]->name + strlen (UNCLIP_PLUGIN_PREFIX));
    }
  names = g_strv_builder_end (able);
  return g_strjoinv (" ", names);
}

static GimpValueArray *
run (GimpProcedure       *procedure,
     GimpProcedureConfig *config,
     gpointer             run_data)
{
  GimpValueArray *values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  char          **folders = unclip_model_list ();
  g_autoptr (GStrvBuilder) able = g_strv_builder_new ();
  GimpRunMode     run_mode;

  g_object_get (config, "run-mode", &run_mode, NULL);
  if (run_mode != GIMP_RUN_NONINTERACTIVE)
    show_dialog ();
  for (char **folder = folders; *folder != NULL; folder++)
    {
      g_autofree char *names = able_text (*folder);

      g_strv_builder_add (able, names);
    }
  g_value_take_boxed (unclip_plugin_value (procedure, values, "models"), folders);
  g_value_take_boxed (unclip_plugin_value (procedure, values, "able"), g_strv_builder_end (able));
  return values;
}

GimpProcedure *
unclip_plugin_models_new (GimpPlugIn *plug_in)
{
  GimpProcedure *procedure = gimp_procedure_new (plug_in, UNCLIP_PLUGIN_MODELS, GIMP_PDB_PROC_TYPE_PLUGIN, run, NULL, NULL);

  gimp_procedure_set_menu_label (procedure, _("M_odels…"));
  gimp_procedure_set_documentation (procedure, _("See which models are here, what each can do, and where to get more"),
                                    _("Shows the models in the search path and what each of them can do; as a script calls it, it only returns that. "
                                      "Nothing is fetched, and nothing leaves this computer."),
                                    UNCLIP_PLUGIN_MODELS);
  gimp_procedure_add_enum_argument (procedure, "run-mode", _("Run mode"), _("Whether to show a dialog"), GIMP_TYPE_RUN_MODE, GIMP_RUN_NONINTERACTIVE, G_PARAM_READWRITE);
  gimp_procedure_add_string_array_return_value (procedure, "models", _("Models"), _("Folders of the models in the search path"), G_PARAM_READWRITE);
  gimp_procedure_add_string_array_return_value (procedure, "able", _("Able"), _("Of each, what it can do: names of procedures without their prefix, with blanks between them"),
                                                G_PARAM_READWRITE);
  return procedure;
}
