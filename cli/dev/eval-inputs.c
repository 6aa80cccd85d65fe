/* Eval tasks for what makes the networks' inputs: the tokenizer and the preparation of pictures.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "json.h"
#include "read.h"

#define MAX_SIZE (256 << 20)

/* ---- tokenizer ---------------------------------------------------------------------- */

/* Root is a list; transfer full. The checks of json.h are for objects, so that is what it gets. */
static JsonParser *
load_list (const char *path, GError **error)
{
  gsize            size;
  g_autofree char *text = unclip_read_text (path, MAX_SIZE, &size, error);
  g_autoptr (GString) object = g_string_new ("{\"list\":");
  g_autoptr (JsonParser) parser = NULL;
  JsonNode *list;

  if (text == NULL)
    return NULL;
  g_string_append_len (object, text, size);
  g_string_append_c (object, '}');
  parser = unclip_json_parse (object->str, object->len, path, error);
  if (parser == NULL)
    return NULL;
  list = json_object_get_member (json_node_get_object (json_parser_get_root (parser)), "list");
  if (list == NULL || ! JSON_NODE_HOLDS_ARRAY (list))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s must be a list of objects with a \"text\" each"), path);
      return NULL;
    }
  return g_steal_pointer (&parser);
}

/* Belongs to @node; %NULL if there is none. */
static const char *
text_of (JsonNode *node)
{
  JsonNode *text = node;

  if (JSON_NODE_HOLDS_OBJECT (node))
    text = json_object_get_member (json_node_get_object (node), "text");
  return text != NULL && JSON_NODE_HOLDS_VALUE (text) && json_node_get_value_type (text) == G_TYPE_STRING
           ? json_node_get_string (text)
           : NULL;
}

static void
add_ints (JsonBuilder *builder, const char *name, const int *values, int n)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_array (builder);
  for (int i = 0; i < n; i++)
    json_builder_add_int_value (builder, values[i]);
  json_builder_end_array (builder);
}

static void
add_text (JsonBuilder *builder, const UnclipTokenizer *tokenizer, const char *text)
{
  int             n = unclip_tokenizer_max_length (tokenizer);
  g_autofree int *input_ids = g_new (int, n), *attention_mask = g_new (int, n);
  int             untruncated = unclip_tokenizer_encode (tokenizer, text, input_ids, attention_mask);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "text");
  json_builder_add_string_value (builder, text);
  add_ints (builder, "input_ids", input_ids, n);
  add_ints (builder, "attention_mask", attention_mask, n);
  json_builder_set_member_name (builder, "length");
  json_builder_add_int_value (builder, MIN (untruncated, n));
  json_builder_set_member_name (builder, "untruncated_length");
  json_builder_add_int_value (builder, untruncated);
  json_builder_end_object (builder);
}

gboolean
unclip_eval_tokenizer (UnclipEval *eval, GError **error)
{
  g_autoptr (JsonParser) parser = load_list (eval->in_path, error);
  g_autoptr (UnclipTokenizer) tokenizer = NULL;
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  g_autoptr (JsonNode) root = NULL;
  JsonArray *list;

  if (parser == NULL)
    return FALSE;
  tokenizer = unclip_tokenizer_new (eval->model, error);
  if (tokenizer == NULL)
    return FALSE;

  list = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "list");
  json_builder_begin_array (builder);
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      const char *text = text_of (json_array_get_element (list, i));

      if (text == NULL)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: element %u has no \"text\""), eval->in_path, i);
          return FALSE;
        }
      if (! unclip_eval_check_cancelled (eval, error))
        return FALSE;
      add_text (builder, tokenizer, text);
    }
  json_builder_end_array (builder);

  root = json_builder_get_root (builder);
  json_generator_set_root (generator, root);
  return json_generator_to_file (generator, eval->out_path, error);
}

/* ---- pictures ------------------------------------------------------------------------- */

float *
unclip_eval_pixel_values (const UnclipEval *eval, int *w, int *h, guint8 **rgb8, GError **error)
{
  UnclipPreprocess   preprocess;
  g_autofree guint8 *rgb = NULL, *small = NULL;
  g_autofree float  *pixel_values = NULL;
  gsize              n;

  if (eval->image == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("This task needs a picture: give it with --image"));
      return NULL;
    }
  if (! unclip_preprocess_load (eval->model, &preprocess, error))
    return NULL;
  n = (gsize) preprocess.crop_w * preprocess.crop_h * 3;
  rgb = unclip_image_to_rgb8 (eval->image, error);
  pixel_values = unclip_eval_new (n, rgb != NULL ? error : NULL);
  if (rgb == NULL || pixel_values == NULL)
    return NULL;
  small = g_malloc (n);
  if (! unclip_preprocess_run (&preprocess, rgb, eval->image->width, eval->image->height, small, pixel_values, error))
    return NULL;

  *w = preprocess.crop_w;
  *h = preprocess.crop_h;
  if (rgb8 != NULL)
    *rgb8 = g_steal_pointer (&small);
  return g_steal_pointer (&pixel_values);
}

gboolean
unclip_eval_preprocess (UnclipEval *eval, GError **error)
{
  g_autofree guint8 *rgb8 = NULL;
  int                w, h;
  g_autofree float  *pixel_values = unclip_eval_pixel_values (eval, &w, &h, &rgb8, error);
  UnclipTensor      *tensor;

  if (pixel_values == NULL)
    return FALSE;
  tensor = unclip_tensors_add (eval->out, "rgb8", UNCLIP_DTYPE_U8, 3, (int[]) { h, w, 3 }, error);
  if (tensor == NULL)
    return FALSE;
  memcpy (tensor->data, rgb8, tensor->n);
  return unclip_eval_add_pictures (eval, "pixel_values", pixel_values, 4, (int[]) { 1, 3, h, w }, error);
}
