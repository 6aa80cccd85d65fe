/* Prints every tensor that unclip_synth () would write for a folder of configs, one "component name
 * dims…" a line, so that the test of full-size configs needs no 14 GB.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "safetensors.h"
#include "synth.h"

#include <stdio.h>
#include <stdlib.h>

static int
print_component (const char *path, const char *component)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = unclip_synth_entries (path, component, UNCLIP_DTYPE_F32, &error);

  if (entries == NULL)
    {
      g_printerr ("%s: %s\n", component, error->message);
      return EXIT_FAILURE;
    }
  for (guint i = 0; i < entries->len; i++)
    {
      const UnclipEntry *entry = g_ptr_array_index (entries, i);

      printf ("%s %s", component, entry->name);
      for (int d = 0; d < entry->n_dims; d++)
        printf (" %d", entry->dims[d]);
      printf ("\n");
    }
  return EXIT_SUCCESS;
}

int
main (int argc, char **argv)
{
  int         status = EXIT_SUCCESS;
  const char *component;

  /* COMPONENT=FOLDER, of models whose folders have other names. */
  for (int i = 2; status == EXIT_SUCCESS && i < argc; i++)
    {
      g_auto (GStrv)   parts = g_strsplit (argv[i], "=", 2);
      g_autofree char *path = g_build_filename (argv[1], parts[1], NULL);

      status = print_component (path, parts[0]);
    }
  for (guint i = 0; argc == 2 && status == EXIT_SUCCESS && unclip_synth_component (i, &component); i++)
    {
      g_autofree char *path = g_build_filename (argv[1], component, NULL);

      /* Karlo has no second upsampler. */
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        status = print_component (path, component);
    }
  return status;
}
