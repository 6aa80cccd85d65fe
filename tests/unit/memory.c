/* What a job takes, said beforehand: the forecast is what the networks really take, and a job that needs more than
 * there is does not start.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dev.h"
#include "nets.h"
#include "memory.h"
#include "support.h"

/* Sides of decoder and upsampler. */
#define LOW 8
#define HIGH 32
#define N_TOKENS (3 + 7)

static const struct
{
  const char *name, *text;
} configs[] = {
  { "configs/text_encoder/config.json",
    "{\"hidden_size\": 24, \"intermediate_size\": 32, \"num_attention_heads\": 2, \"num_hidden_layers\": 1, \"vocab_size\": 514,"
    " \"max_position_embeddings\": 7, \"projection_dim\": 24, \"eos_token_id\": 513}" },
  { "configs/prior/config.json",
    "{\"num_attention_heads\": 4, \"attention_head_dim\": 64, \"num_layers\": 6, \"embedding_dim\": 24, \"num_embeddings\": 7}" },
  { "configs/text_proj/config.json",
    "{\"clip_embeddings_dim\": 24, \"clip_extra_context_tokens\": 3, \"cross_attention_dim\": 16, \"time_embed_dim\": 256}" },
  { "configs/decoder/config.json",
    "{\"_class_name\": \"UNet2DConditionModel\", \"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 6, \"block_out_channels\": [64, 96],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"SimpleCrossAttnDownBlock2D\"],"
    " \"up_block_types\": [\"SimpleCrossAttnUpBlock2D\", \"ResnetUpsampleBlock2D\"], \"layers_per_block\": 1,"
    " \"cross_attention_dim\": 16, \"attention_head_dim\": 32, \"class_embed_type\": \"identity\","
    " \"mid_block_type\": \"UNetMidBlock2DSimpleCrossAttn\", \"resnet_time_scale_shift\": \"scale_shift\"}" },
  { "configs/super_res_first/config.json",
    "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 32, \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": [32],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\"], \"up_block_types\": [\"ResnetUpsampleBlock2D\"], \"add_attention\": false,"
    " \"layers_per_block\": 1}" },
};

/* In the running test's folder; transfer full. */
static UnclipModel *
model_new (void)
{
  g_autofree char *in = support_path ("configs"), *out = support_path ("model");
  g_autoptr (GError) error = NULL;
  UnclipModel *model;

  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    g_free (support_write (configs[i].name, configs[i].text, -1));
  g_free (support_write ("configs/model_index.json", "{}", -1));
  unclip_synth (in, out, 1, "f32", NULL, &error);
  g_assert_no_error (error);
  model = unclip_model_open (out, NULL, &error);
  g_assert_no_error (error);
  return model;
}

/* Of the network that is the largest when pictures of @size are made. */
static guint64
forecast (UnclipModel *model, int size, const char *component)
{
  g_auto (UnclipRun) run = { 0 };
  UnclipOptions options;
  UnclipJob     job = { UNCLIP_STAGE_TEXT | UNCLIP_STAGE_DECODER, .n_results = 1 };
  UnclipNeed    need;
  const char   *found;
  guint64       bytes;
  int           side;
  g_autoptr (GError) error = NULL;

  unclip_options_init (&options);
  options.size = size;
  options.precision = UNCLIP_PRECISION_F32; /* as what is built beside it */
  unclip_run_init (&run, model, &options, &error);
  g_assert_no_error (error);
  job.stages |= unclip_run_upsampler_stages (&run) | (unclip_model_has (model, "prior") ? UNCLIP_STAGE_PRIOR : 0);
  unclip_run_need (&run, &job, &need, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (need.component, ==, component);

  unclip_model_memory (model, &options, &bytes, &side, &found, &error);
  g_assert_no_error (error);
  g_assert_cmpint (side, ==, size);
  g_assert_cmpstr (found, ==, component);
  g_assert_cmpuint (bytes, >, need.network);
  return need.network;
}

/* Within a hundredth, which biases stay below even here. */
static void
assert_about (guint64 forecast, guint64 real)
{
  g_assert_cmpuint (forecast, >=, real - real / 100);
  g_assert_cmpuint (forecast, <=, real + real / 100);
}

/* What the loader really asks for, where the prior is the largest. */
static void
test_prior (void)
{
  g_autoptr (UnclipModel) model = model_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipPrior) prior = unclip_prior_new (model, &support_context, &error);

  g_assert_no_error (error);
  assert_about (forecast (model, LOW, "prior"), unclip_prior_weights_size (prior));
  assert_about (forecast (model, HIGH, "prior"), unclip_prior_weights_size (prior));
}

/* Without the prior the decoder is, with its projection, context and working memory. */
static void
test_decoder (void)
{
  g_autoptr (UnclipModel) model = model_new ();
  g_autoptr (UnclipModel) smaller = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipUnet) unet = unclip_unet_new (model, "decoder", &support_context, &error);
  g_autoptr (UnclipTextProj) proj = unclip_text_proj_new (model, &support_context, &error);
  g_autofree float *context = g_new0 (float, 2 * N_TOKENS * 16), *x = g_new0 (float, 2 * LOW * LOW * 6), *y = g_new0 (float, 2 * LOW * LOW * 6);

  g_assert_no_error (error);
  unclip_unet_set_context (unet, context, NULL, NULL, 2, N_TOKENS, &error);
  g_assert_no_error (error);
  unclip_unet_predict (unet, x, 1, 2, LOW, LOW, y, &error);
  g_assert_no_error (error);

  support_remove ("model/prior/config.json");
  smaller = unclip_model_open (unclip_model_path (model), NULL, &error);
  g_assert_no_error (error);
  assert_about (forecast (smaller, LOW, "decoder"),
                unclip_text_proj_weights_size (proj) + unclip_unet_weights_size (unet) + unclip_unet_working_size (unet));
}

/* Large pictures take more than any weights here. */
static void
test_super_res (void)
{
  g_autoptr (UnclipModel) model = model_new ();
  g_autoptr (UnclipModel) smaller = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipUnet) unet = NULL;
  g_autofree float *x = g_new0 (float, 256 * 256 * 6), *y = g_new0 (float, 256 * 256 * 6);

  g_free (support_write ("model/super_res_first/config.json",
                         "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 256, \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": [32],"
                         " \"down_block_types\": [\"ResnetDownsampleBlock2D\"], \"up_block_types\": [\"ResnetUpsampleBlock2D\"],"
                         " \"add_attention\": false, \"layers_per_block\": 1}", -1));
  smaller = unclip_model_open (unclip_model_path (model), NULL, &error);
  g_assert_no_error (error);
  unet = unclip_unet_new (smaller, "super_res_first", &support_context, &error);
  g_assert_no_error (error);
  unclip_unet_predict (unet, x, 1, 1, 256, 256, y, &error);
  g_assert_no_error (error);
  assert_about (forecast (smaller, 256, "super_res_first"), unclip_unet_weights_size (unet) + unclip_unet_working_size (unet));
}

static guint64
need_of (UnclipModel *model, const UnclipJob *job, int size, int tile)
{
  g_auto (UnclipRun) run = { 0 };
  UnclipOptions options;
  UnclipNeed    need;
  g_autoptr (GError) error = NULL;

  unclip_options_init (&options);
  options.size = size;
  options.tile = tile;
  unclip_run_init (&run, model, &options, &error);
  g_assert_no_error (error);
  unclip_run_need (&run, job, &need, &error);
  g_assert_no_error (error);
  return need.size;
}

/* Results, states of an inversion, tiles and what is to be enlarged count, each by its own size. */
static void
test_pictures_count (void)
{
  const guint64 low = LOW * LOW * 3 * sizeof (float), high = HIGH * HIGH * 3 * sizeof (float);
  g_autoptr (UnclipModel) model = model_new ();
  UnclipJob job = { UNCLIP_STAGE_DECODER, .n_results = 1 }, enlarge = { .upscaler = "super_res_first", .width = 512, .height = 256, .factor = 4 };
  guint64   one = need_of (model, &job, LOW, 0), small, large;

  job.n_states = 1001;
  g_assert_cmpuint (need_of (model, &job, LOW, 0), ==, one + 1001 * low);
  job.n_states = 0;
  job.stages = UNCLIP_STAGE_FIRST_UPSAMPLER;
  job.n_results = 1;
  one = need_of (model, &job, HIGH, 0);
  job.n_results = 256;
  g_assert_cmpuint (need_of (model, &job, HIGH, 0), ==, one + 255 * (low + high));

  /* Activations of 32 channels at least, and more than one of them. */
  small = need_of (model, &enlarge, 0, 64);
  large = need_of (model, &enlarge, 0, 1024);
  g_assert_cmpuint (large, >, small + (guint64) 1024 * 1024 * 32 * 4);
  /* With tiny tiles it is the picture that counts: two of the result's size and its alpha. */
  g_assert_cmpuint (small, >, (guint64) 2048 * 1024 * 3 * 4 * 2);
  enlarge.has_alpha = TRUE;
  g_assert_cmpuint (need_of (model, &enlarge, 0, 64), >, (guint64) 2048 * 1024 * 3 * 4 * 3);
}

/* A picture that goes in takes its own size again, or what it is reduced to: never more. */
static void
test_framing_counts (void)
{
  const guint64 many = 4 * sizeof (float) * 2048 * 2048;
  g_autoptr (UnclipModel) model = model_new ();
  UnclipImage x = { 2000, 2000, 4 }, vast = { 20000, 20000, 4 };
  UnclipJob   job = { UNCLIP_STAGE_DECODER, .n_results = 1 };
  guint64     none = need_of (model, &job, LOW, 0), some, most;

  job.x = &x;
  some = need_of (model, &job, LOW, 0);
  job.x = &vast;
  most = need_of (model, &job, LOW, 0);
  g_assert_cmpuint (some, >=, 4 * sizeof (float) * 2000 * 2000);
  g_assert_cmpuint (some, <, none + 4 * sizeof (float) * 2100 * 2000);
  g_assert_cmpuint (most, >, 2 * many);
  g_assert_cmpuint (most, <, none + 3 * many);
}

/* A file of latents that is nearly nothing but holes, and one that does not fit: refused before anything is allocated. */
static void
test_latents_that_are_not_there (void)
{
  static const char header[] = "{\"z_i\":{\"dtype\":\"F32\",\"shape\":[1,1000000000],\"data_offsets\":[0,4000000000]}}";
  guint64           length = sizeof header - 1, little = GUINT64_TO_LE (length);
  g_autofree char  *data = g_malloc (8 + length), *path = NULL, *full = NULL;
  GError           *error = NULL;

  memcpy (data, &little, 8);
  memcpy (data + 8, header, length);
  path = support_write ("sparse.safetensors", data, 8 + length);
  g_assert_cmpint (truncate (path, 8 + length + 4000000000), ==, 0);
  g_assert_null (unclip_latents_load (path, &error));
  g_assert_nonnull (strstr (error->message, "holes"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);

  full = support_safetensors ("full.safetensors", "{\"z_i\":{\"dtype\":\"F32\",\"shape\":[1,500000],\"data_offsets\":[0,2000000]}}", 2000000);
  g_setenv ("UNCLIP_MEMORY_LIMIT", "1", TRUE);
  g_assert_null (unclip_latents_load (full, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MEMORY);
  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
}

/* Configs are strangers' too: what they ask for is refused, or a number. */
static void
test_hostile (void)
{
  static const char huge[] = "{\"_class_name\": \"UNet2DModel\", \"sample_size\": %s, \"in_channels\": 6, \"out_channels\": 3,"
                             " \"block_out_channels\": [32], \"down_block_types\": [\"ResnetDownsampleBlock2D\"],"
                             " \"up_block_types\": [\"ResnetUpsampleBlock2D\"], \"add_attention\": false, \"layers_per_block\": 1}";
  g_autoptr (UnclipModel) model = model_new ();
  g_autofree char *too_large = g_strdup_printf (huge, "65536"), *large = g_strdup_printf (huge, "4096");
  const char      *component;
  guint64          size;
  int              side;
  GError          *error = NULL;

  g_free (support_write ("model/super_res_first/config.json", too_large, -1));
  g_assert_false (unclip_model_memory (model, NULL, &size, &side, &component, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_free (support_write ("model/super_res_first/config.json", large, -1));
  g_assert_true (unclip_model_memory (model, NULL, &size, &side, &component, &error));
  g_assert_no_error (error);
  /* Some activations of 32 channels at least. */
  g_assert_cmpuint (size, >, (guint64) 4096 * 4096 * 32 * 4 * 2);
  g_free (support_write ("model/decoder/config.json", "[]", -1));
  g_assert_false (unclip_model_memory (model, NULL, &size, &side, &component, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

/* No job of a model that does not fit begins: not a step is reported. */
static void
count_step (const UnclipProgress *progress, gpointer data)
{
  ++*(int *) data;
}

static void
test_refused (void)
{
  g_autoptr (UnclipModel) model = model_new ();
  UnclipOptions options;
  GError       *error = NULL;
  int           n_steps = 0;

  unclip_options_init (&options);
  options.progress = count_step;
  options.progress_data = &n_steps;
  options.size = LOW;
  g_assert_cmpuint (forecast (model, LOW, "prior"), >, 1000000);
  g_setenv ("UNCLIP_MEMORY_LIMIT", "1", TRUE);
  g_assert_null (unclip_generate (model, "a", UNCLIP_PRIOR_DIFFUSION, &options, &error));
  g_assert_nonnull (strstr (error->message, "prior"));
  support_assert_refused (&error, UNCLIP_ERROR_MEMORY);
  g_assert_cmpint (n_steps, ==, 0);

  /* There is no tokenizer, which is what stops it now. */
  g_setenv ("UNCLIP_MEMORY_LIMIT", "1000000", TRUE);
  g_assert_null (unclip_generate (model, "a", UNCLIP_PRIOR_DIFFUSION, &options, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
}

static void
test_available (void)
{
  guint64 system;

  g_assert_cmpuint (unclip_memory_in_meminfo ("MemTotal:  9 kB\nMemAvailable:     7 kB\nSwapTotal: 5 kB\nSwapFree:  3 kB\n"), ==, 10 * 1024);
  g_assert_cmpuint (unclip_memory_in_meminfo ("MemAvailable: 7 kB"), ==, 7 * 1024);
  /* An old kernel, another system, nothing: not known. */
  g_assert_cmpuint (unclip_memory_in_meminfo ("MemTotal: 9 kB\nSwapFree: 3 kB\n"), ==, 0);
  g_assert_cmpuint (unclip_memory_in_meminfo (""), ==, 0);

  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
  system = unclip_memory_available ();
  g_setenv ("UNCLIP_MEMORY_LIMIT", "12", TRUE);
  g_assert_cmpuint (unclip_memory_available (), ==, 12000000);
  /* What is no limit is none. */
  g_setenv ("UNCLIP_MEMORY_LIMIT", "0", TRUE);
  g_assert_cmpuint (unclip_memory_available () > 0, ==, system > 0);
  g_setenv ("UNCLIP_MEMORY_LIMIT", "a lot", TRUE);
  g_assert_cmpuint (unclip_memory_available () > 0, ==, system > 0);
  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
}

/* What is worked on counts against the limit that stands for the whole process, and no longer when it is gone. */
static void
test_held (void)
{
  UnclipImage *image, *copy;

  g_setenv ("UNCLIP_MEMORY_LIMIT", "12", TRUE);
  g_assert_cmpuint (unclip_memory_available (), ==, 12000000);
  unclip_memory_hold (2000000);
  g_assert_cmpuint (unclip_memory_available (), ==, 10000000);
  image = unclip_image_new (500, 500, 3);
  g_assert_cmpuint (unclip_memory_available (), ==, 7000000);
  copy = unclip_image_copy (image);
  unclip_image_free (image);
  g_assert_cmpuint (unclip_memory_available (), ==, 7000000);
  unclip_memory_hold (20000000);
  g_assert_cmpuint (unclip_memory_available (), ==, 1);
  unclip_memory_hold (-22000000);
  unclip_image_free (copy);
  g_assert_null (unclip_image_new (0, 500, 3));
  g_assert_cmpuint (unclip_memory_available (), ==, 12000000);
  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
}

static gboolean
read_nothing (int y, int n, float *rows, gpointer data, GError **error)
{
  g_assert_not_reached ();
}

/* Nor is a picture read that would not fit in float, large or to be made smaller. */
static void
test_picture_refused (void)
{
  static const struct
  {
    int         side;
    const char *megabytes;
  } pictures[] = { { 1000, "11" }, { 10000, "60" } };

  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    {
      UnclipRows rows = { pictures[i].side, pictures[i].side, 3, read_nothing, NULL };
      GError    *error = NULL;

      g_setenv ("UNCLIP_MEMORY_LIMIT", pictures[i].megabytes, TRUE);
      g_assert_null (unclip_frame_reduce (&rows, UNCLIP_FRAMING_STRETCH, NULL, &error));
      support_assert_refused (&error, UNCLIP_ERROR_MEMORY);
    }
  g_unsetenv ("UNCLIP_MEMORY_LIMIT");
}

/* A group of the second version, with its limits and what it uses. */
static void
put_group (const char *group, const char *max, const char *high, const char *current)
{
  const char *names[] = { "memory.max", "memory.high", "memory.current" }, *values[] = { max, high, current };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *name = g_build_filename ("cgroup", group, names[i], NULL);

      g_free (support_write (name, values[i], -1));
    }
}

/* The tightest limit counts, whichever parent has it; pages of files are free. */
static void
test_cgroups (void)
{
  g_autofree char *mount = support_path ("cgroup");

  put_group ("a", "9000\n", "max\n", "1000\n");
  put_group ("a/b", "max\n", "8000\n", "1500\n");
  put_group ("a/b/c", "max\n", "max\n", "500\n");
  g_assert_cmpuint (unclip_memory_in_cgroups ("0::/a/b/c\n", mount), ==, 6500);
  g_assert_cmpuint (unclip_memory_in_cgroups ("0::/a\n", mount), ==, 8000);
  g_assert_cmpuint (unclip_memory_in_cgroups ("0::/elsewhere\n", mount), ==, G_MAXUINT64);
  g_assert_cmpuint (unclip_memory_in_cgroups ("", mount), ==, G_MAXUINT64);
  g_free (support_write ("cgroup/a/b/memory.stat", "anon 5\ninactive_file 400\nactive_file 300\n", -1));
  g_assert_cmpuint (unclip_memory_in_cgroups ("0::/a/b/c\n", mount), ==, 7200);
  /* More than it may, which happens: nothing. */
  put_group ("a", "9000\n", "max\n", "9500\n");
  g_assert_cmpuint (unclip_memory_in_cgroups ("0::/a/b/c\n", mount), ==, 0);

  /* The first version, seen from inside a container, where the group itself is the top. */
  g_free (support_write ("cgroup/memory/memory.limit_in_bytes", "7000\n", -1));
  g_free (support_write ("cgroup/memory/memory.usage_in_bytes", "3000\n", -1));
  g_free (support_write ("cgroup/memory/memory.stat", "total_inactive_file 1000\n", -1));
  g_assert_cmpuint (unclip_memory_in_cgroups ("5:cpu,memory:/not/seen/here\n0::/\n", mount), ==, 5000);
  g_assert_cmpuint (unclip_memory_in_cgroups ("5:cpu:/not/seen/here\n", mount), ==, G_MAXUINT64);
}

/* What the shell's ulimit leaves. */
static void
test_own_limits (void)
{
  static const int resources[] = { RLIMIT_AS, RLIMIT_DATA };

#if defined(__SANITIZE_ADDRESS__)
  g_test_skip ("the sanitizer itself takes terabytes of addresses");
  return;
#endif
  for (guint i = 0; i < G_N_ELEMENTS (resources); i++)
    {
      struct rlimit before, limit;
      guint64       left;

      g_assert_cmpint (getrlimit (resources[i], &before), ==, 0);
      limit = before;
      limit.rlim_cur = (rlim_t) 3 << 30;
      g_assert_cmpint (setrlimit (resources[i], &limit), ==, 0);
      left = unclip_memory_available ();
      g_assert_cmpint (setrlimit (resources[i], &before), ==, 0);
      g_assert_cmpuint (left, >, 0);
      g_assert_cmpuint (left, <, (guint64) 3 << 30);
    }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/memory/prior", test_prior);
  g_test_add_func ("/memory/decoder", test_decoder);
  g_test_add_func ("/memory/super-res", test_super_res);
  g_test_add_func ("/memory/pictures-count", test_pictures_count);
  g_test_add_func ("/memory/framing-counts", test_framing_counts);
  g_test_add_func ("/memory/latents-that-are-not-there", test_latents_that_are_not_there);
  g_test_add_func ("/memory/hostile", test_hostile);
  g_test_add_func ("/memory/refused", test_refused);
  g_test_add_func ("/memory/available", test_available);
  g_test_add_func ("/memory/held", test_held);
  g_test_add_func ("/memory/picture-refused", test_picture_refused);
  g_test_add_func ("/memory/cgroups", test_cgroups);
  g_test_add_func ("/memory/own-limits", test_own_limits);
  return g_test_run ();
}
