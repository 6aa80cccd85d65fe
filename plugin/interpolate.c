/* Filters ▸ unCLIP ▸ Interpolate: frames from one layer to another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>

#include "provenance.h"

/* Each is a layer, and dear in a large image. */
#define MAX_FRAMES 64

static void
add_arguments (GimpProcedure *procedure)
{
  gimp_procedure_add_int_argument (procedure, "frames", _("Fr_ames"),
                                   _("How many, the two layers' own included"),
                                   2, MAX_FRAMES, 9, G_PARAM_READWRITE);
  gimp_procedure_add_int_argument (procedure, "delay", _("_Time of each (ms)"),
                                   _("How long each is shown, which is in its layer's name, where GIMP's animations and GIF look for it"),
                                   10, 60000, 100, G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "into", _("Res_ult"),
                                      _("Where the frames go: Animation and GIF take the layers of an image, and a group as one frame"),
                                      gimp_choice_new_with_values ("group", FALSE, _("A layer group in this image"), NULL,
                                                                   "image", TRUE, _("A new image, ready for Animation and GIF"), NULL,
                                                                   NULL),
                                      "group", G_PARAM_READWRITE);
  gimp_procedure_add_choice_argument (procedure, "hold", _("_Keep"),
                                      _("What stays as it is in the first layer; with something kept the last frame is not the second layer"),
                                      gimp_choice_new_with_values ("nothing", UNCLIP_HOLD_NOTHING, _("Nothing"), NULL,
                                                                   "z_i", UNCLIP_HOLD_Z_I, _("What it means"), NULL,
                                                                   "x_t", UNCLIP_HOLD_X_T, _("Its noise: composition and detail"), NULL,
                                                                   NULL),
                                      "nothing", G_PARAM_READWRITE);
}

/* A frame that lies nearer to the lower layer keeps that one's detail, if they lie over one another; else all keep the upper one's. */
static UnclipPluginResult
result_of (const UnclipPluginJob *job,
           int                    k,
           int                    n_frames,
           UnclipHold             hold)
{
  const UnclipPluginWork *upper = &job->works[0], *lower = &job->works[1];
  GPtrArray              *frames = job->squares;
  gboolean                is_lower = unclip_plugin_work_is_alike (upper, lower) && (2 * k < n_frames || hold != UNCLIP_HOLD_NOTHING);
  gboolean                has_end = is_lower || hold == UNCLIP_HOLD_NOTHING;

  return (UnclipPluginResult) {
    .work = is_lower ? lower : upper,
    .before = has_end ? frames->pdata[is_lower ? 0 : n_frames - 1] : NULL,
    .square = frames->pdata[k],
  };
}

static gboolean
make (UnclipPluginJob *job,
      GError         **error)
{
  UnclipHold hold = gimp_procedure_config_get_choice_id (job->config, "hold");
  g_autoptr (UnclipImage) last = unclip_plugin_job_picture (job, 0, error);
  g_autoptr (UnclipImage) first = last != NULL ? unclip_plugin_job_picture (job, 1, error) : NULL;
  int n_frames;

  if (first == NULL)
    return FALSE;
  g_object_get (job->config, "frames", &n_frames, NULL);
  job->squares = unclip_interpolate (job->model, first, last, n_frames, hold, &job->options, error);
  return job->squares != NULL;
}

static gboolean
name (UnclipPluginJob *job,
      GError         **error)
{
  UnclipHold  hold = gimp_procedure_config_get_choice_id (job->config, "hold");
  /* Played over one another, pictures that can be seen through would add up. */
  const char *replace = babl_format_has_alpha (job->works[0].pixels.format) ? " (replace)" : "";
  g_autofree char *held = NULL;
  int n_frames = (int) job->squares->len, delay;

  g_object_get (job->config, "delay", &delay, "hold", &held, NULL);
  /* GIMP plays upwards. */
  for (int k = n_frames - 1; k >= 0; k--)
    {
      UnclipPluginResult result = result_of (job, k, n_frames, hold);

      result.record = unclip_plugin_record_new (job->procedure, &job->settings, job->model);
      json_object_set_int_member (result.record, "frame", k + 1);
      json_object_set_int_member (result.record, "frames", n_frames);
      json_object_set_string_member (result.record, "hold", held);
      json_object_set_string_member (result.record, "first", job->works[1].name);
      json_object_set_string_member (result.record, "last", job->works[0].name);
      /* Translators: name of a layer; GIMP and GIF know "(…ms)" and what follows as they are */
      result.name = g_strdup_printf (_("Frame %d (%dms)%s"), k + 1, delay, replace);
      unclip_plugin_job_add (job, result);
    }
  job->results.group_name = g_strdup (_("Interpolate"));
  job->results.to_new_image = gimp_procedure_config_get_choice_id (job->config, "into");
  return TRUE;
}

const UnclipPluginDescriptor unclip_plugin_interpolate = {
  .name = UNCLIP_PLUGIN_PREFIX "interpolate",
  .menu_label = N_("_Interpolate…"),
  .title = N_("Interpolate"),
  .blurb = N_("Make frames from one layer to another"),
  .help = N_("Makes frames from the lower to the upper of two layers, by unCLIP: what they mean and the noise that gave them "
             "go from one to the other, so that one becomes the other instead of fading. Of a single layer the one below "
             "it is the other. Frames have the upper layer's size and place, and where both layers have them, the two ends "
             "are the layers themselves. They come in a layer group or in a new image, named \"Frame 1 (100ms)\" and so on, the "
             "last on top. The layers themselves stay as they are. Nothing leaves this computer. A value that is not "
             "among a choice's counts as its default; the settings used are returned."),
  .hint = N_("Makes frames from the lower to the upper of two selected layers, or to the selected one from the layer below it."),
  .input = UNCLIP_PLUGIN_TWO_LAYERS,
  .takes = UNCLIP_PLUGIN_TAKES_EDIT | UNCLIP_PLUGIN_TAKES_PLACE | UNCLIP_PLUGIN_TAKES_LATENTS,
  .needs = (const char *const[]) { "image_encoder", NULL },
  .add_arguments = add_arguments,
  .make = make,
  .name_results = name,
};
