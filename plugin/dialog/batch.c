/* See batch.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/batch.h"

/* Microseconds between two estimates, each of which takes some hundredths of a second of the engine's thread. */
#define PAUSE 100000

/* ---- batches --------------------------------------------------------------------------------------------- */

UnclipPluginBatch *
unclip_plugin_batch_new (const UnclipPluginDescriptor *descriptor,
                         GimpProcedure                *procedure,
                         GimpProcedureConfig          *config)
{
  UnclipPluginBatch *batch = g_atomic_rc_box_new0 (UnclipPluginBatch);

  batch->job = (UnclipPluginJob) { .descriptor = descriptor, .procedure = procedure, .config = gimp_config_duplicate (GIMP_CONFIG (config)) };
  batch->latents = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_latents_free);
  if (unclip_plugin_get_selection (config) != NULL)
    unclip_plugin_set_selection (batch->job.config, unclip_plugin_get_selection (config));
  batch->stop = g_cancellable_new ();
  batch->cancellable = g_cancellable_new ();
  return batch;
}

UnclipPluginBatch *
unclip_plugin_batch_ref (UnclipPluginBatch *batch)
{
  return g_atomic_rc_box_acquire (batch);
}

static void
clear (gpointer data)
{
  UnclipPluginBatch *batch = data;

  g_clear_object (&batch->job.config);
  unclip_plugin_job_clear (&batch->job);
  g_clear_pointer (&batch->sight, unclip_plugin_sight_unref);
  g_ptr_array_unref (batch->latents);
  g_clear_pointer (&batch->known, g_ptr_array_unref);
  g_object_unref (batch->stop);
  g_object_unref (batch->cancellable);
}

void
unclip_plugin_batch_unref (UnclipPluginBatch *batch)
{
  g_atomic_rc_box_release_full (batch, clear);
}

void
unclip_plugin_batch_follow (UnclipPluginBatch       *batch,
                            const UnclipPluginBatch *earlier)
{
  g_clear_pointer (&batch->known, g_ptr_array_unref);
  batch->known = g_ptr_array_ref (earlier->latents);
}

gboolean
unclip_plugin_batch_prepare (UnclipPluginBatch *batch,
                             GError           **error)
{
  if (! unclip_plugin_job_prepare (&batch->job, error))
    return FALSE;
  if (batch->sight == NULL)
    batch->sight = unclip_plugin_sight_new (&batch->job.works[0], batch->job.settings.framing, error);
  return batch->sight != NULL;
}

int
unclip_plugin_batch_seed (const UnclipPluginBatch *batch,
                          int                      number)
{
  /* Stages of one edit have the same. */
  return batch->job.descriptor->tell != NULL ? batch->job.settings.seed : (int) unclip_seed_after (batch->job.settings.seed, number);
}

/* What the whole takes, in passes of the decoder. */
static double
cost_of (const UnclipPluginBatch *batch)
{
  return batch->job.settings.used.cost * MAX (batch->job.progress.n_parts, 1);
}

double
unclip_plugin_batch_expect (const UnclipPluginBatch *batch)
{
  return unclip_plugin_pace_expect (batch->job.model, batch->job.settings.used.precision, cost_of (batch));
}

/* ---- from the engine's thread ------------------------------------------------------------------------------ */

/* One call of the engine. */
typedef struct
{
  UnclipPluginBatch   *batch;
  gboolean            *picked; /* NULL: it makes them */
  UnclipPluginNewsFunc news_func;
  UnclipPluginEndFunc  end;
  gpointer             data;
  UnclipPluginPace     pace;
  UnclipImage         *before; /* the reconstruction */
  gint64               estimated;
  gboolean             is_expected; /* pace.remembered was asked for */
  GMutex               lock;
  /* Under the lock: what the main thread was not told yet. */
  UnclipPluginNews     news;
  gboolean             is_posted;
} Call;

static void
done_free (UnclipPluginDone *done)
{
  unclip_image_free (done->after);
  g_free (done);
}

static void
news_clear (UnclipPluginNews *news)
{
  g_free (news->stage);
  unclip_image_free (news->estimate);
  g_clear_pointer (&news->done, g_ptr_array_unref);
}

static void
call_free (Call *call)
{
  unclip_plugin_batch_unref (call->batch);
  g_free (call->picked);
  unclip_image_free (call->before);
  news_clear (&call->news);
  g_mutex_clear (&call->lock);
  g_free (call);
}

/* In the main thread. */
static gboolean
tell (gpointer data)
{
  Call            *call = g_task_get_task_data (data);
  UnclipPluginNews news;

  g_mutex_lock (&call->lock);
  news = call->news;
  call->news = (UnclipPluginNews) { .fraction = news.fraction, .left = news.left, .done = g_ptr_array_new_with_free_func ((GDestroyNotify) done_free) };
  call->is_posted = FALSE;
  g_mutex_unlock (&call->lock);
  if (call->news_func != NULL)
    call->news_func (&news, call->batch, call->data);
  news_clear (&news);
  return G_SOURCE_REMOVE;
}

/* With the lock, which it opens. */
static void
post (GTask *task)
{
  Call    *call = g_task_get_task_data (task);
  gboolean is_posted = call->is_posted;

  call->is_posted = TRUE;
  g_mutex_unlock (&call->lock);
  if (! is_posted)
    g_idle_add_full (G_PRIORITY_DEFAULT, tell, g_object_ref (task), g_object_unref);
}

/* What the picture will look like; what the model does not change has the picture's own detail. */
static UnclipImage *
estimate_of (Call              *call,
             const UnclipImage *preview)
{
  const UnclipImage *before = call->before != NULL && call->before->width == preview->width ? call->before : NULL;
  gint64             now = g_get_monotonic_time ();

  if (now - call->estimated < PAUSE)
    return NULL;
  call->estimated = now;
  return unclip_plugin_sight_edited (call->batch->sight, before, preview, NULL);
}

/* An UnclipProgressFunc. */
static void
progress (const UnclipProgress *step,
          gpointer              data)
{
  Call                       *call = g_task_get_task_data (data);
  const UnclipPluginProgress *part = &call->batch->job.progress;
  double                      fraction = (part->part + CLAMP (step->fraction, 0, 1)) / MAX (part->n_parts, 1);
  UnclipImage                *estimate = step->preview != NULL ? estimate_of (call, step->preview) : NULL;

  unclip_plugin_pace_step (&call->pace, step, fraction);
  if (! call->is_expected && call->picked == NULL)
    call->pace.remembered = unclip_plugin_batch_expect (call->batch);
  call->is_expected = TRUE;
  g_mutex_lock (&call->lock);
  g_free (call->news.stage);
  call->news.stage = unclip_plugin_stage_text (step);
  call->news.fraction = fraction;
  call->news.left = unclip_plugin_pace_left (&call->pace);
  if (estimate != NULL)
    {
      unclip_image_free (call->news.estimate);
      call->news.estimate = estimate;
    }
  post (data);
}

/* An UnclipCandidateFunc. */
static void
candidate (int                number,
           const UnclipImage *square,
           gpointer           data)
{
  Call             *call = g_task_get_task_data (data);
  UnclipPluginDone *done;

  if (number < 0)
    {
      unclip_image_free (call->before);
      call->before = unclip_image_copy (square);
      return;
    }
  done = g_new0 (UnclipPluginDone, 1);
  /* Of those that the engine makes in calls of their own each is its first. */
  done->number = call->batch->job.progress.part + number;
  done->after = unclip_plugin_sight_edited (call->batch->sight, call->before, square, NULL);
  g_mutex_lock (&call->lock);
  if (done->after != NULL)
    g_ptr_array_add (call->news.done, done);
  else
    done_free (done);
  post (data);
}

/* A GTaskThreadFunc. */
static void
work (GTask        *task,
      gpointer      source,
      gpointer      data,
      GCancellable *cancellable)
{
  Call             *call = data;
  UnclipPluginBatch *batch = call->batch;
  UnclipPluginJob  *job = &batch->job;
  GError           *error = NULL;
  gboolean          is_done;

  job->progress = (UnclipPluginProgress) { .n_parts = 1 };
  job->options.progress = progress;
  job->options.candidate = candidate;
  job->options.progress_data = job->options.candidate_data = task;
  job->options.stop = batch->stop;
  if (job->known != NULL)
    {
      /* Beside those that layers keep. */
      for (guint i = 0; batch->known != NULL && i < batch->known->len; i++)
        g_ptr_array_add (job->known, unclip_latents_ref (batch->known->pdata[i]));
      g_ptr_array_unref (job->used);
      job->used = g_ptr_array_ref (batch->latents);
    }
  job->options.known_latents = job->known != NULL ? job->known : batch->known;
  job->options.used_latents = batch->latents;
  job->options.cancellable = batch->cancellable;
  if (call->picked != NULL)
    is_done = unclip_plugin_job_finish (job, call->picked, &error);
  else
    is_done = unclip_plugin_job_make (job, TRUE, &error);
  job->options.progress = NULL;
  job->options.candidate = NULL;
  if (is_done && call->picked == NULL)
    unclip_plugin_pace_remember (&call->pace, job->model, job->settings.used.precision, cost_of (batch));
  if (is_done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* A GAsyncReadyCallback. */
static void
ended (GObject      *source,
       GAsyncResult *result,
       gpointer      data)
{
  Call   *call = g_task_get_task_data (G_TASK (result));
  g_autoptr (GError) error = NULL;

  /* What is on its way comes before the end. */
  tell (result);
  g_task_propagate_boolean (G_TASK (result), &error);
  call->end (error, call->data);
}

static void
start (UnclipPluginBatch   *batch,
       gboolean            *picked,
       UnclipPluginNewsFunc news,
       UnclipPluginEndFunc  end,
       gpointer             data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, ended, NULL);
  Call *call = g_new0 (Call, 1);

  call->batch = unclip_plugin_batch_ref (batch);
  call->picked = picked;
  call->news_func = news;
  call->end = end;
  call->data = data;
  call->news = (UnclipPluginNews) { .left = -1, .done = g_ptr_array_new_with_free_func ((GDestroyNotify) done_free) };
  g_mutex_init (&call->lock);
  g_task_set_task_data (task, call, (GDestroyNotify) call_free);
  g_task_run_in_thread (task, work);
}

void
unclip_plugin_batch_make (UnclipPluginBatch   *batch,
                          UnclipPluginNewsFunc news,
                          UnclipPluginEndFunc  end,
                          gpointer             data)
{
  start (batch, NULL, news, end, data);
}

void
unclip_plugin_batch_finish (UnclipPluginBatch   *batch,
                            const gboolean      *picked,
                            UnclipPluginNewsFunc news,
                            UnclipPluginEndFunc  end,
                            gpointer             data)
{
  start (batch, g_memdup2 (picked, unclip_plugin_job_count (&batch->job) * sizeof *picked), news, end, data);
}

void
unclip_plugin_batch_weigh (UnclipPluginBatch  *batch,
                           UnclipPluginEndFunc end,
                           gpointer            data)
{
  g_cancellable_cancel (batch->stop);
  start (batch, NULL, NULL, end, data);
}
