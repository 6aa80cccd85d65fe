/* What the tests of files share: a folder of their own, files in it, and models made of a few lines.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

#include "bk.h"

/* What tests compute with: float32, one thread. */
extern BkContext support_context;

/* Initialises GLib's test program so that each test has a folder of its own, which goes away with it. */
void support_init (int *argc, char ***argv);

/* @name in the test's folder; transfer full. */
char *support_path (const char *name);

/* Writes a file in the test's folder, and the folders above it; @size -1: @data is text. transfer full: its path */
char *support_write (const char *name, const void *data, gssize size);
void  support_remove (const char *name);

/* A safetensors file: length, header, @data_size bytes that count 0, 1, 2, ... */
char *support_safetensors (const char *name, const char *header, gsize data_size);

/* A model in the folder @name of the test's folder: every component that the layout knows, with the smallest
 * config and one tensor each. transfer full: its path */
char *support_model (const char *name);

/* A tokenizer's files in the folder @name: the 256 bytes in CLIP's order, the same with "</w>", a few merges and the
 * two special tokens; no config. (element-type utf8) (transfer full): the tokens' texts by id */
GPtrArray *support_vocabulary (const char *name);

/* The call failed with UNCLIP_ERROR and @code, in one line of valid UTF-8; clears it. */
void support_assert_refused (GError **error, int code);
