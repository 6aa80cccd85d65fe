/* See job.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include "history.h"

/* ---- what is worked on ----------------------------------------------------------------------------------- */

/* Shared by jobs, and cleared by the last of them. */
static void
works_clear (gpointer works)
{
  for (int i = 0; i < UNCLIP_PLUGIN_MAX_WORKS; i++)
    unclip_plugin_work_clear (&((UnclipPluginWork *) works)[i]);
}

static void
drop_works (UnclipPluginJob *job)
{
  if (job->works != NULL)
    g_atomic_rc_box_release_full (job->works, works_clear);
  job->works = NULL;
  job->n_works = 0;
}

gboolean
unclip_plugin_job_take (UnclipPluginJob *job,
                        GimpRunMode      run_mode,
                        GimpImage       *image,
                        GimpDrawable   **drawables,
                        GError         **error)
{
  UnclipPluginInput input = job->descriptor->input;
  UnclipPluginWhere where;
  GimpDrawable     *layers[UNCLIP_PLUGIN_MAX_WORKS];
  int               n;

  /* GIMP would show a message of its own for each call about a layer that is gone; what fails is told once, by us. */
  gimp_plug_in_set_pdb_error_handler (gimp_get_plug_in (), GIMP_PDB_ERROR_HANDLER_PLUGIN);
  drop_works (job);
  unclip_plugin_where_read (&where, job->config);
  job->works = g_atomic_rc_box_alloc0 (UNCLIP_PLUGIN_MAX_WORKS * sizeof (UnclipPluginWork));
  job->n_works = 1;
  if (input == UNCLIP_PLUGIN_NOTHING)
    return unclip_plugin_work_take_blank (&job->works[0], run_mode, image, drawables, error);
  if (input != UNCLIP_PLUGIN_TWO_LAYERS && input != UNCLIP_PLUGIN_LAYERS)
    return unclip_plugin_work_take (&job->works[0], job->procedure, run_mode, image, drawables, input, &where, error);

  n = unclip_plugin_work_find_layers (layers, UNCLIP_PLUGIN_MAX_WORKS, job->procedure, run_mode, image, drawables, input, error);
  for (int i = 0; i < n; i++)
    {
      job->n_works = i + 1;
      if (! unclip_plugin_work_take (&job->works[i], job->procedure, run_mode, image, (GimpDrawable *[]) { layers[i], NULL }, UNCLIP_PLUGIN_LAYER, &where, error))
        return FALSE;
    }
  return n > 0;
}

void
unclip_plugin_job_share (UnclipPluginJob       *job,
                         const UnclipPluginJob *other)
{
  UnclipPluginWork *works = g_atomic_rc_box_acquire (other->works);

  drop_works (job);
  job->works = works;
  job->n_works = other->n_works;
}

UnclipImage *
unclip_plugin_job_picture (UnclipPluginJob *job,
                           int              i,
                           GError         **error)
{
  UnclipRows   rows = unclip_plugin_work_rows (&job->works[i]);
  UnclipImage *picture = unclip_frame_reduce (&rows, job->options.framing, job->options.cancellable, error);

  if (picture != NULL)
    {
      g_free (job->pictures[i]);
      job->pictures[i] = unclip_picture_digest (picture, job->options.framing);
    }
  return picture;
}

/* ---- making ------------------------------------------------------------------------------------------------ */

gboolean
unclip_plugin_job_prepare (UnclipPluginJob *job,
                           GError         **error)
{
  if (! unclip_plugin_settings_read (&job->settings, job->config, error))
    return FALSE;
  job->model = unclip_plugin_settings_model (&job->settings, error);
  if (job->model == NULL)
    return FALSE;
  unclip_plugin_settings_options (&job->settings, &job->options);
  if (job->descriptor->takes & UNCLIP_PLUGIN_TAKES_LATENTS)
    {
      g_clear_pointer (&job->known, g_ptr_array_unref);
      g_clear_pointer (&job->used, g_ptr_array_unref);
      job->options.known_latents = job->known = unclip_plugin_history_latents (job->works[0].image, job->works, job->n_works);
      job->options.used_latents = job->used = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_latents_free);
    }
  return TRUE;
}

void
unclip_plugin_job_keep (UnclipPluginJob *job)
{
  if (job->left != NULL)
    g_ptr_array_add (job->candidates, g_steal_pointer (&job->left));
}

gboolean
unclip_plugin_job_is_stopped (UnclipPluginJob *job,
                              int              n_done,
                              GError         **error)
{
  if (n_done == 0 || job->options.candidates == NULL || ! g_cancellable_is_cancelled (job->options.stop)
      || g_cancellable_is_cancelled (job->options.cancellable))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

gboolean
unclip_plugin_job_make (UnclipPluginJob *job,
                        gboolean         leaves_candidates,
                        GError         **error)
{
  if (leaves_candidates && job->descriptor->has_candidates)
    {
      job->candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_candidates_free);
      job->options.candidates = &job->left;
    }
  if (! job->descriptor->make (job, error))
    return FALSE;
  unclip_plugin_job_keep (job);
  return TRUE;
}

int
unclip_plugin_job_count (const UnclipPluginJob *job)
{
  int n = 0;

  for (guint i = 0; job->candidates != NULL && i < job->candidates->len; i++)
    n += unclip_candidates_count (job->candidates->pdata[i]);
  return n;
}

/* Squares before the candidates': the reconstruction. */
static int
count_before (const UnclipPluginJob *job)
{
  return (int) job->squares->len - unclip_plugin_job_count (job);
}

const UnclipImage *
unclip_plugin_job_square (const UnclipPluginJob *job,
                          int                    k)
{
  int i = count_before (job) + k;

  return i >= 0 ? job->squares->pdata[i] : NULL;
}

/* Those of one call of the engine, of which @first is the first. */
static gboolean
finish_some (UnclipPluginJob        *job,
             const UnclipCandidates *candidates,
             const gboolean         *picked,
             int                     first,
             GPtrArray              *finished,
             GError                **error)
{
  int              n_all = unclip_candidates_count (candidates), n = 0, n_before;
  g_autofree int  *picks = g_new (int, n_all);
  g_autoptr (GPtrArray) pictures = NULL;

  for (int i = 0; i < n_all; i++)
    if (picked[first + i])
      picks[n++] = i;
  if (n == 0)
    return TRUE;
  pictures = unclip_candidates_finish (job->model, candidates, picks, n, &job->options, error);
  if (pictures == NULL)
    return FALSE;

  n_before = (int) pictures->len - n;
  for (int i = (int) pictures->len - 1; i >= 0; i--)
    finished->pdata[i < n_before ? i : count_before (job) + first + picks[i - n_before]] = g_ptr_array_steal_index (pictures, i);
  return TRUE;
}

gboolean
unclip_plugin_job_finish (UnclipPluginJob *job,
                          const gboolean  *picked,
                          GError         **error)
{
  g_autoptr (GPtrArray) finished = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  int n_parts = 0, part = 0, first = 0;

  for (int k = 0; k < unclip_plugin_job_count (job); k++)
    n_parts += picked[k] != 0;
  n_parts = job->candidates->len > 1 ? MAX (n_parts, 1) : 1;
  g_ptr_array_set_size (finished, job->squares->len);
  job->options.candidates = NULL;
  /* What the edit used is told already; this would say it of the upsampler. */
  job->options.used = NULL;
  for (guint i = 0; i < job->candidates->len; i++)
    {
      const UnclipCandidates *candidates = job->candidates->pdata[i];

      unclip_plugin_progress_part (&job->progress, MIN (part, n_parts - 1), n_parts);
      if (! finish_some (job, candidates, picked, first, finished, error))
        return FALSE;
      part += picked[first] != 0;
      first += unclip_candidates_count (candidates);
    }
  g_ptr_array_unref (job->squares);
  job->squares = g_steal_pointer (&finished);
  return TRUE;
}

/* ---- what becomes of it --------------------------------------------------------------------------------------- */

void
unclip_plugin_job_add (UnclipPluginJob   *job,
                       UnclipPluginResult result)
{
  if (result.square != NULL || result.picture != NULL)
    {
      unclip_plugin_results_add (&job->results, result);
      return;
    }
  g_free (result.name);
  json_object_unref (result.record);
}

/* The layers that were worked on, as they can be found again; transfer full. */
static JsonArray *
describe_works (const UnclipPluginJob *job)
{
  JsonArray *layers = json_array_new ();

  for (int i = 0; i < job->n_works; i++)
    {
      const UnclipPluginWork *work = &job->works[i];
      JsonObject *about;

      if (work->is_blank || work->layer == NULL || ! gimp_item_is_valid (GIMP_ITEM (work->layer)))
        continue;
      about = json_object_new ();
      json_object_set_int_member (about, "tattoo", gimp_item_get_tattoo (GIMP_ITEM (work->layer)));
      json_object_set_string_member (about, "name", work->name);
      if (job->pictures[i] != NULL)
        json_object_set_string_member (about, "picture", job->pictures[i]);
      json_array_add_object_element (layers, about);
    }
  return layers;
}

/* What it takes to make the results again. */
static void
remember (UnclipPluginJob *job)
{
  for (guint i = 0; job->results.layers != NULL && i < job->results.layers->len; i++)
    {
      JsonObject *record = ((UnclipPluginResult *) job->results.layers->pdata[i])->record;

      json_object_set_object_member (record, "arguments", unclip_plugin_history_arguments (job->config, job->settings.seed));
      json_object_set_array_member (record, "layers", describe_works (job));
    }
  if (! job->settings.keeps_latents || job->settings.metadata != UNCLIP_PLUGIN_METADATA_FULL || job->used == NULL)
    return;
  if (job->packed == NULL)
    {
      job->packed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
      for (guint i = 0; i < job->used->len; i++)
        {
          /* Without them the next edit takes longer, and that is all. */
          GBytes *bytes = unclip_latents_pack (job->used->pdata[i], NULL);

          if (bytes != NULL)
            g_ptr_array_add (job->packed, bytes);
        }
    }
  job->results.latents = g_ptr_array_ref (job->packed);
}

gboolean
unclip_plugin_job_name (UnclipPluginJob *job,
                        GError         **error)
{
  unclip_plugin_results_clear (&job->results);
  if (job->squares == NULL)
    return TRUE;
  if (! job->descriptor->name_results (job, error))
    return FALSE;
  job->results.metadata = job->settings.metadata;
  for (guint i = 0; job->used != NULL && i < job->used->len; i++)
    job->settings.reuses_latents = job->settings.reuses_latents || g_ptr_array_find (job->known, job->used->pdata[i], NULL);
  remember (job);
  return TRUE;
}

void
unclip_plugin_job_clear (UnclipPluginJob *job)
{
  drop_works (job);
  unclip_plugin_settings_clear (&job->settings);
  g_clear_pointer (&job->model, unclip_model_unref);
  unclip_plugin_results_clear (&job->results);
  g_clear_pointer (&job->left, unclip_candidates_free);
  g_clear_pointer (&job->candidates, g_ptr_array_unref);
  g_clear_pointer (&job->squares, g_ptr_array_unref);
  g_clear_pointer (&job->known, g_ptr_array_unref);
  g_clear_pointer (&job->used, g_ptr_array_unref);
  g_clear_pointer (&job->packed, g_ptr_array_unref);
  for (int i = 0; i < UNCLIP_PLUGIN_MAX_WORKS; i++)
    g_clear_pointer (&job->pictures[i], g_free);
  if (job->data != NULL)
    job->free_data (job->data);
  job->data = NULL;
}
