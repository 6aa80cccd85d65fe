/* The upsampler on a picture from anywhere.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

/* Longer pictures would take more memory than this version cuts into tiles for. */
#define MAX_SIDE 256

/* A square that holds @x in its upper left corner and goes on with its edge. */
static float *
continue_to_square (const UnclipImage *x, int side)
{
  float *out = g_new (float, (gsize) side * side * 3);

  for (int i = 0; i < side; i++)
    for (int j = 0; j < side; j++)
      {
        const float *pixel = x->pixels + ((gsize) MIN (i, x->height - 1) * x->width + MIN (j, x->width - 1)) * x->n_channels;

        for (int c = 0; c < 3; c++)
          out[((gsize) i * side + j) * 3 + c] = CLAMP (pixel[c], 0.0f, 1.0f) * 2.0f - 1.0f;
      }
  return out;
}

UnclipImage *
unclip_upscale (UnclipModel *model, const UnclipImage *x, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  UnclipOptions      largest = { .guidance_scale = -1, .prior_guidance_scale = -1 };
  g_autofree float  *low = NULL, *high = NULL, *alpha = NULL;
  UnclipImage       *out;
  int                factor, side;

  if (options != NULL)
    largest = *options;
  /* The result's size follows from the picture. */
  largest.size = 0;
  if (! unclip_run_init (&run, model, &largest, error) || unclip_model_component_dir (model, "super_res_first", error) == NULL)
    return NULL;
  if (MAX (x->width, x->height) > MAX_SIDE)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The picture is %d × %d; this version upscales pictures of up to %d pixels a side"),
                   x->width, x->height, MAX_SIDE);
      return NULL;
    }
  factor = run.size / run.low_size;
  /* 16: the lowest of five levels; whatever the UNet has, it is a power of two below that times the factor. */
  side = (MAX (x->width, x->height) + 15) / 16 * 16;
  if (! unclip_run_check_memory (&run, UNCLIP_STAGE_NONE, side * factor, error))
    return NULL;
  unclip_run_expect (&run, run.super_res_n_steps * UNCLIP_COST_SUPER_RES);

  low = continue_to_square (x, side);
  high = unclip_run_upsample (&run, (const float *[]) { low }, 1, side, side * factor, NULL, error);
  if (high == NULL)
    return NULL;

  out = unclip_image_new (x->width * factor, x->height * factor, x->n_channels);
  if (out == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return NULL;
    }
  if (x->n_channels == 4)
    {
      g_autofree float *own = g_new (float, (gsize) x->width * x->height);

      alpha = g_new (float, (gsize) out->width * out->height);
      for (gsize i = 0; i < (gsize) x->width * x->height; i++)
        own[i] = x->pixels[4 * i + 3];
      if (! unclip_resize_f32 (own, 1, x->width, x->height, 1, alpha, out->width, out->height, error))
        {
          unclip_image_free (out);
          return NULL;
        }
    }
  for (int i = 0; i < out->height; i++)
    for (int j = 0; j < out->width; j++)
      {
        float *pixel = out->pixels + ((gsize) i * out->width + j) * out->n_channels;

        for (int c = 0; c < 3; c++)
          pixel[c] = CLAMP (high[((gsize) i * side * factor + j) * 3 + c] * 0.5f + 0.5f, 0.0f, 1.0f);
        if (alpha != NULL)
          pixel[3] = CLAMP (alpha[(gsize) i * out->width + j], 0.0f, 1.0f);
      }
  return out;
}
