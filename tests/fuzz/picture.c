/* Fuzz target: pictures, as the command reads them where there are 64 MB of memory: a picture of one colour is a thousand times
 * as large as its file, so that the input cannot be the measure.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "cmd.h"
#include "picture.h"

static void
target (const char *name, const guint8 *data, gsize size)
{
  g_autofree char *path = fuzz_write ("picture", data, size);
  g_autoptr (CmdPicture) picture = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_generated;

  picture = cmd_picture_read (path, &is_generated, &error);
  if (picture == NULL)
    {
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_null (strchr (error->message, '\n'));
      return;
    }
  g_assert_true (picture->width > 0 && picture->height > 0);
  g_assert_true (picture->n_channels == 3 || picture->n_channels == 4);
  for (int y = 0; y < picture->height; y++)
    fuzz_touch (picture->rows + y * picture->stride, (gsize) picture->width * picture->n_channels * picture->depth / 8);
}

int
main (int argc, char **argv)
{
  g_setenv ("UNCLIP_MEMORY_LIMIT", "64", TRUE);
  fuzz_allow (64 << 20);
  return fuzz_main (argc, argv, FUZZ_PLAIN, target);
}
