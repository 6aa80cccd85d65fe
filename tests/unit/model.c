/* Model folders: where they are looked for, what they lack, and which one it was.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model.h"

#include "files.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support.h"

static void
test_open (void)
{
  g_autofree char *dir = support_model ("model"), *nothing = support_path ("nothing"), *plain = NULL, *file = NULL;
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipModel) again = NULL;
  GError *error = NULL;

  model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (unclip_model_name (model), ==, "model");
  g_assert_cmpstr (unclip_model_path (model), ==, dir);
  again = unclip_model_ref (model);
  g_assert_true (again == model);
  unclip_model_unref (NULL);

  g_assert_null (unclip_model_open (nothing, NULL, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  file = support_write ("folder/file", "", 0);
  plain = g_path_get_dirname (file);
  g_assert_null (unclip_model_open (plain, NULL, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_assert_null (unclip_model_open ("no-such-model", NULL, &error));
  g_assert_nonnull (strstr (error->message, g_get_user_data_dir ()));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_free (support_write ("model/model_index.json", "[", -1));
  g_assert_null (unclip_model_open (dir, NULL, &error));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

/* Copies the model of the test's folder to where a search would find it. */
static char *
put (const char *parent, const char *name)
{
  g_autofree char *dir = g_build_filename (parent, name, NULL), *index = g_build_filename (dir, "model_index.json", NULL);

  g_assert_cmpint (g_mkdir_with_parents (dir, 0755), ==, 0);
  g_assert_true (g_file_set_contents (index, "{}", -1, NULL));
  return g_steal_pointer (&dir);
}

static void
assert_found (const char *name, const char *dir)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipModel) model = unclip_model_open (name, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (unclip_model_path (model), ==, dir);
}

static void
test_search_path (void)
{
  g_autofree char *first = support_path ("first"), *second = support_path ("second");
  g_autofree char *list = g_strconcat (first, G_SEARCHPATH_SEPARATOR_S G_SEARCHPATH_SEPARATOR_S, second, NULL);
  g_autofree char *user = g_build_filename (g_get_user_data_dir (), "unclip", "models", NULL);
  g_autofree char *system = g_build_filename (g_get_system_data_dirs ()[0], "unclip", "models", NULL);
  g_autofree char *in_system = put (system, "toybox"), *in_user = NULL, *in_second = NULL, *in_first = NULL, *other = NULL;
  g_auto (GStrv) all = NULL;

  /* The most personal one wins. */
  assert_found ("toybox", in_system);
  in_user = put (user, "toybox");
  assert_found ("toybox", in_user);
  g_setenv ("UNCLIP_MODEL_PATH", list, TRUE);
  assert_found ("toybox", in_user);
  in_second = put (second, "toybox");
  assert_found ("toybox", in_second);
  in_first = put (first, "toybox");
  assert_found ("toybox", in_first);
  assert_found (NULL, in_first);
  assert_found ("", in_first);
  /* A folder's own name is never searched for. */
  assert_found (in_user, in_user);
  other = put (second, "other");
  g_free (support_write ("second/no-model/file", "", 0));
  assert_found ("other", other);

  all = unclip_model_list ();
  g_assert_cmpuint (g_strv_length (all), ==, 5);
  g_assert_cmpstr (all[0], ==, in_first);
  g_assert_cmpstr (all[1], ==, other); /* by name within a folder */
  g_assert_cmpstr (all[2], ==, in_second);
  g_assert_cmpstr (all[3], ==, in_user);
  g_assert_cmpstr (all[4], ==, in_system);
  g_unsetenv ("UNCLIP_MODEL_PATH");
}

static void
test_missing (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  GError *error = NULL;

  support_remove ("model/image_encoder/config.json");
  support_remove ("model/decoder_scheduler/scheduler_config.json");
  model = unclip_model_open (dir, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (unclip_model_has (model, "image_encoder"));
  g_assert_true (unclip_model_has (model, "decoder"));
  g_assert_null (unclip_model_component_dir (model, "image_encoder", &error));
  g_assert_nonnull (strstr (error->message, "image_encoder"));
  g_assert_nonnull (strstr (error->message, "clip-vit-large-patch14"));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_assert_null (unclip_model_config (model, "decoder_scheduler", &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_assert_null (unclip_model_weights (model, "image_encoder", &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_assert_null (unclip_model_component_dir (model, "no_such_thing", &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);

  config = unclip_model_config (model, "decoder", &error);
  weights = unclip_model_weights (model, "decoder", &error);
  g_assert_no_error (error);
  g_assert_true (unclip_weights_has (weights, "w"));
}

static void
test_overrides (void)
{
  g_autofree char *dir = support_model ("model"), *donor = support_model ("donor"), *empty = NULL, *file = NULL;
  g_autofree char *from_model = g_strconcat ("image_encoder=", donor, NULL);
  g_autofree char *from_folder = g_strconcat ("prior=", donor, "/prior", NULL);
  g_autofree char *from_empty = NULL;
  g_autoptr (UnclipModel) model = NULL;
  GError     *error = NULL;
  const char *bad[] = { "image_encoder", "image_encoder=", "=x", "", "no_such_thing=/tmp" };

  support_remove ("model/image_encoder/config.json");
  model = unclip_model_open (dir, (const char *[]) { from_model, from_folder, NULL }, &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (unclip_model_component_dir (model, "image_encoder", NULL), donor));
  g_assert_true (g_str_has_suffix (unclip_model_component_dir (model, "image_encoder", NULL), "/image_encoder"));
  g_assert_true (g_str_has_prefix (unclip_model_component_dir (model, "prior", NULL), donor));
  g_assert_true (g_str_has_prefix (unclip_model_component_dir (model, "decoder", NULL), dir));

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (unclip_model_open (dir, (const char *[]) { bad[i], NULL }, &error));
      support_assert_refused (&error, UNCLIP_ERROR_ARGUMENT);
    }
  file = support_write ("empty/file", "", 0);
  empty = g_path_get_dirname (file);
  from_empty = g_strconcat ("decoder=", empty, NULL);
  g_assert_null (unclip_model_open (dir, (const char *[]) { from_empty, NULL }, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
}

static UnclipComponentInfo *
find_info (GPtrArray *infos, const char *name)
{
  for (guint i = 0; i < infos->len; i++)
    {
      UnclipComponentInfo *info = g_ptr_array_index (infos, i);

      if (strcmp (info->name, name) == 0)
        return info;
    }
  g_assert_not_reached ();
}

static void
test_info (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = NULL;
  g_autoptr (GPtrArray) sound = NULL;
  g_autoptr (GPtrArray) broken = NULL;
  UnclipComponentInfo *info;

  model = unclip_model_open (dir, NULL, NULL);
  sound = unclip_model_files (model);
  g_assert_cmpuint (sound->len, ==, 15);
  for (guint i = 0; i < sound->len; i++)
    {
      info = g_ptr_array_index (sound, i);
      g_test_message ("%s", info->name);
      g_assert_cmpstr (info->problem, ==, NULL);
      g_assert_nonnull (info->path);
    }
  info = find_info (sound, "decoder");
  g_assert_cmpstr (info->class_name, ==, "UNet2DConditionModel");
  g_assert_cmpstr (info->dtype, ==, "F32");
  g_assert_cmpuint (info->n_parameters, ==, 6);
  g_assert_cmpuint (info->size, >, 24);
  g_assert_true (info->required);
  info = find_info (sound, "prior");
  g_assert_cmpstr (info->class_name, ==, "Class3");
  g_assert_false (info->required);
  info = find_info (sound, "prior_scheduler");
  g_assert_null (info->dtype);

  /* One cut short, one without weights, one that is no JSON, one away. */
  g_free (support_write ("model/decoder/diffusion_pytorch_model.safetensors", "abc", -1));
  support_remove ("model/prior/diffusion_pytorch_model.safetensors");
  g_free (support_write ("model/text_proj/config.json", "{", -1));
  support_remove ("model/super_res_first/config.json");
  g_clear_pointer (&model, unclip_model_unref);
  model = unclip_model_open (dir, NULL, NULL);
  broken = unclip_model_files (model);
  g_assert_nonnull (find_info (broken, "decoder")->problem);
  g_assert_nonnull (find_info (broken, "prior")->problem);
  g_assert_nonnull (find_info (broken, "text_proj")->problem);
  g_assert_nonnull (find_info (broken, "super_res_first")->problem);
  g_assert_null (find_info (broken, "super_res_first")->path);
  g_assert_null (find_info (broken, "image_encoder")->problem);
}

/* CLIP's tokenizer works without the small files beside it. */
static void
test_info_tokenizer (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);
  g_autoptr (GPtrArray) infos = NULL;

  support_remove ("model/tokenizer/tokenizer_config.json");
  infos = unclip_model_files (model);
  g_assert_cmpstr (find_info (infos, "tokenizer")->problem, ==, NULL);
}

static void
test_defaults (void)
{
  g_autofree char *dir = support_model ("model");
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, NULL);

  g_assert_cmpfloat (unclip_model_default (model, "variation_eta", 1), ==, 0.5);
  g_assert_cmpfloat (unclip_model_default (model, "decoder_steps", 1), ==, 7);
  g_assert_cmpfloat (unclip_model_default (model, "unknown", 1), ==, 1);
  g_assert_cmpfloat (unclip_model_default (model, "absent", 1), ==, 1);
  g_free (support_write ("model/model_index.json", "{\"_unclip_defaults\": null}", -1));
  g_clear_pointer (&model, unclip_model_unref);
  model = unclip_model_open (dir, NULL, NULL);
  g_assert_cmpfloat (unclip_model_default (model, "variation_eta", 1), ==, 1);
}

/* What a model recommends is in the ranges of what a caller may ask for. */
static void
test_bad_defaults (void)
{
  static const char *const bad[] = {
    "[]", "1", "{\"decoder_steps\": -1}", "{\"decoder_steps\": 0}", "{\"decoder_steps\": 1001}", "{\"decoder_steps\": 2.5}",
    "{\"generate_steps\": 0}", "{\"prior_steps\": \"7\"}", "{\"super_res_steps\": 0}", "{\"super_res_1024_steps\": []}",
    "{\"super_res_skipped_steps\": -1}", "{\"super_res_1024_first_timestep\": -1}", "{\"sampler_order\": 3}",
    "{\"variation_eta\": 5}", "{\"variation_eta\": -0.5}", "{\"text_edit_strength\": 1.5}", "{\"text_edit_strength\": true}",
    "{\"decoder_guidance_scale\": 101}", "{\"prior_guidance_scale\": -1}", "{\"prior_autoregressive_guidance_scale\": {}}",
    "{\"text_edit_guidance_scale\": 1e400}", "{\"variation_guidance_scale\": -1e400}", "{\"variation_eta\": NaN}",
  };
  g_autofree char *dir = support_model ("model");
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"_unclip_defaults\": %s}", bad[i]);

      g_test_message ("%s", bad[i]);
      g_free (support_write ("model/model_index.json", text, -1));
      g_assert_null (unclip_model_open (dir, NULL, &error));
      g_assert_nonnull (strstr (error->message, "model_index.json"));
      support_assert_refused (&error, strstr (bad[i], "NaN") != NULL ? UNCLIP_ERROR_FILE : UNCLIP_ERROR_MODEL);
    }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/model/open", test_open);
  g_test_add_func ("/model/search-path", test_search_path);
  g_test_add_func ("/model/missing", test_missing);
  g_test_add_func ("/model/overrides", test_overrides);
  g_test_add_func ("/model/info", test_info);
  g_test_add_func ("/model/info-tokenizer", test_info_tokenizer);
  g_test_add_func ("/model/defaults", test_defaults);
  g_test_add_func ("/model/bad-defaults", test_bad_defaults);
  return g_test_run ();
}
