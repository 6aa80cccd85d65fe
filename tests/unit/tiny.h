/* A whole model of random weights, so small that a job takes milliseconds; every component fits every other.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../../core/unclip.h"

#define TINY_LOW 8   /* side of the decoder's pictures */
#define TINY_HIGH 16 /* of the first upsampler's */
#define TINY_VAST 32 /* of the second one's */

/* Folder @name in the test's own; transfer full. */
char          *tiny_model   (const char *name);
UnclipModel   *tiny_open    (const char *dir);
/* Every stage on, the first upsampler's size, one thread, few steps. */
UnclipOptions  tiny_options (void);
/* A picture; transfer full. */
UnclipImage   *tiny_picture (void);
/* The @at-th value of a tensor of the component. */
void           tiny_spoil   (const char *dir, const char *component, const char *tensor, gsize at, float value);
/* Replaces every @from in a text file of the model by @to. */
void           tiny_edit    (const char *dir, const char *file, const char *from, const char *to);
