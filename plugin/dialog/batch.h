/* One run of the engine for a dialog, in a thread of its own: what it is at, what it will look like, and what comes of it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "dialog/pace.h"
#include "dialog/sight.h"
#include "job.h"

G_BEGIN_DECLS

/**
 * UnclipPluginBatch:
 * @job: with a configuration of its own
 * @sight: what the preview shows of it
 * @latents: (element-type UnclipLatents): that it found, for the next one
 * @known: (nullable) (element-type UnclipLatents): of an earlier one, which need not be found again
 * @stop: keeps what is done
 * @cancellable: keeps nothing
 *
 * Belongs to the main thread, but for the time between the start of the engine and its end. By reference.
 */
typedef struct
{
  UnclipPluginJob    job;
  UnclipPluginSight *sight;
  GPtrArray         *latents, *known;
  GCancellable      *stop, *cancellable;
} UnclipPluginBatch;

/**
 * unclip_plugin_batch_new:
 * @config: as it is now; copied
 *
 * A batch that works on nothing yet: see unclip_plugin_job_take() and unclip_plugin_job_share().
 */
UnclipPluginBatch *unclip_plugin_batch_new   (const UnclipPluginDescriptor *descriptor, GimpProcedure *procedure, GimpProcedureConfig *config);
UnclipPluginBatch *unclip_plugin_batch_ref   (UnclipPluginBatch *batch);
void               unclip_plugin_batch_unref (UnclipPluginBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (UnclipPluginBatch, unclip_plugin_batch_unref)

/* Makes use of what an earlier one found of the same picture. */
void               unclip_plugin_batch_follow  (UnclipPluginBatch *batch, const UnclipPluginBatch *earlier);

/* Once it works on something: settings and model, and the sight if it has none yet. */
gboolean           unclip_plugin_batch_prepare (UnclipPluginBatch *batch, GError **error);

/* Seed of the candidate @number. */
int                unclip_plugin_batch_seed    (const UnclipPluginBatch *batch, int number);

/* A picture that is done, as the preview shows it. */
typedef struct
{
  int          number;
  UnclipImage *after;
} UnclipPluginDone;

/**
 * UnclipPluginNews:
 * @stage: (nullable): what the engine is at, for people; %NULL: nothing yet
 * @left: seconds, negative: nobody can say
 * @estimate: (nullable): what it will look like
 * @done: (element-type UnclipPluginDone): what was done since the last news
 */
typedef struct
{
  char        *stage;
  double       fraction, left;
  UnclipImage *estimate;
  GPtrArray   *done;
} UnclipPluginNews;

/* Both in the main thread. */
typedef void (*UnclipPluginNewsFunc) (const UnclipPluginNews *news, UnclipPluginBatch *batch, gpointer data);
typedef void (*UnclipPluginEndFunc)  (const GError *error, gpointer data);

/**
 * unclip_plugin_batch_make:
 * @news, @data: called as often as there is something, and before the end with all that there was
 * @end: called once; @error: %NULL: it is done
 *
 * Has the engine work, and returns at once.
 */
void unclip_plugin_batch_make   (UnclipPluginBatch *batch, UnclipPluginNewsFunc news, UnclipPluginEndFunc end, gpointer data);
/* The same: makes whole pictures of the candidates @picked (array). */
void unclip_plugin_batch_finish (UnclipPluginBatch *batch, const gboolean *picked, UnclipPluginNewsFunc news, UnclipPluginEndFunc end, gpointer data);
/**
 * unclip_plugin_batch_weigh:
 *
 * The same: begins and ends at once, so that job.settings.used says what the job would take; fails with %G_IO_ERROR_CANCELLED.
 */
void unclip_plugin_batch_weigh  (UnclipPluginBatch *batch, UnclipPluginEndFunc end, gpointer data);
/* After that: seconds that it should take; 0: nobody knows yet. */
double unclip_plugin_batch_expect (const UnclipPluginBatch *batch);

G_END_DECLS
