/* Where a picture lies in its square: what the way there (framing.c) and the way back (framing-return.c) share.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "image.h"
#include "unclip.h"

G_BEGIN_DECLS

/* Pixels that are looked at together of a picture that is read by rows. */
#define UNCLIP_STRIP (1 << 20)

/* In the square's pixels. */
typedef struct
{
  int x, y, width, height;
} UnclipPlace;

/* Of the part of a picture of @width × @height that its square shows: all of it, or under CROP the middle. */
UnclipPlace unclip_place_of (int width, int height, int size, UnclipFraming framing);

/* Models know no values but 0 to 1, and layers and files hold others. What is not a number is black; CLAMP() would let it through. */
static inline float
unclip_frame_in_range (float value)
{
  return value > 0 ? MIN (value, 1.0f) : 0.0f;
}

/* %UNCLIP_ERROR_ARGUMENT unless there is a picture with pixels and 3 or 4 channels. */
gboolean     unclip_frame_check      (const UnclipImage *image, GError **error);
gboolean     unclip_frame_check_rows (const UnclipRows *rows, GError **error);
/* %UNCLIP_ERROR_MEMORY if there are fewer than the @size bytes that pictures will take. */
gboolean     unclip_frame_check_memory (guint64 size, GError **error);
/* unclip_image_new() with %UNCLIP_ERROR_MEMORY */
UnclipImage *unclip_frame_new        (int width, int height, int n_channels, GError **error);
/* Bytes that unclip_frame_square() takes besides @image. */
guint64      unclip_frame_working_size (const UnclipImage *image, int size, UnclipFraming framing);
UnclipRows   unclip_frame_rows       (const UnclipImage *image);
/* A copy whose colours no transparent pixel has touched: its holes are filled from their surroundings. Alpha stays. */
UnclipImage *unclip_frame_fill       (const UnclipImage *image, GError **error);

/**
 * unclip_frame_blend:
 * @original: a square, of any size
 * @before: the square that the decoder says @original is
 * @after: the same after the edit, the same size
 * @detail: @after as the upsampler shows it, any size; may be @after itself
 *
 * See unclip_frame_return_rows(), which is this with @after as its own detail.
 */
UnclipImage *unclip_frame_blend (const UnclipImage *original, const UnclipImage *before, const UnclipImage *after, const UnclipImage *detail,
                                 int n_threads, GError **error);

G_END_DECLS
