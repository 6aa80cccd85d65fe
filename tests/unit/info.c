/* What a job would refuse when it loads a component, info says before.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "files.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support.h"
#include "tiny.h"
#include "unclip.h"

/* NULL: sound. */
static char *
problem_of (const char *dir, const char *component)
{
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (GPtrArray) infos = unclip_model_info (model);

  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      if (strcmp (info->name, component) == 0)
        return g_strdup (info->problem);
    }
  g_assert_not_reached ();
}

static void
test_sound (void)
{
  g_autofree char *dir = tiny_model ("tiny");
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (GPtrArray) infos = unclip_model_info (model);

  g_assert_cmpuint (infos->len, ==, 15);
  for (guint i = 0; i < infos->len; i++)
    {
      const UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      g_test_message ("%s", info->name);
      g_assert_cmpstr (info->problem, ==, NULL);
      g_assert_nonnull (info->path);
    }
}

/* NULL: it can. transfer full */
static char *
lack_of (const char *dir, const char *edit)
{
  g_autoptr (UnclipModel) model = tiny_open (dir);
  g_autoptr (GPtrArray) abilities = unclip_model_abilities (model);

  for (guint i = 0; i < abilities->len; i++)
    {
      const UnclipAbility *ability = g_ptr_array_index (abilities, i);

      if (strcmp (ability->edit, edit) == 0)
        return g_strdup (ability->lack);
    }
  g_assert_not_reached ();
}

/* Without its image encoder a model makes new pictures and enlarges any, and says of the rest where that network is. */
static void
test_abilities (void)
{
  static const struct
  {
    const char *edit;
    gboolean    takes_pictures;
  } edits[] = { { "generate", FALSE }, { "upscale", FALSE }, { "variations", TRUE }, { "text-edit", TRUE }, { "interpolate", TRUE }, { "mix", TRUE }, { "probe", TRUE } };
  g_autofree char *dir = tiny_model ("tiny"), *config = g_build_filename (dir, "image_encoder", "config.json", NULL);

  for (int pass = 0; pass < 2; pass++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (edits); i++)
        {
          g_autofree char *lack = lack_of (dir, edits[i].edit);

          if (pass == 0 || ! edits[i].takes_pictures)
            g_assert_cmpstr (lack, ==, NULL);
          else
            g_assert_nonnull (strstr (lack, "--component image_encoder"));
        }
      g_unlink (config);
    }
}

/* One thing wrong at a time; who is to be named, and what has to be in the sentence. */
static void
test_unsound (void)
{
  static const struct
  {
    const char *file, *from, *to, *component, *says;
  } faults[] = {
    { "tokenizer/merges.txt", "w er</w>", "", "tokenizer", "merges.txt" },
    { "tokenizer/vocab.json", "\"<|endoftext|>\": 521", "\"<|endoftext|>\": 520", "tokenizer", "vocab.json" },
    { "tokenizer/tokenizer_config.json", "7", "6", "text_encoder", "tokenizer" },
    { "text_encoder/config.json", "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "text_encoder", "layers.2" },
    { "text_encoder/config.json", "\"vocab_size\": 522", "\"vocab_size\": 523", "text_encoder", "token_embedding" },
    { "text_encoder/config.json", "\"num_attention_heads\": 2", "\"num_attention_heads\": 5", "text_encoder", "num_attention_heads" },
    { "image_encoder/config.json", "\"patch_size\": 6", "\"patch_size\": 4", "image_encoder", "embedding" },
    { "feature_extractor/preprocessor_config.json", "\"crop_size\": 12", "\"crop_size\": 18", "feature_extractor", "18" },
    { "feature_extractor/preprocessor_config.json", "}", ", \"image_std\": [0, 1, 1]}", "feature_extractor", "image_std" },
    { "prior/config.json", "\"embedding_dim\": 12", "\"embedding_dim\": 10", "prior", "" },
    { "prior_autoregressive/config.json", "\"n_buckets\": 9", "\"n_buckets\": 8", "prior_autoregressive", "" },
    { "prior_scheduler/scheduler_config.json", "sample\"", "w_prediction\"", "prior_scheduler", "w_prediction" },
    { "text_proj/config.json", "\"time_embed_dim\": 32", "\"time_embed_dim\": 31", "text_proj", "" },
    { "decoder/config.json", "\"layers_per_block\": 1", "\"layers_per_block\": 2", "decoder", "" },
    { "decoder/config.json", "\"sample_size\": 8", "\"sample_size\": 70000", "decoder", "sample_size" },
    { "decoder_scheduler/scheduler_config.json", "}", ", \"num_train_timesteps\": -1}", "decoder_scheduler", "num_train_timesteps" },
    { "super_res_first/config.json", "\"in_channels\": 6", "\"in_channels\": 5", "super_res_first", "" },
    { "super_res_last/config.json", "\"norm_num_groups\": 2", "\"norm_num_groups\": 3", "super_res_last", "norm_num_groups" },
    { "super_res_1024/config.json", "{", "[", "super_res_1024", "config.json" },
    { "super_res_1024_scheduler/scheduler_config.json", "}", ", \"clip_sample_range\": 1e400}", "super_res_1024_scheduler", "clip_sample_range" },
  };
  g_autofree char *dir = tiny_model ("tiny");

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      g_autofree char *path = g_build_filename (dir, faults[i].file, NULL), *sound = NULL, *problem = NULL, *after = NULL;

      g_test_message ("%s: %s", faults[i].file, faults[i].to);
      g_assert_true (g_file_get_contents (path, &sound, NULL, NULL));
      tiny_edit (dir, faults[i].file, faults[i].from, faults[i].to);
      problem = problem_of (dir, faults[i].component);
      g_assert_nonnull (problem);
      g_assert_nonnull (strstr (problem, faults[i].says));
      g_assert_null (strchr (problem, '\n'));
      g_assert_true (g_file_set_contents (path, sound, -1, NULL));
      after = problem_of (dir, faults[i].component);
      g_assert_cmpstr (after, ==, NULL);
    }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/info/sound", test_sound);
  g_test_add_func ("/info/unsound", test_unsound);
  g_test_add_func ("/info/abilities", test_abilities);
  return g_test_run ();
}
