/* Eval tasks of Stable unCLIP's networks: the decoder, and its loops by PNDM and DDIM.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <string.h>

/* ---- the decoder's network ------------------------------------------------------------------------- */

/* What both rows of the decoder are given; the arrays are the input file's. */
typedef struct
{
  const float *context, *labels;
  int          n_rows, n_tokens;
} Given;

static gboolean
read_given (Given *given, const UnclipEval *eval, const UnclipUnet *unet, GError **error)
{
  int context_dims[3] = { -1, -1, unclip_unet_context_width (unet) }, label_dims[2] = { -1, unclip_unet_time_width (unet) };

  given->context = unclip_eval_floats (eval, "encoder_hidden_states", 3, context_dims, error);
  if (given->context == NULL)
    return FALSE;
  given->n_rows = label_dims[0] = context_dims[0];
  given->n_tokens = context_dims[1];
  given->labels = unclip_eval_floats (eval, "class_labels", 2, label_dims, error);
  return given->labels != NULL;
}

gboolean
unclip_eval_stable_unet (UnclipEval *eval, UnclipUnet *unet, GError **error)
{
  Given             given;
  int               dims[4] = { -1, unclip_unet_in_channels (unet), -1, -1 }, odd_dims[4] = { -1, dims[1], -1, -1 }, n_timesteps = -1;
  g_autofree float *sample = NULL, *odd = NULL, *out = NULL;
  g_autofree int   *timesteps = unclip_eval_ints (eval, "timesteps", 1, &n_timesteps, error);

  if (timesteps == NULL || ! read_given (&given, eval, unet, error))
    return FALSE;
  dims[0] = odd_dims[0] = given.n_rows;
  sample = unclip_eval_pictures (eval, "sample", 4, dims, error);
  if (sample == NULL
      || ! unclip_unet_set_context (unet, given.context, NULL, given.labels, given.n_rows, given.n_tokens, error)
      || ! unclip_eval_predict (eval, unet, sample, dims, timesteps, n_timesteps, "decoder", "out", error))
    return FALSE;
  if (! unclip_eval_has (eval, "sample_odd") || n_timesteps < 2)
    return TRUE;

  odd = unclip_eval_pictures (eval, "sample_odd", 4, odd_dims, error);
  odd_dims[1] = unclip_unet_out_channels (unet);
  out = odd != NULL ? unclip_eval_new ((gsize) odd_dims[0] * odd_dims[1] * odd_dims[2] * odd_dims[3], error) : NULL;
  return out != NULL && unclip_unet_predict (unet, odd, timesteps[1], odd_dims[0], odd_dims[2], odd_dims[3], out, error)
         && unclip_eval_add_pictures (eval, "out_odd", out, 4, odd_dims, error);
}

/* ---- loops --------------------------------------------------------------------------------------------- */

/* A loop that notes its states. */
typedef struct
{
  UnclipEval         *eval;
  UnclipUnet         *unet;
  UnclipSchedule     *schedule;
  Given               given;
  UnclipGuidedDecoder guided;
  int                 dims[5];    /* of the trajectory, as the file has it: steps, 1, c, h, w */
  gsize               n;          /* values of a state */
  int                 n_calls, n_states;
  int                 asked_at[1024];
  float              *states;     /* of @n_states, with room for 1024 */
  const float        *noises;     /* [step, n] */
  float              *turned;     /* of them, as states are */
  int                 n_noises;
} Loop;

static void
loop_clear (Loop *loop)
{
  unclip_guided_decoder_clear (&loop->guided);
  g_free (loop->states);
  g_free (loop->turned);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Loop, loop_clear)

static void
note (Loop *loop, const float *x)
{
  memcpy (loop->states + loop->n_states++ * loop->n, x, loop->n * sizeof (float));
}

static gboolean
predict (const float *x, int t, float *out, float *v, gpointer data, GError **error)
{
  Loop *loop = data;

  loop->asked_at[loop->n_calls++] = t;
  return unclip_guided_decoder_predict (x, t, out, v, &loop->guided, error);
}

/* The state before a call is the one after the call before. */
static gboolean
predict_and_note (const float *x, int t, float *out, float *v, gpointer data, GError **error)
{
  Loop *loop = data;

  if (loop->n_calls > 0)
    note (loop, x);
  return predict (x, t, out, v, loop, error);
}

static gboolean
after (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  note (data, x);
  return unclip_eval_check_cancelled (((Loop *) data)->eval, error);
}

static void
noise (int step, float *out, gsize n, gpointer data)
{
  const Loop *loop = data;

  memcpy (out, loop->turned + MIN (step, loop->n_noises - 1) * n, n * sizeof (float));
}

static gboolean
loop_init (Loop *loop, UnclipEval *eval, UnclipUnet *unet, UnclipSchedule *schedule, const int state_dims[4], GError **error)
{
  int noise_dims[5] = { -1, 1, state_dims[1], state_dims[2], state_dims[3] };

  *loop = (Loop) { .eval = eval, .unet = unet, .schedule = schedule, .dims = { 0, 1, state_dims[1], state_dims[2], state_dims[3] } };
  loop->n = (gsize) state_dims[1] * state_dims[2] * state_dims[3];
  loop->states = unclip_eval_new (G_N_ELEMENTS (loop->asked_at) * loop->n, error);
  if (loop->states == NULL || ! read_given (&loop->given, eval, unet, error))
    return FALSE;
  loop->turned = unclip_eval_pictures (eval, "noises", 5, noise_dims, error);
  loop->n_noises = noise_dims[0];
  return loop->turned != NULL;
}

/* A process of @n_steps from the settings of the loop; what it notes begins anew. @timesteps: (transfer none) */
static gboolean
loop_begin (Loop *loop, UnclipProcess *process, const int *timesteps, int n_steps, double guidance_scale, GError **error)
{
  loop->n_calls = loop->n_states = 0;
  *process = (UnclipProcess) {
    .schedule = loop->schedule, .n = loop->n, .timesteps = timesteps, .n_steps = n_steps,
    .predict = predict, .predict_data = loop, .noise = noise, .noise_data = loop, .after = after, .after_data = loop,
  };
  unclip_guided_decoder_clear (&loop->guided);
  return unclip_guided_decoder_init (&loop->guided, loop->unet, loop->dims[3], loop->dims[2], loop->given.context, NULL, loop->given.labels,
                                     loop->given.n_tokens, guidance_scale, error);
}

/* The states noted, as output "kind.name", and, with @timesteps, when the network was asked. */
static gboolean
loop_end (Loop *loop, const char *kind, const char *name, gboolean with_timesteps, GError **error)
{
  g_autofree char *full = g_strconcat (kind, ".", name, NULL), *of_times = g_strconcat (full, ".timesteps", NULL);

  loop->dims[0] = loop->n_states;
  return unclip_eval_add_pictures (loop->eval, full, loop->states, 5, loop->dims, error)
         && (! with_timesteps || unclip_eval_add_ints (loop->eval, of_times, loop->asked_at, loop->n_calls, error));
}

/* The picture of latents @x, in [0, 1], as [1, h, w, 3]. */
static gboolean
add_image (UnclipEval *eval, UnclipAutoencoder *autoencoder, const float *x, int h, int w, const char *name, GError **error)
{
  int               factor = unclip_autoencoder_factor (autoencoder);
  gsize             n = (gsize) h * w * unclip_autoencoder_n_latents (autoencoder), n_picture = (gsize) h * w * factor * factor * 3;
  g_autofree float *z = unclip_eval_new (n, error);
  float            *image = z != NULL ? unclip_eval_add (eval, name, 4, (int[]) { 1, h * factor, w * factor, 3 }, error) : NULL;

  if (image == NULL)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    z[i] = (float) (x[i] / unclip_autoencoder_scale (autoencoder));
  if (! unclip_autoencoder_decode (autoencoder, z, 1, h, w, image, error))
    return FALSE;
  for (gsize i = 0; i < n_picture; i++)
    image[i] = CLAMP (image[i] * 0.5f + 0.5f, 0.0f, 1.0f);
  return TRUE;
}

gboolean
unclip_eval_stable_sampler_loop (UnclipEval *eval, UnclipUnet *unet, UnclipSchedule *schedule, UnclipAutoencoder *autoencoder, GError **error)
{
  static const struct
  {
    const char *name;
    gboolean    is_pndm;
    double      guidance_scale;
    int         n_steps;
    double      eta;
  } cases[] = {
    { "pndm.g1.n10", TRUE, 1, 10 },   { "ddim.g1.n10", FALSE, 1, 10 },   { "pndm.g10.n10", TRUE, 10, 10 },         { "ddim.g10.n10", FALSE, 10, 10 },
    { "pndm.g10.n20", TRUE, 10, 20 }, { "pndm.g10.n3", TRUE, 10, 3 },    { "ddim.eta1.g10.n10", FALSE, 10, 10, 1 },
  };
  g_auto (Loop) loop = { 0 };
  int               dims[4] = { 1, unclip_unet_in_channels (unet), -1, -1 };
  g_autofree float *latents = unclip_eval_pictures (eval, "latents", 4, dims, error), *x = NULL;

  if (latents == NULL || ! loop_init (&loop, eval, unet, schedule, dims, error))
    return FALSE;
  x = g_new (float, loop.n);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree int *timesteps = unclip_timesteps_ddpm (schedule, cases[i].n_steps);
      UnclipProcess   process;

      memcpy (x, latents, loop.n * sizeof (float));
      if (! loop_begin (&loop, &process, timesteps, cases[i].n_steps, cases[i].guidance_scale, error))
        return FALSE;
      if (cases[i].is_pndm)
        {
          process.predict = predict_and_note;
          process.after = NULL;
          if (! unclip_pndm_sample (&process, x, error))
            return FALSE;
          note (&loop, x);
        }
      else if (! unclip_ddim_sample (&process, x, cases[i].eta, error))
        return FALSE;
      if (! loop_end (&loop, "sample", cases[i].name, cases[i].eta == 0, error)
          || (strcmp (cases[i].name, "pndm.g10.n20") == 0 && ! add_image (eval, autoencoder, x, dims[2], dims[3], "image", error)))
        return FALSE;
    }
  return TRUE;
}

gboolean
unclip_eval_stable_ddim (UnclipEval *eval, UnclipUnet *unet, UnclipSchedule *schedule, UnclipAutoencoder *autoencoder, GError **error)
{
  static const struct
  {
    const char *name;
    double      guidance_scale;
    int         n_steps;
    gboolean    goes_to_one; /* like Karlo's: no offset, and alpha_bar 1 at the end */
  } cases[] = { { "g1.n10", 1, 10 }, { "g1.n20", 1, 20 }, { "g10.n10", 10, 10 }, { "g10.n20", 10, 20 }, { "one.n10", 1, 10, TRUE } };
  g_auto (Loop) loop = { 0 };
  int               dims[4] = { 1, unclip_unet_in_channels (unet), -1, -1 };
  g_autofree float *x0 = unclip_eval_pictures (eval, "x0", 4, dims, error), *x = NULL;
  float             last_alpha_bar = schedule->last_alpha_bar;

  if (x0 == NULL || ! loop_init (&loop, eval, unet, schedule, dims, error))
    return FALSE;
  x = g_new (float, loop.n);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      int             n_steps = cases[i].n_steps;
      g_autofree int *timesteps = unclip_timesteps_ddim (schedule, n_steps, UNCLIP_SPACING_LEADING, cases[i].goes_to_one ? 0 : schedule->offset);
      g_autoptr (UnclipTrace) trace = NULL;
      UnclipProcess   process;

      schedule->last_alpha_bar = cases[i].goes_to_one ? 1.0f : last_alpha_bar;
      if (! loop_begin (&loop, &process, timesteps, n_steps, cases[i].guidance_scale, error)
          || (trace = unclip_invert_trace (&process, x0, UNCLIP_INVERT_DDIM, 0, error)) == NULL
          || ! loop_end (&loop, "invert", cases[i].name, TRUE, error))
        return FALSE;
      memcpy (x, trace->x_T, loop.n * sizeof (float));
      if (! loop_begin (&loop, &process, timesteps, n_steps, cases[i].guidance_scale, error)
          || ! unclip_ddim_sample (&process, x, 0, error)
          || ! loop_end (&loop, "roundtrip", cases[i].name, FALSE, error))
        return FALSE;
      if (strcmp (cases[i].name, "g1.n20") != 0)
        continue;

      if (! add_image (eval, autoencoder, x, dims[2], dims[3], "image.g1.n20", error))
        return FALSE;
      memcpy (x, trace->x_T, loop.n * sizeof (float));
      if (! loop_begin (&loop, &process, timesteps, n_steps, 10, error) || ! unclip_ddim_sample (&process, x, 0, error)
          || ! loop_end (&loop, "sample", "mixed.n20", FALSE, error))
        return FALSE;
      memcpy (x, trace->x_T, loop.n * sizeof (float));
      if (! loop_begin (&loop, &process, timesteps, n_steps, 1, error) || ! unclip_ddim_sample (&process, x, 0.5, error)
          || ! loop_end (&loop, "sample", "eta0.5.n20", FALSE, error))
        return FALSE;
    }
  schedule->last_alpha_bar = last_alpha_bar;
  return TRUE;
}
