/* Resizing against Pillow 11.1 (bytes, to the bit) and torch 2.6 (floats).
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "image.h"

#include <math.h>

/* The test picture; the answers were made from the same one. */
static guint8 *
picture (int w, int h, int c)
{
  guint8 *pixels = g_malloc ((gsize) w * h * c);

  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++)
      for (int k = 0; k < c; k++)
        pixels[((gsize) y * w + x) * c + k] = (guint8) (x * 37 + y * 101 + k * 59 + x * y * 7);
  return pixels;
}

static void
test_u8_known (void)
{
  static const struct
  {
    int    w, h, c, new_w, new_h;
    guint8 out[36];
  } known[] = {
    { 1, 1, 3, 3, 2, { 0, 59, 118, 0, 59, 118, 0, 59, 118, 0, 59, 118, 0, 59, 118, 0, 59, 118 } },
    { 4, 3, 1, 2, 2, { 55, 135, 186, 136 } },
    { 3, 3, 1, 3, 3, { 0, 37, 74, 101, 145, 189, 202, 253, 48 } },
    { 2, 2, 1, 5, 3, { 0, 0, 12, 28, 34, 49, 53, 71, 89, 95, 103, 111, 130, 149, 156 } },
    { 7, 1, 1, 2, 1, { 52, 170 } },
    { 5, 4, 3, 4, 3,
      { 24, 98, 142, 77, 149, 123, 138, 146, 181, 119, 159, 77, 174, 89, 122, 172, 155, 68,
        145, 130, 144, 103, 132, 93, 103, 80, 152, 138, 160, 149, 164, 113, 94, 87, 104, 109 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gsize              size = known[i].new_w * known[i].new_h * known[i].c;
      g_autofree guint8 *in = picture (known[i].w, known[i].h, known[i].c), *out = g_malloc (size);

      g_assert_true (unclip_resize_u8 (in, known[i].w, known[i].h, known[i].c, out, known[i].new_w, known[i].new_h, NULL));
      g_assert_cmpmem (out, size, known[i].out, size);
    }
}

/* A board of black and white, where the kernel's negative lobes overshoot at both ends. */
static void
test_u8_overshoot (void)
{
  static const guint8 known[49] = {
    0, 81, 255, 128, 0, 174, 255, 87, 115, 167, 128, 88, 140, 168, 251, 167, 8, 128, 247, 88, 4, 128, 128, 128, 128,
    128, 128, 128, 4, 88, 247, 128, 8, 167, 251, 168, 140, 88, 128, 167, 115, 87, 255, 174, 0, 128, 255, 81, 0
  };
  guint8 in[16], out[49];

  for (int i = 0; i < 16; i++)
    in[i] = (i + i / 4) % 2 * 255;
  g_assert_true (unclip_resize_u8 (in, 4, 4, 1, out, 7, 7, NULL));
  g_assert_cmpmem (out, 49, known, 49);
}

static void
test_u8_large (void)
{
  static const struct
  {
    int         w, h, new_w, new_h;
    const char *sha256; /* its first 16 digits */
  } known[] = {
    { 37, 29, 16, 16, "d27610f1c9b242c8" },
    { 16, 16, 37, 29, "4de5dab6f87fbc7e" },
    { 224, 224, 224, 224, "07dd77b00aa8e91b" },
    { 513, 341, 337, 224, "da98010d4a21b5c3" },
    { 341, 513, 224, 336, "26e66b3735e23cf5" },
    { 1, 64, 5, 9, "1e93fe42d2d1bacd" },
    { 64, 1, 9, 5, "31627ffe185e8e23" },
    { 1000, 3, 224, 224, "e7a7a5e42e227d64" },
    { 2, 2, 224, 224, "d9e280c96c3ab2b4" },
    { 640, 480, 298, 224, "9b2597de8491e2d1" },
    { 255, 257, 128, 127, "7f45abc10a51e974" },
    { 48, 48, 64, 64, "f6d397ffd8b57b96" },
    { 300, 300, 7, 7, "d02b4e502e3a4c0a" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      gsize              size = (gsize) known[i].new_w * known[i].new_h * 3;
      g_autofree guint8 *in = picture (known[i].w, known[i].h, 3), *out = g_malloc (size);
      g_autofree char   *sum = NULL;

      g_assert_true (unclip_resize_u8 (in, known[i].w, known[i].h, 3, out, known[i].new_w, known[i].new_h, NULL));
      sum = g_compute_checksum_for_data (G_CHECKSUM_SHA256, out, size);
      sum[16] = '\0';
      g_test_message ("%d×%d to %d×%d", known[i].w, known[i].h, known[i].new_w, known[i].new_h);
      g_assert_cmpstr (sum, ==, known[i].sha256);
    }
}

/* torch.nn.functional.interpolate (mode="bicubic", antialias=True) of the picture / 128 - 1. */
static void
test_f32_known (void)
{
  static const struct
  {
    int   w, h, c, new_w, new_h;
    float out[42];
  } known[] = {
    { 1, 1, 1, 3, 2, { -1, -1, -1, -1, -1, -1 } },
    { 4, 3, 1, 2, 2, { -0.56936634f, 0.05652520f, 0.45008197f, 0.06160551f } },
    { 2, 2, 1, 5, 3,
      { -1.08018911f, -1.03319955f, -0.90917957f, -0.78515947f, -0.73817003f, -0.63681090f, -0.58472824f, -0.44726562f,
        -0.30980298f, -0.25772029f, -0.19343251f, -0.13625669f, 0.01464852f, 0.16555373f, 0.22272964f } },
    { 7, 1, 1, 2, 1, { -0.59317315f, 0.32754818f } },
    { 3, 3, 1, 3, 3,
      { -1.0f, -0.71093750f, -0.42187500f, -0.21093750f, 0.13281250f, 0.47656250f, 0.57812500f, 0.97656250f, -0.62500000f } },
    { 5, 4, 2, 3, 3,
      { -0.74769372f, -0.15009020f, -0.13811561f, 0.19671901f, 0.00379026f, 0.18963541f, 0.41824156f, -0.19338939f,
        0.18702821f, 0.17741644f, -0.08089206f, -0.03317307f, -0.11301087f, -0.23668848f, 0.16755055f, 0.15811394f,
        -0.11491230f, -0.25598171f } },
    { 4, 4, 1, 6, 7,
      { -1.08132589f, -0.94535470f, -0.73041570f, -0.54059947f, -0.32566059f, -0.18968925f, -0.81175470f, -0.67131233f,
        -0.42852125f, -0.16821411f, 0.07457691f, 0.21501945f, -0.29323691f, -0.13467650f, 0.13269432f, 0.40574202f,
        0.67311281f, 0.83167332f, 0.28417975f, 0.52757353f, 0.60611981f, -0.00065110f, 0.07789524f, 0.32128909f,
        0.52106744f, 0.82926345f, 0.78000581f, -0.44803378f, -0.49729121f, -0.18909508f, -0.26577941f, -0.01625157f,
        0.19298404f, -0.03120450f, 0.17803118f, 0.42755908f, -0.75896871f, -0.54983795f, -0.17606823f, 0.24936679f,
        0.62313646f, 0.83226734f } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      int                n_in = known[i].w * known[i].h * known[i].c, n_out = known[i].new_w * known[i].new_h * known[i].c;
      g_autofree guint8 *bytes = picture (known[i].w, known[i].h, known[i].c);
      g_autofree float  *in = g_new (float, 2 * n_in), *out = g_new (float, 2 * n_out);

      /* Twice, the second time upside down in value, to see that a batch is n pictures. */
      for (int k = 0; k < n_in; k++)
        {
          in[k] = bytes[k] / 128.0f - 1;
          in[n_in + k] = -in[k];
        }
      g_assert_true (unclip_resize_f32 (in, 2, known[i].w, known[i].h, known[i].c, out, known[i].new_w, known[i].new_h, NULL));
      for (int k = 0; k < n_out; k++)
        {
          g_assert_cmpfloat_with_epsilon (out[k], known[i].out[k], 1e-6);
          g_assert_cmpfloat (out[n_out + k], ==, -out[k]);
        }
    }
}

/* A constant stays what it is at any size: the weights sum to one at the edges too. */
static void
test_f32_constant (void)
{
  for (int size = 1; size < 40; size++)
    {
      float in[25], out[40];

      for (int i = 0; i < 25; i++)
        in[i] = 0.7f;
      g_assert_true (unclip_resize_f32 (in, 1, 25, 1, 1, out, size, 1, NULL));
      for (int i = 0; i < size; i++)
        g_assert_cmpfloat_with_epsilon (out[i], 0.7f, 1e-6);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/resize/u8/known", test_u8_known);
  g_test_add_func ("/resize/u8/overshoot", test_u8_overshoot);
  g_test_add_func ("/resize/u8/large", test_u8_large);
  g_test_add_func ("/resize/f32/known", test_f32_known);
  g_test_add_func ("/resize/f32/constant", test_f32_constant);
  return g_test_run ();
}
