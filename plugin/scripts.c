/* See scripts.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "scripts.h"

#include <string.h>

#include "arguments.h"
#include "procedure.h"

/* ---- values --------------------------------------------------------------------------------------------- */

/* In quotes, as Scheme and Python both read it. */
static char *
quoted (const char *text)
{
  GString *out = g_string_new ("\"");

  for (const char *p = text; *p != '\0'; p++)
    switch (*p)
      {
      case '"':
      case '\\':
        g_string_append_printf (out, "\\%c", *p);
        break;
      case '\n':
        g_string_append (out, "\\n");
        break;
      case '\r':
        g_string_append (out, "\\r");
        break;
      case '\t':
        g_string_append (out, "\\t");
        break;
      default:
        g_string_append_c (out, *p);
      }
  g_string_append_c (out, '"');
  return g_string_free (out, FALSE);
}

/* The shorter form where that is the very number. */
static char *
number_text (double number)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (text, sizeof text, "%.15g", number);
  return g_strdup (g_ascii_strtod (text, NULL) == number ? text : g_ascii_dtostr (text, sizeof text, number));
}

/* As a shell takes it for one word. */
static char *
word_of (const char *text)
{
  gsize n = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-");

  return n > 0 && text[n] == '\0' ? g_strdup (text) : g_shell_quote (text);
}

/* The text of a value that is neither a text nor a file; @yes, @no: booleans. transfer full */
static char *
plain (const GValue *value,
       const char   *yes,
       const char   *no)
{
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return g_strdup (g_value_get_boolean (value) ? yes : no);
  if (G_VALUE_HOLDS_INT (value))
    return g_strdup_printf ("%d", g_value_get_int (value));
  return number_text (g_value_get_double (value));
}

/* transfer full, %NULL: it is neither a text nor a file */
static char *
text_of (const GValue *value)
{
  if (G_VALUE_HOLDS_STRING (value))
    return g_strdup (g_value_get_string (value) != NULL ? g_value_get_string (value) : "");
  if (G_VALUE_HOLDS (value, G_TYPE_FILE))
    return g_value_get_object (value) != NULL ? g_file_get_path (g_value_get_object (value)) : g_strdup ("");
  return NULL;
}

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* What to do with an argument that is not as it is by default. */
typedef void (*Write) (GString *script, const GParamSpec *spec, const GValue *value);

static gboolean
is_default (GParamSpec   *spec,
            const GValue *value)
{
  g_autofree char *text = text_of (value), *usual = NULL;

  if (text == NULL)
    return g_param_value_defaults (spec, value);
  usual = text_of (g_param_spec_get_default_value (spec));
  return strcmp (text, usual != NULL ? usual : "") == 0;
}

static void
write_arguments (GString             *script,
                 GimpProcedure       *procedure,
                 GimpProcedureConfig *config,
                 Write                write)
{
  int          n;
  GParamSpec **specs = gimp_procedure_get_arguments (procedure, &n);

  for (int i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;

      if (strcmp (specs[i]->name, "run-mode") == 0 || strcmp (specs[i]->name, "image") == 0 || strcmp (specs[i]->name, "drawables") == 0)
        continue;
      g_object_get_property (G_OBJECT (config), specs[i]->name, &value);
      if (! is_default (specs[i], &value))
        write (script, specs[i], &value);
    }
}

static void
write_scheme (GString          *script,
              const GParamSpec *spec,
              const GValue     *value)
{
  g_autofree char *text = text_of (value), *written = text != NULL ? quoted (text) : plain (value, "TRUE", "FALSE");

  g_string_append_printf (script, "\n    #:%s %s", spec->name, written);
}

static void
write_python (GString          *script,
              const GParamSpec *spec,
              const GValue     *value)
{
  g_autofree char *text = text_of (value), *written = text != NULL ? quoted (text) : plain (value, "True", "False");

  g_string_append_printf (script, G_VALUE_HOLDS (value, G_TYPE_FILE) ? "config.set_property(\"%s\", Gio.File.new_for_path(%s))\n"
                                                                     : "config.set_property(\"%s\", %s)\n",
                          spec->name, written);
}

char *
unclip_plugin_script_fu (GimpProcedure       *procedure,
                         GimpProcedureConfig *config,
                         const guint         *tattoos,
                         int                  n)
{
  GString *script = g_string_new ("(begin (script-fu-use-v3)\n");

  g_string_append_printf (script, "  (%s #:run-mode RUN-NONINTERACTIVE #:image image\n    #:drawables (vector", gimp_procedure_get_name (procedure));
  for (int i = 0; i < n; i++)
    g_string_append_printf (script, " (gimp-image-get-layer-by-tattoo image %u)", tattoos[i]);
  g_string_append (script, ")");
  write_arguments (script, procedure, config, write_scheme);
  g_string_append (script, "))\n");
  return g_string_free (script, FALSE);
}

char *
unclip_plugin_python_fu (GimpProcedure       *procedure,
                         GimpProcedureConfig *config,
                         const guint         *tattoos,
                         int                  n)
{
  GString *script = g_string_new (NULL);

  g_string_append_printf (script, "config = Gimp.get_pdb().lookup_procedure(\"%s\").create_config()\nconfig.set_property(\"image\", image)\n"
                                  "config.set_core_object_array(\"drawables\", [",
                          gimp_procedure_get_name (procedure));
  for (int i = 0; i < n; i++)
    g_string_append_printf (script, "%simage.get_layer_by_tattoo(%u)", i > 0 ? ", " : "", tattoos[i]);
  g_string_append (script, "])\n");
  write_arguments (script, procedure, config, write_python);
  g_string_append_printf (script, "values = Gimp.get_pdb().lookup_procedure(\"%s\").run(config)\n", gimp_procedure_get_name (procedure));
  return g_string_free (script, FALSE);
}

/* ---- the command ------------------------------------------------------------------------------------------- */

/* Arguments that the command has, too, by the same names. Those that there are not, what the layers are and where the results go, are left out. */
static const char *const options[] = {
  "from", "to", "strength", "stages", "count", "eta", "prompt", "prior", "seed", "model", "steps", "guidance", "size", "framing", "precision",
};

typedef struct
{
  const char *procedure, *command;
  gboolean    fits, to_folder;
} Command;

/* Those whose pictures the command makes of the same arguments. */
static const Command commands[] = {
  { UNCLIP_PLUGIN_PREFIX "variations", "variations", TRUE, TRUE },
  { UNCLIP_PLUGIN_PREFIX "text-edit", "text-edit", TRUE, FALSE },
  { UNCLIP_PLUGIN_PREFIX "generate", "generate", FALSE, FALSE },
};

static gboolean
has_value (GimpProcedureConfig *config,
           const char          *argument)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (config), argument) != NULL;
}

/* Defaults are the plug-in's and not the command's, so all is said but what is left to the model. */
static void
write_option (GString             *script,
              GimpProcedureConfig *config,
              const char          *argument)
{
  g_auto (GValue) value = G_VALUE_INIT;
  g_autofree char *text = NULL, *word = NULL;

  if (! has_value (config, argument))
    return;
  g_object_get_property (G_OBJECT (config), argument, &value);
  text = text_of (&value);
  if (text == NULL)
    text = plain (&value, "true", "false");
  if ((strcmp (argument, "model") == 0 && *text == '\0') || (strcmp (argument, "size") == 0 && strcmp (text, "auto") == 0)
      || ((strcmp (argument, "steps") == 0 || strcmp (argument, "guidance") == 0) && g_ascii_strtod (text, NULL) == 0))
    return;
  word = word_of (text);
  g_string_append_printf (script, " \\\n    --%s %s", argument, word);
}

char *
unclip_plugin_command_line (GimpProcedure       *procedure,
                            GimpProcedureConfig *config,
                            int                  n)
{
  const Command *command = NULL;
  GString       *script = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].procedure, gimp_procedure_get_name (procedure)) == 0)
      command = &commands[i];
  if (command == NULL)
    return g_string_free (script, FALSE);

  g_string_append_printf (script, "unclip %s", command->command);
  if (n > 0)
    g_string_append (script, " --image layer.png");
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    /* One generated picture of a seed; there is no option for more. */
    if (! (strcmp (command->command, "generate") == 0 && strcmp (options[i], "count") == 0))
      write_option (script, config, options[i]);
  if (has_value (config, "image-encoder"))
    {
      g_autoptr (GFile) folder = NULL;
      g_autofree char *path = NULL, *word = NULL;

      g_object_get (config, "image-encoder", &folder, NULL);
      path = folder != NULL ? g_file_get_path (folder) : NULL;
      word = path != NULL ? word_of (path) : NULL;
      if (word != NULL)
        g_string_append_printf (script, " \\\n    --component image_encoder=%s", word);
    }
  g_string_append_printf (script, "%s --out %s\n", command->fits ? " --fit" : "", command->to_folder ? "result" : "result.png");
  return g_string_free (script, FALSE);
}
