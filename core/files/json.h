/* JSON from strangers, checked for size and depth before it is parsed.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "base.h"

/* Root is an object; transfer full. %UNCLIP_ERROR_FILE. @path: for messages. */
JsonParser *unclip_json_parse (const char *text, gsize length, const char *path, GError **error);
JsonParser *unclip_json_load  (const char *path, gsize max_size, GError **error);
