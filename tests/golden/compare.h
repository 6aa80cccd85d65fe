/* Golden tensors: what is allowed, what is reached, and the table of both.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "files.h"

G_BEGIN_DECLS

/* Fails the running test, with one message per tensor, where @out misses what tolerances.json in @folder
 * allows for the tensors of @file. Only tensors that it lists are looked at. */
void     compare_with_golden (const char *folder, const char *file, UnclipTensors *golden, UnclipTensors *out);
/* Whether tolerances.json has a tolerance for the tensor: it is an output. */
gboolean compare_is_output   (const char *folder, const char *file, const char *name);
/* Values and shape must be equal, bit by bit. */
void     compare_exactly     (const char *name, const UnclipTensor *golden, const UnclipTensor *out);
/* Float tensors whose difference may be @tol_max. */
void     compare_within      (const char *name, const UnclipTensor *golden, const UnclipTensor *out, double tol_max);
/* Float tensors whose relative L2 error may be @tol_relative. */
void     compare_relative    (const char *name, const UnclipTensor *golden, const UnclipTensor *out, double tol_relative);
/* The same tensors with the same bits. */
void     compare_same_bits   (UnclipTensors *a, UnclipTensors *b);

/* With UNCLIP_GOLDEN_TABLE=1 in the environment, or --verbose, each comparison is a line of a Markdown table on
 * stderr; this begins a table. */
void     compare_table_head  (const char *title);

G_END_DECLS
