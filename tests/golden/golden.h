/* What the golden tests share: the folders that they were started with, and running a task.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "unclip.h"

#include "files.h"

G_BEGIN_DECLS

/* Of golden files, and of the model that they belong to. */
extern const char *golden_folder, *golden_model;

/* Skips the running test, with the reason, if @file (in the folder of golden files) or the model is not there;
 * else its path, transfer full. */
char *golden_path (const char *file);

/* Whether there is such a file, or a task's. */
gboolean golden_has      (const char *file);
gboolean golden_has_task (const char *task);

/* A picture beside the golden files; %NULL if it cannot be read. @keeps_alpha: four channels, else the colours alone. */
UnclipImage *golden_picture (const char *name, gboolean keeps_alpha);

/* Runs @task and returns the path of what it wrote, to be removed. Fails the test if the task fails. */
char          *golden_run          (const char *task, const char *in_path, const UnclipImage *image, int n_threads);
/* The same, loaded. */
UnclipTensors *golden_run_and_load (const char *task, const char *in_path, const UnclipImage *image, int n_threads);
/* The same in @precision; golden_run_and_load() leaves it at eval's own, float32. */
UnclipTensors *golden_run_in       (UnclipPrecision precision, const char *task, const char *in_path, const UnclipImage *image,
                                    int n_threads);
/* A new file's path for what is written next, transfer full. */
char          *golden_temporary    (void);

void golden_add_inputs  (void); /* inputs.c */
void golden_add_batches (void); /* batches.c */
void golden_add_bf16    (void); /* bf16.c */
void golden_add_hostile (void); /* hostile.c */

/* Every task that reads tensors alone; NULL at the end. */
extern const char *const golden_tasks[];

G_END_DECLS
