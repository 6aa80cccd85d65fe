/* Eval task for turning embeddings: the text difference of the paper, and interpolation with hard ends.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

/* From @a to @b at every position, [n_positions, dim] times @scale. */
static gboolean
add_turns (UnclipEval *eval, const char *name, const float *a, const float *b, int dim, const float *theta, int n_positions, double scale, GError **error)
{
  float *out = unclip_eval_add (eval, name, 2, (int[]) { n_positions, dim }, error);

  if (out == NULL)
    return FALSE;
  for (int i = 0; i < n_positions; i++)
    {
      float *row = out + (gsize) i * dim;

      unclip_slerp (row, a, b, dim, theta[i]);
      for (int j = 0; j < dim && scale != 1.0; j++)
        row[j] = (float) (row[j] * scale);
    }
  return TRUE;
}

gboolean
unclip_eval_slerp (UnclipEval *eval, GError **error)
{
  static const char *const names[] = { "z_i", "z_t", "z_t0", "z_small", "z_near", "z_anti" };
  enum { Z_I, Z_T, Z_T0, Z_SMALL, Z_NEAR, Z_ANTI };
  const float      *z[G_N_ELEMENTS (names)], *theta;
  int               dim = -1, n = -1;
  float            *z_d;
  g_autofree float *unit = NULL;
  double            length;

  /* The first says how wide all are. */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if ((z[i] = unclip_eval_floats (eval, names[i], 1, &dim, error)) == NULL)
      return FALSE;
  theta = unclip_eval_floats (eval, "theta", 1, &n, error);
  if (theta == NULL)
    return FALSE;

  z_d = unclip_eval_add (eval, "z_d", 1, &dim, error);
  if (z_d == NULL || ! unclip_text_diff (z_d, z[Z_T], z[Z_T0], dim, error))
    return FALSE;
  unit = g_new (float, dim);
  length = unclip_normalise (unit, z[Z_I], dim);

  return add_turns (eval, "text_diff", z[Z_I], z_d, dim, theta, n, 1.0, error)
         && add_turns (eval, "text_diff_rescaled", z[Z_I], z_d, dim, theta, n, length, error)
         && add_turns (eval, "interpolate", z[Z_I], z[Z_SMALL], dim, theta, n, 1.0, error)
         && add_turns (eval, "near_parallel", z[Z_I], z[Z_NEAR], dim, theta, n, 1.0, error)
         && add_turns (eval, "near_antipodal", z[Z_I], z[Z_ANTI], dim, theta, n, 1.0, error)
         && add_turns (eval, "parallel", z[Z_I], z[Z_I], dim, theta, n, 1.0, error);
}
