/* The door of base: errors, progress and cancelling, random numbers, memory, unfinished files, values that are no numbers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "context.h"
#include "error.h"
#include "finite.h"
#include "job.h"
#include "memory.h"
#include "part.h"
#include "random.h"
#include "scratch.h"
