/* The one thing that is wanted of EXIF.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "picture.h"

#include <string.h>

#define ORIENTATION 0x112
#define SHORT 3

static guint32
number (const guint8 *bytes,
        int           n,
        gboolean      is_big)
{
  guint32 value = 0;

  for (int i = 0; i < n; i++)
    value = value << 8 | bytes[is_big ? i : n - 1 - i];
  return value;
}

int
cmd_exif_orientation (const guint8 *exif,
                      gsize         size)
{
  gboolean is_big;
  gsize    at, n;

  if (size > 6 && memcmp (exif, "Exif\0", 6) == 0)
    {
      exif += 6;
      size -= 6;
    }
  if (size < 8 || exif[0] != exif[1] || (exif[0] != 'M' && exif[0] != 'I'))
    return 0;
  is_big = exif[0] == 'M';
  at = number (exif + 4, 4, is_big);
  if (at > size - 2)
    return 0;
  n = number (exif + at, 2, is_big);
  for (at += 2; n > 0 && size - at >= 12; n--, at += 12)
    if (number (exif + at, 2, is_big) == ORIENTATION && number (exif + at + 2, 2, is_big) == SHORT)
      {
        guint32 value = number (exif + at + 8, 2, is_big);

        return value >= 1 && value <= 8 ? (int) value : 0;
      }
  return 0;
}
