/* Variations of a file: bits, bytes, pieces twice or less, words that become others.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "fuzz.h"

/* Changes @bytes once to three times. Of a safetensors file neither its values nor, mostly, the truth of its length. */
void fuzz_mutate (GByteArray *bytes, FuzzFormat format, GRand *random);
/* In a safetensors file the length of the header, so that @n_values bytes remain behind it. */
void fuzz_set_length (guint8 *data, gsize size, gsize n_values);
/* How many bytes lie behind the header, as the length in the file has it; 0 if that is nonsense. */
gsize fuzz_n_values (const guint8 *data, gsize size);
