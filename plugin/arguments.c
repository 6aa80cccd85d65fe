/* See arguments.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "arguments.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "where.h"

/* Characters of a caption in a layer's name: about what the Layers dialog shows at its widest. */
#define MAX_LINE 80

/* Notes that the user has read, kept with the configuration under this name. */
#define READ_NOTES "unclip-read-notes"
/* So is what was selected. */
#define SELECTION "unclip-selection"

/* Drawn seeds have six digits, so that people can read them from a layer's name and type them. */
#define SEED_LIMIT 1000000

static void
add_picture_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_choice_argument (procedure, "framing", _("_Framing"),
                                      _("How a picture that is not square becomes the model's square"),
                                      gimp_choice_new_with_values ("pad", UNCLIP_FRAMING_PAD, _("Whole picture, edges continued"), NULL,
                                                                   "crop", UNCLIP_FRAMING_CROP, _("Square in the middle"), NULL,
                                                                   "stretch", UNCLIP_FRAMING_STRETCH, _("Whole picture, stretched"), NULL,
                                                                   NULL),
                                      "pad", G_PARAM_READWRITE);
  gimp_procedure_add_file_argument (procedure, "image-encoder", _("E_xtra image encoder"),
                                    _("Folder of an image encoder, for a model that lacks one; none: the model's own"),
                                    GIMP_FILE_CHOOSER_ACTION_SELECT_FOLDER, TRUE, NULL, G_PARAM_READWRITE);
}

void
unclip_plugin_add_arguments (GimpProcedure    *procedure,
                             UnclipPluginTakes takes)
{
  gimp_procedure_add_int_argument (procedure, "seed", _("S_eed"),
                                   _("The same seed gives the same pictures; -1: a new one each time"),
                                   -1, G_MAXINT32, -1, G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "model", _("_Model"),
                                      _("Name or folder of a model; empty: Toybox, which comes along"),
                                      "", G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_STEPS)
    gimp_procedure_add_int_argument (procedure, "steps", _("Ste_ps (0: the model's)"),
                                     _("Steps of the network that draws: more take longer and keep the picture better; 0: as the model suggests"),
                                     0, 1000, 0, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_GUIDANCE)
    gimp_procedure_add_double_argument (procedure, "guidance", _("_Guidance (0: the model's)"),
                                        _("How strictly the decoder follows the meaning; 1: not helped; 0: as the model suggests"),
                                        0, 20, 0, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_SIZE)
    gimp_procedure_add_choice_argument (procedure, "size", _("Model si_ze"),
                                        _("Size of the square in which the model works; the result has the layer's size in any case"),
                                        gimp_choice_new_with_values ("auto", 0, _("As the model suggests"), NULL,
                                                                     "64", 64, _("64 pixels (quick)"), NULL,
                                                                     "256", 256, _("256 pixels"), NULL,
                                                                     "1024", 1024, _("1024 pixels (slow, in models that have it)"), NULL,
                                                                     NULL),
                                        "auto", G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_PICTURE)
    add_picture_arguments (procedure);
  if (takes & UNCLIP_PLUGIN_TAKES_PLACE)
    unclip_plugin_where_add_arguments (procedure);
  gimp_procedure_add_choice_argument (procedure, "precision", _("Precisio_n"),
                                      _("How exactly the networks calculate: bfloat16 takes half the memory, and changes pictures slightly"),
                                      gimp_choice_new_with_values ("auto", UNCLIP_PRECISION_AUTO, _("What is fastest here"), NULL,
                                                                   "f32", UNCLIP_PRECISION_F32, _("float32 (most exact)"), NULL,
                                                                   "bf16", UNCLIP_PRECISION_BF16, _("bfloat16 (least memory)"), NULL,
                                                                   NULL),
                                      "auto", G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "metadata", _("Metadata"),
                                      _("What is left behind of the edit: Edit Again takes all settings"),
                                      gimp_choice_new_with_values ("full", UNCLIP_PLUGIN_METADATA_FULL, _("Mark and all settings"), NULL,
                                                                   "mark", UNCLIP_PLUGIN_METADATA_MARK, _("The mark that a model took part"), NULL,
                                                                   "none", UNCLIP_PLUGIN_METADATA_NONE, _("Nothing"), NULL,
                                                                   NULL),
                                      "full", G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_LATENTS)
    gimp_procedure_add_boolean_argument (procedure, "keep-latents", _("Keep latents"),
                                         _("With all settings: keep in the new layers what the model found of this one, up to 4 MB, so that "
                                           "further edits of it start sooner"),
                                         TRUE, G_PARAM_READWRITE);
}

void
unclip_plugin_add_return_values (GimpProcedure    *procedure,
                                 UnclipPluginTakes takes,
                                 void            (*add_own) (GimpProcedure *procedure))
{
  gimp_procedure_add_core_object_array_return_value (procedure, "layers", _("Layers"),
                                                     _("The new layers"),
                                                     GIMP_TYPE_LAYER, G_PARAM_READWRITE);
  gimp_procedure_add_int_return_value (procedure, "used-seed", _("Used seed"),
                                       _("The seed, drawn if -1 was asked for"),
                                       0, G_MAXINT32, 0, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_STEPS)
    gimp_procedure_add_int_return_value (procedure, "used-steps", _("Used steps"),
                                         _("Steps that were taken"),
                                         0, G_MAXINT32, 0, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_GUIDANCE)
    gimp_procedure_add_double_return_value (procedure, "used-guidance", _("Used guidance"),
                                            _("Guidance of the decoder, the model's if 0 was asked for"),
                                            0, 100, 0, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-model", _("Used model"),
                                          _("Folder of the model"),
                                          NULL, G_PARAM_READWRITE);
  if (add_own != NULL)
    add_own (procedure);
  if (takes & UNCLIP_PLUGIN_TAKES_SIZE)
    gimp_procedure_add_int_return_value (procedure, "used-size", _("Used size"),
                                         _("Side of the square in which the model worked, in pixels"),
                                         0, G_MAXINT32, 0, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_PICTURE)
    gimp_procedure_add_string_return_value (procedure, "used-framing", _("Used framing"),
                                            _("How the picture became the model's square"),
                                            NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-precision", _("Used precision"),
                                          _("How exactly the networks calculated, f32 or bf16"),
                                          NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-fingerprint", _("Used fingerprint"),
                                          _("Which model it was, wherever its folder lies"),
                                          NULL, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-engine", _("Used engine"),
                                          _("Version of this plug-in's engine"),
                                          NULL, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_PLACE)
    unclip_plugin_where_add_return_values (procedure);
  gimp_procedure_add_string_return_value (procedure, "used-metadata", _("Used metadata"),
                                          _("What was left behind of the edit"),
                                          NULL, G_PARAM_READWRITE);
  if (takes & UNCLIP_PLUGIN_TAKES_LATENTS)
    gimp_procedure_add_boolean_return_value (procedure, "reused-latents", _("Reused latents"),
                                             _("Whether latents of an earlier edit took the place of an inversion"),
                                             FALSE, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "notes", _("Notes"),
                                          _("What is worth knowing about the result, one sentence a line; empty: nothing"),
                                          NULL, G_PARAM_READWRITE);
}

GValue *
unclip_plugin_value (GimpProcedure  *procedure,
                     GimpValueArray *values,
                     const char     *name)
{
  int          n;
  GParamSpec **specs = gimp_procedure_get_return_values (procedure, &n);

  for (int i = 0; i < n; i++)
    if (strcmp (specs[i]->name, name) == 0)
      return gimp_value_array_index (values, i + 1); /* the status comes first */
  return NULL;
}

/* ---- texts ----------------------------------------------------------------------------------------- */

char *
unclip_plugin_text (GimpProcedureConfig *config,
                    const char          *property)
{
  char *text = NULL;

  g_object_get (config, property, &text, NULL);
  return text != NULL ? g_strstrip (text) : g_strdup ("");
}

char **
unclip_plugin_split (const char *text)
{
  g_auto (GStrv) parts = g_strsplit_set (text, ",\n", -1);
  g_autoptr (GStrvBuilder) kept = g_strv_builder_new ();

  for (char **part = parts; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0')
      g_strv_builder_add (kept, *part);
  return g_strv_builder_end (kept);
}

/* Characters that are not seen themselves but change how others are. */
static gboolean
is_mark (gunichar c)
{
  /* The joiners are part of how words are spelled. */
  return c != 0x200c && c != 0x200d && (g_unichar_iscntrl (c) || g_unichar_type (c) == G_UNICODE_FORMAT);
}

char *
unclip_plugin_line (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString         *line = g_string_new (NULL);
  int              n = 0;

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (g_unichar_isspace (c) || g_unichar_type (c) == G_UNICODE_LINE_SEPARATOR || g_unichar_type (c) == G_UNICODE_PARAGRAPH_SEPARATOR)
        c = ' ';
      if (is_mark (c) || (c == ' ' && (line->len == 0 || line->str[line->len - 1] == ' ')))
        continue;
      /* What is put on a letter is not cut from it. */
      if (n >= MAX_LINE && ! g_unichar_ismark (c))
        {
          g_string_append (line, "…");
          break;
        }
      g_string_append_unichar (line, c);
      n++;
    }
  return g_strchomp (g_string_free (line, FALSE));
}

/* ---- settings --------------------------------------------------------------------------------------- */

/* Numbers that are none became the argument's default on their way here. */
static gboolean
check_texts (GimpProcedureConfig *config,
              GError             **error)
{
  guint                   n;
  g_autofree GParamSpec **properties = g_object_class_list_properties (G_OBJECT_GET_CLASS (config), &n);

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      g_object_get_property (G_OBJECT (config), properties[i]->name, &value);
      if (G_VALUE_HOLDS_STRING (&value) && g_value_get_string (&value) != NULL && ! g_utf8_validate (g_value_get_string (&value), -1, NULL))
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The text of the argument \"%s\" is not valid UTF-8: write it anew"), properties[i]->name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
has (GimpProcedureConfig *config,
     const char          *argument)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (config), argument) != NULL;
}

void
unclip_plugin_set_read (GimpProcedureConfig *config,
                        char               **notes)
{
  g_object_set_data_full (G_OBJECT (config), READ_NOTES, notes, (GDestroyNotify) g_strfreev);
}

static void
selection_free (gpointer selection)
{
  unclip_plugin_pixels_clear (selection);
  g_free (selection);
}

void
unclip_plugin_set_selection (GimpProcedureConfig      *config,
                             const UnclipPluginPixels *selection)
{
  g_object_set_data_full (G_OBJECT (config), SELECTION, unclip_plugin_pixels_copy (selection), selection_free);
}

const UnclipPluginPixels *
unclip_plugin_get_selection (GimpProcedureConfig *config)
{
  return g_object_get_data (G_OBJECT (config), SELECTION);
}

gboolean
unclip_plugin_settings_read (UnclipPluginSettings *settings,
                             GimpProcedureConfig  *config,
                             GError              **error)
{
  g_autoptr (GFile) image_encoder = NULL;

  *settings = (UnclipPluginSettings) { .notes = g_ptr_array_new_with_free_func (g_free) };
  settings->read = g_strdupv (g_object_get_data (G_OBJECT (config), READ_NOTES));
  if (! check_texts (config, error))
    return FALSE;
  g_object_get (config, "seed", &settings->seed, NULL);
  settings->model = unclip_plugin_text (config, "model");
  settings->precision = gimp_procedure_config_get_choice_id (config, "precision");
  settings->metadata = gimp_procedure_config_get_choice_id (config, "metadata");
  if (has (config, "keep-latents"))
    g_object_get (config, "keep-latents", &settings->keeps_latents, NULL);
  if (has (config, "steps"))
    g_object_get (config, "steps", &settings->n_steps, NULL);
  if (has (config, "guidance"))
    g_object_get (config, "guidance", &settings->guidance_scale, NULL);
  if (has (config, "size"))
    settings->size = gimp_procedure_config_get_choice_id (config, "size");
  if (has (config, "framing"))
    {
      g_object_get (config, "framing", &settings->framing_name, "image-encoder", &image_encoder, NULL);
      settings->framing = gimp_procedure_config_get_choice_id (config, "framing");
      settings->image_encoder = image_encoder != NULL ? g_file_get_path (image_encoder) : NULL;
    }
  if (settings->seed < 0)
    settings->seed = g_random_int_range (0, SEED_LIMIT);
  return TRUE;
}

void
unclip_plugin_settings_clear (UnclipPluginSettings *settings)
{
  g_clear_pointer (&settings->model, g_free);
  g_clear_pointer (&settings->image_encoder, g_free);
  g_clear_pointer (&settings->framing_name, g_free);
  g_clear_pointer (&settings->notes, g_ptr_array_unref);
  g_clear_pointer (&settings->read, g_strfreev);
}

UnclipModel *
unclip_plugin_settings_model (const UnclipPluginSettings *settings,
                              GError                    **error)
{
  g_autofree char *image_encoder = g_strdup_printf ("image_encoder=%s", settings->image_encoder);
  const char      *components[] = { settings->image_encoder != NULL ? image_encoder : NULL, NULL };

  return unclip_model_open (*settings->model != '\0' ? settings->model : NULL, components, error);
}

/* An UnclipNoteFunc; @data is the settings. */
static void
take_note (const char *note,
           gpointer    data)
{
  UnclipPluginSettings *settings = data;

  /* Several jobs for one work all have the same to say. */
  if (! g_ptr_array_find_with_equal_func (settings->notes, note, g_str_equal, NULL))
    g_ptr_array_add (settings->notes, g_strdup (note));
}

void
unclip_plugin_settings_options (UnclipPluginSettings *settings,
                                UnclipOptions        *options)
{
  unclip_options_init (options);
  options->seed = settings->seed;
  options->n_steps = settings->n_steps;
  options->size = settings->size;
  options->framing = settings->framing;
  options->precision = settings->precision;
  /* So that what is not a number reaches the library, which refuses it. */
  if (settings->guidance_scale != 0)
    options->guidance_scale = settings->guidance_scale;
  options->used = &settings->used;
  options->note = take_note;
  options->note_data = settings;
}

const char *
unclip_plugin_settings_precision (const UnclipPluginSettings *settings)
{
  return settings->used.precision == UNCLIP_PRECISION_BF16 ? "bf16" : "f32";
}

char *
unclip_plugin_settings_notes (const UnclipPluginSettings *settings)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  g_auto (GStrv) notes = NULL;

  for (guint i = 0; i < settings->notes->len; i++)
    g_strv_builder_add (lines, settings->notes->pdata[i]);
  notes = g_strv_builder_end (lines);
  return g_strjoinv ("\n", notes);
}

/* As scripts write them. */
static const char *const metadata_names[] = {
  [UNCLIP_PLUGIN_METADATA_NONE] = "none",
  [UNCLIP_PLUGIN_METADATA_MARK] = "mark",
  [UNCLIP_PLUGIN_METADATA_FULL] = "full",
};

/* ---- results ------------------------------------------------------------------------------------------- */

/* Where the procedure has such a return value. */
static void
set_int (GimpProcedure  *procedure,
         GimpValueArray *values,
         const char     *name,
         int             number)
{
  GValue *value = unclip_plugin_value (procedure, values, name);

  if (value != NULL)
    g_value_set_int (value, number);
}

static void
set_string (GimpProcedure  *procedure,
            GimpValueArray *values,
            const char     *name,
            const char     *text)
{
  GValue *value = unclip_plugin_value (procedure, values, name);

  if (value != NULL)
    g_value_set_string (value, text);
}

GimpValueArray *
unclip_plugin_success (GimpProcedure              *procedure,
                       GimpRunMode                 run_mode,
                       GimpLayer                 **layers,
                       const UnclipPluginSettings *settings,
                       UnclipModel                *model)
{
  GimpValueArray  *values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);
  g_autofree char *fingerprint = unclip_model_fingerprint (model), *notes = unclip_plugin_settings_notes (settings);
  GValue          *value;

  for (guint i = 0; i < settings->notes->len; i++)
    if (run_mode == GIMP_RUN_NONINTERACTIVE)
      g_printerr ("unclip: %s\n", (const char *) settings->notes->pdata[i]);
    else if (settings->read == NULL || ! g_strv_contains ((const char *const *) settings->read, settings->notes->pdata[i]))
      gimp_message (settings->notes->pdata[i]);

  g_value_take_boxed (unclip_plugin_value (procedure, values, "layers"), layers);
  set_int (procedure, values, "used-seed", settings->seed);
  set_int (procedure, values, "used-steps", settings->used.n_steps);
  value = unclip_plugin_value (procedure, values, "used-guidance");
  if (value != NULL)
    g_value_set_double (value, settings->used.guidance_scale);
  set_string (procedure, values, "used-model", unclip_model_path (model));
  set_int (procedure, values, "used-size", settings->used.size);
  set_string (procedure, values, "used-framing", settings->framing_name);
  set_string (procedure, values, "used-precision", unclip_plugin_settings_precision (settings));
  set_string (procedure, values, "used-fingerprint", fingerprint);
  set_string (procedure, values, "used-engine", UNCLIP_VERSION);
  set_string (procedure, values, "used-metadata", metadata_names[settings->metadata]);
  value = unclip_plugin_value (procedure, values, "reused-latents");
  if (value != NULL)
    g_value_set_boolean (value, settings->reuses_latents);
  set_string (procedure, values, "notes", notes);
  return values;
}
