/* unclip doctor: one page about this computer, the plug-in and the models, to be pasted into a bug report.
 *
 * The page is in English whatever the language, as it is for those who help; only what is wrong is said in the user's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <sched.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PLUGIN "plug-ins" G_DIR_SEPARATOR_S "unclip" G_DIR_SEPARATOR_S "unclip"
#define ANY_PROCEDURE "plug-in-unclip-variations"

static const CmdHelp help = {
  .usage = "[MODEL]",
  .summary = N_("Looks at everything that a bug report should say: versions, processor, threads, memory, where GIMP finds the\n"
                "plug-in, and every model in the search path, or MODEL alone, with all that is wrong. Prints one page;\n"
                "names no file but models and plug-ins, and no secret."),
  .examples = N_("Examples:\n"
                 "  unclip doctor\n"
                 "  unclip doctor ~/karlo-v1-alpha > report.txt\n"
                 "The exit status is 1 if something was found that has to be mended; the last lines say what."),
  .takes = CMD_TAKES_COMPONENTS,
  .n_operands = 1,
};

/* What is printed at the end: (section, name, value), and what has to be mended. */
typedef struct
{
  CmdJob     *job;
  JsonObject *section;
  JsonArray  *faults;
} Page;

static void
begin (Page       *page,
       const char *title)
{
  page->section = json_object_new ();
  json_object_set_object_member (page->job->report, title, page->section);
  if (! page->job->json)
    g_print ("%s%s\n", json_object_get_size (page->job->report) > 1 ? "\n" : "", title);
}

static void G_GNUC_PRINTF (3, 4)
say (Page       *page,
     const char *name,
     const char *format,
     ...)
{
  g_autofree char *text = NULL, *value = NULL;
  va_list          args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  value = g_utf8_make_valid (text, -1);
  json_object_set_string_member (page->section, name, value);
  if (! page->job->json)
    g_print ("  %-22s %s\n", name, value);
}

static void G_GNUC_PRINTF (2, 3)
fault (Page       *page,
       const char *format,
       ...)
{
  g_autofree char *text = NULL, *valid = NULL;
  va_list          args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  valid = g_utf8_make_valid (text, -1);
  json_array_add_string_element (page->faults, valid);
}

/* ---- the computer ------------------------------------------------------------------------ */

/* The first line's value of a file of "name : value"; transfer full. */
static char *
value_in (const char *path,
          const char *name)
{
  g_autofree char *text = NULL;
  g_auto (GStrv)   lines = NULL;

  if (! g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("?");
  lines = g_strsplit (text, "\n", 0);
  for (char **line = lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, name) && strchr (*line, ':') != NULL)
      return g_strstrip (g_strdup (strchr (*line, ':') + 1));
  return g_strdup ("?");
}

/* Of what changes how jobs run; a value is shown unless it is a secret. */
static void
say_environment (Page *page)
{
  static const char *const shown[] = { "UNCLIP_MODEL_PATH", "UNCLIP_MEMORY_LIMIT", "UNCLIP_HUB", "BK_CPU", "OMP_NUM_THREADS", "OMP_PROC_BIND", "OMP_PLACES",
                                       "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS", "LD_PRELOAD", "LD_LIBRARY_PATH", "LC_ALL", "LANG", "GIMP3_DIRECTORY",
                                       "XDG_DATA_HOME", "XDG_CONFIG_HOME" };

  begin (page, "environment");
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    if (g_getenv (shown[i]) != NULL)
      say (page, shown[i], "%s", g_getenv (shown[i]));
  if (g_getenv ("HF_TOKEN") != NULL)
    say (page, "HF_TOKEN", "is set");
}

static void
say_computer (Page *page)
{
  g_autofree char *system = g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME), *processor = value_in ("/proc/cpuinfo", "model name");
  g_autofree char *total = value_in ("/proc/meminfo", "MemTotal"), *available = value_in ("/proc/meminfo", "MemAvailable");
  g_autofree char *swap = value_in ("/proc/meminfo", "SwapFree"), *cgroup = NULL;
  g_autoptr (GError) error = NULL;
  struct utsname     name;
  UnclipMachine      machine;
  cpu_set_t          allowed;

  begin (page, "computer");
  say (page, "unclip", "%s", UNCLIP_VERSION);
  say (page, "system", "%s", system != NULL ? system : "?");
  if (uname (&name) == 0)
    say (page, "kernel", "%s %s %s", name.sysname, name.release, name.machine);
  say (page, "libraries", "GLib %u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
  say (page, "processor", "%s", processor);
  CPU_ZERO (&allowed);
  say (page, "CPUs", "%ld, of which this process may use %d", sysconf (_SC_NPROCESSORS_ONLN),
       sched_getaffinity (0, sizeof allowed, &allowed) == 0 ? CPU_COUNT (&allowed) : -1);
  if (g_file_get_contents ("/proc/self/cgroup", &cgroup, NULL, NULL))
    {
      g_strdelimit (g_strchomp (cgroup), "\n", ' ');
      say (page, "control groups", "%s", cgroup);
    }
  say (page, "memory", "%s, of which %s are available; %s of swap space free", total, available, swap);
  if (! unclip_machine (&machine, &error))
    {
      fault (page, "%s", error->message);
      return;
    }
  say (page, "kernels", "%s%s", machine.cpu_level, machine.bf16_is_fast ? ", bf16" : "");
  say (page, "threads of a job", "%d", machine.n_threads);
  if (machine.memory > 0)
    {
      g_autofree char *memory = g_format_size_full (machine.memory, G_FORMAT_SIZE_IEC_UNITS);

      say (page, "memory for a job", "%s", memory);
    }
}

/* ---- GIMP -------------------------------------------------------------------------------- */

/* "3.0" of a folder that GIMP keeps for each of its versions; 0: another folder */
static double
version_of (const char *folder)
{
  g_autofree char *name = g_path_get_basename (folder);
  char            *end;
  double           version = g_ascii_strtod (name, &end);

  return end != name && *end == '\0' ? version : 0;
}

/* One of the user's folders: whether it has the plug-in, and GIMP has seen it. */
static void
say_folder (Page       *page,
            const char *folder,
            double     *with,
            double     *newest)
{
  g_autofree char *plugin = g_build_filename (folder, PLUGIN, NULL), *register_path = g_build_filename (folder, "pluginrc", NULL), *text = NULL;
  gboolean         is_there = g_file_test (plugin, G_FILE_TEST_EXISTS), is_executable = g_file_test (plugin, G_FILE_TEST_IS_EXECUTABLE);
  gboolean         is_known = g_file_get_contents (register_path, &text, NULL, NULL) && strstr (text, ANY_PROCEDURE) != NULL;

  say (page, folder, "%s; %s", ! is_there ? "no plug-in" : is_executable ? "has the plug-in" : "has a plug-in that may not be run",
       text == NULL ? "GIMP has not started yet" : is_known ? "GIMP knows it" : "GIMP does not know it");
  *newest = MAX (*newest, version_of (folder));
  if (is_there)
    *with = MAX (*with, version_of (folder));
  if (is_there && ! is_executable)
    fault (page, "%s cannot be run: chmod +x it", plugin);
  else if (is_there && text != NULL && ! is_known)
    fault (page, "GIMP has not taken up %s: restart it, and look at what it says on its terminal", plugin);
}

static void
say_folders (Page       *page,
             const char *above,
             double     *with,
             double     *newest)
{
  g_autoptr (GDir) dir = g_dir_open (above, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *folder = g_build_filename (above, name, NULL);

      if (version_of (folder) >= 3 && g_file_test (folder, G_FILE_TEST_IS_DIR))
        say_folder (page, folder, with, newest);
    }
}

static void
say_gimp (Page *page)
{
  static const char *const programs[] = { "gimp", "gimp-3.0", "gimp-3.2", "gimp-console" };
  static const char *const system_patterns[] = { "/usr/lib", "/usr/local/lib", "/usr/lib64", "/usr/local/lib64" };
  g_autofree char *own = g_build_filename (g_get_user_config_dir (), "GIMP", NULL);
  g_autofree char *flatpak = g_build_filename (g_get_home_dir (), ".var", "app", "org.gimp.GIMP", "config", "GIMP", NULL);
  const char      *told = g_getenv ("GIMP3_DIRECTORY");
  gboolean         in_system = FALSE;
  double           with = 0, newest = 0;

  begin (page, "GIMP");
  for (guint i = 0; i < G_N_ELEMENTS (programs); i++)
    {
      g_autofree char *path = g_find_program_in_path (programs[i]), *said = NULL;

      if (path == NULL || ! g_spawn_sync (NULL, (char *[]) { path, "--version", NULL }, NULL, G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &said, NULL, NULL, NULL))
        continue;
      say (page, programs[i], "%s: %s", path, g_strchomp (said));
    }
  for (guint i = 0; i < G_N_ELEMENTS (system_patterns); i++)
    {
      g_autoptr (GDir) dir = g_dir_open (system_patterns[i], 0, NULL);

      for (const char *name = ""; dir != NULL && name != NULL; name = g_dir_read_name (dir))
        {
          g_autofree char *plugin = g_build_filename (system_patterns[i], name, "gimp", "3.0", PLUGIN, NULL);

          if (! g_file_test (plugin, G_FILE_TEST_EXISTS))
            continue;
          in_system = TRUE;
          say (page, plugin, "for every user");
        }
    }
  say_folders (page, own, &with, &newest);
  say_folders (page, flatpak, &with, &newest);
  if (told != NULL)
    say_folder (page, told, &with, &newest);
  if (with > 0 && with < newest && ! in_system)
    fault (page, "The plug-in is installed for GIMP %g, and you have GIMP %g: call ./run install --user again", with, newest);
}

/* ---- models ------------------------------------------------------------------------------ */

static void
say_model (Page       *page,
           const char *name)
{
  g_autofree char *shown = g_filename_display_name (name);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) infos = NULL;

  begin (page, shown);
  g_clear_pointer (&page->job->model_name, g_free);
  g_clear_pointer (&page->job->model, unclip_model_unref);
  page->job->model_name = g_strdup (name);
  if (! cmd_job_open_model (page->job, &error))
    {
      say (page, "cannot be opened", "%s", error->message);
      fault (page, "%s: %s", shown, error->message);
      return;
    }
  {
    g_autofree char *fingerprint = unclip_model_fingerprint (page->job->model);

    say (page, "fingerprint", "%s", fingerprint);
  }
  infos = unclip_model_info (page->job->model);
  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);
      g_autofree char           *size = g_format_size (info->size);

      if (info->problem != NULL)
        say (page, info->name, "%s: %s", info->path != NULL ? "faulty" : info->required ? "missing" : "not there", info->problem);
      else if (info->n_parameters > 0)
        say (page, info->name, "%s, %s, %s, %" G_GINT64_FORMAT " parameters", info->class_name, info->dtype, size, (gint64) info->n_parameters);
      else
        say (page, info->name, "%s", info->class_name);
      if (info->problem != NULL && (info->required || info->path != NULL))
        fault (page, "%s: %s: %s", shown, info->name, info->problem);
    }
}

static void
say_models (Page *page)
{
  g_auto (GStrv) models = unclip_model_list ();

  if (page->job->operands != NULL)
    {
      say_model (page, page->job->operands[0]);
      return;
    }
  for (char **model = models; *model != NULL; model++)
    say_model (page, *model);
  if (*models == NULL)
    fault (page, "There are no models in the search path: \"unclip get\" fetches some, and UNCLIP_MODEL_PATH names folders of models");
}

gboolean
cmd_doctor (CmdJob  *job,
            int      argc,
            char   **argv,
            GError **error)
{
  Page  page = { .job = job, .faults = json_array_new () };
  guint n;

  if (! cmd_job_parse (job, &help, NULL, argc, argv, error))
    {
      json_array_unref (page.faults);
      return FALSE;
    }
  say_computer (&page);
  say_environment (&page);
  say_gimp (&page);
  say_models (&page);
  n = json_array_get_length (page.faults);
  for (guint i = 0; i < n && ! job->json; i++)
    g_print ("%s* %s\n", i == 0 ? "\nto be mended\n" : "", json_array_get_string_element (page.faults, i));
  json_object_set_array_member (job->report, "faults", page.faults);
  if (job->json)
    cmd_print_json (job->report);
  if (n > 0)
    g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, ngettext ("%u thing has to be mended", "%u things have to be mended", n), n);
  return n == 0;
}
