/* BK_CPU in tests: one that asks for a level shall not pass on another.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bk.h"

/* Whether this CPU lacks the level that BK_CPU names; says so as a skipped test. */
static inline bool
level_is_lacking (void)
{
  const char *level = getenv ("BK_CPU");

  if (level == NULL || strcmp (level, bk_cpu_level ()) == 0)
    return false;
  printf ("1..0 # SKIP this CPU lacks %s\n", level);
  return true;
}
