/* unclip get: fetches a model that others made, from the hub where they published it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "get/get.h"

#define HUB "https://huggingface.co"
/* What a disk should keep beside the model. */
#define SPARE (256 << 20)

static const CmdHelp help = {
  .usage = "[NAME]",
  .summary = N_("Fetches a model that others made, from the hub where they published it: only what is needed of it, after\n"
                "saying how much that is and under which licence, and asking. What was interrupted goes on where it was.\n"
                "Without NAME lists the models that there are. $HF_TOKEN is who you are there, where that is asked for;\n"
                "$UNCLIP_HUB another hub's address; proxies are those of $https_proxy and $no_proxy."),
  .examples = N_("Examples:\n"
                 "  unclip get\n"
                 "  unclip get karlo-v1-alpha\n"
                 "  unclip get kandinsky-2-2 --into /media/large/models --yes"),
  .n_operands = 1,
};

static void
list (CmdJob *job)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; get_model_at (i) != NULL; i++)
    {
      const GetModel *model = get_model_at (i);
      JsonObject     *object = json_object_new ();
      JsonArray      *repositories = json_array_new ();

      if (! job->json)
        g_print ("%-24s %s (%s)\n", model->name, _(model->title), model->licence);
      json_object_set_string_member (object, "name", model->name);
      json_object_set_string_member (object, "licence", model->licence);
      for (const GetRepository *repository = model->repositories; repository->name != NULL; repository++)
        json_array_add_string_element (repositories, repository->name);
      json_object_set_array_member (object, "repositories", repositories);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (job->report, "models", array);
  if (job->json)
    cmd_print_json (job->report);
}

/* Bytes that @dir's disk has free, which need not be there yet. G_MAXUINT64: nobody says. */
static guint64
free_space (const char *dir)
{
  g_autofree char *at = g_strdup (dir);

  while (! g_file_test (at, G_FILE_TEST_EXISTS))
    {
      char *above = g_path_get_dirname (at);

      if (g_str_equal (above, at))
        {
          g_free (above);
          return G_MAXUINT64;
        }
      g_free (at);
      at = above;
    }
  {
    g_autoptr (GFile) file = g_file_new_for_path (at);
    g_autoptr (GFileInfo) info = g_file_query_filesystem_info (file, G_FILE_ATTRIBUTE_FILESYSTEM_FREE, NULL, NULL);

    return info != NULL && g_file_info_has_attribute (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE)
           ? g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_FILESYSTEM_FREE)
           : G_MAXUINT64;
  }
}

typedef struct
{
  CmdJob *job;
  guint64 before; /* of the files that are done */
  guint64 size;   /* of all */
} Fetch;

static void
show (guint64  done,
      gpointer data)
{
  Fetch *fetch = data;

  cmd_progress_show_bytes (&fetch->job->progress, fetch->before + done, fetch->size);
}

/* What is about to be done, on stderr, and whether the user wants that. */
static gboolean
is_agreed (CmdJob         *job,
           const GetModel *model,
           GPtrArray      *files,
           const char     *dir,
           guint64         size,
           guint64         missing,
           guint64         room,
           gboolean        yes,
           GError        **error)
{
  g_autofree char *all = g_format_size (size), *left = g_format_size (missing), *spare = g_format_size (room), *shown = g_filename_display_name (dir);
  char             answer[16] = "";

  if (! job->quiet || ! yes)
    {
      const char *repository = "";

      for (guint i = 0; i < files->len; i++)
        {
          const GetFile   *file = g_ptr_array_index (files, i);
          g_autofree char *length = g_format_size (file->size);

          if (! g_str_equal (repository, file->repository))
            g_printerr (_("from %s, revision %.12s:\n"), file->repository, file->revision);
          repository = file->repository;
          g_printerr ("  %-60s %10s%s\n", file->path, length, get_file_there (file, dir) == file->size ? _("  is here") : "");
        }
      g_printerr (_("%s, licence %s: %u files, %s, of which %s are to be fetched\ninto %s"), model->name, model->licence, files->len, all, left, shown);
      g_printerr (room != G_MAXUINT64 ? _(", where %s are free\n") : "\n", spare);
    }
  if (yes)
    return TRUE;
  if (! isatty (STDIN_FILENO))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("Nobody is there to be asked: give --yes to fetch %s"), left);
      return FALSE;
    }
  g_printerr (_("Fetch it? [y/N] "));
  /* In the user's language. */
  if (fgets (answer, sizeof answer, stdin) != NULL && rpmatch (answer) == 1)
    return TRUE;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s", "");
  return FALSE;
}

static gboolean
fetch_all (CmdJob     *job,
           GetHttp    *http,
           GPtrArray  *files,
           const char *dir,
           guint64     size,
           GError    **error)
{
  Fetch fetch = { .job = job, .size = size };

  for (guint i = 0; i < files->len; i++)
    {
      const GetFile *file = g_ptr_array_index (files, i);

      if (! get_http_file (http, file, dir, ! job->quiet && cmd_progress_wanted () ? show : NULL, &fetch, error))
        return FALSE;
      fetch.before += file->size;
    }
  cmd_progress_clear (&job->progress);
  return TRUE;
}

static gboolean
get (CmdJob         *job,
     const GetModel *model,
     const char     *into,
     gboolean        yes,
     GError        **error)
{
  const char         *hub = g_getenv ("UNCLIP_HUB");
  const char         *token = g_getenv ("HF_TOKEN");
  g_autofree char    *address = g_strdup (hub != NULL && *hub != '\0' ? hub : HUB);
  g_autofree char    *dir = g_build_filename (into, model->name, NULL);
  g_autoptr (GetHttp) http = NULL;
  g_autoptr (GPtrArray) files = NULL;
  guint64             size = 0, missing = 0, room = free_space (dir);
  const char         *made[] = { dir, NULL };

  while (g_str_has_suffix (address, "/"))
    address[strlen (address) - 1] = '\0';
  if (g_ascii_strncasecmp (address, "https://", 8) != 0 && g_ascii_strncasecmp (address, "http://", 7) != 0)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("UNCLIP_HUB has to begin with https:// or http://, not \"%s\""), address);
      return FALSE;
    }
  http = get_http_new (address, token != NULL && *token != '\0' ? token : NULL, job->options.cancellable, error);
  if (http == NULL)
    return FALSE;
  files = get_hub_list (http, model, error);
  if (files == NULL)
    return FALSE;
  for (guint i = 0; i < files->len; i++)
    {
      const GetFile *file = g_ptr_array_index (files, i);

      /* Sizes are a stranger's. */
      if (file->size > G_MAXINT64 / 2 - size)
        {
          g_autofree char *length = g_format_size (file->size);

          g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s says that %s has %s: is that address a hub's?"), address, file->path, length);
          return FALSE;
        }
      size += file->size;
      missing += file->size - get_file_there (file, dir);
    }
  if (missing > 0 && ! is_agreed (job, model, files, dir, size, missing, room, yes, error))
    return FALSE;
  if (missing > 0 && room != G_MAXUINT64 && missing + SPARE > room)
    {
      g_autofree char *wanted = g_format_size (missing + SPARE), *spare = g_format_size (room), *shown = g_filename_display_name (dir);

      g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("%s needs %s, and %s has %s free: name a folder on another disk with --into"),
                   model->name, wanted, shown, spare);
      return FALSE;
    }
  return fetch_all (job, http, files, dir, size, error) && cmd_job_finish (job, made, error);
}

gboolean
cmd_get (CmdJob  *job,
         int      argc,
         char   **argv,
         GError **error)
{
  g_autofree char *into = NULL;
  gboolean         yes = FALSE;
  const GetModel  *model;
  const GOptionEntry entries[] = {
    { "into", 0, 0, G_OPTION_ARG_FILENAME, &into, N_("Folder in which the model's own is made (default: the user's, ~/.local/share/unclip/models)"), N_("DIR") },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_("Fetch without asking"), NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error))
    return FALSE;
  if (job->operands == NULL)
    {
      list (job);
      return TRUE;
    }
  model = get_model (job->operands[0]);
  if (model == NULL)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("\"%s\" is none of the models that can be fetched: \"unclip get\" lists them"), job->operands[0]);
      return FALSE;
    }
  if (into == NULL)
    into = g_build_filename (g_get_user_data_dir (), "unclip", "models", NULL);
  return get (job, model, into, yes, error);
}
