/* Pictures into the model's square and back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unclip.h"

#include <math.h>
#include <string.h>

static UnclipImage *
picture (int width, int height, int n_channels, guint32 seed)
{
  UnclipImage *image = unclip_image_new (width, height, n_channels);
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);

  for (gsize i = 0; i < (gsize) width * height * n_channels; i++)
    image->pixels[i] = (float) g_rand_double (random);
  return image;
}

static void
fill (UnclipImage *image, int x0, int y0, int x1, int y1, float r, float g, float b)
{
  for (int y = y0; y < y1; y++)
    for (int x = x0; x < x1; x++)
      {
        float *pixel = image->pixels + ((gsize) y * image->width + x) * image->n_channels;

        pixel[0] = r;
        pixel[1] = g;
        pixel[2] = b;
      }
}

static const float *
pixel_at (const UnclipImage *image, int x, int y)
{
  return image->pixels + ((gsize) y * image->width + x) * image->n_channels;
}

/* Layers in float hold what is no colour. One such value is one black or white pixel, whatever becomes of the picture; it does
 * not spread as the picture is resized or its holes are filled. */
static void
test_values_that_are_none (void)
{
  static const float odd[] = { NAN, -NAN, INFINITY, -INFINITY, 3, -2 }, sound[] = { 0, 0, 1, 0, 1, 0 };

  for (int n = 3; n <= 4; n++)
    for (int framing = UNCLIP_FRAMING_PAD; framing <= UNCLIP_FRAMING_STRETCH; framing++)
      for (int size = 16; size <= 64; size *= 2)
        for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
          for (int channel = 0; channel < n; channel += n - 1)
            {
              g_autoptr (UnclipImage) is = picture (32, 40, n, 5);
              g_autoptr (UnclipImage) counts_as = unclip_image_copy (is);
              g_autoptr (UnclipImage) square = NULL;
              g_autoptr (UnclipImage) expected = NULL;
              gsize at = ((gsize) 15 * 32 + 15) * n + channel;

              is->pixels[at] = odd[i];
              counts_as->pixels[at] = sound[i];
              square = unclip_frame_square (is, size, framing, NULL);
              expected = unclip_frame_square (counts_as, size, framing, NULL);
              for (int k = 0; k < size * size * n; k++)
                g_assert_cmpfloat (square->pixels[k], ==, expected->pixels[k]);
            }
}

static const int shapes[][2] = { { 1, 1 }, { 40, 30 }, { 64, 64 }, { 300, 7 }, { 1, 500 }, { 700, 500 } };

/* Every shape, framing and number of channels gives a square of numbers. */
static void
test_every_shape (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (int framing = UNCLIP_FRAMING_PAD; framing <= UNCLIP_FRAMING_STRETCH; framing++)
      for (int n = 3; n <= 4; n++)
        {
          g_autoptr (UnclipImage) image = picture (shapes[i][0], shapes[i][1], n, i);
          g_autoptr (UnclipImage) square = unclip_frame_square (image, 64, framing, NULL);

          g_assert_nonnull (square);
          g_assert_cmpint (square->width, ==, 64);
          g_assert_cmpint (square->height, ==, 64);
          g_assert_cmpint (square->n_channels, ==, n);
          for (int k = 0; k < 64 * 64 * n; k++)
            g_assert_true (isfinite (square->pixels[k]));
        }
}

/* An edit that changed nothing returns the very picture. */
static void
test_nothing_changed (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (shapes); i++)
    for (int framing = UNCLIP_FRAMING_PAD; framing <= UNCLIP_FRAMING_STRETCH; framing++)
      {
        g_autoptr (UnclipImage) image = picture (shapes[i][0], shapes[i][1], 4, i);
        g_autoptr (UnclipImage) square = unclip_frame_square (image, 64, framing, NULL);
        g_autoptr (UnclipImage) back = unclip_frame_return (image, square, square, framing, NULL);

        g_assert_nonnull (back);
        g_assert_cmpmem (back->pixels, sizeof (float) * image->width * image->height * 4,
                         image->pixels, sizeof (float) * image->width * image->height * 4);
      }
}

/* What was changed is changed in the right place, and the rest keeps every pixel; alpha is the original's. */
static void
test_change_stays_in_its_place (void)
{
  g_autoptr (UnclipImage) image = picture (400, 200, 4, 9);
  g_autoptr (UnclipImage) before = unclip_frame_square (image, 64, UNCLIP_FRAMING_PAD, NULL);
  g_autoptr (UnclipImage) after = unclip_image_copy (before);
  g_autoptr (UnclipImage) back = NULL;

  /* The picture fills rows 16 to 47 of the square; its right end is column 63. */
  fill (after, 48, 16, 64, 48, 0, 1, 0);
  back = unclip_frame_return (image, before, after, UNCLIP_FRAMING_PAD, NULL);
  g_assert_nonnull (back);
  for (int y = 0; y < 200; y++)
    {
      for (int x = 0; x < 260; x++)
        g_assert_cmpmem (pixel_at (back, x, y), 16, pixel_at (image, x, y), 16);
      for (int x = 330; x < 400; x++)
        {
          g_assert_cmpfloat_with_epsilon (pixel_at (back, x, y)[0], 0, 0.02);
          g_assert_cmpfloat_with_epsilon (pixel_at (back, x, y)[1], 1, 0.02);
          g_assert_cmpfloat (pixel_at (back, x, y)[3], ==, pixel_at (image, x, y)[3]);
        }
    }
}

/* Outside the cropped middle nothing may change, and no edge may show where it ends. */
static void
test_crop_ends_softly (void)
{
  g_autoptr (UnclipImage) image = unclip_image_new (400, 200, 3);
  g_autoptr (UnclipImage) before = NULL;
  g_autoptr (UnclipImage) after = NULL;
  g_autoptr (UnclipImage) back = NULL;
  float most = 0;

  fill (image, 0, 0, 400, 200, 0.5f, 0.5f, 0.5f);
  before = unclip_frame_square (image, 64, UNCLIP_FRAMING_CROP, NULL);
  after = unclip_image_copy (before);
  fill (after, 0, 0, 64, 64, 0.9f, 0.5f, 0.5f);
  back = unclip_frame_return (image, before, after, UNCLIP_FRAMING_CROP, NULL);
  for (int x = 1; x < 400; x++)
    most = MAX (most, fabsf (pixel_at (back, x, 100)[0] - pixel_at (back, x - 1, 100)[0]));
  g_assert_cmpfloat (pixel_at (back, 99, 100)[0], ==, 0.5f);
  g_assert_cmpfloat_with_epsilon (pixel_at (back, 200, 100)[0], 0.9, 0.01);
  g_assert_cmpfloat (most, <, 0.2);
}

/* Colours under transparent pixels are anything; they must not bleed into what is seen. */
static void
test_transparent_colours_do_not_bleed (void)
{
  g_autoptr (UnclipImage) image = unclip_image_new (100, 100, 4);
  g_autoptr (UnclipImage) square = NULL;

  for (int i = 0; i < 100 * 100; i++)
    {
      gboolean is_seen = i % 100 < 50;

      image->pixels[4 * i + (is_seen ? 0 : 1)] = 1; /* red beside hidden green */
      image->pixels[4 * i + 3] = is_seen;
    }
  square = unclip_frame_square (image, 16, UNCLIP_FRAMING_PAD, NULL);
  for (int i = 0; i < 16 * 16; i++)
    {
      g_assert_cmpfloat (square->pixels[4 * i + 1], <, 0.05);
      g_assert_cmpfloat (square->pixels[4 * i + 0], >, 0.9);
    }
}

/* ---- by rows ------------------------------------------------------------------------------- */

/* A picture that is nowhere: its pixels follow from where they are. */
typedef struct
{
  int n_channels, next_y; /* the row that is to be read next */
  UnclipImage  *written;  /* nullable */
  GCancellable *cancellable;
} Nowhere;

#define WIDE 5000
#define HIGH 2100

static void
colour_at (int x, int y, int n, float *pixel)
{
  pixel[0] = 0.25f + 0.5f * x / WIDE;
  pixel[1] = 0.25f + 0.5f * y / HIGH;
  pixel[2] = (x + y) % 2;
  if (n == 4)
    pixel[3] = x < WIDE / 2;
}

static gboolean
read_nowhere (int y, int n, float *rows, gpointer data, GError **error)
{
  Nowhere *nowhere = data;

  g_assert_cmpint (n * WIDE, <=, 1 << 20);
  g_assert_cmpint (y, >=, nowhere->next_y);
  nowhere->next_y = y + n;
  for (int i = 0; i < n * WIDE; i++)
    colour_at (i % WIDE, y + i / WIDE, nowhere->n_channels, rows + (gsize) i * nowhere->n_channels);
  return TRUE;
}

static gboolean
write_nowhere (int y, int n, const float *rows, gpointer data, GError **error)
{
  Nowhere *nowhere = data;

  g_assert_cmpint (y + n, ==, nowhere->next_y);
  if (nowhere->written != NULL)
    memcpy (nowhere->written->pixels + (gsize) y * WIDE * nowhere->n_channels, rows, sizeof (float) * n * WIDE * nowhere->n_channels);
  if (nowhere->cancellable != NULL)
    g_cancellable_cancel (nowhere->cancellable);
  return TRUE;
}

static gboolean
read_image (int y, int n, float *rows, gpointer data, GError **error)
{
  const UnclipImage *image = data;
  gsize              row_size = (gsize) image->width * image->n_channels;

  memcpy (rows, image->pixels + y * row_size, sizeof (float) * n * row_size);
  return TRUE;
}

/* What is small enough comes as it is, but for values that no model knows. */
static void
test_small_rows (void)
{
  g_autoptr (UnclipImage) image = picture (700, 500, 4, 3);
  UnclipRows rows = { 700, 500, 4, read_image, image };
  g_autoptr (UnclipImage) reduced = unclip_frame_reduce (&rows, UNCLIP_FRAMING_CROP, NULL, NULL);

  g_assert_nonnull (reduced);
  g_assert_cmpmem (reduced->pixels, sizeof (float) * 700 * 500 * 4, image->pixels, sizeof (float) * 700 * 500 * 4);
  unclip_image_free (reduced);
  image->pixels[0] = 3;
  image->pixels[1] = NAN;
  image->pixels[2] = -1;
  reduced = unclip_frame_reduce (&rows, UNCLIP_FRAMING_CROP, NULL, NULL);
  g_assert_cmpfloat (reduced->pixels[0], ==, 1);
  g_assert_cmpfloat (reduced->pixels[1], ==, 0);
  g_assert_cmpfloat (reduced->pixels[2], ==, 0);
}

/* Every framing finds the large picture where it is, with holes and without. */
static void
test_large_rows (void)
{
  static const int sizes[][2] = { { 2048, 860 }, { 2048, 2048 }, { 2048, 2048 } };

  for (int framing = UNCLIP_FRAMING_PAD; framing <= UNCLIP_FRAMING_STRETCH; framing++)
    for (int n = 3; n <= 4; n++)
      {
        Nowhere    nowhere = { n };
        UnclipRows rows = { WIDE, HIGH, n, read_nowhere, &nowhere };
        g_autoptr (UnclipImage) reduced = unclip_frame_reduce (&rows, framing, NULL, NULL);
        int left = framing == UNCLIP_FRAMING_CROP ? (WIDE - HIGH) / 2 : 0, shown = framing == UNCLIP_FRAMING_CROP ? HIGH : WIDE;

        g_assert_nonnull (reduced);
        g_assert_cmpint (reduced->width, ==, sizes[framing][0]);
        g_assert_cmpint (reduced->height, ==, sizes[framing][1]);
        for (int y = 0; y < reduced->height; y++)
          for (int x = 0; x < reduced->width; x++)
            {
              const float *pixel = pixel_at (reduced, x, y);
              double       own_x = left + (x + 0.5) / reduced->width * shown - 0.5, own_y = (y + 0.5) / reduced->height * HIGH - 0.5;

              if (n == 4 && pixel[3] == 0)
                continue;
              g_assert_cmpfloat_with_epsilon (pixel[0], 0.25 + 0.5 * own_x / WIDE, 3e-4);
              g_assert_cmpfloat_with_epsilon (pixel[1], 0.25 + 0.5 * own_y / HIGH, 3e-4);
              if (n == 4 && fabs (own_x - WIDE / 2) > 3)
                g_assert_cmpfloat_with_epsilon (pixel[3], own_x < WIDE / 2 ? 1 : 0, 1e-6);
            }
      }
}

/* The edit in its place, and the rest to the last bit, as many threads as there may be; cancelled in between. */
static void
test_large_return (void)
{
  static const int n_threads[] = { 1, 2, 7 };
  g_autoptr (UnclipImage) first = NULL;
  UnclipOptions options;

  unclip_options_init (&options);
  for (guint i = 0; i < G_N_ELEMENTS (n_threads); i++)
    {
      Nowhere    nowhere = { 3 };
      UnclipRows rows = { WIDE, HIGH, 3, read_nowhere, &nowhere };
      g_autoptr (UnclipImage) reduced = unclip_frame_reduce (&rows, options.framing, NULL, NULL);
      g_autoptr (UnclipImage) before = unclip_frame_square (reduced, 64, options.framing, NULL);
      g_autoptr (UnclipImage) after = unclip_image_copy (before);
      g_autoptr (UnclipImage) back = nowhere.written = unclip_image_new (WIDE, HIGH, 3);

      nowhere.next_y = 0;
      fill (after, 0, 0, 16, 64, 1, 0, 0);
      options.n_threads = n_threads[i];
      g_assert_true (unclip_frame_return_rows (&rows, before, after, &options, write_nowhere, &nowhere, NULL));
      for (int y = 0; y < HIGH; y += 3)
        for (int x = 0; x < WIDE; x++)
          {
            float own[3];

            colour_at (x, y, 3, own);
            if (x < WIDE / 5)
              g_assert_cmpfloat_with_epsilon (pixel_at (back, x, y)[0], 1, 0.02);
            if (x > WIDE / 3)
              g_assert_cmpmem (pixel_at (back, x, y), sizeof own, own, sizeof own);
          }
      if (first == NULL)
        first = g_steal_pointer (&back);
      else
        g_assert_cmpmem (back->pixels, sizeof (float) * WIDE * HIGH * 3, first->pixels, sizeof (float) * WIDE * HIGH * 3);
    }
  {
    Nowhere    nowhere = { 3, 0, NULL, g_cancellable_new () };
    UnclipRows rows = { WIDE, HIGH, 3, read_nowhere, &nowhere };
    g_autoptr (UnclipImage) square = picture (64, 64, 3, 1);
    g_autoptr (GError) error = NULL;

    options.cancellable = nowhere.cancellable;
    g_assert_false (unclip_frame_return_rows (&rows, square, square, &options, write_nowhere, &nowhere, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_assert_cmpint (nowhere.next_y, <, 300);
    g_clear_error (&error);
    g_assert_null (unclip_frame_reduce (&rows, UNCLIP_FRAMING_PAD, nowhere.cancellable, &error));
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_object_unref (nowhere.cancellable);
  }
}

/* Highlights above 1 stay where nothing changed, and fade where the edit sets in; what it covers is the edit's, and as
 * bright as the highlight was where that shows something bright. */
static void
test_highlights (void)
{
  g_autoptr (UnclipImage) image = unclip_image_new (640, 640, 3);
  g_autoptr (UnclipImage) before = unclip_image_new (64, 64, 3);
  g_autoptr (UnclipImage) after = unclip_image_new (64, 64, 3);
  g_autoptr (UnclipImage) back = NULL;
  float most = 0;

  fill (image, 0, 0, 640, 640, 4, -0.5f, NAN);
  fill (before, 0, 0, 64, 64, 1, 0, 0);
  fill (after, 0, 0, 64, 64, 1, 0, 0);
  fill (after, 32, 0, 64, 64, 0.5f, 0.5f, 0.5f);
  back = unclip_frame_return (image, before, after, UNCLIP_FRAMING_PAD, NULL);
  g_assert_nonnull (back);
  for (int x = 1; x < 640; x++)
    most = MAX (most, fabsf (pixel_at (back, x, 9)[0] - pixel_at (back, x - 1, 9)[0]));
  g_assert_cmpfloat (most, <, 0.7); /* from 4 to 0.5 in no step */
  g_assert_cmpmem (pixel_at (back, 200, 9), 12, pixel_at (image, 200, 9), 12);
  for (int c = 0; c < 3; c++)
    g_assert_cmpfloat_with_epsilon (pixel_at (back, 500, 9)[c], 0.5, 0.001);

  unclip_image_free (back);
  fill (after, 32, 0, 64, 64, 0.2f, 1, 0.4f);
  back = unclip_frame_return (image, before, after, UNCLIP_FRAMING_PAD, NULL);
  g_assert_nonnull (back);
  g_assert_cmpfloat_with_epsilon (pixel_at (back, 500, 9)[0], 0.8, 0.01);
  g_assert_cmpfloat_with_epsilon (pixel_at (back, 500, 9)[1], 4, 0.01);
}

/* A square that is no edit covers the picture, whatever that was, as far as it reaches; alpha is the original's. */
static void
test_covers (void)
{
  g_autoptr (UnclipImage) image = picture (300, 200, 4, 9);
  g_autoptr (UnclipImage) square = unclip_image_new (64, 64, 3);
  g_autoptr (UnclipImage) whole = NULL;
  g_autoptr (UnclipImage) middle = NULL;

  fill (square, 0, 0, 64, 64, 0.25f, 0.5f, 0.75f);
  whole = unclip_frame_return (image, NULL, square, UNCLIP_FRAMING_PAD, NULL);
  middle = unclip_frame_return (image, NULL, square, UNCLIP_FRAMING_CROP, NULL);
  g_assert_nonnull (whole);
  g_assert_nonnull (middle);
  for (int y = 0; y < 200; y++)
    for (int x = 0; x < 300; x++)
      {
        for (int c = 0; c < 3; c++)
          g_assert_cmpfloat_with_epsilon (pixel_at (whole, x, y)[c], 0.25f * (c + 1), 1e-5);
        g_assert_cmpfloat (pixel_at (whole, x, y)[3], ==, pixel_at (image, x, y)[3]);
        if (x < 50 || x >= 250)
          g_assert_cmpmem (pixel_at (middle, x, y), 16, pixel_at (image, x, y), 16);
      }
  g_assert_cmpfloat_with_epsilon (pixel_at (middle, 150, 100)[1], 0.5, 1e-5);
}

static void
test_bad_pictures (void)
{
  UnclipImage empty = { 0 };
  g_autoptr (UnclipImage) small = picture (8, 8, 3, 1);
  g_autoptr (UnclipImage) large = picture (16, 16, 3, 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (unclip_frame_square (&empty, 64, UNCLIP_FRAMING_PAD, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (unclip_frame_return (large, small, large, UNCLIP_FRAMING_PAD, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/framing/every-shape", test_every_shape);
  g_test_add_func ("/framing/values-that-are-none", test_values_that_are_none);
  g_test_add_func ("/framing/nothing-changed", test_nothing_changed);
  g_test_add_func ("/framing/change-stays-in-its-place", test_change_stays_in_its_place);
  g_test_add_func ("/framing/crop-ends-softly", test_crop_ends_softly);
  g_test_add_func ("/framing/transparent-colours-do-not-bleed", test_transparent_colours_do_not_bleed);
  g_test_add_func ("/framing/small-rows", test_small_rows);
  g_test_add_func ("/framing/large-rows", test_large_rows);
  g_test_add_func ("/framing/large-return", test_large_return);
  g_test_add_func ("/framing/highlights", test_highlights);
  g_test_add_func ("/framing/covers", test_covers);
  g_test_add_func ("/framing/bad-pictures", test_bad_pictures);
  return g_test_run ();
}
