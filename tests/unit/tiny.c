/* See tiny.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiny.h"

#include <string.h>

#include "dev.h"
#include "files.h"
#include "support.h"

#define UPSAMPLER(side) \
  "{\"_class_name\": \"UNet2DModel\", \"sample_size\": " side ", \"in_channels\": 6, \"out_channels\": 3, \"block_out_channels\": [4]," \
  " \"down_block_types\": [\"ResnetDownsampleBlock2D\"], \"up_block_types\": [\"ResnetUpsampleBlock2D\"], \"add_attention\": false," \
  " \"layers_per_block\": 1, \"norm_num_groups\": 2}"

/* support_vocabulary () makes 522 tokens, the two marks last. */
static const struct
{
  const char *name, *text;
} configs[] = {
  { "model_index.json", "{\"_class_name\": \"UnCLIPPipeline\", \"_unclip_defaults\": {\"super_res_1024_first_timestep\": 400}}" },
  { "tokenizer/tokenizer_config.json", "{\"model_max_length\": 7}" },
  { "text_encoder/config.json",
    "{\"hidden_size\": 12, \"intermediate_size\": 20, \"num_attention_heads\": 2, \"num_hidden_layers\": 2, \"vocab_size\": 522,"
    " \"max_position_embeddings\": 7, \"projection_dim\": 12, \"eos_token_id\": 521}" },
  { "image_encoder/config.json",
    "{\"hidden_size\": 12, \"intermediate_size\": 20, \"num_attention_heads\": 2, \"num_hidden_layers\": 2, \"image_size\": 12,"
    " \"patch_size\": 6, \"projection_dim\": 12}" },
  { "feature_extractor/preprocessor_config.json", "{\"size\": 12, \"crop_size\": 12}" },
  { "prior/config.json", "{\"num_attention_heads\": 2, \"attention_head_dim\": 6, \"num_layers\": 2, \"embedding_dim\": 12, \"num_embeddings\": 7}" },
  { "prior_scheduler/scheduler_config.json", "{\"prediction_type\": \"sample\", \"variance_type\": \"fixed_small_log\", \"clip_sample_range\": 5.0}" },
  { "prior_autoregressive/config.json",
    "{\"num_attention_heads\": 2, \"attention_head_dim\": 6, \"num_layers\": 2, \"embedding_dim\": 12, \"num_embeddings\": 7,"
    " \"n_components\": 5, \"n_buckets\": 9, \"n_dot_buckets\": 4}" },
  { "text_proj/config.json", "{\"clip_embeddings_dim\": 12, \"clip_extra_context_tokens\": 2, \"cross_attention_dim\": 10, \"time_embed_dim\": 32}" },
  { "decoder/config.json",
    "{\"_class_name\": \"UNet2DConditionModel\", \"sample_size\": 8, \"in_channels\": 3, \"out_channels\": 6, \"block_out_channels\": [8, 12],"
    " \"down_block_types\": [\"ResnetDownsampleBlock2D\", \"SimpleCrossAttnDownBlock2D\"],"
    " \"up_block_types\": [\"SimpleCrossAttnUpBlock2D\", \"ResnetUpsampleBlock2D\"], \"layers_per_block\": 1, \"norm_num_groups\": 4,"
    " \"cross_attention_dim\": 10, \"attention_head_dim\": 4, \"class_embed_type\": \"identity\","
    " \"mid_block_type\": \"UNetMidBlock2DSimpleCrossAttn\", \"resnet_time_scale_shift\": \"scale_shift\"}" },
  { "decoder_scheduler/scheduler_config.json", "{\"prediction_type\": \"epsilon\", \"variance_type\": \"learned_range\"}" },
  { "super_res_first/config.json", UPSAMPLER ("16") },
  { "super_res_last/config.json", UPSAMPLER ("16") },
  { "super_res_scheduler/scheduler_config.json", "{\"prediction_type\": \"epsilon\", \"variance_type\": \"fixed_small_log\"}" },
  { "super_res_1024/config.json", UPSAMPLER ("32") },
  { "super_res_1024_scheduler/scheduler_config.json", "{\"prediction_type\": \"epsilon\", \"variance_type\": \"fixed_small_log\"}" },
};

char *
tiny_model (const char *name)
{
  g_autofree char *parts = g_strconcat (name, "-configs", NULL), *in = support_path (parts), *out = support_path (name);
  g_autofree char *tokenizer = g_build_filename (parts, "tokenizer", NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (configs); i++)
    {
      g_autofree char *path = g_build_filename (parts, configs[i].name, NULL);

      g_free (support_write (path, configs[i].text, -1));
    }
  g_ptr_array_unref (support_vocabulary (tokenizer));
  unclip_synth (in, out, 1, "f32", NULL, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&out);
}

UnclipModel *
tiny_open (const char *dir)
{
  g_autoptr (GError) error = NULL;
  UnclipModel *model = unclip_model_open (dir, NULL, &error);

  g_assert_no_error (error);
  return model;
}

UnclipOptions
tiny_options (void)
{
  UnclipOptions options;

  unclip_options_init (&options);
  options.n_threads = 1;
  options.n_steps = options.prior_n_steps = 3;
  options.super_res_n_steps = 2;
  options.precision = UNCLIP_PRECISION_F32;
  return options;
}

UnclipImage *
tiny_picture (void)
{
  UnclipImage *image = unclip_image_new (TINY_VAST, TINY_VAST, 3);

  for (int i = 0; i < TINY_VAST * TINY_VAST * 3; i++)
    image->pixels[i] = (float) (i * 37 % 101) / 100;
  return image;
}

void
tiny_spoil (const char *dir, const char *component, const char *tensor, gsize at, float value)
{
  const char      *file = strstr (component, "encoder") != NULL ? "model.safetensors" : "diffusion_pytorch_model.safetensors";
  g_autofree char *path = g_build_filename (dir, component, file, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipTensors) tensors = unclip_tensors_load (path, &error);
  UnclipTensor *found;

  g_assert_no_error (error);
  found = unclip_tensors_find (tensors, tensor);
  g_assert_nonnull (found);
  g_assert_cmpuint (at, <, found->n);
  ((float *) found->data)[at] = value;
  unclip_tensors_save (tensors, path, &error);
  g_assert_no_error (error);
}

void
tiny_edit (const char *dir, const char *file, const char *from, const char *to)
{
  g_autofree char *path = g_build_filename (dir, file, NULL), *text = NULL;
  g_autoptr (GString) edited = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  edited = g_string_new (text);
  g_assert_cmpuint (g_string_replace (edited, from, to, 0), >, 0);
  g_assert_true (g_file_set_contents_full (path, edited->str, edited->len, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
}
