/* What the fuzz targets share. A target is an ordinary program: it replays its seed files and variations of them,
 * drawn from the random seed that GLib's test program prints (and takes: --seed). Built by run.sh it is led by what of
 * the code each input reaches. None may crash, hang, or ask for memory that the file does not justify (allowance.c).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include <gio/gio.h>

/**
 * FuzzTarget:
 * @name: what the bytes are meant for, where a target reads more than one kind: the folder that the seed lies in, or its
 *   own name if it lies in none
 *
 * Reads the bytes as the program would. Of a refusal fuzz_assert_refusal() checks the manners.
 */
typedef void (*FuzzTarget) (const char *name, const guint8 *data, gsize size);

typedef enum
{
  FUZZ_PLAIN,
  FUZZ_SAFETENSORS /* eight bytes of length stand before the text, and are mostly set right again */
} FuzzFormat;

/* @argv[1]: folder of the seeds, or of folders of them. */
int  fuzz_main (int argc, char **argv, FuzzFormat format, FuzzTarget target);
/* Of a target whose input is packed: bytes that a run may take besides, whatever the input. */
void fuzz_allow (gsize more);
/* @error is set, is one of ours, and is one line of valid UTF-8; clears it. */
void fuzz_assert_refusal (GError **error);
/* Puts the bytes in a file of the test's folder; transfer full: its path. */
char *fuzz_write (const char *name, const void *data, gsize size);
/* Reads every byte, so that a sanitizer or the kernel has its say. */
void fuzz_touch (const void *data, gsize size);
