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

static gpointer
construct_autoencoder (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error)
{
  return unclip_autoencoder_construct (config, weights, component, UNCLIP_AUTOENCODER_ALL, context, error);
}

/* What a network of unknown type is freed and measured by: a function called by another type than its own is undefined. */
#define DEFINE_OPAQUE(name) \
  static void free_##name (gpointer network) { unclip_##name##_free (network); } \
  static gsize size_##name (gconstpointer network) { return unclip_##name##_weights_size (network); }

DEFINE_OPAQUE (text_tower)
DEFINE_OPAQUE (image_tower)
DEFINE_OPAQUE (prior)
DEFINE_OPAQUE (prior_autoregressive)
DEFINE_OPAQUE (text_proj)
DEFINE_OPAQUE (unet)
DEFINE_OPAQUE (autoencoder)

static const UnclipNetworkKind kinds[UNCLIP_N_KINDS] = {
  [UNCLIP_KIND_TEXT_TOWER] = { construct_text_tower, free_text_tower, size_text_tower },
  [UNCLIP_KIND_IMAGE_TOWER] = { construct_image_tower, free_image_tower, size_image_tower },
  [UNCLIP_KIND_PRIOR] = { construct_prior, free_prior, size_prior },
  [UNCLIP_KIND_PRIOR_AUTOREGRESSIVE] = { construct_prior_autoregressive, free_prior_autoregressive, size_prior_autoregressive },
  [UNCLIP_KIND_TEXT_PROJ] = { construct_text_proj, free_text_proj, size_text_proj },
  [UNCLIP_KIND_UNET] = { construct_unet, free_unet, size_unet },
  [UNCLIP_KIND_UPSAMPLER] = { construct_unet, free_unet, size_unet },
  [UNCLIP_KIND_AUTOENCODER] = { construct_autoencoder, free_autoencoder, size_autoencoder },
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
