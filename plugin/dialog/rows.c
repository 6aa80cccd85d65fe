/* See rows.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/rows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "dialog/captions.h"
#include "needs.h"

/* Run mode, image and drawables, which every image procedure has first. */
#define N_IMAGE_ARGUMENTS 3

/* Shared arguments that are rarely changed, where a procedure has them. */
static const char *const rare[] = { "steps", "guidance", "size", "framing", "image-encoder", "precision" };
/* Those below them, which have no mnemonic: there are more rows than letters. */
static const char *const rarest[] = { "context", "padding", "grow", "feather", "match-seam", "source", "metadata", "keep-latents", NULL };

/* A text that the model is to understand. */
typedef struct
{
  UnclipPluginRows *rows;
  const char *argument;
  GtkLabel   *note; /* below the row, seen when there is something to say */
} Caption;

struct _UnclipPluginRows
{
  const UnclipPluginDescriptor *descriptor;
  GimpProcedureConfig          *config;
  GtkWindow                    *window;
  GtkWidget                    *widget; /* around all rows, which scroll */
  GtkLabel                     *status; /* about the model */
  GtkWidget                    *toybox; /* seen where another model cannot do it */
  gboolean                      has_model;
  UnclipModel                  *model;  /* NULL: there is none */
  Caption                       captions[UNCLIP_PLUGIN_MAX_CAPTIONS];
  int                           n_captions;
};

static void
add_rows (GimpProcedureDialog *dialog,
          UnclipPluginRows    *rows,
          const char *const   *own)
{
  static const char *const last[] = { "seed-box", "model-box", "more" };
  g_autoptr (GList) names = NULL;
  GtkScrolledWindow *scrolled;
  GtkWidget         *box;

  names = g_list_append (names, (gpointer) "hint");
  for (; *own != NULL; own++)
    names = g_list_append (names, (gpointer) *own);
  for (guint i = 0; i < G_N_ELEMENTS (last); i++)
    names = g_list_append (names, (gpointer) last[i]);
  box = gimp_procedure_dialog_fill_box_list (dialog, "rows", names);
  gtk_box_set_spacing (GTK_BOX (box), 6);
  gtk_widget_set_margin_end (box, 6);
  scrolled = GTK_SCROLLED_WINDOW (gimp_procedure_dialog_fill_scrolled_window (dialog, "scrolled-rows", "rows"));
  gtk_scrolled_window_set_shadow_type (scrolled, GTK_SHADOW_NONE);
  gtk_scrolled_window_set_overlay_scrolling (scrolled, FALSE);
  gtk_scrolled_window_set_policy (scrolled, GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
  rows->widget = GTK_WIDGET (scrolled);
}

/* ---- when it can run ----------------------------------------------------------------------------- */

gboolean
unclip_plugin_rows_are_ready (UnclipPluginRows *rows)
{
  gboolean ready = rows->has_model;

  for (int i = 0; i < rows->n_captions; i++)
    {
      const UnclipPluginCaption *caption = &rows->descriptor->captions[i];
      g_autofree char           *text = unclip_plugin_text (rows->config, caption->argument);

      ready = ready && (! caption->is_needed || *text != '\0');
    }
  return ready;
}

/* Before it costs the time of a run. */
static void
update_note (Caption *caption)
{
  g_autofree char *text = unclip_plugin_text (caption->rows->config, caption->argument);
  g_autofree char *note = caption->rows->model != NULL ? unclip_model_note_caption (caption->rows->model, text) : NULL;

  if (g_strcmp0 (gtk_label_get_text (caption->note), note != NULL ? note : "") == 0)
    return;
  gtk_label_set_text (caption->note, note != NULL ? note : "");
  gtk_widget_set_visible (GTK_WIDGET (caption->note), note != NULL);
}

static void
update_model (UnclipPluginRows *rows)
{
  g_auto (UnclipPluginSettings) settings = { 0 };
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *problem = NULL, *text = NULL;

  model = unclip_plugin_settings_read (&settings, rows->config, &error) ? unclip_plugin_settings_model (&settings, &error) : NULL;
  problem = model != NULL ? unclip_plugin_lacking (rows->descriptor, model) : g_strdup (error->message);
  rows->has_model = problem == NULL;
  text = model != NULL && problem == NULL ? g_strdup_printf (_("Runs on this computer: %s"), unclip_model_path (model)) : NULL;
  gtk_label_set_text (rows->status, problem != NULL ? problem : text);
  gtk_widget_set_visible (rows->toybox, problem != NULL && (*settings.model != '\0' || settings.image_encoder != NULL));
  gtk_widget_set_sensitive (rows->toybox, gtk_widget_get_visible (rows->toybox));
  g_clear_pointer (&rows->model, unclip_model_unref);
  rows->model = g_steal_pointer (&model);
  for (int i = 0; i < rows->n_captions; i++)
    update_note (&rows->captions[i]);
}

/* ---- model ---------------------------------------------------------------------------------------------- */

static void
choose_folder (GtkWidget *button,
               UnclipPluginRows *rows)
{
  g_autoptr (GtkFileChooserNative) chooser = NULL;
  g_autofree char *folder = NULL;

  chooser = gtk_file_chooser_native_new (_("Folder of a Model"), rows->window,
                                         GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, NULL, NULL);
  if (gtk_native_dialog_run (GTK_NATIVE_DIALOG (chooser)) != GTK_RESPONSE_ACCEPT)
    return;
  folder = gtk_file_chooser_get_filename (GTK_FILE_CHOOSER (chooser));
  if (folder != NULL)
    g_object_set (rows->config, "model", folder, NULL);
}

static void
use_toybox (UnclipPluginRows *rows)
{
  if (rows->descriptor->takes & UNCLIP_PLUGIN_TAKES_PICTURE)
    g_object_set (rows->config, "image-encoder", NULL, NULL);
  g_object_set (rows->config, "model", "", NULL);
}

/* Names of the models in the search path, offered while one types. */
static void
offer_models (GtkEntry *entry)
{
  g_autoptr (GtkListStore) store = gtk_list_store_new (1, G_TYPE_STRING);
  g_autoptr (GtkEntryCompletion) completion = gtk_entry_completion_new ();
  g_auto (GStrv) models = unclip_model_list ();

  for (char **model = models; *model != NULL; model++)
    {
      g_autofree char *name = g_path_get_basename (*model);

      gtk_list_store_insert_with_values (store, NULL, -1, 0, name, -1);
    }
  gtk_entry_completion_set_model (completion, GTK_TREE_MODEL (store));
  gtk_entry_completion_set_text_column (completion, 0);
  gtk_entry_completion_set_minimum_key_length (completion, 0);
  gtk_entry_set_completion (entry, completion);
}

static GtkEntry *
entry_of (GimpProcedureDialog *dialog,
          const char          *property)
{
  GtkWidget *row = gimp_procedure_dialog_get_widget (dialog, property, G_TYPE_NONE);

  return GTK_ENTRY (gimp_label_entry_get_entry (GIMP_LABEL_ENTRY (row)));
}

/* For sentences of any length. */
static GtkWidget *
note_label_new (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE);
  /* Wraps here instead of widening the dialog to a path's length. */
  gtk_label_set_max_width_chars (GTK_LABEL (label), 50);
  gtk_label_set_line_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  return label;
}

static void
add_model (GimpProcedureDialog *dialog,
           UnclipPluginRows    *rows)
{
  GtkWidget *box = gimp_procedure_dialog_fill_box (dialog, "model-box", "model", NULL);
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *button = gtk_button_new_with_mnemonic (_("Choose Fol_der…"));
  GtkWidget *status = note_label_new ();
  GtkEntry  *entry = entry_of (dialog, "model");

  gtk_entry_set_placeholder_text (entry, _("Toybox, which comes along"));
  offer_models (entry);

  rows->status = GTK_LABEL (status);

  gtk_widget_set_valign (button, GTK_ALIGN_START);
  gtk_widget_set_tooltip_text (button, _("Use a model from any folder of yours"));
  g_signal_connect (button, "clicked", G_CALLBACK (choose_folder), rows);
  gtk_box_pack_start (GTK_BOX (row), status, TRUE, TRUE, 0);
  gtk_box_pack_end (GTK_BOX (row), button, FALSE, FALSE, 0);
  rows->toybox = gtk_button_new_with_label (_("Use Toybox"));
  gtk_widget_set_valign (rows->toybox, GTK_ALIGN_START);
  gtk_widget_set_no_show_all (rows->toybox, TRUE);
  g_signal_connect_swapped (rows->toybox, "clicked", G_CALLBACK (use_toybox), rows);
  gtk_box_pack_end (GTK_BOX (row), rows->toybox, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), row, FALSE, FALSE, 0);
  gtk_widget_show_all (row);

  g_signal_connect_swapped (rows->config, "notify::model", G_CALLBACK (update_model), rows);
  if (rows->descriptor->takes & UNCLIP_PLUGIN_TAKES_PICTURE)
    g_signal_connect_swapped (rows->config, "notify::image-encoder", G_CALLBACK (update_model), rows);
}

/* ---- seed ----------------------------------------------------------------------------------------------- */

static gboolean
seed_to_is_new (GBinding     *binding,
                const GValue *seed,
                GValue       *is_new,
                gpointer      data)
{
  g_value_set_boolean (is_new, g_value_get_int (seed) < 0);
  return TRUE;
}

static gboolean
is_new_to_seed (GBinding     *binding,
                const GValue *is_new,
                GValue       *seed,
                gpointer      data)
{
  /* Whoever wants a seed of their own starts from one that is easy to remember. */
  g_value_set_int (seed, g_value_get_boolean (is_new) ? -1 : 1);
  return TRUE;
}

static void
add_seed (GimpProcedureDialog *dialog,
          UnclipPluginRows    *rows)
{
  GtkWidget *box = gimp_procedure_dialog_fill_box (dialog, "seed-box", "seed", NULL);
  GtkWidget *spin = gimp_procedure_dialog_get_widget (dialog, "seed", G_TYPE_NONE);
  GtkWidget *check = gtk_check_button_new_with_mnemonic (_("New one e_very time"));

  gtk_orientable_set_orientation (GTK_ORIENTABLE (box), GTK_ORIENTATION_HORIZONTAL);
  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_box_set_spacing (GTK_BOX (box), 6);
  gtk_widget_set_tooltip_text (check, _("Draw another seed for every run; its number is in the new layer's name"));
  gtk_box_pack_start (GTK_BOX (box), check, FALSE, FALSE, 0);
  gtk_widget_show (check);
  g_object_bind_property_full (rows->config, "seed", check, "active", G_BINDING_BIDIRECTIONAL | G_BINDING_SYNC_CREATE,
                               seed_to_is_new, is_new_to_seed, NULL, NULL);
  g_object_bind_property (check, "active", spin, "sensitive", G_BINDING_SYNC_CREATE | G_BINDING_INVERT_BOOLEAN);
}

static void
name_widget (GtkWidget *widget,
             gpointer   name)
{
  if (GTK_IS_ENTRY (widget) || GTK_IS_RANGE (widget) || GTK_IS_COMBO_BOX (widget) || GTK_IS_BUTTON (widget))
    atk_object_set_name (gtk_widget_get_accessible (widget), name);
  if (GTK_IS_CONTAINER (widget))
    gtk_container_forall (GTK_CONTAINER (widget), name_widget, name);
}

/* A screen reader says what stands on the row's label, which GIMP's rows don't all tell it. */
static void
name_rows (GimpProcedureDialog *dialog,
           GimpProcedure       *procedure)
{
  int          n_arguments;
  GParamSpec **arguments = gimp_procedure_get_arguments (procedure, &n_arguments);

  for (int i = N_IMAGE_ARGUMENTS; i < n_arguments; i++)
    {
      g_autofree char *name = gimp_strip_uline (g_param_spec_get_nick (arguments[i]));

      if (g_strv_contains (rarest, arguments[i]->name))
        continue;
      name_widget (gimp_procedure_dialog_get_widget (dialog, arguments[i]->name, G_TYPE_NONE), name);
    }
}

/* GIMP aligns the labels in a box among themselves; these boxes should look like one. */
static void
align_labels (GimpProcedureDialog *dialog,
              const char *const   *rows)
{
  g_autoptr (GtkSizeGroup) group = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);

  for (; *rows != NULL; rows++)
    {
      GtkWidget *row = gimp_procedure_dialog_get_widget (dialog, *rows, G_TYPE_NONE);

      gtk_size_group_add_widget (group, gimp_labeled_get_label (GIMP_LABELED (row)));
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------- */

void
unclip_plugin_rows_fill_texts (GimpProcedure       *procedure,
                               GimpProcedureConfig *config)
{
  int          n_arguments;
  GParamSpec **arguments = gimp_procedure_get_arguments (procedure, &n_arguments);

  for (int i = N_IMAGE_ARGUMENTS; i < n_arguments; i++)
    if (G_PARAM_SPEC_VALUE_TYPE (arguments[i]) == G_TYPE_STRING && ! GIMP_IS_PARAM_SPEC_CHOICE (arguments[i]))
      {
        g_autofree char *text = unclip_plugin_text (config, arguments[i]->name);

        g_object_set (config, arguments[i]->name, text, NULL);
      }
}

/* Names of the procedure's own arguments, which come before the shared ones; transfer container, NULL-terminated. */
static const char **
own_arguments (GimpProcedure *procedure)
{
  int          n_arguments, n = 0;
  GParamSpec **arguments = gimp_procedure_get_arguments (procedure, &n_arguments);
  const char **names = g_new0 (const char *, n_arguments + 1);

  for (int i = N_IMAGE_ARGUMENTS; i < n_arguments && strcmp (arguments[i]->name, "seed") != 0; i++)
    names[n++] = arguments[i]->name;
  return names;
}

/* GIMP's own rows complain on stderr where they have no mnemonic. */
static GtkWidget *
plain_row (GimpProcedureConfig *config,
           GParamSpec          *argument,
           GtkSizeGroup        *labels)
{
  GObject    *object = G_OBJECT (config);
  const char *nick = g_param_spec_get_nick (argument);
  GtkWidget  *row = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *widget;

  if (G_IS_PARAM_SPEC_BOOLEAN (argument))
    widget = gimp_prop_check_button_new (object, argument->name, nick);
  else
    {
      GtkWidget *label = gtk_label_new (nick);

      if (GIMP_IS_PARAM_SPEC_CHOICE (argument))
        widget = gimp_prop_choice_combo_box_new (object, argument->name);
      else
        widget = gimp_prop_spin_button_new (object, argument->name, 1, 10, G_IS_PARAM_SPEC_DOUBLE (argument) ? 1 : 0);
      gtk_label_set_xalign (GTK_LABEL (label), 0);
      gtk_size_group_add_widget (labels, label);
      gtk_box_pack_start (GTK_BOX (row), label, FALSE, FALSE, 0);
    }
  gtk_widget_set_tooltip_text (widget, g_param_spec_get_blurb (argument));
  name_widget (widget, (gpointer) nick);
  gtk_box_pack_start (GTK_BOX (row), widget, GIMP_IS_PARAM_SPEC_CHOICE (argument), GIMP_IS_PARAM_SPEC_CHOICE (argument), 0);
  gtk_widget_show_all (row);
  return row;
}

static void
add_more (GimpProcedureDialog *dialog,
          UnclipPluginRows    *rows,
          GimpProcedure       *procedure)
{
  g_autoptr (GtkSizeGroup) labels = gtk_size_group_new (GTK_SIZE_GROUP_HORIZONTAL);
  g_autoptr (GList) names = NULL;
  GtkWidget *box;

  for (guint i = 0; i < G_N_ELEMENTS (rare); i++)
    if (gimp_procedure_find_argument (procedure, rare[i]) != NULL)
      names = g_list_append (names, (gpointer) rare[i]);
  box = gimp_procedure_dialog_fill_box_list (dialog, "more-box", names);
  gtk_box_set_spacing (GTK_BOX (box), 6);
  gtk_widget_set_margin_top (box, 6);
  for (const char *const *name = rarest; *name != NULL; name++)
    {
      GParamSpec *argument = gimp_procedure_find_argument (procedure, *name);

      if (argument != NULL)
        gtk_box_pack_start (GTK_BOX (box), plain_row (rows->config, argument, labels), FALSE, FALSE, 0);
    }
  gimp_procedure_dialog_get_label (dialog, "more-title", _("More settings"), FALSE, FALSE);
  /* The rows scroll: the window stays as large as it is. */
  gtk_expander_set_resize_toplevel (GTK_EXPANDER (gimp_procedure_dialog_fill_expander (dialog, "more", "more-title", FALSE, "more-box")), FALSE);
}

static void
add_hint (GimpProcedureDialog *dialog,
          const char          *hint)
{
  GtkWidget *label = gimp_procedure_dialog_get_label (dialog, "hint", hint, FALSE, FALSE);

  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 60);
  gtk_widget_set_margin_bottom (label, 6);
}

/* An example in the row of a caption, and room for a note below it. */
static void
add_caption (GimpProcedureDialog       *dialog,
             UnclipPluginRows          *rows,
             const UnclipPluginCaption *described)
{
  Caption         *caption = &rows->captions[rows->n_captions++];
  GtkWidget       *row = gimp_procedure_dialog_get_widget (dialog, described->argument, G_TYPE_NONE);
  GtkWidget       *box = gtk_widget_get_parent (row), *note = note_label_new ();
  GtkEntry        *entry = entry_of (dialog, described->argument);
  g_autofree char *notify = g_strconcat ("notify::", described->argument, NULL);
  int              position;

  gtk_entry_set_placeholder_text (entry, _(described->example));
  gtk_entry_set_activates_default (entry, TRUE);
  unclip_plugin_captions_offer (entry);

  gtk_widget_set_no_show_all (note, TRUE);
  gtk_container_child_get (GTK_CONTAINER (box), row, "position", &position, NULL);
  gtk_box_pack_start (GTK_BOX (box), note, FALSE, FALSE, 0);
  gtk_box_reorder_child (GTK_BOX (box), note, position + 1);
  *caption = (Caption) { rows, described->argument, GTK_LABEL (note) };
  g_signal_connect_data (rows->config, notify, G_CALLBACK (update_note), caption, NULL, G_CONNECT_SWAPPED);
}

static void
fill (UnclipPluginRows    *rows,
      GimpProcedureDialog *dialog,
      GimpProcedure       *procedure)
{
  g_autofree const char **own = own_arguments (procedure);

  add_hint (dialog, _(rows->descriptor->hint));
  if (rows->descriptor->takes & UNCLIP_PLUGIN_TAKES_GUIDANCE)
    gimp_procedure_dialog_get_scale_entry (dialog, "guidance", 1);
  for (const char **row = own; *row != NULL; row++)
    {
      GParamSpec *argument = gimp_procedure_find_argument (procedure, *row);

      if (G_IS_PARAM_SPEC_DOUBLE (argument) || G_IS_PARAM_SPEC_INT (argument))
        gimp_procedure_dialog_get_scale_entry (dialog, *row, 1);
    }
  add_seed (dialog, rows);
  add_model (dialog, rows);
  add_more (dialog, rows, procedure);
  add_rows (dialog, rows, own);
  align_labels (dialog, (const char *[]) { "seed", "model", own[0], NULL });
  name_rows (dialog, procedure);
  for (const UnclipPluginCaption *caption = rows->descriptor->captions; caption->argument != NULL; caption++)
    add_caption (dialog, rows, caption);
  update_model (rows);
}

UnclipPluginRows *
unclip_plugin_rows_new (const UnclipPluginDescriptor *descriptor,
                        GimpProcedure                *procedure,
                        GimpProcedureConfig          *config,
                        GimpProcedureDialog          *dialog)
{
  UnclipPluginRows *rows = g_new0 (UnclipPluginRows, 1);

  rows->descriptor = descriptor;
  rows->config = config;
  rows->window = GTK_WINDOW (dialog);
  fill (rows, dialog, procedure);
  return rows;
}

GtkWidget *
unclip_plugin_rows_widget (UnclipPluginRows *rows)
{
  return rows->widget;
}

char **
unclip_plugin_rows_notes (UnclipPluginRows *rows)
{
  g_autoptr (GStrvBuilder) notes = g_strv_builder_new ();

  for (int i = 0; i < rows->n_captions; i++)
    g_strv_builder_add (notes, gtk_label_get_text (rows->captions[i].note));
  return g_strv_builder_end (notes);
}

void
unclip_plugin_rows_remember (UnclipPluginRows *rows)
{
  for (int i = 0; i < rows->n_captions; i++)
    {
      g_autofree char *text = unclip_plugin_text (rows->config, rows->captions[i].argument);

      unclip_plugin_captions_remember (text);
    }
}

void
unclip_plugin_rows_free (UnclipPluginRows *rows)
{
  g_signal_handlers_disconnect_by_data (rows->config, rows);
  for (int i = 0; i < rows->n_captions; i++)
    g_signal_handlers_disconnect_by_data (rows->config, &rows->captions[i]);
  g_clear_pointer (&rows->model, unclip_model_unref);
  g_free (rows);
}
