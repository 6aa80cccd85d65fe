/* Tensors and settings of an eval task: checked on the way in, named and shaped on the way out.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* No size in this model family comes near; products of two stay far inside an int. */
#define MAX_SIDE 65536

/* The most dimensions that a task reads: step, row, and a picture's three. */
#define MAX_DIMS 5

gboolean
unclip_eval_check_cancelled (const UnclipEval *eval, GError **error)
{
  return ! g_cancellable_set_error_if_cancelled (eval->options->cancellable, error);
}

gboolean
unclip_eval_step (const UnclipEval *eval, const char *stage, int step, int n_steps, GError **error)
{
  UnclipProgress progress = { stage, step, n_steps, eval->from + (eval->to - eval->from) * step / n_steps, NULL };

  if (eval->options->progress != NULL)
    eval->options->progress (&progress, eval->options->progress_data);
  return unclip_eval_check_cancelled (eval, error);
}

float *
unclip_eval_new (gsize n, GError **error)
{
  float *values = g_try_new0 (float, MAX (n, 1));

  if (values == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the tensors"));
  return values;
}

/* ---- in ------------------------------------------------------------------------------- */

gboolean
unclip_eval_has (const UnclipEval *eval, const char *name)
{
  return unclip_tensors_find (eval->in, name) != NULL;
}

static const UnclipTensor *
get (const UnclipEval *eval, const char *name, UnclipDtype dtype, int n_dims, int *dims, GError **error)
{
  const UnclipTensor *tensor;
  int                 wanted[MAX_DIMS] = { 0 };

  g_return_val_if_fail (n_dims <= MAX_DIMS, NULL);

  memcpy (wanted, dims, n_dims * sizeof (int));
  tensor = unclip_tensors_get (eval->in, name, dtype, error, n_dims, wanted[0], wanted[1], wanted[2], wanted[3], wanted[4]);
  if (tensor == NULL)
    return NULL;
  for (int i = 0; i < n_dims; i++)
    if (tensor->dims[i] < 1 || tensor->dims[i] > MAX_SIDE)
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: a side of \"%s\" is %d, but must be from 1 to %d"),
                     eval->in_path, name, tensor->dims[i], MAX_SIDE);
        return NULL;
      }
  memcpy (dims, tensor->dims, n_dims * sizeof (int));
  return tensor;
}

const float *
unclip_eval_floats (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error)
{
  const UnclipTensor *tensor = get (eval, name, UNCLIP_DTYPE_F32, n_dims, dims, error);

  return tensor != NULL ? tensor->data : NULL;
}

float *
unclip_eval_pictures (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error)
{
  const UnclipTensor *tensor = get (eval, name, UNCLIP_DTYPE_F32, n_dims, dims, error);
  const float        *nchw;
  float              *nhwc;
  gsize               c, area;

  if (tensor == NULL)
    return NULL;
  nhwc = unclip_eval_new (tensor->n, error);
  if (nhwc == NULL)
    return NULL;
  nchw = tensor->data;
  c = dims[n_dims - 3];
  area = (gsize) dims[n_dims - 2] * dims[n_dims - 1];
  for (gsize n = 0; n < tensor->n / (c * area); n++)
    for (gsize i = 0; i < area; i++)
      for (gsize j = 0; j < c; j++)
        nhwc[(n * area + i) * c + j] = nchw[(n * c + j) * area + i];
  return nhwc;
}

int *
unclip_eval_ints (const UnclipEval *eval, const char *name, int n_dims, int *dims, GError **error)
{
  const UnclipTensor *tensor = unclip_tensors_find (eval->in, name);
  UnclipDtype         dtype = UNCLIP_DTYPE_I64;
  g_autofree int     *values = NULL;

  /* Masks are bytes in some files. */
  if (tensor != NULL && (tensor->dtype == UNCLIP_DTYPE_U8 || tensor->dtype == UNCLIP_DTYPE_BOOL))
    dtype = tensor->dtype;
  tensor = get (eval, name, dtype, n_dims, dims, error);
  if (tensor == NULL)
    return NULL;
  values = g_try_new (int, tensor->n);
  if (values == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the tensor %s"), name);
      return NULL;
    }
  for (gsize i = 0; i < tensor->n; i++)
    {
      gint64 value = tensor->dtype == UNCLIP_DTYPE_I64   ? ((const gint64 *) tensor->data)[i]
                     : tensor->dtype == UNCLIP_DTYPE_I32 ? ((const gint32 *) tensor->data)[i]
                                                         : ((const guint8 *) tensor->data)[i];

      if (value < 0 || value > G_MAXINT)
        {
          g_autofree char *number = g_strdup_printf ("%" G_GINT64_FORMAT, value);

          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" holds %s, but must hold values from 0 to %d"),
                       eval->in_path, name, number, G_MAXINT);
          return NULL;
        }
      values[i] = (int) value;
    }
  return g_steal_pointer (&values);
}

gboolean
unclip_eval_check_fit (const UnclipEval *eval, const char *what, int a, const char *of_what, int b, GError **error)
{
  if (a == b)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The model %s does not fit together: %s is %d, %s is %d"),
               unclip_model_path (eval->model), what, a, of_what, b);
  return FALSE;
}

/* ---- out -------------------------------------------------------------------------------- */

float *
unclip_eval_add (UnclipEval *eval, const char *name, int n_dims, const int *dims, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_add (eval->out, name, UNCLIP_DTYPE_F32, n_dims, dims, error);

  return tensor != NULL ? tensor->data : NULL;
}

gboolean
unclip_eval_add_pictures (UnclipEval *eval, const char *name, const float *nhwc, int n_dims, const int *dims, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_add (eval->out, name, UNCLIP_DTYPE_F32, n_dims, dims, error);
  gsize         c = dims[n_dims - 3], area = (gsize) dims[n_dims - 2] * dims[n_dims - 1];
  float        *nchw;

  if (tensor == NULL)
    return FALSE;
  nchw = tensor->data;
  for (gsize n = 0; n < tensor->n / (c * area); n++)
    for (gsize i = 0; i < area; i++)
      for (gsize j = 0; j < c; j++)
        nchw[(n * c + j) * area + i] = nhwc[(n * area + i) * c + j];
  return TRUE;
}

gboolean
unclip_eval_add_ints (UnclipEval *eval, const char *name, const int *values, int n, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_add (eval->out, name, UNCLIP_DTYPE_I64, 1, &n, error);

  if (tensor == NULL)
    return FALSE;
  for (int i = 0; i < n; i++)
    ((gint64 *) tensor->data)[i] = values[i];
  return TRUE;
}

/* ---- settings ---------------------------------------------------------------------------- */

const char *
unclip_eval_setting (const UnclipEval *eval, const char *key)
{
  gsize       length = strlen (key);
  const char *value = NULL;

  /* The last one counts, as on any command line. */
  for (int i = 0; eval->settings != NULL && eval->settings[i] != NULL; i++)
    if (strncmp (eval->settings[i], key, length) == 0 && eval->settings[i][length] == '=')
      value = eval->settings[i] + length + 1;
  return value;
}

gboolean
unclip_eval_setting_double (const UnclipEval *eval, const char *key, double fallback, double min, double max, double *out, GError **error)
{
  const char *text = unclip_eval_setting (eval, key);
  char       *end;

  *out = fallback;
  if (text == NULL)
    return TRUE;
  *out = g_ascii_strtod (text, &end);
  /* Written so that what is not a number fails too. */
  if (end != text && *end == '\0' && *out >= min && *out <= max)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%s=%s: must be a number from %g to %g"), key, text, min, max);
  return FALSE;
}

gboolean
unclip_eval_setting_int (const UnclipEval *eval, const char *key, int fallback, int min, int max, int *out, GError **error)
{
  const char *text = unclip_eval_setting (eval, key);
  gint64      value;

  *out = fallback;
  if (text == NULL)
    return TRUE;
  if (g_ascii_string_to_signed (text, 10, min, max, &value, NULL))
    {
      *out = (int) value;
      return TRUE;
    }
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%s=%s: must be a whole number from %d to %d"), key, text, min, max);
  return FALSE;
}
