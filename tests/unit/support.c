/* See support.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "support.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base.h"

BkContext support_context;

void
support_init (int *argc, char ***argv)
{
  /* Nothing of the user's own may leak in. */
  g_unsetenv ("UNCLIP_MODEL_PATH");
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  bk_context_init (&support_context, 1);
  g_test_init (argc, argv, G_TEST_OPTION_ISOLATE_DIRS, NULL);
}

char *
support_path (const char *name)
{
  return g_build_filename (g_get_user_runtime_dir (), name, NULL);
}

char *
support_write (const char *name, const void *data, gssize size)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = support_path (name), *dir = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  /* Without waiting for the disk, which the next power cut may have. */
  g_file_set_contents_full (path, data, size, G_FILE_SET_CONTENTS_NONE, 0644, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&path);
}

void
support_remove (const char *name)
{
  g_autofree char *path = support_path (name);

  g_assert_cmpint (g_remove (path), ==, 0);
}

char *
support_safetensors (const char *name, const char *header, gsize data_size)
{
  gsize   length = strlen (header), size = 8 + length + data_size;
  guint64 prefix = GUINT64_TO_LE ((guint64) length);
  g_autofree guint8 *bytes = g_malloc (size);

  memcpy (bytes, &prefix, 8);
  memcpy (bytes + 8, header, length);
  for (gsize i = 0; i < data_size; i++)
    bytes[8 + length + i] = (guint8) i;
  return support_write (name, bytes, size);
}

char *
support_model (const char *name)
{
  static const struct
  {
    const char *name, *config, *weights;
  } components[] = {
    { "text_encoder", "config.json", "model.safetensors" },
    { "feature_extractor", "preprocessor_config.json", NULL },
    { "image_encoder", "config.json", "model.safetensors" },
    { "prior", "config.json", "diffusion_pytorch_model.safetensors" },
    { "prior_scheduler", "scheduler_config.json", NULL },
    { "prior_autoregressive", "config.json", "diffusion_pytorch_model.safetensors" },
    { "text_proj", "config.json", "diffusion_pytorch_model.safetensors" },
    { "decoder", "config.json", "diffusion_pytorch_model.safetensors" },
    { "decoder_scheduler", "scheduler_config.json", NULL },
    { "super_res_first", "config.json", "diffusion_pytorch_model.safetensors" },
    { "super_res_last", "config.json", "diffusion_pytorch_model.safetensors" },
    { "super_res_scheduler", "scheduler_config.json", NULL },
    { "super_res_1024", "config.json", "diffusion_pytorch_model.safetensors" },
    { "super_res_1024_scheduler", "scheduler_config.json", NULL },
  };
  g_autofree char *index = g_build_filename (name, "model_index.json", NULL);
  g_autofree char *tokenizer = g_build_filename (name, "tokenizer", NULL);
  g_autofree char *tokenizer_config = g_build_filename (tokenizer, "tokenizer_config.json", NULL);

  g_free (support_write (index, "{\"decoder\": [\"diffusers\", \"UNet2DConditionModel\"], "
                                "\"_unclip_defaults\": {\"variation_eta\": 0.5, \"decoder_steps\": 7, \"unknown\": \"x\"}}", -1));
  g_ptr_array_unref (support_vocabulary (tokenizer));
  g_free (support_write (tokenizer_config, "{\"model_max_length\": 8}", -1));
  for (guint i = 0; i < G_N_ELEMENTS (components); i++)
    {
      g_autofree char *config = g_build_filename (name, components[i].name, components[i].config, NULL);
      g_autofree char *text = g_strdup_printf ("{\"_class_name\": \"Class%u\"}", i);

      g_free (support_write (config, text, -1));
      if (components[i].weights != NULL)
        {
          g_autofree char *weights = g_build_filename (name, components[i].name, components[i].weights, NULL);

          g_free (support_safetensors (weights, "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24));
        }
    }
  return support_path (name);
}

/* CLIP's order: the printing bytes first, so that "!" is token 0. */
static gboolean
prints (int byte)
{
  return (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

GPtrArray *
support_vocabulary (const char *name)
{
  static const char *const merges[] = { "l o", "lo w</w>", "e r</w>", "lo w", "a a", "aa aa", "' s</w>", "w er</w>" };
  GPtrArray       *texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GString) vocab = g_string_new ("{");
  g_autoptr (GString) list = g_string_new ("#version: 0.2\n");
  g_autofree char *vocab_path = g_build_filename (name, "vocab.json", NULL);
  g_autofree char *merges_path = g_build_filename (name, "merges.txt", NULL);

  for (int pass = 0; pass < 2; pass++)
    for (int byte = 0, next = 256; byte < 256; byte++)
      if (prints (byte) == (pass == 0))
        {
          char text[8] = "";

          g_unichar_to_utf8 (prints (byte) ? byte : next++, text);
          g_ptr_array_add (texts, g_strdup (text));
        }
  for (int i = 0; i < 256; i++)
    g_ptr_array_add (texts, g_strconcat (g_ptr_array_index (texts, i), "</w>", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (merges); i++)
    {
      g_auto (GStrv) sides = g_strsplit (merges[i], " ", 2);

      g_ptr_array_add (texts, g_strconcat (sides[0], sides[1], NULL));
      g_string_append_printf (list, "%s\n", merges[i]);
    }
  g_ptr_array_add (texts, g_strdup ("<|startoftext|>"));
  g_ptr_array_add (texts, g_strdup ("<|endoftext|>"));

  for (guint i = 0; i < texts->len; i++)
    {
      const char *text = g_ptr_array_index (texts, i);

      g_string_append_printf (vocab, "%s\"%s%s\": %u", i > 0 ? ", " : "", *text == '"' || *text == '\\' ? "\\" : "", text, i);
    }
  g_string_append_c (vocab, '}');
  g_free (support_write (vocab_path, vocab->str, -1));
  g_free (support_write (merges_path, list->str, -1));
  return texts;
}

void
support_assert_refused (GError **error, int code)
{
  g_assert_nonnull (*error);
  g_assert_error (*error, UNCLIP_ERROR, code);
  g_assert_true (g_utf8_validate ((*error)->message, -1, NULL));
  g_assert_null (strchr ((*error)->message, '\n'));
  g_clear_error (error);
}
