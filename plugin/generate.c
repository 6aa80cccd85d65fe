/* Filters ▸ unCLIP ▸ Generate: new pictures from a caption, in this image or in one of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>

#include "provenance.h"

#define MAX_COUNT 16

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_string_argument (procedure, "prompt", _("Sho_uld show"),
                                      _("What the picture should show, for example \"a red ball\""),
                                      "", G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "count", _("How man_y"),
                                   _("How many pictures; more than one come in a layer group"),
                                   1, MAX_COUNT, 1, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "prior", _("Prior net_work"),
                                      _("What makes the meaning of a picture out of the caption"),
                                      gimp_choice_new_with_values ("diffusion", UNCLIP_PRIOR_DIFFUSION, _("Diffusion"), NULL,
                                                                   "autoregressive", UNCLIP_PRIOR_AUTOREGRESSIVE, _("Autoregressive, in models that have it"), NULL,
                                                                   "none", UNCLIP_PRIOR_NONE, _("None: the caption alone"), NULL,
                                                                   "text", UNCLIP_PRIOR_TEXT, _("None: the caption's meaning instead"), NULL,
                                                                   NULL),
                                      "diffusion", G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_string_return_value (procedure, "used-prior", _("Used prior"),
                                          _("What made the meaning of the picture"), NULL, G_PARAM_READWRITE);
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  g_autofree char *prior = NULL;

  g_object_get (job->config, "prior", &prior, NULL);
  g_value_set_string (unclip_plugin_value (job->procedure, values, "used-prior"), prior);
}

static void
add_result (UnclipPluginJob *job,
            int              seed,
            const char      *prompt,
            const char      *prior,
            UnclipImage     *square)
{
  JsonObject      *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);
  g_autofree char *caption = unclip_plugin_line (prompt);

  json_object_set_int_member (record, "seed", seed);
  json_object_set_string_member (record, "prompt", prompt);
  json_object_set_string_member (record, "prior", prior);
  json_object_set_int_member (unclip_plugin_record_alone (record), "count", 1);
  json_object_set_int_member (unclip_plugin_record_alone (record), "seed", seed);
  /* Translators: caption, seed */
  unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("%s #%d"), caption, seed), .record = record, .square = square });
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *prompt = unclip_plugin_text (job->config, "prompt");
  int              count;

  if (*prompt == '\0')
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("Say what the picture should show: the argument \"prompt\" is empty; write for example \"a red ball\""));
      return FALSE;
    }
  g_object_get (job->config, "count", &count, NULL);
  job->squares = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  for (int k = 0; k < count; k++)
    {
      int          seed = (int) unclip_seed_after (job->settings.seed, k);
      UnclipImage *square;

      job->options.seed = seed;
      unclip_plugin_progress_part (&job->progress, k, count);
      square = unclip_generate (job->model, prompt, gimp_procedure_config_get_choice_id (job->config, "prior"), &job->options, error);
      if (square == NULL)
        return unclip_plugin_job_is_stopped (job, k, error);
      unclip_plugin_job_keep (job);
      g_ptr_array_add (job->squares, square);
    }
  return TRUE;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *prompt = unclip_plugin_text (job->config, "prompt"), *prior = NULL;

  g_object_get (job->config, "prior", &prior, NULL);
  if (! unclip_plugin_work_make_room (&job->works[0], job->settings.used.size, error))
    return FALSE;
  for (guint k = 0; k < job->squares->len; k++)
    add_result (job, (int) unclip_seed_after (job->settings.seed, k), prompt, prior, job->squares->pdata[k]);
  job->results.group_name = unclip_plugin_line (prompt);
  return TRUE;
}

const UnclipPluginDescriptor unclip_plugin_generate = {
  .name = UNCLIP_PLUGIN_PREFIX "generate",
  .menu_label = N_("_Generate…"),
  .title = N_("Generate"),
  .blurb = N_("Make a new picture from a caption"),
  .help = N_("Makes new pictures from a caption, by unCLIP: the prior turns the caption into what a picture of it means, and "
             "the decoder draws that. Without an image one is made. Else they come as new layers above the selected one, in "
             "the middle of the canvas at the model's size; with a selection they cover what is selected, and a layer "
             "mask hides the rest. Nothing leaves this computer. A value that is not among a choice's counts as its "
             "default; the settings used are returned."),
  .hint = N_("Makes new pictures from a caption: over what is selected, else in the middle, or in a new image."),
  .input = UNCLIP_PLUGIN_NOTHING,
  .takes = UNCLIP_PLUGIN_TAKES_STEPS | UNCLIP_PLUGIN_TAKES_GUIDANCE | UNCLIP_PLUGIN_TAKES_SIZE,
  .captions = { { "prompt", N_("a red ball"), TRUE } },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .has_candidates = TRUE,
  .make = make,
  .name_results = name,
  .set_values = set_values,
};
