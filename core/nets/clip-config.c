/* See clip-config.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "clip-config.h"

#include <glib/gi18n-lib.h>

gboolean
unclip_clip_config_read (const UnclipConfig      *config,
                         const UnclipClipConfig  *defaults,
                         UnclipClipConfig        *out,
                         GError                 **error)
{
  const UnclipLayerShape *shape = &defaults->shape;
  double eps;

  if (! unclip_config_int (config, "hidden_size", shape->width, 1, 65536, &out->shape.width, error)
      || ! unclip_config_int (config, "intermediate_size", shape->hidden, 1, 262144, &out->shape.hidden, error)
      || ! unclip_config_int (config, "num_attention_heads", shape->n_heads, 1, 1024, &out->shape.n_heads, error)
      || ! unclip_config_int (config, "num_hidden_layers", defaults->n_layers, 1, 1024, &out->n_layers, error)
      || ! unclip_config_int (config, "projection_dim", defaults->dim, 1, 65536, &out->dim, error)
      || ! unclip_config_double (config, "layer_norm_eps", 1e-5, 0.0, 1.0, &eps, error)
      || ! unclip_config_activation (config, "hidden_act", "quick_gelu", &out->shape.activation, error))
    return FALSE;

  if (out->shape.width % out->shape.n_heads != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
                   _("%s: hidden_size %d cannot be split into num_attention_heads %d"),
                   unclip_config_path (config), out->shape.width, out->shape.n_heads);
      return FALSE;
    }

  out->shape.eps = eps;
  out->shape.head_dim = out->shape.width / out->shape.n_heads;
  return TRUE;
}

UnclipLayer *
unclip_clip_layers_new (const UnclipClipConfig *config)
{
  return g_new0 (UnclipLayer, config->n_layers);
}

void
unclip_clip_layers_build (const UnclipClipConfig *config,
                          UnclipLayer            *layers,
                          UnclipBuilder          *builder,
                          const char             *prefix)
{
  for (int i = 0; i < config->n_layers; i++)
    {
      g_autofree char *path = unclip_build_path (prefix, "%d", i);

      layers[i] = unclip_layer_build (builder, path, &unclip_layer_names_clip, &config->shape);
    }
}
