/* From a picture of any shape to the model's square; framing-return.c goes back.
 *
 * A large picture is made smaller while it is read, in strips, so that nobody holds it in float.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "framing.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* A pixel that is less opaque than this says nothing of its colour. */
#define CLEAR 1e-3f

/* Pixels that a picture may have to be framed as it is, and the longest side of what a larger one is reduced to: twice that of the
 * largest squares that a model makes, so that the resizing that follows decides how it looks. */
#define MANY_PIXELS ((gsize) LONG_SIDE * LONG_SIDE)
#define LONG_SIDE 2048

UnclipImage *
unclip_frame_new (int width, int height, int n_channels, GError **error)
{
  UnclipImage *image = unclip_image_new (width, height, n_channels);

  if (image == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a picture of %d × %d"), width, height);
  return image;
}

static gboolean
check (gboolean is_there, int width, int height, int n_channels, GError **error)
{
  if (is_there && width > 0 && height > 0 && (n_channels == 3 || n_channels == 4))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("A picture must have at least one pixel, and 3 or 4 channels"));
  return FALSE;
}

gboolean
unclip_frame_check (const UnclipImage *image, GError **error)
{
  gboolean is_there = image != NULL && image->pixels != NULL;

  return check (is_there, is_there ? image->width : 0, is_there ? image->height : 0, is_there ? image->n_channels : 0, error);
}

gboolean
unclip_frame_check_rows (const UnclipRows *rows, GError **error)
{
  return check (rows->read != NULL, rows->width, rows->height, rows->n_channels, error);
}

gboolean
unclip_frame_check_memory (guint64 size, GError **error)
{
  guint64          available = unclip_memory_available ();
  g_autofree char *wanted = NULL, *there = NULL;

  if (available == 0 || size <= available)
    return TRUE;
  wanted = g_format_size (size);
  there = g_format_size (available);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
               _("The pictures take %s of memory, and %s are free; close other programs, or ask for fewer or smaller ones"), wanted, there);
  return FALSE;
}

static UnclipImage *
resize (const UnclipImage *image, int width, int height, GError **error)
{
  g_autoptr (UnclipImage) out = NULL;

  if (image->width == width && image->height == height)
    return unclip_image_copy (image);
  out = unclip_frame_new (width, height, image->n_channels, error);
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
      coarse = unclip_frame_new ((w + 1) / 2, (h + 1) / 2, 4, error);
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

static gboolean
is_in_range (const UnclipImage *image)
{
  for (gsize i = 0; i < (gsize) image->width * image->height * image->n_channels; i++)
    if (! (image->pixels[i] >= 0 && image->pixels[i] <= 1))
      return FALSE;
  return TRUE;
}

/* Resized to @width x @height, in colours that no transparent pixel has touched; alpha as a fourth channel
 * if @image has one. */
static UnclipImage *
resize_filled (const UnclipImage *image, int width, int height, GError **error)
{
  g_autoptr (UnclipImage) weighted = NULL;
  g_autoptr (UnclipImage) small = NULL;
  int n = image->n_channels;

  if (n == 3 && is_in_range (image))
    return resize (image, width, height, error);

  /* Before anything is resized, which would spread what is not a number over its surroundings, or over all of them. */
  weighted = unclip_image_copy (image);
  if (weighted == NULL)
    return unclip_frame_new (0, 0, n, error);
  for (gsize i = 0; i < (gsize) image->width * image->height; i++)
    {
      float *pixel = weighted->pixels + i * n, alpha = n == 4 ? unclip_frame_in_range (pixel[3]) : 1.0f;

      for (int c = 0; c < 3; c++)
        pixel[c] = unclip_frame_in_range (pixel[c]) * alpha;
      if (n == 4)
        pixel[3] = alpha;
    }
  small = resize (weighted, width, height, error);
  if (n == 3)
    return g_steal_pointer (&small);
  if (small == NULL || ! fill_holes (small, error))
    return NULL;
  return g_steal_pointer (&small);
}

/* ---- large pictures ------------------------------------------------------------------------------------ */

/* A picture's middle square under CROP, else all of it, and the size that it is reduced to. */
typedef struct
{
  int x, y, width, height;
  int new_width, new_height;
} Reduction;

static Reduction
reduction_of (int width, int height, UnclipFraming framing)
{
  Reduction r = { 0, 0, width, height, width, height };

  if ((gsize) width * height <= MANY_PIXELS)
    return r;
  if (framing == UNCLIP_FRAMING_CROP)
    {
      r.width = r.height = MIN (width, height);
      r.x = (width - r.width) / 2;
      r.y = (height - r.height) / 2;
    }
  r.new_width = MIN (r.width, LONG_SIDE);
  r.new_height = MIN (r.height, LONG_SIDE);
  if (framing == UNCLIP_FRAMING_PAD)
    {
      double scale = (double) LONG_SIDE / MAX (width, height);

      r.new_width = MAX ((int) rint (width * scale), 1);
      r.new_height = MAX ((int) rint (height * scale), 1);
    }
  return r;
}

/* Which pixel of the reduced line each pixel of a line falls on, and how much of it; the rest falls on the next. */
typedef struct
{
  int   to;
  float share;
} Fall;

static Fall *
falls_new (int size, int new_size)
{
  Fall  *falls = g_try_new (Fall, size);
  double scale = (double) new_size / size;

  for (int i = 0; falls != NULL && i < size; i++)
    {
      double from = i * scale, end = (i + 1) * scale;

      falls[i].to = MIN ((int) from, new_size - 1);
      falls[i].share = end <= falls[i].to + 1 || falls[i].to == new_size - 1 ? 1.0f : (float) ((falls[i].to + 1 - from) / scale);
    }
  return falls;
}

/* A row [width, n] added up in @out [new_width, n], colours by their alpha. */
static void
add_up_row (const float *in, float *out, const Fall *falls, int width, int n)
{
  for (int x = 0; x < width; x++, in += n)
    {
      float *to = out + (gsize) falls[x].to * n;
      float  share = falls[x].share, alpha = n == 4 ? unclip_frame_in_range (in[3]) : 1.0f;

      for (int c = 0; c < n; c++)
        {
          float value = c < 3 ? unclip_frame_in_range (in[c]) * alpha : alpha;

          to[c] += share * value;
          if (share < 1)
            to[n + c] += (1 - share) * value;
        }
    }
}

static void
add_row (float *out, const float *in, float share, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] += share * in[i];
}

/* From sums over @area pixels to means. */
static void
divide (UnclipImage *image, double area)
{
  int n = image->n_channels;

  for (gsize i = 0; i < (gsize) image->width * image->height; i++)
    {
      float *pixel = image->pixels + i * n;
      float  weight = n == 4 ? pixel[3] : (float) area;

      for (int c = 0; c < 3; c++)
        pixel[c] = weight > 0 ? MIN (pixel[c] / weight, 1.0f) : 0.0f;
      if (n == 4)
        pixel[3] = MIN (pixel[3] / (float) area, 1.0f);
    }
}

static UnclipImage *
reduce (const UnclipRows *rows, const Reduction *r, GCancellable *cancellable, GError **error)
{
  int   n = rows->n_channels, n_rows = CLAMP (UNCLIP_STRIP / rows->width, 1, r->height);
  gsize row_size = (gsize) rows->width * n, new_row_size = (gsize) r->new_width * n;
  g_autoptr (UnclipImage) out = unclip_frame_new (r->new_width, r->new_height, n, error);
  g_autofree float *strip = g_try_new (float, n_rows * row_size), *row = g_try_new (float, new_row_size);
  g_autofree Fall  *across = falls_new (r->width, r->new_width), *down = falls_new (r->height, r->new_height);

  if (out == NULL)
    return NULL;
  if (strip == NULL || row == NULL || across == NULL || down == NULL)
    return unclip_frame_new (0, 0, n, error);

  for (int y = 0; y < r->height; y++)
    {
      float *to = out->pixels + down[y].to * new_row_size;

      if (y % n_rows == 0
          && (g_cancellable_set_error_if_cancelled (cancellable, error)
              || ! rows->read (r->y + y, MIN (n_rows, r->height - y), strip, rows->data, error)))
        return NULL;
      memset (row, 0, new_row_size * sizeof *row);
      add_up_row (strip + (y % n_rows) * row_size + (gsize) r->x * n, row, across, r->width, n);
      add_row (to, row, down[y].share, new_row_size);
      if (down[y].share < 1)
        add_row (to + new_row_size, row, 1 - down[y].share, new_row_size);
    }
  divide (out, (double) r->width / r->new_width * r->height / r->new_height);
  return g_steal_pointer (&out);
}

/* As it is. */
static UnclipImage *
read_all (const UnclipRows *rows, GCancellable *cancellable, GError **error)
{
  g_autoptr (UnclipImage) out = unclip_frame_new (rows->width, rows->height, rows->n_channels, error);
  int   n_rows = CLAMP (UNCLIP_STRIP / rows->width, 1, rows->height);
  gsize row_size = (gsize) rows->width * rows->n_channels;

  for (int y = 0; out != NULL && y < rows->height; y += n_rows)
    if (g_cancellable_set_error_if_cancelled (cancellable, error)
        || ! rows->read (y, MIN (n_rows, rows->height - y), out->pixels + y * row_size, rows->data, error))
      return NULL;
  for (gsize i = 0; out != NULL && i < rows->height * row_size; i++)
    out->pixels[i] = unclip_frame_in_range (out->pixels[i]);
  return g_steal_pointer (&out);
}

UnclipImage *
unclip_frame_reduce (const UnclipRows *rows, UnclipFraming framing, GCancellable *cancellable, GError **error)
{
  Reduction r;
  guint64   n_pixels;
  gboolean  is_reduced;

  if (! unclip_frame_check_rows (rows, error))
    return NULL;
  r = reduction_of (rows->width, rows->height, framing);
  is_reduced = r.new_width != rows->width || r.new_height != rows->height;
  n_pixels = (guint64) r.new_width * r.new_height + (is_reduced ? UNCLIP_STRIP : 0);
  if (! unclip_frame_check_memory (n_pixels * rows->n_channels * sizeof (float), error))
    return NULL;
  return is_reduced ? reduce (rows, &r, cancellable, error) : read_all (rows, cancellable, error);
}

UnclipImage *
unclip_frame_fill (const UnclipImage *image, GError **error)
{
  return resize_filled (image, image->width, image->height, error);
}

/* ---- squares ----------------------------------------------------------------------------------------- */

UnclipPlace
unclip_place_of (int width, int height, int size, UnclipFraming framing)
{
  Reduction   r = reduction_of (width, height, framing);
  double      scale = (double) size / MAX (r.new_width, r.new_height);
  UnclipPlace place = { 0, 0, size, size };

  if (framing != UNCLIP_FRAMING_PAD)
    return place;
  place.width = MAX ((int) rint (r.new_width * scale), 1);
  place.height = MAX ((int) rint (r.new_height * scale), 1);
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
  UnclipImage *out = unclip_frame_new (side, side, image->n_channels, error);

  for (int y = 0; out != NULL && y < side; y++)
    memcpy (out->pixels + (gsize) y * side * image->n_channels,
            image->pixels + ((gsize) (y + top) * image->width + left) * image->n_channels,
            (gsize) side * image->n_channels * sizeof (float));
  return out;
}

static gboolean
read_image (int y, int n, float *rows, gpointer data, GError **error)
{
  const UnclipImage *image = data;
  gsize              row_size = (gsize) image->width * image->n_channels;

  memcpy (rows, image->pixels + y * row_size, n * row_size * sizeof (float));
  return TRUE;
}

UnclipRows
unclip_frame_rows (const UnclipImage *image)
{
  return (UnclipRows) { image->width, image->height, image->n_channels, read_image, (gpointer) image };
}

UnclipImage *
unclip_frame_square (const UnclipImage *image, int size, UnclipFraming framing, GError **error)
{
  g_autoptr (UnclipImage) reduced = NULL;
  g_autoptr (UnclipImage) middle = NULL;
  g_autoptr (UnclipImage) resized = NULL;
  g_autoptr (UnclipImage) square = NULL;
  UnclipPlace place;

  if (! unclip_frame_check (image, error))
    return NULL;
  place = unclip_place_of (image->width, image->height, size, framing);
  if ((gsize) image->width * image->height > MANY_PIXELS)
    {
      UnclipRows rows = unclip_frame_rows (image);

      image = reduced = unclip_frame_reduce (&rows, framing, NULL, error);
    }
  else if (framing == UNCLIP_FRAMING_CROP)
    image = middle = crop_middle (image, error);
  if (image == NULL)
    return NULL;

  resized = resize_filled (image, place.width, place.height, error);
  square = resized != NULL ? unclip_frame_new (size, size, image->n_channels, error) : NULL;
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

guint64
unclip_frame_working_size (const UnclipImage *image, int size, UnclipFraming framing)
{
  Reduction r = reduction_of (image->width, image->height, framing);
  guint64   width = r.new_width, height = r.new_height, pixel = image->n_channels * sizeof (float), copies;
  gboolean  is_reduced = r.new_width != image->width || r.new_height != image->height;

  if (framing == UNCLIP_FRAMING_CROP)
    width = height = MIN (width, height);
  /* The reduced or cropped picture, and its colours by their alpha; then the square, half way there and whole. */
  copies = (is_reduced || framing == UNCLIP_FRAMING_CROP) + (image->n_channels == 4);
  return pixel * (copies * width * height + (is_reduced ? UNCLIP_STRIP : 0) + size * height + 2 * (guint64) size * size);
}
