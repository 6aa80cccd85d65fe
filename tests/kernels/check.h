/* Runs a kernel beside its plain-loop twin, and looks at everything that the
 * door promises of it: values, guard bands, memory, threads.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <glib.h>

#include "bk.h"

/* Both write @y; the twin leaves @arena alone. @data is the test's own. */
typedef void (*CheckKernel) (BkTensor y, BkArena *arena, const void *data);

/* What the tests pack with: float32, one thread. */
extern BkContext check_context;

/* All drawn values come from the seed that the program prints first. What they
 * point to lives until check_free_all (). */
int      check_int       (int low, int high);
/* One of sizes that tiles stumble over: 1, odd, one less or more than a multiple of @tile; at most @high. */
int      check_size      (int tile, int high);
/* Roughly normal values, deviation @scale. Some are zero. */
float   *check_values    (size_t n, float scale);
/* A tensor of drawn values, whose pixels lie @gap floats apart. */
BkTensor check_tensor    (int n, int h, int w, int c, int gap);
/* The same without values: a shape for an output. */
BkTensor check_output    (int n, int h, int w, int c, int gap);
/* Drawn weights, deviation @scale, in the type's own precision, at an odd address. */
BkSource check_source    (size_t n, BkType type, float scale);
BkType   check_type      (void);
/* Floats from one pixel to the next beyond its channels, mostly none. */
int      check_gap       (void);
BkActivation check_act   (void);
/* Cuts values to what bf16 holds exactly. */
void     check_narrow    (BkTensor x);
void     check_free_all  (void);

/**
 * check_kernel:
 * @what: named when something is wrong
 * @kernel: the one under test
 * @twin: its plain-loop twin
 * @y: the output's shape; its data, if any, is what the output holds before the call
 * @tolerance: largest error allowed, as a share of the largest value or of @terms
 * @terms: what the terms that a value is made of come to, as where few are summed all that are seen may be near 0; 0: not given
 *
 * Runs the kernel on a measuring arena, then with 1, 2 and 3 threads on an arena of
 * just that size, into memory full of NaN. Fails the test when a value is off, when bits
 * depend on threads, when anything outside of @y's channels is touched, or when more
 * of the arena than was measured.
 */
void     check_kernel    (const char *what, CheckKernel kernel, CheckKernel twin, const void *data,
                          BkTensor y, double tolerance, double terms);
/* What float32 sums of @k products may lose, as a share of the largest. */
double   check_sum_error (int k);
