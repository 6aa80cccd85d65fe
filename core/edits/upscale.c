/* An upsampler on a picture from anywhere: the second one where the model has it, as that has learned to make good
 * what pictures suffer, else the first.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "framing.h"
#include "tiles.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* Of the result. A state of such a picture takes 200 MB. */
#define MAX_SIDE 4096
/* The lowest of five levels; whatever a network has, the sides that it makes are multiples of that times the factor. */
#define MULTIPLE 16

/* @x in the upper left corner of [height, width, 3], in -1 to 1, which goes on with its edge. */
static float *
continue_to (const UnclipImage *x, int width, int height)
{
  float *out = g_new (float, (gsize) width * height * 3);

  for (int i = 0; i < height; i++)
    for (int j = 0; j < width; j++)
      {
        const float *pixel = x->pixels + ((gsize) MIN (i, x->height - 1) * x->width + MIN (j, x->width - 1)) * x->n_channels;

        for (int c = 0; c < 3; c++)
          out[((gsize) i * width + j) * 3 + c] = unclip_frame_in_range (pixel[c]) * 2.0f - 1.0f;
      }
  return out;
}

/* Alpha has no network; it is enlarged bicubically. */
static gboolean
enlarge_alpha (const UnclipImage *x, UnclipImage *out, GError **error)
{
  g_autofree float *own = g_new (float, (gsize) x->width * x->height);
  g_autofree float *alpha = g_try_new (float, (gsize) out->width * out->height);

  if (alpha == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return FALSE;
    }
  for (gsize i = 0; i < (gsize) x->width * x->height; i++)
    own[i] = unclip_frame_in_range (x->pixels[4 * i + 3]);
  if (! unclip_resize_f32 (own, 1, x->width, x->height, 1, alpha, out->width, out->height, error))
    return FALSE;
  for (gsize i = 0; i < (gsize) out->width * out->height; i++)
    out->pixels[4 * i + 3] = unclip_frame_in_range (alpha[i]);
  return TRUE;
}

/* How much larger the network makes a picture; 0 with an error if it is not there. */
static int
factor_of (UnclipModel *model, const UnclipRun *run, const char **component, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;
  int size;

  *component = unclip_model_has (model, UNCLIP_SECOND_UPSAMPLER) ? UNCLIP_SECOND_UPSAMPLER : UNCLIP_FIRST_UPSAMPLER;
  config = unclip_model_config (model, *component, error);
  if (config == NULL || ! unclip_config_int (config, "sample_size", 64, 1, 65536, &size, error))
    return 0;
  if (strcmp (*component, UNCLIP_FIRST_UPSAMPLER) == 0)
    return MAX (size / run->low_size, 1);
  /* One that came alone enlarges as the paper's does. */
  return run->first_size > 0 ? MAX (size / run->first_size, 1) : 4;
}

UnclipImage *
unclip_upscale (UnclipModel *model, const UnclipImage *x, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_autoptr (UnclipImage) filled = NULL;
  g_autoptr (UnclipImage) out = NULL;
  UnclipOptions      largest = { .guidance_scale = -1, .prior_guidance_scale = -1 };
  g_autofree float  *low = NULL, *high = NULL;
  const char        *component;
  UnclipJob          job;
  int                factor, width, height, n_steps;

  if (options != NULL)
    largest = *options;
  if (! unclip_frame_check (x, error))
    return NULL;
  /* The result's size follows from the picture. */
  largest.size = 0;
  if (! unclip_run_init (&run, model, &largest, error) || (factor = factor_of (model, &run, &component, error)) == 0)
    return NULL;
  if (MAX (x->width, x->height) > MAX_SIDE / factor)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("The picture is %d × %d; pictures of up to %d pixels a side can be upscaled, which become %d: scale it down before, or cut out a part"),
                   x->width, x->height, MAX_SIDE / factor, MAX_SIDE / factor * factor);
      return NULL;
    }
  width = (x->width + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
  height = (x->height + MULTIPLE - 1) / MULTIPLE * MULTIPLE;
  n_steps = unclip_upsampler_n_steps (&run, component);
  job = (UnclipJob) { .upscaler = component, .width = width, .height = height, .factor = factor, .has_alpha = x->n_channels == 4 };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  run.n_steps = n_steps;
  run.size = MAX (x->width, x->height) * factor;
  unclip_run_use (&run, 1, 0);
  unclip_run_expect (&run, unclip_enlarging_cost (width * factor, height * factor, n_steps));

  filled = unclip_frame_fill (x, error);
  if (filled == NULL)
    return NULL;
  low = continue_to (filled, width, height);
  high = unclip_run_enlarge (&run, component, n_steps, low, width, height, factor, error);
  if (high == NULL)
    return NULL;

  out = unclip_image_new (x->width * factor, x->height * factor, x->n_channels);
  if (out == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return NULL;
    }
  for (int i = 0; i < out->height; i++)
    for (int j = 0; j < out->width; j++)
      for (int c = 0; c < 3; c++)
        out->pixels[((gsize) i * out->width + j) * out->n_channels + c]
          = unclip_frame_in_range (high[((gsize) i * width * factor + j) * 3 + c] * 0.5f + 0.5f);
  if (x->n_channels == 4 && ! enlarge_alpha (x, out, error))
    return NULL;
  return g_steal_pointer (&out);
}
