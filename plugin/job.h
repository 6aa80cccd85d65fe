/* One run of a procedure: what is worked on, what the engine made of it, and what becomes of that.
 *
 * Taking and placing call GIMP, and belong to the main thread; making and finishing do not, so that they may run in one of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "procedure.h"
#include "progress.h"
#include "results.h"

G_BEGIN_DECLS

#define UNCLIP_PLUGIN_MAX_WORKS 8

/**
 * UnclipPluginJob:
 * @config: (transfer none): read in whichever thread the job is made in; nobody may change it meanwhile
 * @works: (array length=n_works) (nullable): what is worked on, as it was when it was taken; of several layers from the top down. The results are
 *   placed by the first. Jobs may share them
 * @settings: the shared arguments
 * @options: for the engine
 * @progress: which part of the job it is at
 * @candidates: (element-type UnclipCandidates) (nullable): what it takes to finish @squares, if they are of the decoder's size
 * @squares: (element-type UnclipImage) (nullable): what the engine made, the reconstruction first if there is one; %NULL for those that were
 *   not picked
 * @results: what becomes of them
 * @known, @used: (element-type UnclipLatents) (nullable): latents that layers keep, and those that the edit took or made
 * @packed: (element-type GBytes) (nullable): @used, once they are needed so
 * @pictures: digests of what the engine saw of the works
 * @data, @free_data: (nullable): the procedure's own
 *
 * Zeroed but for the first three, and cleared at the end. @squares, @data and @free_data are what the procedure's make() fills in.
 */
struct _UnclipPluginJob
{
  const UnclipPluginDescriptor *descriptor;
  GimpProcedure                *procedure;
  GimpProcedureConfig          *config;
  UnclipPluginWork             *works;
  int                           n_works;
  UnclipPluginSettings          settings;
  UnclipModel                  *model;
  UnclipOptions                 options;
  UnclipPluginProgress          progress;
  UnclipCandidates             *left; /* by the engine's last call */
  GPtrArray                    *candidates, *squares;
  UnclipPluginResults           results;
  GPtrArray                    *known, *used, *packed;
  char                         *pictures[UNCLIP_PLUGIN_MAX_WORKS];
  gpointer                      data;
  GDestroyNotify                free_data;
};

void         unclip_plugin_job_clear   (UnclipPluginJob *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipPluginJob, unclip_plugin_job_clear)

/* What the job works on, as it is now. Instead of what it had. */
gboolean     unclip_plugin_job_take    (UnclipPluginJob *job, GimpRunMode run_mode, GimpImage *image, GimpDrawable **drawables, GError **error);
/* Has @job work on what @other works on, as that was taken. */
void         unclip_plugin_job_share   (UnclipPluginJob *job, const UnclipPluginJob *other);

/* Settings, model and options, of the configuration as it is now. */
gboolean     unclip_plugin_job_prepare (UnclipPluginJob *job, GError **error);

/**
 * unclip_plugin_job_make:
 * @leaves_candidates: of the decoder's size, for unclip_plugin_job_finish(); where the procedure has them. Then job->options.stop and
 *   candidate work
 */
gboolean     unclip_plugin_job_make    (UnclipPluginJob *job, gboolean leaves_candidates, GError **error);
/* Candidates that were left. */
int          unclip_plugin_job_count   (const UnclipPluginJob *job);
/* The picture of candidate @k, or with -1 the reconstruction; transfer none, %NULL: there is none. */
const UnclipImage *unclip_plugin_job_square (const UnclipPluginJob *job, int k);
/**
 * unclip_plugin_job_finish:
 * @picked: (array): of each candidate
 *
 * Makes whole pictures of those, to the last bit as they would be without candidates. An error leaves all as it was.
 */
gboolean     unclip_plugin_job_finish  (UnclipPluginJob *job, const gboolean *picked, GError **error);

/* Says what becomes of the pictures: fills in job->results. */
gboolean     unclip_plugin_job_name    (UnclipPluginJob *job, GError **error);

/* ---- for make() and name_results() of procedures -------------------------------------------------------- */

/* One of the works as the engine sees it; transfer full, %NULL with an error. */
UnclipImage *unclip_plugin_job_picture (UnclipPluginJob *job, int i, GError **error);
/* After each of several calls of the engine: keeps what it takes to finish that one's picture. */
void         unclip_plugin_job_keep    (UnclipPluginJob *job);
/* After one of several calls that failed: whether that was the user who said enough, with @n_done pictures made. Then it is no error. */
gboolean     unclip_plugin_job_is_stopped (UnclipPluginJob *job, int n_done, GError **error);
/* A result, if its picture is there; its name and record: transfer full. */
void         unclip_plugin_job_add     (UnclipPluginJob *job, UnclipPluginResult result);

G_END_DECLS
