/* See network.h: one row for each kind of network; which components are of it is component.c's to say.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "network.h"

#include "construct.h"

static gpointer
construct_text_tower (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_text_tower_construct (config, weights, context, error);
}

static gpointer
construct_image_tower (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_image_tower_construct (config, weights, context, error);
}

static gpointer
construct_prior (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_prior_construct (config, weights, context, error);
}

static gpointer
construct_prior_autoregressive (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_prior_autoregressive_construct (config, weights, context, error);
}

static gpointer
construct_text_proj (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_text_proj_construct (config, weights, context, error);
}

static gpointer
construct_unet (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_unet_construct (config, weights, component, context, error);
}

#define FREE(function) ((void (*) (gpointer)) (function))
#define SIZE(function) ((gsize (*) (gconstpointer)) (function))

static const UnclipNetworkKind kinds[UNCLIP_N_KINDS] = {
  [UNCLIP_KIND_TEXT_TOWER] = { construct_text_tower, FREE (unclip_text_tower_free), SIZE (unclip_text_tower_weights_size) },
  [UNCLIP_KIND_IMAGE_TOWER] = { construct_image_tower, FREE (unclip_image_tower_free), SIZE (unclip_image_tower_weights_size) },
  [UNCLIP_KIND_PRIOR] = { construct_prior, FREE (unclip_prior_free), SIZE (unclip_prior_weights_size) },
  [UNCLIP_KIND_PRIOR_AUTOREGRESSIVE] = { construct_prior_autoregressive, FREE (unclip_prior_autoregressive_free),
                                         SIZE (unclip_prior_autoregressive_weights_size) },
  [UNCLIP_KIND_TEXT_PROJ] = { construct_text_proj, FREE (unclip_text_proj_free), SIZE (unclip_text_proj_weights_size) },
  [UNCLIP_KIND_UNET] = { construct_unet, FREE (unclip_unet_free), SIZE (unclip_unet_weights_size) },
  [UNCLIP_KIND_UPSAMPLER] = { construct_unet, FREE (unclip_unet_free), SIZE (unclip_unet_weights_size) },
};

const UnclipNetworkKind *
unclip_network_kind (const UnclipComponent *component)
{
  const UnclipNetworkKind *kind = &kinds[component->kind];

  return kind->construct != NULL ? kind : NULL;
}

gpointer
unclip_network_measured (UnclipModel *model, const char *component, UnclipWeights *weights, BkContext *context, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, component, error);

  return config != NULL ? unclip_network_kind (unclip_component (component))->construct (config, weights, component, context, error) : NULL;
}
