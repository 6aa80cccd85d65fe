/* The door of image: pictures, whatever is done with them. Knows no network.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "base.h"

G_BEGIN_DECLS

/* ---- resize.c: Pillow's and torch's bicubic ---------------------------------- */

/* For each of the pixels of a resized line the first pixel of the line before, and the weights of those that follow. */
typedef struct
{
  int     n_taps; /* room per pixel */
  int    *first, *count; /* [new_size] */
  double *weights; /* [new_size, n_taps] */
} UnclipTaps;

/* Of the bicubic kernel below. %FALSE when the machine refuses the memory; @taps is to be cleared in any case. */
gboolean unclip_taps_init  (UnclipTaps *taps, int size, int new_size);
void     unclip_taps_clear (UnclipTaps *taps);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipTaps, unclip_taps_clear)

/* Pillow's 8-bit bicubic (a = -0.5, antialiased, fixed point, horizontal pass first, each pass rounded).
 * [h, w, c] to [new_h, new_w, c]. */
gboolean unclip_resize_u8 (const guint8 *in, int w, int h, int c, guint8 *out, int new_w, int new_h, GError **error);
/* torch.nn.functional.interpolate (mode="bicubic", antialias=True, align_corners=False), float32, NHWC:
 * a = -0.5, weights renormalised at the edges, not clamped. in [n, h, w, c]. */
gboolean unclip_resize_f32 (const float *in, int n, int w, int h, int c, float *out, int new_w, int new_h, GError **error);

/* ---- preprocess.c ------------------------------------------------------------- */

/* CLIPImageProcessor; its numbers come with a model: ../stages/preprocess.c. */
typedef struct
{
  int   size;            /* shortest edge */
  int   crop_w, crop_h;
  float mean[3], std[3];
} UnclipPreprocess;

/**
 * unclip_preprocess_run:
 * @rgb: [h, w, 3] 8-bit; alpha is composited on white before (unclip_image_to_rgb8())
 * @rgb8: (out caller-allocates) (nullable): [crop_h, crop_w, 3] after resize and crop
 * @pixel_values: (out caller-allocates): [crop_h, crop_w, 3], normalised (NHWC)
 */
gboolean unclip_preprocess_run  (const UnclipPreprocess *preprocess, const guint8 *rgb, int w, int h, guint8 *rgb8, float *pixel_values, GError **error);
/* round (v * 255), alpha composited on white: what a person sees on paper. (transfer full) */
guint8  *unclip_image_to_rgb8   (const UnclipImage *image, GError **error);

G_END_DECLS
