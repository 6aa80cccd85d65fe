/* Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and the choice
 * between it and torch's generator.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "random.h"

#include <math.h>
#include <string.h>

#include "random-torch.h"

struct _UnclipRandom
{
  UnclipRngKind kind;
  guint64       seed;
  guint64       stream; /* of the next call */
  UnclipTorch   torch;
  const float  *given; /* what is left of it; NULL: none is given */
  gsize         n_given;
};

/* One block of four numbers; counter and key as the paper has them. */
void
unclip_philox (const guint32 counter[4], const guint32 key[2], guint32 out[4])
{
  guint32 c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  guint32 k0 = key[0], k1 = key[1];

  for (int round = 0; round < 10; round++)
    {
      guint64 a = (guint64) 0xD2511F53u * c0;
      guint64 b = (guint64) 0xCD9E8D57u * c2;

      c0 = (guint32) (b >> 32) ^ c1 ^ k0;
      c1 = (guint32) b;
      c2 = (guint32) (a >> 32) ^ c3 ^ k1;
      c3 = (guint32) a;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

UnclipRandom *
unclip_random_new (UnclipRngKind kind, guint64 seed)
{
  UnclipRandom *random = g_new0 (UnclipRandom, 1);

  random->kind = kind;
  random->seed = seed;
  if (kind == UNCLIP_RNG_TORCH)
    unclip_torch_seed (&random->torch, seed);
  return random;
}

UnclipRandom *
unclip_random_new_given (const float *values, gsize n)
{
  UnclipRandom *random = unclip_random_new (UNCLIP_RNG_PHILOX, 0);

  random->given = values;
  random->n_given = n;
  return random;
}

UnclipRandom *
unclip_random_copy (const UnclipRandom *random)
{
  return g_memdup2 (random, sizeof *random);
}

void
unclip_random_free (UnclipRandom *random)
{
  g_free (random);
}

/* Numbers 4 i to 4 i + 3 of a stream. */
static void
block (const UnclipRandom *random, guint64 i, guint32 out[4])
{
  const guint32 counter[4] = { (guint32) i, (guint32) (i >> 32), (guint32) random->stream,
                               (guint32) (random->stream >> 32) };
  const guint32 key[2] = { (guint32) random->seed, (guint32) (random->seed >> 32) };

  unclip_philox (counter, key, out);
}

/* In (0, 1], so that its logarithm is finite. */
static double
open_uniform (guint32 bits)
{
  return (bits + 1.0) * 0x1p-32;
}

void
unclip_random_normal (UnclipRandom *random, float *out, gsize n)
{
  if (random->given != NULL)
    {
      g_assert (n <= random->n_given);
      memcpy (out, random->given, n * sizeof (float));
      random->given += n;
      random->n_given -= n;
      return;
    }
  if (random->kind == UNCLIP_RNG_TORCH)
    {
      unclip_torch_normal (&random->torch, out, n);
      return;
    }

  for (gsize i = 0; i < n; i += 4)
    {
      guint32 bits[4];
      double  values[4];

      block (random, i / 4, bits);
      for (int k = 0; k < 4; k += 2)
        {
          double radius = sqrt (-2.0 * log (open_uniform (bits[k])));
          double angle = 2.0 * G_PI * (bits[k + 1] * 0x1p-32);

          values[k] = radius * cos (angle);
          values[k + 1] = radius * sin (angle);
        }
      for (gsize k = 0; k < 4 && i + k < n; k++)
        out[i + k] = (float) values[k];
    }
  random->stream++;
}

void
unclip_random_uniform (UnclipRandom *random, float *out, gsize n)
{
  if (random->kind == UNCLIP_RNG_TORCH)
    {
      unclip_torch_uniform (&random->torch, out, n);
      return;
    }

  for (gsize i = 0; i < n; i += 4)
    {
      guint32 bits[4];

      block (random, i / 4, bits);
      for (gsize k = 0; k < 4 && i + k < n; k++)
        out[i + k] = (bits[k] >> 8) * 0x1p-24f;
    }
  random->stream++;
}
