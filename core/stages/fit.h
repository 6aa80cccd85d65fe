/* Whether components that a model puts together belong together. Asked when a job loads them, and by unclip_model_info().
 * Errors: %UNCLIP_ERROR_MODEL names both.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "image.h"
#include "nets.h"

G_BEGIN_DECLS

/* Both towers have to project to one space. */
gboolean unclip_fit_towers   (int text_dim, int image_dim, GError **error);
gboolean unclip_fit_tokens   (const UnclipTokenizer *tokenizer, const UnclipTextTower *tower, GError **error);
gboolean unclip_fit_pictures (const UnclipPreprocess *preprocess, const UnclipImageTower *tower, GError **error);
/* What @component takes, embeddings of @dim and texts of @length tokens, and what the text tower gives. */
gboolean unclip_fit_text     (const char *component, int dim, int length, int text_dim, int text_width, int text_length, GError **error);
/* A decoder that works on states of @n_channels, and gives the variance that its scheduler may want. */
gboolean unclip_fit_channels (const UnclipUnet *unet, int n_channels, gboolean wants_variance, GError **error);

G_END_DECLS
