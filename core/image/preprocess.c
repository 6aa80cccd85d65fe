/* CLIPImageProcessor: resize, centre crop, normalise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "image.h"

#include <glib/gi18n-lib.h>
#include <math.h>

gboolean
unclip_preprocess_run (const UnclipPreprocess *preprocess, const guint8 *rgb, int w, int h, guint8 *rgb8, float *pixel_values, GError **error)
{
  int    short_side = MIN (w, h), long_side = MAX (w, h), other, new_w, new_h, left, top;
  gint64 other_side = (gint64) preprocess->size * long_side / short_side;
  g_autofree guint8 *resized = NULL;

  /* A line of pixels, one thick, would become a ribbon without end, of which the crop sees the middle. */
  if (other_side > 1 << 22)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("A picture of %d × %d pixels is too long and thin"), w, h);
      return FALSE;
    }
  other = (int) other_side;
  new_w = w <= h ? preprocess->size : other;
  new_h = w <= h ? other : preprocess->size;
  resized = g_try_malloc ((gsize) new_w * new_h * 3);
  if (resized == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory to resize the picture"));
      return FALSE;
    }
  if (! unclip_resize_u8 (rgb, w, h, 3, resized, new_w, new_h, error))
    return FALSE;

  left = (new_w - preprocess->crop_w) / 2;
  top = (new_h - preprocess->crop_h) / 2;
  /* C rounds towards 0; where the crop is larger than the picture the offset is negative. */
  if (new_w < preprocess->crop_w && (preprocess->crop_w - new_w) % 2 != 0)
    left--;
  if (new_h < preprocess->crop_h && (preprocess->crop_h - new_h) % 2 != 0)
    top--;
  for (int y = 0; y < preprocess->crop_h; y++)
    for (int x = 0; x < preprocess->crop_w; x++)
      for (int c = 0; c < 3; c++)
        {
          gsize    at = ((gsize) y * preprocess->crop_w + x) * 3 + c;
          int      sx = x + left, sy = y + top;
          gboolean inside = sx >= 0 && sx < new_w && sy >= 0 && sy < new_h;
          guint8   value = inside ? resized[((gsize) sy * new_w + sx) * 3 + c] : 0;

          if (rgb8 != NULL)
            rgb8[at] = value;
          pixel_values[at] = (value / 255.0f - preprocess->mean[c]) / preprocess->std[c];
        }
  return TRUE;
}

guint8 *
unclip_image_to_rgb8 (const UnclipImage *image, GError **error)
{
  gsize   n = (gsize) image->width * image->height;
  guint8 *rgb = g_try_malloc (n * 3);

  if (rgb == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return NULL;
    }
  for (gsize i = 0; i < n; i++)
    {
      const float *pixel = image->pixels + i * image->n_channels;
      float        alpha = image->n_channels == 4 && pixel[3] < 1 ? MAX (pixel[3], 0.0f) : 1.0f;

      for (int c = 0; c < 3; c++)
        {
          /* Whatever is not a number shows as black. */
          float value = pixel[c] > 0 ? MIN (pixel[c], 1.0f) : 0.0f;

          rgb[3 * i + c] = (guint8) rintf ((value * alpha + 1.0f - alpha) * 255.0f);
        }
    }
  return rgb;
}
