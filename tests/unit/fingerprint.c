/* Which model it was: what counts, what does not, and which latents can be decoded when parts of a model are others.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fingerprint.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support.h"
#include "tiny.h"

#define ALL UNCLIP_STAGE_NONE

static char *
fingerprint (const char *dir, UnclipStages stage)
{
  g_autoptr (UnclipModel) model = tiny_open (dir);

  return stage == ALL ? unclip_model_fingerprint (model) : unclip_stage_fingerprint (model, stage);
}

static void
put (const char *dir, const char *file, const char *text)
{
  g_autofree char *path = g_build_filename (dir, file, NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
drop (const char *dir, const char *file)
{
  g_autofree char *path = g_build_filename (dir, file, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
}

/* Other ways of writing the same. */
static void
test_same (void)
{
  g_autofree char *dir = tiny_model ("tiny"), *copy = tiny_model ("copy"), *vocab_path = g_build_filename (dir, "tokenizer", "vocab.json", NULL);
  g_autofree char *all = fingerprint (dir, ALL), *elsewhere = fingerprint (copy, ALL), *again = NULL, *vocab = NULL, *json = NULL, *spelled = NULL;

  g_assert_cmpuint (strlen (all), ==, 16);
  g_assert_cmpuint (strspn (all, "0123456789abcdef"), ==, 16);
  g_assert_cmpstr (all, ==, elsewhere);

  put (dir, "feature_extractor/preprocessor_config.json", "{\n  \"crop_size\" : 12.0,\n \"_name\": \"x\", \"size\": 1.2e1, \"do_resize\": null,"
                                                          " \"transformers_version\": \"4.99\"}\n");
  tiny_edit (dir, "tokenizer/merges.txt", "\n", "\r\n");
  tiny_edit (dir, "tokenizer/tokenizer_config.json", "{", "{\"name_or_path\": \"elsewhere\", ");
  again = fingerprint (dir, ALL);
  g_assert_cmpstr (again, ==, all);

  /* All of the tokenizer in one file. */
  g_assert_true (g_file_get_contents (vocab_path, &vocab, NULL, NULL));
  json = g_strdup_printf ("{\"model\": {\"vocab\": %s, \"merges\": [\"l o\", \"lo w</w>\", \"e r</w>\", \"lo w\", \"a a\", \"aa aa\", \"' s</w>\", \"w er</w>\"]}}", vocab);
  put (dir, "tokenizer/tokenizer.json", json);
  drop (dir, "tokenizer/vocab.json");
  drop (dir, "tokenizer/merges.txt");
  spelled = fingerprint (dir, ALL);
  g_assert_cmpstr (spelled, ==, all);
}

/* What is another model, in whole, and in which stage of decoding. */
static void
test_other (void)
{
  static const struct
  {
    const char  *component, *tensor;
    UnclipStages stage; /* the one that uses it */
  } parts[] = {
    { "prior", "clip_mean", ALL },
    { "image_encoder", "visual_projection.weight", ALL },
    { "prior_autoregressive", "pca_mean", ALL },
    { "text_encoder", "text_projection.weight", UNCLIP_STAGE_DECODER },
    { "text_proj", "embedding_proj.bias", UNCLIP_STAGE_DECODER },
    { "decoder", "conv_in.bias", UNCLIP_STAGE_DECODER },
    { "super_res_first", "conv_in.bias", UNCLIP_STAGE_FIRST_UPSAMPLER },
    { "super_res_last", "conv_in.bias", UNCLIP_STAGE_FIRST_UPSAMPLER },
    { "super_res_1024", "conv_in.bias", UNCLIP_STAGE_SECOND_UPSAMPLER },
  };
  static const struct
  {
    const char  *file, *from, *to;
    UnclipStages stage;
  } texts[] = {
    { "prior_scheduler/scheduler_config.json", "5.0", "6.0", ALL },
    { "feature_extractor/preprocessor_config.json", "}", ", \"image_mean\": [0, 0, 0]}", ALL },
    { "tokenizer/tokenizer_config.json", "}", ", \"pad_token\": \"a\"}", UNCLIP_STAGE_DECODER },
    { "tokenizer/merges.txt", "l o\nlo w</w>", "lo w</w>\nl o", UNCLIP_STAGE_DECODER },
    { "decoder_scheduler/scheduler_config.json", "}", ", \"clip_sample_range\": 2}", UNCLIP_STAGE_DECODER },
    { "super_res_scheduler/scheduler_config.json", "}", ", \"clip_sample\": false}", UNCLIP_STAGE_FIRST_UPSAMPLER },
    { "super_res_1024_scheduler/scheduler_config.json", "}", ", \"clip_sample\": false}", UNCLIP_STAGE_SECOND_UPSAMPLER },
    { "model_index.json", "400", "500", UNCLIP_STAGE_SECOND_UPSAMPLER },
  };
  static const UnclipStages stages[] = { ALL, UNCLIP_STAGE_DECODER, UNCLIP_STAGE_FIRST_UPSAMPLER, UNCLIP_STAGE_SECOND_UPSAMPLER };
  g_autofree char *dir = tiny_model ("tiny");

  for (guint i = 0; i < G_N_ELEMENTS (parts) + G_N_ELEMENTS (texts); i++)
    {
      gboolean     is_text = i >= G_N_ELEMENTS (parts);
      guint        k = is_text ? i - G_N_ELEMENTS (parts) : i;
      UnclipStages uses = is_text ? texts[k].stage : parts[k].stage;
      char        *before[4];

      g_test_message ("%s", is_text ? texts[k].file : parts[k].component);
      for (guint s = 0; s < G_N_ELEMENTS (stages); s++)
        before[s] = fingerprint (dir, stages[s]);
      if (is_text)
        tiny_edit (dir, texts[k].file, texts[k].from, texts[k].to);
      else
        tiny_spoil (dir, parts[k].component, parts[k].tensor, 0, 0.123f);
      for (guint s = 0; s < G_N_ELEMENTS (stages); s++)
        {
          g_autofree char *after = fingerprint (dir, stages[s]), *was = before[s];
          gboolean         is_index = is_text && strcmp (texts[k].file, "model_index.json") == 0;

          if ((stages[s] == ALL && ! is_index) || (stages[s] == uses && uses != ALL))
            g_assert_cmpstr (after, !=, was);
          else
            g_assert_cmpstr (after, ==, was);
        }
    }
}

static UnclipLatents *
reload (const UnclipLatents *latents)
{
  g_autofree char *path = support_path ("latents.safetensors");
  g_autoptr (GError) error = NULL;
  UnclipLatents *loaded;

  g_assert_true (unclip_latents_save (latents, path, &error));
  loaded = unclip_latents_load (path, &error);
  g_assert_no_error (error);
  return loaded;
}

static gboolean
decodes (const char *dir, const UnclipLatents *latents, int size, const char *named)
{
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (UnclipImage) image = NULL;
  UnclipOptions options = tiny_options ();
  g_autoptr (GError) error = NULL;

  options.n_steps = options.super_res_n_steps = 0;
  options.size = size;
  image = unclip_decode (model, latents, &options, &error);
  if (image == NULL)
    {
      g_assert_nonnull (strstr (error->message, named));
      support_assert_refused (&error, UNCLIP_ERROR_ARGUMENT);
    }
  return image != NULL;
}

/* Latents are decoded as long as what decodes them is there, whatever became of the rest. */
static void
test_decode (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (UnclipImage) x = tiny_picture ();
  g_autoptr (UnclipLatents) made = NULL;
  g_autoptr (UnclipLatents) latents = NULL;
  UnclipOptions options = tiny_options ();
  g_autoptr (GError) error = NULL;

  options.size = TINY_VAST;
  made = unclip_invert (model, x, "low", &options, &error);
  g_assert_no_error (error);
  latents = reload (made);
  drop (dir, "image_encoder/config.json");
  drop (dir, "feature_extractor/preprocessor_config.json");
  drop (dir, "prior/config.json");
  tiny_spoil (dir, "prior_autoregressive", "pca_mean", 0, 0.5f);
  tiny_edit (dir, "model_index.json", "UnCLIPPipeline", "UnCLIPImageVariationPipeline");
  g_assert_true (decodes (dir, latents, 0, NULL));

  tiny_spoil (dir, "super_res_1024", "conv_in.bias", 0, 0.5f);
  g_assert_false (decodes (dir, latents, 0, "super_res_1024"));
  g_assert_true (decodes (dir, latents, TINY_HIGH, NULL));
  tiny_spoil (dir, "super_res_last", "conv_in.bias", 0, 0.5f);
  g_assert_false (decodes (dir, latents, TINY_HIGH, "super_res_first"));
  g_assert_true (decodes (dir, latents, TINY_LOW, NULL));
  tiny_spoil (dir, "text_proj", "embedding_proj.bias", 0, 0.5f);
  g_assert_false (decodes (dir, latents, TINY_LOW, "decoder"));
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/fingerprint/same", test_same);
  g_test_add_func ("/fingerprint/other", test_other);
  g_test_add_func ("/fingerprint/decode", test_decode);
  return g_test_run ();
}
