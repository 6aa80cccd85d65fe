/* The file that keeps bipartite latents: safetensors, whose metadata say what they were made with.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "latents.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define FORMAT "unclip-latents-2"
/* Bytes that packed latents, which may be a stranger's, become at most: fifty steps of four channels of 256 × 256. */
#define MOST_UNPACKED (64u << 20)
/* Whose fingerprint was of the whole model. */
#define OLDER_FORMAT "unclip-latents-1"

static const char *const fingerprint_names[] = {
  [UNCLIP_SHARE_DECODER] = "decoder_fingerprint",
  [UNCLIP_SHARE_FIRST_UPSAMPLER] = "super_res_fingerprint",
  [UNCLIP_SHARE_SECOND_UPSAMPLER] = "super_res_1024_fingerprint",
};

/* @n states [side, side, n_channels] as a tensor [n, n_channels, side, side], and back. */
static gboolean
add_states (UnclipTensors *tensors, const char *name, const float *x, int n, int side, int n_channels, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_add (tensors, name, UNCLIP_DTYPE_F32, 4, (const int[]) { n, n_channels, side, side }, error);
  gsize         n_pixels = (gsize) side * side;
  float        *out;

  if (tensor == NULL)
    return FALSE;
  out = tensor->data;
  for (int i = 0; i < n; i++)
    for (int c = 0; c < n_channels; c++)
      for (gsize p = 0; p < n_pixels; p++)
        *out++ = x[(i * n_pixels + p) * n_channels + c];
  return TRUE;
}

static float *
get_states (UnclipTensors *tensors, const char *name, int n, int side, int n_channels, GError **error)
{
  UnclipTensor *tensor = unclip_tensors_get (tensors, name, UNCLIP_DTYPE_F32, error, 4, n, n_channels, side, side);
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
    for (int c = 0; c < n_channels; c++)
      for (gsize p = 0; p < n_pixels; p++)
        out[(i * n_pixels + p) * n_channels + c] = *in++;
  /* So that a file's numbers are not held twice. */
  unclip_tensors_remove (tensors, name);
  return out;
}

/* Pictures are such states. */
static gboolean
add_picture (UnclipTensors *tensors, const char *name, const float *x, int side, GError **error)
{
  return add_states (tensors, name, x, 1, side, 3, error);
}

static float *
get_picture (UnclipTensors *tensors, const char *name, int side, GError **error)
{
  return get_states (tensors, name, 1, side, 3, error);
}

/* The timesteps of a method's states. */
static const char *
schedule_of (UnclipInvertMethod method)
{
  return method == UNCLIP_INVERT_DDPM ? "noisy" : "leading";
}

static void
set_number (UnclipTensors *tensors, const char *name, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  unclip_tensors_set_metadata (tensors, name, g_ascii_dtostr (text, sizeof text, value));
}

/* Where there is one. */
static void
set_text (UnclipTensors *tensors, const char *name, const char *text)
{
  if (text != NULL)
    unclip_tensors_set_metadata (tensors, name, text);
}

static gboolean
get_number (UnclipTensors *tensors, const char *path, const char *name, double min, double max, gboolean is_whole, double *value, GError **error)
{
  const char *text = unclip_tensors_metadata (tensors, name);
  char       *end = NULL;
  g_autofree char *excerpt = NULL;

  *value = text != NULL ? g_ascii_strtod (text, &end) : NAN;
  if (text != NULL && end != text && *end == '\0' && *value >= min && *value <= max && ! (is_whole && *value != floor (*value)))
    return TRUE;
  excerpt = unclip_error_excerpt (text != NULL ? text : "");
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is no latents file of ours: its \"%s\" is \"%s\""), path, name, excerpt);
  return FALSE;
}

static gboolean
add_trace (UnclipTensors *tensors, const char *prefix, const UnclipTrace *trace, int side, int n_channels, GError **error)
{
  g_autofree char *x_T = g_strconcat (prefix, "x_T", NULL), *x_T_1 = g_strconcat (prefix, "x_T_1", NULL);
  g_autofree char *residuals = g_strconcat (prefix, "residuals", NULL);

  return add_states (tensors, x_T, trace->x_T, 1, side, n_channels, error)
         && (trace->x_T_1 == NULL || add_states (tensors, x_T_1, trace->x_T_1, 1, side, n_channels, error))
         && (trace->residuals == NULL || add_states (tensors, residuals, trace->residuals, trace->n_steps, side, n_channels, error));
}

gboolean
unclip_latents_save (const UnclipLatents *latents, const char *path, GError **error)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_new ();
  const UnclipTrace *trace = latents->trace, *super_res = latents->super_res;
  UnclipTensor *z_i;

  unclip_tensors_set_metadata (tensors, "format", FORMAT);
  unclip_tensors_set_metadata (tensors, "model", latents->model);
  for (int i = 0; i < UNCLIP_N_SHARES; i++)
    unclip_tensors_set_metadata (tensors, fingerprint_names[i], latents->fingerprints[i]);
  set_text (tensors, "image_encoder_fingerprint", latents->encoder);
  set_text (tensors, "picture", latents->picture);
  if (latents->rng != NULL)
    {
      g_autofree char *seed = g_strdup_printf ("%" G_GUINT64_FORMAT, latents->seed);

      unclip_tensors_set_metadata (tensors, "rng", latents->rng);
      unclip_tensors_set_metadata (tensors, "seed", seed);
    }
  unclip_tensors_set_metadata (tensors, "caption", latents->caption);
  unclip_tensors_set_metadata (tensors, "method", unclip_inversion_name (trace->method));
  unclip_tensors_set_metadata (tensors, "schedule", schedule_of (trace->method));
  set_number (tensors, "steps", latents->n_steps);
  unclip_tensors_set_metadata (tensors, "precision", latents->is_bf16 ? "bf16" : "f32");
  set_number (tensors, "guidance_scale", latents->guidance_scale);
  set_number (tensors, "decoder_size", latents->low_size);
  set_number (tensors, "size", latents->size);
  set_number (tensors, "super_res_size", latents->first_size);
  set_number (tensors, "super_res_1024_steps", latents->second_n_steps);
  set_number (tensors, "super_res_steps", super_res != NULL ? super_res->n_steps : 0);

  z_i = unclip_tensors_add (tensors, "z_i", UNCLIP_DTYPE_F32, 2, (const int[]) { 1, latents->dim }, error);
  if (z_i == NULL)
    return FALSE;
  memcpy (z_i->data, latents->z_i, latents->dim * sizeof (float));
  if (! add_trace (tensors, "", trace, latents->state_side, latents->n_channels, error)
      || ! add_picture (tensors, "low", latents->low, latents->low_size, error)
      || (super_res != NULL && ! add_trace (tensors, "super_res.", super_res, latents->first_size, 3, error)))
    return FALSE;
  if (latents->rest != NULL
      && (! add_picture (tensors, "super_res_1024.low", latents->first, latents->first_size, error)
          || ! add_picture (tensors, "super_res_1024.rest", latents->rest, latents->size, error)))
    return FALSE;
  return unclip_tensors_save (tensors, path, error);
}

static UnclipTrace *
load_trace (UnclipTensors *tensors, const char *prefix, UnclipInvertMethod method, int n_steps, int side, int n_channels, GError **error)
{
  g_autoptr (UnclipTrace) trace = g_new0 (UnclipTrace, 1);
  g_autofree char *x_T = g_strconcat (prefix, "x_T", NULL), *x_T_1 = g_strconcat (prefix, "x_T_1", NULL);
  g_autofree char *residuals = g_strconcat (prefix, "residuals", NULL);
  gboolean needs_residuals = method == UNCLIP_INVERT_RESIDUALS || method == UNCLIP_INVERT_DDPM;

  trace->method = method;
  trace->n = (gsize) side * side * n_channels;
  trace->n_steps = n_steps;
  trace->x_T = get_states (tensors, x_T, 1, side, n_channels, error);
  if (trace->x_T == NULL)
    return NULL;
  if (method == UNCLIP_INVERT_BDIA && (trace->x_T_1 = get_states (tensors, x_T_1, 1, side, n_channels, error)) == NULL)
    return NULL;
  if (needs_residuals && (trace->residuals = get_states (tensors, residuals, n_steps, side, n_channels, error)) == NULL)
    return NULL;
  return g_steal_pointer (&trace);
}

/* What is not a number would become black. */
static gboolean
check_values (UnclipTensors *tensors, const char *path, GError **error)
{
  g_auto (GStrv) names = unclip_tensors_names (tensors);

  for (char **name = names; *name != NULL; name++)
    {
      const UnclipTensor *tensor = unclip_tensors_find (tensors, *name);

      if (tensor->dtype == UNCLIP_DTYPE_F32 && ! unclip_is_finite (tensor->data, tensor->n))
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is damaged: \"%s\" has values that are not numbers; make it anew with unclip invert"), path, *name);
          return FALSE;
        }
    }
  return TRUE;
}

static UnclipLatents *
refuse_file (const char *path, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is no latents file of this version; make one with unclip invert"), path);
  return NULL;
}

UnclipLatents *
unclip_latents_load (const char *path, GError **error)
{
  g_autoptr (UnclipTensors) tensors = unclip_tensors_load (path, error);
  g_autoptr (UnclipLatents) latents = unclip_latents_new ();
  UnclipTensor *z_i, *x_T;
  UnclipInvertMethod method;
  double steps, guidance_scale, low_size, size, first_size, super_res_steps, second_steps = 0;

  if (tensors == NULL)
    return NULL;
  if (g_strcmp0 (unclip_tensors_metadata (tensors, "format"), OLDER_FORMAT) == 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE,
                   _("%s was made by an earlier version, which did not note what decodes it; make it anew from the picture with unclip invert"), path);
      return NULL;
    }
  if (g_strcmp0 (unclip_tensors_metadata (tensors, "format"), FORMAT) != 0
      || ! unclip_inversion_of_name (unclip_tensors_metadata (tensors, "method"), &method)
      || g_strcmp0 (unclip_tensors_metadata (tensors, "schedule"), schedule_of (method)) != 0
      || unclip_tensors_metadata (tensors, "model") == NULL)
    return refuse_file (path, error);
  for (int i = 0; i < UNCLIP_N_SHARES; i++)
    if ((latents->fingerprints[i] = g_strdup (unclip_tensors_metadata (tensors, fingerprint_names[i]))) == NULL)
      return refuse_file (path, error);
  if (! get_number (tensors, path, "steps", 1, 1000, TRUE, &steps, error)
      || ! get_number (tensors, path, "guidance_scale", 0, 100, FALSE, &guidance_scale, error)
      || ! get_number (tensors, path, "decoder_size", 1, 65536, TRUE, &low_size, error)
      || ! get_number (tensors, path, "size", 1, 65536, TRUE, &size, error)
      || ! get_number (tensors, path, "super_res_steps", 0, 1000, TRUE, &super_res_steps, error))
    return NULL;

  /* The first files did not say, and were in float32. */
  latents->is_bf16 = g_strcmp0 (unclip_tensors_metadata (tensors, "precision"), "bf16") == 0;
  /* Files from before there was a second upsampler do not say it. */
  first_size = size;
  if (unclip_tensors_metadata (tensors, "super_res_size") != NULL
      && (! get_number (tensors, path, "super_res_size", 1, 65536, TRUE, &first_size, error)
          || ! get_number (tensors, path, "super_res_1024_steps", 0, 1000, TRUE, &second_steps, error)))
    return NULL;

  latents->model = g_strdup (unclip_tensors_metadata (tensors, "model"));
  latents->encoder = g_strdup (unclip_tensors_metadata (tensors, "image_encoder_fingerprint"));
  latents->picture = g_strdup (unclip_tensors_metadata (tensors, "picture"));
  if (unclip_tensors_metadata (tensors, "seed") != NULL
      && g_ascii_string_to_unsigned (unclip_tensors_metadata (tensors, "seed"), 10, 0, G_MAXUINT64, &latents->seed, NULL))
    latents->rng = g_strdup (unclip_tensors_metadata (tensors, "rng"));
  latents->caption = g_strdup (unclip_tensors_metadata (tensors, "caption"));
  if (latents->caption == NULL)
    latents->caption = g_strdup ("");
  latents->n_steps = (int) steps;
  latents->guidance_scale = guidance_scale;
  latents->low_size = (int) low_size;
  latents->first_size = (int) first_size;
  latents->second_n_steps = (int) second_steps;
  latents->size = (int) size;

  z_i = unclip_tensors_get (tensors, "z_i", UNCLIP_DTYPE_F32, error, 2, 1, -1);
  if (z_i == NULL || ! check_values (tensors, path, error))
    return NULL;
  if (z_i->n == 0)
    return refuse_file (path, error);
  latents->dim = z_i->dims[1];
  latents->z_i = g_memdup2 (z_i->data, latents->dim * sizeof (float));
  /* The tensors themselves say what a state is. */
  x_T = unclip_tensors_get (tensors, "x_T", UNCLIP_DTYPE_F32, error, 4, 1, -1, -1, -1);
  if (x_T == NULL)
    return NULL;
  if (x_T->n == 0 || x_T->dims[2] != x_T->dims[3])
    return refuse_file (path, error);
  latents->n_channels = x_T->dims[1];
  latents->state_side = x_T->dims[2];
  latents->low = get_picture (tensors, "low", latents->low_size, error);
  latents->trace = latents->low != NULL ? load_trace (tensors, "", method, latents->n_steps, latents->state_side, latents->n_channels, error) : NULL;
  if (latents->trace == NULL)
    return NULL;
  if (super_res_steps > 0
      && (latents->super_res = load_trace (tensors, "super_res.", UNCLIP_INVERT_DDPM, (int) super_res_steps, latents->first_size, 3, error)) == NULL)
    return NULL;
  if (second_steps > 0
      && ((latents->first = get_picture (tensors, "super_res_1024.low", latents->first_size, error)) == NULL
          || (latents->rest = get_picture (tensors, "super_res_1024.rest", latents->size, error)) == NULL))
    return NULL;
  return g_steal_pointer (&latents);
}

/* ---- in memory ------------------------------------------------------------------------------------- */

/* Floats whose first bytes stand together, then their second ones and so on: signs and exponents are alike. */
static guint8 *
sort_bytes (const guint8 *bytes, gsize size, gboolean back)
{
  guint8 *sorted = g_malloc (MAX (size, 1));
  gsize   n = size / 4;

  for (gsize i = 0; i < n; i++)
    for (gsize k = 0; k < 4; k++)
      if (back)
        sorted[4 * i + k] = bytes[k * n + i];
      else
        sorted[k * n + i] = bytes[4 * i + k];
  memcpy (sorted + 4 * n, bytes + 4 * n, size - 4 * n);
  return sorted;
}

/* @in through @converter, as long as that makes at most @most bytes; transfer full, %NULL with an error. */
static GByteArray *
convert (GConverter *converter, const guint8 *in, gsize size, gsize most, GError **error)
{
  g_autoptr (GInputStream) memory = g_memory_input_stream_new_from_data (in, (gssize) size, NULL);
  g_autoptr (GInputStream) stream = g_converter_input_stream_new (memory, converter);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 piece[16384];
  gssize n;

  while ((n = g_input_stream_read (stream, piece, sizeof piece, NULL, error)) > 0)
    {
      g_byte_array_append (out, piece, (guint) n);
      if (out->len > most)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The packed latents are larger than any that a picture has"));
          return NULL;
        }
    }
  return n == 0 ? g_steal_pointer (&out) : NULL;
}

/* Of a file by itself, for as long as it takes to write or to read it; transfer full. */
static char *
lonely_path (char **folder, GError **error)
{
  *folder = g_dir_make_tmp ("unclip-XXXXXX", error);
  return *folder != NULL ? g_build_filename (*folder, "latents.safetensors", NULL) : NULL;
}

static void
drop_lonely (char *folder, char *path)
{
  if (path != NULL)
    g_unlink (path);
  if (folder != NULL)
    g_rmdir (folder);
  g_free (folder);
  g_free (path);
}

GBytes *
unclip_latents_pack (const UnclipLatents *latents, GError **error)
{
  g_autoptr (GZlibCompressor) zlib = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  g_autoptr (GByteArray) packed = NULL;
  g_autofree guint8 *sorted = NULL;
  g_autofree char   *bytes = NULL;
  char              *folder, *path = lonely_path (&folder, error);
  gsize              size;
  gboolean           is_read;

  is_read = path != NULL && unclip_latents_save (latents, path, error) && g_file_get_contents (path, &bytes, &size, error);
  drop_lonely (folder, path);
  if (! is_read)
    return NULL;
  sorted = sort_bytes ((const guint8 *) bytes, size, FALSE);
  packed = convert (G_CONVERTER (zlib), sorted, size, G_MAXINT32, error);
  return packed != NULL ? g_byte_array_free_to_bytes (g_steal_pointer (&packed)) : NULL;
}

UnclipLatents *
unclip_latents_unpack (GBytes *bytes, GError **error)
{
  g_autoptr (GZlibDecompressor) zlib = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  g_autoptr (GByteArray) sorted = NULL;
  g_autofree guint8 *file = NULL;
  UnclipLatents     *latents = NULL;
  gsize              size;
  const guint8      *data = g_bytes_get_data (bytes, &size);
  char              *folder, *path;

  sorted = convert (G_CONVERTER (zlib), data, size, MOST_UNPACKED, error);
  if (sorted == NULL)
    return NULL;
  file = sort_bytes (sorted->data, sorted->len, TRUE);
  path = lonely_path (&folder, error);
  if (path != NULL && g_file_set_contents_full (path, (const char *) file, sorted->len, G_FILE_SET_CONTENTS_NONE, 0600, error))
    latents = unclip_latents_load (path, error);
  drop_lonely (folder, path);
  return latents;
}
