/* Drawing from a distribution over buckets.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sampling.h"

#include <math.h>

int
unclip_draw (const float *logits, int n, double u)
{
  double most = -INFINITY, sum = 0, so_far = 0;

  for (int i = 0; i < n; i++)
    most = fmax (most, logits[i]);
  for (int i = 0; i < n; i++)
    sum += exp (logits[i] - most);
  for (int i = 0; i < n - 1; i++)
    {
      so_far += exp (logits[i] - most);
      if (u * sum < so_far)
        return i;
    }
  return n - 1;
}
