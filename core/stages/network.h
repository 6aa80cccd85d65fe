/* A network of any kind, for whoever does the same with all of them.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

/**
 * UnclipNetworkKind:
 * @construct: as ../nets/construct.h says
 * @free: (nullable) network
 * @weights_size: bytes, packed
 */
typedef struct
{
  gpointer (*construct)    (const UnclipConfig *config, UnclipWeights *weights, const char *component, BkContext *context, GError **error);
  void     (*free)         (gpointer network);
  gsize    (*weights_size) (gconstpointer network);
} UnclipNetworkKind;

/* How networks of @component's kind are made; %NULL for what is no network. */
const UnclipNetworkKind *unclip_network_kind (const UnclipComponent *component);

/**
 * unclip_network_measured:
 * @weights: unclip_weights_new_recording()
 *
 * The network of @component from its config alone: it computes nothing, and tells the memory that it would take.
 * Returns: (transfer full): what the kind's free() takes, as UnclipUnet
 */
gpointer unclip_network_measured (UnclipModel *model, const char *component, UnclipWeights *weights, BkContext *context, GError **error);

G_END_DECLS
