/* torch's zip format of weights (.bin, .pt): a pickle that says which tensors there are, and their bytes, stored.
 *
 * A pickle is a program, and torch's own reader runs what it asks for. Here it is read as data: a machine that knows
 * dictionaries, texts, numbers and torch's tensors, and refuses by name whatever else is asked for. Nothing is ever executed.
 *
 * Source: torch/serialization.py's format as of PyTorch 1.6; the pickle protocols 2 to 4; APPNOTE.TXT 6.3 for zip and zip64.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "container.h"

G_BEGIN_DECLS

/* Reads what the mapped @file holds into its entries. Errors: %UNCLIP_ERROR_FILE, %UNCLIP_ERROR_MEMORY. */
gboolean unclip_torch_read (UnclipContainer *file, GError **error);

G_END_DECLS
