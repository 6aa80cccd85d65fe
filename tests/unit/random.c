/* Random numbers against the published answers: Philox's and torch's.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "random.h"

#include <math.h>
#include <string.h>

#include "random-torch.h"

/* Source: kat_vectors of Random123, "philox4x32 10" (Salmon et al., SC 2011). */
static void
test_philox_known (void)
{
  static const struct
  {
    guint32 counter[4], key[2], out[4];
  } known[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      guint32 out[4];

      unclip_philox (known[i].counter, known[i].key, out);
      g_assert_cmpmem (out, sizeof out, known[i].out, sizeof out);
    }
}

static void
test_philox_streams (void)
{
  g_autoptr (UnclipRandom) a = unclip_random_new (UNCLIP_RNG_PHILOX, 5);
  g_autoptr (UnclipRandom) b = unclip_random_new (UNCLIP_RNG_PHILOX, 5);
  g_autoptr (UnclipRandom) other = unclip_random_new (UNCLIP_RNG_PHILOX, G_GUINT64_CONSTANT (5) | G_GUINT64_CONSTANT (1) << 32);
  float first[9], second[9], again[7], different[9];

  /* A value depends on seed, call and place, and not on how many are asked for. */
  unclip_random_normal (a, first, 9);
  unclip_random_normal (b, again, 7);
  g_assert_cmpmem (first, sizeof again, again, sizeof again);
  unclip_random_normal (a, second, 9);
  unclip_random_normal (b, again, 7);
  g_assert_cmpmem (second, sizeof again, again, sizeof again);
  unclip_random_normal (other, different, 9);
  for (int i = 0; i < 9; i++)
    {
      g_assert_true (first[i] != second[i]);
      g_assert_true (first[i] != different[i]);
    }
}

static void
test_philox_moments (void)
{
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, 1);
  const int        n = 100001;
  g_autofree float *values = g_new (float, n);
  double           sum = 0, squares = 0, cubes = 0, products = 0;

  unclip_random_normal (random, values, n);
  for (int i = 0; i < n; i++)
    {
      g_assert_true (isfinite (values[i]));
      sum += values[i];
      squares += values[i] * values[i];
      cubes += values[i] * values[i] * values[i];
      if (i > 0)
        products += values[i] * values[i - 1];
    }
  /* Five standard deviations of each sum. */
  g_assert_cmpfloat (fabs (sum), <, 5 * sqrt (n));
  g_assert_cmpfloat (fabs (squares - n), <, 5 * sqrt (2.0 * n));
  g_assert_cmpfloat (fabs (cubes), <, 5 * sqrt (15.0 * n));
  g_assert_cmpfloat (fabs (products), <, 5 * sqrt (n));

  sum = 0;
  unclip_random_uniform (random, values, n);
  for (int i = 0; i < n; i++)
    {
      g_assert_true (values[i] >= 0 && values[i] < 1);
      sum += values[i] - 0.5;
    }
  g_assert_cmpfloat (fabs (sum), <, 5 * sqrt (n / 12.0));
}

/* torch makes blocks of 16 with a vectorised logarithm and cosine, which differ from libm's in the last bits. */
static void
assert_torch (const float *is, const float *should, int n)
{
  for (int i = 0; i < n; i++)
    g_assert_cmpfloat_with_epsilon (is[i], should[i], 2e-6);
}

/* torch.randn (n, generator=torch.Generator ().manual_seed (seed)) of torch 2.6.0. */
static void
test_torch_known (void)
{
  static const struct
  {
    guint64 seed;
    int     n;
    float   out[17];
  } known[] = {
    { 0, 1,
      { 1.54099607f } },
    { 0, 5,
      { 1.54099607f, -0.293428898f, -2.17878938f, 0.568431258f, -1.08452237f } },
    { 0, 15,
      { 1.54099607f, -0.293428898f, -2.17878938f, 0.568431258f, -1.08452237f, -1.39859545f, 0.403346837f,
        0.838026345f, -0.719257593f, -0.403343529f, -0.596635342f, 0.182036489f, -0.856674612f, 1.10060418f,
        -1.07118738f } },
    { 0, 16,
      { -1.12583983f, -1.1523602f, -0.250578582f, -0.433878809f, 0.848710358f, 0.692009151f, -0.31601277f,
        -2.11521935f, 0.322274923f, -1.26333475f, 0.349983186f, 0.30813393f, 0.119841509f, 1.2376579f,
        1.11677718f, -0.247278154f } },
    { 0, 17,
      { -1.12583983f, -1.6959312f, 0.566650629f, 0.793508351f, 0.598839462f, -1.55509508f, -0.34136039f,
        1.85300612f, 0.468096405f, -0.585497558f, -0.173396751f, 0.183477938f, 1.38936615f, 1.58633423f,
        0.946298361f, -0.843676746f, 0.931826591f } },
    { 1, 1,
      { 0.661352158f } },
    { 1, 5,
      { 0.661352158f, 0.266924113f, 0.0616772585f, 0.621317327f, -0.451905966f } },
    { 1, 16,
      { -1.5255959f, -0.750231802f, -0.653980911f, -1.60948479f, -0.100167178f, -0.609188914f, -0.97977227f,
        -1.60909629f, -0.712144613f, 0.303721994f, -0.777314305f, -0.251455247f, -0.222270489f, 1.6871134f,
        0.228425175f, 0.467635512f } },
    { 1, 17,
      { -1.5255959f, -1.16076148f, 0.699542403f, 0.19908163f, 0.865692377f, 0.244403899f, -0.662911355f,
        0.807308257f, 0.439141572f, -0.175936043f, -2.24555779f, -1.44645798f, 0.061155282f, -0.617744446f,
        -0.798069835f, -0.131623209f, -0.798439801f } },
    { 42, 1,
      { 0.336690366f } },
    { 42, 5,
      { 0.336690366f, 0.128809407f, 0.234462366f, 0.23033303f, -1.12285638f } },
    { 42, 15,
      { 0.336690366f, 0.128809407f, 0.234462366f, 0.23033303f, -1.12285638f, -0.186328292f, 2.20820141f,
        -0.637997031f, 0.461657226f, 0.267350882f, 0.534904659f, 0.809357226f, 1.11029029f, -1.68979895f,
        -0.988959908f } },
    { 42, 16,
      { 1.92691529f, 1.48728406f, 0.900717199f, -2.10552096f, 0.678418458f, -1.23454487f, -0.0430674776f,
        -1.60466695f, -0.752135277f, 1.64872301f, -0.392478645f, -1.40360713f, -0.727881312f, -0.559430182f,
        -0.768838882f, 0.76244539f } },
    { 42, 17,
      { 1.92691529f, -0.159597471f, -0.497397542f, 0.439589262f, -0.758131146f, 1.07831764f, 0.800800562f,
        1.68062055f, 0.355859905f, 1.29642284f, 0.61046648f, 1.33473778f, -0.23162432f, 0.041759491f,
        -0.251575291f, 0.859858513f, -0.309726775f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 1,
      { -1.62182987f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 5,
      { -1.62182987f, 1.6371516f, -0.539031744f, -0.563812673f, -1.28588021f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 15,
      { -1.62182987f, 1.6371516f, -0.539031744f, -0.563812673f, -1.28588021f, -0.785466552f, -0.355834514f,
        0.823570907f, -1.91528118f, -0.553650022f, 0.242282495f, 0.318053126f, -1.20824635f, -1.8767612f,
        -1.0298301f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 16,
      { -0.581992388f, 0.260796696f, 0.719477355f, -0.00357686984f, 0.321837932f, -2.68449354f,
        -0.989151061f, 0.347728014f, 0.19555372f, 0.199608818f, -0.18554385f, 0.921711385f, -1.27461088f,
        0.265715867f, -0.263362855f, 0.421614945f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 17,
      { -0.581992388f, 0.66437453f, 0.620883405f, -0.530918777f, 1.56061578f, 0.224613056f, 1.27830362f,
        -1.91887331f, 0.123672888f, -0.274416775f, -0.707410157f, 0.910645783f, 0.69935143f, -0.843518317f,
        -0.61601764f, -0.395180434f, -1.56281817f } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_TORCH, known[i].seed);
      float out[17];

      unclip_random_normal (random, out, known[i].n);
      assert_torch (out, known[i].out, known[i].n);
    }
}

/* torch.rand (3), torch.rand (2) and torch.randn (2) of one generator: the same numbers for both kinds. */
static void
test_torch_uniform (void)
{
  static const struct
  {
    guint64 seed;
    float   out[7];
  } known[] = {
    { 0, { 0.49625659f, 0.7682217956f, 0.08847743273f, 0.13203048706f, 0.30742281675f, 0.5507453084f, 0.2703641355f } },
    { 7, { 0.5349225402f, 0.1988031864f, 0.6592116952f, 0.6568902731f, 0.2327615619f, -0.2253692895f, 0.1626792103f } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_TORCH, known[i].seed);
      float out[7];

      unclip_random_uniform (random, out, 3);
      unclip_random_uniform (random, out + 3, 2);
      unclip_random_normal (random, out + 5, 2);
      for (int k = 0; k < 5; k++)
        g_assert_cmpfloat (fabsf (out[k] - known[i].out[k]), <, 1e-8f);
      assert_torch (out + 5, known[i].out + 5, 2);
    }
}

/* torch.randn (100): its first three values, those from 14 to 18, the last six, and the sum of all. */
static void
test_torch_long (void)
{
  static const struct
  {
    guint64 seed;
    double  sum;
    float   out[14];
  } known[] = {
    { 0, 3.71411355,
      { -1.12583983f, -1.1523602f, -0.250578582f, 1.11677718f, -0.247278154f, -1.35265374f, -1.6959312f,
        0.566650629f, 0.781307936f, -0.926789403f, 0.206416309f, -0.333447874f, -0.428829998f, 0.232918292f } },
    { 1, -20.2685582,
      { -1.5255959f, -0.750231802f, -0.653980911f, 0.228425175f, 0.467635512f, -0.69697243f, -1.16076148f,
        0.699542403f, -1.47823095f, -1.13341749f, -0.101034768f, 0.343353748f, -1.07027781f, -0.874263167f } },
    { 42, 5.97655856,
      { 1.92691529f, 1.48728406f, 0.900717199f, -0.768838882f, 0.76244539f, 1.64231694f, -0.159597471f,
        -0.497397542f, -0.00131086365f, -0.303603768f, -0.986438632f, 0.123299122f, 0.349867761f,
        0.617280722f } },
    { G_GUINT64_CONSTANT (0x123456789abcdef), 11.768238,
      { -0.581992388f, 0.260796696f, 0.719477355f, -0.263362855f, 0.421614945f, -0.633681357f, 0.66437453f,
        0.620883405f, -0.245507002f, 2.04953742f, 0.625904918f, -1.04646218f, -0.382173628f, 0.251888156f } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_TORCH, known[i].seed);
      float  out[100];
      double sum = 0;

      unclip_random_normal (random, out, 100);
      for (int k = 0; k < 100; k++)
        sum += out[k];
      g_assert_cmpfloat_with_epsilon (sum, known[i].sum, 2e-5);
      assert_torch (out, known[i].out, 3);
      assert_torch (out + 14, known[i].out + 3, 5);
      assert_torch (out + 94, known[i].out + 8, 6);
    }
}

/* One generator, many calls: the second value of a pair waits for the next tensor of less than 16 values. */
static void
test_torch_sequence (void)
{
  static const int sizes[] = { 3, 17, 1, 4, 16, 2, 20, 3 };
  static const float known[] = {
    -0.146795094f, 0.786141276f, 0.94682163f,
    -0.176437929f, -1.21692944f, -0.0810215846f, 1.36148512f, -1.3032167f, 0.0874783769f, -1.38496137f,
    0.503563881f, -0.0835282281f, -0.564006686f, -2.05646253f, -0.356722534f, 1.09558046f, 0.482354164f,
    1.39891839f, 1.40585291f, -1.40125084f,
    -1.114344f,
    1.08418751f, 0.1580562f, -1.1137557f, 0.285538405f,
    -0.259498864f, -0.0144879408f, -0.383890986f, -2.96616983f, -1.06055498f, -0.30899629f, 0.934288204f,
    -0.38211593f, 0.00156727072f, -0.43754071f, -2.10853338f, 1.14500749f, -0.382184327f, -0.355266035f,
    0.754192531f, 0.690124393f,
    0.422946155f, 0.636132956f,
    -1.71775186f, -0.582388639f, -0.615344703f, 1.54961908f, 1.7674973f, -0.0831893682f, 0.508705795f,
    1.1178118f, 1.12857127f, 0.141598508f, -0.545822978f, -0.536822438f, -1.53656864f, -0.557684064f,
    -0.438334733f, 1.15718675f, 0.0889428779f, 0.26587373f, -0.190681383f, 0.383637458f,
    -1.56029403f, 0.204036683f, 0.727867305f,
  };
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_TORCH, 7);
  const float *should = known;

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      float out[20];

      unclip_random_normal (random, out, sizes[i]);
      assert_torch (out, should, sizes[i]);
      should += sizes[i];
    }
  g_assert_true (should == known + G_N_ELEMENTS (known));
}

/* In turn, whatever the parts. */
static void
test_given (void)
{
  static const float values[] = { 1, -2, 3, 4, 5 };
  g_autoptr (UnclipRandom) random = unclip_random_new_given (values, G_N_ELEMENTS (values));
  float out[5];

  unclip_random_normal (random, out, 2);
  unclip_random_normal (random, out + 2, 3);
  g_assert_cmpmem (out, sizeof out, values, sizeof values);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/random/philox/known", test_philox_known);
  g_test_add_func ("/random/philox/streams", test_philox_streams);
  g_test_add_func ("/random/philox/moments", test_philox_moments);
  g_test_add_func ("/random/torch/known", test_torch_known);
  g_test_add_func ("/random/torch/uniform", test_torch_uniform);
  g_test_add_func ("/random/torch/long", test_torch_long);
  g_test_add_func ("/random/torch/sequence", test_torch_sequence);
  g_test_add_func ("/random/given", test_given);
  return g_test_run ();
}
