/* From a picture of any shape to the model's square, and back.
 *
 * The way back keeps the picture's own fine detail: the model sees a small square, so whatever it did not
 * change is taken from the original, and only what it did change is enlarged from its result.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* A pixel that is less opaque than this says nothing of its colour. */
#define CLEAR 1e-3f

/* Differences of colour, of 1, that the eye does not see, and those that are surely an edit. */
#define UNCHANGED 0.02f
#define CHANGED 0.10f

static UnclipImage *
image_new (int width, int height, int n_channels, GError **error)
{
  UnclipImage *image = unclip_image_new (width, height, n_channels);

  if (image == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a picture of %d × %d"), width, height);
  return image;
}

static gboolean
check_image (const UnclipImage *image, GError **error)
{
  if (image != NULL && image->width > 0 && image->height > 0 && image->pixels != NULL
      && (image->n_channels == 3 || image->n_channels == 4))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("A picture must have at least one pixel, and 3 or 4 channels"));
  return FALSE;
}

static UnclipImage *
resize (const UnclipImage *image, int width, int height, GError **error)
{
  g_autoptr (UnclipImage) out = NULL;

  if (image->width == width && image->height == height)
    return unclip_image_copy (image);
  out = image_new (width, height, image->n_channels, error);
  if (out == NULL || ! unclip_resize_f32 (image->pixels, 1, image->width, image->height, image->n_channels, out->pixels, width, height, error))
    return NULL;
  return g_steal_pointer (&out);
}

/* ---- holes ------------------------------------------------------------------------------------- */

/* RGB weighted with alpha, [h, w, 4], to colours everywhere: where there is none, that of the next coarser
 * picture (pull and push). */
static gboolean
fill_holes (UnclipImage *weighted, GError **error)
{
  g_autoptr (UnclipImage) coarse = NULL;
  int w = weighted->width, h = weighted->height;

  if (w > 1 || h > 1)
    {
      coarse = image_new ((w + 1) / 2, (h + 1) / 2, 4, error);
      if (coarse == NULL)
        return FALSE;
      for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
          for (int c = 0; c < 4; c++)
            coarse->pixels[((gsize) (y / 2) * coarse->width + x / 2) * 4 + c] += weighted->pixels[((gsize) y * w + x) * 4 + c];
      if (! fill_holes (coarse, error))
        return FALSE;
    }

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      {
        float       *pixel = weighted->pixels + ((gsize) y * w + x) * 4;
        const float *below = coarse != NULL ? coarse->pixels + ((gsize) (y / 2) * coarse->width + x / 2) * 4 : NULL;

        for (int c = 0; c < 3; c++)
          {
            /* Nothing anywhere: white, the colour of paper. */
            float around = below != NULL ? below[c] : 1.0f;

            pixel[c] = pixel[3] > CLEAR ? pixel[c] / pixel[3] : around;
          }
      }
  return TRUE;
}

/* Resized to @width x @height, in colours that no transparent pixel has touched; alpha as a fourth channel
 * if @image has one. */
static UnclipImage *
resize_filled (const UnclipImage *image, int width, int height, GError **error)
{
  g_autoptr (UnclipImage) weighted = NULL;
  g_autoptr (UnclipImage) small = NULL;

  if (image->n_channels == 3)
    return resize (image, width, height, error);

  weighted = unclip_image_copy (image);
  if (weighted == NULL)
    return image_new (-1, -1, 4, error);
  for (gsize i = 0; i < (gsize) image->width * image->height; i++)
    for (int c = 0; c < 3; c++)
      weighted->pixels[4 * i + c] *= weighted->pixels[4 * i + 3];
  small = resize (weighted, width, height, error);
  if (small == NULL || ! fill_holes (small, error))
    return NULL;
  return g_steal_pointer (&small);
}

/* ---- squares ----------------------------------------------------------------------------------------- */

/* Where the picture lies in its square, in the square's pixels; may reach beyond it (CROP). */
typedef struct
{
  int x, y, width, height;
} Place;

static Place
place_of (int width, int height, int size, UnclipFraming framing)
{
  double longest = MAX (width, height), shortest = MIN (width, height);
  double scale = size / (framing == UNCLIP_FRAMING_CROP ? shortest : longest);
  Place  place = { 0, 0, size, size };

  if (framing == UNCLIP_FRAMING_STRETCH)
    return place;
  place.width = MAX ((int) rint (width * scale), 1);
  place.height = MAX ((int) rint (height * scale), 1);
  place.x = (size - place.width) / 2;
  place.y = (size - place.height) / 2;
  return place;
}

/* The middle square of a long picture, before it is resized: no more pixels than needed. */
static UnclipImage *
crop_middle (const UnclipImage *image, GError **error)
{
  int          side = MIN (image->width, image->height);
  int          left = (image->width - side) / 2, top = (image->height - side) / 2;
  UnclipImage *out = image_new (side, side, image->n_channels, error);

  for (int y = 0; out != NULL && y < side; y++)
    memcpy (out->pixels + (gsize) y * side * image->n_channels,
            image->pixels + ((gsize) (y + top) * image->width + left) * image->n_channels,
            (gsize) side * image->n_channels * sizeof (float));
  return out;
}

UnclipImage *
unclip_frame_square (const UnclipImage *image, int size, UnclipFraming framing, GError **error)
{
  g_autoptr (UnclipImage) middle = NULL;
  g_autoptr (UnclipImage) resized = NULL;
  g_autoptr (UnclipImage) square = NULL;
  Place place;

  if (! check_image (image, error))
    return NULL;
  if (framing == UNCLIP_FRAMING_CROP)
    {
      middle = crop_middle (image, error);
      if (middle == NULL)
        return NULL;
      image = middle;
    }
  place = place_of (image->width, image->height, size, framing);
  resized = resize_filled (image, place.width, place.height, error);
  square = resized != NULL ? image_new (size, size, image->n_channels, error) : NULL;
  if (square == NULL)
    return NULL;

  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      {
        int sx = CLAMP (x - place.x, 0, place.width - 1), sy = CLAMP (y - place.y, 0, place.height - 1);

        memcpy (square->pixels + ((gsize) y * size + x) * image->n_channels,
                resized->pixels + ((gsize) sy * place.width + sx) * image->n_channels, image->n_channels * sizeof (float));
      }
  return g_steal_pointer (&square);
}

/* ---- the way back ------------------------------------------------------------------------------------- */

/* The part of a square that the picture fills, at the picture's own size: [height, width, n_channels].
 * Under CROP that is the middle of it, and the rest is left 0. */
static UnclipImage *
unframe (const UnclipImage *square, int width, int height, UnclipFraming framing, GError **error)
{
  g_autoptr (UnclipImage) part = NULL;
  g_autoptr (UnclipImage) fitted = NULL;
  UnclipImage *out;
  int side = MIN (width, height), n = square->n_channels;

  if (framing == UNCLIP_FRAMING_CROP)
    {
      int left = (width - side) / 2, top = (height - side) / 2;

      fitted = resize (square, side, side, error);
      out = fitted != NULL ? image_new (width, height, n, error) : NULL;
      for (int y = 0; out != NULL && y < side; y++)
        memcpy (out->pixels + ((gsize) (y + top) * width + left) * n, fitted->pixels + (gsize) y * side * n, (gsize) side * n * sizeof (float));
      return out;
    }

  if (framing == UNCLIP_FRAMING_PAD)
    {
      Place place = place_of (width, height, square->width, framing);

      part = image_new (place.width, place.height, n, error);
      if (part == NULL)
        return NULL;
      for (int y = 0; y < place.height; y++)
        memcpy (part->pixels + (gsize) y * place.width * n, square->pixels + ((gsize) (y + place.y) * square->width + place.x) * n,
                (gsize) place.width * n * sizeof (float));
      return resize (part, width, height, error);
    }
  return resize (square, width, height, error);
}

static float
smooth_step (float from, float to, float value)
{
  float t = CLAMP ((value - from) / (to - from), 0.0f, 1.0f);

  return t * t * (3.0f - 2.0f * t);
}

/* Mean over a square of 2 r + 1 pixels, or its largest value. */
static void
neighbourhood (float *out, const float *in, int size, int r, gboolean largest)
{
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      {
        float sum = 0, most = 0;
        int   n = 0;

        for (int dy = -r; dy <= r; dy++)
          for (int dx = -r; dx <= r; dx++)
            {
              int sx = x + dx, sy = y + dy;

              if (sx < 0 || sy < 0 || sx >= size || sy >= size)
                continue;
              sum += in[sy * size + sx];
              most = MAX (most, in[sy * size + sx]);
              n++;
            }
        out[y * size + x] = largest ? most : sum / n;
      }
}

/* [size, size, 4]: the difference of two squares, and how surely a pixel was edited, 0 to 1. */
static UnclipImage *
difference (const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, GError **error)
{
  int          size = before->width, r = MAX (size / 64, 1);
  UnclipImage *out = image_new (size, size, 4, error);
  g_autofree float *a = g_new (float, (gsize) size * size), *b = g_new (float, (gsize) size * size);

  if (out == NULL)
    return NULL;
  for (gsize i = 0; i < (gsize) size * size; i++)
    {
      float most = 0;

      for (int c = 0; c < 3; c++)
        {
          float d = after->pixels[i * after->n_channels + c] - before->pixels[i * before->n_channels + c];

          out->pixels[4 * i + c] = d;
          most = MAX (most, fabsf (d));
        }
      a[i] = smooth_step (UNCHANGED, CHANGED, most);
    }
  /* An edited object takes its rim along, and ends softly. */
  neighbourhood (b, a, size, r, TRUE);
  neighbourhood (a, b, size, r, FALSE);
  for (int y = 0; y < size; y++)
    for (int x = 0; x < size; x++)
      {
        float *pixel = out->pixels + ((gsize) y * size + x) * 4;
        float  edge = 1.0f, most = MAX (fabsf (pixel[0]), MAX (fabsf (pixel[1]), fabsf (pixel[2])));

        /* A cropped square meets the untouched rest of the picture at its rim. */
        if (framing == UNCLIP_FRAMING_CROP)
          edge = smooth_step (-0.5f, 2.0f * r + 0.5f, MIN (MIN (x, y), MIN (size - 1 - x, size - 1 - y)));
        pixel[3] = a[y * size + x] * edge;
        /* What is too small to be seen is the network's rounding and not an edit. */
        for (int c = 0; c < 3; c++)
          pixel[c] *= smooth_step (0.25f * UNCHANGED, UNCHANGED, MAX (most, pixel[3] * UNCHANGED)) * edge;
      }
  return out;
}

UnclipImage *
unclip_frame_blend (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, const UnclipImage *detail,
                    UnclipFraming framing, GError **error)
{
  g_autoptr (UnclipImage) edit = NULL;
  g_autoptr (UnclipImage) delta = NULL;
  g_autoptr (UnclipImage) shown = NULL;
  UnclipImage *out;
  int n = original->n_channels;

  if (! check_image (original, error) || ! check_image (before, error) || ! check_image (after, error) || ! check_image (detail, error))
    return NULL;
  g_return_val_if_fail (before->width == before->height && after->width == before->width && after->height == before->height, NULL);

  edit = difference (before, after, framing, error);
  delta = edit != NULL ? unframe (edit, original->width, original->height, framing, error) : NULL;
  shown = delta != NULL ? unframe (detail, original->width, original->height, framing, error) : NULL;
  out = shown != NULL ? unclip_image_copy (original) : NULL;
  if (out == NULL)
    {
      if (error != NULL && *error == NULL)
        image_new (-1, -1, 3, error);
      return NULL;
    }

  for (gsize i = 0; i < (gsize) original->width * original->height; i++)
    {
      const float *d = delta->pixels + 4 * i, *own = original->pixels + i * n;
      float        m = CLAMP (d[3], 0.0f, 1.0f);

      for (int c = 0; c < 3; c++)
        if (m > 0 || d[c] != 0)
          {
            float shifted = own[c] + d[c], edited = shown->pixels[i * shown->n_channels + c];

            out->pixels[i * n + c] = CLAMP (shifted + m * (edited - shifted), 0.0f, 1.0f);
          }
    }
  return out;
}

UnclipImage *
unclip_frame_return (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, UnclipFraming framing, GError **error)
{
  if (! check_image (original, error) || ! check_image (before, error) || ! check_image (after, error))
    return NULL;
  if (before->width != before->height || after->width != before->width || after->height != before->height)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The squares before and after an edit must be of one size"));
      return NULL;
    }
  return unclip_frame_blend (original, before, after, after, framing, error);
}
