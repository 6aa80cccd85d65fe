/* See config.h. The parser is json-glib's; what it must not be fed is kept from it here.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "json.h"
#include "read.h"

#define MAX_SIZE (16 << 20)
/* json-glib recurses; a config of ours nests three deep. */
#define MAX_DEPTH 64
/* Two bytes of text become a hundred in memory; the largest vocabularies have 250 000 members. */
#define MAX_VALUES 1000000

struct _UnclipConfig
{
  char       *path;
  JsonParser *parser;
  JsonObject *object;
};

/* Deeper or fuller than any file of ours. Sets @is_one: one object and nothing behind it. json-glib also reads
 * comments, in which brackets hide, and of several values the last, which aborts in json_parser_get_root(). */
static gboolean
is_hostile (const char *text, gsize length, gboolean *is_one)
{
  int      depth = 0, n_values = 0;
  gboolean in_string = FALSE;

  *is_one = TRUE;
  for (gsize i = 0; i < length; i++)
    {
      if (in_string)
        {
          if (text[i] == '\\')
            i++;
          else if (text[i] == '"')
            in_string = FALSE;
          continue;
        }
      if (depth == 0 && ! g_ascii_isspace (text[i]))
        *is_one = *is_one && n_values == 0 && text[i] == '{';
      switch (text[i])
        {
        case '"':
          in_string = TRUE;
          break;
        case '{':
        case '[':
          depth++;
          n_values++;
          break;
        case '}':
        case ']':
          depth--;
          break;
        case ',':
          n_values++;
          break;
        case '/':
        case '#':
        case '\'':
          *is_one = FALSE;
          break;
        }
      if (depth > MAX_DEPTH || n_values > MAX_VALUES)
        return TRUE;
    }
  return FALSE;
}

JsonParser *
unclip_json_parse (const char *text, gsize length, const char *path, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) cause = NULL;
  gboolean is_one;

  if (is_hostile (text, length, &is_one))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is nested too deeply, or holds too many values, to be trusted"), path);
      return NULL;
    }
  if (! is_one)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s does not hold one JSON object and nothing else"), path);
      return NULL;
    }
  if (! g_utf8_validate_len (text, length, NULL)
      || ! json_parser_load_from_data (parser, text, length, &cause))
    {
      g_autofree char *why = unclip_error_excerpt (cause != NULL ? cause->message : _("not UTF-8"));

      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is not valid JSON: %s"), path, why);
      return NULL;
    }
  if (json_parser_get_root (parser) == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s is empty"), path);
      return NULL;
    }
  return g_steal_pointer (&parser);
}

JsonParser *
unclip_json_load (const char *path, gsize max_size, GError **error)
{
  gsize            size;
  g_autofree char *text = unclip_read_text (path, max_size, &size, error);

  return text != NULL ? unclip_json_parse (text, size, path, error) : NULL;
}

UnclipConfig *
unclip_config_load (const char *path, GError **error)
{
  g_autoptr (UnclipConfig) config = g_new0 (UnclipConfig, 1);

  config->path = g_strdup (path);
  config->parser = unclip_json_load (path, MAX_SIZE, error);
  if (config->parser == NULL)
    return NULL;
  config->object = json_node_get_object (json_parser_get_root (config->parser));
  return g_steal_pointer (&config);
}

void
unclip_config_free (UnclipConfig *config)
{
  if (config == NULL)
    return;
  g_clear_object (&config->parser);
  g_free (config->path);
  g_free (config);
}

const char *
unclip_config_path (const UnclipConfig *config)
{
  return config->path;
}

JsonObject *
unclip_config_json (const UnclipConfig *config)
{
  return config->object;
}

/* What says who wrote a file, and nothing about the network. */
static gboolean
is_remark (const char *name)
{
  return *name == '_' || strcmp (name, "architectures") == 0 || strcmp (name, "transformers_version") == 0
         || strcmp (name, "torch_dtype") == 0 || strcmp (name, "dtype") == 0;
}

static void
add_quoted (GString *out, const char *text)
{
  g_string_append_printf (out, "%" G_GSIZE_FORMAT ":%s", strlen (text), text);
}

static void add_node (GString *out, JsonNode *node);

static void
add_members (GString *out, JsonObject *object)
{
  g_autoptr (GList) names = g_list_sort (json_object_get_members (object), (GCompareFunc) strcmp);

  g_string_append_c (out, '{');
  for (GList *item = names; item != NULL; item = item->next)
    {
      JsonNode *node = json_object_get_member (object, item->data);

      if (is_remark (item->data) || JSON_NODE_HOLDS_NULL (node))
        continue;
      add_quoted (out, item->data);
      add_node (out, node);
    }
  g_string_append_c (out, '}');
}

/* Numbers by their value: 1 and 1.0 are one. */
static void
add_value (GString *out, JsonNode *node)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  if (json_node_get_value_type (node) == G_TYPE_STRING)
    add_quoted (out, json_node_get_string (node));
  else if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    g_string_append_c (out, json_node_get_boolean (node) ? 't' : 'f');
  else
    g_string_append_printf (out, "%s,", g_ascii_dtostr (text, sizeof text, json_node_get_double (node) + 0.0));
}

/* json_to_string() may print otherwise one day. */
static void
add_node (GString *out, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    add_members (out, json_node_get_object (node));
  else if (JSON_NODE_HOLDS_VALUE (node))
    add_value (out, node);
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      g_string_append_c (out, '[');
      for (guint i = 0; i < json_array_get_length (array); i++)
        add_node (out, json_array_get_element (array, i));
      g_string_append_c (out, ']');
    }
  else
    g_string_append_c (out, 'n');
}

char *
unclip_config_text (const UnclipConfig *config)
{
  GString *out = g_string_new (NULL);

  add_members (out, config->object);
  return g_string_free (out, FALSE);
}

/* NULL for what is absent or null: old files lack newer members. */
static JsonNode *
member (const UnclipConfig *config, const char *name)
{
  JsonNode *node = json_object_get_member (config->object, name);

  return node == NULL || JSON_NODE_HOLDS_NULL (node) ? NULL : node;
}

gboolean
unclip_config_has (const UnclipConfig *config, const char *name)
{
  return member (config, name) != NULL;
}

static gboolean
is_number (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

/* FALSE: not a whole number in the range. */
static gboolean
read_int (JsonNode *node, int min, int max, int *out)
{
  double value;

  if (! is_number (node))
    return FALSE;
  value = json_node_get_double (node);
  if (! (value >= min && value <= max) || value != (int) value)
    return FALSE;
  *out = (int) value;
  return TRUE;
}

static gboolean
refuse (const UnclipConfig *config, const char *name, JsonNode *node, const char *wanted, GError **error)
{
  g_autofree char *text = node == NULL ? g_strdup (_("nothing")) : json_to_string (node, FALSE);
  g_autofree char *value = unclip_error_excerpt (text);

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" is %s, but must be %s"),
               config->path, name, value, wanted);
  return FALSE;
}

gboolean
unclip_config_int (const UnclipConfig *config, const char *name, int fallback, int min, int max, int *out, GError **error)
{
  JsonNode        *node = member (config, name);
  g_autofree char *wanted = NULL;

  *out = fallback;
  if (node == NULL && fallback >= min && fallback <= max)
    return TRUE;
  if (node != NULL && read_int (node, min, max, out))
    return TRUE;
  wanted = g_strdup_printf (_("a whole number from %d to %d"), min, max);
  return refuse (config, name, node, wanted, error);
}

gboolean
unclip_config_double (const UnclipConfig *config, const char *name, double fallback, double min, double max, double *out, GError **error)
{
  JsonNode        *node = member (config, name);
  g_autofree char *wanted = NULL;

  *out = fallback;
  if (node == NULL)
    return TRUE;
  if (is_number (node) && json_node_get_double (node) >= min && json_node_get_double (node) <= max)
    {
      *out = json_node_get_double (node);
      return TRUE;
    }
  wanted = g_strdup_printf (_("a number from %g to %g"), min, max);
  return refuse (config, name, node, wanted, error);
}

gboolean
unclip_config_bool (const UnclipConfig *config, const char *name, gboolean fallback, gboolean *out, GError **error)
{
  JsonNode *node = member (config, name);

  *out = fallback;
  if (node == NULL)
    return TRUE;
  if (! JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return refuse (config, name, node, _("true or false"), error);
  *out = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
is_string (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
}

gboolean
unclip_config_string (const UnclipConfig *config, const char *name, const char *fallback, const char **out, GError **error)
{
  JsonNode *node = member (config, name);

  *out = fallback;
  if (node == NULL)
    return TRUE;
  if (! is_string (node))
    return refuse (config, name, node, _("a text"), error);
  *out = json_node_get_string (node);
  return TRUE;
}

gboolean
unclip_config_ints (const UnclipConfig *config, const char *name, int min, int max, int max_n, int *out, int *n_out, GError **error)
{
  JsonNode        *node = member (config, name);
  g_autofree char *wanted = g_strdup_printf (_("a list of 1 to %d whole numbers from %d to %d"), max_n, min, max);
  JsonArray       *array;

  if (node == NULL)
    return refuse (config, name, node, wanted, error);

  if (read_int (node, min, max, out))
    {
      for (int i = 1; i < max_n; i++)
        out[i] = out[0];
      *n_out = max_n;
      return TRUE;
    }

  if (! JSON_NODE_HOLDS_ARRAY (node))
    return refuse (config, name, node, wanted, error);
  array = json_node_get_array (node);
  if (json_array_get_length (array) < 1 || json_array_get_length (array) > (guint) max_n)
    return refuse (config, name, node, wanted, error);
  *n_out = json_array_get_length (array);
  for (int i = 0; i < *n_out; i++)
    if (! read_int (json_array_get_element (array, i), min, max, out + i))
      return refuse (config, name, node, wanted, error);
  return TRUE;
}

gboolean
unclip_config_strings (const UnclipConfig *config, const char *name, int max_n, const char **out, int *n_out, GError **error)
{
  JsonNode        *node = member (config, name);
  g_autofree char *wanted = g_strdup_printf (_("a list of 1 to %d texts"), max_n);
  JsonArray       *array;

  if (node == NULL || ! JSON_NODE_HOLDS_ARRAY (node))
    return refuse (config, name, node, wanted, error);
  array = json_node_get_array (node);
  if (json_array_get_length (array) < 1 || json_array_get_length (array) > (guint) max_n)
    return refuse (config, name, node, wanted, error);
  *n_out = json_array_get_length (array);
  for (int i = 0; i < *n_out; i++)
    {
      JsonNode *element = json_array_get_element (array, i);

      if (! is_string (element))
        return refuse (config, name, node, wanted, error);
      out[i] = json_node_get_string (element);
    }
  return TRUE;
}

gboolean
unclip_config_refuse (const UnclipConfig *config, const char *name, const char *value, GError **error)
{
  g_autofree char *excerpt = unclip_error_excerpt (value);

  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" is \"%s\", which this version cannot run"),
               config->path, name, excerpt);
  return FALSE;
}

gboolean
unclip_config_expect_string (const UnclipConfig *config, const char *name, const char *wanted, GError **error)
{
  JsonNode   *node = member (config, name);
  const char *value = node != NULL && is_string (node) ? json_node_get_string (node) : NULL;

  if (node == NULL || (value != NULL && g_strcmp0 (value, wanted) == 0))
    return TRUE;
  return unclip_config_refuse (config, name, value != NULL ? value : "?", error);
}

gboolean
unclip_config_expect_bool (const UnclipConfig *config, const char *name, gboolean wanted, GError **error)
{
  gboolean value;

  if (! unclip_config_bool (config, name, wanted, &value, error))
    return FALSE;
  return value == wanted ? TRUE : unclip_config_refuse (config, name, value ? "true" : "false", error);
}

gboolean
unclip_config_blocks (const UnclipConfig *config, const char *name, const char *const *types, int n_levels, int *out, GError **error)
{
  g_autofree const char **given = g_new0 (const char *, n_levels + 1);
  int n;

  /* One more than there may be, so that too many are said to be so. */
  if (! unclip_config_strings (config, name, n_levels + 1, given, &n, error))
    return FALSE;
  if (n != n_levels)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" names %d blocks, but block_out_channels has %d"),
                   config->path, name, n, n_levels);
      return FALSE;
    }

  for (int i = 0; i < n; i++)
    {
      out[i] = 0;
      while (types[out[i]] != NULL && strcmp (types[out[i]], given[i]) != 0)
        out[i]++;
      if (types[out[i]] == NULL)
        return unclip_config_refuse (config, name, given[i], error);
    }
  return TRUE;
}

static UnclipConfig *
share (const UnclipConfig *config, JsonObject *object)
{
  UnclipConfig *out = g_new0 (UnclipConfig, 1);

  out->path = g_strdup (config->path);
  out->parser = g_object_ref (config->parser);
  out->object = object;
  return out;
}

UnclipConfig *
unclip_config_whole (const UnclipConfig *config)
{
  return share (config, config->object);
}

UnclipConfig *
unclip_config_part (const UnclipConfig *config, const char *name)
{
  JsonNode *node = member (config, name);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? share (config, json_node_get_object (node)) : NULL;
}
