/* A component's weights: which files of a folder count, shards, and the shapes that a network asks for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "weights.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support.h"

#define ONE(name, dtype, n, size) "{\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" #n "],\"data_offsets\":[0," #size "]}}"

static void
test_take (void)
{
  g_autofree char *path = support_safetensors (
    "w.safetensors",
    "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},\"b\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[24,26]},"
    "\"c\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[26,28]},\"position_ids\":{\"dtype\":\"I64\",\"shape\":[1,2],\"data_offsets\":[28,44]},"
    "\"d\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[44,52]}}",
    52);
  g_autoptr (UnclipWeights) weights = NULL;
  BkSource source;
  GError  *error = NULL;

  weights = unclip_weights_open_file (path, &error);
  g_assert_no_error (error);
  g_assert_true (unclip_weights_take (weights, &source, &error, "a", 2, 2, 3));
  g_assert_cmpint (source.type, ==, BK_F32);
  g_assert_cmpint (*(guint8 *) source.data, ==, 0);
  g_assert_true (unclip_weights_take (weights, &source, &error, "b", 1, 1));
  g_assert_cmpint (source.type, ==, BK_F16);
  g_assert_cmpint (*(guint8 *) source.data, ==, 24);
  g_assert_true (unclip_weights_take (weights, &source, &error, "c", 0));
  g_assert_cmpint (source.type, ==, BK_BF16);
  g_assert_no_error (error);

  g_assert_false (unclip_weights_take (weights, &source, &error, "a", 2, 3, 2));
  g_assert_nonnull (strstr (error->message, "[2, 3]"));
  g_assert_nonnull (strstr (error->message, "[3, 2]"));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_weights_take (weights, &source, &error, "a", 1, 6));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_weights_take (weights, &source, &error, "absent", 1, 6));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_weights_take (weights, &source, &error, "position_ids", 2, 1, 2));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  g_assert_false (unclip_weights_take (weights, &source, &error, "d", 1, 1));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);

  g_assert_true (unclip_weights_has (weights, "a"));
  g_assert_false (unclip_weights_has (weights, "absent"));
  g_assert_cmpuint (unclip_weights_n_tensors (weights), ==, 5);
  g_assert_cmpuint (unclip_weights_n_parameters (weights), ==, 9); /* position_ids are none */
  g_assert_cmpuint (unclip_weights_size (weights), >, 52);
  g_assert_cmpstr (unclip_weights_dtype (weights), ==, "F64");
}

/* Files are added from the last choice to the first; each must win over those before. */
static void
test_preference (void)
{
  static const char *const names[] = {
    "diffusion_pytorch_model.bf16.safetensors", "model.bf16.safetensors",
    "diffusion_pytorch_model.fp16.safetensors", "model.fp16.safetensors",
    "diffusion_pytorch_model.safetensors", "model.safetensors",
  };
  static const char *const headers[] = {
    ONE ("t0", "U8", 1, 1), ONE ("t1", "U8", 1, 1), ONE ("t2", "U8", 1, 1),
    ONE ("t3", "U8", 1, 1), ONE ("t4", "U8", 1, 1), ONE ("t5", "U8", 1, 1),
  };
  g_autofree char *dir = support_path (".");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (UnclipWeights) weights = NULL;

      g_free (support_safetensors (names[i], headers[i], 1));
      weights = unclip_weights_open (dir, NULL);
      g_assert_nonnull (weights);
      g_assert_true (unclip_weights_has (weights, (char[]) { 't', (char) ('0' + i), '\0' }));
    }
}

static void
test_shards (void)
{
  static const char *const spellings[] = {
    "model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json",
    "model.safetensors.index.fp16.json", "model.fp16.safetensors.index.json",
  };
  g_autofree char *dir = support_path (".");

  g_free (support_safetensors ("one.safetensors", ONE ("a", "F32", 2, 8), 8));
  g_free (support_safetensors ("two.safetensors", ONE ("b", "F32", 1, 4), 4));
  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++)
    {
      g_autoptr (UnclipWeights) weights = NULL;
      BkSource source;
      GError  *error = NULL;

      g_free (support_write (spellings[i], "{\"metadata\":{},\"weight_map\":{\"a\":\"one.safetensors\",\"b\":\"two.safetensors\","
                                           "\"promised\":\"two.safetensors\"}}",
                             -1));
      weights = unclip_weights_open (dir, &error);
      g_assert_no_error (error);
      g_assert_true (unclip_weights_take (weights, &source, &error, "a", 1, 2));
      g_assert_true (unclip_weights_take (weights, &source, &error, "b", 1, 1));
      g_assert_no_error (error);
      g_assert_cmpuint (unclip_weights_n_parameters (weights), ==, 3);
      g_assert_false (unclip_weights_take (weights, &source, &error, "promised", 1, 1));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
      support_remove (spellings[i]);
    }
}

static void
test_bad_indices (void)
{
  static const char *const bad[] = {
    "{}",
    "{\"weight_map\": []}",
    "{\"weight_map\": \"one.safetensors\"}",
    "{\"weight_map\": {\"a\": 1}}",
    "{\"weight_map\": {\"a\": null}}",
    "{\"weight_map\": {\"a\": [\"one.safetensors\"]}}",
    "{\"weight_map\": {\"a\": \"\"}}",
    "{\"weight_map\": {\"a\": \"..\"}}",
    "{\"weight_map\": {\"a\": \"../outside.safetensors\"}}",
    "{\"weight_map\": {\"a\": \"sub/one.safetensors\"}}",
    "{\"weight_map\": {\"a\": \"/etc/passwd\"}}",
    "{\"weight_map\": {\"a\": \"..\\\\one.safetensors\"}}",
    "{\"weight_map\": {\"a\": \"missing.safetensors\"}}",
    "{\"weight_map\": {\"a\": \"model.safetensors.index.json\"}}",
    "{\"weight_map\": {}}",
    "not JSON",
  };
  g_autofree char *dir = support_path ("w");

  g_free (support_safetensors ("outside.safetensors", ONE ("a", "F32", 2, 8), 8));
  g_free (support_safetensors ("w/sub/one.safetensors", ONE ("a", "F32", 2, 8), 8));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      GError *error = NULL;

      g_test_message ("%s", bad[i]);
      g_free (support_write ("w/model.safetensors.index.json", bad[i], -1));
      g_assert_null (unclip_weights_open (dir, &error));
      support_assert_refused (&error, UNCLIP_ERROR_FILE);
    }
}

static void
test_nothing (void)
{
  g_autofree char *dir = support_path ("."), *missing = support_path ("missing");
  GError          *error = NULL;

  g_assert_null (unclip_weights_open (dir, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_assert_null (unclip_weights_open (missing, &error));
  support_assert_refused (&error, UNCLIP_ERROR_MISSING);
  g_free (support_write ("pytorch_model.bin", "PK", -1));
  g_assert_null (unclip_weights_open (dir, &error));
  g_assert_nonnull (strstr (error->message, ".bin"));
  g_assert_nonnull (strstr (error->message, ".safetensors"));
  support_assert_refused (&error, UNCLIP_ERROR_FILE);
}

/* A file that is there, but under no name that is in use, beside one in a format that is not read; and such alone. */
static void
test_other_names (void)
{
  static const struct
  {
    const char *name, *says;
  } files[] = {
    { "model.ckpt", "which this version does not read" },
    { "flax_model.msgpack", "which this version does not read" },
    { "model-00001-of-00002.safetensors", "neither model.safetensors nor diffusion_pytorch_model.safetensors" },
    { "a.safetensors", "neither model.safetensors nor diffusion_pytorch_model.safetensors" },
    { "unet.bin", "neither pytorch_model.bin nor diffusion_pytorch_model.bin" },
    { "pytorch_model-00001-of-00002.bin", "neither pytorch_model.bin nor diffusion_pytorch_model.bin" },
  };
  g_autofree char *dir = support_path ("names");

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    for (int has_more = 0; has_more < (i < 2 ? 1 : 2); has_more++)
      {
        g_autofree char *name = g_build_filename ("names", files[i].name, NULL);
        GError          *error = NULL;

        g_free (support_write (name, "PK", -1));
        if (has_more)
          g_free (support_write ("names/a.ckpt", "PK", -1));
        g_assert_null (unclip_weights_open (dir, &error));
        g_assert_nonnull (strstr (error->message, files[i].name));
        g_assert_nonnull (strstr (error->message, files[i].says));
        support_assert_refused (&error, UNCLIP_ERROR_MISSING);
        support_remove (name);
        if (has_more)
          support_remove ("names/a.ckpt");
      }
}

/* Types that the format has and nobody computes with are no reason to refuse a file; asked for, they are named. */
static void
test_other_types (void)
{
  static const struct
  {
    const char *name;
    int         n_bits;
  } types[] = { { "I8", 8 }, { "I16", 16 }, { "U16", 16 }, { "U32", 32 }, { "U64", 64 }, { "C64", 64 }, { "F8_E4M3", 8 }, { "F8_E5M2", 8 },
                { "F8_E8M0", 8 }, { "F6_E2M3", 6 }, { "F4", 4 }, { "I64", 64 }, { "F64", 64 }, { "BOOL", 8 } };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      int              size = 4 * types[i].n_bits / 8;
      g_autofree char *header = g_strdup_printf ("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                                                 "\"b\":{\"dtype\":\"%s\",\"shape\":[4],\"data_offsets\":[8,%d]}}", types[i].name, 8 + size);
      g_autofree char *path = support_safetensors ("types.safetensors", header, 8 + size);
      GError          *error = NULL;
      g_autoptr (UnclipWeights) weights = unclip_weights_open_file (path, &error);
      BkSource source;

      g_assert_no_error (error);
      g_assert_true (unclip_weights_take (weights, &source, &error, "a", 1, 2));
      g_assert_false (unclip_weights_take (weights, &source, &error, "b", 1, 4));
      g_assert_nonnull (strstr (error->message, types[i].name));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
test_recording (void)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();
  BkSource    source;
  const char *name;
  const int  *dims;
  int         n_dims;

  g_assert_true (unclip_weights_is_recording (weights));
  g_assert_true (unclip_weights_take (weights, &source, NULL, "b", 2, 3, 4));
  g_assert_null (source.data);
  g_assert_true (unclip_weights_take (weights, &source, NULL, "a", 1, 5));
  g_assert_true (unclip_weights_take (weights, &source, NULL, "b", 2, 3, 4));
  g_assert_true (unclip_weights_recorded (weights, 0, &name, &n_dims, &dims));
  g_assert_cmpstr (name, ==, "b");
  g_assert_cmpint (n_dims, ==, 2);
  g_assert_cmpint (dims[1], ==, 4);
  g_assert_true (unclip_weights_recorded (weights, 1, &name, &n_dims, &dims));
  g_assert_cmpstr (name, ==, "a");
  g_assert_false (unclip_weights_recorded (weights, 2, &name, &n_dims, &dims));
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/weights/take", test_take);
  g_test_add_func ("/weights/preference", test_preference);
  g_test_add_func ("/weights/shards", test_shards);
  g_test_add_func ("/weights/bad-indices", test_bad_indices);
  g_test_add_func ("/weights/nothing", test_nothing);
  g_test_add_func ("/weights/other-names", test_other_names);
  g_test_add_func ("/weights/other-types", test_other_types);
  g_test_add_func ("/weights/recording", test_recording);
  return g_test_run ();
}
