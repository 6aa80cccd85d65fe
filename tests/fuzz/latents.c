/* Fuzz target: latents files.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include "unclip.h"

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = fuzz_write ("in.safetensors", data, size), *again = NULL;
  g_autoptr (UnclipLatents) latents = NULL;
  g_autoptr (UnclipLatents) copy = NULL;
  GError *error = NULL;

  latents = unclip_latents_load (path, &error);
  if (latents == NULL)
    {
      fuzz_assert_refusal (&error);
      return;
    }
  /* What opens can be saved and read again. */
  again = g_strconcat (path, ".again", NULL);
  g_assert_true (unclip_latents_save (latents, again, &error));
  copy = unclip_latents_load (again, &error);
  g_assert_no_error (error);
}

int
main (int argc, char **argv)
{
  return fuzz_main (argc, argv, FUZZ_SAFETENSORS, target);
}
