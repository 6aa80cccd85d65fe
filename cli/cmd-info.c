/* unclip info: what a model folder holds, what is wrong with it, and which models there are.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "[MODEL]",
  .summary = N_("Looks at a model: what it says of itself, its components, whether they are sound, and where people\n"
                "get what is missing, which edits it does, and what memory a picture takes. Without MODEL lists the models\n"
                "in the search path.\n"
                "A job that takes more than there is, is refused before it starts; where it is not to have all that the\n"
                "system, control groups and ulimit leave, $UNCLIP_MEMORY_LIMIT says how much, in MB."),
  .examples = N_("Examples:\n"
                 "  unclip info\n"
                 "  unclip info toybox\n"
                 "  unclip info ~/karlo-v1-alpha --component image_encoder=~/clip-vit-large-patch14 --json\n"
                 "The exit status is 1 if the model lacks something without which nothing works, or has what does not work."),
  .takes = CMD_TAKES_COMPONENTS | CMD_TAKES_THREADS,
  .n_operands = 1,
};

static void
list_models (CmdJob *job)
{
  g_auto (GStrv) models = unclip_model_list ();

  if (job->json)
    {
      JsonArray *array = json_array_new ();

      for (char **model = models; *model != NULL; model++)
        {
          g_autofree char *path = g_filename_display_name (*model);

          json_array_add_string_element (array, path);
        }
      json_object_set_array_member (job->report, "models", array);
      cmd_print_json (job->report);
      return;
    }
  for (char **model = models; *model != NULL; model++)
    puts (*model);
  if (*models == NULL && ! job->quiet)
    g_printerr (_("unclip: there are no models in the search path; set UNCLIP_MODEL_PATH to a folder of model folders\n"));
}

static void
set_string_or_null (JsonObject *object,
                    const char *name,
                    const char *text)
{
  g_autofree char *utf8 = text != NULL ? g_filename_display_name (text) : NULL;

  if (utf8 != NULL)
    json_object_set_string_member (object, name, utf8);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
component_json (const UnclipComponentInfo *info)
{
  JsonObject *object = json_object_new ();

  set_string_or_null (object, "name", info->name);
  set_string_or_null (object, "class", info->class_name);
  json_object_set_boolean_member (object, "required", info->required);
  set_string_or_null (object, "dtype", info->dtype);
  json_object_set_int_member (object, "parameters", info->n_parameters);
  json_object_set_int_member (object, "size", info->size);
  set_string_or_null (object, "path", info->path);
  set_string_or_null (object, "problem", info->problem);
  return object;
}

/* What the model says of itself; null for a model that says nothing. */
static void
set_about (JsonObject             *report,
           const UnclipModelAbout *about)
{
  JsonObject *object;
  JsonArray  *words;

  if (about == NULL)
    {
      json_object_set_null_member (report, "about");
      return;
    }
  object = json_object_new ();
  words = json_array_new ();
  for (const char *const *word = about->words; *word != NULL; word++)
    json_array_add_string_element (words, *word);
  set_string_or_null (object, "sentence", about->sentence);
  set_string_or_null (object, "licence", about->licence);
  json_object_set_array_member (object, "words", words);
  json_object_set_object_member (report, "about", object);
}

/* Names of edits to what is missing for them, or null. */
static JsonObject *
abilities_json (UnclipModel *model)
{
  g_autoptr (GPtrArray) abilities = unclip_model_abilities (model);
  JsonObject *object = json_object_new ();

  for (guint i = 0; i < abilities->len; i++)
    {
      const UnclipAbility *ability = g_ptr_array_index (abilities, i);

      set_string_or_null (object, ability->edit, ability->lack);
    }
  return object;
}

/* What it can do in one line, and what not with the reason in one each. */
static void
print_abilities (UnclipModel *model)
{
  g_autoptr (GPtrArray) abilities = unclip_model_abilities (model);
  g_autoptr (GString)   able = g_string_new (NULL);

  for (guint i = 0; i < abilities->len; i++)
    {
      const UnclipAbility *ability = g_ptr_array_index (abilities, i);

      if (ability->lack == NULL)
        g_string_append_printf (able, "%s%s", able->len > 0 ? ", " : "", ability->edit);
    }
  g_print (_("\nit does: %s\n"), able->len > 0 ? able->str : _("nothing"));
  for (guint i = 0; i < abilities->len; i++)
    {
      const UnclipAbility *ability = g_ptr_array_index (abilities, i);

      if (ability->lack != NULL)
        g_print (_("not %s: %s\n"), ability->edit, ability->lack);
    }
}

static void
print_json (CmdJob    *job,
            GPtrArray *infos)
{
  JsonArray  *array = json_array_new ();
  const char *component;
  guint64     memory;
  int         side;
  g_autofree char *name = g_filename_display_name (unclip_model_name (job->model));
  g_autofree char *path = g_filename_display_name (unclip_model_path (job->model));
  g_autofree char *fingerprint = unclip_model_fingerprint (job->model);

  for (guint i = 0; i < infos->len; i++)
    json_array_add_object_element (array, component_json (g_ptr_array_index (infos, i)));
  json_object_set_string_member (job->report, "version", UNCLIP_VERSION);
  json_object_set_string_member (job->report, "name", name);
  json_object_set_string_member (job->report, "path", path);
  json_object_set_string_member (job->report, "fingerprint", fingerprint);
  set_about (job->report, unclip_model_about (job->model));
  json_object_set_array_member (job->report, "components", array);
  json_object_set_object_member (job->report, "edits", abilities_json (job->model));
  if (unclip_model_memory (job->model, &job->options, &memory, &side, &component, NULL))
    {
      JsonObject *object = json_object_new ();

      json_object_set_int_member (object, "size", memory);
      json_object_set_int_member (object, "picture", side);
      json_object_set_string_member (object, "component", component);
      json_object_set_object_member (job->report, "memory", object);
    }
  cmd_print_json (job->report);
}

static void
print_about (const UnclipModelAbout *about)
{
  g_autofree char *words = about != NULL ? g_strjoinv (", ", (char **) about->words) : NULL;

  if (about == NULL)
    return;
  if (about->sentence != NULL)
    g_print ("%s\n", about->sentence);
  if (*words != '\0')
    g_print (_("words: %s\n"), words);
  if (about->licence != NULL)
    g_print (_("licence: %s\n"), about->licence);
  g_print ("\n");
}

/* What a picture takes; nothing where that cannot be said, as the components' problems say why. */
static void
print_memory (CmdJob *job)
{
  g_autofree char *text = NULL;
  const char *component;
  guint64     memory;
  int         side;

  if (! unclip_model_memory (job->model, &job->options, &memory, &side, &component, NULL))
    return;
  text = g_format_size (memory);
  g_print (_("\na picture of %d × %d takes up to about %s of memory (%s)\n"), side, side, text, component);
}

/* "1016.9 M" */
static char *
count_text (guint64 n)
{
  if (n == 0)
    return g_strdup ("");
  if (n < 1000000)
    return g_strdup_printf ("%.1f k", n / 1e3);
  return g_strdup_printf ("%.1f M", n / 1e6);
}

static void
print_row (const UnclipComponentInfo *info)
{
  g_autofree char *count = count_text (info->n_parameters);
  g_autofree char *size = info->size > 0 ? g_format_size (info->size) : g_strdup ("");
  g_autofree char *path = info->path != NULL ? g_filename_display_name (info->path) : NULL;

  g_print ("%-20s  %-29s  %-5s  %10s  %9s  %s\n", info->name, info->class_name, info->dtype != NULL ? info->dtype : "",
           count, size, path == NULL ? _("(missing)") : path);
}

static void
print_table (CmdJob    *job,
             GPtrArray *infos)
{
  g_autofree char *path = g_filename_display_name (unclip_model_path (job->model));
  g_autofree char *fingerprint = unclip_model_fingerprint (job->model);
  gboolean         is_first = TRUE;

  g_print (_("%s\nfingerprint %s\n\n"), path, fingerprint);
  print_about (unclip_model_about (job->model));
  g_print ("%-20s  %-29s  %-5s  %10s  %9s  %s\n", _("component"), _("class"), _("dtype"), _("parameters"), _("size"), _("folder"));
  for (guint i = 0; i < infos->len; i++)
    print_row (g_ptr_array_index (infos, i));
  print_abilities (job->model);
  print_memory (job);
  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      if (info->problem == NULL)
        continue;
      g_print ("%s%s: %s\n", is_first ? "\n" : "", info->name, info->problem);
      is_first = FALSE;
    }
}

/* A component that does not work, or without which nothing does. */
static const UnclipComponentInfo *
find_fatal (GPtrArray *infos)
{
  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      if (info->problem != NULL && (info->required || info->path != NULL))
        return info;
    }
  return NULL;
}

gboolean
cmd_info (CmdJob  *job,
          int      argc,
          char   **argv,
          GError **error)
{
  g_autoptr (GPtrArray) infos = NULL;
  const UnclipComponentInfo *fatal;

  if (! cmd_job_parse (job, &help, NULL, argc, argv, error))
    return FALSE;
  if (job->operands == NULL)
    {
      list_models (job);
      return TRUE;
    }

  job->model_name = g_strdup (job->operands[0]);
  if (! cmd_job_open_model (job, error))
    return FALSE;
  infos = unclip_model_info (job->model);
  if (job->json)
    print_json (job, infos);
  else if (! job->quiet)
    print_table (job, infos);

  fatal = find_fatal (infos);
  if (fatal != NULL)
    g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("The model %s cannot be used, as of its %s: %s"),
                 unclip_model_name (job->model), fatal->name, fatal->problem);
  return fatal == NULL;
}
