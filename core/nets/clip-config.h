/* The config that both CLIP towers have in common.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "transformer.h"

G_BEGIN_DECLS

typedef struct
{
  UnclipLayerShape shape;
  int              n_layers;
  int              dim; /* of the space both towers project to */
} UnclipClipConfig;

/* hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, hidden_act, layer_norm_eps, projection_dim;
 * @width, @hidden, @n_layers and @n_heads of @defaults hold where the file has none. */
gboolean unclip_clip_config_read (const UnclipConfig *config, const UnclipClipConfig *defaults, UnclipClipConfig *out, GError **error);

/* Layers @prefix.0, @prefix.1, …; g_free () them. */
UnclipLayer *unclip_clip_layers_new   (const UnclipClipConfig *config);
void         unclip_clip_layers_build (const UnclipClipConfig *config, UnclipLayer *layers, UnclipBuilder *builder, const char *prefix);

G_END_DECLS
