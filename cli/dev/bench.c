/* The speed of one network: forward passes on random data, without what loads and packs its weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dev.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "conditioner.h"
#include "nets.h"
#include "tiles.h"

/* Guidance puts the conditional and the unconditional row into one batch. */
#define GUIDED_BATCH 2

/* Any timestep: the time that a pass takes does not depend on it. */
#define TIMESTEP 500

/* Pixels of the pictures that Kandinsky is mostly asked for. */
#define AUTOENCODER_SIDE 512

/* A network that is ready to run. @inputs, @outputs: what else the pass needs, owned. */
typedef struct
{
  BkContext context;
  int      n_batch, size;
  gpointer net;
  void   (*free_net) (gpointer net);
  gboolean (*pass) (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error);
  float   *buffers[4];
  int     *ids;
} Subject;

static void
subject_clear (Subject *subject)
{
  if (subject->net != NULL)
    subject->free_net (subject->net);
  for (guint i = 0; i < G_N_ELEMENTS (subject->buffers); i++)
    g_free (subject->buffers[i]);
  g_free (subject->ids);
  bk_context_clear (&subject->context);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

/* @n values, standard normal. */
static gboolean
add_buffer (Subject *subject, int i, gsize n, GError **error)
{
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, i);

  subject->buffers[i] = g_try_new (float, n);
  if (subject->buffers[i] == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for a batch of %d at the size %d"),
                   subject->n_batch, subject->size);
      return FALSE;
    }
  unclip_random_normal (random, subject->buffers[i], n);
  return TRUE;
}

/* Networks that take no pictures, or pictures of one size alone. */
static gboolean
check_size (const char *component, int wanted, int size, GError **error)
{
  if (wanted == 0 || wanted == size)
    return TRUE;
  if (size == 0)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%s takes no pictures, and so no size"), component);
  else
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%s of this model takes pictures of the size %d only, not %d"), component, size, wanted);
  return FALSE;
}

/* ---- towers -------------------------------------------------------------------------------------- */

static gboolean
pass_text_tower (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  return unclip_text_tower_encode (net, ids, n_batch, unclip_text_tower_length (net), buffers[0], buffers[1], error);
}

static gboolean
prepare_text_tower (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipTextTower *tower = unclip_text_tower_new (model, &subject->context, error);
  gsize            n_tokens;

  if (tower == NULL)
    return FALSE;
  subject->net = tower;
  subject->free_net = (void (*) (gpointer)) unclip_text_tower_free;
  subject->pass = pass_text_tower;
  n_tokens = (gsize) subject->n_batch * unclip_text_tower_length (tower);
  /* Token 0 at every place: which ones they are does not matter. */
  subject->ids = g_new0 (int, n_tokens);
  return check_size (component, subject->size, 0, error)
         && add_buffer (subject, 0, n_tokens * unclip_text_tower_width (tower), error)
         && add_buffer (subject, 1, (gsize) subject->n_batch * unclip_text_tower_dim (tower), error);
}

static gboolean
pass_image_tower (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  return unclip_image_tower_encode (net, buffers[0], n_batch, NULL, buffers[1], error);
}

static gboolean
prepare_image_tower (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipImageTower *tower = unclip_image_tower_new (model, &subject->context, error);
  int               size;

  if (tower == NULL)
    return FALSE;
  subject->net = tower;
  subject->free_net = (void (*) (gpointer)) unclip_image_tower_free;
  subject->pass = pass_image_tower;
  size = unclip_image_tower_size (tower);
  if (! check_size (component, subject->size, size, error))
    return FALSE;
  subject->size = size;
  return add_buffer (subject, 0, (gsize) subject->n_batch * size * size * 3, error)
         && add_buffer (subject, 1, (gsize) subject->n_batch * unclip_image_tower_dim (tower), error);
}

/* ---- prior and text projection --------------------------------------------------------------------- */

/* Width of the text tower's states, which prior and projection take. */
static gboolean
text_width (UnclipModel *model, int *width, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "text_encoder", error);

  return config != NULL && unclip_config_int (config, "hidden_size", 512, 1, 65536, width, error);
}

static gboolean
pass_prior (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  return unclip_prior_predict (net, buffers[0], TIMESTEP, buffers[1], buffers[2], NULL, unclip_prior_length (net), n_batch, buffers[3], error);
}

static gboolean
prepare_prior (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipPrior *prior = unclip_prior_new (model, &subject->context, error);
  gsize        n = subject->n_batch;
  int          width;

  if (prior == NULL)
    return FALSE;
  subject->net = prior;
  subject->free_net = (void (*) (gpointer)) unclip_prior_free;
  subject->pass = pass_prior;
  return check_size (component, subject->size, 0, error)
         && text_width (model, &width, error)
         && add_buffer (subject, 0, n * unclip_prior_dim (prior), error)
         && add_buffer (subject, 1, n * unclip_prior_dim (prior), error)
         && add_buffer (subject, 2, n * unclip_prior_length (prior) * width, error)
         && add_buffer (subject, 3, n * unclip_prior_dim (prior), error);
}

/* What a text projection needs to know besides: the tokens of a caption, and the width of z_i. */
static gboolean
text_length (UnclipModel *model, int *length, int *dim, GError **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "text_encoder", error);
  g_autoptr (UnclipConfig) proj = unclip_model_config (model, "text_proj", error);

  return config != NULL && proj != NULL
         && unclip_config_int (config, "max_position_embeddings", 77, 1, 65536, length, error)
         && unclip_config_int (proj, "clip_embeddings_dim", 768, 1, 65536, dim, error);
}

/* The text tower's states, in buffers[2], have as many tokens as ids[0] says. */
static gboolean
pass_text_proj (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  gsize n_context = (gsize) n_batch * (unclip_text_proj_n_extra (net) + ids[0]) * unclip_text_proj_context_width (net);

  /* buffers[3] holds both outputs. */
  return unclip_text_proj_run (net, buffers[0], buffers[1], buffers[2], n_batch, ids[0], buffers[3], buffers[3] + n_context, error);
}

static gboolean
prepare_text_proj (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipTextProj *proj = unclip_text_proj_new (model, &subject->context, error);
  gsize           n = subject->n_batch;
  int             width, length, dim;

  if (proj == NULL)
    return FALSE;
  subject->net = proj;
  subject->free_net = (void (*) (gpointer)) unclip_text_proj_free;
  subject->pass = pass_text_proj;
  if (! check_size (component, subject->size, 0, error)
      || ! text_width (model, &width, error)
      || ! text_length (model, &length, &dim, error))
    return FALSE;
  subject->ids = g_new (int, 1);
  subject->ids[0] = length;
  return add_buffer (subject, 0, n * dim, error)
         && add_buffer (subject, 1, n * dim, error)
         && add_buffer (subject, 2, n * length * width, error)
         && add_buffer (subject, 3, n * ((unclip_text_proj_n_extra (proj) + length) * unclip_text_proj_context_width (proj)
                                         + unclip_text_proj_time_width (proj)), error);
}

/* ---- UNets ----------------------------------------------------------------------------------------------- */

static gboolean
pass_unet (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  return unclip_unet_predict (net, buffers[0], TIMESTEP, n_batch, size, size, buffers[1], error);
}

/* Of the largest condition that the decoder is given. */
static gboolean
count_tokens (UnclipModel *model, BkContext *context, const UnclipUnet *unet, int *n_tokens, GError **error)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();

  return unclip_conditioner_measure (model, weights, context, unet, &(guint64) { 0 }, n_tokens, error);
}

/* The condition comes with the loop, not with the pass. */
static gboolean
set_context (Subject *subject, UnclipModel *model, GError **error)
{
  const UnclipUnet *unet = subject->net;
  gsize n = subject->n_batch;
  int   n_tokens;

  return count_tokens (model, &subject->context, unet, &n_tokens, error)
         && add_buffer (subject, 2, n * n_tokens * unclip_unet_context_width (unet), error)
         && add_buffer (subject, 3, n * unclip_unet_time_width (unet), error)
         && unclip_unet_set_context (subject->net, subject->buffers[2], NULL, subject->buffers[3], n, n_tokens, error);
}

static gboolean
prepare_unet (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipUnet *unet = unclip_unet_new (model, component, &subject->context, error);
  gsize       n_pixels;

  if (unet == NULL)
    return FALSE;
  subject->net = unet;
  subject->free_net = (void (*) (gpointer)) unclip_unet_free;
  subject->pass = pass_unet;
  if (subject->size == 0)
    subject->size = MIN (unclip_unet_sample_size (unet), UNCLIP_TILE_SIDE);
  n_pixels = (gsize) subject->n_batch * subject->size * subject->size;
  return add_buffer (subject, 0, n_pixels * unclip_unet_in_channels (unet), error)
         && add_buffer (subject, 1, n_pixels * unclip_unet_out_channels (unet), error)
         && (! unclip_unet_is_conditional (unet) || set_context (subject, model, error));
}

/* Its decoder: what every picture takes. */
static gboolean
pass_autoencoder (gpointer net, int n_batch, int size, float *const buffers[], int *ids, GError **error)
{
  int side = size / unclip_autoencoder_factor (net);

  return unclip_autoencoder_decode (net, buffers[0], n_batch, side, side, buffers[1], error);
}

/* The size is that of the picture. */
static gboolean
prepare_autoencoder (Subject *subject, UnclipModel *model, const char *component, GError **error)
{
  UnclipAutoencoder *autoencoder = unclip_autoencoder_new (model, component, UNCLIP_AUTOENCODER_DECODER, &subject->context, error);
  gsize              n_pixels;
  int                factor;

  if (autoencoder == NULL)
    return FALSE;
  subject->net = autoencoder;
  subject->free_net = (void (*) (gpointer)) unclip_autoencoder_free;
  subject->pass = pass_autoencoder;
  factor = unclip_autoencoder_factor (autoencoder);
  subject->size = (subject->size == 0 ? AUTOENCODER_SIDE : MAX (subject->size, factor)) / factor * factor;
  n_pixels = (gsize) subject->n_batch * subject->size * subject->size;
  return add_buffer (subject, 0, n_pixels / factor / factor * unclip_autoencoder_n_latents (autoencoder), error)
         && add_buffer (subject, 1, n_pixels * 3, error);
}

/* ---- measuring --------------------------------------------------------------------------------------------- */

static const struct
{
  int      n_batch; /* of the pipeline */
  gboolean (*prepare) (Subject *subject, UnclipModel *model, const char *component, GError **error);
} subjects[UNCLIP_N_KINDS] = {
  [UNCLIP_KIND_TEXT_TOWER] = { GUIDED_BATCH, prepare_text_tower },
  [UNCLIP_KIND_IMAGE_TOWER] = { 1, prepare_image_tower },
  [UNCLIP_KIND_PRIOR] = { GUIDED_BATCH, prepare_prior },
  [UNCLIP_KIND_TEXT_PROJ] = { GUIDED_BATCH, prepare_text_proj },
  [UNCLIP_KIND_UNET] = { GUIDED_BATCH, prepare_unet },
  [UNCLIP_KIND_UPSAMPLER] = { 1, prepare_unet },
  [UNCLIP_KIND_AUTOENCODER] = { 1, prepare_autoencoder },
};

const char *const *
unclip_bench_components (void)
{
  static const char *names[32];
  const UnclipComponent *component;
  guint n = 0;

  /* The same pointers every time, so that two threads may do this at once. */
  for (guint i = 0; (component = unclip_component_at (i)) != NULL && n < G_N_ELEMENTS (names) - 1; i++)
    if (subjects[component->kind].prepare != NULL)
      names[n++] = component->name;
  return names;
}

static gboolean
prepare (Subject *subject, UnclipModel *model, const char *name, GError **error)
{
  const UnclipComponent *component = unclip_component (name);
  g_autofree char       *known = NULL;

  if (component != NULL && subjects[component->kind].prepare != NULL)
    {
      if (subject->n_batch == 0)
        subject->n_batch = subjects[component->kind].n_batch;
      return subjects[component->kind].prepare (subject, model, name, error);
    }
  known = g_strjoinv (", ", (char **) unclip_bench_components ());
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("There is no network \"%s\" to measure; there are %s"), name, known);
  return FALSE;
}

static int
compare_seconds (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* The most memory that this process ever had, in MB; 0 where Linux does not say. */
static double
peak_rss (void)
{
  g_autofree char *status = NULL;
  const char      *line;

  if (! g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "VmHWM:");
  return line != NULL ? g_ascii_strtod (line + strlen ("VmHWM:"), NULL) * 1024 / 1e6 : 0; /* it is in KiB */
}

static gboolean
run_once (Subject *subject, int i, int n, const char *component, const UnclipOptions *options, GError **error)
{
  if (! subject->pass (subject->net, subject->n_batch, subject->size, subject->buffers, subject->ids, error))
    return FALSE;
  if (options->progress != NULL)
    {
      UnclipProgress progress = { component, i, n, (i + 1.0) / (n + 1), NULL };

      options->progress (&progress, options->progress_data);
    }
  return ! g_cancellable_set_error_if_cancelled (options->cancellable, error);
}

gboolean
unclip_bench (UnclipModel *model, const char *component, int n_batch, int size, int n_repeat, const UnclipOptions *options, UnclipBench *bench, GError **error)
{
  static const UnclipOptions defaults = { .guidance_scale = -1, .prior_guidance_scale = -1 };
  g_auto (Subject) subject = { .n_batch = n_batch, .size = size };
  g_autofree double *seconds = NULL;
  BkCounters counters;
  double     total = 0;

  g_return_val_if_fail (n_batch >= 0 && size >= 0 && n_repeat >= 1, FALSE);

  if (options == NULL)
    options = &defaults;
  if (! unclip_context_init (&subject.context, options, error)
      || ! prepare (&subject, model, component, error)
      || ! run_once (&subject, 0, n_repeat, component, options, error))
    return FALSE;

  seconds = g_new (double, n_repeat);
  subject.context.counters = (BkCounters) { 0 };
  for (int i = 0; i < n_repeat; i++)
    {
      gint64 start = g_get_monotonic_time ();

      if (! run_once (&subject, i + 1, n_repeat, component, options, error))
        return FALSE;
      seconds[i] = (g_get_monotonic_time () - start) / (double) G_USEC_PER_SEC;
      total += seconds[i];
    }
  counters = subject.context.counters;
  qsort (seconds, n_repeat, sizeof *seconds, compare_seconds);

  *bench = (UnclipBench) {
    .precision = unclip_precision_is_bf16 (options->precision) ? "bf16" : "f32",
    .cpu_level = bk_cpu_level (),
    .n_threads = subject.context.n_threads,
    .n_batch = subject.n_batch,
    .size = subject.size,
    .n_repeat = n_repeat,
    .median_s = (seconds[(n_repeat - 1) / 2] + seconds[n_repeat / 2]) / 2,
    .min_s = seconds[0],
    .gflop = counters.flop / n_repeat / 1e9,
    .non_gemm_share = total > 0 ? CLAMP (1 - counters.gemm_seconds / total, 0, 1) : 0,
    .peak_rss_mb = peak_rss (),
  };
  bench->gflop_per_s = bench->median_s > 0 ? bench->gflop / bench->median_s : 0;
  return TRUE;
}
