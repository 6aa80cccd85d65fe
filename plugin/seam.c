/* See seam.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "seam.h"

/* What is added is smooth: so many cells a side hold it. */
#define SIDE 64
/* Over-relaxation for a side of 64, and rounds until nothing moves by a thousandth. */
#define OMEGA 1.9
#define N_ROUNDS 200

/* An UnclipRows' read; @data is the work. */
static gboolean
read_selection (int       y,
                int       n,
                float    *rows,
                gpointer  data,
                GError  **error)
{
  const UnclipPluginWork *work = data;
  int                     width = work->rect.width;
  g_autofree float       *row = g_new (float, width);

  for (int i = 0; i < n; i++)
    {
      unclip_plugin_pixels_get (&work->selection, work->rect.x, work->rect.y + y + i, width, babl_format ("Y float"), row);
      for (int x = 0; x < width; x++)
        for (int c = 0; c < 3; c++)
          rows[((gsize) i * width + x) * 3 + c] = row[x];
    }
  return TRUE;
}

/* @rows as a square; transfer full. */
static UnclipImage *
frame (const UnclipRows *rows,
       int               side,
       UnclipFraming     framing,
       GError          **error)
{
  g_autoptr (UnclipImage) small = unclip_frame_reduce (rows, framing, NULL, error);

  return small != NULL ? unclip_frame_square (small, side, framing, error) : NULL;
}

/* Where the pixels of cell @i begin. */
static int
begin_of (int i,
          int side)
{
  return (int) ((gint64) i * side / SIDE);
}

/* What @after lacks in each cell: [SIDE, SIDE, 3]. */
static void
compare (const UnclipImage *before,
         const UnclipImage *after,
         float             *lack)
{
  int side = after->width;

  for (int j = 0; j < SIDE; j++)
    for (int i = 0; i < SIDE; i++)
      {
        int    left = begin_of (i, side), right = MAX (begin_of (i + 1, side), left + 1), top = begin_of (j, side), bottom = MAX (begin_of (j + 1, side), top + 1);
        double sum[3] = { 0, 0, 0 };

        for (int y = top; y < bottom; y++)
          for (int x = left; x < right; x++)
            for (int c = 0; c < 3; c++)
              sum[c] += (double) before->pixels[((gsize) y * side + x) * before->n_channels + c] - after->pixels[((gsize) y * side + x) * after->n_channels + c];
        for (int c = 0; c < 3; c++)
          lack[(j * SIDE + i) * 3 + c] = (float) (sum[c] / ((double) (right - left) * (bottom - top)));
      }
}

/* Inside of the selection each cell becomes the mean of its neighbours. */
static void
relax (float             *values,
       const UnclipImage *selection)
{
  for (int round = 0; round < N_ROUNDS; round++)
    for (int j = 0; j < SIDE; j++)
      for (int i = 0; i < SIDE; i++)
        {
          if (selection->pixels[(j * SIDE + i) * selection->n_channels] <= 0.5f)
            continue;
          for (int c = 0; c < 3; c++)
            {
              float *value = values + (j * SIDE + i) * 3 + c;
              double sum = 0;
              int    n = 0;

              if (i > 0)
                sum += value[-3], n++;
              if (i < SIDE - 1)
                sum += value[3], n++;
              if (j > 0)
                sum += value[-3 * SIDE], n++;
              if (j < SIDE - 1)
                sum += value[3 * SIDE], n++;
              *value += (float) (OMEGA * (sum / n - *value));
            }
        }
}

/* Whether the model sees anything that is not selected. */
static gboolean
has_seam (const UnclipImage *selection)
{
  for (int i = 0; i < SIDE * SIDE; i++)
    if (selection->pixels[i * selection->n_channels] <= 0.5f)
      return TRUE;
  return FALSE;
}

/* Between the middles of cells. */
static float
value_at (const float *values,
          double       u,
          double       v,
          int          c)
{
  double x = CLAMP (u * SIDE - 0.5, 0, SIDE - 1), y = CLAMP (v * SIDE - 0.5, 0, SIDE - 1);
  int    i = MIN ((int) x, SIDE - 2), j = MIN ((int) y, SIDE - 2);
  double a = x - i, b = y - j;
  const float *p = values + (j * SIDE + i) * 3 + c;

  return (float) ((1 - b) * ((1 - a) * p[0] + a * p[3]) + b * ((1 - a) * p[3 * SIDE] + a * p[3 * SIDE + 3]));
}

UnclipImage *
unclip_plugin_seam_match (const UnclipPluginWork *work,
                          const UnclipImage      *before,
                          const UnclipImage      *after,
                          UnclipFraming           framing,
                          GError                **error)
{
  UnclipRows mask = { work->rect.width, work->rect.height, 3, read_selection, (gpointer) work }, rows = unclip_plugin_work_rows (work);
  int        side = after->width;
  g_autoptr (UnclipImage) selection = frame (&mask, SIDE, framing, error);
  g_autoptr (UnclipImage) own = selection != NULL && before == NULL ? frame (&rows, side, framing, error) : NULL;
  g_autofree float *values = g_new (float, SIDE * SIDE * 3);
  UnclipImage      *matched;

  if (selection == NULL || (before == NULL && own == NULL))
    return NULL;
  matched = unclip_image_copy (after);
  if (matched == NULL || ! has_seam (selection))
    return matched;
  compare (before != NULL ? before : own, after, values);
  relax (values, selection);
  for (int y = 0; y < side; y++)
    for (int x = 0; x < side; x++)
      for (int c = 0; c < 3; c++)
        {
          float *value = matched->pixels + ((gsize) y * side + x) * matched->n_channels + c;
          float  sum = *value + value_at (values, (x + 0.5) / side, (y + 0.5) / side, c);

          *value = CLAMP (sum, 0.0f, 1.0f);
        }
  return matched;
}
