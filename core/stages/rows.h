/* The rows of the tables in this room that are files of their own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "conditioner.h"

G_BEGIN_DECLS

extern const UnclipConditionerRow unclip_conditioner_text_proj;

G_END_DECLS
