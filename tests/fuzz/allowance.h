/* One run of a target within its limits of time and memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fuzz.h"

/* Before the first run. */
void fuzz_limits_init (void);
/* Ends the program if the run takes too much. */
void fuzz_limited     (FuzzTarget target, const char *name, const guint8 *data, gsize size);
