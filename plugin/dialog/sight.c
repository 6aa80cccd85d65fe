/* See sight.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/sight.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Pixels of the longer side: what a large screen has for a preview, and the way back of a square to it takes some hundredths of a second. */
#define MAX_SIDE 768
/* Side where nothing is worked on. */
#define BLANK_SIDE 256
#define BLANK_GRAY 0.5f

/* ---- averages of pixels -------------------------------------------------------------------------------- */

/* From @from pixels to @to, not more: the first of those that come to @i. */
static int
first_of (int i,
          int from,
          int to)
{
  return (int) ((gint64) i * from / to);
}

/* A row of what was read, added to sums [to, n + 1], the last of which is the weight. Colours count as much as they are seen. */
static void
add_row (float       *sums,
         const float *row,
         int          from,
         int          to,
         int          n)
{
  for (int i = 0; i < to; i++)
    for (int x = first_of (i, from, to); x < first_of (i + 1, from, to); x++)
      {
        const float *pixel = row + (gsize) x * n;
        float        weight = n == 4 ? CLAMP (pixel[3], 0, 1) : 1;

        for (int c = 0; c < MIN (n, 3); c++)
          sums[i * (n + 1) + c] += weight * CLAMP (pixel[c], 0, 1);
        if (n == 4)
          sums[i * (n + 1) + 3] += weight;
        sums[i * (n + 1) + n] += n == 4 ? 1 : weight;
      }
}

static void
average (float *out,
         float *sums,
         int    to,
         int    n)
{
  for (int i = 0; i < to; i++)
    {
      float *sum = sums + i * (n + 1), count = MAX (sum[n], 1e-6f), seen = n == 4 ? MAX (sum[3], 1e-6f) : count;

      for (int c = 0; c < n; c++)
        out[i * n + c] = sum[c] / (c == 3 ? count : seen);
      memset (sum, 0, (n + 1) * sizeof (float));
    }
}

/* Reads @n values a pixel of the row @y of the work rectangle. */
typedef void (*ReadRow) (const UnclipPluginWork *work, int y, float *row);

static void
read_colors (const UnclipPluginWork *work,
             int                     y,
             float                  *row)
{
  unclip_plugin_pixels_get (&work->pixels, work->rect.x, work->rect.y + y, work->rect.width, unclip_plugin_work_format (work), row);
}

static void
read_selected (const UnclipPluginWork *work,
               int                     y,
               float                  *row)
{
  unclip_plugin_pixels_get (&work->selection, work->rect.x, work->rect.y + y, work->rect.width, babl_format ("Y float"), row);
}

static void
shrink (const UnclipPluginWork *work,
        ReadRow                 read,
        int                     n,
        int                     width,
        int                     height,
        float                  *out)
{
  g_autofree float *row = g_new (float, (gsize) work->rect.width * n), *sums = g_new0 (float, (gsize) width * (n + 1));

  for (int i = 0; i < height; i++)
    {
      for (int y = first_of (i, work->rect.height, height); y < first_of (i + 1, work->rect.height, height); y++)
        {
          read (work, y, row);
          add_row (sums, row, work->rect.width, width, n);
        }
      average (out + (gsize) i * width * n, sums, width, n);
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------- */

static gboolean
fill_blank (UnclipPluginSight      *sight,
            const UnclipPluginWork *work)
{
  int   width = work->selection.rows != NULL ? work->selection.width : BLANK_SIDE;
  int   height = work->selection.rows != NULL ? work->selection.height : BLANK_SIDE;
  float scale = MIN (1.0f, (float) MAX_SIDE / MAX (width, height));

  sight->is_blank = TRUE;
  sight->picture = unclip_image_new (MAX ((int) (width * scale), 1), MAX ((int) (height * scale), 1), 3);
  for (gsize i = 0; sight->picture != NULL && i < (gsize) sight->picture->width * sight->picture->height * 3; i++)
    sight->picture->pixels[i] = BLANK_GRAY;
  return sight->picture != NULL;
}

static gboolean
fill (UnclipPluginSight      *sight,
      const UnclipPluginWork *work)
{
  float scale = MIN (1.0f, (float) MAX_SIDE / MAX (work->rect.width, work->rect.height));
  int   width = MAX ((int) (work->rect.width * scale), 1), height = MAX ((int) (work->rect.height * scale), 1);
  int   n = babl_format_get_n_components (unclip_plugin_work_format (work));

  sight->picture = unclip_image_new (width, height, n);
  if (sight->picture == NULL)
    return FALSE;
  shrink (work, read_colors, n, width, height, sight->picture->pixels);
  if (work->selection.rows == NULL)
    return TRUE;
  sight->selected = g_new (float, (gsize) width * height);
  shrink (work, read_selected, 1, width, height, sight->selected);
  return TRUE;
}

UnclipPluginSight *
unclip_plugin_sight_new (const UnclipPluginWork *work,
                         UnclipFraming           framing,
                         GError                **error)
{
  g_autoptr (UnclipPluginSight) sight = g_atomic_rc_box_new0 (UnclipPluginSight);

  sight->framing = framing;
  if (work->is_blank ? fill_blank (sight, work) : fill (sight, work))
    return g_steal_pointer (&sight);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the preview"));
  return NULL;
}

UnclipPluginSight *
unclip_plugin_sight_ref (UnclipPluginSight *sight)
{
  return g_atomic_rc_box_acquire (sight);
}

static void
clear (gpointer data)
{
  UnclipPluginSight *sight = data;

  unclip_image_free (sight->picture);
  g_free (sight->selected);
}

void
unclip_plugin_sight_unref (UnclipPluginSight *sight)
{
  g_atomic_rc_box_release_full (sight, clear);
}

UnclipImage *
unclip_plugin_sight_edited (const UnclipPluginSight *sight,
                            const UnclipImage       *before,
                            const UnclipImage       *after,
                            GError                 **error)
{
  UnclipImage *edited;
  gsize        n;

  /* A new picture that is as large as the model makes it. */
  if (sight->is_blank && sight->picture->width == sight->picture->height)
    return unclip_image_copy (after);
  edited = unclip_frame_return (sight->picture, before, after, sight->framing, error);
  if (edited == NULL || sight->selected == NULL)
    return edited;
  n = edited->n_channels;
  for (gsize i = 0; i < (gsize) edited->width * edited->height * n; i++)
    edited->pixels[i] = sight->picture->pixels[i] + sight->selected[i / n] * (edited->pixels[i] - sight->picture->pixels[i]);
  return edited;
}
