/* What can go wrong, as users meet it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

/* Marks what the shared library shows. */
#define UNCLIP_API __attribute__ ((visibility ("default")))

G_BEGIN_DECLS

/**
 * UnclipError:
 * @UNCLIP_ERROR_ARGUMENT: a value that the caller gave is out of its range
 * @UNCLIP_ERROR_FILE: a file is missing, cut short, hostile or not what it says
 * @UNCLIP_ERROR_MODEL: files are sound but do not make up a model we can run
 * @UNCLIP_ERROR_MISSING: the model lacks a component that this needs
 * @UNCLIP_ERROR_MEMORY: the machine refuses the memory
 *
 * Every message is one sentence that names the thing and, where there is one, the
 * remedy. A cancelled call returns %G_IO_ERROR_CANCELLED instead.
 */
typedef enum
{
  UNCLIP_ERROR_ARGUMENT,
  UNCLIP_ERROR_FILE,
  UNCLIP_ERROR_MODEL,
  UNCLIP_ERROR_MISSING,
  UNCLIP_ERROR_MEMORY
} UnclipError;

#define UNCLIP_ERROR (unclip_error_quark ())
UNCLIP_API GQuark unclip_error_quark (void);

/* The start of a text from a file, made fit for a message: one short line of valid UTF-8; transfer full. */
char *unclip_error_excerpt (const char *text);

G_END_DECLS
