/* Small text files, read into memory: what is mapped may be cut while it is looked at.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

/**
 * unclip_read_text:
 * @max_size: bytes; more is not what the file should be
 * @size: (out): bytes, without the zero that is put behind them
 *
 * A regular file as it is, but for a byte order mark in front. Never waits for a pipe or a device.
 * Errors: %UNCLIP_ERROR_FILE, also for what Git LFS puts in the place of a file; %UNCLIP_ERROR_MEMORY.
 * Returns: (transfer full)
 */
char *unclip_read_text (const char *path, gsize max_size, gsize *size, GError **error);

/* Whether that is what Git LFS puts in the place of a large file; then sets the error. */
gboolean unclip_read_is_pointer (const char *text, gsize size, const char *path, GError **error);

G_END_DECLS
