/* What torch.randn gives on a CPU for a seed, found by trying.
 *
 * Tensors of 16 values or more are filled with uniforms first and then turned into normals in blocks of
 * 16, eight radii with eight angles; a last block that is not full is drawn again, over the end of the one
 * before. Smaller ones are made value by value in double precision, in pairs of which one is kept.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "random-torch.h"

#include <math.h>

void
unclip_torch_seed (UnclipTorch *torch, guint64 seed)
{
  torch->state[0] = (guint32) seed;
  for (int i = 1; i < 624; i++)
    torch->state[i] = 1812433253u * (torch->state[i - 1] ^ (torch->state[i - 1] >> 30)) + i;
  torch->next = 624;
  torch->has_spare = FALSE;
}

static guint32
draw (UnclipTorch *torch)
{
  guint32 y;

  if (torch->next == 624)
    {
      for (int i = 0; i < 624; i++)
        {
          y = (torch->state[i] & 0x80000000u) | (torch->state[(i + 1) % 624] & 0x7fffffffu);
          torch->state[i] = torch->state[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908b0dfu : 0);
        }
      torch->next = 0;
    }
  y = torch->state[torch->next++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

static float
uniform (UnclipTorch *torch)
{
  return (draw (torch) & 0xffffff) * 0x1p-24f;
}

static double
uniform_double (UnclipTorch *torch)
{
  guint64 high = draw (torch), low = draw (torch);

  return ((high << 32 | low) & ((G_GUINT64_CONSTANT (1) << 53) - 1)) * 0x1p-53;
}

static void
normal_16 (float *block)
{
  for (int i = 0; i < 8; i++)
    {
      float radius = sqrtf (-2.0f * logf (1.0f - block[i]));
      float angle = 2.0f * (float) G_PI * block[i + 8];

      block[i] = radius * cosf (angle);
      block[i + 8] = radius * sinf (angle);
    }
}

static double
normal_double (UnclipTorch *torch)
{
  double u1, radius;

  if (torch->has_spare)
    {
      torch->has_spare = FALSE;
      return torch->spare;
    }
  u1 = uniform_double (torch);
  radius = sqrt (-2.0 * log1p (-uniform_double (torch)));
  torch->spare = radius * sin (2.0 * G_PI * u1);
  torch->has_spare = TRUE;
  return radius * cos (2.0 * G_PI * u1);
}

void
unclip_torch_uniform (UnclipTorch *torch, float *out, gsize n)
{
  for (gsize i = 0; i < n; i++)
    out[i] = uniform (torch);
}

void
unclip_torch_normal (UnclipTorch *torch, float *out, gsize n)
{
  if (n < 16)
    {
      for (gsize i = 0; i < n; i++)
        out[i] = (float) normal_double (torch);
      return;
    }

  unclip_torch_uniform (torch, out, n);
  for (gsize i = 0; i + 16 <= n; i += 16)
    normal_16 (out + i);
  if (n % 16 != 0)
    {
      for (gsize i = n - 16; i < n; i++)
        out[i] = uniform (torch);
      normal_16 (out + n - 16);
    }
}
