/* Captions that were used before, offered while one types.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Offers them in @entry. */
void unclip_plugin_captions_offer    (GtkEntry *entry);
/* Remembers @caption, among the user's own files, as the newest. */
void unclip_plugin_captions_remember (const char *caption);

G_END_DECLS
