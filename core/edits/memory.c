/* What memory a job takes, found before it starts. Each network is built from its config alone, on weights that
 * only record, and so measures itself: what the loader will ask for, at this CPU level and precision.
 *
 * Counted are, for each stage, packed weights and working memory and what the job holds beside them: states of an inversion,
 * pictures on their way to the results, tiles. Stages follow one another, so that the largest says it all. Not counted: the mapped weight
 * files, whose pages are the system's to take back, and the caller's own pictures, which are there already: see unclip_memory_hold().
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tiles.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "framing.h"
#include "latents.h"
#include "network.h"

/* The decoder works on two rows wherever there is guidance, which is nearly everywhere. */
#define GUIDED_BATCH 2

/* States of the decoder's size that are there whatever it does: a step's own, the network's rows in and out, a picture and its reconstruction. */
#define N_STATES_OF_A_STEP 16
/* Pictures of the results' size beside them: what an edit is laid over, framed and as its reconstruction; and what making one
 * of what the network gave takes, by itself or laid over that. */
#define N_LAID_OVER 2
#define N_TO_MAKE 1
#define N_TO_LAY_OVER 3

/* Libraries' own memory, stacks, tokens and what the heap does not give back: what the measured peaks of small jobs were above the rest. */
#define ALWAYS 10000000

/* Bytes of a picture or state [height, width, 3]. */
static guint64
picture_size (guint64 width, guint64 height)
{
  return width * height * 3 * sizeof (float);
}

static guint64
square_size (int side)
{
  return picture_size (side, side);
}

static guint64
held_by_framing (const UnclipRun *run, const UnclipJob *job, int size)
{
  return job->x != NULL ? unclip_frame_working_size (job->x, size, run->options->framing) : 0;
}

/* What the largest stage so far is, unless this one is larger: a network of @network bytes while the job holds @held beside it. */
static void
keep_larger (UnclipNeed *need, guint64 network, guint64 held, const char *component)
{
  if (ALWAYS + network + held <= need->size)
    return;
  need->size = ALWAYS + network + held;
  need->network = network;
  need->component = component;
}

/* A network whose working memory is small beside its weights. */
static gboolean
need_weights (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, const char *component, GError **error)
{
  const UnclipNetworkKind *kind = unclip_network_kind (unclip_component (component));
  gpointer                 network = unclip_network_measured (run->model, component, weights, &run->context, error);

  if (network == NULL)
    return FALSE;
  keep_larger (need, kind->weights_size (network), 0, component);
  kind->free (network);
  return TRUE;
}

static gboolean
need_image (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipImageTower) tower = unclip_network_measured (run->model, "image_encoder", weights, &run->context, error);

  if (tower == NULL)
    return FALSE;
  keep_larger (need, unclip_image_tower_weights_size (tower), held_by_framing (run, job, unclip_image_tower_size (tower)), "image_encoder");
  return TRUE;
}

/* What an edit holds while its results are enlarged to @side: all of them large and small, and the picture itself. */
static guint64
held_by_edit (const UnclipRun *run, const UnclipJob *job, int side)
{
  return (guint64) job->n_results * (square_size (run->low_size) + square_size (side)) + (job->lays_over ? N_LAID_OVER : 0) * square_size (run->size)
         + job->n_enlarged_states * square_size (run->first_size);
}

static gboolean
need_decoder (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_network_measured (run->model, "decoder", weights, &run->context, error);
  guint64 conditioner_size, codec_size, states;
  int     n_tokens;

  if (unet == NULL || ! unclip_conditioner_measure (run->model, weights, &run->context, unet, &conditioner_size, &n_tokens, error)
      || (unclip_unet_is_conditional (unet) && ! unclip_unet_set_context (unet, NULL, NULL, NULL, GUIDED_BATCH, n_tokens, error))
      || ! unclip_unet_predict (unet, NULL, 0, GUIDED_BATCH, run->state_side, run->state_side, NULL, error)
      || ! unclip_codec_measure (&run->codec, run->model, weights, &run->context, run->low_size, &codec_size, error))
    return FALSE;
  states = ((guint64) N_STATES_OF_A_STEP + job->n_states + job->n_results) * run->n_state * sizeof (float);
  keep_larger (need, conditioner_size + unclip_unet_weights_size (unet) + unclip_unet_working_size (unet)
                       /* Candidates are shown while others are to come. */
                       + (run->options->candidate != NULL ? codec_size : 0),
               states, "decoder");
  if (codec_size > 0)
    keep_larger (need, codec_size, states + held_by_edit (run, job, run->size) + N_TO_LAY_OVER * square_size (run->size), run->codec.row->component);
  return TRUE;
}

/* Of an upsampler on pictures of @width × @height: 0 with an error if it cannot. */
static guint64
upsampler_size (UnclipRun *run, UnclipWeights *weights, const char *component, int width, int height, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_network_measured (run->model, component, weights, &run->context, error);

  if (unet == NULL || ! unclip_unet_predict (unet, NULL, 0, 1, height, width, NULL, error))
    return 0;
  return unclip_unet_weights_size (unet) + unclip_unet_working_size (unet);
}

/* Of its two networks two large ones are never held together: see ../stages/upsampler.c. */
static gboolean
need_first_upsampler (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  gboolean has_last = unclip_model_has (run->model, "super_res_last");
  guint64  first = upsampler_size (run, weights, UNCLIP_FIRST_UPSAMPLER, run->first_size, run->first_size, error);
  guint64  last = first > 0 && has_last ? upsampler_size (run, weights, "super_res_last", run->first_size, run->first_size, error) : 0;

  if (first == 0 || (has_last && last == 0))
    return FALSE;
  keep_larger (need, first > UNCLIP_LARGE_NETWORK ? MAX (first, last) : first + last, held_by_edit (run, job, run->first_size), UNCLIP_FIRST_UPSAMPLER);
  return TRUE;
}

/* An upsampler in tiles that makes a picture of @width × @height. */
static gboolean
need_tiles (UnclipRun *run, UnclipNeed *need, UnclipWeights *weights, const char *component, int width, int height, int factor, guint64 held, GError **error)
{
  g_autoptr (UnclipUnet) unet = unclip_network_measured (run->model, component, weights, &run->context, error);
  UnclipTileSize tile;
  guint64        network;

  if (unet == NULL)
    return FALSE;
  tile = unclip_tile_size (run, unet, width, height, factor);
  network = upsampler_size (run, weights, component, tile.width, tile.height, error);
  if (network == 0)
    return FALSE;
  keep_larger (need, network, held + tile.working_size, component);
  return TRUE;
}

static gboolean
need_second_upsampler (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  /* The last of the results is what the tiles are at work on. */
  return need_tiles (run, need, weights, UNCLIP_SECOND_UPSAMPLER, run->size, run->size, run->size / run->first_size,
                     held_by_edit (run, job, run->size) - MIN (job->n_results, 1) * square_size (run->size), error);
}

/* The enlarging of a picture, and the result of it. */
static gboolean
need_upscaling (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, UnclipWeights *weights, GError **error)
{
  int width = job->width * job->factor, height = job->height * job->factor;

  if (! need_tiles (run, need, weights, job->upscaler, width, height, job->factor, picture_size (job->width, job->height), error))
    return FALSE;
  /* The network's picture, the result with alpha, and alpha by itself. */
  keep_larger (need, 0, picture_size (width, height) * (job->has_alpha ? 3 : 2) + picture_size (job->width, job->height), UNCLIP_PICTURES);
  return TRUE;
}

UnclipStages
unclip_run_upsampler_stages (const UnclipRun *run)
{
  if (run->candidates != NULL)
    return UNCLIP_STAGE_NONE;
  return (run->upsamples ? UNCLIP_STAGE_FIRST_UPSAMPLER : 0) | (run->upsamples_twice ? UNCLIP_STAGE_SECOND_UPSAMPLER : 0);
}

gboolean
unclip_run_need (UnclipRun *run, const UnclipJob *job, UnclipNeed *need, GError **error)
{
  g_autoptr (UnclipWeights) weights = unclip_weights_new_recording ();
  UnclipStages stages = job->stages | ((job->stages & UNCLIP_STAGE_DECODER) != 0 ? unclip_conditioner_stages (run->model, &run->context) : 0);

  *need = (UnclipNeed) { 0 };
  if (job->upscaler != NULL)
    return need_upscaling (run, job, need, weights, error);
  keep_larger (need, 0, job->n_results * square_size (run->low_size) + held_by_framing (run, job, run->size), UNCLIP_PICTURES);
  keep_larger (need, 0, held_by_edit (run, job, run->size) + (job->lays_over ? N_TO_LAY_OVER : N_TO_MAKE) * square_size (run->size), UNCLIP_PICTURES);
  return ((stages & UNCLIP_STAGE_TEXT) == 0 || need_weights (run, need, weights, "text_encoder", error))
         && ((stages & UNCLIP_STAGE_IMAGE) == 0 || need_image (run, job, need, weights, error))
         && ((stages & UNCLIP_STAGE_PRIOR) == 0 || need_weights (run, need, weights, "prior", error))
         && ((stages & UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE) == 0 || need_weights (run, need, weights, "prior_autoregressive", error))
         && ((stages & UNCLIP_STAGE_DECODER) == 0 || need_decoder (run, job, need, weights, error))
         && ((stages & UNCLIP_STAGE_FIRST_UPSAMPLER) == 0 || need_first_upsampler (run, job, need, weights, error))
         && ((stages & UNCLIP_STAGE_SECOND_UPSAMPLER) == 0 || need_second_upsampler (run, job, need, weights, error));
}

gboolean
unclip_run_check_memory (UnclipRun *run, const UnclipJob *job, GError **error)
{
  guint64          available = unclip_memory_available ();
  g_autofree char *wanted = NULL, *there = NULL;
  UnclipNeed       need;

  if (! unclip_run_need (run, job, &need, error))
    return FALSE;
  if (strcmp (need.component, UNCLIP_PICTURES) == 0)
    return unclip_frame_check_memory (need.size, error);
  if (available == 0 || need.size <= available)
    return TRUE;
  wanted = g_format_size (need.size);
  there = g_format_size (available);
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY,
               _("The %s of the model %s takes %s of memory, and %s are free; close other programs, or use a smaller model, size or tile"),
               need.component, unclip_model_name (run->model), wanted, there);
  return FALSE;
}

gboolean
unclip_model_memory (UnclipModel *model, const UnclipOptions *options, guint64 *size, int *side, const char **component, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  UnclipStages stages;
  UnclipJob    job = { .n_results = 1, .lays_over = TRUE };
  UnclipNeed   need;

  if (! unclip_run_init (&run, model, options, error))
    return FALSE;
  job.n_states = unclip_inversion_states (UNCLIP_INVERT_RESIDUALS, run.n_steps);
  stages = unclip_run_edit_stages (&run) & ~UNCLIP_STAGE_IMAGE;
  /* Without them some jobs are not possible, and the others are asked about. */
  if (unclip_model_has (model, "image_encoder"))
    stages |= UNCLIP_STAGE_IMAGE;
  if (unclip_model_has (model, "prior"))
    stages |= UNCLIP_STAGE_PRIOR;
  job.stages = stages | unclip_run_upsampler_stages (&run);
  if (! unclip_run_need (&run, &job, &need, error))
    return FALSE;
  *size = need.size;
  *side = run.size;
  *component = need.component;
  return TRUE;
}
