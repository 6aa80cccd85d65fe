/* Schedules, samplers and inversions, with formulas in the place of the network.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "sampling.h"

#include <math.h>
#include <string.h>

#define N 4096

/* The best eps for pictures whose values are normal with mean 0.3 and deviation 0.5, and something that no
 * inversion can foresee on top of it. */
typedef struct
{
  const UnclipSchedule *schedule;
  double                mean, std, ripple;
  int                   n_calls, fail_at;
  UnclipRandom         *random;
} Formula;

static gboolean
predict (const float *x, int t, float *out, float *v, gpointer data, GError **error)
{
  Formula *formula = data;
  double   ab = formula->schedule->alpha_bar[t], variance = ab * formula->std * formula->std + 1 - ab;

  if (++formula->n_calls == formula->fail_at)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY, "as asked for");
      return FALSE;
    }
  for (int i = 0; i < N; i++)
    {
      double eps = sqrt (1 - ab) * (x[i] - sqrt (ab) * formula->mean) / variance, x_0;

      eps += formula->ripple * sin (3 * x[i] + 0.01 * t);
      x_0 = (x[i] - sqrt (1 - ab) * eps) / sqrt (ab);
      out[i] = formula->schedule->prediction == UNCLIP_PREDICTION_SAMPLE ? x_0
               : formula->schedule->prediction == UNCLIP_PREDICTION_V    ? sqrt (ab) * eps - sqrt (1 - ab) * x_0
                                                                          : eps;
      if (v != NULL)
        v[i] = -1; /* the smaller of both variances */
    }
  return TRUE;
}

static void
noise (int step, float *out, gsize n, gpointer data)
{
  unclip_random_normal (((Formula *) data)->random, out, n);
}

static UnclipProcess
process_new (Formula *formula, UnclipSchedule *schedule, const int *timesteps, int n_steps)
{
  *formula = (Formula) { schedule, 0.3, 0.5, 0, 0, 0, unclip_random_new (UNCLIP_RNG_PHILOX, 5) };
  return (UnclipProcess) { .schedule = schedule, .n = N, .timesteps = timesteps, .n_steps = n_steps, .predict = predict,
                           .predict_data = formula, .noise = noise, .noise_data = formula };
}

static void
draw (float *x, double mean, double std, guint64 seed)
{
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, seed);

  unclip_random_normal (random, x, N);
  for (int i = 0; i < N; i++)
    x[i] = (float) (mean + std * x[i]);
}

static void
statistics (const float *x, double *mean, double *std)
{
  double sum = 0, squares = 0;

  for (int i = 0; i < N; i++)
    sum += x[i];
  *mean = sum / N;
  for (int i = 0; i < N; i++)
    squares += (x[i] - *mean) * (x[i] - *mean);
  *std = sqrt (squares / N);
}

static double
rms_difference (const float *a, const float *b)
{
  double sum = 0;

  for (int i = 0; i < N; i++)
    sum += (a[i] - b[i]) * (double) (a[i] - b[i]);
  return sqrt (sum / N);
}

static void
test_timesteps (void)
{
  static const int ddpm[] = { 999, 832, 666, 500, 333, 166, 0 }; /* 832.5, 499.5 and 166.5 go to the even side */
  static const int trailing[] = { 999, 749, 499, 249 };
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int *a = unclip_timesteps_ddpm (schedule, 7), *b = unclip_timesteps_ddim (schedule, 3, UNCLIP_SPACING_LEADING, 1);
  g_autofree int *c = unclip_timesteps_ddim (schedule, 4, UNCLIP_SPACING_TRAILING, 0), *d = unclip_timesteps_ddpm (schedule, 1);

  g_assert_cmpmem (a, sizeof ddpm, ddpm, sizeof ddpm);
  g_assert_cmpint (b[0], ==, 667);
  g_assert_cmpint (b[2], ==, 1);
  g_assert_cmpmem (c, sizeof trailing, trailing, sizeof trailing);
  g_assert_cmpint (d[0], ==, 999);
  g_assert_cmpfloat (schedule->beta[999], ==, 0.999f);
}

/* From the noisiest timestep to the cleanest, none twice, in steps that grow. */
static void
test_noisy_timesteps (void)
{
  static const int n_steps[] = { 1, 2, 25, 50, 999, 1000 };
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);

  for (gsize i = 0; i < G_N_ELEMENTS (n_steps); i++)
    {
      int             n = n_steps[i];
      g_autofree int *timesteps = unclip_timesteps_noisy (schedule, n);

      g_assert_cmpint (timesteps[0], ==, 999);
      if (n > 1)
        g_assert_cmpint (timesteps[n - 1], ==, 0);
      for (int k = 1; k < n; k++)
        g_assert_cmpint (timesteps[k], <, timesteps[k - 1]);
      for (int k = 2; k < n; k++)
        g_assert_cmpint (timesteps[k - 1] - timesteps[k], >=, timesteps[k - 2] - timesteps[k - 1] - 1); /* rounded */
    }
}

/* Either prediction leads ancestral sampling from noise to the distribution that the formula is best for. */
static void
test_ddpm_distribution (gconstpointer prediction)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int   *timesteps = unclip_timesteps_ddpm (schedule, 250);
  g_autofree float *x = g_new (float, N);
  Formula           formula;
  UnclipProcess     process = process_new (&formula, schedule, timesteps, 250);
  double            mean, std;

  schedule->prediction = GPOINTER_TO_INT (prediction);
  draw (x, 0, 1, 1);
  g_assert_true (unclip_ddpm_sample (&process, x, NULL));
  statistics (x, &mean, &std);
  g_assert_cmpfloat_with_epsilon (mean, 0.3, 0.03);
  g_assert_cmpfloat_with_epsilon (std, 0.5, 0.03);
  g_assert_cmpint (formula.n_calls, ==, 250);
  unclip_random_free (formula.random);
}

/* With the exact formula the way from noise is known, and the error falls with the square of the number of steps. */
static void
test_dpm_order (gconstpointer prediction)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree float *x = g_new (float, N), *exact = g_new (float, N), *first_order = g_new (float, N);
  double            last = 0;

  schedule->prediction = GPOINTER_TO_INT (prediction);
  for (int n_steps = 10; n_steps <= 80; n_steps *= 2)
    {
      g_autofree int *timesteps = g_new (int, n_steps);
      Formula         formula;
      UnclipProcess   process;
      double          ab, error;

      /* Up to one time near the end for all: the last leap to no noise is no matter of order. */
      for (int k = 0; k < n_steps; k++)
        timesteps[k] = k == n_steps - 1 ? 30 : (int) rint (950 - 920.0 * k / (n_steps - 1));
      process = process_new (&formula, schedule, timesteps, n_steps);
      ab = schedule->alpha_bar[950];
      draw (x, sqrt (ab) * 0.3, sqrt (ab * 0.25 + 1 - ab), 1);
      memcpy (first_order, x, N * sizeof (float));
      /* Each value keeps its place in the distribution; the last step shows the prediction at t = 30. */
      for (int i = 0; i < N; i++)
        {
          double ab_end = schedule->alpha_bar[30], unit = (x[i] - sqrt (ab) * 0.3) / sqrt (ab * 0.25 + 1 - ab);
          double end = sqrt (ab_end) * 0.3 + sqrt (ab_end * 0.25 + 1 - ab_end) * unit;
          double eps = sqrt (1 - ab_end) * (end - sqrt (ab_end) * 0.3) / (ab_end * 0.25 + 1 - ab_end);

          exact[i] = (float) ((end - sqrt (1 - ab_end) * eps) / sqrt (ab_end));
        }
      g_assert_true (unclip_dpm_sample (&process, x, 0, NULL));
      g_assert_true (unclip_ddim_sample (&process, first_order, 0, NULL));
      error = rms_difference (x, exact);
      g_assert_cmpint (formula.n_calls, ==, 2 * n_steps);
      g_assert_cmpfloat (error, <, rms_difference (first_order, exact));
      if (n_steps > 10)
        g_assert_cmpfloat (error, <, last / 3);
      last = error;
      unclip_random_free (formula.random);
    }
  g_assert_cmpfloat (last, <, 1e-3);
}

/* With noise of its own it leads to the same distribution as ancestral sampling, in a fifth of the steps. */
static void
test_dpm_distribution (void)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int   *timesteps = unclip_timesteps_ddim (schedule, 50, UNCLIP_SPACING_TRAILING, 0);
  g_autofree float *x = g_new (float, N), *y = g_new (float, N);
  Formula           formula;
  UnclipProcess     process = process_new (&formula, schedule, timesteps, 50);
  double            mean, std;

  draw (x, 0, 1, 1);
  memcpy (y, x, N * sizeof (float));
  g_assert_true (unclip_dpm_sample (&process, x, 1, NULL));
  statistics (x, &mean, &std);
  g_assert_cmpfloat_with_epsilon (mean, 0.3, 0.03);
  g_assert_cmpfloat_with_epsilon (std, 0.5, 0.03);
  /* The noise is really there. */
  g_assert_true (unclip_dpm_sample (&process, y, 0, NULL));
  g_assert_cmpfloat (rms_difference (x, y), >, 0.1);
  unclip_random_free (formula.random);
}

static void
test_learned_variance (void)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int   *timesteps = unclip_timesteps_ddpm (schedule, 10);
  g_autofree float *x = g_new (float, N), *y = g_new (float, N);
  Formula           formula;
  UnclipProcess     process = process_new (&formula, schedule, timesteps, 10);

  /* v = -1 is the fixed small variance, whose logarithm takes another way there. */
  draw (x, 0, 1, 1);
  draw (y, 0, 1, 1);
  g_assert_true (unclip_ddpm_sample (&process, x, NULL));
  unclip_random_free (formula.random);
  schedule->variance = UNCLIP_VARIANCE_LEARNED_RANGE;
  process = process_new (&formula, schedule, timesteps, 10);
  g_assert_true (unclip_ddpm_sample (&process, y, NULL));
  g_assert_cmpfloat (rms_difference (x, y), <, 1e-5);
  unclip_random_free (formula.random);
}

static void
test_ddim_distribution (void)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int *timesteps = unclip_timesteps_ddim (schedule, 250, UNCLIP_SPACING_LEADING, 0);

  for (int i = 0; i < 3; i++)
    {
      g_autofree float *x = g_new (float, N);
      Formula           formula;
      UnclipProcess     process = process_new (&formula, schedule, timesteps, 250);
      double            mean, std;

      draw (x, 0, 1, 2);
      g_assert_true (unclip_ddim_sample (&process, x, i / 2.0, NULL));
      statistics (x, &mean, &std);
      g_assert_cmpfloat_with_epsilon (mean, 0.3, 0.03);
      g_assert_cmpfloat_with_epsilon (std, 0.5, 0.03);
      unclip_random_free (formula.random);
    }
}

/* Root mean square of what the way there and back changes. */
static double
round_trip (UnclipInvertMethod method, int n_steps, double ripple, int *n_calls)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
  g_autofree int   *timesteps = method == UNCLIP_INVERT_DDPM ? unclip_timesteps_ddpm (schedule, n_steps)
                                                             : unclip_timesteps_ddim (schedule, n_steps, UNCLIP_SPACING_LEADING, 0);
  g_autofree float *x = g_new (float, N), *y = g_new (float, N), *before;
  g_autoptr (UnclipTrace) trace = NULL;
  Formula       formula;
  UnclipProcess process = process_new (&formula, schedule, timesteps, n_steps);

  schedule->clip = method == UNCLIP_INVERT_DDPM ? 1 : 0;
  formula.ripple = ripple;
  draw (x, 0.3, 0.5, 3);
  before = g_memdup2 (x, N * sizeof (float));
  trace = unclip_invert_trace (&process, x, method, 5, NULL);
  *n_calls = formula.n_calls;
  g_assert_nonnull (trace);
  g_assert_cmpmem (x, N * sizeof (float), before, N * sizeof (float));
  g_assert_true (unclip_trace_sample (&process, trace, 0, 1, y, NULL));
  unclip_random_free (formula.random);
  return rms_difference (x, y);
}

static void
test_exact_inversions (void)
{
  static const UnclipInvertMethod methods[] = { UNCLIP_INVERT_BDIA, UNCLIP_INVERT_RESIDUALS, UNCLIP_INVERT_DDPM };
  static const int calls_per_step[] = { 1, 2, 1 };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    for (int n_steps = 2; n_steps <= 50; n_steps += 24)
      {
        int n_calls;

        g_assert_cmpfloat (round_trip (methods[i], n_steps, 0.3, &n_calls), <, 1e-4);
        g_assert_cmpint (n_calls, ==, n_steps * calls_per_step[i]);
      }
}

static void
test_approximate_inversions (void)
{
  int    n_calls;
  double few = round_trip (UNCLIP_INVERT_DDIM, 20, 0.02, &n_calls), many = round_trip (UNCLIP_INVERT_DDIM, 200, 0.02, &n_calls);
  double solved = round_trip (UNCLIP_INVERT_FIXED_POINT, 20, 0.02, &n_calls);

  g_assert_cmpint (n_calls, ==, 20 * 6);
  g_assert_cmpfloat (many, <, few / 2);
  g_assert_cmpfloat (solved, <, few / 10);
  g_assert_cmpfloat (few, >, 1e-4); /* else the exact ones prove nothing */
}

/* keep = 0 is plain DDIM from x_T, whatever was stored. */
static void
test_keep_nothing (void)
{
  static const UnclipInvertMethod methods[] = { UNCLIP_INVERT_BDIA, UNCLIP_INVERT_RESIDUALS };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
      g_autofree int   *timesteps = unclip_timesteps_ddim (schedule, 10, UNCLIP_SPACING_LEADING, 0);
      g_autofree float *x = g_new (float, N), *y = g_new (float, N), *plain = NULL;
      g_autoptr (UnclipTrace) trace = NULL;
      Formula       formula;
      UnclipProcess process = process_new (&formula, schedule, timesteps, 10);

      formula.ripple = 0.1;
      draw (x, 0.3, 0.5, 3);
      trace = unclip_invert_trace (&process, x, methods[i], 0, NULL);
      plain = g_memdup2 (trace->x_T, N * sizeof (float));
      g_assert_true (unclip_ddim_sample (&process, plain, 0, NULL));
      g_assert_true (unclip_trace_sample (&process, trace, 0, 0, y, NULL));
      g_assert_cmpfloat (rms_difference (plain, y), <, 1e-5);
      g_assert_cmpfloat (rms_difference (plain, x), >, 1e-4);
      unclip_random_free (formula.random);
    }
}

static void
test_error_ends_a_loop (void)
{
  for (int method = UNCLIP_INVERT_DDIM; method <= UNCLIP_INVERT_DDPM; method++)
    {
      g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SQUARED_COSINE, 0, 0, 1000);
      g_autofree int   *timesteps = unclip_timesteps_ddim (schedule, 10, UNCLIP_SPACING_LEADING, 0);
      g_autofree float *x = g_new (float, N);
      g_autoptr (GError) error = NULL;
      Formula       formula;
      UnclipProcess process = process_new (&formula, schedule, timesteps, 10);

      draw (x, 0.3, 0.5, 3);
      formula.fail_at = 7;
      g_assert_null (unclip_invert_trace (&process, x, method, 2, &error));
      g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MEMORY);
      g_assert_cmpint (formula.n_calls, ==, 7);
      unclip_random_free (formula.random);
    }
}

static void
test_guide (void)
{
  const float unconditional[] = { 1, 2, -1 }, conditional[] = { 2, 2, 1 };
  float out[3];

  unclip_guide (out, unconditional, conditional, 3, 3);
  g_assert_cmpfloat (out[0], ==, 4);
  g_assert_cmpfloat (out[1], ==, 2);
  g_assert_cmpfloat (out[2], ==, 5);
}

static void
test_slerp (void)
{
  const float a[] = { 2, 0, 0 }, b[] = { 0, 5, 0 }, opposite[] = { -3, 0, 0 };
  float out[3];

  unclip_slerp (out, a, b, 3, 0.5);
  g_assert_cmpfloat_with_epsilon (out[0], G_SQRT2 / 2, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], G_SQRT2 / 2, 1e-6);
  unclip_slerp (out, a, b, 3, 1.0 / 3);
  g_assert_cmpfloat_with_epsilon (out[1], 0.5, 1e-6);
  unclip_slerp (out, a, a, 3, 0.7);
  g_assert_cmpfloat_with_epsilon (out[0], 1, 1e-6);
  unclip_slerp (out, a, opposite, 3, 0.5);
  g_assert_cmpfloat_with_epsilon (out[0], 1, 1e-6);
}

/* The direction of the weighted sum, and of the length that the embeddings have, whatever angle lies between them. */
static void
test_weighted_mean (void)
{
  const float a[] = { 2, 0, 0 }, b[] = { 0, 2, 0 }, c[] = { 0, 0, 6 };
  const float *const two[] = { a, b }, *const three[] = { a, b, c }, *const same[] = { a, a };
  g_autoptr (GError) error = NULL;
  float out[3];

  g_assert_true (unclip_weighted_mean (out, two, (const double[]) { 1, 1 }, 2, 3, &error));
  g_assert_cmpfloat_with_epsilon (out[0], G_SQRT2, 1e-6);
  g_assert_cmpfloat_with_epsilon (out[1], G_SQRT2, 1e-6);
  /* What leads away counts for the length, too. */
  g_assert_true (unclip_weighted_mean (out, three, (const double[]) { 3, 0, -1 }, 3, 3, &error));
  g_assert_cmpfloat_with_epsilon (out[0], 3 / G_SQRT2, 1e-6);
  g_assert_cmpfloat (out[1], ==, 0);
  g_assert_cmpfloat_with_epsilon (out[2], -3 / G_SQRT2, 1e-6);
  /* Weights' own size says nothing. */
  g_assert_true (unclip_weighted_mean (out, two, (const double[]) { 1e-3, 1e-3 }, 2, 3, &error));
  g_assert_cmpfloat_with_epsilon (out[0], G_SQRT2, 1e-6);
  g_assert_true (unclip_weighted_mean (out, two, (const double[]) { 5, 0 }, 2, 3, &error));
  g_assert_cmpfloat (out[0], ==, 2);

  g_assert_false (unclip_weighted_mean (out, same, (const double[]) { 1, -0.99999999 }, 2, 3, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

static void
test_text_diff (void)
{
  const float z_t[] = { 1, 3 }, z_t0[] = { 1, 1 };
  g_autoptr (GError) error = NULL;
  float z_d[2];

  g_assert_true (unclip_text_diff (z_d, z_t, z_t0, 2, &error));
  g_assert_cmpfloat (z_d[0], ==, 0);
  g_assert_cmpfloat (z_d[1], ==, 1);
  g_assert_false (unclip_text_diff (z_d, z_t, z_t, 2, &error));
  g_assert_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT);
}

/* The ends are the given ones, what lies between is even, in the betas themselves or in their roots. */
static void
test_betas (void)
{
  static const struct
  {
    const char *name;
    double      middle;
  } cases[] = { { "linear", 0.006425 }, { "scaled_linear", 0.004810 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      UnclipBetas kind;
      g_autoptr (UnclipSchedule) schedule = NULL;

      g_assert_true (unclip_betas_named (cases[i].name, &kind));
      schedule = unclip_schedule_new (kind, 0.00085, 0.012, 1001);
      g_assert_cmpfloat_with_epsilon (schedule->beta[0], 0.00085, 1e-9);
      g_assert_cmpfloat_with_epsilon (schedule->beta[500], cases[i].middle, 1e-6);
      g_assert_cmpfloat_with_epsilon (schedule->beta[1000], 0.012, 1e-8);
    }
}

/* DDPMScheduler's steps end at timestep 0, each a whole stride below the one before. */
static void
test_leading (void)
{
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_LINEAR, 0.00085, 0.012, 1000);
  g_autofree int *timesteps = NULL;

  schedule->spacing = UNCLIP_SPACING_LEADING;
  timesteps = unclip_timesteps_ddpm (schedule, 10);
  for (int k = 0; k < 10; k++)
    g_assert_cmpint (timesteps[k], ==, 900 - 100 * k);
}

/* Between two order statistics, and never below 1 nor above what there may be. */
static void
test_threshold (void)
{
  static const float x_0[] = { -3, 0.5f, 1, -2, 0.25f };

  g_assert_cmpfloat_with_epsilon (unclip_threshold (x_0, 5, 0.875f, 10), 2.5, 1e-6);
  g_assert_cmpfloat (unclip_threshold (x_0, 5, 0.875f, 2), ==, 2);
  g_assert_cmpfloat (unclip_threshold (x_0, 5, 0.25f, 2), ==, 1);
  g_assert_cmpfloat (unclip_threshold (x_0, 1, 0.5f, 10), ==, 3);
}

/* More steps come nearer to the truth, whatever the network predicts, and it is asked once more than there are. */
static void
test_pndm (gconstpointer prediction)
{
  double errors[2];

  for (int i = 0; i < 2; i++)
    {
      int n_steps = i == 0 ? 25 : 100;
      g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SCALED_LINEAR, 0.00085, 0.012, 1000);
      g_autofree int   *timesteps = unclip_timesteps_ddim (schedule, n_steps, UNCLIP_SPACING_LEADING, 1);
      g_autofree int   *all = unclip_timesteps_ddim (schedule, 1000, UNCLIP_SPACING_LEADING, 0);
      g_autofree float *x = g_new (float, N), *exact = g_new (float, N);
      g_autoptr (GError) error = NULL;
      Formula       formula, of_exact;
      UnclipProcess process = process_new (&formula, schedule, timesteps, n_steps);
      UnclipProcess fine = process_new (&of_exact, schedule, all + 999 - timesteps[0], timesteps[0] + 1);

      schedule->prediction = GPOINTER_TO_INT (prediction);
      schedule->last_alpha_bar = schedule->alpha_bar[0];
      draw (x, 0, 1, 3);
      memcpy (exact, x, N * sizeof (float));
      g_assert_true (unclip_pndm_sample (&process, x, &error));
      g_assert_no_error (error);
      g_assert_cmpint (formula.n_calls, ==, n_steps + 1);
      g_assert_true (unclip_ddim_sample (&fine, exact, 0, &error));
      errors[i] = rms_difference (x, exact);
      unclip_random_free (formula.random);
      unclip_random_free (of_exact.random);
    }
  g_assert_cmpfloat (errors[1], <, errors[0] / 2);
  g_assert_cmpfloat (errors[1], <, 0.02);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampling/timesteps", test_timesteps);
  g_test_add_func ("/sampling/noisy-timesteps", test_noisy_timesteps);
  g_test_add_data_func ("/sampling/ddpm/eps", GINT_TO_POINTER (UNCLIP_PREDICTION_EPSILON), test_ddpm_distribution);
  g_test_add_data_func ("/sampling/ddpm/sample", GINT_TO_POINTER (UNCLIP_PREDICTION_SAMPLE), test_ddpm_distribution);
  g_test_add_data_func ("/sampling/ddpm/v", GINT_TO_POINTER (UNCLIP_PREDICTION_V), test_ddpm_distribution);
  g_test_add_func ("/sampling/ddpm/learned-variance", test_learned_variance);
  g_test_add_data_func ("/sampling/dpm/order/eps", GINT_TO_POINTER (UNCLIP_PREDICTION_EPSILON), test_dpm_order);
  g_test_add_data_func ("/sampling/dpm/order/sample", GINT_TO_POINTER (UNCLIP_PREDICTION_SAMPLE), test_dpm_order);
  g_test_add_data_func ("/sampling/dpm/order/v", GINT_TO_POINTER (UNCLIP_PREDICTION_V), test_dpm_order);
  g_test_add_data_func ("/sampling/pndm/eps", GINT_TO_POINTER (UNCLIP_PREDICTION_EPSILON), test_pndm);
  g_test_add_data_func ("/sampling/pndm/v", GINT_TO_POINTER (UNCLIP_PREDICTION_V), test_pndm);
  g_test_add_func ("/sampling/dpm/distribution", test_dpm_distribution);
  g_test_add_func ("/sampling/ddim/eta", test_ddim_distribution);
  g_test_add_func ("/sampling/inversion/exact", test_exact_inversions);
  g_test_add_func ("/sampling/inversion/approximate", test_approximate_inversions);
  g_test_add_func ("/sampling/inversion/keep-nothing", test_keep_nothing);
  g_test_add_func ("/sampling/inversion/error", test_error_ends_a_loop);
  g_test_add_func ("/sampling/guide", test_guide);
  g_test_add_func ("/sampling/slerp", test_slerp);
  g_test_add_func ("/sampling/weighted-mean", test_weighted_mean);
  g_test_add_func ("/sampling/text-diff", test_text_diff);
  g_test_add_func ("/sampling/betas", test_betas);
  g_test_add_func ("/sampling/leading", test_leading);
  g_test_add_func ("/sampling/threshold", test_threshold);
  return g_test_run ();
}
