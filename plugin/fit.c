/* See fit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fit.h"

#include <math.h>
#include <string.h>

/* Side of the sketches that are compared, and samples along a side for each of their pixels. */
#define SIDE 32
#define N_SAMPLES 3

/* A layer is surely taken for another than the likeliest one if it differs less than this share as much from what is
 * shown, and less than this of 1. */
#define SHARE 0.6
#define ALIKE 0.06

/* What was done to a layer: turned clockwise by quarters, then mirrored; or no more than its edges moved. */
typedef struct
{
  int      n_quarters;
  gboolean is_mirrored, is_cut;
} Change;

static const Change changes[] = {
  { 0, FALSE, FALSE }, { 1, FALSE, FALSE }, { 2, FALSE, FALSE }, { 3, FALSE, FALSE },
  { 0, TRUE, FALSE }, { 1, TRUE, FALSE }, { 2, TRUE, FALSE }, { 3, TRUE, FALSE },
  { 0, FALSE, TRUE }
};

/* 0 to 1. What is not a number is nothing, and would otherwise make all sketches equally far from each other. */
static float
in_range (float value)
{
  return value > 0 ? MIN (value, 1.0f) : 0.0f;
}

/* Brightness where there is something, of a layer in whatever shape: [SIDE, SIDE]. */
static void
sketch_taken (const UnclipPluginWork *work,
              float                  *sketch)
{
  const Babl *format = babl_format ("Y'A float");
  int         n = SIDE * N_SAMPLES;

  for (int i = 0; i < SIDE * SIDE; i++)
    sketch[i] = 0;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      {
        float pixel[2];

        unclip_plugin_pixels_get (&work->pixels, (int) ((gint64) x * work->pixels.width / n), (int) ((gint64) y * work->pixels.height / n), 1, format, pixel);
        sketch[y / N_SAMPLES * SIDE + x / N_SAMPLES] += in_range (pixel[0]) * in_range (pixel[1]) / (N_SAMPLES * N_SAMPLES);
      }
}

static gboolean
sketch_now (GimpLayer *layer,
            float     *sketch)
{
  int width, height, n;
  g_autoptr (GBytes) bytes = gimp_drawable_get_thumbnail_data (GIMP_DRAWABLE (layer), SIDE, SIDE, &width, &height, &n);
  const guint8 *pixels;

  if (bytes == NULL || width < 1 || height < 1 || g_bytes_get_size (bytes) < (gsize) width * height * n)
    return FALSE;
  pixels = g_bytes_get_data (bytes, NULL);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        const guint8 *pixel = pixels + ((gsize) (y * height / SIDE) * width + x * width / SIDE) * n;
        float         gray = n < 3 ? pixel[0] : 0.2126f * pixel[0] + 0.7152f * pixel[1] + 0.0722f * pixel[2];

        sketch[y * SIDE + x] = gray / 255 * (n % 2 == 0 ? pixel[n - 1] / 255.0f : 1);
      }
  return TRUE;
}

/* How far the layer is from what it would be after @change. */
static double
difference (const float            *now,
            const float            *taken,
            const Change           *change,
            const UnclipPluginWork *work,
            const GeglRectangle    *place)
{
  double sum = 0;

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        double u = (x + 0.5) / SIDE, v = (y + 0.5) / SIDE, there = 0;

        if (change->is_mirrored)
          u = 1 - u;
        for (int i = 0; i < change->n_quarters; i++)
          {
            double back = u;

            u = v;
            v = 1 - back;
          }
        if (change->is_cut)
          {
            u = (place->x + u * place->width - work->x) / work->pixels.width;
            v = (place->y + v * place->height - work->y) / work->pixels.height;
          }
        if (u >= 0 && u < 1 && v >= 0 && v < 1)
          there = taken[(int) (v * SIDE) * SIDE + (int) (u * SIDE)];
        sum += fabs (there - now[y * SIDE + x]);
      }
  return sum / (SIDE * SIDE);
}

static const Change *
find_change (const UnclipPluginWork *work,
             GimpLayer              *layer,
             const GeglRectangle    *place)
{
  gboolean         is_same_size = place->width == work->pixels.width && place->height == work->pixels.height;
  g_autofree float *now = g_new (float, SIDE * SIDE), *taken = g_new (float, SIDE * SIDE);
  const Change     *likeliest = &changes[0], *best;
  double            least;

  /* On a canvas that is as it was the layer's edges will have moved. */
  if (! is_same_size && gimp_image_get_width (work->image) == work->image_width && gimp_image_get_height (work->image) == work->image_height)
    likeliest = &changes[G_N_ELEMENTS (changes) - 1];
  if (! sketch_now (layer, now))
    return likeliest;
  sketch_taken (work, taken);
  best = likeliest;
  least = MIN (difference (now, taken, likeliest, work, place) * SHARE, ALIKE);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      double d = difference (now, taken, &changes[i], work, place);

      if (d < least)
        {
          best = &changes[i];
          least = d;
        }
    }
  return best;
}

/* Where in what was taken the pixels of a cropped layer are. */
static gboolean
find_part (const UnclipPluginWork *work,
           GimpLayer              *layer,
           int                    *x,
           int                    *y)
{
  GimpLayer         *copy = gimp_layer_copy (layer);
  UnclipPluginPixels part = { 0 };
  gboolean           is_found = FALSE;

  if (copy != NULL && unclip_plugin_pixels_take (&part, GIMP_DRAWABLE (copy), NULL) && part.format == work->pixels.format)
    {
      gsize size = babl_format_get_bytes_per_pixel (part.format), row_size = part.width * size;

      for (*y = 0; *y <= work->pixels.height - part.height && ! is_found; ++*y)
        for (*x = 0; *x <= work->pixels.width - part.width && ! is_found; ++*x)
          {
            int row = 0;

            while (row < part.height
                   && memcmp (unclip_plugin_pixels_row (&part, row), unclip_plugin_pixels_row (&work->pixels, *y + row) + *x * size, row_size) == 0)
              row++;
            is_found = row == part.height;
          }
      --*x;
      --*y;
    }
  unclip_plugin_pixels_clear (&part);
  if (copy != NULL)
    gimp_item_delete (GIMP_ITEM (copy));
  return is_found;
}

void
unclip_plugin_fit (GimpLayer              *result,
                   const UnclipPluginWork *work,
                   GimpLayer              *now)
{
  static const GimpRotationType turns[] = { 0, GIMP_ROTATE_DEGREES90, GIMP_ROTATE_DEGREES180, GIMP_ROTATE_DEGREES270 };
  GeglRectangle place;
  const Change *change;
  int           x, y;

  gimp_drawable_get_offsets (GIMP_DRAWABLE (now), &place.x, &place.y);
  place.width = gimp_drawable_get_width (GIMP_DRAWABLE (now));
  place.height = gimp_drawable_get_height (GIMP_DRAWABLE (now));
  if ((place.width < work->pixels.width || place.height < work->pixels.height) && find_part (work, now, &x, &y))
    {
      gimp_layer_set_offsets (result, place.x - x, place.y - y);
      return;
    }
  change = find_change (work, now, &place);
  if (change->is_cut)
    {
      gimp_layer_set_offsets (result, work->x, work->y);
      return;
    }
  if (change->n_quarters != 0)
    gimp_item_transform_rotate_simple (GIMP_ITEM (result), turns[change->n_quarters], TRUE, 0, 0);
  if (change->is_mirrored)
    gimp_item_transform_flip_simple (GIMP_ITEM (result), GIMP_ORIENTATION_HORIZONTAL, TRUE, 0);
  if (gimp_drawable_get_width (GIMP_DRAWABLE (result)) != place.width || gimp_drawable_get_height (GIMP_DRAWABLE (result)) != place.height)
    gimp_layer_scale (result, place.width, place.height, FALSE);
  gimp_layer_set_offsets (result, place.x, place.y);
}
