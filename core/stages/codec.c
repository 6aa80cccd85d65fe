/* See codec.h. A row for each: what a model has decides which is its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "codec.h"

#include <string.h>

/* Decoders of Karlo's kind work on pictures themselves. */
static gboolean
copy (UnclipModel *model, BkContext *context, const float *from, int side, float *to, GError **error)
{
  memcpy (to, from, (gsize) side * side * 3 * sizeof (float));
  return TRUE;
}

static const UnclipCodec codecs[] = {
  { NULL, 3, 1, copy, copy },
};

const UnclipCodec *
unclip_codec_of (UnclipModel *model)
{
  guint i = 0;

  while (codecs[i].component != NULL && ! unclip_model_has (model, codecs[i].component))
    i++;
  return &codecs[i];
}
