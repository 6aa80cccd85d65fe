/* See pca.h. Sums are float64 in plain order: a few thousand products, and the same result everywhere.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "pca.h"

#include <glib/gi18n-lib.h>
#include <math.h>

const float *
unclip_pca_build_edges (UnclipBuilder *builder,
                        const char    *name,
                        int            n_rows,
                        int            n_edges)
{
  const float *edges = n_rows == 1 ? unclip_build_values (builder, name, 1, n_edges)
                                   : unclip_build_values (builder, name, 2, n_rows, n_edges);

  for (gsize i = 0; edges != NULL && i < (gsize) n_rows * n_edges; i++)
    if (! isfinite (edges[i]) || (i % n_edges != 0 && edges[i] < edges[i - 1]))
      {
        unclip_build_fail (builder,
                           g_error_new (UNCLIP_ERROR, UNCLIP_ERROR_MODEL,
                                        _("The edges of the buckets in %s do not rise; download the model again"), name));
        return NULL;
      }
  return edges;
}

UnclipPca
unclip_pca_build (UnclipBuilder *builder,
                  int            dim,
                  int            n_components,
                  int            n_buckets)
{
  return (UnclipPca) {
    .dim = dim,
    .n_components = n_components,
    .n_buckets = n_buckets,
    .mean = unclip_build_values (builder, "pca_mean", 1, dim),
    .basis = unclip_build_values (builder, "pca_basis", 2, n_components, dim),
    .edges = unclip_pca_build_edges (builder, "bucket_edges", n_components, n_buckets + 1),
  };
}

int
unclip_pca_bucket (const float *edges,
                   int          n_buckets,
                   double       value)
{
  int first = 0, last = n_buckets - 1;

  /* The last bucket whose lower edge is not above the value; the lowest edge does not count. */
  while (first < last)
    {
      int middle = (first + last + 1) / 2;

      if (edges[middle] <= value)
        first = middle;
      else
        last = middle - 1;
    }
  return first;
}

/* Of z_i along direction @k, from the mean. */
static double
component (const UnclipPca *pca,
           const float     *z_i,
           int              k)
{
  const float *direction = pca->basis + (gsize) k * pca->dim;
  double       sum = 0;

  for (int i = 0; i < pca->dim; i++)
    sum += ((double) z_i[i] - pca->mean[i]) * direction[i];
  return sum;
}

/* The mean and @values along the first @n directions. */
static void
compose (const UnclipPca *pca,
         const double    *values,
         int              n,
         float           *z_i)
{
  for (int i = 0; i < pca->dim; i++)
    {
      double sum = pca->mean[i];

      for (int k = 0; k < n; k++)
        sum += values[k] * pca->basis[(gsize) k * pca->dim + i];
      z_i[i] = (float) sum;
    }
}

void
unclip_pca_encode (const UnclipPca *pca,
                   const float     *z_i,
                   int             *codes)
{
  for (int k = 0; k < pca->n_components; k++)
    codes[k] = unclip_pca_bucket (pca->edges + (gsize) k * (pca->n_buckets + 1), pca->n_buckets, component (pca, z_i, k));
}

void
unclip_pca_decode (const UnclipPca *pca,
                   const int       *codes,
                   float           *z_i)
{
  g_autofree double *values = g_new (double, pca->n_components);

  for (int k = 0; k < pca->n_components; k++)
    {
      const float *edges = pca->edges + (gsize) k * (pca->n_buckets + 1) + codes[k];

      values[k] = ((double) edges[0] + edges[1]) / 2;
    }
  compose (pca, values, pca->n_components, z_i);
}

void
unclip_pca_project (const UnclipPca *pca,
                    const float     *z_i,
                    int              n_components,
                    float           *out)
{
  g_autofree double *values = g_new (double, pca->n_components);

  for (int k = 0; k < n_components; k++)
    values[k] = component (pca, z_i, k);
  compose (pca, values, n_components, out);
}
