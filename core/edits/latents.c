/* Bipartite latents (z_i, x_T): made, kept in a file, and decoded again.
 *
 * Source: arXiv 2204.06125, section 3; IterInv (arXiv 2310.19540) for why upsampler stages need what their
 * steps lack, and the clean low-resolution picture, beside x_T.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "latents.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define FORMAT "unclip-latents-1"
#define FIXED_POINT_ITERATIONS 3

static const struct
{
  const char        *name;
  UnclipInversion    inversion;
  UnclipInvertMethod method;
} methods[] = {
  { "residuals", UNCLIP_INVERSION_RESIDUALS, UNCLIP_INVERT_RESIDUALS },
  { "ddim", UNCLIP_INVERSION_DDIM, UNCLIP_INVERT_DDIM },
  { "fixed-point", UNCLIP_INVERSION_FIXED_POINT, UNCLIP_INVERT_FIXED_POINT },
  { "bdia", UNCLIP_INVERSION_BDIA, UNCLIP_INVERT_BDIA },
  { "ddpm", UNCLIP_INVERSION_DDPM, UNCLIP_INVERT_DDPM },
};

UnclipInvertMethod
unclip_inversion_method (UnclipInversion inversion, UnclipInvertMethod best)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (methods[i].inversion == inversion)
      return methods[i].method;
  return best;
}

static const char *
method_name (UnclipInvertMethod method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (methods[i].method == method)
      return methods[i].name;
  g_assert_not_reached ();
}

static gboolean
method_of_name (const char *name, UnclipInvertMethod *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_strcmp0 (methods[i].name, name) == 0)
      {
        *method = methods[i].method;
        return TRUE;
      }
  return FALSE;
}

void
unclip_latents_free (UnclipLatents *latents)
{
  if (latents == NULL)
    return;
  g_free (latents->model);
  g_free (latents->fingerprint);
  g_free (latents->caption);
  g_free (latents->z_i);
  g_clear_pointer (&latents->trace, unclip_trace_free);
  g_clear_pointer (&latents->super_res, unclip_trace_free);
  g_free (latents->low);
  g_free (latents);
}

/* ---- making them ----------------------------------------------------------------------------------- */

/* What a method's states lie on. */
static UnclipProcess
process_of (UnclipDecoder *decoder, UnclipRun *run, UnclipLoop *loop, UnclipInvertMethod method, int n_steps)
{
  return method == UNCLIP_INVERT_DDPM ? unclip_decoder_ddpm (decoder, run, loop, n_steps)
                                      : unclip_decoder_ddim (decoder, run, loop, n_steps);
}

double
unclip_inversion_cost (UnclipInvertMethod method, int n_steps)
{
  return n_steps * (method == UNCLIP_INVERT_RESIDUALS ? 2.0 : method == UNCLIP_INVERT_FIXED_POINT ? 1.0 + FIXED_POINT_ITERATIONS : 1.0);
}

UnclipTrace *
unclip_run_invert (UnclipRun *run, UnclipDecoder *decoder, const float *x, UnclipInvertMethod method, GError **error)
{
  UnclipLoop    loop;
  UnclipProcess process = process_of (decoder, run, &loop, method, run->n_steps);

  loop.stage = "inversion";
  loop.cost *= unclip_inversion_cost (method, 1);
  return unclip_invert_trace (&process, x, method, FIXED_POINT_ITERATIONS, error);
}

gboolean
unclip_run_decode (UnclipRun *run, UnclipDecoder *decoder, const UnclipTrace *trace, double eta, double keep, float *x, GError **error)
{
  UnclipLoop    loop;
  UnclipProcess process = process_of (decoder, run, &loop, trace->method, trace->n_steps);

  return unclip_trace_sample (&process, trace, eta, keep, x, error);
}

/* The upsampler's share: what its steps from noise to @x lack, given @latents->low. */
static gboolean
invert_super_res (UnclipLatents *latents, UnclipRun *run, const float *x, GError **error)
{
  g_auto (UnclipUpsamplerRun) upsampling = { 0 };
  UnclipProcess process;
  int n_steps = run->super_res_n_steps;

  if (! unclip_upsampler_run_init (&upsampling, run, run->size, n_steps, "inversion", error)
      || ! unclip_upsampler_condition (&upsampling.upsampler, latents->low, run->low_size, run->size, upsampling.timesteps[n_steps - 1], error))
    return FALSE;
  process = unclip_upsampler_process (&upsampling, run->size, n_steps);
  latents->super_res = unclip_invert_trace (&process, x, UNCLIP_INVERT_DDPM, 0, error);
  return latents->super_res != NULL;
}

UnclipLatents *
unclip_invert (UnclipModel *model, const UnclipImage *x, const char *y, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autoptr (UnclipLatents) latents = g_new0 (UnclipLatents, 1);
  UnclipInvertMethod method;

  if (! unclip_run_init (&run, model, options, error))
    return NULL;
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_RESIDUALS);
  latents->model = g_strdup (unclip_model_name (model));
  latents->fingerprint = unclip_model_fingerprint (model);
  latents->caption = g_strdup (y != NULL ? y : "");
  latents->n_steps = run.n_steps;
  latents->guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale : 1.0;
  latents->is_bf16 = unclip_precision_is_bf16 (run.options->precision);
  latents->low_size = run.low_size;
  latents->size = run.size;
  unclip_run_expect (&run, UNCLIP_COST_TEXT + UNCLIP_COST_IMAGE
                             + unclip_inversion_cost (method, run.n_steps) * (latents->guidance_scale != 1.0 ? 2 : 1)
                             + (run.upsamples ? run.super_res_n_steps * UNCLIP_COST_SUPER_RES : 0));

  latents->z_i = unclip_run_embed (&run, x, &latents->dim, error);
  latents->low = latents->z_i != NULL ? unclip_run_picture (&run, x, run.low_size, error) : NULL;
  if (latents->low == NULL || ! unclip_run_captions (&run, (const char *[]) { "", latents->caption }, 2, &captions, error))
    return NULL;

  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, (UnclipCondition) { NULL, 0 }, (UnclipCondition) { latents->z_i, 1 },
                                       latents->guidance_scale, error))
      return NULL;
    latents->trace = unclip_run_invert (&run, &decoder, latents->low, method, error);
    if (latents->trace == NULL)
      return NULL;
  }

  if (run.upsamples)
    {
      g_autofree float *high = unclip_run_picture (&run, x, run.size, error);

      if (high == NULL || ! invert_super_res (latents, &run, high, error))
        return NULL;
    }
  return g_steal_pointer (&latents);
}

/* ---- decoding them ------------------------------------------------------------------------------------ */

static gboolean
check_model (const UnclipLatents *latents, UnclipModel *model, GError **error)
{
  g_autofree char *fingerprint = unclip_model_fingerprint (model);

  if (strcmp (latents->fingerprint, fingerprint) == 0)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
               _("These latents were made with the model %s (%s), and mean nothing to %s (%s); decode them with the model that made them"),
               latents->model, latents->fingerprint, unclip_model_name (model), fingerprint);
  return FALSE;
}

/* A negative value in the options means what the latents were made with. */
static gboolean
check_loop (const UnclipLatents *latents, const UnclipRun *run, GError **error)
{
  if (latents->low_size != run->low_size || latents->trace->n != (gsize) run->low_size * run->low_size * 3)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents are of a picture of %d × %d, but the decoder makes %d × %d"),
                   latents->low_size, latents->low_size, run->low_size, run->low_size);
      return FALSE;
    }
  if (run->options->n_steps > 0 && run->options->n_steps != latents->n_steps)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The latents were made with %d steps, so they cannot be decoded with %d; leave the steps out"),
                   latents->n_steps, run->options->n_steps);
      return FALSE;
    }
  return TRUE;
}

static UnclipImage *
decode_super_res (const UnclipLatents *latents, UnclipRun *run, const float *low, GError **error)
{
  g_auto (UnclipUpsamplerRun) upsampling = { 0 };
  UnclipProcess process;
  int n_steps = latents->super_res->n_steps;
  g_autofree float *x = g_new (float, latents->super_res->n);

  if (! unclip_upsampler_run_init (&upsampling, run, latents->size, n_steps, "super_res", error)
      || ! unclip_upsampler_condition (&upsampling.upsampler, low, run->low_size, latents->size, upsampling.timesteps[n_steps - 1], error))
    return NULL;
  process = unclip_upsampler_process (&upsampling, latents->size, n_steps);
  if (! unclip_trace_sample (&process, latents->super_res, 0, 1, x, error))
    return NULL;
  return unclip_run_image (x, latents->size, error);
}

UnclipImage *
unclip_decode (UnclipModel *model, const UnclipLatents *latents, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (UnclipCaptions) captions = { 0 };
  g_autofree float *x = NULL;
  double   guidance_scale;
  gboolean upsamples;

  if (! unclip_run_init (&run, model, options, error) || ! check_model (latents, model, error) || ! check_loop (latents, &run, error))
    return NULL;
  if (run.options->precision == UNCLIP_PRECISION_AUTO)
    bk_set_bf16 (latents->is_bf16);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale : latents->guidance_scale;
  upsamples = run.upsamples && latents->super_res != NULL;
  if (run.options->size > run.low_size && latents->super_res == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The latents hold nothing of the upsampler; invert the picture again with the size %d"),
                   run.options->size);
      return NULL;
    }
  unclip_run_expect (&run, UNCLIP_COST_TEXT + latents->n_steps * (guidance_scale != 1.0 ? 2 : 1)
                             + (upsamples ? latents->super_res->n_steps * UNCLIP_COST_SUPER_RES : 0));

  if (! unclip_run_captions (&run, (const char *[]) { "", latents->caption }, 2, &captions, error))
    return NULL;
  if (captions.dim != latents->dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents' z_i has %d values, but the model's has %d"), latents->dim, captions.dim);
      return NULL;
    }
  x = g_new (float, latents->trace->n);
  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, &run, error)
        || ! unclip_decoder_condition (&decoder, &run, &captions, (UnclipCondition) { NULL, 0 }, (UnclipCondition) { latents->z_i, 1 },
                                       guidance_scale, error))
      return NULL;
    if (latents->n_steps > decoder.schedule->n_train)
      {
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The latents claim %d steps, more than the decoder has"), latents->n_steps);
        return NULL;
      }
    if (! unclip_run_decode (&run, &decoder, latents->trace, 0, 1, x, error))
      return NULL;
  }

  if (! upsamples)
    return unclip_run_image (x, run.low_size, error);
  /* The condition that the upsampler's share was made with is the clean picture, not its reconstruction. */
  return decode_super_res (latents, &run, guidance_scale == latents->guidance_scale ? latents->low : x, error);
}

/* ---- the file -------------------------------------------------------------------------------------------- */

/* @n pictures [side, side, 3] as a tensor [n, 3, side, side], and back. */
static gboolean
add_pictures (UnclipTensors *tensors, const char *name, const float *x, int n, int side, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_add (tensors, name, UNCLIP_DTYPE_F32, 4, (const int[]) { n, 3, side, side }, error);
  gsize         n_pixels = (gsize) side * side;
  float        *out;

  if (tensor == NULL)
    return FALSE;
  out = tensor->data;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      for (gsize p = 0; p < n_pixels; p++)
        *out++ = x[(i * n_pixels + p) * 3 + c];
  return TRUE;
}

static float *
get_pictures (UnclipTensors *tensors, const char *name, int n, int side, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_get (tensors, name, UNCLIP_DTYPE_F32, error, 4, n, 3, side, side);
  gsize         n_pixels = (gsize) side * side;
  const float  *in;
  float        *out;

  if (tensor == NULL)
    return NULL;
  out = g_try_new (float, tensor->n);
  if (out == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the latents"));
      return NULL;
    }
  in = tensor->data;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < 3; c++)
      for (gsize p = 0; p < n_pixels; p++)
        out[(i * n_pixels + p) * 3 + c] = *in++;
  return out;
}

static void
set_number (UnclipTensors *tensors, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  unclip_tensors_set_metadata (tensors, name, g_ascii_dtostr (text, sizeof text, value));
}

static gboolean
get_number (UnclipTensors *tensors, const char *path, const char *name, double min, double max, double *value, GError **error)
{
  const char *text = unclip_tensors_metadata (tensors, name);
  char       *end = NULL;
  g_autofree char *excerpt = NULL;

  *value = text != NULL ? g_ascii_strtod (text, &end) : NAN;
  if (text != NULL && end != text && *end == '\0' && *value >= min && *value <= max)
    return TRUE;
  excerpt = unclip_error_excerpt (text != NULL ? text : "");
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is no latents file of ours: its \"%s\" is \"%s\""), path, name, excerpt);
  return FALSE;
}

gboolean
unclip_latents_save (const UnclipLatents *latents, const char *path, GError **error)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  const UnclipTrace *trace = latents->trace, *super_res = latents->super_res;
  UnclipTensor *z_i;

  unclip_tensors_set_metadata (tensors, "format", FORMAT);
  unclip_tensors_set_metadata (tensors, "model", latents->model);
  unclip_tensors_set_metadata (tensors, "model_fingerprint", latents->fingerprint);
  unclip_tensors_set_metadata (tensors, "caption", latents->caption);
  unclip_tensors_set_metadata (tensors, "method", method_name (trace->method));
  unclip_tensors_set_metadata (tensors, "schedule", trace->method == UNCLIP_INVERT_DDPM ? "unclip" : "leading");
  unclip_tensors_set_metadata (tensors, "precision", latents->is_bf16 ? "bf16" : "f32");
  set_number (tensors, "steps", latents->n_steps);
  set_number (tensors, "guidance_scale", latents->guidance_scale);
  set_number (tensors, "decoder_size", latents->low_size);
  set_number (tensors, "size", latents->size);
  set_number (tensors, "super_res_steps", super_res != NULL ? super_res->n_steps : 0);

  z_i = unclip_tensors_add (tensors, "z_i", UNCLIP_DTYPE_F32, 2, (const int[]) { 1, latents->dim }, error);
  if (z_i == NULL)
    return FALSE;
  memcpy (z_i->data, latents->z_i, latents->dim * sizeof (float));
  if (! add_pictures (tensors, "x_T", trace->x_T, 1, latents->low_size, error)
      || (trace->x_T_1 != NULL && ! add_pictures (tensors, "x_T_1", trace->x_T_1, 1, latents->low_size, error))
      || (trace->residuals != NULL && ! add_pictures (tensors, "residuals", trace->residuals, trace->n_steps, latents->low_size, error))
      || ! add_pictures (tensors, "low", latents->low, 1, latents->low_size, error))
    return FALSE;
  if (super_res != NULL
      && (! add_pictures (tensors, "super_res.x_T", super_res->x_T, 1, latents->size, error)
          || ! add_pictures (tensors, "super_res.residuals", super_res->residuals, super_res->n_steps, latents->size, error)))
    return FALSE;
  return unclip_tensors_save (tensors, path, error);
}

static UnclipTrace *
load_trace (UnclipTensors *tensors, const char *prefix, UnclipInvertMethod method, int n_steps, int side, GError **error)
{
  g_autoptr (UnclipTrace) trace = g_new0 (UnclipTrace, 1);
  g_autofree char *x_T = g_strconcat (prefix, "x_T", NULL), *x_T_1 = g_strconcat (prefix, "x_T_1", NULL);
  g_autofree char *residuals = g_strconcat (prefix, "residuals", NULL);
  gboolean needs_residuals = method == UNCLIP_INVERT_RESIDUALS || method == UNCLIP_INVERT_DDPM;

  trace->method = method;
  trace->n = (gsize) side * side * 3;
  trace->n_steps = n_steps;
  trace->x_T = get_pictures (tensors, x_T, 1, side, error);
  if (trace->x_T == NULL)
    return NULL;
  if (method == UNCLIP_INVERT_BDIA && (trace->x_T_1 = get_pictures (tensors, x_T_1, 1, side, error)) == NULL)
    return NULL;
  if (needs_residuals && (trace->residuals = get_pictures (tensors, residuals, n_steps, side, error)) == NULL)
    return NULL;
  return g_steal_pointer (&trace);
}

UnclipLatents *
unclip_latents_load (const char *path, GError **error)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_load (path, error);
  g_autoptr (UnclipLatents) latents = g_new0 (UnclipLatents, 1);
  UnclipTensor *z_i;
  UnclipInvertMethod method;
  double steps, guidance_scale, low_size, size, super_res_steps;

  if (tensors == NULL)
    return NULL;
  if (g_strcmp0 (unclip_tensors_metadata (tensors, "format"), FORMAT) != 0
      || ! method_of_name (unclip_tensors_metadata (tensors, "method"), &method)
      || unclip_tensors_metadata (tensors, "model_fingerprint") == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is no latents file of this version; make one with unclip invert"), path);
      return NULL;
    }
  if (! get_number (tensors, path, "steps", 1, 1000, &steps, error)
      || ! get_number (tensors, path, "guidance_scale", 0, 100, &guidance_scale, error)
      || ! get_number (tensors, path, "decoder_size", 1, 65536, &low_size, error)
      || ! get_number (tensors, path, "size", 1, 65536, &size, error)
      || ! get_number (tensors, path, "super_res_steps", 0, 1000, &super_res_steps, error))
    return NULL;

  latents->model = g_strdup (unclip_tensors_metadata (tensors, "model"));
  latents->fingerprint = g_strdup (unclip_tensors_metadata (tensors, "model_fingerprint"));
  latents->caption = g_strdup (unclip_tensors_metadata (tensors, "caption"));
  if (latents->caption == NULL)
    latents->caption = g_strdup ("");
  /* The first files did not say, and were in float32. */
  latents->is_bf16 = g_strcmp0 (unclip_tensors_metadata (tensors, "precision"), "bf16") == 0;
  latents->n_steps = (int) steps;
  latents->guidance_scale = guidance_scale;
  latents->low_size = (int) low_size;
  latents->size = (int) size;

  z_i = unclip_tensors_get (tensors, "z_i", UNCLIP_DTYPE_F32, error, 2, 1, -1);
  if (z_i == NULL)
    return NULL;
  latents->dim = z_i->dims[1];
  latents->z_i = g_memdup2 (z_i->data, latents->dim * sizeof (float));
  latents->low = get_pictures (tensors, "low", 1, latents->low_size, error);
  latents->trace = latents->low != NULL ? load_trace (tensors, "", method, latents->n_steps, latents->low_size, error) : NULL;
  if (latents->trace == NULL)
    return NULL;
  if (super_res_steps > 0
      && (latents->super_res = load_trace (tensors, "super_res.", UNCLIP_INVERT_DDPM, (int) super_res_steps, latents->size, error)) == NULL)
    return NULL;
  return g_steal_pointer (&latents);
}
