/* The end of an edit: from the decoder's squares to pictures of the size that was asked for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "candidates.h"
#include "framing.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Both small pictures, and the edited one as the upsampler shows it, laid over the original's own detail. @detail: (nullable): without
 * an upsampler it shows nothing */
static UnclipImage *
blend (UnclipRun *run, const UnclipImage *original, const UnclipImage *before, const float *after, const float *detail, GError **error)
{
  g_autoptr (UnclipImage) small = unclip_run_small_image (run, after, error);
  g_autoptr (UnclipImage) shown = small != NULL && detail != NULL ? unclip_run_image (detail, run->size, error) : NULL;

  if (small == NULL || (detail != NULL && shown == NULL))
    return NULL;
  return unclip_frame_blend (original, before, small, shown != NULL ? shown : small, run->options->n_threads, error);
}

/* Whether the decoder's pictures are not the results by themselves: an upsampler has to show the original's detail, or a codec loses some of it. */
static gboolean
keeps_detail (const UnclipRun *run)
{
  return run->upsamples || ! run->codec.is_lossless;
}

static gboolean
is_edited (const UnclipRun *run, const float *reconstruction, const float *after)
{
  return memcmp (reconstruction, after, run->n_state * sizeof (float)) != 0;
}

static UnclipImage *
copy (const UnclipImage *image, GError **error)
{
  UnclipImage *out = unclip_image_copy (image);

  if (out == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
  return out;
}

/* The states @after as @images: where an edit did nothing that is the reconstruction, the first of @images, itself. */
static gboolean
add_images (UnclipRun *run, GPtrArray *images, const float *reconstruction, const float *const *after, int n, GPtrArray *details,
            const UnclipImage *framed, const UnclipImage *original, GError **error)
{
  guint n_shown = 0;

  for (int i = 0; i < n; i++)
    {
      UnclipImage *image;

      if (! is_edited (run, reconstruction, after[i]))
        image = copy (images->pdata[0], error);
      else if (framed == NULL)
        image = unclip_run_small_image (run, after[i], error);
      else if (details == NULL)
        image = blend (run, framed, original, after[i], NULL, error);
      else
        {
          image = blend (run, framed, original, after[i], details->pdata[n_shown], error);
          g_clear_pointer (&details->pdata[n_shown++], g_free);
        }
      if (image == NULL)
        return FALSE;
      g_ptr_array_add (images, image);
    }
  return TRUE;
}

GPtrArray *
unclip_run_lay_over (UnclipRun *run, const float *high, const float *low, const float *reconstruction, const float *const *after, int n,
                   const guint64 *seeds, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (UnclipImage) original = NULL;
  g_autoptr (UnclipImage) framed = NULL;
  g_autoptr (UnclipImage) before = unclip_run_small_image (run, reconstruction, error);
  g_autofree const float **edited = g_new (const float *, n);
  g_autofree guint64      *their_seeds = g_new (guint64, n);
  UnclipImage *image;
  int          n_edited = 0;

  if (before == NULL)
    return NULL;
  if (! keeps_detail (run))
    {
      g_ptr_array_add (images, g_steal_pointer (&before));
      return add_images (run, images, reconstruction, after, n, NULL, NULL, NULL, error) ? g_steal_pointer (&images) : NULL;
    }

  framed = unclip_run_image (high, run->size, error);
  /* Of the same state there is the same picture. */
  original = framed == NULL ? NULL : is_edited (run, reconstruction, low) ? unclip_run_small_image (run, low, error) : copy (before, error);
  image = original != NULL ? unclip_frame_blend (framed, original, before, before, run->options->n_threads, error) : NULL;
  if (image == NULL)
    return NULL;
  g_ptr_array_add (images, image);
  if (! run->upsamples)
    return add_images (run, images, reconstruction, after, n, NULL, framed, original, error) ? g_steal_pointer (&images) : NULL;

  for (int i = 0; i < n; i++)
    if (is_edited (run, reconstruction, after[i]))
      {
        edited[n_edited] = after[i];
        their_seeds[n_edited++] = seeds[i];
      }
  details = unclip_run_upsample (run, edited, n_edited, their_seeds, error);
  return details != NULL && add_images (run, images, reconstruction, after, n, details, framed, original, error) ? g_steal_pointer (&images) : NULL;
}

GPtrArray *
unclip_run_finish (UnclipRun *run, const UnclipImage *x, const float *low, const float *reconstruction, const float *const *after, int n,
                   const guint64 *seeds, GError **error)
{
  g_autofree float *high = NULL;

  if (keeps_detail (run) && (high = unclip_run_picture (run, x, run->size, error)) == NULL)
    return NULL;
  if (run->candidates != NULL)
    return unclip_run_keep_candidates (run, after, n, seeds, g_steal_pointer (&high), low, reconstruction, error);
  return unclip_run_lay_over (run, high, low, reconstruction, after, n, seeds, error);
}

GPtrArray *
unclip_run_enlarge_all (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  g_autoptr (GPtrArray) details = NULL;

  if (run->upsamples)
    {
      details = unclip_run_upsample (run, squares, n, seeds, error);
      return details != NULL && unclip_run_images (images, details, run->size, error) ? g_steal_pointer (&images) : NULL;
    }
  for (int i = 0; i < n; i++)
    {
      UnclipImage *image = unclip_run_small_image (run, squares[i], error);

      if (image == NULL)
        return NULL;
      g_ptr_array_add (images, image);
    }
  return g_steal_pointer (&images);
}

GPtrArray *
unclip_run_finish_new (UnclipRun *run, const float *const *squares, int n, const guint64 *seeds, GError **error)
{
  if (run->candidates != NULL)
    return unclip_run_keep_candidates (run, squares, n, seeds, NULL, NULL, NULL, error);
  return unclip_run_enlarge_all (run, squares, n, seeds, error);
}
