/* See arguments.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "arguments.h"

#include <glib/gi18n-lib.h>

/* Drawn seeds have six digits, so that people can read them from a layer's name and type them. */
#define SEED_LIMIT 1000000

void
unclip_plugin_add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_int_argument (procedure, "seed", _("S_eed"),
                                   _("The same seed gives the same pictures; -1: a new one each time"),
                                   -1, G_MAXINT32, -1, G_PARAM_READWRITE);
  gimp_procedure_add_string_argument (procedure, "model", _("_Model"),
                                      _("Name or folder of a model; empty: Toybox, which comes along"),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "steps", _("Ste_ps (0: the model's)"),
                                   _("Steps of the decoder: more take longer and keep the picture better; 0: as the model suggests"),
                                   0, 1000, 0, G_PARAM_READWRITE);
  gimp_procedure_add_double_argument (procedure, "guidance", _("_Guidance (0: the model's)"),
                                      _("How strictly the decoder follows the meaning; 1: not helped; 0: as the model suggests"),
                                      0, 20, 0, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "size", _("Model si_ze"),
                                      _("Size of the square in which the model works; the result has the layer's size in any case"),
                                      gimp_choice_new_with_values ("auto", 0, _("As the model suggests"), NULL,
                                                                   "64", 64, _("64 pixels (quick)"), NULL,
                                                                   "256", 256, _("256 pixels"), NULL,
                                                                   "1024", 1024, _("1024 pixels (slow, in models that have it)"), NULL,
                                                                   NULL),
                                      "auto", G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "framing", _("_Framing"),
                                      _("How a picture that is not square becomes the model's square"),
                                      gimp_choice_new_with_values ("pad", UNCLIP_FRAMING_PAD, _("Whole picture, edges continued"), NULL,
                                                                   "crop", UNCLIP_FRAMING_CROP, _("Square in the middle"), NULL,
                                                                   "stretch", UNCLIP_FRAMING_STRETCH, _("Whole picture, stretched"), NULL,
                                                                   NULL),
                                      "pad", G_PARAM_READWRITE);
  gimp_procedure_add_file_argument (procedure, "image-encoder", _("_Image encoder"),
                                    _("Folder of an image encoder, for a model that lacks one; none: the model's own"),
                                    GIMP_FILE_CHOOSER_ACTION_SELECT_FOLDER, TRUE, NULL, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "precision", _("Precisio_n"),
                                      _("How exactly the networks calculate: bfloat16 takes half the memory, and changes pictures slightly"),
                                      gimp_choice_new_with_values ("auto", UNCLIP_PRECISION_AUTO, _("What is fastest here"), NULL,
                                                                   "f32", UNCLIP_PRECISION_F32, _("float32 (most exact)"), NULL,
                                                                   "bf16", UNCLIP_PRECISION_BF16, _("bfloat16 (least memory)"), NULL,
                                                                   NULL),
                                      "auto", G_PARAM_READWRITE);
}

void
unclip_plugin_add_return_values (GimpProcedure *procedure)
{
  gimp_procedure_add_core_object_array_return_value (procedure, "layers", _("Layers"),
                                                     _("The new layers"),
                                                     GIMP_TYPE_LAYER, G_PARAM_READWRITE);
  gimp_procedure_add_int_return_value (procedure, "used-seed", _("Used seed"),
                                       _("The seed, drawn if -1 was asked for"),
                                       0, G_MAXINT32, 0, G_PARAM_READWRITE);
  gimp_procedure_add_int_return_value (procedure, "used-steps", _("Used steps"),
                                       _("Steps that the decoder took"),
                                       0, G_MAXINT32, 0, G_PARAM_READWRITE);
  gimp_procedure_add_double_return_value (procedure, "used-guidance", _("Used guidance"),
                                          _("Guidance that was asked for; 0: as the model suggests"),
                                          0, 20, 0, G_PARAM_READWRITE);
  gimp_procedure_add_string_return_value (procedure, "used-model", _("Used model"),
                                          _("Folder of the model"),
                                          NULL, G_PARAM_READWRITE);
}

char *
unclip_plugin_text (GimpProcedureConfig *config,
                    const char          *property)
{
  char *text = NULL;

  g_object_get (config, property, &text, NULL);
  return text != NULL ? g_strstrip (text) : g_strdup ("");
}

void
unclip_plugin_settings_read (UnclipPluginSettings *settings,
                             GimpProcedureConfig  *config)
{
  g_autoptr (GFile) image_encoder = NULL;

  *settings = (UnclipPluginSettings) { 0 };
  g_object_get (config,
                "seed", &settings->seed,
                "steps", &settings->n_steps,
                "guidance", &settings->guidance_scale,
                "framing", &settings->framing_name,
                "precision", &settings->precision_name,
                "image-encoder", &image_encoder,
                NULL);
  settings->model = unclip_plugin_text (config, "model");
  settings->image_encoder = image_encoder != NULL ? g_file_get_path (image_encoder) : NULL;
  settings->size = gimp_procedure_config_get_choice_id (config, "size");
  settings->framing = gimp_procedure_config_get_choice_id (config, "framing");
  settings->precision = gimp_procedure_config_get_choice_id (config, "precision");
  if (settings->seed < 0)
    settings->seed = g_random_int_range (0, SEED_LIMIT);
}

void
unclip_plugin_settings_clear (UnclipPluginSettings *settings)
{
  g_clear_pointer (&settings->model, g_free);
  g_clear_pointer (&settings->image_encoder, g_free);
  g_clear_pointer (&settings->framing_name, g_free);
  g_clear_pointer (&settings->precision_name, g_free);
}

UnclipModel *
unclip_plugin_settings_model (const UnclipPluginSettings *settings,
                              GError                    **error)
{
  g_autofree char *image_encoder = g_strdup_printf ("image_encoder=%s", settings->image_encoder);
  const char      *components[] = { settings->image_encoder != NULL ? image_encoder : NULL, NULL };

  return unclip_model_open (*settings->model != '\0' ? settings->model : NULL, components, error);
}

void
unclip_plugin_settings_options (const UnclipPluginSettings *settings,
                                UnclipOptions              *options)
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
}

GimpValueArray *
unclip_plugin_success (GimpProcedure              *procedure,
                       GimpLayer                 **layers,
                       const UnclipPluginSettings *settings,
                       UnclipModel                *model,
                       int                         n_steps)
{
  GimpValueArray *values = gimp_procedure_new_return_values (procedure, GIMP_PDB_SUCCESS, NULL);

  GIMP_VALUES_TAKE_CORE_OBJECT_ARRAY (values, 1, layers);
  GIMP_VALUES_SET_INT (values, 2, settings->seed);
  GIMP_VALUES_SET_INT (values, 3, n_steps);
  GIMP_VALUES_SET_DOUBLE (values, 4, settings->guidance_scale);
  GIMP_VALUES_SET_STRING (values, 5, unclip_model_path (model));
  return values;
}
