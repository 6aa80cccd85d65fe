/* See recall.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "recall.h"
#include "fingerprint.h"

#include <string.h>

char *
unclip_picture_digest (const UnclipImage *x, UnclipFraming framing)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const guchar    *bytes = (const guchar *) x->pixels;
  gsize            size = (gsize) x->width * x->height * x->n_channels * sizeof (float);
  g_autofree char *shape = g_strdup_printf ("%d %d %d %d", x->width, x->height, x->n_channels, (int) framing);

  g_checksum_update (sum, (const guchar *) shape, -1);
  /* It takes a signed length. */
  for (gsize at = 0; at < size; at += G_MAXINT32 / 2)
    g_checksum_update (sum, bytes + at, (gssize) MIN (size - at, (gsize) G_MAXINT32 / 2));
  return g_strndup (g_checksum_get_string (sum), 32);
}

static const char *
rng_name (UnclipRngKind rng)
{
  return rng == UNCLIP_RNG_TORCH ? "torch" : "philox";
}

/* Whether a method's states depend on random numbers. */
static gboolean
draws (UnclipInvertMethod method)
{
  return method == UNCLIP_INVERT_DDPM;
}

/* Of what the edits here are of. */
static gboolean
is_of (const UnclipLatents *latents, const UnclipRun *run, const char *digest)
{
  return g_strcmp0 (latents->picture, digest) == 0
         && latents->is_bf16 == (run->context.type == BK_BF16);
}

static gboolean
asks (const UnclipRun *run)
{
  return run->options->known_latents != NULL && run->options->known_latents->len > 0;
}

float *
unclip_run_recall_z_i (UnclipRun *run, const UnclipImage *x, int *dim)
{
  g_autofree char *digest = NULL, *encoder = NULL;

  if (! asks (run))
    return NULL;
  digest = unclip_picture_digest (x, run->options->framing);
  encoder = unclip_stage_fingerprint (run->model, UNCLIP_STAGE_IMAGE);
  for (guint i = 0; i < run->options->known_latents->len; i++)
    {
      const UnclipLatents *latents = run->options->known_latents->pdata[i];

      if (! is_of (latents, run, digest) || g_strcmp0 (latents->encoder, encoder) != 0)
        continue;
      *dim = latents->dim;
      return g_memdup2 (latents->z_i, latents->dim * sizeof (float));
    }
  return NULL;
}

/* transfer none, nullable */
static UnclipLatents *
find (UnclipRun *run, const UnclipImage *x, const float *z_i, int dim, UnclipInvertMethod method, guint64 seed)
{
  g_autofree char *digest = NULL, *decoder = NULL;

  if (! asks (run))
    return NULL;
  digest = unclip_picture_digest (x, run->options->framing);
  decoder = unclip_stage_fingerprint (run->model, UNCLIP_STAGE_DECODER);
  for (guint i = 0; i < run->options->known_latents->len; i++)
    {
      UnclipLatents *latents = run->options->known_latents->pdata[i];

      if (is_of (latents, run, digest) && g_strcmp0 (latents->fingerprints[UNCLIP_SHARE_DECODER], decoder) == 0
          && latents->trace->method == method && latents->n_steps == run->n_steps
          && *latents->caption == '\0' && latents->guidance_scale == 1.0
          && (! draws (method) || (g_strcmp0 (latents->rng, rng_name (run->options->rng)) == 0 && latents->seed == seed))
          && latents->state_side == run->state_side && latents->n_channels == run->codec.n_channels
          && latents->dim == dim && memcmp (latents->z_i, z_i, dim * sizeof (float)) == 0)
        return latents;
    }
  return NULL;
}

void
unclip_latents_describe (UnclipLatents *latents, UnclipRun *run, const UnclipImage *x, const char *caption, double guidance_scale, guint64 seed)
{
  static const UnclipStages stages[] = {
    [UNCLIP_SHARE_DECODER] = UNCLIP_STAGE_DECODER,
    [UNCLIP_SHARE_FIRST_UPSAMPLER] = UNCLIP_STAGE_FIRST_UPSAMPLER,
    [UNCLIP_SHARE_SECOND_UPSAMPLER] = UNCLIP_STAGE_SECOND_UPSAMPLER,
  };

  latents->model = g_strdup (unclip_model_name (run->model));
  for (int i = 0; i < UNCLIP_N_SHARES; i++)
    latents->fingerprints[i] = unclip_stage_fingerprint (run->model, stages[i]);
  latents->encoder = unclip_stage_fingerprint (run->model, UNCLIP_STAGE_IMAGE);
  latents->picture = unclip_picture_digest (x, run->options->framing);
  latents->rng = g_strdup (rng_name (run->options->rng));
  latents->seed = seed;
  latents->caption = g_strdup (caption);
  latents->n_steps = run->n_steps;
  latents->guidance_scale = guidance_scale;
  latents->is_bf16 = run->context.type == BK_BF16;
  latents->low_size = run->low_size;
  latents->state_side = run->state_side;
  latents->n_channels = run->codec.n_channels;
}

UnclipLatents *
unclip_run_latents (UnclipRun *run, UnclipDecoder *decoder, const UnclipImage *x, const float *z_i, int dim, const float *state,
                    UnclipInvertMethod method, guint64 seed, GError **error)
{
  UnclipLatents *known = find (run, x, z_i, dim, method, seed);
  g_autoptr (UnclipLatents) latents = known != NULL ? unclip_latents_ref (known) : unclip_latents_new ();

  unclip_run_reseed (run, seed);
  if (known == NULL)
    {
      latents->trace = unclip_run_invert (run, decoder, state, method, error);
      if (latents->trace == NULL)
        return NULL;
    }
  if (run->options->used_latents == NULL)
    return g_steal_pointer (&latents);

  if (known == NULL)
    {
      unclip_latents_describe (latents, run, x, "", 1.0, seed);
      latents->first_size = latents->size = run->low_size;
      latents->dim = dim;
      latents->z_i = g_memdup2 (z_i, dim * sizeof (float));
      latents->low = unclip_run_picture (run, x, run->low_size, error);
      if (latents->low == NULL)
        return NULL;
    }
  g_ptr_array_add (run->options->used_latents, unclip_latents_ref (latents));
  return g_steal_pointer (&latents);
}
