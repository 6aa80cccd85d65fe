/* Eval tasks of autoencoders: pictures to latents and back.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <math.h>

/* @values times @scale, in place. */
static void
multiply (float *values, gsize n, double scale)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) (values[i] * scale);
}

/* Latents @z [n, h, w, c] through the decoder, under @name. */
static gboolean
decode (UnclipEval *eval, UnclipAutoencoder *autoencoder, const float *z, int n, int h, int w, const char *name, GError **error)
{
  int               factor = unclip_autoencoder_factor (autoencoder);
  g_autofree float *x = unclip_eval_new ((gsize) n * h * w * factor * factor * 3, error);

  return x != NULL && unclip_autoencoder_decode (autoencoder, z, n, h, w, x, error)
         && unclip_eval_add_pictures (eval, name, x, 4, (int[]) { n, 3, h * factor, w * factor }, error);
}

/* ---- KL -------------------------------------------------------------------------------- */

/* What only the picture without a prefix is asked for: the posterior's other parts. */
static gboolean
add_posterior (UnclipEval *eval, const UnclipAutoencoder *autoencoder, float *mean, float *log_variance, const int dims[4], GError **error)
{
  gsize             n = (gsize) dims[0] * dims[1] * dims[2] * dims[3];
  int               noise_dims[4] = { dims[0], dims[1], dims[2], dims[3] };
  g_autofree float *noise = unclip_eval_pictures (eval, "noise", 4, noise_dims, error), *posterior = unclip_eval_new (n, error);

  if (noise == NULL || posterior == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    posterior[i] = mean[i] + expf (0.5f * log_variance[i]) * noise[i];
  multiply (mean, n, unclip_autoencoder_scale (autoencoder));
  return unclip_eval_add_pictures (eval, "logvar", log_variance, 4, dims, error)
         && unclip_eval_add_pictures (eval, "posterior", posterior, 4, dims, error)
         && unclip_eval_add_pictures (eval, "latents", mean, 4, dims, error);
}

/* @prefix: of the names of one picture and its latents */
static gboolean
run_vae (UnclipEval *eval, UnclipAutoencoder *autoencoder, const char *prefix, GError **error)
{
  g_autofree char  *image_name = g_strconcat (prefix, "image", NULL), *mean_name = g_strconcat (prefix, "mean", NULL);
  g_autofree char  *z_name = g_strconcat (prefix, "z", NULL), *decoded_name = g_strconcat (prefix, "decoded", NULL);
  g_autofree float *image = NULL, *mean = NULL, *log_variance = NULL, *z = NULL;
  int               dims[4] = { -1, 3, -1, -1 }, c = unclip_autoencoder_n_latents (autoencoder), factor = unclip_autoencoder_factor (autoencoder);
  int               z_dims[4] = { -1, c, -1, -1 };
  gsize             n;

  image = unclip_eval_pictures (eval, image_name, 4, dims, error);
  if (image == NULL)
    return FALSE;
  n = (gsize) dims[0] * (dims[2] / factor) * (dims[3] / factor) * c;
  mean = unclip_eval_new (n, error);
  log_variance = unclip_eval_new (n, error);
  if (mean == NULL || log_variance == NULL
      || ! unclip_autoencoder_encode (autoencoder, image, dims[0], dims[2], dims[3], mean, log_variance, error))
    return FALSE;
  dims[1] = c;
  dims[2] /= factor;
  dims[3] /= factor;
  if (! unclip_eval_add_pictures (eval, mean_name, mean, 4, dims, error)
      || (*prefix == '\0' && ! add_posterior (eval, autoencoder, mean, log_variance, dims, error)))
    return FALSE;

  z = unclip_eval_pictures (eval, z_name, 4, z_dims, error);
  if (z == NULL)
    return FALSE;
  multiply (z, (gsize) z_dims[0] * z_dims[1] * z_dims[2] * z_dims[3], 1.0 / unclip_autoencoder_scale (autoencoder));
  return decode (eval, autoencoder, z, z_dims[0], z_dims[2], z_dims[3], decoded_name, error);
}

gboolean
unclip_eval_autoencoder_kl (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error)
{
  return run_vae (eval, autoencoder, "", error) && (! unclip_eval_has (eval, "odd.image") || run_vae (eval, autoencoder, "odd.", error));
}

/* ---- MoVQ --------------------------------------------------------------------------------- */

static gboolean
encode_movq (UnclipEval *eval, UnclipAutoencoder *autoencoder, const char *pixels_name, const char *latents_name, GError **error)
{
  int               dims[4] = { -1, 3, -1, -1 }, c = unclip_autoencoder_n_latents (autoencoder), factor = unclip_autoencoder_factor (autoencoder), h, w;
  g_autofree float *pixels = unclip_eval_pictures (eval, pixels_name, 4, dims, error), *latents = NULL;

  if (pixels == NULL)
    return FALSE;
  h = dims[2] / factor;
  w = dims[3] / factor;
  latents = unclip_eval_new ((gsize) dims[0] * h * w * c, error);
  return latents != NULL && unclip_autoencoder_encode (autoencoder, pixels, dims[0], dims[2], dims[3], latents, NULL, error)
         && unclip_eval_add_pictures (eval, latents_name, latents, 4, (int[]) { dims[0], c, h, w }, error);
}

gboolean
unclip_eval_autoencoder_movq_encode (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error)
{
  return encode_movq (eval, autoencoder, "pixels", "latents", error)
         && (! unclip_eval_has (eval, "pixels_wide") || encode_movq (eval, autoencoder, "pixels_wide", "latents_wide", error));
}

gboolean
unclip_eval_autoencoder_movq_decode (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error)
{
  int               dims[4] = { -1, unclip_autoencoder_n_latents (autoencoder), -1, -1 }, wide_dims[4] = { -1, dims[1], -1, -1 }, n_pixels;
  g_autofree float *z = unclip_eval_pictures (eval, "latents", 4, dims, error), *wide = NULL;
  g_autofree int   *indices = NULL;

  if (z == NULL || ! decode (eval, autoencoder, z, dims[0], dims[2], dims[3], "decoded", error))
    return FALSE;
  if (unclip_eval_has (eval, "latents_wide"))
    {
      wide = unclip_eval_pictures (eval, "latents_wide", 4, wide_dims, error);
      if (wide == NULL || ! decode (eval, autoencoder, wide, wide_dims[0], wide_dims[2], wide_dims[3], "decoded_wide", error))
        return FALSE;
    }

  n_pixels = dims[0] * dims[2] * dims[3];
  indices = g_new (int, n_pixels);
  unclip_autoencoder_quantise (autoencoder, z, n_pixels, indices, z);
  return unclip_eval_add_ints (eval, "indices", indices, n_pixels, error)
         && unclip_eval_add_pictures (eval, "quantised", z, 4, dims, error)
         && decode (eval, autoencoder, z, dims[0], dims[2], dims[3], "decoded_quantised", error);
}
