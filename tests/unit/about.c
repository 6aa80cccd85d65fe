/* What a model says of itself: captions and z_i of which the answer is known, and statements that nobody should believe.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "about.h"

#include <math.h>
#include <string.h>

#include "component.h"
#include "files.h"
#include "support.h"

/* A model that knows two kinds of pictures, at (0, 0) and at (10, 0) along directions of which the second counts double. */
static const float directions[] = { 1, 0, 0, 0, 2, 0 }, centres[] = { 0, 0, 10, 0 };

static const char sound[] =
  "{\"_unclip_about\": {\"sentence\": \"It knows balls.\", \"licence\": \"GPL-3.0-or-later\","
  " \"words\": [\"ball\", \"cross\", \"Red\", \"bricks\", \"beach\"], \"fillers\": [\"a\", \"an\", \"of\", \"picture\"],"
  " \"z_i\": {\"file\": \"about.safetensors\", \"threshold\": 9}}}";

static void
write_statistics (const float *a, int n_directions, int dim, const float *b, int n_centres, int width)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  g_autofree char *path = support_path ("model/about.safetensors");
  UnclipTensor    *tensor;
  GError          *error = NULL;

  tensor = unclip_tensors_add (tensors, "directions", UNCLIP_DTYPE_F32, 2, (int[]) { n_directions, dim }, &error);
  memcpy (tensor->data, a, tensor->n * sizeof (float));
  tensor = unclip_tensors_add (tensors, "centres", UNCLIP_DTYPE_F32, 2, (int[]) { n_centres, width }, &error);
  memcpy (tensor->data, b, tensor->n * sizeof (float));
  g_assert_true (unclip_tensors_save (tensors, path, &error));
  g_assert_no_error (error);
}

static UnclipModel *
open_model (const char *index, GError **error)
{
  g_autofree char *dir = support_model ("model"), *path = support_write ("model/model_index.json", index, -1);

  write_statistics (directions, 2, 3, centres, 2, 2);
  return unclip_model_open (dir, NULL, error);
}

static UnclipModel *
open_sound (void)
{
  GError      *error = NULL;
  UnclipModel *model = open_model (sound, &error);

  g_assert_no_error (error);
  return model;
}

static void
test_said (void)
{
  g_autoptr (UnclipModel) model = open_sound ();
  const UnclipModelAbout *about = unclip_model_about (model);

  g_assert_cmpstr (about->sentence, ==, "It knows balls.");
  g_assert_cmpstr (about->licence, ==, "GPL-3.0-or-later");
  g_assert_cmpuint (g_strv_length ((char **) about->words), ==, 5);
  g_assert_cmpstr (about->words[2], ==, "Red");
}

static void
test_nothing_said (void)
{
  static const char *const silent[] = { "{}", "{\"_unclip_about\": null}", "{\"_unclip_about\": {}}", "{\"_unclip_about\": {\"fillers\": [\"a\"]}}" };
  float z_i[] = { 1000, 1000, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (silent); i++)
    {
      GError *error = NULL;
      g_autoptr (UnclipModel) model = open_model (silent[i], &error);
      char *note = NULL;

      g_assert_no_error (error);
      g_assert_null (unclip_model_note_caption (model, "a zeppelin"));
      g_assert_true (unclip_model_note_picture (model, z_i, 3, &note, &error));
      g_assert_null (note);
    }
}

static void
test_captions (void)
{
  static const char *const known[] = { "a red zeppelin", "BALL", "balls", "two crosses", "a brick", "Bricks!", "beaches", "red,ball", "the ball's", "ｂａｌｌ" };
  static const char *const idle[] = { "", " ", "a", "A picture of a", "x", "7", "…!?" };
  static const char *const strange[] = { "qwerty", "a zeppelin", "a picture of a zeppelin", "ballroom", "Katze", "猫", "🎈", "reddish", "crossing", "x-ray" };
  g_autoptr (UnclipModel) model = open_sound ();

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    g_assert_null (unclip_model_note_caption (model, known[i]));
  for (guint i = 0; i < G_N_ELEMENTS (idle); i++)
    g_assert_null (unclip_model_note_caption (model, idle[i]));
  g_assert_null (unclip_model_note_caption (model, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (strange); i++)
    {
      g_autofree char *note = unclip_model_note_caption (model, strange[i]);

      g_assert_nonnull (note);
      /* What it was about, what the model knows, and where others are. */
      g_assert_nonnull (strstr (note, strange[i]));
      g_assert_nonnull (strstr (note, "(It knows balls)"));
      g_assert_nonnull (strstr (note, "karlo"));
    }
}

static void
test_long_caption (void)
{
  g_autoptr (UnclipModel) model = open_sound ();
  g_autofree char *caption = g_strnfill (100000, 'q'), *note = NULL;

  caption[3] = '\n';
  note = unclip_model_note_caption (model, caption);
  g_assert_cmpuint (strlen (note), <, 500);
  g_assert_null (strchr (note, '\n'));
}

static void
test_distance (void)
{
  static const struct
  {
    float    z_i[3];
    gboolean is_known;
  } cases[] = {
    { { 0, 0, 0 }, TRUE },
    { { 3, 0, 500 }, TRUE },     /* the third value is in no direction */
    { { 3.01f, 0, 0 }, FALSE },
    { { 0, 1.5f, 0 }, TRUE },
    { { 0, -1.51f, 0 }, FALSE },
    { { 5, 0, 0 }, FALSE },      /* between both, where their mean is */
    { { 12.9f, 0, 0 }, TRUE },
    { { 8, 1.1f, 0 }, TRUE },    /* 4 + 4.84 */
    { { 8, 1.2f, 0 }, FALSE },
    { { INFINITY, 0, 0 }, FALSE },
  };
  g_autoptr (UnclipModel) model = open_sound ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *note = NULL;
      GError *error = NULL;

      g_assert_true (unclip_model_note_picture (model, cases[i].z_i, 3, &note, &error));
      g_assert_no_error (error);
      g_assert_true ((note == NULL) == cases[i].is_known);
      g_assert_true (note == NULL || strstr (note, "(It knows balls)") != NULL);
    }
}

static void
test_other_width (void)
{
  g_autoptr (UnclipModel) model = open_sound ();
  GError *error = NULL;
  char   *note;

  g_assert_false (unclip_model_note_picture (model, directions, 4, &note, &error));
  g_assert_nonnull (strstr (error->message, "_unclip_about"));
  support_assert_refused (&error, UNCLIP_ERROR_MODEL);
}

static void
test_hostile_texts (void)
{
  static const char *const hostile[] = {
    "[]", "\"text\"", "7",
    "{\"sentence\": 7}", "{\"sentence\": \"\"}", "{\"sentence\": \"two\\nlines\"}", "{\"licence\": []}", "{\"licence\": \"\"}",
    "{\"words\": \"ball\"}", "{\"words\": []}", "{\"words\": [7]}", "{\"words\": [\"\"]}", "{\"words\": [\"two words\"]}", "{\"words\": [\"!\"]}",
    "{\"words\": [null]}", "{\"fillers\": {}}",
    "{\"z_i\": []}", "{\"z_i\": {}}", "{\"z_i\": {\"file\": \"about.safetensors\"}}", "{\"z_i\": {\"threshold\": 1}}",
    "{\"z_i\": {\"file\": 1, \"threshold\": 1}}", "{\"z_i\": {\"file\": \"about.safetensors\", \"threshold\": \"1\"}}",
    "{\"z_i\": {\"file\": \"about.safetensors\", \"threshold\": -1}}", "{\"z_i\": {\"file\": \"about.safetensors\", \"threshold\": 1e300}}",
    "{\"z_i\": {\"file\": \"\", \"threshold\": 1}}", "{\"z_i\": {\"file\": \"../about.safetensors\", \"threshold\": 1}}",
    "{\"z_i\": {\"file\": \"/etc/passwd\", \"threshold\": 1}}", "{\"z_i\": {\"file\": \"..\", \"threshold\": 1}}",
  };
  g_autofree char *long_text = g_strnfill (10000, 'x');

  for (guint i = 0; i <= G_N_ELEMENTS (hostile); i++)
    {
      g_autofree char *statement = i < G_N_ELEMENTS (hostile) ? g_strdup (hostile[i]) : g_strdup_printf ("{\"sentence\": \"%s\"}", long_text);
      g_autofree char *index = g_strdup_printf ("{\"_unclip_about\": %s}", statement);
      GError *error = NULL;

      g_assert_null (open_model (index, &error));
      g_assert_nonnull (strstr (error->message, "model_index.json"));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

static void
assert_statistics_refused (int code)
{
  g_autofree char *dir = support_path ("model");
  GError *error = NULL;

  g_assert_null (unclip_model_open (dir, NULL, &error));
  g_assert_nonnull (strstr (error->message, "about.safetensors"));
  support_assert_refused (&error, code);
}

static void
test_hostile_statistics (void)
{
  g_autoptr (UnclipModel) model = open_sound ();
  float wrong[] = { 0, 0, NAN, 0 };

  write_statistics (directions, 2, 3, centres, 1, 3);
  assert_statistics_refused (UNCLIP_ERROR_FILE);
  write_statistics (directions, 2, 3, wrong, 2, 2);
  assert_statistics_refused (UNCLIP_ERROR_MODEL);
  wrong[2] = -INFINITY;
  write_statistics (wrong, 2, 2, centres, 2, 2);
  assert_statistics_refused (UNCLIP_ERROR_MODEL);
  g_free (support_write ("model/about.safetensors", "nothing of the kind", -1));
  assert_statistics_refused (UNCLIP_ERROR_FILE);
  g_free (support_safetensors ("model/about.safetensors", "{\"directions\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}", 24));
  assert_statistics_refused (UNCLIP_ERROR_FILE);
}

static void
assert_silent (const char *const *components)
{
  g_autofree char *dir = support_path ("model");
  GError *error = NULL;
  g_autoptr (UnclipModel) model = unclip_model_open (dir, components, &error);
  char *note = NULL;

  g_assert_no_error (error);
  g_assert_true (unclip_model_note_picture (model, (float[]) { 500, 0, 0 }, 3, &note, &error));
  g_assert_null (note);
}

/* A download of parts, and another one's encoder, whose z_i mean something else. */
static void
test_without_statistics (void)
{
  g_autoptr (UnclipModel) model = open_sound ();
  g_autofree char *other = support_model ("other"), *component = g_strconcat ("image_encoder=", other, NULL);

  assert_silent ((const char *[]) { component, NULL });
  support_remove ("model/about.safetensors");
  assert_silent (NULL);
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/about/said", test_said);
  g_test_add_func ("/about/nothing-said", test_nothing_said);
  g_test_add_func ("/about/captions", test_captions);
  g_test_add_func ("/about/long-caption", test_long_caption);
  g_test_add_func ("/about/distance", test_distance);
  g_test_add_func ("/about/other-width", test_other_width);
  g_test_add_func ("/about/hostile-texts", test_hostile_texts);
  g_test_add_func ("/about/hostile-statistics", test_hostile_statistics);
  g_test_add_func ("/about/without-statistics", test_without_statistics);
  return g_test_run ();
}
