/* Views of memory: shapes without ownership.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "bk.h"

static float *
offset (float *data, size_t n)
{
  /* Tensors of a measuring arena have no data to point into. */
  return data == NULL ? NULL : data + n;
}

BkTensor
bk_tensor (float *data, int n, int h, int w, int c)
{
  return (BkTensor) { data, n, h, w, c, c, NULL };
}

BkTensor
bk_channels (BkTensor x, int first, int count)
{
  x.data = offset (x.data, first);
  x.c = count;
  return x;
}

BkTensor
bk_samples (BkTensor x, int first, int count)
{
  x.data = offset (x.data, (size_t) first * x.h * x.w * x.stride);
  x.n = count;
  return x;
}

BkTensor
bk_rows (BkTensor x, int first, int count)
{
  x.data = offset (x.data, (size_t) first * x.w * x.stride);
  x.h = count;
  return x;
}
