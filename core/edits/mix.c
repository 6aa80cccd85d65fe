/* Several pictures and captions become one: their z_i, weighted.
 *
 * Captions become z_i by the prior. The noise is drawn from the seed, or it is that of the first picture with what its
 * inversion kept: then the decoder is guided from that picture's own z_i, as a text edit is, and its structure stays.
 *
 * Source: arXiv 2204.06125, section 3.2, for what lies between two embeddings; the README has what was measured of the rule for more.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "finish.h"
#include "latents.h"
#include "prior.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#define MAX_INGREDIENTS 8
#define MAX_WEIGHT 100

static gboolean
check_ingredient (const UnclipIngredient *ingredient, int number, GError **error)
{
  if (! (fabs (ingredient->weight) <= MAX_WEIGHT))
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Weight %d of the mix is %g, but must be from %d to %d"),
                 number, ingredient->weight, -MAX_WEIGHT, MAX_WEIGHT);
  else if ((ingredient->x == NULL) == (ingredient->y == NULL))
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Ingredient %d of the mix has to be either a picture or a caption"), number);
  else if (ingredient->y != NULL && *ingredient->y == '\0')
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("Say in words what ingredient %d of the mix shows"), number);
  else
    return TRUE;
  return FALSE;
}

static gboolean
check (const UnclipIngredient *ingredients, int n, gboolean keeps_structure, int count, GError **error)
{
  gboolean has_picture = FALSE, has_weight = FALSE;
  double   sum = 0;

  if (n < 2 || n > MAX_INGREDIENTS)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("A mix takes from 2 to %d pictures and captions, not %d"), MAX_INGREDIENTS, n);
      return FALSE;
    }
  if (count < 1 || count > 64)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The number of mixes is %d, but must be from 1 to 64"), count);
      return FALSE;
    }
  for (int i = 0; i < n; i++)
    {
      if (! check_ingredient (&ingredients[i], i + 1, error))
        return FALSE;
      has_picture |= ingredients[i].x != NULL;
      has_weight |= ingredients[i].weight != 0;
      sum += ingredients[i].weight;
    }
  if (! has_weight)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("All weights of the mix are 0; give at least one ingredient a weight"));
  else if (! (sum > 0))
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The weights of the mix add up to %g, but their sum has to be more than 0"), sum);
  else if (keeps_structure && ! has_picture)
    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("There is no picture in the mix whose structure could be kept"));
  else
    return TRUE;
  return FALSE;
}

/* What goes into a mix. */
typedef struct
{
  const UnclipIngredient *ingredients;
  int                     n, n_captions, dim;
  UnclipCaptions          captions; /* row 0 the empty one, then the ingredients' */
  float                  *z_i[MAX_INGREDIENTS]; /* of pictures [dim] */
  float                  *of_captions; /* [count, n_captions, dim] */
} Mixture;

static void
mixture_clear (Mixture *mixture)
{
  unclip_captions_clear (&mixture->captions);
  for (int i = 0; i < MAX_INGREDIENTS; i++)
    g_free (mixture->z_i[i]);
  g_free (mixture->of_captions);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mixture, mixture_clear)

static const UnclipImage *
first_picture (const UnclipIngredient *ingredients, int n)
{
  for (int i = 0; i < n; i++)
    if (ingredients[i].x != NULL)
      return ingredients[i].x;
  return NULL;
}

static const UnclipImage *
largest_picture (const UnclipIngredient *ingredients, int n)
{
  const UnclipImage *largest = NULL;

  for (int i = 0; i < n; i++)
    {
      const UnclipImage *x = ingredients[i].x;

      if (x != NULL && (largest == NULL || (gsize) x->width * x->height > (gsize) largest->width * largest->height))
        largest = x;
    }
  return largest;
}

/* Every ingredient's z_i; those of captions once for each seed. */
static gboolean
read_ingredients (Mixture *mixture, UnclipRun *run, const guint64 *seeds, int count, GError **error)
{
  const char *texts[1 + MAX_INGREDIENTS] = { "" };
  int         n_texts = 1;

  for (int i = 0; i < mixture->n; i++)
    if (mixture->ingredients[i].y != NULL)
      texts[n_texts++] = mixture->ingredients[i].y;
    else if ((mixture->z_i[i] = unclip_run_embed (run, mixture->ingredients[i].x, &mixture->dim, error)) == NULL)
      return FALSE;
  if (! (n_texts > 1 ? unclip_run_captions : unclip_run_decoder_captions) (run, texts, n_texts, &mixture->captions, error))
    return FALSE;
  mixture->dim = mixture->captions.dim;
  if (mixture->n_captions == 0)
    return TRUE;
  mixture->of_captions = unclip_run_prior (run, &mixture->captions, UNCLIP_PRIOR_DIFFUSION, seeds, count, error);
  return mixture->of_captions != NULL;
}

/* z_i [dim] of mix @k, with noise of its @seed. */
static gboolean
stir (const UnclipRun *run, const Mixture *mixture, int k, guint64 seed, float *z_i, GError **error)
{
  g_autofree float *mean = g_new (float, mixture->dim);
  const float *rows[MAX_INGREDIENTS], *caption = mixture->of_captions + (gsize) k * mixture->n_captions * mixture->dim;
  double       weights[MAX_INGREDIENTS];

  for (int i = 0; i < mixture->n; i++)
    {
      rows[i] = mixture->z_i[i];
      weights[i] = mixture->ingredients[i].weight;
      if (rows[i] == NULL)
        {
          rows[i] = caption;
          caption += mixture->dim;
        }
    }
  if (! unclip_weighted_mean (mean, rows, weights, mixture->n, mixture->dim, error))
    return FALSE;
  unclip_run_noise_z_i (run, mean, mixture->dim, seed, z_i);
  return TRUE;
}

/* From noise. @x is a state, as all that follow. */
static gboolean
draw (UnclipRun *run, UnclipDecoder *decoder, const Mixture *mixture, const float *z_i, double guidance_scale, guint64 seed, float *x, GError **error)
{
  if (! unclip_decoder_condition (decoder, run, &mixture->captions, (UnclipCondition) { NULL, 0 }, (UnclipCondition) { z_i, 0 }, guidance_scale, error))
    return FALSE;
  unclip_run_reseed (run, seed);
  return unclip_decoder_draw (decoder, run, x, error);
}

/* From what the inversion of @low, the first picture, left. */
static gboolean
redraw (UnclipRun *run, UnclipDecoder *decoder, const Mixture *mixture, const float *low, const float *z_i, double guidance_scale, UnclipInvertMethod method,
        guint64 seed, float *reconstruction, float *x, GError **error)
{
  UnclipCondition before = { NULL, 0 };
  g_autoptr (UnclipTrace) trace = NULL;
  g_autofree float *own = unclip_run_new_state (run);

  for (int i = mixture->n - 1; i >= 0; i--)
    before.z_i = mixture->z_i[i] != NULL ? mixture->z_i[i] : before.z_i;
  if (! unclip_decoder_condition (decoder, run, &mixture->captions, before, before, 1.0, error))
    return FALSE;
  unclip_run_reseed (run, seed);
  trace = unclip_run_invert (run, decoder, low, method, error);
  if (trace == NULL || ! unclip_run_reconstruct (run, decoder, trace, low, own, error)
      || ! unclip_decoder_condition (decoder, run, &mixture->captions, before, (UnclipCondition) { z_i, 0 }, guidance_scale, error)
      || ! unclip_run_decode (run, decoder, trace, 0, 1, x, error))
    return FALSE;
  /* One that is given up leaves that of the one before it. */
  memcpy (reconstruction, own, run->n_state * sizeof (float));
  return TRUE;
}

/* Of one picture, in passes of the decoder. */
static double
cost_of_one (const UnclipRun *run, int n_captions, gboolean keeps_structure, UnclipInvertMethod method, double guidance_scale)
{
  return n_captions * unclip_run_prior_cost (run, UNCLIP_PRIOR_DIFFUSION) + run->n_steps * (guidance_scale != 1.0 ? 2 : 1)
         + (keeps_structure ? unclip_inversion_cost (method, run->n_steps) + unclip_reconstruction_cost (method, run->n_steps) : 0);
}

GPtrArray *
unclip_mix (UnclipModel *model, const UnclipIngredient *ingredients, int n, gboolean keeps_structure, int count, const UnclipOptions *options, GError **error)
{
  g_auto (UnclipRun) run = { 0 };
  g_auto (Mixture) mixture = { ingredients, n };
  g_autoptr (GPtrArray) squares = g_ptr_array_new_with_free_func (g_free);
  g_autofree float   *low = NULL, *reconstruction = NULL, *z_i = NULL;
  g_autofree guint64 *seeds = NULL;
  UnclipInvertMethod  method;
  UnclipJob           job;
  double              guidance_scale;

  if (! check (ingredients, n, keeps_structure, count, error) || ! unclip_run_init (&run, model, options, error))
    return NULL;
  unclip_run_offer_candidates (&run);
  for (int i = 0; i < n; i++)
    mixture.n_captions += ingredients[i].y != NULL;
  if (! keeps_structure && run.options->n_steps == 0)
    run.n_steps = (int) unclip_model_default (model, "generate_steps", run.n_steps);
  guidance_scale = run.options->guidance_scale >= 0 ? run.options->guidance_scale
                   : keeps_structure                ? unclip_model_default (model, "text_edit_guidance_scale", 3.0)
                                                    : unclip_model_default (model, "decoder_guidance_scale", 8.0);
  method = unclip_inversion_method (run.options->inversion, UNCLIP_INVERT_DDPM);
  job = (UnclipJob) { (unclip_run_edit_stages (&run) & ~UNCLIP_STAGE_IMAGE) | (mixture.n_captions < n ? UNCLIP_STAGE_IMAGE : 0)
                        | (mixture.n_captions > 0 ? UNCLIP_STAGE_PRIOR | UNCLIP_STAGE_TEXT : 0) | unclip_run_upsampler_stages (&run),
                      largest_picture (ingredients, n), keeps_structure ? unclip_inversion_states (method, run.n_steps) : 0,
                      .n_results = count, .lays_over = keeps_structure && (run.upsamples || ! run.codec.is_lossless) };
  if (! unclip_run_check_memory (&run, &job, error))
    return NULL;
  unclip_run_use (&run, guidance_scale, 0);
  unclip_run_expect (&run, UNCLIP_COST_TEXT + (n - mixture.n_captions) * UNCLIP_COST_IMAGE
                             + count * cost_of_one (&run, mixture.n_captions, keeps_structure, method, guidance_scale) + unclip_run_upsample_cost (&run, count));

  seeds = g_new (guint64, count);
  for (int k = 0; k < count; k++)
    seeds[k] = unclip_seed_after (run.options->seed, k);
  if (! read_ingredients (&mixture, &run, seeds, count, error)
      || (keeps_structure && (low = unclip_run_encode (&run, first_picture (ingredients, n), error)) == NULL))
    return NULL;

  z_i = g_new (float, mixture.dim);
  reconstruction = unclip_run_new_state (&run);
  {
    g_auto (UnclipDecoder) decoder = { 0 };

    if (! unclip_decoder_init (&decoder, &run, error))
      return NULL;
    for (int k = 0; k < count; k++)
      {
        float *x = unclip_run_new_state (&run);

        g_ptr_array_add (squares, x);
        if (! stir (&run, &mixture, k, seeds[k], z_i, error)
            || ! (keeps_structure ? redraw (&run, &decoder, &mixture, low, z_i, guidance_scale, method, seeds[k], reconstruction, x, error)
                                  : draw (&run, &decoder, &mixture, z_i, guidance_scale, seeds[k], x, error))
            || (k == 0 && keeps_structure && ! unclip_run_candidate (&run, -1, reconstruction, error))
            || ! unclip_run_candidate (&run, k, x, error))
          {
            if (! unclip_run_is_stopped (&run, k, error))
              return NULL;
            count = k;
          }
      }
  }

  if (keeps_structure)
    return unclip_run_finish (&run, first_picture (ingredients, n), low, reconstruction, (const float *const *) squares->pdata, count, seeds, error);
  return unclip_run_finish_new (&run, (const float *const *) squares->pdata, count, seeds, error);
}
