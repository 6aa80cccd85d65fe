/* The tables that models are put together by: components, kinds of networks, codecs.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <string.h>

#include "codec.h"
#include "network.h"
#include "support.h"

/* Each row is found by its name, and is whole. */
static void
test_components (void)
{
  const UnclipComponent *component;
  UnclipStages           needed = UNCLIP_STAGE_NONE;
  gboolean               is_used[UNCLIP_N_KINDS] = { FALSE };

  for (guint i = 0; (component = unclip_component_at (i)) != NULL; i++)
    {
      g_assert_true (unclip_component (component->name) == component);
      g_assert_nonnull (component->config);
      g_assert_nonnull (component->class_name);
      g_assert_cmpint (component->stages, !=, UNCLIP_STAGE_NONE);
      g_assert_cmpint (strlen (unclip_component_remedy (component)), >, 0);
      /* What has weights is a network, and nothing else is. */
      g_assert_true ((component->weights != NULL) == (unclip_network_kind (component) != NULL));
      needed |= component->stages;
      is_used[component->kind] = TRUE;
    }
  g_assert_null (unclip_component ("dekoder"));
  for (int kind = 0; kind < UNCLIP_N_KINDS; kind++)
    g_assert_true (is_used[kind]);
  for (UnclipStages stage = UNCLIP_STAGE_TEXT; stage <= UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE; stage <<= 1)
    g_assert_true ((needed & stage) != 0);
}

/* Each is found by the names of its pipelines, and every component of it is in the table. */
static void
test_families (void)
{
  const UnclipFamily *family;
  const UnclipMember  *member;
  const char         *part;
  g_autoptr (GError)  error = NULL;

  for (guint i = 0; (family = unclip_family_at (i)) != NULL; i++)
    {
      for (guint k = 0; k < G_N_ELEMENTS (family->pipelines) && family->pipelines[k].class_name != NULL; k++)
        {
          g_assert_true (unclip_family_named (family->pipelines[k].class_name, "model", &part, &error) == family);
          g_assert_cmpstr (part, ==, family->pipelines[k].part);
        }
      for (guint k = 0; (member = unclip_family_member (family, k)) != NULL; k++)
        {
          g_assert_nonnull (unclip_component (member->component));
          g_assert_true (unclip_family_find (family, member->component) == member);
        }
    }
  g_assert_true (unclip_family_named (NULL, "model", &part, &error) == unclip_family_at (0));
  g_assert_null (unclip_family_named ("StableDiffusionPipeline", "model", &part, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL);
  g_assert_nonnull (strstr (error->message, "StableDiffusionPipeline"));
}

/* Whatever diffuses has a scheduler. */
static void
test_beside (void)
{
  static const char *const pairs[][2] = {
    { "prior", "prior_scheduler" },
    { "decoder", "decoder_scheduler" },
    { "super_res_first", "super_res_scheduler" },
    { "super_res_last", "super_res_scheduler" },
    { "super_res_1024", "super_res_1024_scheduler" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpstr (unclip_component_beside (pairs[i][0], UNCLIP_KIND_SCHEDULER)->name, ==, pairs[i][1]);
  g_assert_null (unclip_component_beside ("image_encoder", UNCLIP_KIND_SCHEDULER));
}

/* The codec of a model without an autoencoder leaves every bit as it is. */
static void
test_codec (void)
{
  g_autofree char *dir = support_model ("codec");
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipModel) model = unclip_model_open (dir, NULL, &error);
  UnclipCodec codec;
  float x[2 * 2 * 3], state[2 * 2 * 3], back[2 * 2 * 3];

  g_assert_no_error (error);
  g_assert_true (unclip_codec_init (&codec, model, &error));
  g_assert_cmpint (codec.n_channels, ==, 3);
  g_assert_cmpint (codec.factor, ==, 1);
  g_assert_true (codec.is_lossless);
  for (guint i = 0; i < G_N_ELEMENTS (x); i++)
    x[i] = 0.1f * i - 0.6f;
  g_assert_true (unclip_codec_encode (&codec, model, NULL, x, 2, state, &error) && unclip_codec_decode (&codec, model, NULL, state, 2, back, &error));
  g_assert_cmpmem (state, sizeof state, x, sizeof x);
  g_assert_cmpmem (back, sizeof back, x, sizeof x);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stages/components", test_components);
  g_test_add_func ("/stages/families", test_families);
  g_test_add_func ("/stages/scheduler-beside", test_beside);
  g_test_add_func ("/stages/codec", test_codec);
  return g_test_run ();
}
