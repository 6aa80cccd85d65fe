/* What the transforms and their callers agree on.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

/* The points that F(4x4, 3x3) evaluates at: 0, +-p, +-q and infinity. Far better than
 * the usual 1 and 2: relative error 1.5e-6 instead of 3.5e-6 and more. Few bits, so
 * that all products of them are exact. */
#define WINOGRAD_P 0.625f
#define WINOGRAD_Q 1.5f
/* Columns of weights that are transformed together: no level's panel cuts them unevenly. */
#define WINOGRAD_COLUMNS 32
