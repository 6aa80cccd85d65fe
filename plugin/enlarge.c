/* Filters ▸ unCLIP ▸ Enlarge: the layer four times as large, by the model's upsampler.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>

#include "provenance.h"

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_choice_argument (procedure, "into", _("Res_ult"),
                                      _("Where the enlarged picture goes"),
                                      gimp_choice_new_with_values ("image", TRUE, _("A new image"), NULL,
                                                                   "layer", FALSE, _("A larger layer in this image"), NULL,
                                                                   NULL),
                                      "image", G_PARAM_READWRITE);
}

static void
add_values (GimpProcedure *procedure)
{
  gimp_procedure_add_int_return_value (procedure, "used-scale", _("Used scale"), _("How many times as large the picture became"),
                                       1, G_MAXINT32, 1, G_PARAM_READWRITE);
}

static int
scale_of (const UnclipPluginJob *job)
{
  const UnclipImage *enlarged = job->squares->pdata[0];

  return enlarged->width / job->works[0].rect.width;
}

static void
set_values (const UnclipPluginJob *job,
            GimpValueArray        *values)
{
  g_value_set_int (unclip_plugin_value (job->procedure, values, "used-scale"), scale_of (job));
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  const UnclipPluginWork *work = &job->works[0];
  g_autoptr (UnclipImage) part = unclip_plugin_work_cut (work, error);
  UnclipImage *enlarged;

  if (part == NULL)
    return FALSE;
  job->options.super_res_n_steps = job->settings.n_steps;
  enlarged = unclip_upscale (job->model, part, &job->options, error);
  if (enlarged == NULL)
    return FALSE;

  job->squares = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  g_ptr_array_add (job->squares, enlarged);
  return TRUE;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  g_autofree char *layer = unclip_plugin_line (job->works[0].name);
  JsonObject      *record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);
  json_object_set_int_member (record, "scale", scale_of (job));
  /* Translators: name of a layer, how many times as large it is */
  unclip_plugin_job_add (job, (UnclipPluginResult) { .name = g_strdup_printf (_("%s ×%d"), layer, scale_of (job)),
                                                                   .record = record, .picture = job->squares->pdata[0] });
  job->results.to_new_image = gimp_procedure_config_get_choice_id (job->config, "into");
  return TRUE;
}

const UnclipPluginDescriptor unclip_plugin_enlarge = {
  .name = UNCLIP_PLUGIN_PREFIX "enlarge",
  .menu_label = N_("_Enlarge…"),
  .title = N_("Enlarge"),
  .blurb = N_("Make the layer four times as large, with detail that fits"),
  .help = N_("Enlarges the layer by the model's upsampler, unCLIP's second or first, four times with the usual models; the "
             "result has at most 4096 pixels a side. With a selection only the selected part is enlarged, and the rest of its "
             "rectangle is transparent. The result is a new image, or a larger layer over the middle of the old one. The "
             "layer itself stays as it is. Nothing leaves this computer. A value that is not among a choice's counts as its "
             "default; the settings used are returned."),
  .hint = N_("Makes the layer, or what is selected of it, four times as large, with detail that fits."),
  .input = UNCLIP_PLUGIN_PART,
  .takes = UNCLIP_PLUGIN_TAKES_STEPS,
  .needs_one_of = (const char *const[]) { "super_res_1024", "super_res_first", NULL },
  .add_arguments = add_arguments,
  .add_values = add_values,
  .make = make,
  .name_results = name,
  .set_values = set_values,
};
