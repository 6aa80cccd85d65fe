/* Upscaling in tiles, on models of random weights: what comes out must not tell where the tiles were.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dev.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define FACTOR 3

static char        *folder;
static UnclipModel *model; /* random */
static UnclipModel *flat;  /* the same, but its network says the same of every pixel */

/* ---- models ------------------------------------------------------------------------------------ */

#define UNET(size, channels) \
  "{\"_class_name\": \"UNet2DModel\", \"sample_size\": " size ", \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": " channels "," \
  " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"ResnetDownsampleBlock2D\", \"ResnetDownsampleBlock2D\"], \"add_attention\": false," \
  " \"up_block_types\": [\"ResnetUpsampleBlock2D\", \"ResnetUpsampleBlock2D\", \"ResnetUpsampleBlock2D\"], \"layers_per_block\": 1, \"norm_num_groups\": 1}"

static const struct
{
  const char *path, *text;
} configs[] = {
  /* Little noise, so that the result shows the picture. */
  { "model_index.json", "{\"_class_name\": \"UnCLIPPipeline\", \"_unclip_defaults\": {\"super_res_1024_first_timestep\": 200}}" },
  { "decoder/config.json",
    "{\"_class_name\": \"UNet2DConditionModel\", \"sample_size\": 12, \"in_channels\": 3, \"out_channels\": 6, \"block_out_channels\": [4],"
    " \"down_block_types\": [\"SimpleCrossAttnDownBlock2D\"], \"up_block_types\": [\"SimpleCrossAttnUpBlock2D\"], \"layers_per_block\": 1,"
    " \"norm_num_groups\": 1, \"cross_attention_dim\": 5, \"attention_head_dim\": 4, \"class_embed_type\": \"identity\","
    " \"mid_block_type\": \"UNetMidBlock2DSimpleCrossAttn\"}" },
  { "super_res_first/config.json", UNET ("36", "[3, 5, 7]") },
  { "super_res_1024/config.json", UNET ("108", "[5, 7, 11]") },
};

static void
model_new (const char *name)
{
  g_autofree char *in = g_build_filename (folder, "configs", NULL), *out = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    {
      g_autofree char *path = g_build_filename (in, configs[i].path, NULL), *dir = g_path_get_dirname (path);

      g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
      g_assert_true (g_file_set_contents (path, configs[i].text, -1, NULL));
    }
  unclip_synth (in, out, 3, "f32", NULL, &error);
  g_assert_no_error (error);
}

/* Zeroes a tensor where it lies in its file. */
static void
clear_tensor (const char *model_name, const char *name)
{
  g_autofree char *path = g_build_filename (folder, model_name, "super_res_1024", "diffusion_pytorch_model.safetensors", NULL);
  g_autofree char *data = NULL;
  gsize   size;
  guint64 header, from, to;
  char   *at;

  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  memcpy (&header, data, sizeof header);
  header = GUINT64_FROM_LE (header);
  at = g_strstr_len (data + 8, header, name);
  g_assert_nonnull (at);
  at = strstr (at, "\"data_offsets\"");
  at = strchr (at, '[');
  from = g_ascii_strtoull (at + 1, &at, 10);
  to = g_ascii_strtoull (at + 1, NULL, 10);
  g_assert_cmpuint (to, >, from);
  memset (data + 8 + header + from, 0, to - from);
  g_assert_true (g_file_set_contents (path, data, size, NULL));
}

static UnclipModel *
open_model (const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  UnclipModel *opened = unclip_model_open (path, NULL, &error);

  g_assert_no_error (error);
  return opened;
}

static void
remove_tree (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);
      remove_tree (inner);
    }
  g_remove (path);
}

/* ---- pictures ------------------------------------------------------------------------------------ */

static UnclipImage *
picture (int width, int height, int n_channels)
{
  UnclipImage *image = unclip_image_new (width, height, n_channels);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < n_channels; c++)
        image->pixels[(y * width + x) * n_channels + c] = 0.5f + 0.4f * sinf (0.11f * (x + 2 * c) + 0.07f * y);
  return image;
}

/* Nearly flat and dark to the left, full of contrast to the right: no two tiles have the same statistics. */
static UnclipImage *
uneven_picture (int width, int height)
{
  UnclipImage *image = picture (width, height, 3);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        image->pixels[(y * width + x) * 3 + c] *= x / (float) width;
  return image;
}

static UnclipOptions
options_new (int tile)
{
  UnclipOptions options;

  unclip_options_init (&options);
  options.super_res_n_steps = 3;
  options.tile = tile;
  options.seed = 7;
  return options;
}

static UnclipImage *
upscale (UnclipModel *with, const UnclipImage *x, int tile, int n_threads)
{
  UnclipOptions options = options_new (tile);
  g_autoptr (GError) error = NULL;
  UnclipImage  *out;

  options.n_threads = n_threads;
  out = unclip_upscale (with, x, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (out->width, ==, x->width * FACTOR);
  g_assert_cmpint (out->height, ==, x->height * FACTOR);
  g_assert_cmpint (out->n_channels, ==, x->n_channels);
  return out;
}

static double
difference (const UnclipImage *a, const UnclipImage *b, double *most)
{
  gsize  n = (gsize) a->width * a->height * a->n_channels;
  double sum = 0;

  *most = 0;
  for (gsize i = 0; i < n; i++)
    {
      double d = fabs (a->pixels[i] - b->pixels[i]);

      sum += d;
      *most = MAX (*most, d);
    }
  return sum / n;
}

/* ---- what must hold -------------------------------------------------------------------------------- */

/* Where the network says the same everywhere, no tiling may change more than rounding does: weights add to one, noise
 * and condition are the whole picture's, every row takes every step once. */
static void
test_same_whatever_the_tiles (void)
{
  static const int tiles[] = { 24, 52, 100, 200 };
  g_autoptr (UnclipImage) x = picture (71, 53, 3);
  g_autoptr (UnclipImage) whole = upscale (flat, x, 4096, 0);

  for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
    {
      g_autoptr (UnclipImage) tiled = upscale (flat, x, tiles[i], 0);
      double most;

      difference (whole, tiled, &most);
      g_assert_cmpfloat (most, <, 2e-5);
    }
}

/* How far the steepest column of @change stands out from the columns around it, the picture's rim left out. */
static double
worst_column (const double *change, int n)
{
  const int rim = 24, reach = 10;
  double    worst = 0;

  for (int column = rim; column < n - rim; column++)
    {
      double around = 0;

      for (int k = -reach; k <= reach; k++)
        around += k != 0 ? fabs (change[column + k]) / (2 * reach) : 0;
      worst = MAX (worst, fabs (change[column]) / around);
    }
  return worst;
}

/* Where it does not, its norms see other statistics in each tile, and still the tiles cannot be told: the picture hardly
 * changes with them, and what changes does so gradually, at a border of two tiles as elsewhere. */
static void
test_no_seams (void)
{
  g_autoptr (UnclipImage) x = uneven_picture (96, 80);
  g_autoptr (UnclipImage) whole = upscale (model, x, 4096, 0);
  g_autoptr (UnclipImage) tiled = upscale (model, x, 64, 0);
  int                n = tiled->width - 1;
  g_autofree double *change = g_new0 (double, n);
  double             most, worst;

  g_assert_cmpfloat (difference (whole, tiled, &most), <, 0.03);
  /* From column to column, summed with its sign: the picture and its noise are not in it, and a seam adds up. */
  for (int column = 0; column < n; column++)
    for (int y = 0; y < tiled->height; y++)
      {
        gsize at = ((gsize) y * tiled->width + column) * 3;

        change[column] += (tiled->pixels[at + 3] - whole->pixels[at + 3]) - (tiled->pixels[at] - whole->pixels[at]);
      }
  worst = worst_column (change, n);
  g_test_message ("the steepest column is %.1f times as steep as those around it", worst);
  /* 4.1 as it is; 13.7 with tiles that end at once. */
  g_assert_cmpfloat (worst, <, 7);
}

static void
test_same_bits_for_any_threads (void)
{
  g_autoptr (UnclipImage) x = picture (50, 40, 3);
  g_autoptr (UnclipImage) one = upscale (model, x, 40, 1);
  g_autoptr (UnclipImage) two = upscale (model, x, 40, 2);

  g_assert_cmpmem (one->pixels, 150 * 120 * 12, two->pixels, 150 * 120 * 12);
}

static void
test_odd_sizes (void)
{
  static const int sizes[][2] = { { 1, 1 }, { 7, 5 }, { 3, 67 }, { 130, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int n_channels = 3; n_channels <= 4; n_channels++)
      {
        g_autoptr (UnclipImage) x = picture (sizes[i][0], sizes[i][1], n_channels);
        g_autoptr (UnclipImage) out = upscale (model, x, 32, 0);

        for (gsize k = 0; k < (gsize) out->width * out->height * n_channels; k++)
          g_assert_true (out->pixels[k] >= 0 && out->pixels[k] <= 1);
      }
}

/* What is not a number is black, in a colour and as alpha, and nothing around it knows. */
static void
test_values_that_are_none (void)
{
  for (int n_channels = 3; n_channels <= 4; n_channels++)
    for (int channel = 0; channel < n_channels; channel += n_channels - 1)
      {
        g_autoptr (UnclipImage) x = picture (20, 20, n_channels);
        g_autoptr (UnclipImage) out = NULL;
        g_autoptr (UnclipImage) expected = NULL;

        x->pixels[(9 * 20 + 9) * n_channels + channel] = 0;
        expected = upscale (model, x, 64, 0);
        x->pixels[(9 * 20 + 9) * n_channels + channel] = NAN;
        out = upscale (model, x, 64, 0);
        g_assert_cmpmem (out->pixels, sizeof (float) * out->width * out->height * n_channels,
                         expected->pixels, sizeof (float) * out->width * out->height * n_channels);
      }
}

static void
test_too_large (void)
{
  g_autoptr (UnclipImage) x = unclip_image_new (4096 / FACTOR + 1, 1, 3);
  UnclipOptions options = options_new (0);
  g_autoptr (GError) error = NULL;

  g_assert_null (unclip_upscale (model, x, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "1365"));
}

typedef struct
{
  GCancellable *cancellable;
  int           cancel_at, n_calls, n_steps;
  double        fraction;
} Watch;

static void
watch (const UnclipProgress *progress, gpointer data)
{
  Watch *seen = data;

  g_assert_cmpstr (progress->stage, ==, "super_res_1024");
  g_assert_cmpint (progress->step, ==, seen->n_calls + 1);
  g_assert_cmpfloat (progress->fraction, >, seen->fraction);
  seen->fraction = progress->fraction;
  seen->n_steps = progress->n_steps;
  if (++seen->n_calls == seen->cancel_at)
    g_cancellable_cancel (seen->cancellable);
}

/* Progress goes tile by tile, and so does cancelling. */
static void
test_progress_and_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (UnclipImage) x = picture (48, 32, 3);
  g_autoptr (UnclipImage) out = NULL;
  UnclipOptions options = options_new (48);
  Watch all = { cancellable }, some = { cancellable, 5 };
  g_autoptr (GError) error = NULL;

  options.progress = watch;
  options.progress_data = &all;
  options.cancellable = cancellable;
  out = unclip_upscale (model, x, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (all.n_calls, ==, all.n_steps);
  g_assert_cmpint (all.n_calls, >, 3 * 4);
  g_assert_cmpfloat (all.fraction, >, 0.99);

  options.progress_data = &some;
  g_assert_null (unclip_upscale (model, x, &options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (some.n_calls, ==, 5);
}

/* The most memory that this process ever had, in bytes; 0 where Linux does not say. */
static double
peak_memory (void)
{
  g_autofree char *status = NULL;
  const char      *line;

  if (! g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "VmHWM:");
  return line != NULL ? g_ascii_strtod (line + strlen ("VmHWM:"), NULL) * 1024 : 0;
}

/* A larger picture takes what it is itself: the small one, the state, and the result. In one piece it takes the
 * network's layers at its size. */
static void
test_memory (void)
{
  g_autoptr (UnclipImage) x = picture (64, 64, 3);
  g_autoptr (UnclipImage) y = picture (160, 160, 3);
  g_autoptr (UnclipImage) small = upscale (model, x, 64, 1);
  g_autoptr (UnclipImage) large = NULL;
  g_autoptr (UnclipImage) whole = NULL;
  double before = peak_memory (), own = 160.0 * 160 * 12 * (1 + 2 * FACTOR * FACTOR), grown;

#if defined(__SANITIZE_ADDRESS__)
  g_test_skip ("the sanitizer keeps what was freed");
  return;
#endif
  if (before == 0)
    {
      g_test_skip ("there is no VmHWM");
      return;
    }
  large = upscale (model, y, 64, 1);
  grown = peak_memory () - before;
  g_test_message ("%.1f MB more for pictures of %.1f MB", grown / 1e6, own / 1e6);
  g_assert_cmpfloat (grown, <, 1.25 * own);

  whole = upscale (model, y, 4096, 1);
  g_test_message ("%.1f MB more in one piece", (peak_memory () - before) / 1e6);
  g_assert_cmpfloat (peak_memory () - before, >, 3 * own);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("unclip-tiles-XXXXXX", NULL);
  model_new ("random");
  model_new ("flat");
  clear_tensor ("flat", "\"conv_out.weight\"");
  model = open_model ("random");
  flat = open_model ("flat");

  g_test_add_func ("/tiles/memory", test_memory); /* first, before others have made it large */
  g_test_add_func ("/tiles/same-whatever-the-tiles", test_same_whatever_the_tiles);
  g_test_add_func ("/tiles/no-seams", test_no_seams);
  g_test_add_func ("/tiles/same-bits-for-any-threads", test_same_bits_for_any_threads);
  g_test_add_func ("/tiles/odd-sizes", test_odd_sizes);
  g_test_add_func ("/tiles/values-that-are-none", test_values_that_are_none);
  g_test_add_func ("/tiles/too-large", test_too_large);
  g_test_add_func ("/tiles/progress-and-cancel", test_progress_and_cancel);
  status = g_test_run ();

  unclip_model_unref (model);
  unclip_model_unref (flat);
  remove_tree (folder);
  g_free (folder);
  return status;
}
