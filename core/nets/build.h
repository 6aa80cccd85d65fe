/* Making a network from weights: names and shapes in, packed layers out.
 *
 * Every network has one build function that takes its layers from a builder, in any order. It runs
 * twice: on a store that only measures, then on one of exactly that size. The first error sticks
 * and makes all that follows do nothing, so a build function reads like a list of layers.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "files.h"

G_BEGIN_DECLS

typedef struct
{
  BkContext     *context;
  UnclipWeights *weights;
  BkArena       *store;
  GError        *error;     /* the first */
  gboolean       runs_once; /* a build function says that a job makes one pass or two: weights may stay in the file */
  gsize          room_size; /* what the largest such layer is packed to, and where */
  void          *room;
} UnclipBuilder;

typedef void (*UnclipBuildFunc) (UnclipBuilder *builder, gpointer net);

/**
 * unclip_build:
 * @context: the job that the network computes for; stays in use as long as it does
 * @weights: stays in use as long as the network does
 * @what: the component's name, for messages
 * @build: takes the layers of @net
 * @store: (out) (transfer full): holds what is packed; if @weights only record names and shapes
 *   (unclip_weights_new_recording()) it only measures, and so do the network's passes
 *
 * Errors: %UNCLIP_ERROR_MODEL, %UNCLIP_ERROR_MEMORY.
 */
gboolean unclip_build (BkContext *context, UnclipWeights *weights, const char *what, UnclipBuildFunc build, gpointer net, BkArena **store, GError **error);

/* A part's name inside its parent: "down_blocks.0" and "resnets.%d" make "down_blocks.0.resnets.1". */
char *unclip_build_path (const char *parent, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* A layer @name of the part @path; ".weight" and ".bias" are added. */
BkLinear     unclip_build_linear         (UnclipBuilder *builder, const char *path, const char *name, int n_in, int n_out);
BkLinear     unclip_build_linear_no_bias (UnclipBuilder *builder, const char *path, const char *name, int n_in, int n_out);
/* @h: the smallest map that the layer will mostly see. */
BkConv       unclip_build_conv           (UnclipBuilder *builder, const char *path, const char *name, int n_in, int n_out, int kernel, int h);
/* As bk_pack_conv_down () says. */
BkConv       unclip_build_conv_down      (UnclipBuilder *builder, const char *path, const char *name, int n_in, int n_out, int pad);
/* A convolution of @size x @size patches without overlap and bias, as the linear layer of bk_patches () that it is. */
BkLinear     unclip_build_patches        (UnclipBuilder *builder, const char *path, const char *name, int n_in, int n_out, int size);
BkNorm       unclip_build_layer_norm     (UnclipBuilder *builder, const char *path, const char *name, int n_channels, float eps);
BkNorm       unclip_build_group_norm     (UnclipBuilder *builder, const char *path, const char *name, int n_channels, int n_groups, float eps);
/* Values as they are, [n_dims sizes]; in float32, owned by the store. */
const float *unclip_build_values         (UnclipBuilder *builder, const char *name, int n_dims, ...);
/* A tensor that is read from the map when it is needed: an embedding table. */
BkSource     unclip_build_table          (UnclipBuilder *builder, const char *name, int n_rows, int n_columns);
/* For what only the network can see: a config and weights that do not fit. Takes over @error. */
void         unclip_build_fail           (UnclipBuilder *builder, GError *error);

/* hidden_act and act_fn by their names in config.json; %UNCLIP_ERROR_MODEL naming file, member and value. */
gboolean     unclip_config_activation    (const UnclipConfig *config, const char *name, const char *fallback, BkActivation *out, GError **error);

G_END_DECLS
