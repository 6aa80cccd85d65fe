/* See captions.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dialog/captions.h"

#include <glib/gstdio.h>
#include <string.h>

/* Captions, the oldest of which are forgotten, and bytes of a file that is ours. */
#define MAX_CAPTIONS 100
#define MAX_SIZE (1 << 20)

static char *
file_name (void)
{
  return g_build_filename (g_get_user_data_dir (), "gimp-unclip", "captions", NULL);
}

/* The newest first; transfer full */
static char **
recall (void)
{
  g_autofree char *name = file_name (), *text = NULL;
  gsize size;

  if (! g_file_get_contents (name, &text, &size, NULL) || size > MAX_SIZE || ! g_utf8_validate (text, size, NULL))
    return g_new0 (char *, 1);
  return g_strsplit (g_strchomp (text), "\n", MAX_CAPTIONS);
}

void
unclip_plugin_captions_remember (const char *caption)
{
  g_autofree char *name = file_name (), *folder = g_path_get_dirname (name);
  g_autoptr (GString) text = g_string_new (caption);
  g_auto (GStrv) before = recall ();

  if (*caption == '\0' || strchr (caption, '\n') != NULL)
    return;
  for (int i = 0; before[i] != NULL && i < MAX_CAPTIONS - 1; i++)
    if (strcmp (before[i], caption) != 0 && *before[i] != '\0')
      g_string_append_printf (text, "\n%s", before[i]);
  g_string_append_c (text, '\n');
  /* Where it cannot be kept nothing else suffers. */
  if (g_mkdir_with_parents (folder, 0700) == 0)
    g_file_set_contents_full (name, text->str, text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL);
}

void
unclip_plugin_captions_offer (GtkEntry *entry)
{
  g_autoptr (GtkListStore) store = gtk_list_store_new (1, G_TYPE_STRING);
  g_autoptr (GtkEntryCompletion) completion = gtk_entry_completion_new ();
  g_auto (GStrv) captions = recall ();

  for (char **caption = captions; *caption != NULL; caption++)
    gtk_list_store_insert_with_values (store, NULL, -1, 0, *caption, -1);
  gtk_entry_completion_set_model (completion, GTK_TREE_MODEL (store));
  gtk_entry_completion_set_text_column (completion, 0);
  gtk_entry_set_completion (entry, completion);
}
