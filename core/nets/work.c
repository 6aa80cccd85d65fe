/* See work.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "work.h"

#include <string.h>

#include <glib/gi18n-lib.h>

gboolean
unclip_work_run (UnclipWork          *work,
                 const BkArena       *store,
                 const UnclipWeights *weights,
                 const char          *what,
                 const int            shape[3],
                 UnclipForward        forward,
                 gpointer             call,
                 GError             **error)
{
  if (work->arena == NULL || memcmp (work->shape, shape, sizeof work->shape) != 0)
    {
      g_autoptr (BkArena) measure = unclip_arena_measuring (bk_arena_context (store));

      unclip_work_clear (work);
      forward (measure, call);
      memcpy (work->shape, shape, sizeof work->shape);
      if (bk_arena_is_measuring (store))
        {
          work->arena = g_steal_pointer (&measure);
          return TRUE;
        }

      work->arena = bk_arena_new (bk_arena_context (store), MAX (bk_arena_peak (measure), 1));
      if (work->arena == NULL)
        {
          g_autofree char *text = g_format_size (bk_arena_peak (measure));

          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
                       _("There is not enough memory for %s: a picture of this size takes %s to work on; close other programs, or choose a smaller size"),
                       what, text);
          return FALSE;
        }
    }

  forward (work->arena, call);
  return weights == NULL || unclip_weights_check (weights, error);
}

void
unclip_work_clear (UnclipWork *work)
{
  g_clear_pointer (&work->arena, bk_arena_free);
}

BkTensor
unclip_work_tensor (BkArena     *arena,
                    const float *data,
                    int          n,
                    int          h,
                    int          w,
                    int          c)
{
  return bk_arena_tensor (arena, (float *) data, n, h, w, c);
}
