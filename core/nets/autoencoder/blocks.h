/* What autoencoders are made of: norms, residual blocks, and attention among a map's pixels.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "../build.h"

G_BEGIN_DECLS

/* What all blocks of one half have in common. */
typedef struct
{
  int      n_groups;
  int      n_latents;     /* channels of the latents that spatial norms look at; 0: norms are not spatial */
  gboolean has_old_names; /* attention's parts are called as in Stable Diffusion's time where the file does not say otherwise */
} UnclipCodingStyle;

/* A group norm; a spatial one's values are then scaled and shifted pixel by pixel by what the latents there come to. */
typedef struct
{
  BkNorm norm;
  BkConv scale, shift; /* of no channels where it is not spatial */
} UnclipSpatialNorm;

UnclipSpatialNorm unclip_spatial_norm_build (UnclipBuilder *builder, const char *path, const char *name, int n_channels, const UnclipCodingStyle *style);
/* y = act (norm (x)); y may be x. @z: [n, h', w', n_latents], latents of the same picture; any for norms that are not spatial. */
void              unclip_spatial_norm_run   (const UnclipSpatialNorm *norm, BkTensor y, BkTensor x, BkTensor z, BkActivation act, BkArena *arena);

typedef struct
{
  int               n_in, n_out;
  UnclipSpatialNorm norm1, norm2;
  BkConv            conv1, conv2, shortcut; /* shortcut only where n_in and n_out differ */
} UnclipCodingResnet;

/* @h: rows of the map that it mostly sees. */
UnclipCodingResnet unclip_coding_resnet_build (UnclipBuilder *builder, const char *path, const UnclipCodingStyle *style, int n_in, int n_out, int h);
/**
 * unclip_coding_resnet_run:
 * @x: [n, h, w, n_in]; holds the result where n_in is n_out, else it is lost
 * @other: [n, h, w, n_out]; the other way round
 */
void               unclip_coding_resnet_run   (const UnclipCodingResnet *resnet, BkTensor x, BkTensor other, BkTensor z, BkArena *arena);

/* One head as wide as the channels. */
typedef struct
{
  UnclipSpatialNorm norm;
  BkLinear          q, k, v, out;
} UnclipCodingAttention;

UnclipCodingAttention unclip_coding_attention_build (UnclipBuilder *builder, const char *path, const UnclipCodingStyle *style, int n_channels);
/* x becomes x + attention (norm (x)); x [n, h, w, c]. */
void                  unclip_coding_attention_run   (const UnclipCodingAttention *attention, BkTensor x, BkTensor z, BkArena *arena);

G_END_DECLS
