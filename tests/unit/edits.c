/* Whole edits on a model of random weights whose sizes are like nobody's: odd channel counts, other head
 * widths and numbers of layers, no power of two anywhere. Nothing of it looks like a picture, but what must
 * hold for every model holds for it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dev.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define LOW 12  /* the decoder's side: three levels */
#define HIGH 36 /* the first upsampler's */
#define VAST 108 /* the second one's */

static char        *folder; /* holds the configs and the model */
static UnclipModel *model;

/* ---- the model --------------------------------------------------------------------------------- */

static const struct
{
  const char *path, *text;
} configs[] = {
  { "model_index.json", "{\"_class_name\": \"UnCLIPPipeline\", \"_unclip_defaults\": {\"variation_guidance_scale\": 3}}" },
  { "text_encoder/config.json",
    "{\"hidden_size\": 15, \"intermediate_size\": 31, \"num_attention_heads\": 3, \"num_hidden_layers\": 2, \"vocab_size\": 514,"
    " \"max_position_embeddings\": 11, \"projection_dim\": 15, \"hidden_act\": \"gelu\", \"eos_token_id\": 513}" },
  { "image_encoder/config.json",
    "{\"hidden_size\": 14, \"intermediate_size\": 25, \"num_attention_heads\": 2, \"num_hidden_layers\": 2, \"image_size\": 21,"
    " \"patch_size\": 7, \"projection_dim\": 15, \"hidden_act\": \"quick_gelu\"}" },
  { "feature_extractor/preprocessor_config.json", "{\"size\": 21, \"crop_size\": 21}" },
  { "prior/config.json", "{\"num_attention_heads\": 3, \"attention_head_dim\": 5, \"num_layers\": 2, \"embedding_dim\": 15, \"num_embeddings\": 11}" },
  { "prior_autoregressive/config.json",
    "{\"num_attention_heads\": 3, \"attention_head_dim\": 5, \"num_layers\": 2, \"embedding_dim\": 15, \"num_embeddings\": 11,"
    " \"n_components\": 7, \"n_buckets\": 37, \"n_dot_buckets\": 5}" },
  { "text_proj/config.json", "{\"clip_embeddings_dim\": 15, \"clip_extra_context_tokens\": 3, \"cross_attention_dim\": 13, \"time_embed_dim\": 36}" },
  { "decoder/config.json",
    "{\"_class_name\": \"UNet2DConditionModel\", \"sample_size\": 12, \"in_channels\": 3, \"out_channels\": 6, \"block_out_channels\": [9, 15, 21],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"SimpleCrossAttnDownBlock2D\", \"SimpleCrossAttnDownBlock2D\"],"
    " \"up_block_types\": [\"SimpleCrossAttnUpBlock2D\", \"SimpleCrossAttnUpBlock2D\", \"ResnetUpsampleBlock2D\"],"
    " \"layers_per_block\": [1, 2, 1], \"norm_num_groups\": 3, \"cross_attention_dim\": 13, \"attention_head_dim\": [9, 5, 7],"
    " \"class_embed_type\": \"identity\", \"mid_block_type\": \"UNetMidBlock2DSimpleCrossAttn\", \"resnet_time_scale_shift\": \"scale_shift\"}" },
  { "super_res_first/config.json",
    "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 36, \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": [7, 11],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"ResnetDownsampleBlock2D\"], \"add_attention\": false,"
    " \"up_block_types\": [\"ResnetUpsampleBlock2D\", \"ResnetUpsampleBlock2D\"], \"layers_per_block\": 1, \"norm_num_groups\": 1}" },
  { "super_res_last/config.json",
    "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 36, \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": [5],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\"], \"up_block_types\": [\"ResnetUpsampleBlock2D\"], \"add_attention\": false,"
    " \"layers_per_block\": 2, \"norm_num_groups\": 5}" },
  { "super_res_1024/config.json",
    "{\"_class_name\": \"UNet2DModel\", \"sample_size\": 108, \"in_channels\": 6, \"out_channels\": 6, \"block_out_channels\": [5, 7],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"ResnetDownsampleBlock2D\"], \"add_attention\": false,"
    " \"up_block_types\": [\"ResnetUpsampleBlock2D\", \"ResnetUpsampleBlock2D\"], \"layers_per_block\": 1, \"norm_num_groups\": 1}" },
  { "super_res_1024_scheduler/scheduler_config.json", "{\"variance_type\": \"learned_range\"}" },
  { "tokenizer/merges.txt", "#version: 0.2\n" },
};

static void
put (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, "configs", name, NULL), *dir = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

/* Every byte's character, bare and at the end of a word, and the two marks. */
static void
put_vocabulary (void)
{
  g_autoptr (GString) vocab = g_string_new ("{");
  int other = 256, id = 0;

  for (int byte = 0; byte < 256; byte++)
    {
      gboolean prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
      char     text[8] = { 0 };

      g_unichar_to_utf8 (prints ? byte : other++, text);
      if (*text == '"' || *text == '\\')
        memmove (text + 1, text, 2), text[0] = '\\';
      g_string_append_printf (vocab, "\"%s\": %d, \"%s</w>\": %d, ", text, id, text, id + 1);
      id += 2;
    }
  g_string_append (vocab, "\"<|startoftext|>\": 512, \"<|endoftext|>\": 513}");
  put ("tokenizer/vocab.json", vocab->str);
}

static UnclipModel *
model_new (const char *name, const char *dtype)
{
  g_autofree char *in = g_build_filename (folder, "configs", NULL), *out = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;
  UnclipModel *opened;

  unclip_synth (in, out, 3, dtype, NULL, &error);
  g_assert_no_error (error);
  opened = unclip_model_open (out, NULL, &error);
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
picture (int width, int height)
{
  UnclipImage *image = unclip_image_new (width, height, 3);

  for (int y = 0; y < height; y++)
    for (int x = 0; x < width; x++)
      for (int c = 0; c < 3; c++)
        image->pixels[(y * width + x) * 3 + c] = 0.5f + 0.4f * sinf (0.3f * (x + c) + 0.2f * y);
  return image;
}

static UnclipOptions
options_new (int size)
{
  UnclipOptions options;

  unclip_options_init (&options);
  options.size = size;
  options.n_steps = 5;
  options.prior_n_steps = 4;
  options.super_res_n_steps = 3;
  options.seed = 7;
  return options;
}

static float
largest_difference (const UnclipImage *a, const UnclipImage *b)
{
  float most = 0;

  g_assert_cmpint (a->width, ==, b->width);
  g_assert_cmpint (a->height, ==, b->height);
  for (int i = 0; i < a->width * a->height * 3; i++)
    most = MAX (most, fabsf (a->pixels[i] - b->pixels[i]));
  return most;
}

static double
rms_difference (const UnclipImage *a, const UnclipImage *b)
{
  int    n = a->width * a->height * 3;
  double squares = 0;

  for (int i = 0; i < n; i++)
    squares += pow (a->pixels[i] - b->pixels[i], 2);
  return sqrt (squares / n);
}

/* ---- what must hold -------------------------------------------------------------------------------- */

static const UnclipInversion exact[] = { UNCLIP_INVERSION_DEFAULT, UNCLIP_INVERSION_RESIDUALS, UNCLIP_INVERSION_BDIA, UNCLIP_INVERSION_DDPM };

/* Through a file, at each size, at a guidance, and in bf16, which the file remembers. */
static void
test_latents_return_the_picture (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (exact); i++)
    for (int k = 0; k < 4; k++)
      {
        int              size = k == 0 ? LOW : k == 3 ? VAST : HIGH;
        UnclipOptions    options = options_new (size);
        g_autofree char *path = g_build_filename (folder, "latents.safetensors", NULL);
        g_autoptr (UnclipImage) x = picture (size, size);
        g_autoptr (UnclipLatents) made = NULL;
        g_autoptr (UnclipLatents) latents = NULL;
        g_autoptr (UnclipImage) back = NULL;
        g_autoptr (GError) error = NULL;

        options.inversion = exact[i];
        options.guidance_scale = k == 2 ? 3 : -1;
        options.precision = k == 3 ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32;
        made = unclip_invert (model, x, "a ball", &options, &error);
        g_assert_no_error (error);
        g_assert_true (unclip_latents_save (made, path, &error));
        latents = unclip_latents_load (path, &error);
        g_assert_no_error (error);
        unclip_options_init (&options);
        back = unclip_decode (model, latents, &options, &error);
        g_assert_no_error (error);
        g_assert_cmpint (back->width, ==, size);
        g_assert_cmpfloat (largest_difference (x, back), <, 2e-3);
      }
}

static void
test_latents_of_another_model (void)
{
  g_autoptr (UnclipModel) other = model_new ("other", "bf16");
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  UnclipOptions options = options_new (LOW);
  g_autoptr (UnclipLatents) latents = unclip_invert (other, x, "", &options, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (latents);
  g_assert_null (unclip_decode (model, latents, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

/* Eta 0 is the picture, a larger one is not; each has a seed of its own; the first is the reconstruction. */
static void
test_variations (void)
{
  UnclipOptions options = options_new (LOW);
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (GPtrArray) same = unclip_variations (model, x, 1, 0, &options, NULL);
  g_autoptr (GPtrArray) pair = unclip_variations (model, x, 2, 0.8, &options, NULL);
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (GPtrArray) lost = NULL;

  g_assert_cmpint (same->len, ==, 2);
  g_assert_cmpint (pair->len, ==, 3);
  g_assert_cmpfloat (largest_difference (x, same->pdata[0]), <, 2e-3);
  g_assert_cmpfloat (largest_difference (x, same->pdata[1]), <, 2e-3);
  g_assert_cmpfloat (largest_difference (x, pair->pdata[1]), >, 0.02);
  g_assert_cmpfloat (largest_difference (pair->pdata[1], pair->pdata[2]), >, 0.02);

  options.seed++;
  second = unclip_variations (model, x, 1, 0.8, &options, NULL);
  g_assert_cmpfloat (largest_difference (pair->pdata[2], second->pdata[1]), ==, 0);

  /* Plain DDIM loses the picture, and its reconstruction tells. */
  options.inversion = UNCLIP_INVERSION_DDIM;
  lost = unclip_variations (model, x, 1, 0, &options, NULL);
  g_assert_cmpfloat (largest_difference (lost->pdata[0], lost->pdata[1]), ==, 0);
  g_assert_cmpfloat (largest_difference (lost->pdata[0], x), >, 1e-3);
}

static void
assert_same (const UnclipImage *a, const UnclipImage *b)
{
  gsize size = sizeof (float) * a->width * a->height * 3;

  g_assert_cmpint (a->width, ==, b->width);
  g_assert_cmpmem (a->pixels, size, b->pixels, size);
}

/* Each kind of edit: all of its candidates are of the decoder's size, and become the very pictures, in any order, at any size and precision. */
static void
test_candidates (void)
{
  g_autoptr (UnclipImage) x = picture (70, 50);
  const UnclipIngredient ingredients[] = { { x, NULL, 1 }, { NULL, "a ball", 1 } };
  static const int       backwards[] = { 1, 0 }, none[] = { 2 };

  for (int kind = 0; kind < 6; kind++)
    for (int k = 0; k < 3; k++)
      {
        int           n = kind == 5 ? 1 : 2, of_picture = kind == 0 || kind == 1 || kind == 3;
        UnclipOptions options = options_new (k == 0 ? LOW : k == 1 ? HIGH : VAST);
        g_autoptr (GPtrArray) whole = NULL;
        g_autoptr (GPtrArray) small = NULL;
        g_autoptr (GPtrArray) finished = NULL;
        g_autoptr (UnclipCandidates) candidates = NULL;
        g_autoptr (GError) error = NULL;

        options.precision = k == 2 ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32;
        for (int leaves = 0; leaves < 2; leaves++)
          {
            GPtrArray *made = NULL;

            options.candidates = leaves ? &candidates : NULL;
            if (kind == 0)
              made = unclip_variations (model, x, 2, 0.8, &options, &error);
            else if (kind == 1)
              made = unclip_text_edit (model, x, "a ball", "a star", 0.6, 2, &options, &error);
            else if (kind == 2 || kind == 3)
              made = unclip_mix (model, ingredients, 2, kind == 3, 2, &options, &error);
            else if (kind == 4)
              made = unclip_interpolate (model, x, x, 2, UNCLIP_HOLD_NOTHING, &options, &error);
            else
              {
                made = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
                g_ptr_array_add (made, unclip_generate (model, "a ball", UNCLIP_PRIOR_DIFFUSION, &options, &error));
              }
            g_assert_no_error (error);
            g_assert_cmpint (made->len, ==, n + of_picture);
            *(leaves ? &small : &whole) = made;
          }
        g_assert_cmpint (unclip_candidates_count (candidates), ==, n);
        for (guint i = 0; i < small->len; i++)
          g_assert_cmpint (((UnclipImage *) small->pdata[i])->width, ==, LOW);

        unclip_options_init (&options);
        finished = unclip_candidates_finish (model, candidates, n == 2 ? backwards : backwards + 1, n, &options, &error);
        g_assert_no_error (error);
        g_assert_cmpint (finished->len, ==, n + of_picture);
        if (of_picture)
          assert_same (whole->pdata[0], finished->pdata[0]);
        for (int i = 0; i < n; i++)
          assert_same (whole->pdata[of_picture + i], finished->pdata[of_picture + n - 1 - i]);

        g_assert_null (unclip_candidates_finish (model, candidates, none, 1, &options, &error));
        g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
      }
}

/* What a caller sees of candidates as they come, who has enough after @enough of them. */
typedef struct
{
  GPtrArray    *seen; /* element-type UnclipImage */
  gboolean      has_reconstruction;
  guint         enough;
  GCancellable *stop;
} Watcher;

static void
see (int number, const UnclipImage *square, gpointer data)
{
  Watcher *watcher = data;

  if (number < 0)
    watcher->has_reconstruction = TRUE;
  g_assert_cmpint (number, ==, (int) watcher->seen->len - watcher->has_reconstruction);
  g_ptr_array_add (watcher->seen, unclip_image_copy (square));
  if (number >= 0 && number + 1 == (int) watcher->enough)
    g_cancellable_cancel (watcher->stop);
}

/* Candidates are shown as they come, as they are in the end; whoever has enough keeps those that are done, and only those. */
static void
test_candidates_as_they_come (void)
{
  g_autoptr (UnclipImage) x = picture (70, 50);
  g_autoptr (UnclipImage) other = picture (50, 70);
  const UnclipIngredient ingredients[] = { { x, NULL, 1 }, { NULL, "a ball", 1 } };
  static const int       last[] = { 1 };

  for (int kind = 0; kind < 5; kind++)
    for (guint enough = 0; enough <= 2; enough += 2)
      {
        gboolean      of_picture = kind == 0 || kind == 1 || kind == 3;
        UnclipOptions options = options_new (HIGH);
        g_autoptr (GCancellable) stop = g_cancellable_new ();
        g_autoptr (GPtrArray) seen = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_image_free);
        g_autoptr (GPtrArray) made = NULL;
        g_autoptr (GPtrArray) finished = NULL;
        g_autoptr (UnclipCandidates) candidates = NULL;
        g_autoptr (GError) error = NULL;
        Watcher     watcher = { seen, FALSE, enough, stop };
        UnclipUsed  used;
        const guint n = enough > 0 ? enough : 3;

        options.candidates = &candidates;
        options.candidate = see;
        options.candidate_data = &watcher;
        options.stop = stop;
        options.used = &used;
        /* Without, an end of an interpolation takes no step that could be stopped. */
        options.guidance_scale = 2;
        if (kind == 0)
          made = unclip_variations (model, x, 3, 0.8, &options, &error);
        else if (kind == 1)
          made = unclip_text_edit (model, x, "a ball", "a star", 0.6, 3, &options, &error);
        else if (kind == 2 || kind == 3)
          made = unclip_mix (model, ingredients, 2, kind == 3, 3, &options, &error);
        else
          made = unclip_interpolate (model, x, other, 3, UNCLIP_HOLD_NOTHING, &options, &error);
        g_assert_no_error (error);
        g_assert_cmpint (unclip_candidates_count (candidates), ==, n);
        g_assert_cmpint (made->len, ==, n + of_picture);
        g_assert_cmpint (seen->len, ==, made->len);
        g_assert_cmpfloat (used.cost, >, 1);
        for (guint i = 0; i < made->len; i++)
          assert_same (made->pdata[i], seen->pdata[i]);
        finished = unclip_candidates_finish (model, candidates, last, 1, NULL, &error);
        g_assert_no_error (error);
        g_assert_cmpint (((UnclipImage *) finished->pdata[0])->width, ==, HIGH);
      }
}

/* Nothing is done yet: then there is nothing to keep. */
static void
test_stopped_at_once (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (GCancellable) stop = g_cancellable_new ();
  g_autoptr (UnclipCandidates) candidates = NULL;
  g_autoptr (GPtrArray) whole = NULL;
  g_autoptr (GError) error = NULL;
  UnclipOptions options = options_new (LOW);

  g_cancellable_cancel (stop);
  options.stop = stop;
  whole = unclip_variations (model, x, 1, 0.5, &options, &error);
  g_assert_no_error (error);

  options.candidates = &candidates;
  g_assert_null (unclip_variations (model, x, 1, 0.5, &options, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (candidates);
}

/* Another upsampler would make other pictures; and what fails leaves no candidates. */
static void
test_other_candidates (void)
{
  static const int        first[] = { 0 };
  g_autoptr (UnclipModel) other = model_new ("other-upsampler", "bf16");
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (UnclipCandidates) candidates = NULL;
  g_autoptr (GPtrArray) small = NULL;
  g_autoptr (GError) error = NULL;
  UnclipOptions options = options_new (HIGH);

  options.candidates = &candidates;
  small = unclip_variations (other, x, 1, 0.5, &options, &error);
  g_assert_no_error (error);
  g_assert_null (unclip_candidates_finish (model, candidates, first, 1, NULL, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_clear_pointer (&candidates, unclip_candidates_free);

  options.cancellable = g_cancellable_new ();
  g_cancellable_cancel (options.cancellable);
  g_assert_null (unclip_variations (model, x, 1, 0.5, &options, &error));
  g_assert_null (candidates);
  g_object_unref (options.cancellable);
}

/* More of it is farther from what the picture means; picture k is that of seed + k, and none is what it was. */
static void
test_noise_level (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  UnclipOptions options = options_new (LOW);
  g_autoptr (GPtrArray) clean = unclip_variations (model, x, 1, 0, &options, NULL);
  g_autoptr (GPtrArray) slight = NULL;
  g_autoptr (GPtrArray) strong = NULL;
  g_autoptr (GPtrArray) second = NULL;
  g_autoptr (UnclipImage) drawn = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
  g_autoptr (UnclipImage) noisy = NULL;

  options.noise_level = 50;
  slight = unclip_variations (model, x, 1, 0, &options, NULL);
  options.noise_level = 900;
  strong = unclip_variations (model, x, 2, 0, &options, NULL);
  noisy = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
  options.seed++;
  second = unclip_variations (model, x, 1, 0, &options, NULL);
  g_assert_cmpfloat (largest_difference (clean->pdata[1], slight->pdata[1]), >, 0);
  g_assert_cmpfloat (rms_difference (clean->pdata[1], slight->pdata[1]), <, rms_difference (clean->pdata[1], strong->pdata[1]));
  g_assert_cmpfloat (largest_difference (strong->pdata[1], strong->pdata[2]), >, 0);
  assert_same (strong->pdata[2], second->pdata[1]);
  assert_same (clean->pdata[0], strong->pdata[0]);
  g_assert_cmpfloat (largest_difference (drawn, noisy), >, 0);
}

/* At eta 1 nothing of x_T is left but its means, however it was found. */
static void
test_variations_without_x_T (void)
{
  UnclipOptions options = options_new (LOW);
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (GPtrArray) a = unclip_variations (model, x, 1, 1, &options, NULL);
  g_autoptr (GPtrArray) b = NULL;

  options.inversion = UNCLIP_INVERSION_DDIM;
  b = unclip_variations (model, x, 1, 1, &options, NULL);
  g_assert_cmpfloat (largest_difference (a->pdata[1], b->pdata[1]), ==, 0);
}

/* Strength 0 is the picture whatever the guidance, and any size of picture comes back as the square. */
static void
test_text_edit (void)
{
  UnclipOptions options = options_new (HIGH);
  g_autoptr (UnclipImage) x = picture (70, 50);
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) stages = NULL;
  g_autoptr (GError) error = NULL;

  options.guidance_scale = 5;
  none = unclip_text_edit (model, x, "a ball", "a star", 0, 1, &options, &error);
  g_assert_no_error (error);
  stages = unclip_text_edit (model, x, "a ball", "a star", 0.6, 3, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (stages->len, ==, 4);
  for (guint i = 0; i < stages->len; i++)
    g_assert_cmpint (((UnclipImage *) stages->pdata[i])->width, ==, HIGH);
  g_assert_cmpfloat (largest_difference (stages->pdata[1], stages->pdata[3]), >, 0.01);
  g_assert_cmpfloat (largest_difference (none->pdata[0], none->pdata[1]), <, 2e-3);
  g_assert_cmpfloat (largest_difference (none->pdata[1], stages->pdata[3]), >, 0.01);

  g_assert_null (unclip_text_edit (model, x, "a ball", "a ball", 0.6, 1, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

/* All of @pictures are the first one, to the last bit. */
static void
assert_all_same (GPtrArray *pictures, guint n, GError *error)
{
  const UnclipImage *first;

  g_assert_no_error (error);
  g_assert_cmpint (pictures->len, ==, n);
  first = pictures->pdata[0];
  for (guint i = 1; i < n; i++)
    {
      const UnclipImage *image = pictures->pdata[i];
      gsize              size = sizeof (float) * first->width * first->height * 3;

      g_assert_cmpmem (image->pixels, size, first->pixels, size);
    }
}

/* Where nothing is asked for nothing changes: at any size and precision, however the picture is inverted, and with a guidance
 * that the caller names. */
static void
test_nothing_is_exact (void)
{
  static const int             sizes[] = { LOW, HIGH, VAST };
  static const UnclipInversion inversions[] = { UNCLIP_INVERSION_DEFAULT, UNCLIP_INVERSION_DDIM, UNCLIP_INVERSION_BDIA };
  g_autoptr (UnclipImage) x = picture (70, 50);

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++)
    for (int precision = UNCLIP_PRECISION_F32; precision <= UNCLIP_PRECISION_BF16; precision++)
      for (guint i = 0; i < G_N_ELEMENTS (inversions); i++)
        {
          UnclipOptions options = options_new (sizes[s]);
          g_autoptr (GPtrArray) varied = NULL;
          g_autoptr (GPtrArray) edited = NULL;
          g_autoptr (GPtrArray) frames = NULL;
          GError *error = NULL;

          options.precision = precision;
          options.inversion = inversions[i];
          frames = unclip_interpolate (model, x, x, 4, UNCLIP_HOLD_NOTHING, &options, &error);
          assert_all_same (frames, 4, error);
          options.guidance_scale = i == 2 ? 4 : -1;
          varied = unclip_variations (model, x, 2, 0, &options, &error);
          assert_all_same (varied, 3, error);
          edited = unclip_text_edit (model, x, "a ball", i == 1 ? "a ball" : "a star", 0, 2, &options, &error);
          assert_all_same (edited, 3, error);
        }
}

/* What the edit leaves alone is the picture itself, at the second upsampler's size as well. */
static void
test_large_text_edit (void)
{
  UnclipOptions options = options_new (VAST);
  g_autoptr (UnclipImage) x = picture (VAST, VAST);
  g_autoptr (GPtrArray) none = NULL;
  g_autoptr (GPtrArray) edited = NULL;
  g_autoptr (GError) error = NULL;

  none = unclip_text_edit (model, x, "a ball", "a star", 0, 1, &options, &error);
  g_assert_no_error (error);
  edited = unclip_text_edit (model, x, "a ball", "a star", 0.6, 1, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (largest_difference (x, none->pdata[0]), <, 2e-3);
  g_assert_cmpfloat (largest_difference (x, none->pdata[1]), <, 2e-3);
  g_assert_cmpfloat (largest_difference (x, edited->pdata[1]), >, 0.01);
}

/* Latents of a smaller picture get the second upsampler's detail, and those of a large one can be looked at small. */
static void
test_latents_at_other_sizes (void)
{
  UnclipOptions options = options_new (HIGH);
  g_autoptr (UnclipImage) x = picture (HIGH, HIGH);
  g_autoptr (UnclipImage) y = picture (VAST, VAST);
  g_autoptr (UnclipLatents) of_x = unclip_invert (model, x, "", &options, NULL);
  g_autoptr (UnclipLatents) of_y = NULL;
  g_autoptr (UnclipImage) large = NULL;
  g_autoptr (UnclipImage) small = NULL;
  g_autoptr (GError) error = NULL;

  options.size = VAST;
  large = unclip_decode (model, of_x, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (large->width, ==, VAST);
  of_y = unclip_invert (model, y, "", &options, &error);
  g_assert_no_error (error);
  options.size = HIGH;
  small = unclip_decode (model, of_y, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (small->width, ==, HIGH);
}

static void
test_interpolate (void)
{
  UnclipOptions options = options_new (LOW);
  g_autoptr (UnclipImage) a = picture (LOW, LOW);
  g_autoptr (UnclipImage) b = unclip_image_copy (a);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GPtrArray) same = NULL;
  g_autoptr (GPtrArray) one_noise = NULL;
  g_autoptr (GPtrArray) one_meaning = NULL;

  for (int i = 0; i < LOW * LOW * 3; i++)
    b->pixels[i] = 1 - a->pixels[i];
  frames = unclip_interpolate (model, a, b, 3, UNCLIP_HOLD_NOTHING, &options, NULL);
  g_assert_cmpint (frames->len, ==, 3);
  g_assert_cmpfloat (largest_difference (frames->pdata[0], a), <, 2e-3);
  g_assert_cmpfloat (largest_difference (frames->pdata[2], b), <, 2e-3);

  /* From a picture to itself every frame is that picture, as both ends are inverted under the same noise. */
  same = unclip_interpolate (model, a, a, 3, UNCLIP_HOLD_NOTHING, &options, NULL);
  g_assert_cmpfloat (largest_difference (same->pdata[1], a), <, 2e-3);

  /* With a part held the first frame is still the picture, and the last one neither of the two. */
  one_noise = unclip_interpolate (model, a, b, 3, UNCLIP_HOLD_X_T, &options, NULL);
  one_meaning = unclip_interpolate (model, a, b, 3, UNCLIP_HOLD_Z_I, &options, NULL);
  g_assert_cmpfloat (largest_difference (one_noise->pdata[0], a), <, 2e-3);
  g_assert_cmpfloat (largest_difference (one_meaning->pdata[0], a), <, 2e-3);
  g_assert_cmpfloat (largest_difference (one_noise->pdata[2], a), >, 0.01);
  g_assert_cmpfloat (largest_difference (one_noise->pdata[2], b), >, 0.01);
  g_assert_cmpfloat (largest_difference (one_meaning->pdata[2], a), >, 0.01);
  g_assert_cmpfloat (largest_difference (one_meaning->pdata[2], b), >, 0.01);
}

/* Picture k is that of seed + k, with the same bits for any number of threads; with the first one's structure its reconstruction goes before. */
static void
test_mix (void)
{
  g_autoptr (UnclipImage) x = picture (70, 50);
  g_autoptr (UnclipImage) b = unclip_image_copy (x);
  UnclipIngredient ingredients[] = { { x, NULL, 1 }, { NULL, "a ball", -0.5 }, { b, NULL, 0.7 }, { NULL, "a star", 0.3 } };

  for (int i = 0; i < 70 * 50 * 3; i++)
    b->pixels[i] = 1 - x->pixels[i];
  for (int keeps = 0; keeps < 2; keeps++)
    {
      UnclipUsed    used = { .size = -1 };
      UnclipOptions options = options_new (HIGH);
      g_autoptr (GPtrArray) pair = NULL;
      g_autoptr (GPtrArray) second = NULL;
      g_autoptr (GPtrArray) other = NULL;
      g_autoptr (GError) error = NULL;

      options.used = &used;
      options.n_threads = 1;
      pair = unclip_mix (model, ingredients, 4, keeps, 2, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpint (pair->len, ==, 2 + keeps);
      g_assert_cmpint (used.size, ==, HIGH);
      g_assert_cmpint (used.n_steps, ==, 5);
      g_assert_cmpfloat (used.guidance_scale, ==, keeps ? 3 : 8);

      options.n_threads = 3;
      options.seed++;
      second = unclip_mix (model, ingredients, 4, keeps, 1, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (largest_difference (pair->pdata[1 + keeps], second->pdata[keeps]), ==, 0);
      g_assert_cmpfloat (largest_difference (pair->pdata[keeps], second->pdata[keeps]), >, 0.01);
      if (keeps)
        g_assert_cmpfloat (largest_difference (pair->pdata[0], second->pdata[0]), ==, 0);

      ingredients[3].weight = 3;
      other = unclip_mix (model, ingredients, 4, keeps, 1, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpfloat (largest_difference (other->pdata[keeps], second->pdata[keeps]), >, 1e-3);
      ingredients[3].weight = 0.3;
    }
}

/* A picture mixed with itself, or with what has no weight, on its own structure is that picture. */
static void
test_mix_of_one (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (UnclipImage) b = picture (LOW, HIGH);
  const UnclipIngredient ingredients[][2] = { { { x, NULL, 1 }, { x, NULL, 2 } }, { { x, NULL, 0.5 }, { b, NULL, 0 } }, { { x, NULL, 1 }, { NULL, "a ball", 0 } } };
  UnclipOptions options = options_new (LOW);

  for (guint i = 0; i < G_N_ELEMENTS (ingredients); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) mixed = unclip_mix (model, ingredients[i], 2, TRUE, 1, &options, &error);

      g_assert_no_error (error);
      g_assert_cmpfloat (largest_difference (x, mixed->pdata[0]), <, 2e-3);
      g_assert_cmpfloat (largest_difference (x, mixed->pdata[1]), <, 2e-3);
    }
}

static void
test_bad_mixes (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  const struct
  {
    int              n, count;
    gboolean         keeps;
    UnclipIngredient ingredients[9];
    const char      *says;
  } bad[] = {
    { 1, 1, FALSE, { { x, NULL, 1 } }, "from 2 to 8" },
    { 9, 1, FALSE, { { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 }, { x, NULL, 1 } }, "not 9" },
    { 2, 0, FALSE, { { x, NULL, 1 }, { x, NULL, 1 } }, "from 1 to 64" },
    { 2, 1, FALSE, { { x, NULL, 0 }, { x, NULL, 0 } }, "All weights" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { NULL, "a ball", -1 } }, "more than 0" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { x, NULL, -2 } }, "add up to -1" },
    { 2, 1, FALSE, { { x, NULL, NAN }, { x, NULL, 1 } }, "Weight 1" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { x, NULL, INFINITY } }, "Weight 2" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { x, NULL, 101 } }, "Weight 2" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { x, NULL, -0.99999999 } }, "cancel" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { NULL, NULL, 1 } }, "Ingredient 2" },
    { 2, 1, FALSE, { { x, "a ball", 1 }, { x, NULL, 1 } }, "Ingredient 1" },
    { 2, 1, FALSE, { { x, NULL, 1 }, { NULL, "", 1 } }, "ingredient 2" },
    { 2, 1, TRUE, { { NULL, "a star", 1 }, { NULL, "a ball", 1 } }, "no picture" },
  };
  UnclipOptions options = options_new (LOW);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (unclip_mix (model, bad[i].ingredients, bad[i].n, bad[i].keeps, bad[i].count, &options, &error));
      g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
      g_assert_nonnull (strstr (error->message, bad[i].says));
    }
}

/* The same bits for any number of threads, the same picture for the same seed, another for another. */
static void
test_generate (void)
{
  for (int kind = UNCLIP_PRIOR_DIFFUSION; kind <= UNCLIP_PRIOR_TEXT; kind++)
    {
      int           size = kind == UNCLIP_PRIOR_TEXT ? VAST : HIGH;
      UnclipOptions options = options_new (size);
      g_autoptr (UnclipImage) one = NULL;
      g_autoptr (UnclipImage) three = NULL;
      g_autoptr (UnclipImage) other = NULL;
      g_autoptr (GError) error = NULL;

      options.n_threads = 1;
      one = unclip_generate (model, "a ball", kind, &options, &error);
      g_assert_no_error (error);
      options.n_threads = 3;
      three = unclip_generate (model, "a ball", kind, &options, NULL);
      g_assert_cmpmem (one->pixels, size * size * 12, three->pixels, size * size * 12);
      options.seed++;
      other = unclip_generate (model, "a ball", kind, &options, NULL);
      g_assert_cmpfloat (largest_difference (one, other), >, 0.01);
    }
}

static void
test_narrow_weights (void)
{
  static const char *const dtypes[] = { "f16", "bf16" };
  UnclipOptions options = options_new (LOW);
  g_autoptr (UnclipImage) full = NULL;

  /* Guidance would amplify what rounding changes; and packing in bf16 would round all alike. */
  options.guidance_scale = 1;
  options.precision = UNCLIP_PRECISION_F32;
  full = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (dtypes); i++)
    {
      g_autoptr (UnclipModel) narrow = model_new (dtypes[i], dtypes[i]);
      g_autoptr (UnclipImage) image = unclip_generate (narrow, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
      float difference = largest_difference (full, image);

      g_assert_cmpfloat (difference, >, 0);
      g_assert_cmpfloat (difference, <, 0.2);
    }
}

/* Nearly the same picture as in float32 (random weights and few steps make 0.03 of the rounding), with the same bits for any number of threads. */
static void
test_bf16 (void)
{
  UnclipOptions options = options_new (HIGH);
  g_autoptr (UnclipImage) full = NULL;
  g_autoptr (UnclipImage) one = NULL;
  g_autoptr (UnclipImage) three = NULL;

  options.guidance_scale = 1;
  options.precision = UNCLIP_PRECISION_F32;
  full = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
  options.precision = UNCLIP_PRECISION_BF16;
  options.n_threads = 1;
  one = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);
  options.n_threads = 3;
  three = unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &options, NULL);

  g_assert_cmpmem (one->pixels, HIGH * HIGH * 12, three->pixels, HIGH * HIGH * 12);
  g_assert_cmpfloat (largest_difference (full, one), >, 0);
  g_assert_cmpfloat (rms_difference (full, one), <, 0.1);
}

static void
test_upscale_and_labels (void)
{
  const char *labels[] = { "a ball", "a star", "" };
  UnclipUsed    used = { 0 };
  UnclipOptions options = options_new (0);
  g_autoptr (UnclipImage) x = picture (9, 5);
  g_autoptr (UnclipImage) large = NULL;
  UnclipImage gray = { 9, 5, 1, x->pixels };
  float       probabilities[3], sum = 0;
  GError     *error = NULL;

  options.used = &used;
  options.super_res_n_steps = 3;
  large = unclip_upscale (model, x, &options, NULL);
  g_assert_cmpint (used.n_steps, ==, 3);
  g_assert_cmpint (used.size, ==, 27);
  g_assert_null (unclip_upscale (model, &gray, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_cmpint (large->width, ==, 27);
  g_assert_cmpint (large->height, ==, 15);
  g_assert_true (unclip_probe_labels (model, x, labels, 3, probabilities, NULL, &options, NULL));
  g_assert_cmpint (used.n_steps, ==, 0);
  for (int i = 0; i < 3; i++)
    sum += probabilities[i];
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-5);
}

typedef struct
{
  GCancellable *cancellable;
  int           cancel_at, n_calls;
  double        fraction;
} Watch;

static void
watch (const UnclipProgress *progress, gpointer data)
{
  Watch *seen = data;

  g_assert_cmpfloat (progress->fraction, >=, seen->fraction);
  g_assert_cmpfloat (progress->fraction, <=, 1);
  g_assert_cmpint (progress->step, <=, progress->n_steps);
  seen->fraction = progress->fraction;
  if (++seen->n_calls == seen->cancel_at)
    g_cancellable_cancel (seen->cancellable);
}

/* As many pictures as numbers, from one noise: of the same number the same one, of another another. */
static void
test_principal_components (void)
{
  static const int numbers[] = { 0, 7, 2, 7 }, too_many[] = { 3, 8 }, negative[] = { -1 };
  UnclipOptions options = options_new (HIGH);
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (GPtrArray) one = NULL;
  g_autoptr (GPtrArray) three = NULL;
  g_autoptr (GError) error = NULL;

  options.n_threads = 1;
  one = unclip_probe_pca (model, x, numbers, 4, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (one->len, ==, 4);
  options.n_threads = 3;
  three = unclip_probe_pca (model, x, numbers, 4, &options, NULL);
  for (int i = 0; i < 4; i++)
    {
      g_assert_cmpint (((UnclipImage *) one->pdata[i])->width, ==, HIGH);
      g_assert_cmpfloat (largest_difference (one->pdata[i], three->pdata[i]), ==, 0);
    }
  g_assert_cmpfloat (largest_difference (one->pdata[1], one->pdata[3]), ==, 0);
  g_assert_cmpfloat (largest_difference (one->pdata[1], one->pdata[2]), >, 1e-3);
  g_assert_cmpfloat (largest_difference (one->pdata[0], one->pdata[2]), >, 1e-3);

  g_assert_null (unclip_probe_pca (model, x, too_many, 2, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_assert_nonnull (strstr (error->message, "0 to 7"));
  g_clear_error (&error);
  g_assert_null (unclip_probe_pca (model, x, negative, 1, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (unclip_probe_pca (model, x, NULL, 0, &options, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

/* Progress rises to the end, and a cancelled call makes no further step. */
static void
test_progress_and_cancel (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  UnclipOptions options = options_new (VAST);
  Watch all = { cancellable }, some = { cancellable };
  g_autoptr (GPtrArray) done = NULL;
  g_autoptr (GError) error = NULL;

  options.progress = watch;
  options.progress_data = &all;
  options.cancellable = cancellable;
  done = unclip_text_edit (model, x, "a ball", "a star", 0.5, 2, &options, NULL);
  g_assert_nonnull (done);
  g_assert_cmpfloat (all.fraction, >, 0.98);

  for (some.cancel_at = 1; some.cancel_at <= all.n_calls; some.cancel_at += 3)
    {
      g_cancellable_reset (cancellable);
      some.n_calls = 0;
      some.fraction = 0;
      options.progress_data = &some;
      g_assert_null (unclip_text_edit (model, x, "a ball", "a star", 0.5, 2, &options, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (some.n_calls, ==, some.cancel_at);
      g_clear_error (&error);
    }

  /* Of a mix, in which captions go through the prior twice each. */
  {
    const UnclipIngredient ingredients[] = { { x, NULL, 1 }, { NULL, "a ball", 1 }, { NULL, "a star", 1 } };

    options.size = LOW;
    for (int keeps = 0; keeps < 2; keeps++)
      {
        g_autoptr (GPtrArray) mixed = NULL;

        all = (Watch) { cancellable };
        options.progress_data = &all;
        g_cancellable_reset (cancellable);
        mixed = unclip_mix (model, ingredients, 3, keeps, 2, &options, NULL);
        g_assert_nonnull (mixed);
        g_assert_cmpfloat (all.fraction, >, 0.98);
        for (some.cancel_at = 1; some.cancel_at <= all.n_calls; some.cancel_at += 7)
          {
            g_cancellable_reset (cancellable);
            some.n_calls = 0;
            some.fraction = 0;
            options.progress_data = &some;
            g_assert_null (unclip_mix (model, ingredients, 3, keeps, 2, &options, &error));
            g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
            g_assert_cmpint (some.n_calls, ==, some.cancel_at);
            g_clear_error (&error);
          }
      }
  }

  /* Code by code: each of two draws has seven. */
  options.size = LOW;
  all = (Watch) { cancellable };
  options.progress_data = &all;
  g_cancellable_reset (cancellable);
  {
    g_autoptr (UnclipImage) image = unclip_generate (model, "a ball", UNCLIP_PRIOR_AUTOREGRESSIVE, &options, NULL);

    g_assert_nonnull (image);
  }
  g_assert_cmpfloat (all.fraction, >, 0.98);
  g_assert_cmpint (all.n_calls, >, 14 + options.n_steps);
  for (some.cancel_at = 1; some.cancel_at <= all.n_calls; some.cancel_at += 2)
    {
      g_cancellable_reset (cancellable);
      some.n_calls = 0;
      some.fraction = 0;
      options.progress_data = &some;
      g_assert_null (unclip_generate (model, "a ball", UNCLIP_PRIOR_AUTOREGRESSIVE, &options, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (some.n_calls, ==, some.cancel_at);
      g_clear_error (&error);
    }
}

/* What a job used is told also where its options left it to the model. */
static void
test_used (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  g_autoptr (GPtrArray) squares = NULL;
  g_autoptr (GError) error = NULL;
  UnclipUsed    used = { .size = -1 };
  UnclipOptions options;

  unclip_options_init (&options);
  options.super_res_n_steps = 2;
  options.used = &used;
  squares = unclip_variations (model, x, 1, 0.5, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (used.size, ==, ((UnclipImage *) squares->pdata[1])->width);
  g_assert_cmpint (used.n_steps, ==, 25);
  g_assert_cmpfloat (used.guidance_scale, ==, 2); /* half the way from 1 to the model's 3 */
  g_assert_cmpfloat (used.strength, ==, 0.5);
  g_assert_cmpint (used.precision, ==, unclip_precision_is_bf16 (UNCLIP_PRECISION_AUTO) ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32);

  options = options_new (LOW);
  options.precision = UNCLIP_PRECISION_BF16;
  options.guidance_scale = 1.5;
  options.used = &used;
  g_clear_pointer (&squares, g_ptr_array_unref);
  squares = unclip_text_edit (model, x, "a", "b", -1, 1, &options, &error);
  g_assert_no_error (error);
  g_assert_cmpint (used.size, ==, LOW);
  g_assert_cmpint (used.n_steps, ==, 5);
  g_assert_cmpfloat (used.guidance_scale, ==, 1.5);
  g_assert_cmpfloat (used.strength, ==, 0.4);
  g_assert_cmpint (used.precision, ==, UNCLIP_PRECISION_BF16);
}

static void
take_note (const char *note, gpointer data)
{
  g_ptr_array_add (data, g_strdup (note));
}

/* The model reads nine letters beside start and end; each letter is a word here. */
static void
test_cut_caption (void)
{
  static const struct
  {
    const char *caption, *told;
  } cases[] = {
    { "a b c d e f g h i", NULL },
    { "", NULL },
    { "a b c d e f g h i   ", NULL },
    { "a b c d e f g h i j", "last word is" },
    { "a b c d e f g h ij", "last word is" }, /* in part */
    { "a b c d e f g h i j, k\tl\n\nm", "last 4 words are" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) notes = g_ptr_array_new_with_free_func (g_free);
      g_autoptr (UnclipImage) image = NULL;
      g_autoptr (GError) error = NULL;
      UnclipOptions options = options_new (LOW);

      options.note = take_note;
      options.note_data = notes;
      image = unclip_generate (model, cases[i].caption, UNCLIP_PRIOR_TEXT, &options, &error);
      g_assert_no_error (error);
      g_assert_cmpint (notes->len, ==, cases[i].told != NULL);
      if (cases[i].told != NULL)
        g_assert_nonnull (strstr (notes->pdata[0], cases[i].told));
    }
}

static void
test_bad_options (void)
{
  g_autoptr (UnclipImage) x = picture (LOW, LOW);
  UnclipOptions good = options_new (LOW);
  const UnclipOptions bad[] = {
    { .size = 17, .guidance_scale = -1 },
    { .tile = -8, .guidance_scale = -1 },
    { .n_steps = 1001 },
    { .n_steps = -1 },
    { .guidance_scale = 1e9 },
    { .guidance_scale = NAN },
    { .guidance_scale = -INFINITY },
    { .prior_guidance_scale = NAN },
    { .n_threads = -2 },
    { .noise_level = -1, .guidance_scale = -1 },
    { .noise_level = 1000, .guidance_scale = -1 },
  };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (unclip_generate (model, "a ball", UNCLIP_PRIOR_TEXT, &bad[i], &error));
      g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_null (unclip_variations (model, x, 0, 0.5, &good, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (unclip_interpolate (model, x, x, 1, UNCLIP_HOLD_NOTHING, &good, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
  g_clear_error (&error);
  for (int i = 0; i < 4; i++)
    {
      double number = (const double[]) { NAN, INFINITY, -INFINITY, 1.5 }[i];

      g_assert_null (unclip_variations (model, x, 1, number, &good, &error));
      g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
      g_clear_error (&error);
      g_assert_null (unclip_text_edit (model, x, "a ball", "a star", number, 1, &good, &error));
      g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
      g_clear_error (&error);
    }
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("unclip-edits-XXXXXX", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    put (configs[i].path, configs[i].text);
  put_vocabulary ();
  model = model_new ("model", "f32");

  g_test_add_func ("/edits/latents/return-the-picture", test_latents_return_the_picture);
  g_test_add_func ("/edits/latents/another-model", test_latents_of_another_model);
  g_test_add_func ("/edits/latents/other-sizes", test_latents_at_other_sizes);
  g_test_add_func ("/edits/variations", test_variations);
  g_test_add_func ("/edits/variations/without-x_T", test_variations_without_x_T);
  g_test_add_func ("/edits/candidates", test_candidates);
  g_test_add_func ("/edits/candidates/as-they-come", test_candidates_as_they_come);
  g_test_add_func ("/edits/candidates/stopped-at-once", test_stopped_at_once);
  g_test_add_func ("/edits/candidates/of-another-model", test_other_candidates);
  g_test_add_func ("/edits/noise-level", test_noise_level);
  g_test_add_func ("/edits/text-edit", test_text_edit);
  g_test_add_func ("/edits/nothing-is-exact", test_nothing_is_exact);
  g_test_add_func ("/edits/large-text-edit", test_large_text_edit);
  g_test_add_func ("/edits/interpolate", test_interpolate);
  g_test_add_func ("/edits/mix", test_mix);
  g_test_add_func ("/edits/mix/of-one", test_mix_of_one);
  g_test_add_func ("/edits/mix/refused", test_bad_mixes);
  g_test_add_func ("/edits/generate", test_generate);
  g_test_add_func ("/edits/narrow-weights", test_narrow_weights);
  g_test_add_func ("/edits/bf16", test_bf16);
  g_test_add_func ("/edits/upscale-and-labels", test_upscale_and_labels);
  g_test_add_func ("/edits/principal-components", test_principal_components);
  g_test_add_func ("/edits/progress-and-cancel", test_progress_and_cancel);
  g_test_add_func ("/edits/used", test_used);
  g_test_add_func ("/edits/cut-caption", test_cut_caption);
  g_test_add_func ("/edits/bad-options", test_bad_options);
  status = g_test_run ();

  unclip_model_unref (model);
  remove_tree (folder);
  g_free (folder);
  return status;
}
