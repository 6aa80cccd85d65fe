/* From arguments to a job, and what is said of it at the end.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

G_DEFINE_QUARK (cmd-error-quark, cmd_error)

/* The common options as they were written. */
typedef struct
{
  char *seed, *rng, *sampler, *steps, *prior_steps, *super_res_steps, *guidance, *prior_guidance, *size, *framing, *method, *noise_level;
  char *precision, *threads, *metadata;
} Raw;

static void
raw_clear (Raw *raw)
{
  char **texts[] = { &raw->seed, &raw->rng, &raw->sampler, &raw->steps, &raw->prior_steps, &raw->super_res_steps, &raw->guidance,
                     &raw->prior_guidance, &raw->size, &raw->framing, &raw->method, &raw->noise_level, &raw->precision, &raw->threads, &raw->metadata };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (texts[i], g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Raw, raw_clear)

/* The rest of a command's options, below its own. */
static void
add_common_entries (GOptionContext *context,
                    CmdTakes        takes,
                    CmdJob         *job,
                    Raw            *raw)
{
  const struct
  {
    CmdTakes     takes; /* 0: everyone's */
    GOptionEntry entry;
  } common[] = {
    { CMD_TAKES_MODEL, { "model", 'm', 0, G_OPTION_ARG_FILENAME, &job->model_name, N_("A model's folder, or the name of one in the search path (default: toybox)"), N_("MODEL") } },
    { CMD_TAKES_MODEL | CMD_TAKES_COMPONENTS, { "prior-model", 0, 0, G_OPTION_ARG_FILENAME, &job->prior_model, N_("The other repository of a model that comes in two, as Kandinsky 2.2's prior beside its decoder"), N_("DIR") } },
    { CMD_TAKES_COMPONENTS, { "component", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &job->components, N_("Take a component that the model lacks from another folder, for example image_encoder=DIR; may be repeated"), N_("NAME=DIR") } },
    { CMD_TAKES_SEED, { "seed", 's', 0, G_OPTION_ARG_STRING, &raw->seed, N_("Seed of the random numbers (default: 0)"), N_("N") } },
    { CMD_TAKES_SAMPLING, { "rng", 0, 0, G_OPTION_ARG_STRING, &raw->rng, N_("Random numbers: philox, or torch for the pictures that diffusers makes of a seed"), "philox|torch" } },
    { CMD_TAKES_SAMPLING, { "sampler", 0, 0, G_OPTION_ARG_STRING, &raw->sampler, N_("How new pictures come out of noise: ddpm as in the paper, dpm, which needs half the steps, or pndm, without noise of its own (default: the model's)"), "default|ddpm|dpm|pndm" } },
    { CMD_TAKES_SAMPLING, { "steps", 0, 0, G_OPTION_ARG_STRING, &raw->steps, N_("Steps of the decoder, 1 to 1000 (default: the model's)"), N_("N") } },
    { CMD_TAKES_SAMPLING, { "prior-steps", 0, 0, G_OPTION_ARG_STRING, &raw->prior_steps, N_("Steps of the prior, 1 to 1000 (default: the model's)"), N_("N") } },
    { CMD_TAKES_SAMPLING, { "super-res-steps", 0, 0, G_OPTION_ARG_STRING, &raw->super_res_steps, N_("Steps of each upsampler, 1 to 1000 (default: the model's)"), N_("N") } },
    { CMD_TAKES_SAMPLING, { "guidance", 0, 0, G_OPTION_ARG_STRING, &raw->guidance, N_("How strictly the decoder follows, 0 to 100; 1 is no guidance (default: the model's)"), N_("SCALE") } },
    { CMD_TAKES_SAMPLING, { "prior-guidance", 0, 0, G_OPTION_ARG_STRING, &raw->prior_guidance, N_("The same for the prior"), N_("SCALE") } },
    { CMD_TAKES_SAMPLING, { "size", 0, 0, G_OPTION_ARG_STRING, &raw->size, N_("Side of the square that the model makes, in pixels, such as 64, 256 or 1024 (default: what its first upsampler makes)"), N_("PX") } },
    { CMD_TAKES_SAMPLING, { "framing", 0, 0, G_OPTION_ARG_STRING, &raw->framing, N_("How a picture that is not square goes in (default: pad)"), "pad|crop|stretch" } },
    { CMD_TAKES_METHOD, { "method", 0, 0, G_OPTION_ARG_STRING, &raw->method, N_("How a picture is inverted: the best measured (default), ddim as in the paper, or one of those that return the picture more exactly"), "default|ddim|fixed-point|bdia|residuals|ddpm" } },
    { CMD_TAKES_NOISE_LEVEL, { "noise-level", 0, 0, G_OPTION_ARG_STRING, &raw->noise_level, N_("Noise on what the picture means, z_i, from 0 (none, the default) to 999 (nothing else): subtle or strong changes"), N_("N") } },
    { CMD_TAKES_THREADS, { "precision", 0, 0, G_OPTION_ARG_STRING, &raw->precision, N_("Arithmetic (default: auto)"), "f32|bf16|auto" } },
    { CMD_TAKES_THREADS, { "threads", 0, 0, G_OPTION_ARG_STRING, &raw->threads, N_("Threads, 0 to 1024; the result is the same for all (default: 0, all there are)"), N_("N") } },
    { CMD_TAKES_METADATA, { "metadata", 0, 0, G_OPTION_ARG_STRING, &raw->metadata, N_("What the picture says of its origin: xmp that it comes from a model (the default), full also captions, seed and settings"), "none|xmp|full" } },
    { 0, { "quiet", 'q', 0, G_OPTION_ARG_NONE, &job->quiet, N_("No progress bar, no notes and no list of files"), NULL } },
    { 0, { "json", 0, 0, G_OPTION_ARG_NONE, &job->json, N_("Say on stdout, as one JSON object, what was done"), NULL } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (common); i++)
    if (common[i].takes == 0 || (takes & common[i].takes) != 0)
      g_option_context_add_main_entries (context, (GOptionEntry[]) { common[i].entry, { NULL } }, GETTEXT_PACKAGE);
}

/* An option that was given, among the settings. */
static void
note (CmdJob     *job,
      const char *name,
      const char *text)
{
  if (text != NULL)
    json_object_set_string_member (job->settings, name, text);
}

static void
note_int (CmdJob     *job,
          const char *name,
          const char *text,
          int         value)
{
  if (text != NULL)
    json_object_set_int_member (job->settings, name, value);
}

static void
note_double (CmdJob     *job,
             const char *name,
             const char *text,
             double      value)
{
  if (text != NULL)
    json_object_set_double_member (job->settings, name, value);
}

static gboolean
read_common (CmdJob     *job,
             const Raw  *raw,
             GError    **error)
{
  static const char *const rngs[] = { "philox", "torch", NULL };
  static const char *const samplers[] = { "default", "ddpm", "dpm", "pndm", NULL };
  static const char *const framings[] = { "pad", "crop", "stretch", NULL };
  /* In the order of UnclipInversion. */
  static const char *const methods[] = { "default", "ddim", "fixed-point", "bdia", "residuals", "ddpm", NULL };
  static const char *const precisions[] = { "auto", "f32", "bf16", NULL };
  static const char *const metadatas[] = { "none", "xmp", "full", NULL };
  UnclipOptions *options = &job->options;
  int            rng = UNCLIP_RNG_PHILOX, sampler = UNCLIP_SAMPLER_DEFAULT, framing = UNCLIP_FRAMING_PAD, method = UNCLIP_INVERSION_DEFAULT, precision = UNCLIP_PRECISION_AUTO;
  int            metadata = CMD_METADATA_XMP;

  if (! cmd_seed (raw->seed, "--seed", &options->seed, error)
      || ! cmd_choice (raw->rng, "--rng", rngs, &rng, error)
      || ! cmd_choice (raw->sampler, "--sampler", samplers, &sampler, error)
      || ! cmd_int (raw->steps, "--steps", 1, 1000, &options->n_steps, error)
      || ! cmd_int (raw->prior_steps, "--prior-steps", 1, 1000, &options->prior_n_steps, error)
      || ! cmd_int (raw->super_res_steps, "--super-res-steps", 1, 1000, &options->super_res_n_steps, error)
      || ! cmd_double (raw->guidance, "--guidance", 0, 100, &options->guidance_scale, error)
      || ! cmd_double (raw->prior_guidance, "--prior-guidance", 0, 100, &options->prior_guidance_scale, error)
      || ! cmd_int (raw->size, "--size", 1, 4096, &options->size, error)
      || ! cmd_choice (raw->framing, "--framing", framings, &framing, error)
      || ! cmd_choice (raw->method, "--method", methods, &method, error)
      || ! cmd_int (raw->noise_level, "--noise-level", 0, 999, &options->noise_level, error)
      || ! cmd_choice (raw->precision, "--precision", precisions, &precision, error)
      || ! cmd_int (raw->threads, "--threads", 0, 1024, &options->n_threads, error)
      || ! cmd_choice (raw->metadata, "--metadata", metadatas, &metadata, error))
    return FALSE;

  options->rng = rng;
  options->sampler = sampler;
  options->framing = framing;
  options->inversion = method;
  options->precision = precision;
  job->metadata = metadata;

  note (job, "rng", raw->rng);
  note (job, "sampler", raw->sampler);
  note_int (job, "steps", raw->steps, options->n_steps);
  note_int (job, "prior_steps", raw->prior_steps, options->prior_n_steps);
  note_int (job, "super_res_steps", raw->super_res_steps, options->super_res_n_steps);
  note_double (job, "guidance", raw->guidance, options->guidance_scale);
  note_double (job, "prior_guidance", raw->prior_guidance, options->prior_guidance_scale);
  note_int (job, "size", raw->size, options->size);
  note (job, "framing", raw->framing);
  note (job, "method", raw->method);
  note_int (job, "noise_level", raw->noise_level, options->noise_level);
  note (job, "precision", raw->precision);
  note_int (job, "threads", raw->threads, options->n_threads);
  return TRUE;
}

static gboolean
check_operands (char          **operands,
                const CmdHelp  *help,
                GError        **error)
{
  int n = operands != NULL ? g_strv_length (operands) : 0;

  if (n > help->n_operands)
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("\"%s\" is one argument too many"), operands[help->n_operands]);
      return FALSE;
    }
  if (n < help->n_required)
    {
      g_auto (GStrv) names = g_strsplit (help->usage, " ", -1);

      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("%s is missing"), names[n]);
      return FALSE;
    }
  return TRUE;
}

void
cmd_print_message (const char *message,
                   const char *command)
{
  g_autofree char *line = g_utf8_make_valid (message, -1);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  g_strchomp (line);
  if (command == NULL)
    g_printerr ("unclip: %s\n", line);
  else
    g_printerr (_("unclip: %s; see unclip %s--help\n"), line, command);
}

/* An UnclipNoteFunc; @data is the job. */
static void
take_note (const char *text,
           gpointer    data)
{
  CmdJob          *job = data;
  g_autofree char *message = g_strdup_printf (_("note: %s"), text);

  json_array_add_string_element (job->notes, text);
  cmd_progress_clear (&job->progress);
  if (! job->quiet)
    cmd_print_message (message, NULL);
}

gboolean
cmd_job_parse (CmdJob              *job,
               const CmdHelp       *help,
               const GOptionEntry  *entries,
               int                  argc,
               char               **argv,
               GError             **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (help->usage);
  g_autofree char *name = g_strdup_printf ("unclip %s", job->command);
  g_auto (Raw) raw = { NULL };
  const GOptionEntry operands[] = {
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &job->operands, NULL, NULL },
    { NULL }
  };

  g_set_prgname (name);
  g_option_context_set_summary (context, _(help->summary));
  g_option_context_set_description (context, _(help->examples));
  if (entries != NULL)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  add_common_entries (context, help->takes, job, &raw);
  g_option_context_add_main_entries (context, operands, NULL);
  if (! g_option_context_parse (context, &argc, &argv, error)
      || ! read_common (job, &raw, error)
      || ! check_operands (job->operands, help, error))
    return FALSE;

  if (! job->quiet && cmd_progress_wanted ())
    {
      job->options.progress = cmd_progress_show;
      job->options.progress_data = &job->progress;
    }
  job->options.note = take_note;
  job->options.note_data = job;
  return TRUE;
}

gboolean
cmd_job_open_model (CmdJob  *job,
                    GError **error)
{
  if (job->prior_model != NULL)
    {
      g_autoptr (GStrvBuilder) components = g_strv_builder_new ();
      g_autofree char *prior_model = g_strconcat ("prior_model=", job->prior_model, NULL);

      g_strv_builder_add (components, prior_model);
      if (job->components != NULL)
        g_strv_builder_addv (components, (const char **) job->components);
      g_strfreev (job->components);
      job->components = g_strv_builder_end (components);
    }
  job->model = unclip_model_open (job->model_name, (const char *const *) job->components, error);
  return job->model != NULL;
}

void
cmd_print_json (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree char *text = json_to_string (node, TRUE);

  /* Not g_print (), which would convert to the locale. */
  puts (text);
}

static JsonArray *
file_names (const char *const *files)
{
  JsonArray *array = json_array_new ();

  for (; files != NULL && *files != NULL; files++)
    {
      g_autofree char *utf8 = g_filename_display_name (*files);

      json_array_add_string_element (array, utf8);
    }
  return array;
}

gboolean
cmd_job_save (CmdJob     *job,
              CmdOutput  *output,
              GPtrArray  *images,
              int         first,
              CmdPicture *original,
              gboolean    is_composite,
              GError    **error)
{
  g_autofree char *xmp = cmd_metadata_xmp (job, is_composite);

  for (guint i = first; i < images->len; i++)
    {
      const UnclipImage *before = g_ptr_array_index (images, 0), *after = g_ptr_array_index (images, i);

      if (original != NULL ? ! cmd_output_add_fitted (output, original, before, after, &job->options, xmp, error)
                           : ! cmd_output_add (output, after, xmp, error))
        return FALSE;
    }
  return cmd_job_deliver (job, output, error);
}

gboolean
cmd_job_deliver (CmdJob     *job,
                 CmdOutput  *output,
                 GError    **error)
{
  if (! cmd_output_commit (output, error) || ! cmd_job_finish (job, cmd_output_files (output), error))
    return FALSE;
  cmd_output_keep (output);
  return TRUE;
}

gboolean
cmd_job_finish (CmdJob             *job,
                const char *const  *files,
                GError            **error)
{
  cmd_progress_clear (&job->progress);
  if (job->json)
    {
      json_object_set_string_member (job->report, "command", job->command);
      json_object_set_string_member (job->report, "version", UNCLIP_VERSION);
      json_object_set_array_member (job->report, "files", file_names (files));
      json_object_set_int_member (job->report, "seed", (gint64) job->options.seed);
      json_object_set_object_member (job->report, "settings", json_object_ref (job->settings));
      if (job->model != NULL)
        {
          g_autofree char *name = g_filename_display_name (unclip_model_name (job->model));
          g_autofree char *fingerprint = unclip_model_fingerprint (job->model);

          json_object_set_string_member (job->report, "model", name);
          json_object_set_string_member (job->report, "fingerprint", fingerprint);
        }
      json_object_set_array_member (job->report, "notes", json_array_ref (job->notes));
      json_object_set_double_member (job->report, "seconds", (g_get_monotonic_time () - job->start) / (double) G_USEC_PER_SEC);
      cmd_print_json (job->report);
    }
  else if (! job->quiet)
    {
      for (; files != NULL && *files != NULL; files++)
        puts (*files);
    }
  if (fflush (stdout) == 0 && ! ferror (stdout))
    return TRUE;
  g_set_error (error, CMD_ERROR, CMD_ERROR_FAILED, _("What was done cannot be written to stdout: %s"), g_strerror (errno));
  return FALSE;
}

void
cmd_job_clear (CmdJob *job)
{
  cmd_progress_clear (&job->progress);
  g_clear_pointer (&job->model, unclip_model_unref);
  g_clear_pointer (&job->model_name, g_free);
  g_clear_pointer (&job->components, g_strfreev);
  g_clear_pointer (&job->prior_model, g_free);
  g_clear_pointer (&job->operands, g_strfreev);
  g_clear_pointer (&job->notes, json_array_unref);
  g_clear_pointer (&job->settings, json_object_unref);
  g_clear_pointer (&job->report, json_object_unref);
}
