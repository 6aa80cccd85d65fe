/* CLIPImageProcessor: resize, centre crop, normalise.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "nets.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_SIDE 4096
#define BICUBIC 3 /* in Pillow's count */

/* "size" and "crop_size" are a number in old files, an object in newer ones. */
static gboolean
read_side (const UnclipConfig *config, const char *name, const char *member, int *out, GError **error)
{
  JsonNode *node = json_object_get_member (unclip_config_json (config), name);

  if (node != NULL && JSON_NODE_HOLDS_OBJECT (node))
    {
      JsonObject *object = json_node_get_object (node);

      node = json_object_get_member (object, member);
    }
  if (node == NULL || ! JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64
      || json_node_get_int (node) < 1 || json_node_get_int (node) > MAX_SIDE)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" must give %s, from 1 to %d"),
                   unclip_config_path (config), name, member, MAX_SIDE);
      return FALSE;
    }
  *out = (int) json_node_get_int (node);
  return TRUE;
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

static gboolean
read_three (const UnclipConfig *config, const char *name, const float fallback[3], double min, double max, float out[3], GError **error)
{
  JsonNode *node = json_object_get_member (unclip_config_json (config), name);

  memcpy (out, fallback, 3 * sizeof (float));
  if (node == NULL)
    return TRUE;
  if (JSON_NODE_HOLDS_ARRAY (node) && json_array_get_length (json_node_get_array (node)) == 3)
    {
      JsonArray *array = json_node_get_array (node);
      gboolean   fits = TRUE;

      for (int i = 0; i < 3; i++)
        {
          JsonNode *element = json_array_get_element (array, i);

          out[i] = is_number (element) ? (float) json_node_get_double (element) : NAN;
          fits = fits && out[i] >= min && out[i] <= max;
        }
      if (fits)
        return TRUE;
    }
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" must be three numbers from %g to %g"),
               unclip_config_path (config), name, min, max);
  return FALSE;
}

/* Steps that a processor may leave out, or do in another way: here they must be CLIP's. */
static gboolean
check_steps (const UnclipConfig *config, GError **error)
{
  static const char *const steps[] = { "do_resize", "do_center_crop", "do_rescale", "do_normalize" };
  double   factor;
  int      filter;
  gboolean does;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (! unclip_config_bool (config, steps[i], TRUE, &does, error))
        return FALSE;
      if (! does)
        return unclip_config_refuse (config, steps[i], "false", error);
    }
  if (! unclip_config_int (config, "resample", BICUBIC, 0, 5, &filter, error)
      || ! unclip_config_double (config, "rescale_factor", 1 / 255.0, 0, 1, &factor, error))
    return FALSE;
  if (filter != BICUBIC)
    return unclip_config_refuse (config, "resample", "not bicubic", error);
  if (fabs (factor - 1 / 255.0) > 1e-6)
    return unclip_config_refuse (config, "rescale_factor", "not 1/255", error);
  return TRUE;
}

gboolean
unclip_preprocess_load (UnclipModel *model, UnclipPreprocess *preprocess, GError **error)
{
  /* OpenAI's, for files that leave them out. */
  static const float mean[3] = { 0.48145466f, 0.4578275f, 0.40821073f };
  static const float std[3] = { 0.26862954f, 0.26130258f, 0.27577711f };
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "feature_extractor", error);

  if (config == NULL
      || ! read_side (config, "size", "shortest_edge", &preprocess->size, error)
      || ! read_side (config, "crop_size", "width", &preprocess->crop_w, error)
      || ! read_side (config, "crop_size", "height", &preprocess->crop_h, error)
      || ! read_three (config, "image_mean", mean, -100, 100, preprocess->mean, error)
      || ! read_three (config, "image_std", std, 1e-3, 1e3, preprocess->std, error))
    return FALSE;
  return check_steps (config, error);
}

gboolean
unclip_preprocess_run (const UnclipPreprocess *preprocess, const guint8 *rgb, int w, int h, guint8 *rgb8, float *pixel_values, GError **error)
{
  int    short_side = MIN (w, h), long_side = MAX (w, h), other, new_w, new_h, left, top;
  gint64 other_side = (gint64) preprocess->size * long_side / short_side;
  g_autofree guint8 *resized = NULL;

  /* A line of pixels, one thick, would become a ribbon without end, of which the crop sees the middle. */
  if (other_side > 1 << 22)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("A picture of %d × %d pixels is too long and thin"), w, h);
      return FALSE;
    }
  other = (int) other_side;
  new_w = w <= h ? preprocess->size : other;
  new_h = w <= h ? other : preprocess->size;
  resized = g_try_malloc ((gsize) new_w * new_h * 3);
  if (resized == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory to resize the picture"));
      return FALSE;
    }
  if (! unclip_resize_u8 (rgb, w, h, 3, resized, new_w, new_h, error))
    return FALSE;

  left = (new_w - preprocess->crop_w) / 2;
  top = (new_h - preprocess->crop_h) / 2;
  /* C rounds towards 0; where the crop is larger than the picture the offset is negative. */
  if (new_w < preprocess->crop_w && (preprocess->crop_w - new_w) % 2 != 0)
    left--;
  if (new_h < preprocess->crop_h && (preprocess->crop_h - new_h) % 2 != 0)
    top--;
  for (int y = 0; y < preprocess->crop_h; y++)
    for (int x = 0; x < preprocess->crop_w; x++)
      for (int c = 0; c < 3; c++)
        {
          gsize    at = ((gsize) y * preprocess->crop_w + x) * 3 + c;
          int      sx = x + left, sy = y + top;
          gboolean inside = sx >= 0 && sx < new_w && sy >= 0 && sy < new_h;
          guint8   value = inside ? resized[((gsize) sy * new_w + sx) * 3 + c] : 0;

          if (rgb8 != NULL)
            rgb8[at] = value;
          pixel_values[at] = (value / 255.0f - preprocess->mean[c]) / preprocess->std[c];
        }
  return TRUE;
}

guint8 *
unclip_image_to_rgb8 (const UnclipImage *image, GError **error)
{
  gsize   n = (gsize) image->width * image->height;
  guint8 *rgb = g_try_malloc (n * 3);

  if (rgb == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return NULL;
    }
  for (gsize i = 0; i < n; i++)
    {
      const float *pixel = image->pixels + i * image->n_channels;
      float        alpha = image->n_channels == 4 && pixel[3] < 1 ? MAX (pixel[3], 0.0f) : 1.0f;

      for (int c = 0; c < 3; c++)
        {
          /* Whatever is not a number shows as black. */
          float value = pixel[c] > 0 ? MIN (pixel[c], 1.0f) : 0.0f;

          rgb[3 * i + c] = (guint8) rintf ((value * alpha + 1.0f - alpha) * 255.0f);
        }
    }
  return rgb;
}
