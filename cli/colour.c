/* Colour profiles: what a picture's numbers mean, brought to sRGB, which is what the models have learned.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "picture.h"

#include <lcms2.h>
#include <string.h>

/* Every camera has another profile that says sRGB; a conversion would change nothing but the last bit. */
static gboolean
is_srgb (cmsHPROFILE profile)
{
  char name[256] = "";

  cmsGetProfileInfoASCII (profile, cmsInfoDescription, "en", "US", name, sizeof name);
  return strstr (name, "sRGB") != NULL;
}

/* RGB, or the one channel that all three are. */
static void
convert_row (cmsHTRANSFORM     transform,
             const CmdPicture *picture,
             gboolean          is_gray,
             guint8           *row,
             guint8           *from,
             guint8           *to)
{
  int size = picture->depth / 8, n = picture->n_channels, used = is_gray ? 1 : 3;

  for (int x = 0; x < picture->width; x++)
    memcpy (from + (gsize) x * used * size, row + (gsize) x * n * size, used * size);
  cmsDoTransform (transform, from, to, picture->width);
  for (int x = 0; x < picture->width; x++)
    memcpy (row + (gsize) x * n * size, to + (gsize) x * 3 * size, 3 * size);
}

void
cmd_colour_convert (CmdPicture *picture,
                    GBytes     *bytes)
{
  g_autofree guint8 *from = g_try_malloc ((gsize) picture->width * 6), *to = g_try_malloc ((gsize) picture->width * 6);
  gsize         size;
  const void   *data = g_bytes_get_data (bytes, &size);
  cmsHPROFILE   profile = cmsOpenProfileFromMem (data, size), srgb = cmsCreate_sRGBProfile ();
  cmsHTRANSFORM transform = NULL;
  gboolean      is_gray = profile != NULL && cmsGetColorSpace (profile) == cmsSigGrayData;
  /* A profile for CMYK is of no use, as the decoder has made RGB of it. */
  gboolean      fits = is_gray || (profile != NULL && cmsGetColorSpace (profile) == cmsSigRgbData);
  cmsUInt32Number in = picture->depth == 16 ? (is_gray ? TYPE_GRAY_16 : TYPE_RGB_16) : is_gray ? TYPE_GRAY_8 : TYPE_RGB_8;
  cmsUInt32Number out = picture->depth == 16 ? TYPE_RGB_16 : TYPE_RGB_8;

  if (fits && srgb != NULL && ! is_srgb (profile))
    transform = cmsCreateTransform (profile, in, srgb, out, INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_BLACKPOINTCOMPENSATION);
  for (int y = 0; transform != NULL && from != NULL && to != NULL && y < picture->height; y++)
    convert_row (transform, picture, is_gray, picture->rows + y * picture->stride, from, to);

  g_clear_pointer (&transform, cmsDeleteTransform);
  g_clear_pointer (&profile, cmsCloseProfile);
  g_clear_pointer (&srgb, cmsCloseProfile);
}
