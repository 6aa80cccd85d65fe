/* The unclip command: picks the subcommand, and makes exit statuses and one-line messages of errors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE 2
#define EXIT_CANCELLED 130 /* 128 + SIGINT, as shells have it */

static const struct
{
  const char *name;
  CmdFunc     func;
  const char *title;
} commands[] = {
  { "generate", cmd_generate, N_("make a picture from a caption") },
  { "variations", cmd_variations, N_("the same picture again, different in what is not essential") },
  { "text-edit", cmd_text_edit, N_("change a picture from one caption to another") },
  { "interpolate", cmd_interpolate, N_("frames from one picture to another") },
  { "mix", cmd_mix, N_("several pictures and captions, weighted, become one") },
  { "invert", cmd_invert, N_("find the latents that return a picture") },
  { "decode", cmd_decode, N_("make the picture of latents") },
  { "upscale", cmd_upscale, N_("enlarge a picture with the model's upsampler") },
  { "probe", cmd_probe, N_("say which label fits a picture best") },
  { "info", cmd_info, N_("look at a model, or list those that are there") },
  { "get", cmd_get, N_("fetch a model that others made") },
  { "doctor", cmd_doctor, N_("say what is here and what is wrong, for a bug report") },
  { "eval", cmd_eval, N_("run one part of the pipeline on given tensors") },
  { "bench", cmd_bench, N_("measure the speed of one network") },
  { "synth", cmd_synth, N_("make a model with random weights") },
};

static int
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return i;
  return -1;
}

static void
print_help (void)
{
  g_print ("%s\n  unclip %s\n\n%s\n\n%s\n", _("Usage:"), _("COMMAND [OPTION…]"),
           _("Edits pictures by meaning: unCLIP on this computer's processor."), _("Commands:"));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    g_print ("  %-12s %s\n", commands[i].name, _(commands[i].title));
  g_print ("\n%s\n  unclip generate --prompt \"a red apple\" --out apple.png\n"
           "  unclip text-edit --image apple.png --from \"a red apple\" --to \"a green apple\" --out green.png\n"
           "  unclip variations --image apple.png --count 4 --out more\n\n%s\n",
           _("Examples:"),
           _("\"unclip COMMAND --help\" has the options of a command; \"unclip --version\" the version.\n"
             "Models are looked for in $UNCLIP_MODEL_PATH and in the user's and the system's data\n"
             "folders (unclip/models). The exit status is 0, 2 if the arguments are wrong, 130 after\n"
             "Ctrl-C, and 1 if anything else goes wrong."));
}

static gboolean
is_usage (const GError *error)
{
  return g_error_matches (error, CMD_ERROR, CMD_ERROR_USAGE)
         || g_error_matches (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT)
         || error->domain == G_OPTION_ERROR;
}

static int
report (const GError *error,
        const char   *command)
{
  g_autofree char *with_space = g_strconcat (command, " ", NULL);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return EXIT_CANCELLED;
  if (! is_usage (error))
    {
      cmd_print_message (error->message, NULL);
      return EXIT_FAILURE;
    }
  cmd_print_message (error->message, with_space);
  return EXIT_USAGE;
}

static int
finish_stdout (void)
{
  g_autofree char *message = NULL;

  if (fflush (stdout) == 0 && ! ferror (stdout))
    return EXIT_SUCCESS;
  message = g_strdup_printf (_("What was done cannot be written to stdout: %s"), g_strerror (errno));
  cmd_print_message (message, NULL);
  return EXIT_FAILURE;
}

static int
run (int    command,
     int    argc,
     char **argv)
{
  g_auto (CmdJob) job = { .command = commands[command].name, .start = g_get_monotonic_time () };
  g_autoptr (GError) error = NULL;

  unclip_options_init (&job.options);
  job.options.cancellable = cmd_interrupt_start ();
  job.notes = json_array_new ();
  job.settings = json_object_new ();
  job.report = json_object_new ();
  if (! commands[command].func (&job, argc, argv, &error))
    {
      cmd_progress_clear (&job.progress);
      return report (error, job.command);
    }
  return finish_stdout ();
}

/* A file that we open must not become what is printed to. Reading from these gives nothing, and writing an error. */
static void
occupy_streams (void)
{
  for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
    if (fcntl (i, F_GETFD) < 0)
      open ("/dev/null", O_RDONLY);
}

/* What was heard before: where memory or a thread is refused, one line and the end. */
static GLogFunc hear;

/* What libraries have to say of strangers' files is not one clear line. */
static void
log_ours (const char     *domain,
          GLogLevelFlags  level,
          const char     *message,
          gpointer        data)
{
  if (g_strcmp0 (domain, G_LOG_DOMAIN) == 0 || (level & G_LOG_FLAG_FATAL) != 0)
    hear (domain, level, message, data);
}

int
main (int    argc,
      char **argv)
{
  const char *locale_dir;
  int         command;

  occupy_streams ();
  setlocale (LC_ALL, "");
  locale_dir = g_getenv ("UNCLIP_LOCALE_DIR"); /* of a build tree */
  bindtextdomain (GETTEXT_PACKAGE, locale_dir != NULL ? locale_dir : LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("unclip");
  hear = g_log_set_default_handler (log_ours, NULL);

  if (argc < 2)
    {
      cmd_print_message (_("There is no command"), "");
      return EXIT_USAGE;
    }
  if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)
    {
      print_help ();
      return finish_stdout ();
    }
  if (strcmp (argv[1], "--version") == 0)
    {
      g_print ("unclip %s\n", UNCLIP_VERSION);
      return finish_stdout ();
    }
  command = find_command (argv[1]);
  if (command < 0)
    {
      g_autofree char *message = g_strdup_printf (_("There is no command \"%s\""), argv[1]);

      cmd_print_message (message, "");
      return EXIT_USAGE;
    }
  return run (command, argc - 1, argv + 1);
}
