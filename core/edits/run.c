/* Options, progress, captions, pictures: see run.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "framing.h"
#include "recall.h"

/* Of pictures that a model makes: with more, counts of pixels and of attention's rows would leave an int. */
#define MAX_SIDE 4096
/* Timesteps of Stable unCLIP's schedule of z_i's noise. */
#define N_NOISE_LEVELS 1000

/* ---- options ----------------------------------------------------------------------------------- */

static gboolean
check_range (const char *name, double value, double min, double max, GError **error)
{
  if (value >= min && value <= max)
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("%s is %g, but must be from %g to %g"), name, value, min, max);
  return FALSE;
}

/* A guidance that is left to the model. */
static gboolean
is_default (double value)
{
  return value < 0 && isfinite (value);
}

static gboolean
check_options (const UnclipOptions *options, GError **error)
{
  return check_range (_("The number of threads"), options->n_threads, 0, 1024, error)
         && check_range (_("The side of a tile"), options->tile, 0, 65536, error)
         && check_range (_("The number of steps"), options->n_steps, 0, 1000, error)
         && check_range (_("The number of prior steps"), options->prior_n_steps, 0, 1000, error)
         && check_range (_("The number of upsampler steps"), options->super_res_n_steps, 0, 1000, error)
         && check_range (_("The noise level"), options->noise_level, 0, N_NOISE_LEVELS - 1, error)
         && (is_default (options->guidance_scale) || check_range (_("The guidance scale"), options->guidance_scale, 0, 100, error))
         && (is_default (options->prior_guidance_scale) || check_range (_("The prior's guidance scale"), options->prior_guidance_scale, 0, 100, error));
}

/* sample_size of a UNet, or 0 if the model lacks it. */
static gboolean
sample_size (UnclipModel *model, const char *component, int *size, GError **error)
{
  g_autoptr (UnclipConfig) config = NULL;

  *size = 0;
  if (! unclip_model_has (model, component))
    return TRUE;
  config = unclip_model_config (model, component, error);
  return config != NULL && unclip_config_int (config, "sample_size", 64, 1, MAX_SIDE, size, error);
}

static gboolean
choose_size (UnclipRun *run, GError **error)
{
  g_autoptr (GString) sizes = g_string_new (NULL);
  int wanted = run->options->size, most;

  if (unclip_model_component_dir (run->model, "decoder", error) == NULL
      || ! sample_size (run->model, "decoder", &run->state_side, error)
      || ! sample_size (run->model, UNCLIP_FIRST_UPSAMPLER, &run->first_size, error)
      || ! sample_size (run->model, UNCLIP_SECOND_UPSAMPLER, &most, error))
    return FALSE;

  if (wanted != 0 && unclip_codec_side (&run->codec, wanted) > 0)
    run->state_side = unclip_codec_side (&run->codec, wanted);
  run->low_size = run->state_side * run->codec.factor;
  run->n_state = (gsize) run->state_side * run->state_side * run->codec.n_channels;
  /* The second upsampler takes longer than all else together, so it is for those who ask for it. */
  run->size = wanted != 0 && unclip_codec_side (&run->codec, wanted) == 0 ? wanted : MAX (run->low_size, run->first_size);
  run->upsamples = run->size != run->low_size;
  if (! run->upsamples || run->size == run->first_size)
    return TRUE;
  /* Then it is the upsampler that is missing, and its message says where to get it. */
  if (run->first_size == 0 && unclip_model_component_dir (run->model, UNCLIP_FIRST_UPSAMPLER, error) == NULL)
    return FALSE;
  if (wanted == 1024 && unclip_model_component_dir (run->model, UNCLIP_SECOND_UPSAMPLER, error) == NULL)
    return FALSE;
  run->upsamples_twice = run->size == most;
  if (run->upsamples_twice && most % run->first_size == 0)
    return TRUE;

  if (run->upsamples_twice)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("super_res_1024 makes pictures of %d pixels, no multiple of the %d that super_res_first makes; take both from the same model"),
                   most, run->first_size);
      return FALSE;
    }
  g_string_printf (sizes, "%d, %d", run->low_size, run->first_size);
  if (most > 0)
    g_string_append_printf (sizes, ", %d", most);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The size %d is not one that the model %s makes; it makes %s"),
               wanted, unclip_model_name (run->model), sizes->str);
  return FALSE;
}

static UnclipSampler
choose_sampler (const UnclipRun *run)
{
  if (run->options->sampler != UNCLIP_SAMPLER_DEFAULT)
    return run->options->sampler;
  /* torch's numbers are for diffusers' pictures, which come by its own sampler. */
  return run->options->rng == UNCLIP_RNG_PHILOX && unclip_model_default (run->model, "sampler_order", 1) == 2 ? UNCLIP_SAMPLER_DPM : UNCLIP_SAMPLER_DDPM;
}

gboolean
unclip_run_init (UnclipRun *run, UnclipModel *model, const UnclipOptions *options, GError **error)
{
  static const UnclipOptions defaults = { .guidance_scale = -1, .prior_guidance_scale = -1 };

  memset (run, 0, sizeof *run);
  run->options = options != NULL ? options : &defaults;
  if (! check_options (run->options, error))
    return FALSE;
  run->model = unclip_model_ref (model);
  if (! unclip_codec_init (&run->codec, model, error) || ! choose_size (run, error))
    return FALSE;

  run->random = unclip_random_new (run->options->rng, run->options->seed);
  run->n_steps = run->options->n_steps > 0 ? run->options->n_steps : (int) unclip_model_default (model, "decoder_steps", 25);
  run->prior_n_steps = run->options->prior_n_steps > 0 ? run->options->prior_n_steps : (int) unclip_model_default (model, "prior_steps", 25);
  run->super_res_n_steps = unclip_upsampler_n_steps (run, UNCLIP_FIRST_UPSAMPLER);
  run->sampler = unclip_sampler_kind (choose_sampler (run));
  return unclip_context_init (&run->context, run->options, error);
}

void
unclip_run_offer_candidates (UnclipRun *run)
{
  run->candidates = run->options->candidates;
  if (run->candidates != NULL)
    *run->candidates = NULL;
}

void
unclip_run_use (const UnclipRun *run, double guidance_scale, double strength)
{
  if (run->options->used != NULL)
    *run->options->used = (UnclipUsed) {
      .precision = run->context.type == BK_BF16 ? UNCLIP_PRECISION_BF16 : UNCLIP_PRECISION_F32,
      .size = run->size,
      .n_steps = run->n_steps,
      .guidance_scale = guidance_scale,
      .strength = strength,
    };
}

void
unclip_run_clear (UnclipRun *run)
{
  g_clear_pointer (&run->model, unclip_model_unref);
  g_clear_pointer (&run->random, unclip_random_free);
  bk_context_clear (&run->context);
}

/* ---- progress ------------------------------------------------------------------------------------- */

void
unclip_run_expect (UnclipRun *run, double cost)
{
  run->cost_total += cost;
  if (run->options->used != NULL)
    run->options->used->cost = run->cost_total;
}

gboolean
unclip_run_step (UnclipRun *run, const char *stage, int step, int n_steps, double cost, const float *x_0, int side, GError **error)
{
  g_autoptr (UnclipImage) preview = NULL;

  run->cost_done += cost;
  if (run->options->progress != NULL)
    {
      UnclipProgress progress = { stage, step, n_steps, run->cost_total > 0 ? MIN (run->cost_done / run->cost_total, 1.0) : 0.0, NULL };

      if (x_0 != NULL)
        progress.preview = preview = unclip_run_image (x_0, side, NULL);
      run->options->progress (&progress, run->options->progress_data);
    }
  return ! g_cancellable_set_error_if_cancelled (run->options->cancellable, error)
         && ! (run->candidates != NULL && g_cancellable_set_error_if_cancelled (run->options->stop, error));
}

gboolean
unclip_run_candidate (UnclipRun *run, int number, const float *state, GError **error)
{
  g_autoptr (UnclipImage) square = NULL;

  if (run->candidates == NULL || run->options->candidate == NULL)
    return TRUE;
  square = unclip_run_small_image (run, state, error);
  if (square == NULL)
    return FALSE;
  run->options->candidate (number, square, run->options->candidate_data);
  return TRUE;
}

gboolean
unclip_run_is_stopped (UnclipRun *run, int n_done, GError **error)
{
  if (run->candidates == NULL || n_done == 0 || ! g_cancellable_is_cancelled (run->options->stop) || g_cancellable_is_cancelled (run->options->cancellable))
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

void
unclip_run_note (UnclipRun *run, UnclipNoteKind kind, const char *sentence)
{
  if (run->options->note != NULL && (run->noted & 1u << kind) == 0)
    run->options->note (sentence, run->options->note_data);
  run->noted |= 1u << kind;
}

static gboolean
agree_on_dim (UnclipRun *run, int dim, GError **error)
{
  if (run->dim == 0)
    run->dim = dim;
  return unclip_fit_towers (run->dim, dim, error);
}

/* ---- captions ----------------------------------------------------------------------------------------- */

/* Tokens of the longest of @n captions. */
static int
longest (const int *mask, int n, int length)
{
  int t = 1;

  for (int i = 0; i < n; i++)
    for (int j = t; j < length; j++)
      if (mask[i * length + j] != 0)
        t = j + 1;
  return t;
}

/* The first @t of each row's @length values; transfer full. */
static int *
shorten (const int *values, int n, int length, int t)
{
  int *out = g_new (int, n * t);

  for (int i = 0; i < n; i++)
    memcpy (out + i * t, values + i * length, t * sizeof *out);
  return out;
}

/* What of caption @i the text tower will not see. */
static void
note_cut (UnclipRun *run, const UnclipTokenizer *tokenizer, const char *text, int i)
{
  int              n_words = unclip_tokenizer_words_cut (tokenizer, text);
  g_autofree char *excerpt = unclip_error_excerpt (text), *sentence = NULL;

  if (n_words == 0)
    return;
  sentence = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "The caption \"%s\" is longer than the model reads: its last word is left out",
                                           "The caption \"%s\" is longer than the model reads: its last %d words are left out", n_words),
                              excerpt, n_words);
  unclip_run_note (run, UNCLIP_NOTE_CUT + MIN (i, 8), sentence);
}

/* That the model knows nothing of a caption. */
static void
note_unknown (UnclipRun *run, const char *text)
{
  g_autofree char *note = unclip_model_note_caption (run->model, text);

  if (note != NULL)
    unclip_run_note (run, UNCLIP_NOTE_CAPTION, note);
}

gboolean
unclip_run_captions (UnclipRun *run, const char *const *texts, int n, UnclipCaptions *captions, GError **error)
{
  g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (run->model, error);
  g_autoptr (UnclipTextTower) tower = NULL;
  g_autofree int *ids = NULL, *mask = NULL, *short_ids = NULL;
  int length, t;

  if (tokenizer == NULL || ! unclip_run_step (run, "text_encoder", 0, 1, 0, NULL, 0, error))
    return FALSE;
  tower = unclip_text_tower_new (run->model, &run->context, error);
  if (tower == NULL || ! agree_on_dim (run, unclip_text_tower_dim (tower), error))
    return FALSE;

  *captions = (UnclipCaptions) { n, unclip_text_tower_length (tower), unclip_text_tower_width (tower), unclip_text_tower_dim (tower) };
  if (! unclip_fit_tokens (tokenizer, tower, error))
    return FALSE;
  length = captions->length;
  ids = g_new (int, n * length);
  mask = g_new (int, n * length);
  for (int i = 0; i < n; i++)
    {
      const char *text = texts[i] != NULL ? texts[i] : "";

      unclip_tokenizer_encode (tokenizer, text, ids + i * length, mask + i * length);
      note_cut (run, tokenizer, text, i);
      note_unknown (run, text);
    }

  t = captions->n_tokens = longest (mask, n, length);
  short_ids = shorten (ids, n, length, t);
  captions->mask = shorten (mask, n, length, t);
  captions->states = g_new (float, (gsize) n * t * captions->width);
  captions->z_t = g_new (float, (gsize) n * captions->dim);
  return unclip_text_tower_encode (tower, short_ids, n, t, captions->states, captions->z_t, error)
         && unclip_run_step (run, "text_encoder", 1, 1, UNCLIP_COST_TEXT, NULL, 0, error);
}

UnclipStages
unclip_run_edit_stages (const UnclipRun *run)
{
  return UNCLIP_STAGE_IMAGE | UNCLIP_STAGE_DECODER | (unclip_conditioner_sees_captions (run->model) ? UNCLIP_STAGE_TEXT : 0);
}

gboolean
unclip_run_decoder_captions (UnclipRun *run, const char *const *texts, int n, UnclipCaptions *captions, GError **error)
{
  if (unclip_conditioner_sees_captions (run->model))
    return unclip_run_captions (run, texts, n, captions, error);
  *captions = (UnclipCaptions) { .n = n, .dim = run->dim };
  return TRUE;
}

/* ---- pictures --------------------------------------------------------------------------------------------- */

/* A tenth of the range: neighbours in a plain colour or a smooth gradient differ by less, those at any edge by more. */
#define EDGE 26

/* Whether there is anything in a picture that a model could know or not know. */
static gboolean
has_edges (const guint8 *rgb, int width, int height)
{
  gsize stride = (gsize) width * 3, n = stride * height;

  for (gsize i = 0; i < n; i++)
    if ((i % stride >= 3 && abs (rgb[i] - rgb[i - 3]) >= EDGE) || (i >= stride && abs (rgb[i] - rgb[i - stride]) >= EDGE))
      return TRUE;
  return FALSE;
}

/* Of a picture that the model was not made for. */
static gboolean
note_picture (UnclipRun *run, const float *z_i, int dim, GError **error)
{
  g_autofree char *note = NULL;

  if (! unclip_model_note_picture (run->model, z_i, dim, &note, error))
    return FALSE;
  if (note != NULL)
    unclip_run_note (run, UNCLIP_NOTE_PICTURE, note);
  return TRUE;
}

/* z_i [*dim] of a square that preprocessing takes, by the image tower; transfer full. */
static float *
encode_square (UnclipRun *run, const UnclipPreprocess *preprocess, const guint8 *rgb, int side, int *dim, GError **error)
{
  g_autoptr (UnclipImageTower) tower = unclip_image_tower_new (run->model, &run->context, error);
  g_autofree float *pixels = NULL, *z_i = NULL;

  if (tower == NULL || ! agree_on_dim (run, unclip_image_tower_dim (tower), error)
      || ! unclip_fit_pictures (preprocess, tower, error))
    return NULL;
  pixels = g_new (float, (gsize) preprocess->crop_w * preprocess->crop_h * 3);
  if (! unclip_preprocess_run (preprocess, rgb, side, side, NULL, pixels, error))
    return NULL;
  *dim = unclip_image_tower_dim (tower);
  z_i = g_new (float, *dim);
  if (! unclip_image_tower_encode (tower, pixels, 1, NULL, z_i, error)
      || ! unclip_conditioner_meet_tower (run->model, tower, &run->context, error))
    return NULL;
  return g_steal_pointer (&z_i);
}

float *
unclip_run_embed (UnclipRun *run, const UnclipImage *x, int *dim, GError **error)
{
  UnclipPreprocess preprocess;
  g_autoptr (UnclipImage) square = NULL;
  g_autofree guint8 *rgb = NULL;
  g_autofree float  *z_i = NULL;

  if (! unclip_run_step (run, "image_encoder", 0, 1, 0, NULL, 0, error)
      || ! unclip_preprocess_load (run->model, &preprocess, error))
    return NULL;
  square = unclip_frame_square (x, preprocess.size, run->options->framing, error);
  if (square == NULL)
    return NULL;
  /* Holes are filled, so alpha has done its work; white is not to shine through. */
  for (gsize i = 0; square->n_channels == 4 && i < (gsize) square->width * square->height; i++)
    square->pixels[4 * i + 3] = 1.0f;
  rgb = unclip_image_to_rgb8 (square, error);
  if (rgb == NULL)
    return NULL;
  z_i = unclip_run_recall_z_i (run, x, dim);
  if (z_i == NULL)
    z_i = encode_square (run, &preprocess, rgb, square->width, dim, error);
  if (z_i == NULL || ! agree_on_dim (run, *dim, error)
      || (has_edges (rgb, square->width, square->height) && ! note_picture (run, z_i, *dim, error))
      || ! unclip_run_step (run, "image_encoder", 1, 1, UNCLIP_COST_IMAGE, NULL, 0, error))
    return NULL;
  return g_steal_pointer (&z_i);
}

float *
unclip_run_picture (UnclipRun *run, const UnclipImage *x, int side, GError **error)
{
  g_autoptr (UnclipImage) square = unclip_frame_square (x, side, run->options->framing, error);
  float *out;

  if (square == NULL)
    return NULL;
  out = g_new (float, (gsize) side * side * 3);
  for (gsize i = 0; i < (gsize) side * side; i++)
    for (int c = 0; c < 3; c++)
      out[3 * i + c] = unclip_frame_in_range (square->pixels[i * square->n_channels + c]) * 2.0f - 1.0f;
  return out;
}

UnclipImage *
unclip_run_image (const float *x, int side, GError **error)
{
  UnclipImage *image = unclip_image_new (side, side, 3);

  if (image == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, _("There is not enough memory for the picture"));
      return NULL;
    }
  for (gsize i = 0; i < (gsize) side * side * 3; i++)
    image->pixels[i] = unclip_frame_in_range (x[i] * 0.5f + 0.5f);
  return image;
}

gboolean
unclip_run_images (GPtrArray *images, GPtrArray *pictures, int side, GError **error)
{
  for (guint i = 0; i < pictures->len; i++)
    {
      UnclipImage *image = unclip_run_image (pictures->pdata[i], side, error);

      if (image == NULL)
        return FALSE;
      g_ptr_array_add (images, image);
      g_clear_pointer (&pictures->pdata[i], g_free);
    }
  return TRUE;
}

/* So that z_i's noise is not x_T's once more. */
#define Z_I_NOISE G_GUINT64_CONSTANT (0xD1B54A32D192ED03)

void
unclip_run_noise_z_i (const UnclipRun *run, const float *z_i, int dim, guint64 seed, float *out)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, N_NOISE_LEVELS);
  g_autoptr (UnclipRandom)   random = unclip_random_new (run->options->rng, seed ^ Z_I_NOISE);
  g_autofree float *unit = g_new (float, dim);
  double            length, alpha_bar = schedule->alpha_bar[run->options->noise_level];

  if (run->options->noise_level == 0)
    {
      memcpy (out, z_i, dim * sizeof (float));
      return;
    }
  unclip_random_normal (random, out, dim);
  unclip_normalise (out, out, dim);
  length = unclip_normalise (unit, z_i, dim);
  for (int i = 0; i < dim; i++)
    out[i] = (float) (sqrt (alpha_bar) * unit[i] + sqrt (1 - alpha_bar) * out[i]);
  unclip_normalise (out, out, dim);
  for (int i = 0; i < dim; i++)
    out[i] *= (float) length;
}

void
unclip_run_reseed (UnclipRun *run, guint64 seed)
{
  unclip_random_free (run->random);
  run->random = unclip_random_new (run->options->rng, seed);
}

void
unclip_run_noise (UnclipRun *run, float *out, int side, int n_channels)
{
  gsize n_pixels = (gsize) side * side;
  g_autofree float *planes = g_new (float, n_pixels * n_channels);

  unclip_random_normal (run->random, planes, n_pixels * n_channels);
  for (gsize i = 0; i < n_pixels; i++)
    for (int c = 0; c < n_channels; c++)
      out[i * n_channels + c] = planes[c * n_pixels + i];
}
