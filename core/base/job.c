/* Options at their defaults, stage titles, and the picture type.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "job.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "bk.h"
#include "memory.h"

/* Bytes of its pixels. */
static gint64
size_of (const UnclipImage *image)
{
  return (gint64) image->width * image->height * image->n_channels * sizeof (float);
}

UnclipImage *
unclip_image_new (int width, int height, int n_channels)
{
  g_autoptr (UnclipImage) image = NULL;
  gsize n;

  if (width <= 0 || height <= 0 || n_channels <= 0
      || ! g_size_checked_mul (&n, (gsize) width * n_channels, height))
    return NULL;

  image = g_new0 (UnclipImage, 1);
  image->width = width;
  image->height = height;
  image->n_channels = n_channels;
  image->pixels = g_try_new0 (float, n);
  if (image->pixels == NULL)
    return NULL;
  unclip_memory_hold (size_of (image));
  return g_steal_pointer (&image);
}

UnclipImage *
unclip_image_copy (const UnclipImage *image)
{
  UnclipImage *copy = unclip_image_new (image->width, image->height, image->n_channels);

  if (copy != NULL)
    memcpy (copy->pixels, image->pixels, size_of (image));
  return copy;
}

void
unclip_image_free (UnclipImage *image)
{
  if (image == NULL)
    return;
  if (image->pixels != NULL)
    unclip_memory_hold (-size_of (image));
  g_free (image->pixels);
  g_free (image);
}

const char *
unclip_stage_title (const char *stage)
{
  static const struct
  {
    const char *stage, *title;
  } titles[] = {
    { "image_encoder", N_("Reading the picture") },
    { "text_encoder", N_("Reading the caption") },
    { "prior", N_("Prior") },
    { "inversion", N_("Inversion") },
    { "decoder", N_("Decoder") },
    { "super_res", N_("Upsampler") },
    { "super_res_1024", N_("Second upsampler") },
    { "framing", N_("Back to the picture's own size") },
  };

  for (guint i = 0; i < G_N_ELEMENTS (titles); i++)
    if (strcmp (stage, titles[i].stage) == 0)
      return g_dgettext (GETTEXT_PACKAGE, titles[i].title);
  return stage;
}

gboolean
unclip_precision_is_bf16 (UnclipPrecision precision)
{
  return precision == UNCLIP_PRECISION_BF16 || (precision == UNCLIP_PRECISION_AUTO && bk_bf16_is_fast ());
}

guint64
unclip_seed_after (guint64 seed, guint k)
{
  return (seed + k) & (seed <= G_MAXINT32 ? G_MAXINT32 : seed <= G_MAXINT64 ? G_MAXINT64 : G_MAXUINT64);
}

void
unclip_options_init (UnclipOptions *options)
{
  *options = (UnclipOptions) {
    .precision = UNCLIP_PRECISION_AUTO,
    .rng = UNCLIP_RNG_PHILOX,
    .guidance_scale = -1,
    .prior_guidance_scale = -1,
  };
}
