/* See fit.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fit.h"

#include <glib/gi18n-lib.h>

gboolean
unclip_fit_towers (int text_dim, int image_dim, GError **error)
{
  if (text_dim == image_dim)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("text_encoder and image_encoder do not fit each other; take both from the same CLIP"));
  return FALSE;
}

gboolean
unclip_fit_tokens (const UnclipTokenizer *tokenizer, const UnclipTextTower *tower, GError **error)
{
  if (unclip_tokenizer_max_length (tokenizer) == unclip_text_tower_length (tower))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The tokenizer gives %d tokens a caption, but the text encoder takes %d"),
               unclip_tokenizer_max_length (tokenizer), unclip_text_tower_length (tower));
  return FALSE;
}

gboolean
unclip_fit_pictures (const UnclipPreprocess *preprocess, const UnclipImageTower *tower, GError **error)
{
  int size = unclip_image_tower_size (tower);

  if (preprocess->crop_w == size && preprocess->crop_h == size)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
               _("The feature extractor makes pictures of %d × %d, but the image encoder takes %d; take both from the same model"),
               preprocess->crop_w, preprocess->crop_h, size);
  return FALSE;
}

gboolean
unclip_fit_text (const char *component, int dim, int length, int text_dim, int text_width, int text_length, GError **error)
{
  if (dim == text_dim && dim == text_width && length == text_length)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s and text_encoder do not fit each other; take both from the same model"), component);
  return FALSE;
}

gboolean
unclip_fit_channels (const UnclipUnet *unet, int n_channels, gboolean wants_variance, GError **error)
{
  if (unclip_unet_in_channels (unet) == n_channels && unclip_unet_out_channels (unet) >= (wants_variance ? 2 : 1) * n_channels)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
               _("The decoder takes %d and gives %d channels; a picture's %d, and as many again for the variance that its scheduler wants, are needed"),
               unclip_unet_in_channels (unet), unclip_unet_out_channels (unet), n_channels);
  return FALSE;
}
