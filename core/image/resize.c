/* Bicubic resizing, as Pillow does it on bytes and as torch does it on floats. Both are antialiased: when a
 * picture shrinks, the kernel (a = -0.5) widens with it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "image.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

void
unclip_taps_clear (UnclipTaps *taps)
{
  g_clear_pointer (&taps->first, g_free);
  g_clear_pointer (&taps->count, g_free);
  g_clear_pointer (&taps->weights, g_free);
}

static double
cubic (double x)
{
  const double a = -0.5;

  x = fabs (x);
  if (x < 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2)
    return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

gboolean
unclip_taps_init (UnclipTaps *taps, int size, int new_size)
{
  double scale = (double) size / new_size, filter_scale = MAX (scale, 1.0), support = 2.0 * filter_scale;
  gsize  room;

  taps->n_taps = (int) ceil (support) * 2 + 1;
  taps->first = g_try_new (int, new_size);
  taps->count = g_try_new (int, new_size);
  taps->weights = g_size_checked_mul (&room, new_size, taps->n_taps) ? g_try_new0 (double, room) : NULL;
  if (taps->first == NULL || taps->count == NULL || taps->weights == NULL)
    return FALSE;

  for (int i = 0; i < new_size; i++)
    {
      double  centre = (i + 0.5) * scale, sum = 0;
      int     first = MAX ((int) (centre - support + 0.5), 0);
      int     end = MIN ((int) (centre + support + 0.5), size);
      double *weights = taps->weights + (gsize) i * taps->n_taps;

      taps->first[i] = first;
      taps->count[i] = end - first;
      for (int k = 0; k < end - first; k++)
        sum += weights[k] = cubic ((k + first - centre + 0.5) / filter_scale);
      for (int k = 0; k < end - first; k++)
        weights[k] /= sum; /* the part of the kernel that lies outside goes to those inside */
    }
  return TRUE;
}

static gboolean
no_memory (GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory to resize the picture"));
  return FALSE;
}

/* Pillow's fixed point: 8 bits of picture and 2 of room leave 22 of 32 for the weight. */
#define BITS 22

static int
to_fixed (double weight)
{
  return (int) (weight < 0 ? weight * (1 << BITS) - 0.5 : weight * (1 << BITS) + 0.5);
}

/* One pass along a row or column of pixels @in_step bytes apart. */
static void
resize_line_u8 (const guint8 *in, gsize in_step, guint8 *out, gsize out_step, int new_size, int c, const UnclipTaps *taps)
{
  for (int i = 0; i < new_size; i++)
    for (int k = 0; k < c; k++)
      {
        const double *weights = taps->weights + (gsize) i * taps->n_taps;
        gint64        sum = 1 << (BITS - 1);

        for (int t = 0; t < taps->count[i]; t++)
          sum += (gint64) in[(gsize) (taps->first[i] + t) * in_step + k] * to_fixed (weights[t]);
        out[(gsize) i * out_step + k] = (guint8) CLAMP (sum >> BITS, 0, 255);
      }
}

gboolean
unclip_resize_u8 (const guint8 *in, int w, int h, int c, guint8 *out, int new_w, int new_h, GError **error)
{
  g_auto (UnclipTaps) across = { 0 };
  g_auto (UnclipTaps) down = { 0 };
  g_autofree guint8 *middle = NULL;
  gsize size;

  if (! unclip_taps_init (&across, w, new_w) || ! unclip_taps_init (&down, h, new_h)
      || ! g_size_checked_mul (&size, (gsize) new_w * c, h) || (middle = g_try_malloc (size)) == NULL)
    return no_memory (error);

  for (int y = 0; y < h; y++)
    resize_line_u8 (in + (gsize) y * w * c, c, middle + (gsize) y * new_w * c, c, new_w, c, &across);
  for (int x = 0; x < new_w; x++)
    resize_line_u8 (middle + (gsize) x * c, (gsize) new_w * c, out + (gsize) x * c, (gsize) new_w * c, new_h, c, &down);
  return TRUE;
}

static void
resize_line_f32 (const float *in, gsize in_step, float *out, gsize out_step, int new_size, int c, const UnclipTaps *taps)
{
  for (int i = 0; i < new_size; i++)
    for (int k = 0; k < c; k++)
      {
        const double *weights = taps->weights + (gsize) i * taps->n_taps;
        double        sum = 0;

        for (int t = 0; t < taps->count[i]; t++)
          sum += in[(gsize) (taps->first[i] + t) * in_step + k] * weights[t];
        out[(gsize) i * out_step + k] = (float) sum;
      }
}

gboolean
unclip_resize_f32 (const float *in, int n, int w, int h, int c, float *out, int new_w, int new_h, GError **error)
{
  g_auto (UnclipTaps) across = { 0 };
  g_auto (UnclipTaps) down = { 0 };
  g_autofree float *middle = NULL;
  gsize size;

  if (! unclip_taps_init (&across, w, new_w) || ! unclip_taps_init (&down, h, new_h)
      || ! g_size_checked_mul (&size, (gsize) new_w * c, h) || (middle = g_try_new (float, size)) == NULL)
    return no_memory (error);

  for (int i = 0; i < n; i++)
    {
      const float *picture = in + (gsize) i * w * h * c;
      float       *result = out + (gsize) i * new_w * new_h * c;

      for (int y = 0; y < h; y++)
        resize_line_f32 (picture + (gsize) y * w * c, c, middle + (gsize) y * new_w * c, c, new_w, c, &across);
      for (int x = 0; x < new_w; x++)
        resize_line_f32 (middle + (gsize) x * c, (gsize) new_w * c, result + (gsize) x * c, (gsize) new_w * c, new_h, c, &down);
    }
  return TRUE;
}
