/* See procedure.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "procedure.h"

#include <glib/gi18n-lib.h>

#include "dialog/window.h"
#include "job.h"
#include "where.h"

/* ---- one run ------------------------------------------------------------------------------------------- */

/* Return values of a job that could not be done, with what went wrong; GIMP shows it. */
static GimpValueArray *
fail (GimpProcedure *procedure,
      GError        *error)
{
  GimpPDBStatusType status = GIMP_PDB_EXECUTION_ERROR;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      status = GIMP_PDB_CANCEL;
      g_clear_error (&error);
    }
  else if (g_error_matches (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT))
    {
      status = GIMP_PDB_CALLING_ERROR;
    }
  return gimp_procedure_new_return_values (procedure, status, error);
}

/* The layers that a job makes; transfer container, %NULL with an error. */
static GimpLayer **
run_job (UnclipPluginJob *job,
         GError         **error)
{
  if (! unclip_plugin_job_prepare (job, error))
    return NULL;
  unclip_plugin_progress_start (&job->progress, _(job->descriptor->title), &job->options);
  if (! unclip_plugin_job_make (job, FALSE, error) || ! unclip_plugin_job_name (job, error))
    return NULL;
  return unclip_plugin_results_place (job->procedure, &job->works[0], &job->results, &job->options, error);
}

GimpValueArray *
unclip_plugin_run (const UnclipPluginDescriptor *descriptor,
                   GimpProcedure                *procedure,
                   GimpRunMode                   run_mode,
                   GimpImage                    *image,
                   GimpDrawable                **drawables,
                   GimpProcedureConfig          *config)
{
  g_auto (UnclipPluginJob) job = { .descriptor = descriptor, .procedure = procedure, .config = config };
  GimpLayer     **layers;
  GimpValueArray *values;
  GError         *error = NULL;

  gegl_init (NULL, NULL);
  if (run_mode == GIMP_RUN_INTERACTIVE)
    return unclip_plugin_window_run (descriptor, procedure, config, image, drawables);
  if (! unclip_plugin_job_take (&job, run_mode, image, drawables, &error))
    return fail (procedure, error);
  layers = run_job (&job, &error);
  if (layers == NULL)
    return fail (procedure, error);

  values = unclip_plugin_success (procedure, run_mode, layers, &job.settings, job.model);
  unclip_plugin_where_set_values (procedure, config, values);
  if (job.descriptor->set_values != NULL)
    job.descriptor->set_values (&job, values);
  if (job.descriptor->show != NULL && run_mode != GIMP_RUN_NONINTERACTIVE)
    job.descriptor->show (&job);
  return values;
}

/* A GimpRunImageFunc; @run_data is the descriptor. */
static GimpValueArray *
run (GimpProcedure       *procedure,
     GimpRunMode          run_mode,
     GimpImage           *image,
     GimpDrawable       **drawables,
     GimpProcedureConfig *config,
     gpointer             run_data)
{
  const UnclipPluginDescriptor *descriptor = run_data;

  return descriptor->run != NULL ? descriptor->run (procedure, run_mode, image, drawables, config)
                                 : unclip_plugin_run (descriptor, procedure, run_mode, image, drawables, config);
}

/* ---- what GIMP knows of it --------------------------------------------------------------------------------- */

GimpProcedure *
unclip_plugin_procedure_new (GimpPlugIn                   *plug_in,
                             const UnclipPluginDescriptor *descriptor)
{
  GimpProcedure *procedure = gimp_image_procedure_new (plug_in, descriptor->name, GIMP_PDB_PROC_TYPE_PLUGIN,
                                                       run, (gpointer) descriptor, NULL);

  gimp_procedure_set_menu_label (procedure, _(descriptor->menu_label));
  gimp_procedure_set_documentation (procedure, _(descriptor->blurb), _(descriptor->help), descriptor->name);
  descriptor->add_arguments (procedure);
  if (descriptor->run != NULL)
    {
      descriptor->add_values (procedure);
    }
  else
    {
      unclip_plugin_add_arguments (procedure, descriptor->takes);
      unclip_plugin_add_return_values (procedure, descriptor->takes, descriptor->add_values);
    }

  /* A menu entry that is grey says not why: whatever is selected, work.c says what to do, to scripts as well. */
  gimp_procedure_set_image_types (procedure, "*");
  gimp_procedure_set_sensitivity_mask (procedure, GIMP_PROCEDURE_SENSITIVE_ALWAYS);
  return procedure;
}
