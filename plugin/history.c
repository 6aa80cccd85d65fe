/* See history.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "history.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "unclip.h"

/* Entries of a log; each takes about a kilobyte. */
#define MAX_ENTRIES 200
/* Latents that are looked at for a layer: those of its latest edits. */
#define MAX_LATENTS 8
/* Bytes of a selection that is kept, packed. */
#define MAX_SELECTION (1u << 20)

/* ---- parasites ------------------------------------------------------------------------------------------- */

static GBytes *
bytes_of (GimpParasite *parasite)
{
  const char *data;
  guint32     size;
  GBytes     *bytes;

  if (parasite == NULL)
    return NULL;
  data = gimp_parasite_get_data (parasite, &size);
  bytes = g_bytes_new (data, data != NULL ? size : 0);
  gimp_parasite_free (parasite);
  return bytes;
}

static void
attach (GimpLayer  *layer,
        const char *name,
        GBytes     *bytes)
{
  gsize         size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  GimpParasite *parasite = gimp_parasite_new (name, GIMP_PARASITE_PERSISTENT, (guint32) size, data);

  gimp_item_attach_parasite (GIMP_ITEM (layer), parasite);
  gimp_parasite_free (parasite);
}

/* With its final zero. */
static GBytes *
bytes_of_node (JsonNode *node)
{
  char *text = json_to_string (node, FALSE);

  return g_bytes_new_take (text, strlen (text) + 1);
}

/* Whatever an XCF from elsewhere may hold; transfer full, nullable. */
static JsonNode *
parse (GBytes *bytes)
{
  g_autofree char *text = NULL;

  if (bytes == NULL)
    return NULL;
  text = g_strndup (g_bytes_get_data (bytes, NULL) != NULL ? g_bytes_get_data (bytes, NULL) : "", g_bytes_get_size (bytes));
  return g_utf8_validate (text, -1, NULL) ? json_from_string (text, NULL) : NULL;
}

static gboolean
is_ours (const char *name)
{
  return strcmp (name, UNCLIP_PLUGIN_RECORD) == 0 || strcmp (name, UNCLIP_PLUGIN_SELECTION) == 0 || g_str_has_prefix (name, UNCLIP_PLUGIN_LATENTS);
}

/* Names of the layer's parasites that are ours; transfer full. */
static char **
our_parasites (GimpLayer *layer)
{
  g_auto (GStrv) names = gimp_item_get_parasite_list (GIMP_ITEM (layer));
  g_autoptr (GStrvBuilder) ours = g_strv_builder_new ();

  for (char **name = names; name != NULL && *name != NULL; name++)
    if (is_ours (*name))
      g_strv_builder_add (ours, *name);
  return g_strv_builder_end (ours);
}

static void
forget (GimpLayer *layer)
{
  g_auto (GStrv) names = our_parasites (layer);

  for (char **name = names; *name != NULL; name++)
    gimp_item_detach_parasite (GIMP_ITEM (layer), *name);
}

/* ---- arguments ------------------------------------------------------------------------------------------- */

/* What every image procedure has, and GIMP's own of a configuration. */
static gboolean
is_argument (const GParamSpec *spec)
{
  return spec->owner_type != GIMP_TYPE_PROCEDURE_CONFIG && strcmp (spec->name, "run-mode") != 0 && strcmp (spec->name, "image") != 0
         && strcmp (spec->name, "drawables") != 0;
}

/* transfer full, nullable: it has no form in JSON */
static JsonNode *
node_of (const GValue *value)
{
  JsonNode *node = json_node_alloc ();

  if (G_VALUE_HOLDS_STRING (value))
    return json_node_init_string (node, g_value_get_string (value) != NULL ? g_value_get_string (value) : "");
  if (G_VALUE_HOLDS_INT (value))
    return json_node_init_int (node, g_value_get_int (value));
  if (G_VALUE_HOLDS_DOUBLE (value))
    return json_node_init_double (node, g_value_get_double (value));
  if (G_VALUE_HOLDS_BOOLEAN (value))
    return json_node_init_boolean (node, g_value_get_boolean (value));
  if (G_VALUE_HOLDS (value, G_TYPE_FILE) && g_value_get_object (value) != NULL)
    {
      g_autofree char *path = g_file_get_path (g_value_get_object (value));

      return json_node_init_string (node, path != NULL ? path : "");
    }
  json_node_free (node);
  return NULL;
}

JsonObject *
unclip_plugin_history_arguments (GimpProcedureConfig *config,
                                 int                  seed)
{
  guint                   n;
  g_autofree GParamSpec **specs = g_object_class_list_properties (G_OBJECT_GET_CLASS (config), &n);
  JsonObject             *arguments = json_object_new ();

  for (guint i = 0; i < n; i++)
    {
      g_auto (GValue) value = G_VALUE_INIT;
      JsonNode *node;

      if (! is_argument (specs[i]))
        continue;
      g_object_get_property (G_OBJECT (config), specs[i]->name, &value);
      node = node_of (&value);
      if (node != NULL)
        json_object_set_member (arguments, specs[i]->name, node);
    }
  if (json_object_has_member (arguments, "seed"))
    json_object_set_int_member (arguments, "seed", seed);
  return arguments;
}

/* As the argument takes it; %FALSE: it does not. */
static gboolean
set_value (GimpProcedureConfig *config,
           GParamSpec          *spec,
           const GValue        *from)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_PARAM_SPEC_VALUE_TYPE (spec));
  if (g_type_is_a (G_PARAM_SPEC_VALUE_TYPE (spec), G_TYPE_FILE))
    {
      const char *path = G_VALUE_HOLDS_STRING (from) ? g_value_get_string (from) : NULL;

      if (path == NULL)
        return FALSE;
      if (*path != '\0')
        g_value_take_object (&value, g_file_new_for_path (path));
    }
  else if (G_VALUE_HOLDS_STRING (from) != G_VALUE_HOLDS_STRING (&value) || ! g_value_transform (from, &value))
    {
      return FALSE;
    }
  if (GIMP_IS_PARAM_SPEC_CHOICE (spec)
      && ! gimp_choice_is_valid (gimp_param_spec_choice_get_choice (spec), g_value_get_string (&value)))
    return FALSE;
  /* Which changes what is out of range. */
  if (! g_type_is_a (G_PARAM_SPEC_VALUE_TYPE (spec), G_TYPE_FILE) && g_param_value_validate (spec, &value))
    return FALSE;
  g_object_set_property (G_OBJECT (config), spec->name, &value);
  return TRUE;
}

static GParamSpec *
find_argument (GimpProcedureConfig *config,
               const char          *name)
{
  GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (config), name);

  return spec != NULL && is_argument (spec) ? spec : NULL;
}

void
unclip_plugin_history_apply (GimpProcedureConfig *config,
                             JsonObject          *arguments)
{
  g_autoptr (GList) names = json_object_get_members (arguments);

  for (GList *name = names; name != NULL; name = name->next)
    {
      JsonNode   *node = json_object_get_member (arguments, name->data);
      GParamSpec *spec = find_argument (config, name->data);
      g_auto (GValue) value = G_VALUE_INIT;

      if (spec == NULL || ! JSON_NODE_HOLDS_VALUE (node))
        continue;
      json_node_get_value (node, &value);
      set_value (config, spec, &value);
    }
}

/* @text as a value of the kind that @spec takes, or as a string. */
static void
read_value (GParamSpec *spec,
            const char *text,
            GValue     *value)
{
  GType   type = G_PARAM_SPEC_VALUE_TYPE (spec);
  char   *end;
  double  number = g_ascii_strtod (text, &end);
  gboolean is_number = end != text && *end == '\0';

  if (type == G_TYPE_BOOLEAN && (strcmp (text, "true") == 0 || strcmp (text, "false") == 0))
    {
      g_value_init (value, G_TYPE_BOOLEAN);
      g_value_set_boolean (value, strcmp (text, "true") == 0);
    }
  else if (type == G_TYPE_INT && is_number && number == (int) CLAMP (number, G_MININT, G_MAXINT))
    {
      g_value_init (value, G_TYPE_INT);
      g_value_set_int (value, (int) number);
    }
  else if (type == G_TYPE_DOUBLE && is_number)
    {
      g_value_init (value, G_TYPE_DOUBLE);
      g_value_set_double (value, number);
    }
  else
    {
      g_value_init (value, G_TYPE_STRING);
      g_value_set_string (value, text);
    }
}

gboolean
unclip_plugin_history_change (GimpProcedureConfig *config,
                              const char          *changes,
                              GError             **error)
{
  g_auto (GStrv) parts = g_strsplit_set (changes != NULL ? changes : "", ";\n", -1);

  for (char **part = parts; *part != NULL; part++)
    {
      char       *equals;
      GParamSpec *spec;
      g_auto (GValue) value = G_VALUE_INIT;

      if (*g_strstrip (*part) == '\0')
        continue;
      equals = strchr (*part, '=');
      if (equals != NULL)
        *equals = '\0';
      spec = equals != NULL ? find_argument (config, g_strstrip (*part)) : NULL;
      if (spec == NULL)
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                       _("The argument \"changes\" takes \"name=value\" with semicolons between, and the edit has no argument \"%s\""), *part);
          return FALSE;
        }
      read_value (spec, g_strstrip (equals + 1), &value);
      if (! set_value (config, spec, &value))
        {
          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The value \"%s\" is none that the argument \"%s\" takes"), equals + 1, spec->name);
          return FALSE;
        }
    }
  return TRUE;
}

/* ---- selections -------------------------------------------------------------------------------------------- */

/* @bytes through @converter; transfer full, %NULL: they are damaged, or more than @most come out. */
static GByteArray *
convert (GConverter *converter,
         GBytes     *bytes,
         gsize       most)
{
  g_autoptr (GInputStream) memory = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GInputStream) stream = g_converter_input_stream_new (memory, converter);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  guint8 piece[16384];
  gssize n;

  while ((n = g_input_stream_read (stream, piece, sizeof piece, NULL, NULL)) > 0 && out->len <= most)
    g_byte_array_append (out, piece, (guint) n);
  return n == 0 && out->len <= most ? g_steal_pointer (&out) : NULL;
}

static gsize
size_of (const UnclipPluginPixels *pixels)
{
  return (gsize) pixels->width * pixels->height * babl_format_get_bytes_per_pixel (pixels->format);
}

/* Notes in @record what the mask is like; its parasite has the values. */
static void
keep_selection (GimpLayer                *layer,
                const UnclipPluginPixels *selection,
                JsonObject               *record)
{
  g_autoptr (GZlibCompressor) zlib = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB, 6);
  g_autoptr (GBytes) rows = NULL;
  g_autoptr (GByteArray) packed = NULL;
  g_autoptr (GBytes) bytes = NULL;
  JsonObject *about;

  if (selection->rows == NULL)
    {
      json_object_set_null_member (record, "selection");
      return;
    }
  rows = g_bytes_new_static (selection->rows, size_of (selection));
  packed = convert (G_CONVERTER (zlib), rows, MAX_SELECTION);
  if (packed == NULL)
    return;
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&packed));
  attach (layer, UNCLIP_PLUGIN_SELECTION, bytes);
  about = json_object_new ();
  json_object_set_int_member (about, "width", selection->width);
  json_object_set_int_member (about, "height", selection->height);
  json_object_set_string_member (about, "format", babl_format_get_encoding (selection->format));
  json_object_set_object_member (record, "selection", about);
}

gboolean
unclip_plugin_history_selection (GimpLayer          *layer,
                                 JsonObject         *record,
                                 UnclipPluginPixels *selection)
{
  /* What masks have in images of every precision. */
  static const char *const formats[] = { "Y u8", "Y u16", "Y u32", "Y half", "Y float", "Y double", "Y' u8", "Y' u16", "Y' u32", "Y' half", "Y' float" };
  JsonNode   *node = json_object_get_member (record, "selection");
  JsonObject *about;
  const char *format = NULL, *named;
  gint64      width, height;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GZlibDecompressor) zlib = NULL;
  g_autoptr (GByteArray) rows = NULL;

  *selection = (UnclipPluginPixels) { 0 };
  if (node == NULL)
    return FALSE;
  if (JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (! JSON_NODE_HOLDS_OBJECT (node))
    return FALSE;
  about = json_node_get_object (node);
  width = json_object_get_int_member_with_default (about, "width", 0);
  height = json_object_get_int_member_with_default (about, "height", 0);
  named = json_object_get_string_member_with_default (about, "format", "");
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (strcmp (named, formats[i]) == 0)
      format = formats[i];
  bytes = bytes_of (gimp_item_get_parasite (GIMP_ITEM (layer), UNCLIP_PLUGIN_SELECTION));
  if (format == NULL || bytes == NULL || width < 1 || height < 1 || width > GIMP_MAX_IMAGE_SIZE || height > GIMP_MAX_IMAGE_SIZE)
    return FALSE;

  *selection = (UnclipPluginPixels) { (int) width, (int) height, babl_format (format), NULL };
  zlib = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  rows = size_of (selection) < G_MAXUINT32 / 2 ? convert (G_CONVERTER (zlib), bytes, size_of (selection)) : NULL;
  if (rows == NULL || rows->len != size_of (selection))
    return FALSE;
  selection->rows = g_byte_array_free (g_steal_pointer (&rows), FALSE);
  unclip_memory_hold ((gint64) size_of (selection));
  return TRUE;
}

/* ---- of a layer -------------------------------------------------------------------------------------------- */

JsonObject *
unclip_plugin_history_record (GimpLayer *layer)
{
  g_autoptr (GBytes) bytes = bytes_of (gimp_item_get_parasite (GIMP_ITEM (layer), UNCLIP_PLUGIN_RECORD));
  g_autoptr (JsonNode) node = parse (bytes);

  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_dup_object (node) : NULL;
}

/* Whether the edit of @record worked on one of these. */
static gboolean
is_of (JsonObject             *record,
       const UnclipPluginWork *works,
       int                     n_works)
{
  JsonNode  *node = json_object_get_member (record, "layers");
  JsonArray *layers = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  for (guint k = 0; layers != NULL && k < json_array_get_length (layers); k++)
    {
      JsonNode *about = json_array_get_element (layers, k);
      gint64    tattoo = JSON_NODE_HOLDS_OBJECT (about) ? json_object_get_int_member_with_default (json_node_get_object (about), "tattoo", 0) : 0;

      for (int i = 0; i < n_works; i++)
        if (works[i].layer != NULL && gimp_item_is_valid (GIMP_ITEM (works[i].layer)) && tattoo == gimp_item_get_tattoo (GIMP_ITEM (works[i].layer)))
          return TRUE;
    }
  return FALSE;
}

static void
add_latents (GPtrArray *packed,
             GimpLayer *layer)
{
  g_auto (GStrv) names = our_parasites (layer);

  for (char **name = names; *name != NULL; name++)
    {
      GBytes *bytes;

      if (! g_str_has_prefix (*name, UNCLIP_PLUGIN_LATENTS) || packed->len >= MAX_LATENTS)
        continue;
      bytes = bytes_of (gimp_item_get_parasite (GIMP_ITEM (layer), *name));
      /* The results of one edit all have the same. */
      if (bytes == NULL || g_ptr_array_find_with_equal_func (packed, bytes, (GEqualFunc) g_bytes_equal, NULL))
        g_clear_pointer (&bytes, g_bytes_unref);
      else
        g_ptr_array_add (packed, bytes);
    }
}

GPtrArray *
unclip_plugin_history_latents (GimpImage              *image,
                               const UnclipPluginWork *works,
                               int                     n_works)
{
  GPtrArray *latents = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_latents_free);
  g_autoptr (GPtrArray) all = image != NULL && gimp_image_is_valid (image) ? unclip_plugin_all_layers (image) : g_ptr_array_new ();
  g_autoptr (GPtrArray) packed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (guint i = 0; i < all->len; i++)
    {
      g_autoptr (JsonObject) record = unclip_plugin_history_record (all->pdata[i]);

      if (record != NULL && is_of (record, works, n_works))
        add_latents (packed, all->pdata[i]);
    }
  for (guint i = 0; i < packed->len; i++)
    {
      /* What is damaged is inverted anew. */
      UnclipLatents *one = unclip_latents_unpack (packed->pdata[i], NULL);

      if (one != NULL)
        g_ptr_array_add (latents, one);
    }
  return latents;
}

void
unclip_plugin_history_keep (GimpLayer                 *layer,
                            const UnclipPluginWork    *work,
                            const UnclipPluginResults *results,
                            JsonObject                *record,
                            gsize                     *room)
{
  g_autoptr (JsonNode) node = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gsize size = 0;

  forget (layer);
  if (results->metadata != UNCLIP_PLUGIN_METADATA_FULL)
    return;
  if (! work->is_blank)
    keep_selection (layer, &work->selection, record);
  node = json_node_init_object (json_node_alloc (), record);
  bytes = bytes_of_node (node);
  attach (layer, UNCLIP_PLUGIN_RECORD, bytes);

  for (guint i = 0; results->latents != NULL && i < results->latents->len; i++)
    size += g_bytes_get_size (results->latents->pdata[i]);
  if (size > *room)
    return;
  *room -= size;
  for (guint i = 0; results->latents != NULL && i < results->latents->len; i++)
    {
      g_autofree char *name = g_strdup_printf (UNCLIP_PLUGIN_LATENTS "%u", i + 1);

      attach (layer, name, results->latents->pdata[i]);
    }
}

/* ---- of an image -------------------------------------------------------------------------------------------- */

JsonArray *
unclip_plugin_history_log (GimpImage *image)
{
  g_autoptr (GBytes) bytes = bytes_of (gimp_image_get_parasite (image, UNCLIP_PLUGIN_LOG));
  g_autoptr (JsonNode) node = parse (bytes);
  JsonArray *log = json_array_new ();

  if (node == NULL || ! JSON_NODE_HOLDS_ARRAY (node))
    return log;
  for (guint i = 0; i < json_array_get_length (json_node_get_array (node)); i++)
    {
      JsonNode *entry = json_array_get_element (json_node_get_array (node), i);

      if (JSON_NODE_HOLDS_OBJECT (entry))
        json_array_add_element (log, json_node_copy (entry));
    }
  return log;
}

void
unclip_plugin_history_log_add (GimpImage  *image,
                               JsonObject *record,
                               GimpLayer **layers)
{
  g_autoptr (JsonArray) log = unclip_plugin_history_log (image);
  g_autoptr (JsonNode) old = json_node_init_object (json_node_alloc (), record), node = NULL;
  g_autoptr (JsonNode) copied = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format_iso8601 (now), *text = json_to_string (old, FALSE);
  g_autoptr (GBytes) bytes = NULL;
  JsonObject      *entry;
  JsonArray       *results = json_array_new ();
  GimpParasite    *parasite;

  /* One that is nobody else's. */
  copied = json_from_string (text, NULL);
  entry = json_node_dup_object (copied);
  for (GimpLayer **layer = layers; *layer != NULL; layer++)
    json_array_add_int_element (results, gimp_item_get_tattoo (GIMP_ITEM (*layer)));
  json_object_set_string_member (entry, "time", time);
  json_object_set_array_member (entry, "results", results);
  json_array_add_object_element (log, entry);
  while (json_array_get_length (log) > MAX_ENTRIES)
    json_array_remove_element (log, 0);

  node = json_node_init_array (json_node_alloc (), log);
  bytes = bytes_of_node (node);
  parasite = gimp_parasite_new (UNCLIP_PLUGIN_LOG, GIMP_PARASITE_PERSISTENT | GIMP_PARASITE_UNDOABLE, (guint32) g_bytes_get_size (bytes),
                                g_bytes_get_data (bytes, NULL));
  gimp_image_attach_parasite (image, parasite);
  gimp_parasite_free (parasite);
}

void
unclip_plugin_history_strip (GimpImage *image)
{
  g_autoptr (GPtrArray) all = unclip_plugin_all_layers (image);

  gimp_image_undo_group_start (image);
  for (guint i = 0; i < all->len; i++)
    forget (all->pdata[i]);
  gimp_image_detach_parasite (image, UNCLIP_PLUGIN_LOG);
  gimp_image_undo_group_end (image);
}
