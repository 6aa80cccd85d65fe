/* Fuzzing led by coverage, in a program that is built for it (run.sh).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fuzz.h"

/* @argv[1]: the name that the target gets; what follows is for libFuzzer. Does not return. */
void fuzz_led (int argc, char **argv, FuzzFormat format, FuzzTarget target);
