/* See compare.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

/* ---- measuring ------------------------------------------------------------------------ */

typedef struct
{
  double max;      /* largest difference */
  double relative; /* |a - b| / |b| */
} Distance;

/* NaN counts as infinitely far. */
static Distance
measure (const float *values, const float *golden, gsize n)
{
  Distance distance = { 0, 0 };
  double   apart = 0, size = 0;

  for (gsize i = 0; i < n; i++)
    {
      double difference = isfinite (values[i]) ? fabs ((double) values[i] - golden[i]) : INFINITY;

      distance.max = MAX (distance.max, difference);
      apart += difference * difference;
      size += (double) golden[i] * golden[i];
    }
  distance.relative = size > 0 ? sqrt (apart / size) : sqrt (apart);
  return distance;
}

/* ---- the table --------------------------------------------------------------------------- */

static gboolean
has_table (void)
{
  return g_getenv ("UNCLIP_GOLDEN_TABLE") != NULL || g_test_verbose ();
}

void
compare_table_head (const char *title)
{
  if (has_table ())
    fprintf (stderr,
             "\n### %s\n\n"
             "| tensor | max abs error | allowed | relative L2 error | allowed | worst step, of what it is allowed |\n"
             "|---|---|---|---|---|---|\n",
             title);
}

static void
table_row (const char *name, Distance reached, double tol_max, double tol_relative, double worst_step)
{
  g_autofree char *allowed_max = isfinite (tol_max) ? g_strdup_printf ("%.1e", tol_max) : g_strdup ("any");
  g_autofree char *allowed = isfinite (tol_relative) ? g_strdup_printf ("%.1e", tol_relative) : g_strdup ("any");
  g_autofree char *step = worst_step >= 0 ? g_strdup_printf ("%.0f %%", 100 * worst_step) : g_strdup ("");

  if (has_table ())
    fprintf (stderr, "| %s | %.1e | %s | %.1e | %s | %s |\n", name, reached.max, allowed_max, reached.relative, allowed, step);
}

static void
table_row_exact (const char *name, gboolean is_exact)
{
  if (has_table ())
    fprintf (stderr, "| %s | %s | exact | | | |\n", name, is_exact ? "0" : "not equal");
}

/* ---- comparing ----------------------------------------------------------------------------- */

static gboolean
same_shape (const char *name, const UnclipTensor *golden, const UnclipTensor *out)
{
  if (out == NULL)
    {
      g_test_fail_printf ("%s: is not written", name);
      return FALSE;
    }
  if (out->dtype == golden->dtype && out->n_dims == golden->n_dims
      && memcmp (out->dims, golden->dims, out->n_dims * sizeof (int)) == 0)
    return TRUE;
  g_test_fail_printf ("%s: other shape or dtype than the golden tensor", name);
  return FALSE;
}

static gsize
size_of (const UnclipTensor *tensor)
{
  switch (tensor->dtype)
    {
    case UNCLIP_DTYPE_F64:
    case UNCLIP_DTYPE_I64:
      return tensor->n * 8;
    case UNCLIP_DTYPE_F32:
    case UNCLIP_DTYPE_I32:
      return tensor->n * 4;
    case UNCLIP_DTYPE_F16:
    case UNCLIP_DTYPE_BF16:
      return tensor->n * 2;
    default:
      return tensor->n;
    }
}

void
compare_exactly (const char *name, const UnclipTensor *golden, const UnclipTensor *out)
{
  gboolean equal;

  if (! same_shape (name, golden, out))
    return;
  equal = memcmp (golden->data, out->data, size_of (golden)) == 0;
  table_row_exact (name, equal);
  if (! equal)
    g_test_fail_printf ("%s: must be equal, and is not", name);
}

void
compare_within (const char *name, const UnclipTensor *golden, const UnclipTensor *out, double tol_max)
{
  Distance reached;

  if (! same_shape (name, golden, out))
    return;
  reached = measure (out->data, golden->data, golden->n);
  table_row (name, reached, tol_max, INFINITY, -1);
  if (! (reached.max <= tol_max))
    g_test_fail_printf ("%s: max abs error %.3g is above %.3g", name, reached.max, tol_max);
}

void
compare_relative (const char *name, const UnclipTensor *golden, const UnclipTensor *out, double tol_relative)
{
  Distance reached;

  if (! same_shape (name, golden, out))
    return;
  reached = measure (out->data, golden->data, golden->n);
  table_row (name, reached, INFINITY, tol_relative, -1);
  if (! (reached.relative <= tol_relative))
    g_test_fail_printf ("%s: relative L2 error %.3g is above %.3g", name, reached.relative, tol_relative);
}

/* Each step of the first axis against its own tolerance. Returns the largest share of one that was used;
 * negative if there are no such lists. */
static double
compare_steps (const char *name, JsonObject *tolerance, const float *golden, const float *out, const UnclipTensor *tensor)
{
  JsonArray *tol_max, *tol_relative;
  gsize      n = tensor->n / tensor->dims[0];
  double     worst = 0;

  if (! json_object_has_member (tolerance, "step_tol_max"))
    return -1;
  tol_max = json_object_get_array_member (tolerance, "step_tol_max");
  tol_relative = json_object_get_array_member (tolerance, "step_tol_rel");
  g_assert_cmpint (json_array_get_length (tol_max), ==, tensor->dims[0]);
  g_assert_cmpint (json_array_get_length (tol_relative), ==, tensor->dims[0]);

  for (int i = 0; i < tensor->dims[0]; i++)
    {
      Distance reached = measure (out + i * n, golden + i * n, n);
      double   max = json_array_get_double_element (tol_max, i), relative = json_array_get_double_element (tol_relative, i);

      worst = MAX (worst, MAX (reached.max / max, reached.relative / relative));
      if (! (reached.max <= max && reached.relative <= relative))
        g_test_fail_printf ("%s, step %d: errors %.3g (max abs) and %.3g (relative L2), allowed are %.3g and %.3g",
                            name, i, reached.max, reached.relative, max, relative);
    }
  return worst;
}

static void
compare_floats (const char *name, JsonObject *tolerance, const UnclipTensor *golden, const UnclipTensor *out)
{
  double   tol_max = json_object_get_double_member (tolerance, "tol_max");
  double   tol_relative = json_object_get_double_member (tolerance, "tol_rel"), worst_step;
  Distance reached;

  if (! same_shape (name, golden, out))
    return;
  reached = measure (out->data, golden->data, golden->n);
  worst_step = compare_steps (name, tolerance, golden->data, out->data, golden);
  table_row (name, reached, tol_max, tol_relative, worst_step);
  if (! (reached.max <= tol_max && reached.relative <= tol_relative))
    g_test_fail_printf ("%s: errors %.3g (max abs) and %.3g (relative L2), allowed are %.3g and %.3g",
                        name, reached.max, reached.relative, tol_max, tol_relative);
}

/* transfer full */
static JsonObject *
load_tolerances (const char *folder, const char *file)
{
  g_autofree char *path = g_build_filename (folder, "tolerances.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonParser) parser = unclip_json_load (path, 16 << 20, &error);
  JsonObject *tolerances;

  g_assert_no_error (error);
  tolerances = json_object_get_object_member (json_node_get_object (json_parser_get_root (parser)), file);
  g_assert_nonnull (tolerances);
  return json_object_ref (tolerances);
}

gboolean
compare_is_output (const char *folder, const char *file, const char *name)
{
  g_autoptr (JsonObject) tolerances = load_tolerances (folder, file);

  return json_object_has_member (tolerances, name);
}

void
compare_with_golden (const char *folder, const char *file, UnclipTensors *golden, UnclipTensors *out)
{
  g_autoptr (JsonObject) tolerances = load_tolerances (folder, file);
  g_autoptr (GList) names = json_object_get_members (tolerances);

  g_assert_nonnull (names);

  for (GList *l = names; l != NULL; l = l->next)
    {
      const char         *name = l->data;
      JsonObject         *tolerance = json_object_get_object_member (tolerances, name);
      const UnclipTensor *wanted = unclip_tensors_find (golden, name);

      g_assert_nonnull (wanted);
      if (json_object_has_member (tolerance, "exact"))
        compare_exactly (name, wanted, unclip_tensors_find (out, name));
      else
        compare_floats (name, tolerance, wanted, unclip_tensors_find (out, name));
    }
}

void
compare_same_bits (UnclipTensors *a, UnclipTensors *b)
{
  g_auto (GStrv) names = unclip_tensors_names (a);
  g_auto (GStrv) others = unclip_tensors_names (b);

  g_assert_cmpstrv (names, others);
  for (int i = 0; names[i] != NULL; i++)
    {
      const UnclipTensor *tensor = unclip_tensors_find (a, names[i]), *other = unclip_tensors_find (b, names[i]);

      if (same_shape (names[i], tensor, other) && memcmp (tensor->data, other->data, size_of (tensor)) != 0)
        g_test_fail_printf ("%s: one thread and two give different bits", names[i]);
    }
}
