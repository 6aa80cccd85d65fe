/* How fast the kernels are on the layers that full-size networks have.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

/* Prints one line a layer: GFLOP/s, counting what the plain algorithm needs. */
void bench_run (void);
