/* See model.h and component.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "model.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "about.h"
#include "component.h"
#include "family.h"

#define INDEX "model_index.json"
#define DEFAULT_MODEL "toybox"
#define DEFAULTS "_unclip_defaults"
#define PARTS "_unclip_parts"
/* What stands before the folder of a model's other repository, among the components. */
#define PRIOR_MODEL "prior_model="

struct _UnclipModel
{
  gatomicrefcount ref_count;
  char           *path;
  UnclipConfig   *index;    /* model_index.json */
  const UnclipFamily *family; /* what that says it is of */
  GHashTable     *parts;    /* name to Part; one of a whole model has none, "" */
  UnclipConfig   *defaults; /* what it recommends, checked; may be NULL */
  UnclipAbout    *about;    /* what it says of itself; may be NULL */
  GHashTable     *dirs;     /* component to folder; only those that are there */
  gboolean        is_only_looked_at;
};

/* A repository of those that a model comes in. */
typedef struct
{
  char         *dir;
  UnclipConfig *index; /* its model_index.json */
} Part;

static void
part_free (Part *part)
{
  g_free (part->dir);
  unclip_config_free (part->index);
  g_free (part);
}

UnclipModel *
unclip_model_ref (UnclipModel *model)
{
  g_atomic_ref_count_inc (&model->ref_count);
  return model;
}

void
unclip_model_unref (UnclipModel *model)
{
  if (model == NULL || ! g_atomic_ref_count_dec (&model->ref_count))
    return;
  g_hash_table_unref (model->dirs);
  g_hash_table_unref (model->parts);
  g_clear_pointer (&model->about, unclip_about_free);
  unclip_config_free (model->index);
  unclip_config_free (model->defaults);
  g_free (model->path);
  g_free (model);
}

/* ---- where models are -------------------------------------------------------------------- */

/* Folders that hold models, the most personal first; transfer full. */
static char **
search_path (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *user = g_build_filename (g_get_user_data_dir (), "unclip", "models", NULL);
  const char      *list = g_getenv ("UNCLIP_MODEL_PATH");

  if (list != NULL)
    {
      g_auto (GStrv) dirs = g_strsplit (list, G_SEARCHPATH_SEPARATOR_S, -1);

      for (char **dir = dirs; *dir != NULL; dir++)
        if (**dir != '\0')
          g_strv_builder_add (builder, *dir);
    }
  g_strv_builder_add (builder, user);
  for (const char *const *dir = g_get_system_data_dirs (); *dir != NULL; dir++)
    {
      g_autofree char *path = g_build_filename (*dir, "unclip", "models", NULL);
      g_strv_builder_add (builder, path);
    }
  return g_strv_builder_end (builder);
}

/* Of a folder that holds a model's repositories under these names. */
static const char *const part_names[] = { "decoder", "prior" };

static gboolean
has_index (const char *dir)
{
  g_autofree char *index = g_build_filename (dir, INDEX, NULL);

  return g_file_test (index, G_FILE_TEST_IS_REGULAR);
}

static gboolean
is_model (const char *dir)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    {
      g_autofree char *part = g_build_filename (dir, part_names[i], NULL);

      if (has_index (part))
        return TRUE;
    }
  return has_index (dir);
}

static char *
find_model (const char *name, GError **error)
{
  g_auto (GStrv) dirs = search_path ();
  g_autofree char *places = NULL;

  if (name != NULL && *name != '\0' && is_model (name))
    return g_canonicalize_filename (name, NULL);
  if (name != NULL && strchr (name, G_DIR_SEPARATOR) != NULL)
    {
      if (g_file_test (name, G_FILE_TEST_IS_DIR))
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("%s is not a model folder: it has no %s"), name, INDEX);
      else
        g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("There is no folder %s"), name);
      return NULL;
    }
  if (name == NULL || *name == '\0')
    name = DEFAULT_MODEL;
  for (char **dir = dirs; *dir != NULL; dir++)
    {
      g_autofree char *path = g_build_filename (*dir, name, NULL);

      if (is_model (path))
        return g_canonicalize_filename (path, NULL);
    }
  places = g_strjoinv (", ", dirs);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING,
               _("There is no model \"%s\"; looked in %s; give a model's folder, or set UNCLIP_MODEL_PATH"), name, places);
  return NULL;
}

static int
by_text (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

char **
unclip_model_list (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) dirs = search_path ();

  for (char **dir = dirs; *dir != NULL; dir++)
    {
      g_autoptr (GDir) entries = g_dir_open (*dir, 0, NULL);
      g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
      const char *name;

      while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
        {
          g_autofree char *path = g_build_filename (*dir, name, NULL);

          if (is_model (path))
            g_ptr_array_add (paths, g_steal_pointer (&path));
        }
      /* A folder gives its entries in any order. */
      g_ptr_array_sort (paths, by_text);
      for (guint i = 0; i < paths->len; i++)
        g_strv_builder_add (builder, g_ptr_array_index (paths, i));
    }
  return g_strv_builder_end (builder);
}

/* ---- opening ---------------------------------------------------------------------------------- */

static gboolean
has_component_file (const char *dir, const UnclipComponent *component)
{
  g_autofree char *path = g_build_filename (dir, component->config, NULL), *other = g_build_filename (dir, "tokenizer.json", NULL);

  return g_file_test (path, G_FILE_TEST_IS_REGULAR)
         || (component->kind == UNCLIP_KIND_TOKENIZER && g_file_test (other, G_FILE_TEST_IS_REGULAR));
}

static gboolean
add_override (UnclipModel *model, const char *text, GError **error)
{
  const char      *equals = strchr (text, '=');
  g_autofree char *name = equals != NULL ? g_strndup (text, equals - text) : g_strdup (text);
  g_autofree char *inner = NULL;
  const UnclipComponent *component = unclip_component (name);

  if (component == NULL || unclip_family_find (model->family, name) == NULL || equals == NULL || equals[1] == '\0')
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("\"%s\" does not say where a component is; write for example image_encoder=DIR"), text);
      return FALSE;
    }
  /* Both the component's own folder and a model's that holds it will do. */
  inner = g_build_filename (equals + 1, unclip_member_folder (unclip_family_find (model->family, name)), NULL);
  if (has_component_file (inner, component))
    g_hash_table_replace (model->dirs, g_strdup (name), g_steal_pointer (&inner));
  else if (has_component_file (equals + 1, component))
    g_hash_table_replace (model->dirs, g_strdup (name), g_strdup (equals + 1));
  else
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("%s has no %s, so it cannot serve as %s"),
                   equals + 1, component->config, name);
      return FALSE;
    }
  return TRUE;
}

/* What a model may recommend: in the ranges of what a caller may ask for. */
static const struct
{
  const char *name;
  double      min, max;
  gboolean    is_whole;
} known_defaults[] = {
  { "sampler_order", 1, 2, TRUE },
  { "prior_steps", 1, 1000, TRUE },
  { "generate_steps", 1, 1000, TRUE },
  { "decoder_steps", 1, 1000, TRUE },
  { "super_res_steps", 1, 1000, TRUE },
  { "super_res_skipped_steps", 0, 999, TRUE },
  { "super_res_1024_steps", 1, 1000, TRUE },
  { "super_res_1024_first_timestep", 0, 100000, TRUE },
  { "prior_guidance_scale", 0, 100, FALSE },
  { "prior_autoregressive_guidance_scale", 0, 100, FALSE },
  { "decoder_guidance_scale", 0, 100, FALSE },
  { "text_edit_guidance_scale", 0, 100, FALSE },
  { "variation_guidance_scale", 0, 100, FALSE },
  { "text_edit_strength", 0, 1, FALSE },
  { "variation_eta", 0, 1, FALSE },
};

static gboolean
read_defaults (UnclipModel *model, GError **error)
{
  if (! unclip_config_has (model->index, DEFAULTS))
    return TRUE;
  model->defaults = unclip_config_part (model->index, DEFAULTS);
  if (model->defaults == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" is not an object"), unclip_config_path (model->index), DEFAULTS);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (known_defaults); i++)
    {
      const char *name = known_defaults[i].name;
      double      min = known_defaults[i].min, max = known_defaults[i].max;

      if (! (known_defaults[i].is_whole
               ? unclip_config_int (model->defaults, name, (int) min, (int) min, (int) max, &(int) { 0 }, error)
               : unclip_config_double (model->defaults, name, min, min, max, &(double) { 0 }, error)))
        return FALSE;
    }
  return TRUE;
}

/* The repository in @dir, which has to be part @name of the model; @name NULL: whatever it is. All are of one family. */
static gboolean
add_part (UnclipModel *model, const char *dir, const char *name, GError **error)
{
  g_autofree char *path = g_build_filename (dir, INDEX, NULL);
  g_autoptr (UnclipConfig) index = unclip_config_load (path, error);
  const UnclipFamily *family;
  const char *class_name, *is;
  Part       *part;

  if (index == NULL || ! unclip_config_string (index, "_class_name", NULL, &class_name, error))
    return FALSE;
  family = unclip_family_named (class_name, dir, &is, error);
  if (family == NULL)
    return FALSE;
  if ((name != NULL && g_strcmp0 (is, name) != 0) || (model->family != NULL && family != model->family))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s is a model of the kind \"%s\", so it cannot serve as the %s of %s"),
                   dir, class_name != NULL ? class_name : "UnCLIPPipeline", name, model->path);
      return FALSE;
    }
  model->family = family;
  part = g_new (Part, 1);
  part->dir = g_canonicalize_filename (dir, model->path);
  part->index = g_steal_pointer (&index);
  g_hash_table_replace (model->parts, g_strdup (is != NULL ? is : ""), part);
  return TRUE;
}

/* "_unclip_parts": where each repository is, from here or from the disk's root. */
static gboolean
read_named_parts (UnclipModel *model, GError **error)
{
  g_autoptr (UnclipConfig) named = unclip_config_part (model->index, PARTS);

  if (named == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" is not an object"), unclip_config_path (model->index), PARTS);
      return FALSE;
    }
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    {
      const char      *place;
      g_autofree char *dir = NULL;

      if (! unclip_config_string (named, part_names[i], NULL, &place, error))
        return FALSE;
      dir = place != NULL ? g_canonicalize_filename (place, model->path) : NULL;
      if (dir != NULL && ! add_part (model, dir, part_names[i], error))
        return FALSE;
    }
  return TRUE;
}

/* Folders of a model's repositories side by side; the first one's index is the model's. */
static gboolean
read_parts_beside (UnclipModel *model, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (part_names); i++)
    {
      g_autofree char *dir = g_build_filename (model->path, part_names[i], NULL);
      Part            *part;

      if (! has_index (dir))
        continue;
      if (! add_part (model, dir, part_names[i], error))
        return FALSE;
      part = g_hash_table_lookup (model->parts, part_names[i]);
      if (model->index == NULL)
        model->index = unclip_config_whole (part->index);
    }
  return TRUE;
}

/* Which repositories the model comes in, and of which family it is. */
static gboolean
read_parts (UnclipModel *model, const char *const *components, GError **error)
{
  g_autofree char *index = g_build_filename (model->path, INDEX, NULL);

  if (! has_index (model->path))
    {
      if (! read_parts_beside (model, error))
        return FALSE;
    }
  else
    {
      model->index = unclip_config_load (index, error);
      if (model->index == NULL
          || ! (unclip_config_has (model->index, PARTS) ? read_named_parts (model, error) : add_part (model, model->path, NULL, error)))
        return FALSE;
    }
  for (; components != NULL && *components != NULL; components++)
    if (g_str_has_prefix (*components, PRIOR_MODEL) && ! add_part (model, *components + strlen (PRIOR_MODEL), "prior", error))
      return FALSE;
  if (model->family != NULL)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s: \"%s\" names no part of a model, such as \"decoder\""), unclip_config_path (model->index), PARTS);
  return FALSE;
}

/* Where the component lies; NULL without the repository that it is in. transfer none */
static const Part *
part_of (const UnclipModel *model, const UnclipMember *member)
{
  return g_hash_table_lookup (model->parts, member->part != NULL ? member->part : "");
}

static void
find_components (UnclipModel *model)
{
  const UnclipMember *member;

  for (guint i = 0; (member = unclip_family_member (model->family, i)) != NULL; i++)
    {
      const Part      *part = part_of (model, member);
      g_autofree char *dir = part != NULL ? g_build_filename (part->dir, unclip_member_folder (member), NULL) : NULL;

      if (dir != NULL && has_component_file (dir, unclip_component (member->component)))
        g_hash_table_insert (model->dirs, g_strdup (member->component), g_steal_pointer (&dir));
    }
}

UnclipModel *
unclip_model_open (const char *name, const char *const *components, GError **error)
{
  g_autoptr (UnclipModel) model = g_new0 (UnclipModel, 1);

  g_atomic_ref_count_init (&model->ref_count);
  model->dirs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  model->parts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) part_free);
  model->path = find_model (name, error);
  if (model->path == NULL || ! read_parts (model, components, error) || ! read_defaults (model, error)
      || ! unclip_about_new (model->index, model->path, &model->about, error))
    return NULL;
  find_components (model);
  for (; components != NULL && *components != NULL; components++)
    if (! g_str_has_prefix (*components, PRIOR_MODEL) && ! add_override (model, *components, error))
      return NULL;
  return g_steal_pointer (&model);
}

const char *
unclip_model_path (const UnclipModel *model)
{
  return model->path;
}

const char *
unclip_model_name (const UnclipModel *model)
{
  return strrchr (model->path, G_DIR_SEPARATOR) != NULL ? strrchr (model->path, G_DIR_SEPARATOR) + 1 : model->path;
}

const UnclipFamily *
unclip_model_family (UnclipModel *model)
{
  return model->family;
}

/* ---- what it was made for ------------------------------------------------------------------------ */

const UnclipModelAbout *
unclip_model_about (UnclipModel *model)
{
  return model->about != NULL ? unclip_about_public (model->about) : NULL;
}

/* " (Toybox knows …)", for the middle of a sentence; "" if the model has no sentence. */
static char *
in_brackets (const UnclipAbout *about)
{
  const char      *sentence = unclip_about_public (about)->sentence;
  g_autofree char *open = g_strdup (sentence);
  gsize            n = sentence != NULL ? strlen (sentence) : 0;

  if (n == 0)
    return g_strdup ("");
  if (open[n - 1] == '.')
    open[n - 1] = '\0';
  return g_strdup_printf (" (%s)", open);
}

char *
unclip_model_note_caption (UnclipModel *model, const char *y)
{
  g_autofree char *name = NULL, *excerpt = NULL, *known = NULL;

  if (model->about == NULL || y == NULL || unclip_about_knows_caption (model->about, y))
    return NULL;
  name = g_filename_display_name (unclip_model_name (model));
  excerpt = unclip_error_excerpt (y);
  known = in_brackets (model->about);
  return g_strdup_printf (_("The model %s knows no word of \"%s\"%s; for anything else download a large model, such as kakaobrain/karlo-v1-alpha, and choose its folder as the model"),
                          name, excerpt, known);
}

/* Statistics are of the image encoder that they came with. */
static gboolean
has_own_image_encoder (UnclipModel *model)
{
  g_autofree char *own = g_build_filename (model->path, "image_encoder", NULL);

  return g_strcmp0 (g_hash_table_lookup (model->dirs, "image_encoder"), own) == 0;
}

gboolean
unclip_model_note_picture (UnclipModel *model, const float *z_i, int dim, char **note, GError **error)
{
  g_autofree char *name = NULL, *known = NULL;
  double           distance;

  *note = NULL;
  if (model->about == NULL || ! unclip_about_has_z_i (model->about) || ! has_own_image_encoder (model))
    return TRUE;
  if (! unclip_about_distance (model->about, z_i, dim, &distance, error))
    return FALSE;
  if (distance <= unclip_about_threshold (model->about))
    return TRUE;
  name = g_filename_display_name (unclip_model_name (model));
  known = in_brackets (model->about);
  *note = g_strdup_printf (_("The picture is unlike those that the model %s was made for%s; for anything else download a large model, such as kakaobrain/karlo-v1-alpha, and choose its folder as the model"),
                           name, known);
  return TRUE;
}

/* ---- components -------------------------------------------------------------------------------- */

gboolean
unclip_model_has (UnclipModel *model, const char *component)
{
  return g_hash_table_contains (model->dirs, component);
}

const char *
unclip_model_component_dir (UnclipModel *model, const char *component, GError **error)
{
  const char        *dir = g_hash_table_lookup (model->dirs, component);
  const UnclipMember *member = unclip_family_find (model->family, component);

  if (dir == NULL && member == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("The model %s has no %s, which this needs: models of its kind do without"),
                 unclip_model_name (model), component);
  else if (dir == NULL)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MISSING, _("The model %s lacks %s, which this needs; %s"),
                 unclip_model_name (model), component, unclip_member_remedy (member));
  return dir;
}

UnclipConfig *
unclip_model_config (UnclipModel *model, const char *component, GError **error)
{
  const char      *dir = unclip_model_component_dir (model, component, error);
  const UnclipComponent *row = unclip_component (component);
  g_autofree char *path = NULL;

  if (dir == NULL)
    return NULL;
  path = g_build_filename (dir, row->kind == UNCLIP_KIND_TOKENIZER ? "tokenizer_config.json" : row->config, NULL);
  return unclip_config_load (path, error);
}

UnclipWeights *
unclip_model_weights (UnclipModel *model, const char *component, GError **error)
{
  const char    *dir = unclip_model_component_dir (model, component, error);
  UnclipWeights *weights = dir == NULL ? NULL : unclip_weights_open (dir, error);

  if (weights != NULL && model->is_only_looked_at)
    unclip_weights_look_at (weights);
  return weights;
}

UnclipModel *
unclip_model_look_at (UnclipModel *model)
{
  UnclipModel *out = g_new0 (UnclipModel, 1);

  g_atomic_ref_count_init (&out->ref_count);
  out->path = g_strdup (model->path);
  out->index = unclip_config_whole (model->index);
  out->family = model->family;
  out->defaults = model->defaults != NULL ? unclip_config_whole (model->defaults) : NULL;
  out->dirs = g_hash_table_ref (model->dirs);
  out->parts = g_hash_table_ref (model->parts);
  out->is_only_looked_at = TRUE;
  return out;
}

gboolean
unclip_model_is_looked_at (UnclipModel *model)
{
  return model->is_only_looked_at;
}

double
unclip_model_default (UnclipModel *model, const char *name, double fallback)
{
  double value = fallback = unclip_family_default (model->family, name, fallback);

  /* Those that are asked for were checked when the model was opened. */
  if (model->defaults != NULL)
    unclip_config_double (model->defaults, name, fallback, -G_MAXDOUBLE, G_MAXDOUBLE, &value, NULL);
  return value;
}

/* ---- info ------------------------------------------------------------------------------------------ */

static void
info_free (UnclipComponentInfo *info)
{
  g_free (info->name);
  g_free (info->class_name);
  g_free (info->path);
  g_free (info->problem);
  g_free (info->dtype);
  g_free (info);
}

/* What model_index.json says, else what the component's own config says. */
static char *
class_name (UnclipModel *model, const UnclipMember *member, UnclipConfig *config)
{
  const Part *part = part_of (model, member);
  JsonNode   *entry = part != NULL ? json_object_get_member (unclip_config_json (part->index), unclip_member_folder (member)) : NULL;
  const char *name = NULL;

  if (entry != NULL && JSON_NODE_HOLDS_ARRAY (entry) && json_array_get_length (json_node_get_array (entry)) == 2)
    {
      JsonNode *last = json_array_get_element (json_node_get_array (entry), 1);

      if (JSON_NODE_HOLDS_VALUE (last))
        name = json_node_get_string (last);
    }
  if (name == NULL && config != NULL)
    unclip_config_string (config, "_class_name", NULL, &name, NULL);
  return g_strdup (name != NULL ? name : part == NULL ? unclip_component (member->component)->class_name : "?");
}

/* NULL without an error for a tokenizer that does without: CLIP's own values hold then. */
static UnclipConfig *
config_if_needed (UnclipModel *model, const UnclipComponent *component, GError **error)
{
  if (component->kind == UNCLIP_KIND_TOKENIZER)
    {
      g_autofree char *path = g_build_filename (g_hash_table_lookup (model->dirs, component->name), "tokenizer_config.json", NULL);

      if (! g_file_test (path, G_FILE_TEST_EXISTS))
        return NULL;
    }
  return unclip_model_config (model, component->name, error);
}

static UnclipComponentInfo *
info_of (UnclipModel *model, const UnclipMember *member)
{
  const UnclipComponent *component = unclip_component (member->component);
  UnclipComponentInfo *info = g_new0 (UnclipComponentInfo, 1);
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (GError) error = NULL;

  info->name = g_strdup (component->name);
  info->required = unclip_member_is_required (member);
  info->path = g_strdup (g_hash_table_lookup (model->dirs, component->name));
  if (info->path != NULL)
    config = config_if_needed (model, component, &error);
  info->class_name = class_name (model, member, config);
  if (config != NULL && component->weights != NULL)
    {
      weights = unclip_model_weights (model, component->name, &error);
      if (weights != NULL)
        {
          info->dtype = g_strdup (unclip_weights_dtype (weights));
          info->n_parameters = unclip_weights_n_parameters (weights);
          info->size = unclip_weights_size (weights);
        }
    }
  if (error != NULL)
    info->problem = g_strdup (error->message);
  else if (info->path == NULL)
    info->problem = g_strdup_printf (_("missing; %s"), unclip_member_remedy (member));
  return info;
}

GPtrArray *
unclip_model_files (UnclipModel *model)
{
  GPtrArray *infos = g_ptr_array_new_with_free_func ((GDestroyNotify) info_free);
  const UnclipMember *member;

  for (guint i = 0; (member = unclip_family_member (model->family, i)) != NULL; i++)
    g_ptr_array_add (infos, info_of (model, member));
  return infos;
}

void
unclip_model_digest (UnclipModel *model, const char *component, GChecksum *sum)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, component, NULL);
  g_autoptr (UnclipWeights) weights = NULL;
  g_autofree char *text = NULL;

  if (config == NULL)
    return;
  text = unclip_config_text (config);
  g_checksum_update (sum, (const guchar *) component, -1);
  g_checksum_update (sum, (const guchar *) text, -1);
  weights = unclip_component (component)->weights != NULL ? unclip_model_weights (model, component, NULL) : NULL;
  if (weights != NULL)
    unclip_weights_digest (weights, sum);
}
