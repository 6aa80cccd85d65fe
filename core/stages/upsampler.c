/* An upsampler with the picture that it enlarges: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "batch.h"

static gboolean
check_upsampler (UnclipUnet *unet, const char *component, GError **error)
{
  int n_out = unclip_unet_out_channels (unet);

  if (unclip_unet_in_channels (unet) == 6 && (n_out == 3 || n_out == 6) && ! unclip_unet_is_conditional (unet))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s takes %d and gives %d channels, so it is no upsampler: that takes 6 and gives 3 or 6"),
               component, unclip_unet_in_channels (unet), n_out);
  return FALSE;
}

/* The network that serves timestep @t, loaded; two large ones are never held together. */
static UnclipUnet *
serve (UnclipUpsampler *upsampler, int t, GError **error)
{
  gboolean     is_last = t == upsampler->last_t && upsampler->has_last;
  const char  *component = is_last ? "super_res_last" : upsampler->component;
  UnclipUnet **unet = is_last ? &upsampler->last : &upsampler->first;
  UnclipUnet **other = is_last ? &upsampler->first : &upsampler->last;

  if (*unet != NULL)
    return *unet;
  if (*other != NULL && unclip_unet_weights_size (*other) + unclip_unet_working_size (*other) > UNCLIP_LARGE_NETWORK)
    g_clear_pointer (other, unclip_unet_free);
  *unet = unclip_unet_new (upsampler->model, component, upsampler->context, error);
  if (*unet != NULL && ! check_upsampler (*unet, component, error))
    g_clear_pointer (unet, unclip_unet_free);
  return *unet;
}

static const char *
scheduler_of (const char *component)
{
  return unclip_component_beside (component, UNCLIP_KIND_SCHEDULER)->name;
}

/* 0 where the network gives something else than a residual. */
static gboolean
read_residual_scale (UnclipModel *model, const char *scheduler, float *scale, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  const char *prediction;
  double      value;

  *scale = 0;
  if (! unclip_model_has (model, scheduler))
    return TRUE;
  config = unclip_model_config (model, scheduler, error);
  if (config == NULL
      || ! unclip_config_string (config, "prediction_type", NULL, &prediction, error)
      || ! unclip_config_double (config, "residual_scale", 1.0, 1e-6, 1e6, &value, error))
    return FALSE;
  if (g_strcmp0 (prediction, "residual") == 0)
    *scale = (float) value;
  return TRUE;
}

UnclipSchedule *
unclip_upsampler_schedule (UnclipModel *model, const char *component, GError **error)
{
  return unclip_stage_schedule (model, scheduler_of (component), error);
}

gboolean
unclip_upsampler_init (UnclipUpsampler *upsampler, UnclipModel *model, const char *component, BkContext *context, GError **error)
{
  memset (upsampler, 0, sizeof *upsampler);
  upsampler->model = unclip_model_ref (model);
  upsampler->component = component;
  upsampler->context = context;
  upsampler->has_last = strcmp (component, "super_res_first") == 0 && unclip_model_has (model, "super_res_last");
  upsampler->last_t = -1;
  return read_residual_scale (model, scheduler_of (component), &upsampler->residual_scale, error) && serve (upsampler, 0, error) != NULL;
}

void
unclip_upsampler_clear (UnclipUpsampler *upsampler)
{
  g_clear_pointer (&upsampler->model, unclip_model_unref);
  g_clear_pointer (&upsampler->first, unclip_unet_free);
  g_clear_pointer (&upsampler->last, unclip_unet_free);
  g_clear_pointer (&upsampler->enlarged, g_free);
  g_clear_pointer (&upsampler->x, g_free);
  g_clear_pointer (&upsampler->out, g_free);
}

gboolean
unclip_upsampler_resize (UnclipUpsampler *upsampler, int width, int height, int last_t, GError **error)
{
  gsize n_pixels = (gsize) width * height;

  if (width != upsampler->width || height != upsampler->height)
    {
      g_free (upsampler->enlarged);
      g_free (upsampler->x);
      g_free (upsampler->out);
      upsampler->enlarged = g_try_new (float, n_pixels * 3);
      upsampler->x = g_try_new (float, n_pixels * 6);
      upsampler->out = g_try_new (float, n_pixels * 6);
    }
  upsampler->width = width;
  upsampler->height = height;
  upsampler->last_t = last_t;
  if (upsampler->enlarged == NULL || upsampler->x == NULL || upsampler->out == NULL)
    return unclip_batch_no_memory (upsampler->component, error);
  return TRUE;
}

gboolean
unclip_upsampler_condition (UnclipUpsampler *upsampler, const float *low, int low_size, int size, int last_t, GError **error)
{
  return unclip_upsampler_resize (upsampler, size, size, last_t, error)
         && unclip_resize_f32 (low, 1, low_size, low_size, 3, upsampler->enlarged, size, size, error);
}

gboolean
unclip_upsampler_predict (const float *x, int t, float *eps, float *v, gpointer data, GError **error)
{
  UnclipUpsampler *upsampler = data;
  UnclipUnet      *unet = serve (upsampler, t, error);
  gsize            n_pixels = (gsize) upsampler->width * upsampler->height;

  if (unet == NULL)
    return FALSE;
  for (gsize i = 0; i < n_pixels; i++)
    {
      memcpy (upsampler->x + 6 * i, x + 3 * i, 3 * sizeof (float));
      memcpy (upsampler->x + 6 * i + 3, upsampler->enlarged + 3 * i, 3 * sizeof (float));
    }
  if (! unclip_unet_predict (unet, upsampler->x, t, 1, upsampler->height, upsampler->width, upsampler->out, error))
    return FALSE;

  unclip_batch_channels (eps, 3, upsampler->out, n_pixels, unclip_unet_out_channels (unet), 0);
  if (upsampler->residual_scale > 0)
    for (gsize i = 0; i < 3 * n_pixels; i++)
      eps[i] = upsampler->enlarged[i] + upsampler->residual_scale * eps[i];
  if (v != NULL)
    {
      if (unclip_unet_out_channels (unet) < 6)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The upsampler's scheduler wants a learned variance, which the upsampler does not give"));
          return FALSE;
        }
      unclip_batch_channels (v, 3, upsampler->out, n_pixels, unclip_unet_out_channels (unet), 3);
    }
  return TRUE;
}
