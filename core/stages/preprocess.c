/* How a model wants its pictures, from its feature_extractor/preprocessor_config.json: see stages.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "stages.h"

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
