/* The end of an edit: from the decoder's squares to pictures of the size that was asked for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "framing.h"

#include <glib/gi18n-lib.h>

/* Both small pictures, and the edited one as the upsampler shows it, laid over the original's own detail. */
static UnclipImage *
blend (const UnclipImage *original, const UnclipImage *before, const float *after, int low_size, const float *detail, int size, int n_threads, GError **error)
{
  g_autoptr (UnclipImage) small = unclip_run_image (after, low_size, error);
  g_autoptr (UnclipImage) shown = small != NULL ? unclip_run_image (detail, size, error) : NULL;

  return shown != NULL ? unclip_frame_blend (original, before, small, shown, n_threads, error) : NULL;
}

GPtrArray *
unclip_run_finish (UnclipRun *run, const UnclipImage *x, const float *low, const float *reconstruction, const float *const *after, int n,
                   const guint64 *seeds, GError **error)
{
  g_autoptr (GPtrArray) images = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
  g_autoptr (UnclipImage) original = NULL;
  g_autoptr (UnclipImage) framed = NULL;
  g_autoptr (UnclipImage) before = unclip_run_image (reconstruction, run->low_size, error);
  g_autofree float *details = NULL;
  UnclipImage *image;

  if (before == NULL)
    return NULL;
  if (! run->upsamples)
    {
      g_ptr_array_add (images, g_steal_pointer (&before));
      for (int i = 0; i < n; i++)
        {
          image = unclip_run_image (after[i], run->low_size, error);
          if (image == NULL)
            return NULL;
          g_ptr_array_add (images, image);
        }
      return g_steal_pointer (&images);
    }

  {
    g_autofree float *high = unclip_run_picture (run, x, run->size, error);

    framed = high != NULL ? unclip_run_image (high, run->size, error) : NULL;
  }
  original = framed != NULL ? unclip_run_image (low, run->low_size, error) : NULL;
  image = original != NULL ? unclip_frame_blend (framed, original, before, before, run->options->n_threads, error) : NULL;
  if (image == NULL)
    return NULL;
  g_ptr_array_add (images, image);

  details = unclip_run_upsample (run, after, n, seeds, error);
  if (details == NULL)
    return NULL;
  for (int i = 0; i < n; i++)
    {
      image = blend (framed, original, after[i], run->low_size, details + i * (gsize) run->size * run->size * 3, run->size, run->options->n_threads, error);
      if (image == NULL)
        return NULL;
      g_ptr_array_add (images, image);
    }
  return g_steal_pointer (&images);
}
