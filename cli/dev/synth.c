/* Models with random weights: every tensor that the networks ask for, in a scale that keeps activations
 * near one through dozens of layers. Written as a stream, as a model is larger than memory.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "synth.h"
#include "dev.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "family.h"
#include "network.h"
#include "read.h"
#include "safetensors.h"

#define INDEX "model_index.json"
/* Values made at a time: a megabyte of float32, which stays in a second-level cache. */
#define CHUNK (1 << 18)
/* Of a config or a part of a tokenizer. */
#define MAX_CONFIG (64 << 20)

/* ---- names and shapes -------------------------------------------------------------------------- */

gboolean
unclip_synth_component (guint i, const char **name)
{
  const UnclipComponent *component;

  for (guint k = 0; (component = unclip_component_at (k)) != NULL; k++)
    if (component->weights != NULL && i-- == 0)
      {
        *name = component->name;
        return TRUE;
      }
  return FALSE;
}

GPtrArray *
unclip_synth_entries (const char *dir, const char *component, UnclipDtype dtype, GError **error)
{
  const UnclipNetworkKind *kind = unclip_network_kind (unclip_component (component));
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) unclip_entry_free);
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();
  g_autofree char *path = g_build_filename (dir, "config.json", NULL);
  g_autoptr (UnclipConfig) config = unclip_config_load (path, error);
  g_auto (BkContext) context = { 0 };
  const char *name;
  const int  *dims;
  int         n_dims;
  gpointer    network;

  if (config == NULL)
    return NULL;
  bk_context_init (&context, 1);
  network = kind->construct (config, weights, component, &context, error);
  if (network == NULL)
    return NULL;
  kind->free (network);
  for (guint i = 0; unclip_weights_recorded (weights, i, &name, &n_dims, &dims); i++)
    g_ptr_array_add (entries, unclip_entry_new (name, dtype, n_dims, dims));
  return g_steal_pointer (&entries);
}

/* ---- values ------------------------------------------------------------------------------------------ */

/* Values are uniform in mean ± width, which takes no logarithms: a network does not mind. They come from
 * splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014), because base's
 * generators, which are made to be independent or compatible, take minutes for a billion values. */
static guint64
splitmix64 (guint64 *state)
{
  guint64 z = (*state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

typedef struct
{
  float mean, width;
} Distribution;

static gboolean
ends_with_any (const char *name, const char *const *ends)
{
  for (; *ends != NULL; ends++)
    if (g_str_has_suffix (name, *ends))
      return TRUE;
  return FALSE;
}

static Distribution
distribution (const UnclipEntry *entry)
{
  static const char *const tables[] = { "token_embedding.weight", "position_embedding.weight", NULL };
  /* The last layer of a residual branch: what it adds is small, so that a deep sum stays near one. */
  static const char *const branches[] = { "out_proj.weight", "fc2.weight", "ff.net.2.weight", "to_out.0.weight",
                                          "conv2.weight", NULL };
  float sd = 0.02f, mean = 0;

  if (g_str_has_suffix (entry->name, "clip_std"))
    return (Distribution) { 1.0f, 0.2f };
  if (g_str_has_suffix (entry->name, "pca_basis")) /* rows of about unit length */
    return (Distribution) { 0, sqrtf (3.0f / entry->dims[1]) };
  if (entry->n_dims == 1 && g_str_has_suffix (entry->name, ".weight"))
    mean = 1.0f; /* a normalisation's */
  else if (entry->n_dims >= 2 && g_str_has_suffix (entry->name, ".weight") && ! ends_with_any (entry->name, tables))
    sd = (ends_with_any (entry->name, branches) ? 0.3f : 1.0f) / sqrtf ((float) (entry->n / entry->dims[0]));
  return (Distribution) { mean, sd * sqrtf (3.0f) };
}

static guint16
bf16_of_f32 (float value)
{
  guint32 bits;

  memcpy (&bits, &value, 4);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16; /* ties to even */
}

/* Of what is smaller than 2: weights are. */
static guint16
f16_of_f32 (float value)
{
  guint32 bits, sign;

  memcpy (&bits, &value, 4);
  sign = bits >> 16 & 0x8000;
  bits &= 0x7fffffff;
  if (bits < 0x38800000) /* 2^-14, below which halfs are multiples of 2^-24 */
    {
      float magnitude;

      memcpy (&magnitude, &bits, 4);
      return sign | (guint16) lrintf (magnitude * 0x1p24f);
    }
  return sign | (bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13;
}

/* In place: a smaller value never overtakes one that is yet to be read. */
static void
narrow (float *values, gsize n, UnclipDtype dtype)
{
  guint16 *out = (guint16 *) values;

  if (dtype == UNCLIP_DTYPE_F16)
    for (gsize i = 0; i < n; i++)
      out[i] = f16_of_f32 (values[i]);
  else if (dtype == UNCLIP_DTYPE_BF16)
    for (gsize i = 0; i < n; i++)
      out[i] = bf16_of_f32 (values[i]);
}

/* @n: may be odd; the state is then that of n + 1. */
static void
fill (float *values, gsize n, Distribution shape, guint64 *state)
{
  float scale = shape.width * 0x1p-31f;

  for (gsize i = 0; i < n; i += 2)
    {
      guint64 bits = splitmix64 (state);

      values[i] = shape.mean + scale * (gint32) bits;
      if (i + 1 < n)
        values[i + 1] = shape.mean + scale * (gint32) (bits >> 32);
    }
}

/* Values @first and those after of rows that rise evenly from -3 to 3, as edges of buckets have to. */
static void
fill_edges (float *values, gsize n, gsize first, int n_edges)
{
  for (gsize i = 0; i < n; i++)
    values[i] = (float) ((first + i) % n_edges) / (n_edges - 1) * 6 - 3;
}

/* Of a tensor, by its name: what comes before it does not matter. */
static guint64
seed_of (guint64 seed, const char *component, const char *name)
{
  g_autofree char *text = g_strdup_printf ("%" G_GUINT64_FORMAT " %s %s", seed, component, name);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  guint64 digest[4];
  gsize   size = sizeof digest;

  g_checksum_update (sum, (const guchar *) text, -1);
  g_checksum_get_digest (sum, (guint8 *) digest, &size);
  return GUINT64_FROM_LE (digest[0]);
}

/* ---- writing ------------------------------------------------------------------------------------------- */

typedef struct
{
  const char          *config_dir;
  char                *out_dir;          /* where it is made */
  guint64              seed;
  UnclipDtype          dtype;
  const UnclipOptions *options;
  GPtrArray           *made;             /* element-type UnclipPart: what is to be removed if we fail, in the order of making */
  guint64              size, size_done;  /* bytes of weights, over all components */
  float               *values;           /* [CHUNK] */
  UnclipModel         *model;            /* the configs', where they lie in several repositories; else NULL */
} Synth;

/* Where the component lies in @config_dir, and will in @out_dir; NULL: in neither. transfer full */
static char *
folder_of (const Synth *synth, const char *component)
{
  const char *dir;

  if (synth->model == NULL)
    return g_strdup (component);
  dir = unclip_model_has (synth->model, component) ? unclip_model_component_dir (synth->model, component, NULL) : NULL;
  return dir != NULL ? g_strdup (dir + strlen (unclip_model_path (synth->model)) + 1) : NULL;
}

static gboolean
write_tensor (Synth *synth, UnclipWriter *writer, const char *component, const UnclipEntry *entry, GError **error)
{
  guint64      state = seed_of (synth->seed, component, entry->name);
  Distribution shape = distribution (entry);
  gsize        value_size = unclip_dtype_size (synth->dtype);

  for (gsize done = 0; done < entry->n; done += CHUNK)
    {
      gsize n = MIN (CHUNK, entry->n - done);

      if (g_str_has_suffix (entry->name, "_edges"))
        fill_edges (synth->values, n, done, entry->dims[entry->n_dims - 1]);
      else
        fill (synth->values, n, shape, &state);
      narrow (synth->values, n, synth->dtype);
      if (! unclip_writer_write (writer, synth->values, n * value_size, error)
          || g_cancellable_set_error_if_cancelled (synth->options->cancellable, error))
        return FALSE;
      synth->size_done += n * value_size;
    }
  return TRUE;
}

static gboolean
write_weights (Synth *synth, const char *component, const char *file, GPtrArray *entries, GError **error)
{
  g_autofree char *folder = folder_of (synth, component), *path = g_build_filename (synth->out_dir, folder, file, NULL);
  g_autoptr (UnclipWriter) writer = unclip_writer_new (path, entries, NULL, error);

  if (writer == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      if (! write_tensor (synth, writer, component, g_ptr_array_index (entries, i), error))
        return FALSE;
      if (synth->options->progress != NULL)
        {
          UnclipProgress progress = { component, i + 1, entries->len, (double) synth->size_done / synth->size, NULL };

          synth->options->progress (&progress, synth->options->progress_data);
        }
    }
  if (! unclip_writer_finish (writer, error))
    return FALSE;
  g_ptr_array_add (synth->made, unclip_part_adopt (path));
  return TRUE;
}

static gboolean
fail_to_make (const char *dir, int code, GError **error)
{
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("The folder %s cannot be made: %s"), dir, g_strerror (code));
  return FALSE;
}

static gboolean
make_dir (Synth *synth, const char *dir, GError **error)
{
  if (g_mkdir (dir, 0777) != 0)
    return fail_to_make (dir, errno, error);
  g_ptr_array_add (synth->made, unclip_part_adopt (dir));
  return TRUE;
}

static gboolean
write_text (Synth *synth, const char *path, const char *text, gssize size, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (! g_file_set_contents_full (path, text, size, G_FILE_SET_CONTENTS_CONSISTENT, 0666, &cause))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s cannot be written: %s"), path, cause->message);
      return FALSE;
    }
  g_ptr_array_add (synth->made, unclip_part_adopt (path));
  return TRUE;
}

static gboolean
copy (Synth *synth, const char *from, const char *to, GError **error)
{
  gsize            size;
  g_autofree char *text = unclip_read_text (from, MAX_CONFIG, &size, error);

  return text != NULL && write_text (synth, to, text, size, error);
}

/* The index of shards tells of weights that are not copied. */
static gboolean
is_config (const char *name)
{
  return (g_str_has_suffix (name, ".json") && strstr (name, ".index.") == NULL) || g_str_has_suffix (name, ".txt");
}

static gboolean
copy_configs (Synth *synth, const char *component, GError **error)
{
  g_autofree char *folder = folder_of (synth, component);
  g_autofree char *from = g_build_filename (synth->config_dir, folder, NULL);
  g_autofree char *to = g_build_filename (synth->out_dir, folder, NULL);
  g_autofree char *above = g_path_get_dirname (to);
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (from, 0, NULL) : NULL;
  const char *name;

  if (dir == NULL)
    return TRUE;
  if (! g_file_test (above, G_FILE_TEST_IS_DIR) && ! make_dir (synth, above, error))
    return FALSE;
  if (! make_dir (synth, to, error))
    return FALSE;
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *source = g_build_filename (from, name, NULL), *target = g_build_filename (to, name, NULL);

      if (is_config (name) && g_file_test (source, G_FILE_TEST_IS_REGULAR) && ! copy (synth, source, target, error))
        return FALSE;
    }
  return TRUE;
}

/* Of each repository. */
static gboolean
write_indices (Synth *synth, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (synth->out_dir, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *from = g_build_filename (synth->config_dir, name, INDEX, NULL);
      g_autofree char *to = g_build_filename (synth->out_dir, name, INDEX, NULL);

      if (g_file_test (from, G_FILE_TEST_IS_REGULAR) && ! copy (synth, from, to, error))
        return FALSE;
    }
  return TRUE;
}

/* model_index.json makes a folder a model, so it comes last. */
static gboolean
write_index (Synth *synth, GError **error)
{
  g_autofree char *from = g_build_filename (synth->config_dir, INDEX, NULL);
  g_autofree char *to = g_build_filename (synth->out_dir, INDEX, NULL);
  g_autoptr (GString) text = NULL;
  const UnclipComponent *component;

  if (g_file_test (from, G_FILE_TEST_IS_REGULAR))
    return copy (synth, from, to, error);
  if (synth->model != NULL)
    return write_indices (synth, error);

  text = g_string_new ("{\n  \"_class_name\": \"UnCLIPPipeline\"");
  for (guint i = 0; (component = unclip_component_at (i)) != NULL; i++)
    {
      g_autofree char *dir = g_build_filename (synth->config_dir, component->name, NULL);

      if (g_file_test (dir, G_FILE_TEST_IS_DIR))
        g_string_append_printf (text, ",\n  \"%s\": [\"%s\", \"%s\"]", component->name, component->library, component->class_name);
    }
  g_string_append (text, "\n}\n");
  return write_text (synth, to, text->str, text->len, error);
}

/* Tensors of every network that has a config, in the order of the table; NULL elements for the other components. */
static gboolean
find_entries (Synth *synth, GPtrArray *lists, GError **error)
{
  const UnclipComponent *component;
  gboolean is_any = FALSE;

  for (guint i = 0; (component = unclip_component_at (i)) != NULL; i++)
    {
      g_autofree char *folder = folder_of (synth, component->name);
      g_autofree char *dir = g_build_filename (synth->config_dir, folder, NULL);
      g_autofree char *config = g_build_filename (dir, "config.json", NULL);
      GPtrArray       *entries;

      g_ptr_array_add (lists, NULL);
      if (folder == NULL || component->weights == NULL || ! g_file_test (config, G_FILE_TEST_EXISTS))
        continue;
      entries = lists->pdata[i] = unclip_synth_entries (dir, component->name, synth->dtype, error);
      if (entries == NULL)
        return FALSE;
      is_any = TRUE;
      for (guint k = 0; k < entries->len; k++)
        synth->size += ((UnclipEntry *) g_ptr_array_index (entries, k))->size;
    }
  if (! is_any)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has no component with a config.json, such as decoder/config.json"),
                 synth->config_dir);
  return is_any;
}

static gboolean
write_model (Synth *synth, GPtrArray *lists, GError **error)
{
  const UnclipComponent *component;

  for (guint i = 0; (component = unclip_component_at (i)) != NULL; i++)
    if (! copy_configs (synth, component->name, error)
        || (lists->pdata[i] != NULL && ! write_weights (synth, component->name, component->weights, lists->pdata[i], error)))
      return FALSE;
  return write_index (synth, error);
}

static void
clear_entries (gpointer entries)
{
  if (entries != NULL)
    g_ptr_array_unref (entries);
}

static gboolean
check_out_dir (const char *out_dir, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (out_dir, 0, NULL);

  if (dir == NULL || g_dir_read_name (dir) == NULL)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s holds files already; name a folder that is not there yet"), out_dir);
  return FALSE;
}

/* The folder that the model is made in, beside the one that it becomes in the end: nobody finds half a model. */
static gboolean
make_temporary (Synth *synth, const char *target, GError **error)
{
  g_autofree char *beside = g_path_get_dirname (target);
  g_autofree char *temporary = g_build_filename (beside, ".unclip-XXXXXX", NULL);

  if (g_mkdtemp_full (temporary, 0777) == NULL)
    return fail_to_make (target, errno, error);
  g_ptr_array_add (synth->made, unclip_part_adopt (temporary));
  synth->out_dir = g_steal_pointer (&temporary);
  return TRUE;
}

/* Gives it its name. An empty folder may be in its place. */
static gboolean
finish (Synth *synth, const char *target, GError **error)
{
  if (g_rename (synth->out_dir, target) != 0)
    return fail_to_make (target, errno, error);
  for (guint i = 0; i < synth->made->len; i++)
    unclip_part_keep (g_ptr_array_index (synth->made, i));
  return TRUE;
}

/* Configs in several repositories, which only the model's family knows its way about. */
static UnclipModel *
open_configs (const char *config_dir)
{
  g_autoptr (UnclipModel) model = unclip_model_open (config_dir, NULL, NULL);

  return model != NULL && unclip_family_member (unclip_model_family (model), 0)->part != NULL ? g_steal_pointer (&model) : NULL;
}

static gboolean
read_dtype (const char *text, UnclipDtype *dtype, GError **error)
{
  if (strcmp (text, "f32") == 0)
    *dtype = UNCLIP_DTYPE_F32;
  else if (strcmp (text, "f16") == 0)
    *dtype = UNCLIP_DTYPE_F16;
  else if (strcmp (text, "bf16") == 0)
    *dtype = UNCLIP_DTYPE_BF16;
  else
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("\"%s\" is no type of weights; there are f32, f16 and bf16"), text);
      return FALSE;
    }
  return TRUE;
}

/* Where links lead to, without a slash at its end; transfer full */
static char *
resolve (const char *path)
{
  g_autofree char *real = realpath (path, NULL);

  return real != NULL ? g_strdup (real) : g_canonicalize_filename (path, NULL);
}

/* Messages name the folder that was asked for. */
static void
rename_in_error (const char *from, const char *to, GError **error)
{
  g_autoptr (GString) message = NULL;

  if (error == NULL || *error == NULL || from == NULL)
    return;
  message = g_string_new ((*error)->message);
  g_string_replace (message, from, to, 0);
  g_free ((*error)->message);
  (*error)->message = g_string_free_and_steal (g_steal_pointer (&message));
}

gboolean
unclip_synth (const char *config_dir, const char *out_dir, guint64 seed, const char *dtype, const UnclipOptions *options, GError **error)
{
  static const UnclipOptions defaults = { .guidance_scale = -1, .prior_guidance_scale = -1 };
  g_autoptr (GPtrArray) made = g_ptr_array_new ();
  g_autofree float *values = g_new (float, CHUNK);
  g_autofree char  *target = resolve (out_dir);
  g_autoptr (GPtrArray) lists = g_ptr_array_new_with_free_func (clear_entries);
  g_autoptr (UnclipModel) configs = open_configs (config_dir);
  Synth      synth = { config_dir, NULL, seed, UNCLIP_DTYPE_F32, options != NULL ? options : &defaults, made, 0, 0, values, configs };
  gboolean   is_written;

  is_written = read_dtype (dtype, &synth.dtype, error)
               && check_out_dir (target, error)
               && find_entries (&synth, lists, error)
               && make_temporary (&synth, target, error)
               && write_model (&synth, lists, error)
               && finish (&synth, target, error);
  if (! is_written)
    rename_in_error (synth.out_dir, out_dir, error);

  /* The last first, as folders have to be empty. */
  for (guint i = made->len; i > 0; i--)
    unclip_part_free (g_ptr_array_index (made, i - 1));
  g_free (synth.out_dir);
  return is_written;
}
