/* What jobs find on this machine.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "error.h"

G_BEGIN_DECLS

/**
 * UnclipMachine:
 * @cpu_level: the kernels that its processor runs: "c", "avx2", "avx512", …
 * @bf16_is_fast: whether "auto" takes bf16
 * @n_threads: that a job gets unless it asks for fewer: as OMP_NUM_THREADS, the affinity mask and control groups have it
 * @memory: bytes that a job may take, see unclip_memory_available()
 */
typedef struct
{
  const char *cpu_level;
  gboolean    bf16_is_fast;
  int         n_threads;
  guint64     memory;
} UnclipMachine;

/* Errors: those of a job that cannot begin here. */
UNCLIP_API gboolean unclip_machine (UnclipMachine *machine, GError **error);

G_END_DECLS
