/* The principal components of z_i, and the buckets that each is cut into.
 *
 * Source: arXiv 2204.06125, section 2.2.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "build.h"

G_BEGIN_DECLS

/**
 * UnclipPca:
 * @mean: [dim], of z_i
 * @basis: [n_components, dim]: directions of unit length, in order of falling variance
 * @edges: [n_components, n_buckets + 1], rising; bucket b reaches from edge b up to edge b + 1
 *
 * Owns nothing: all three belong to the component's store.
 */
typedef struct
{
  int          dim, n_components, n_buckets;
  const float *mean, *basis, *edges;
} UnclipPca;

/* From pca_mean, pca_basis and bucket_edges; edges that fall or are no numbers are the builder's error. */
UnclipPca unclip_pca_build (UnclipBuilder *builder, int dim, int n_components, int n_buckets);
/* Edges [n_rows, n_edges] by @name, of which each row must rise; %NULL where they do not, or while it only measures. */
const float *unclip_pca_build_edges (UnclipBuilder *builder, const char *name, int n_rows, int n_edges);

/* The bucket of @value among @n_buckets; what lies outside belongs to the outermost. */
int  unclip_pca_bucket  (const float *edges, int n_buckets, double value);
/* z_i [dim] to its buckets [n_components]. */
void unclip_pca_encode  (const UnclipPca *pca, const float *z_i, int *codes);
/* Buckets [n_components] to the z_i [dim] in the middle of them, with the mean in the place of all other components. */
void unclip_pca_decode  (const UnclipPca *pca, const int *codes, float *z_i);
/* z_i with its first @n_components components, 0 to all, and the rest at the mean; @out may be @z_i. */
void unclip_pca_project (const UnclipPca *pca, const float *z_i, int n_components, float *out);

G_END_DECLS
