/* Each network from a config and weights, without a model folder around them: what the public "new"
 * functions call, and what makes the names and shapes of a checkpoint known to unclip_synth ().
 *
 * @weights must live as long as the network does. If they only record
 * (unclip_weights_new_recording ()), the network has every layer's name and shape; it computes nothing, but a
 * pass on it, inputs and outputs NULL, tells the memory that it would take. Biases, of which a record cannot say
 * whether there are any, are not counted: about a thousandth of the weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

UnclipTextTower  *unclip_text_tower_construct  (const UnclipConfig *config, UnclipWeights *weights, BkContext *context, GError **error);
UnclipImageTower *unclip_image_tower_construct (const UnclipConfig *config, UnclipWeights *weights, BkContext *context, GError **error);
UnclipPrior      *unclip_prior_construct       (const UnclipConfig *config, UnclipWeights *weights, BkContext *context, GError **error);
UnclipPriorAutoregressive *unclip_prior_autoregressive_construct (const UnclipConfig *config, UnclipWeights *weights, BkContext *context, GError **error);
UnclipTextProj   *unclip_text_proj_construct   (const UnclipConfig *config, UnclipWeights *weights, BkContext *context, GError **error);
/* @component: for messages */
UnclipUnet       *unclip_unet_construct        (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error);
UnclipAutoencoder *unclip_autoencoder_construct (const UnclipConfig *config, UnclipWeights *weights, const char *component, UnclipAutoencoderParts parts,
                                                 BkContext *context, GError **error);

G_END_DECLS
