/* See window.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/window.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "dialog/batch.h"
#include "dialog/preview.h"
#include "dialog/remedy.h"
#include "dialog/rows.h"
#include "dialog/strip.h"

/* Pixels that a window has if the screen does, and of the screen that title bars and panels take. */
#define WIDTH 1120
#define HEIGHT 720
#define UNSEEN 72
/* Of the row of candidates, so that it is there before they are. */
#define STRIP_HEIGHT 146
/* Milliseconds from a setting that changes to another word about how long it takes. */
#define WEIGH_PAUSE 400
/* Responses beside GTK's; GIMP's Reset is 1. */
#define RESPONSE_RUN 2

/* What it is at. */
typedef enum
{
  IDLE,
  MAKING,   /* candidates, or where there are none the whole */
  FINISHING /* those that are to be inserted */
} Work;

typedef struct
{
  const UnclipPluginDescriptor *descriptor;
  GimpProcedure                *procedure;
  GimpProcedureConfig          *config;
  GimpImage                    *image;
  GimpDrawable                **drawables, **found; /* found: those that a remedy brought */
  GtkDialog                    *dialog;
  UnclipPluginRows             *rows;
  UnclipPluginPreview          *preview;
  UnclipPluginStrip            *strip; /* NULL: there are no candidates to choose from */
  GtkWidget                    *run, *more, *copy, *stages, *bar, *fault, *note;
  GtkLabel                     *fault_text;
  GtkButton                    *fault_button;
  UnclipPluginRemedy            remedy;
  Work                          work;
  UnclipPluginBatch            *batch;   /* the last one; NULL: none yet */
  GimpProcedureConfig          *asked;   /* settings of Run, whose candidates are shown */
  gboolean                      follows; /* the preview goes with the engine */
  gboolean                      is_adding;
  UnclipPluginBatch            *shown_work; /* what the preview shows before Run; NULL: nothing can be worked on */
  guint                         weigh_later; /* a timeout; 0: none */
  gboolean                      is_weighing;
  UnclipPluginBatch            *weighed;
  double                        expected;    /* seconds that Run should take; 0: nobody knows */
  GPtrArray                    *picked;    /* element-type UnclipPluginBatch: those of candidates that are to be inserted */
  guint                         n_finished; /* of these */
  GimpLayer                   **layers;    /* in the image; NULL: not yet */
} Window;

/* ---- what can be pressed ------------------------------------------------------------------------------------ */

/* Whether what is shown is of other settings than those that are set. */
static gboolean
is_stale (const Window *window)
{
  return window->asked != NULL && ! gimp_config_is_equal_to (GIMP_CONFIG (window->asked), GIMP_CONFIG (window->config));
}

static guint
count_tiles (const Window *window)
{
  return window->strip != NULL ? unclip_plugin_strip_tiles (window->strip)->len : 0;
}

static void
set_bar (Window     *window,
         double      fraction,
         const char *text)
{
  gtk_progress_bar_set_fraction (GTK_PROGRESS_BAR (window->bar), fraction);
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (window->bar), text);
}

/* What Run would do, and how long that should take. */
static void
show_expected (Window *window)
{
  g_autofree char *clock = unclip_plugin_clock_text (MAX (window->expected, 1)), *text = NULL;

  if (window->expected > 0 && is_stale (window))
    /* Translators: minutes and seconds */
    text = g_strdup_printf (_("Settings changed: Run takes about %s"), clock);
  else if (window->expected > 0)
    /* Translators: minutes and seconds */
    text = g_strdup_printf (_("Run takes about %s"), clock);
  set_bar (window, 0, text != NULL ? text : is_stale (window) ? _("The settings have changed: Run makes it anew") : "");
}

static void
update_stages (Window *window)
{
  guint n = count_tiles (window);

  if (window->stages == NULL)
    return;
  gtk_widget_set_visible (window->stages, n > 1);
  gtk_widget_set_sensitive (window->stages, n > 1);
  if (n > 1)
    gtk_range_set_range (GTK_RANGE (window->stages), 0, n - 1);
}

static void
update (Window *window)
{
  gboolean is_ready = unclip_plugin_rows_are_ready (window->rows), has_tiles = count_tiles (window) > 0;
  int      preferred = window->strip != NULL && (! has_tiles || is_stale (window) || window->work == MAKING) ? RESPONSE_RUN : GTK_RESPONSE_OK;

  if (window->strip == NULL)
    {
      gtk_dialog_set_response_sensitive (window->dialog, GTK_RESPONSE_OK, is_ready && window->work == IDLE);
      return;
    }
  gtk_button_set_label (GTK_BUTTON (window->run), window->work == IDLE ? _("Run") : _("Stop"));
  gtk_dialog_set_response_sensitive (window->dialog, RESPONSE_RUN, window->work != IDLE || is_ready);
  gtk_dialog_set_response_sensitive (window->dialog, GTK_RESPONSE_OK, window->work == IDLE && has_tiles);
  gtk_widget_set_sensitive (window->more, window->work == IDLE && has_tiles && is_ready);
  gtk_widget_set_sensitive (window->copy, unclip_plugin_strip_shown (window->strip) != NULL);
  gtk_dialog_set_default_response (window->dialog, preferred);
  if (window->work == IDLE)
    show_expected (window);
  update_stages (window);
}

/* What is wrong, beside the picture; %NULL: nothing. */
static void
set_fault (Window            *window,
           const GError      *error,
           UnclipPluginRemedy remedy)
{
  window->remedy = remedy;
  if (remedy != UNCLIP_PLUGIN_NO_REMEDY)
    gtk_button_set_label (window->fault_button, unclip_plugin_remedy_label (remedy));
  gtk_widget_set_visible (GTK_WIDGET (window->fault_button), remedy != UNCLIP_PLUGIN_NO_REMEDY);
  gtk_widget_set_sensitive (GTK_WIDGET (window->fault_button), remedy != UNCLIP_PLUGIN_NO_REMEDY);
  gtk_label_set_text (window->fault_text, error != NULL ? error->message : "");
  gtk_widget_set_visible (window->fault, error != NULL);
}

/* What can be done where the work could not be taken. */
static UnclipPluginRemedy
remedy_of (const Window *window)
{
  return unclip_plugin_remedy_of (window->descriptor->input, window->image, window->drawables);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

static void
show_progress (Window                 *window,
               const UnclipPluginNews *news)
{
  g_autofree char *text = NULL;

  if (news->stage == NULL)
    return;
  if (news->left >= 0 && news->fraction < 1)
    text = unclip_plugin_left_text (news->stage, news->left);
  set_bar (window, news->fraction, text != NULL ? text : news->stage);
}

/* What tells a candidate from others: its seed, or what the procedure says. transfer full */
static char *
label_of (const UnclipPluginBatch *batch,
          int                      number)
{
  if (batch->job.descriptor->tell != NULL)
    return batch->job.descriptor->tell (&batch->job, number);
  return g_strdup_printf ("#%d", unclip_plugin_batch_seed (batch, number));
}

/* An UnclipPluginNewsFunc. */
static void
on_news (const UnclipPluginNews *news,
         UnclipPluginBatch      *batch,
         gpointer                data)
{
  Window *window = data;

  if (window->work == IDLE)
    return;
  show_progress (window, news);
  for (guint i = 0; window->strip != NULL && i < news->done->len; i++)
    {
      UnclipPluginDone *done = news->done->pdata[i];

      if (window->follows)
        unclip_plugin_preview_set_after (window->preview, done->after);
      window->is_adding = TRUE;
      unclip_plugin_strip_add (window->strip, batch, done->number, g_steal_pointer (&done->after), label_of (batch, done->number));
      window->is_adding = FALSE;
    }
  if (news->estimate != NULL && window->follows && window->work == MAKING)
    unclip_plugin_preview_set_after (window->preview, news->estimate);
}

/* What it had to say beside the pictures. */
static void
show_notes (Window *window)
{
  g_autofree char *notes = unclip_plugin_settings_notes (&window->batch->job.settings);

  gtk_label_set_text (GTK_LABEL (window->note), notes);
  gtk_widget_set_visible (window->note, *notes != '\0');
}

static void
show_candidate (Window *window)
{
  const UnclipPluginTile *shown = window->strip != NULL ? unclip_plugin_strip_shown (window->strip) : NULL;

  if (shown != NULL)
    unclip_plugin_preview_set_sight (window->preview, shown->batch->sight);
  unclip_plugin_preview_set_after (window->preview, shown != NULL ? shown->after : NULL);
}

static gboolean
is_cancelled (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* ---- how long it would take ------------------------------------------------------------------------------------ */

/* An UnclipPluginEndFunc. */
static void
on_weighed (const GError *error,
            gpointer      data)
{
  Window *window = data;

  window->is_weighing = FALSE;
  window->expected = unclip_plugin_batch_expect (window->weighed);
  /* What would be refused is told before. */
  if (g_error_matches (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY))
    set_fault (window, error, UNCLIP_PLUGIN_NO_REMEDY);
  g_clear_pointer (&window->weighed, unclip_plugin_batch_unref);
  update (window);
}

/* A GSourceFunc. How long Run would take with the settings as they are now. */
static gboolean
weigh (gpointer data)
{
  Window            *window = data;
  UnclipPluginBatch *on = window->batch != NULL ? window->batch : window->shown_work;
  g_autoptr (UnclipPluginBatch) batch = NULL;

  if (window->is_weighing || window->work != IDLE)
    return G_SOURCE_CONTINUE;
  window->weigh_later = 0;
  window->expected = 0;
  if (on == NULL || window->strip == NULL || ! unclip_plugin_rows_are_ready (window->rows))
    return G_SOURCE_REMOVE;
  batch = unclip_plugin_batch_new (window->descriptor, window->procedure, window->config);
  unclip_plugin_job_share (&batch->job, &on->job);
  batch->sight = unclip_plugin_sight_ref (on->sight);
  if (! unclip_plugin_batch_prepare (batch, NULL))
    return G_SOURCE_REMOVE;
  window->is_weighing = TRUE;
  window->weighed = g_steal_pointer (&batch);
  unclip_plugin_batch_weigh (window->weighed, on_weighed, window);
  return G_SOURCE_REMOVE;
}

/* Not at every key. */
static void
weigh_soon (Window *window)
{
  if (window->weigh_later == 0)
    window->weigh_later = g_timeout_add (WEIGH_PAUSE, weigh, window);
}

/* ---- into the image --------------------------------------------------------------------------------------------- */

/* Whether what is made of the one can lie beside what is made of the other: the same part of the same layer, whenever it was taken. */
static gboolean
is_same_place (const UnclipPluginWork *a,
               const UnclipPluginWork *b)
{
  gsize size = (gsize) a->selection.width * a->selection.height;

  if (a->layer != b->layer || a->is_blank != b->is_blank || ! unclip_plugin_work_is_alike (a, b)
      || (a->selection.rows == NULL) != (b->selection.rows == NULL))
    return FALSE;
  return a->selection.rows == NULL
         || (a->selection.width == b->selection.width && a->selection.height == b->selection.height && a->selection.format == b->selection.format
             && memcmp (a->selection.rows, b->selection.rows, size * babl_format_get_bytes_per_pixel (a->selection.format)) == 0);
}

static UnclipPluginJob *
picked_job (Window *window,
            guint   i)
{
  return &((UnclipPluginBatch *) window->picked->pdata[i])->job;
}

/* The results of all picked batches that go where that of batch @from goes; once for all of them. */
static gboolean
place_some (Window    *window,
            guint      from,
            GPtrArray *layers,
            GError   **error)
{
  UnclipPluginJob    *first = picked_job (window, from);
  UnclipPluginResults all = { .group_name = first->results.group_name, .to_new_image = first->results.to_new_image,
                              .metadata = first->results.metadata, .latents = first->results.latents };
  g_autoptr (GPtrArray) merged = g_ptr_array_new ();
  g_autofree GimpLayer **placed = NULL;

  for (guint i = 0; i < from; i++)
    if (is_same_place (picked_job (window, i)->works, first->works))
      return TRUE;
  for (guint i = from; i < window->picked->len; i++)
    {
      const UnclipPluginJob *job = picked_job (window, i);

      for (guint j = 0; job->results.layers != NULL && j < job->results.layers->len && is_same_place (job->works, first->works); j++)
        {
          UnclipPluginResult *result = job->results.layers->pdata[j];

          result->work = result->work != NULL ? result->work : job->works;
          g_ptr_array_add (merged, result);
        }
    }
  all.layers = merged->len > 0 ? merged : NULL;
  placed = unclip_plugin_results_place (window->procedure, first->works, &all, &first->options, error);
  for (GimpLayer **layer = placed; layer != NULL && *layer != NULL; layer++)
    g_ptr_array_add (layers, *layer);
  return placed != NULL;
}

/* All that is picked, as one step to undo. */
static gboolean
place (Window  *window,
       GError **error)
{
  GimpImage *image = window->image;
  g_autoptr (GPtrArray) layers = g_ptr_array_new ();
  gboolean is_placed = TRUE, is_one = window->picked->len > 1 && image != NULL && gimp_image_is_valid (image);

  for (guint i = 0; i < window->picked->len && is_placed; i++)
    is_placed = unclip_plugin_job_name (picked_job (window, i), error);
  if (! is_placed)
    return FALSE;
  if (is_one)
    gimp_image_undo_group_start (image);
  for (guint i = 0; i < window->picked->len && is_placed; i++)
    is_placed = place_some (window, i, layers, error);
  if (is_one && gimp_image_is_valid (image))
    gimp_image_undo_group_end (image);
  if (! is_placed)
    return FALSE;
  g_ptr_array_add (layers, NULL);
  window->layers = (GimpLayer **) g_ptr_array_free (g_steal_pointer (&layers), FALSE);
  return TRUE;
}

static void
place_and_close (Window *window)
{
  g_autoptr (GError) error = NULL;

  window->work = IDLE;
  if (place (window, &error))
    {
      gtk_dialog_response (window->dialog, GTK_RESPONSE_OK);
      return;
    }
  set_fault (window, error, UNCLIP_PLUGIN_NO_REMEDY);
  update (window);
}

static void finish_next (Window *window);

/* An UnclipPluginEndFunc. */
static void
on_finished (const GError *error,
             gpointer      data)
{
  Window *window = data;

  if (error == NULL)
    {
      window->n_finished++;
      finish_next (window);
      return;
    }
  window->work = IDLE;
  if (! is_cancelled (error))
    set_fault (window, error, UNCLIP_PLUGIN_NO_REMEDY);
  update (window);
}

/* Makes whole what is picked of one batch after the other, and at their end places them. */
static void
finish_next (Window *window)
{
  GPtrArray           *tiles = unclip_plugin_strip_tiles (window->strip);
  UnclipPluginBatch   *batch;
  g_autofree gboolean *picked = NULL;

  if (window->n_finished == window->picked->len)
    {
      place_and_close (window);
      return;
    }
  batch = window->picked->pdata[window->n_finished];
  picked = g_new0 (gboolean, unclip_plugin_job_count (&batch->job));
  for (guint i = 0; i < tiles->len; i++)
    {
      const UnclipPluginTile *tile = tiles->pdata[i];

      if (tile->batch == batch)
        picked[tile->number] = unclip_plugin_strip_is_picked (window->strip, tile);
    }
  g_cancellable_reset (batch->cancellable);
  unclip_plugin_batch_finish (batch, picked, on_news, on_finished, window);
}

static void
insert (Window *window)
{
  GPtrArray *tiles = unclip_plugin_strip_tiles (window->strip);

  g_ptr_array_set_size (window->picked, 0);
  window->n_finished = 0;
  for (guint i = 0; i < tiles->len; i++)
    {
      const UnclipPluginTile *tile = tiles->pdata[i];

      if (unclip_plugin_strip_is_picked (window->strip, tile) && ! g_ptr_array_find (window->picked, tile->batch, NULL))
        g_ptr_array_add (window->picked, unclip_plugin_batch_ref (tile->batch));
    }
  if (window->picked->len == 0)
    return;
  set_fault (window, NULL, UNCLIP_PLUGIN_NO_REMEDY);
  window->work = FINISHING;
  update (window);
  finish_next (window);
}

/* ---- making -------------------------------------------------------------------------------------------------------- */

/* An UnclipPluginEndFunc. */
static void
on_made (const GError *error,
         gpointer      data)
{
  Window *window = data;

  window->work = IDLE;
  weigh_soon (window);
  show_notes (window);
  if (error != NULL && ! is_cancelled (error))
    set_fault (window, error, UNCLIP_PLUGIN_NO_REMEDY);
  if (window->strip == NULL && error == NULL)
    {
      g_ptr_array_set_size (window->picked, 0);
      g_ptr_array_add (window->picked, unclip_plugin_batch_ref (window->batch));
      place_and_close (window);
      return;
    }
  show_candidate (window);
  update (window);
}

/* Other seeds than those that were; one that is drawn each time is drawn. */
static void
set_next_seed (GimpProcedureConfig   *config,
               const UnclipPluginJob *before)
{
  int seed;

  g_object_get (config, "seed", &seed, NULL);
  if (seed >= 0)
    g_object_set (config, "seed", (int) unclip_seed_after (before->settings.seed, MAX (unclip_plugin_job_count (before), 1)), NULL);
}

/* @is_more: with the settings and of the layer of those that are there. @remedy: of an error, if there is one */
static UnclipPluginBatch *
new_batch (Window             *window,
           gboolean            is_more,
           UnclipPluginRemedy *remedy,
           GError            **error)
{
  g_autoptr (UnclipPluginBatch) batch = unclip_plugin_batch_new (window->descriptor, window->procedure, is_more ? window->asked : window->config);

  if (is_more)
    {
      unclip_plugin_job_share (&batch->job, &window->batch->job);
      batch->sight = unclip_plugin_sight_ref (window->batch->sight);
      set_next_seed (batch->job.config, &window->batch->job);
    }
  else if (! unclip_plugin_job_take (&batch->job, GIMP_RUN_INTERACTIVE, window->image, window->drawables, error))
    {
      *remedy = remedy_of (window);
      return NULL;
    }
  if (window->batch != NULL)
    unclip_plugin_batch_follow (batch, window->batch);
  unclip_plugin_set_read (batch->job.config, unclip_plugin_rows_notes (window->rows));
  return unclip_plugin_batch_prepare (batch, error) ? g_steal_pointer (&batch) : NULL;
}

static void
make (Window  *window,
      gboolean is_more)
{
  g_autoptr (GError) error = NULL;
  UnclipPluginRemedy remedy = UNCLIP_PLUGIN_NO_REMEDY;
  UnclipPluginBatch *batch = new_batch (window, is_more, &remedy, &error);

  set_fault (window, error, remedy);
  if (batch == NULL)
    return;
  g_clear_pointer (&window->batch, unclip_plugin_batch_unref);
  g_clear_pointer (&window->shown_work, unclip_plugin_batch_unref);
  window->batch = batch;
  if (! is_more)
    {
      g_clear_object (&window->asked);
      window->asked = gimp_config_duplicate (GIMP_CONFIG (window->config));
      unclip_plugin_rows_remember (window->rows);
      if (window->strip != NULL)
        unclip_plugin_strip_clear (window->strip);
    }
  window->work = MAKING;
  window->follows = TRUE;
  unclip_plugin_preview_set_sight (window->preview, batch->sight);
  set_bar (window, 0, _("Starting"));
  update (window);
  unclip_plugin_batch_make (batch, on_news, on_made, window);
}

static void
make_more (Window *window)
{
  make (window, TRUE);
}

/* Keeps what is done. */
static void
stop (Window *window)
{
  if (window->work == MAKING)
    g_cancellable_cancel (window->batch->stop);
  else if (window->n_finished < window->picked->len)
    g_cancellable_cancel (((UnclipPluginBatch *) window->picked->pdata[window->n_finished])->cancellable);
  gtk_dialog_set_response_sensitive (window->dialog, RESPONSE_RUN, FALSE);
}

/* Before GIMP's own: what ends the dialog goes on to that. */
static void
respond (GtkDialog *dialog,
         int        response,
         Window    *window)
{
  if ((response != GTK_RESPONSE_OK && response != RESPONSE_RUN) || window->layers != NULL)
    return;
  g_signal_stop_emission_by_name (dialog, "response");
  if (window->work != IDLE && response == RESPONSE_RUN)
    stop (window);
  else if (window->work == IDLE && response == GTK_RESPONSE_OK && window->strip != NULL)
    insert (window);
  else if (window->work == IDLE)
    make (window, FALSE);
}

/* ---- candidates ------------------------------------------------------------------------------------------------------ */

/* An UnclipPluginShownFunc. */
static void
on_shown (const UnclipPluginTile *shown,
          gpointer                data)
{
  Window *window = data;

  if (window->strip == NULL)
    return;
  if (! window->is_adding && window->work == MAKING)
    window->follows = FALSE;
  if (! window->follows || window->work != MAKING)
    show_candidate (window);
  for (guint i = 0; window->stages != NULL && i < count_tiles (window); i++)
    if (unclip_plugin_strip_tiles (window->strip)->pdata[i] == shown)
      gtk_range_set_value (GTK_RANGE (window->stages), i);
  update (window);
}

static void
copy_seed (Window *window)
{
  const UnclipPluginTile *shown = unclip_plugin_strip_shown (window->strip);
  g_autofree char        *text = NULL;

  if (shown == NULL)
    return;
  text = g_strdup_printf ("%d", unclip_plugin_batch_seed (shown->batch, shown->number));
  gtk_clipboard_set_text (gtk_clipboard_get (GDK_SELECTION_CLIPBOARD), text, -1);
}

static void
on_stage (GtkRange *range,
          Window   *window)
{
  unclip_plugin_strip_show (window->strip, (guint) (gtk_range_get_value (range) + 0.5));
}

static void
on_settings (Window *window)
{
  update (window);
  weigh_soon (window);
}

/* What it is about, before anything is made of it; or why nothing can be. */
static void
show_work (Window *window)
{
  g_autoptr (UnclipPluginBatch) batch = unclip_plugin_batch_new (window->descriptor, window->procedure, window->config);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&window->shown_work, unclip_plugin_batch_unref);
  if (unclip_plugin_job_take (&batch->job, GIMP_RUN_INTERACTIVE, window->image, window->drawables, &error))
    batch->sight = unclip_plugin_sight_new (&batch->job.works[0], UNCLIP_FRAMING_PAD, &error);
  if (batch->sight != NULL)
    {
      unclip_plugin_preview_set_sight (window->preview, batch->sight);
      window->shown_work = g_steal_pointer (&batch);
    }
  set_fault (window, error, error != NULL ? remedy_of (window) : UNCLIP_PLUGIN_NO_REMEDY);
  weigh_soon (window);
}

static void
apply_remedy (Window *window)
{
  GimpDrawable **drawables = unclip_plugin_remedy_apply (window->remedy, window->image);

  g_free (window->found);
  window->drawables = window->found = drawables;
  show_work (window);
}

/* ---- the window ------------------------------------------------------------------------------------------------------- */

static GtkWidget *
button_new (const char *label,
            const char *tooltip,
            GCallback   clicked,
            Window     *window)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_tooltip_text (button, tooltip);
  g_signal_connect_swapped (button, "clicked", clicked, window);
  return button;
}

/* From one candidate to the next, where these lie on one way. */
static GtkWidget *
stages_new (Window *window)
{
  GtkWidget *stages = window->stages = gtk_scale_new_with_range (GTK_ORIENTATION_HORIZONTAL, 0, 1, 1);

  /* The candidate that is shown says its own. */
  gtk_scale_set_draw_value (GTK_SCALE (stages), FALSE);
  gtk_widget_set_no_show_all (stages, TRUE);
  atk_object_set_name (gtk_widget_get_accessible (stages), _(window->descriptor->stages));
  gtk_widget_set_tooltip_text (stages, _(window->descriptor->stages));
  g_signal_connect (stages, "value-changed", G_CALLBACK (on_stage), window);
  return stages;
}

/* Zoom, and stages. */
static GtkWidget *
tools_new (Window *window)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  gtk_box_pack_start (GTK_BOX (box), unclip_plugin_preview_zoom_new (window->preview), FALSE, FALSE, 0);
  if (window->descriptor->stages != NULL)
    gtk_box_pack_start (GTK_BOX (box), stages_new (window), TRUE, TRUE, 0);
  return box;
}

/* How far it is, and what else there is to do with candidates. */
static GtkWidget *
progress_new (Window *window)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);

  window->bar = gtk_progress_bar_new ();
  gtk_progress_bar_set_show_text (GTK_PROGRESS_BAR (window->bar), TRUE);
  gtk_progress_bar_set_text (GTK_PROGRESS_BAR (window->bar), "");
  gtk_progress_bar_set_ellipsize (GTK_PROGRESS_BAR (window->bar), PANGO_ELLIPSIZE_END);
  gtk_widget_set_valign (window->bar, GTK_ALIGN_CENTER);
  atk_object_set_name (gtk_widget_get_accessible (window->bar), _("Progress"));
  gtk_box_pack_start (GTK_BOX (box), window->bar, TRUE, TRUE, 0);
  if (window->strip == NULL)
    return box;
  window->more = button_new (_("More"), _("Make others of the same settings, with other seeds"), G_CALLBACK (make_more), window);
  window->copy = button_new (_("Copy Seed"), _("Put the seed of the candidate that is shown into the clipboard"), G_CALLBACK (copy_seed), window);
  gtk_box_pack_end (GTK_BOX (box), window->more, FALSE, FALSE, 0);
  gtk_box_pack_end (GTK_BOX (box), window->copy, FALSE, FALSE, 0);
  return box;
}

static GtkWidget *
sentence_new (void)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_line_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_line_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  /* Wraps here instead of widening what it is in. */
  gtk_label_set_width_chars (GTK_LABEL (label), 20);
  gtk_label_set_max_width_chars (GTK_LABEL (label), 40);
  return label;
}

/* Seen when something is wrong. */
static GtkWidget *
fault_new (Window *window)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6), *label = sentence_new (), *button = gtk_button_new_with_label (_("Look Again"));

  gtk_label_set_selectable (GTK_LABEL (label), TRUE);
  gtk_widget_set_can_focus (label, FALSE);
  gtk_box_pack_start (GTK_BOX (box), gtk_image_new_from_icon_name ("dialog-warning", GTK_ICON_SIZE_LARGE_TOOLBAR), FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), label, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), button, FALSE, FALSE, 0);
  gtk_widget_set_valign (button, GTK_ALIGN_CENTER);
  g_signal_connect_swapped (button, "clicked", G_CALLBACK (apply_remedy), window);
  gtk_widget_show_all (box);
  gtk_widget_set_no_show_all (box, TRUE);
  gtk_widget_hide (box);
  window->fault_text = GTK_LABEL (label);
  window->fault_button = GTK_BUTTON (button);
  return box;
}

/* The picture, and all that is about it. */
static GtkWidget *
picture_new (Window *window)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *frame = gtk_frame_new (NULL), *strip;

  window->preview = UNCLIP_PLUGIN_PREVIEW (unclip_plugin_preview_new ());
  if (window->descriptor->has_candidates)
    window->strip = unclip_plugin_strip_new (on_shown, window);
  window->fault = fault_new (window);

  gtk_container_add (GTK_CONTAINER (frame), GTK_WIDGET (window->preview));
  gtk_box_pack_start (GTK_BOX (box), window->fault, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (box), frame, TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (box), tools_new (window), FALSE, FALSE, 0);
  if (window->strip != NULL)
    {
      strip = unclip_plugin_strip_widget (window->strip);
      gtk_widget_set_size_request (strip, -1, STRIP_HEIGHT);
      gtk_box_pack_start (GTK_BOX (box), strip, FALSE, FALSE, 0);
    }
  gtk_box_pack_start (GTK_BOX (box), progress_new (window), FALSE, FALSE, 0);
  gtk_widget_show_all (box);
  return box;
}

/* As large as it likes to be, on the smallest screen, as it may be moved to any. */
static void
set_size (GtkWindow *window)
{
  GdkDisplay *display = gtk_widget_get_display (GTK_WIDGET (window));
  int         width = WIDTH, height = HEIGHT;

  for (int i = 0; i < gdk_display_get_n_monitors (display); i++)
    {
      GdkRectangle area;

      gdk_monitor_get_workarea (gdk_display_get_monitor (display, i), &area);
      width = MIN (width, area.width);
      height = MIN (height, area.height - UNSEEN);
    }
  gtk_window_set_default_size (window, width, height);
}

static void
build (Window *window)
{
  GtkWidget *content = gtk_dialog_get_content_area (window->dialog), *columns = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *settings = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6);

  window->rows = unclip_plugin_rows_new (window->descriptor, window->procedure, window->config, GIMP_PROCEDURE_DIALOG (window->dialog));
  gtk_box_pack_start (GTK_BOX (columns), picture_new (window), TRUE, TRUE, 0);
  window->note = sentence_new ();
  gtk_widget_set_no_show_all (window->note, TRUE);
  gtk_box_pack_start (GTK_BOX (settings), g_object_ref (unclip_plugin_rows_widget (window->rows)), TRUE, TRUE, 0);
  gtk_box_pack_start (GTK_BOX (settings), window->note, FALSE, FALSE, 0);
  /* Entries in it would like to grow, too: what there is belongs to the picture. */
  gtk_widget_set_hexpand (settings, FALSE);
  gtk_box_pack_start (GTK_BOX (columns), settings, FALSE, FALSE, 0);
  gtk_box_pack_start (GTK_BOX (content), columns, TRUE, TRUE, 0);
  gtk_widget_show (columns);
  gtk_widget_show (settings);
  gtk_widget_show (unclip_plugin_rows_widget (window->rows));
  if (window->strip != NULL)
    {
      window->run = gtk_dialog_add_button (window->dialog, _("Run"), RESPONSE_RUN);
      gtk_box_reorder_child (GTK_BOX (gtk_widget_get_parent (window->run)), window->run, 3);
    }
  set_size (GTK_WINDOW (window->dialog));
  g_signal_connect (window->dialog, "response", G_CALLBACK (respond), window);
  g_signal_connect_swapped (window->config, "notify", G_CALLBACK (on_settings), window);
}

/* The engine's thread is left to end by itself, which takes one step; nobody sees that. */
static void
close_window (Window *window)
{
  gtk_widget_hide (GTK_WIDGET (window->dialog));
  if (window->batch != NULL)
    g_cancellable_cancel (window->batch->cancellable);
  stop (window);
  while (window->work != IDLE || window->is_weighing)
    g_main_context_iteration (NULL, TRUE);
  if (window->weigh_later != 0)
    g_source_remove (window->weigh_later);
  g_signal_handlers_disconnect_by_data (window->config, window);
  unclip_plugin_rows_free (window->rows);
  gtk_widget_destroy (GTK_WIDGET (window->dialog));
  g_clear_pointer (&window->strip, unclip_plugin_strip_free);
}

static GimpValueArray *
values_of (Window *window)
{
  UnclipPluginJob *job = picked_job (window, 0);
  GimpValueArray  *values;

  /* What stood in the dialog was read. */
  if (window->descriptor->has_candidates)
    {
      g_ptr_array_add (job->settings.notes, NULL);
      g_strfreev (job->settings.read);
      job->settings.read = g_strdupv ((char **) job->settings.notes->pdata);
      g_ptr_array_set_size (job->settings.notes, (int) job->settings.notes->len - 1);
    }
  values = unclip_plugin_success (window->procedure, GIMP_RUN_INTERACTIVE, g_steal_pointer (&window->layers), &job->settings, job->model);
  unclip_plugin_where_set_values (window->procedure, window->config, values);
  if (window->descriptor->set_values != NULL)
    window->descriptor->set_values (job, values);
  if (window->descriptor->show != NULL)
    window->descriptor->show (job);
  return values;
}

GimpValueArray *
unclip_plugin_window_run (const UnclipPluginDescriptor *descriptor,
                          GimpProcedure                *procedure,
                          GimpProcedureConfig          *config,
                          GimpImage                    *image,
                          GimpDrawable                **drawables)
{
  Window          window = { .descriptor = descriptor, .procedure = procedure, .config = config, .image = image, .drawables = drawables };
  GimpValueArray *values;

  gimp_ui_init ("unclip");
  unclip_plugin_rows_fill_texts (procedure, config);
  window.picked = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_plugin_batch_unref);
  window.dialog = GTK_DIALOG (gimp_procedure_dialog_new (procedure, config, _(descriptor->title)));
  if (descriptor->has_candidates)
    gimp_procedure_dialog_set_ok_label (GIMP_PROCEDURE_DIALOG (window.dialog), _("_Insert"));
  build (&window);
  show_work (&window);
  update (&window);
  gimp_procedure_dialog_run (GIMP_PROCEDURE_DIALOG (window.dialog));

  close_window (&window);
  if (window.layers != NULL)
    values = values_of (&window);
  else
    values = gimp_procedure_new_return_values (procedure, GIMP_PDB_CANCEL, NULL);
  g_clear_pointer (&window.batch, unclip_plugin_batch_unref);
  g_clear_pointer (&window.shown_work, unclip_plugin_batch_unref);
  g_ptr_array_unref (window.picked);
  g_clear_object (&window.asked);
  g_free (window.found);
  return values;
}
