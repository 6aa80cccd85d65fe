/* Fuzz target: the index of sharded weights, with two sound shards beside it and one outside.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include "files.h"
#include "support.h"

#define ONE(name) "{\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = fuzz_write ("w/model.safetensors.index.json", data, size), *dir = g_path_get_dirname (path);
  g_autoptr (UnclipWeights) weights = NULL;
  GError  *error = NULL;
  BkSource source;

  g_free (support_safetensors ("w/one.safetensors", ONE ("a"), 8));
  g_free (support_safetensors ("w/two.safetensors", ONE ("b"), 8));
  g_free (support_safetensors ("outside.safetensors", ONE ("outside"), 8));
  weights = unclip_weights_open (dir, &error);
  if (weights == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  g_assert_false (unclip_weights_has (weights, "outside"));
  g_assert_cmpuint (unclip_weights_n_tensors (weights), <=, 2);
  for (int i = 0; i < 2; i++)
    if (unclip_weights_take (weights, &source, &error, i == 0 ? "a" : "b", 1, 2))
      fuzz_touch (source.data, 8);
    else
      fuzz_assert_refusal (&error);
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
