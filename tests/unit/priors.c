/* The priors. Of the autoregressive one principal components, buckets, and the network, whose kept keys and values must
 * give what the whole sequence gives; of both that padding may be left out. (That they give what PyTorch gives is a golden test.)
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <math.h>
#include <string.h>

#include "random.h"
#include "sampling.h"
#include "support.h"
#include "tensors.h"
#include "weights.h"

/* ---- principal components ---------------------------------------------------------------------- */

static const float mean[3] = { 1, 2, 3 }, basis[2][3] = { { 0.6f, 0.8f, 0 }, { 0, 0, 1 } };
static const float edges[2][5] = { { -4, -2, 0, 2, 4 }, { -1, 0, 0, 0.5f, 1 } };
static const UnclipPca pca = { 3, 2, 4, mean, basis[0], edges[0] };

static void
assert_near (const float *is, const float *should, int n, float epsilon)
{
  for (int i = 0; i < n; i++)
    g_assert_cmpfloat (fabsf (is[i] - should[i]), <=, epsilon);
}

static void
test_projection (void)
{
  /* mean + 1.5 along the first direction, - 0.25 along the second, + 2 along neither. */
  const float z_i[3] = { 1 + 0.9f - 1.6f, 2 + 1.2f + 1.2f, 3 - 0.25f };
  float out[3], again[3];

  unclip_pca_project (&pca, z_i, 0, out);
  assert_near (out, mean, 3, 0);
  unclip_pca_project (&pca, z_i, 1, out);
  assert_near (out, (float[]) { 1.9f, 3.2f, 3 }, 3, 1e-6f);
  unclip_pca_project (&pca, z_i, 2, out);
  assert_near (out, (float[]) { 1.9f, 3.2f, 2.75f }, 3, 1e-6f);

  /* What has been projected stays, also in place. */
  memcpy (again, out, sizeof again);
  unclip_pca_project (&pca, again, 2, again);
  assert_near (again, out, 3, 1e-6f);
}

static void
test_buckets (void)
{
  static const struct
  {
    double value;
    int    bucket;
  } known[] = {
    { -1e30, 0 }, { -4.1, 0 }, { -4, 0 }, { -2.0001, 0 }, { -2, 1 }, { 0, 2 }, { 1.9999, 2 }, { 2, 3 }, { 4, 3 }, { 1e30, 3 },
    { -INFINITY, 0 }, { INFINITY, 3 }
  };
  int bucket;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    g_assert_cmpint (unclip_pca_bucket (edges[0], 4, known[i].value), ==, known[i].bucket);
  /* An empty bucket is nobody's. */
  g_assert_cmpint (unclip_pca_bucket (edges[1], 4, -1e-9), ==, 0);
  g_assert_cmpint (unclip_pca_bucket (edges[1], 4, 0), ==, 2);
  bucket = unclip_pca_bucket (edges[0], 4, NAN);
  g_assert_true (bucket >= 0 && bucket < 4);
}

static void
test_round_trip (void)
{
  int   codes[2], again[2];
  float z_i[3], projected[3];

  for (int a = 0; a < 4; a++)
    for (int b = 0; b < 4; b++)
      {
        if (b == 1)
          continue; /* is empty */
        unclip_pca_decode (&pca, (const int[]) { a, b }, z_i);
        unclip_pca_encode (&pca, z_i, codes);
        g_assert_cmpint (codes[0], ==, a);
        g_assert_cmpint (codes[1], ==, b);
        /* The middle of a bucket lies in the span of the directions. */
        unclip_pca_project (&pca, z_i, 2, projected);
        assert_near (projected, z_i, 3, 1e-6f);
      }

  unclip_pca_encode (&pca, (const float[]) { 1 + 0.6f * 3, 2 + 0.8f * 3, 3.7f }, codes);
  g_assert_cmpint (codes[0], ==, 3);
  g_assert_cmpint (codes[1], ==, 3);
  unclip_pca_decode (&pca, codes, z_i);
  assert_near (z_i, (float[]) { 1 + 0.6f * 3, 2 + 0.8f * 3, 3.75f }, 3, 1e-6f);
  unclip_pca_encode (&pca, (const float[]) { NAN, 0, -1e30f }, again);
  g_assert_true (again[0] >= 0 && again[0] < 4);
  g_assert_cmpint (again[1], ==, 0);
}

static void
test_draw (void)
{
  const float logits[4] = { logf (0.1f), logf (0.2f), -INFINITY, logf (0.7f) }, absurd[3] = { NAN, INFINITY, NAN };

  g_assert_cmpint (unclip_draw (logits, 4, 0), ==, 0);
  g_assert_cmpint (unclip_draw (logits, 4, 0.0999), ==, 0);
  g_assert_cmpint (unclip_draw (logits, 4, 0.1001), ==, 1);
  g_assert_cmpint (unclip_draw (logits, 4, 0.2999), ==, 1);
  g_assert_cmpint (unclip_draw (logits, 4, 0.3001), ==, 3);
  g_assert_cmpint (unclip_draw (logits, 4, 1 - 0x1p-24), ==, 3);
  for (double u = 0; u < 1; u += 0.25)
    {
      int bucket = unclip_draw (absurd, 3, u);

      g_assert_true (bucket >= 0 && bucket < 3);
    }
  /* Large ones are no matter. */
  g_assert_cmpint (unclip_draw ((const float[]) { 1e30f, 0 }, 2, 0.999), ==, 0);
}

/* ---- the networks --------------------------------------------------------------------------------- */

#define DIFFUSION_CONFIG "{\"num_attention_heads\": 3, \"attention_head_dim\": 5, \"num_layers\": 2, \"embedding_dim\": 11, \"num_embeddings\": 7}"
#define CONFIG \
  "{\"num_attention_heads\": 3, \"attention_head_dim\": 5, \"num_layers\": 2, \"embedding_dim\": 11, \"num_embeddings\": 7," \
  " \"n_components\": 6, \"n_buckets\": 19, \"n_dot_buckets\": 5}"

enum
{
  N = 3,
  DIM = 11,
  LENGTH = 7,
  K = 6,
  BUCKETS = 19
};

static UnclipConfig *
config_new (const char *text)
{
  g_autofree char *path = support_write ("config.json", text, -1);
  g_autoptr (GError) error = NULL;
  UnclipConfig *config = unclip_config_load (path, &error);

  g_assert_no_error (error);
  return config;
}

/* Random values for the weights that a network asked for, with rising edges. */
static UnclipTensors *
tensors_of (UnclipWeights *recording)
{
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, 5);
  UnclipTensors *tensors = unclip_tensors_new ();
  const char *name;
  const int  *dims;
  int         n_dims;

  for (guint i = 0; unclip_weights_recorded (recording, i, &name, &n_dims, &dims); i++)
    {
      UnclipTensor *tensor = unclip_tensors_add (tensors, name, UNCLIP_DTYPE_F32, n_dims, dims, NULL);
      float        *values = tensor->data;

      unclip_random_normal (random, values, tensor->n);
      for (gsize k = 0; k < tensor->n; k++)
        values[k] = g_str_has_suffix (name, "_edges") ? (float) (k % dims[n_dims - 1]) - 3 : values[k] * 0.5f;
    }
  return tensors;
}

static UnclipTensors *
tensors_new (const UnclipConfig *config)
{
  g_autoptr (UnclipWeights) recording = unclip_weights_new_recording ();
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipPriorAutoregressive) shapes = unclip_prior_autoregressive_construct (config, recording, &support_context, &error);

  g_assert_no_error (error);
  return tensors_of (recording);
}

static UnclipWeights *
weights_new (UnclipTensors *tensors)
{
  g_autofree char *path = support_path ("weights.safetensors");
  UnclipWeights *weights;

  g_assert_true (unclip_tensors_save (tensors, path, NULL));
  weights = unclip_weights_open_file (path, NULL);
  g_assert_nonnull (weights);
  return weights;
}

static UnclipPriorAutoregressive *
prior_new (const UnclipConfig *config, UnclipTensors *tensors, UnclipWeights **weights, GError **error)
{
  *weights = weights_new (tensors);
  return unclip_prior_autoregressive_construct (config, *weights, &support_context, error);
}

/* Captions of different lengths, and codes. */
typedef struct
{
  float z_t[N * DIM], states[N * LENGTH * DIM];
  int   mask[N * LENGTH], dots[N], codes[N * (K - 1)];
} Rows;

static void
rows_fill (Rows *rows)
{
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, 9);

  unclip_random_normal (random, rows->z_t, N * DIM);
  unclip_random_normal (random, rows->states, N * LENGTH * DIM);
  for (int i = 0; i < N; i++)
    {
      rows->dots[i] = 5 - i;
      for (int j = 0; j < LENGTH; j++)
        rows->mask[i * LENGTH + j] = j < 2 + 2 * i;
      for (int k = 0; k < K - 1; k++)
        rows->codes[i * (K - 1) + k] = (7 * i + 5 * k) % BUCKETS;
    }
}

/* Logits [N, K, BUCKETS], the first @n_known codes in one pass and the rest one by one. */
static void
run (UnclipPriorAutoregressive *prior, const Rows *rows, int n_known, float *logits)
{
  float first[N * K * BUCKETS], next[N * BUCKETS];
  int   known[N * K], one[N];

  for (int i = 0; i < N; i++)
    for (int k = 0; k < n_known; k++)
      known[i * n_known + k] = rows->codes[i * (K - 1) + k];
  g_assert_true (unclip_prior_autoregressive_begin (prior, rows->z_t, rows->states, rows->mask, LENGTH, rows->dots, known, n_known, N, first, NULL));
  for (int i = 0; i < N; i++)
    memcpy (logits + i * K * BUCKETS, first + i * (n_known + 1) * BUCKETS, (n_known + 1) * BUCKETS * sizeof (float));
  for (int k = n_known; k < K - 1; k++)
    {
      for (int i = 0; i < N; i++)
        one[i] = rows->codes[i * (K - 1) + k];
      g_assert_true (unclip_prior_autoregressive_next (prior, one, next, NULL));
      for (int i = 0; i < N; i++)
        memcpy (logits + (i * K + k + 1) * BUCKETS, next + i * BUCKETS, BUCKETS * sizeof (float));
    }
}

static void
test_cache (void)
{
  g_autoptr (UnclipConfig) config = config_new (CONFIG);
  g_autoptr (UnclipTensors) tensors = tensors_new (config);
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipPriorAutoregressive) prior = NULL;
  float whole[N * K * BUCKETS], stepped[N * K * BUCKETS], threads[N * K * BUCKETS], alone[K * BUCKETS], before;
  Rows  rows;

  bk_context_init (&support_context, 1);
  prior = prior_new (config, tensors, &weights, NULL);
  g_assert_nonnull (prior);
  rows_fill (&rows);
  run (prior, &rows, K - 1, whole);
  for (int n_known = 0; n_known < K - 1; n_known++)
    {
      run (prior, &rows, n_known, stepped);
      assert_near (stepped, whole, N * K * BUCKETS, 2e-5f);
    }

  /* The same bits for any number of threads. */
  run (prior, &rows, 0, stepped);
  bk_context_init (&support_context, 3);
  run (prior, &rows, 0, threads);
  bk_context_init (&support_context, 1);
  g_assert_cmpmem (stepped, sizeof stepped, threads, sizeof threads);

  /* Rows do not see each other, and padding may be left out: of 7 tokens the second row has 4. */
  for (int n_tokens = 4; n_tokens <= LENGTH; n_tokens++)
    {
      g_assert_true (unclip_prior_autoregressive_begin (prior, rows.z_t + DIM, rows.states + LENGTH * DIM, rows.mask + LENGTH, n_tokens,
                                                        rows.dots + 1, rows.codes + K - 1, K - 2, 1, alone, NULL));
      g_assert_true (unclip_prior_autoregressive_next (prior, rows.codes + 2 * (K - 1) - 1, alone + (K - 1) * BUCKETS, NULL));
      assert_near (alone, whole + K * BUCKETS, K * BUCKETS, 2e-5f);
    }

  /* Padding and later codes are not seen; words, the cosine and earlier codes are. */
  rows.states[LENGTH * DIM - 1] += 1;
  rows.codes[3] = (rows.codes[3] + 1) % BUCKETS;
  run (prior, &rows, K - 1, stepped);
  assert_near (stepped, whole, 4 * BUCKETS, 0);
  g_assert_true (memcmp (stepped + 4 * BUCKETS, whole + 4 * BUCKETS, BUCKETS * sizeof (float)) != 0);
  before = stepped[0];
  rows.dots[0]--;
  run (prior, &rows, K - 1, stepped);
  g_assert_cmpfloat (fabsf (stepped[0] - before), >, 1e-4f);
  before = stepped[0];
  rows.states[DIM] += 1;
  run (prior, &rows, K - 1, stepped);
  g_assert_cmpfloat (fabsf (stepped[0] - before), >, 1e-4f);
}

static void
test_diffusion_padding (void)
{
  g_autoptr (UnclipConfig) config = config_new (DIFFUSION_CONFIG);
  g_autoptr (UnclipWeights) recording = unclip_weights_new_recording (), weights = NULL;
  g_autoptr (UnclipPrior) shapes = unclip_prior_construct (config, recording, &support_context, NULL), prior = NULL;
  g_autoptr (UnclipTensors) tensors = tensors_of (recording);
  g_autoptr (UnclipRandom) random = unclip_random_new (UNCLIP_RNG_PHILOX, 11);
  float x_t[N * DIM], whole[N * DIM], again[N * DIM], alone[DIM];
  Rows  rows;

  g_assert_nonnull (shapes);
  bk_context_init (&support_context, 1);
  weights = weights_new (tensors);
  prior = unclip_prior_construct (config, weights, &support_context, NULL);
  g_assert_nonnull (prior);
  rows_fill (&rows);
  unclip_random_normal (random, x_t, N * DIM);
  g_assert_true (unclip_prior_predict (prior, x_t, 500, rows.z_t, rows.states, rows.mask, LENGTH, N, whole, NULL));

  /* Row i has 2 + 2 i tokens; alone, without some of its padding or all. */
  for (int i = 0; i < N; i++)
    for (int n_tokens = 2 + 2 * i; n_tokens <= LENGTH; n_tokens++)
      {
        g_assert_true (unclip_prior_predict (prior, x_t + i * DIM, 500, rows.z_t + i * DIM, rows.states + i * LENGTH * DIM,
                                             rows.mask + i * LENGTH, n_tokens, 1, alone, NULL));
        assert_near (alone, whole + i * DIM, DIM, 2e-5f);
      }

  /* Padding is not seen, but without a mask it is, and a word always. */
  rows.states[LENGTH * DIM - 1] += 1;
  g_assert_true (unclip_prior_predict (prior, x_t, 500, rows.z_t, rows.states, rows.mask, LENGTH, N, again, NULL));
  g_assert_cmpmem (again, sizeof again, whole, sizeof whole);
  g_assert_true (unclip_prior_predict (prior, x_t, 500, rows.z_t, rows.states, NULL, LENGTH, N, again, NULL));
  g_assert_cmpfloat (fabsf (again[0] - whole[0]), >, 1e-4f);
  rows.states[DIM] += 1;
  g_assert_true (unclip_prior_predict (prior, x_t, 500, rows.z_t, rows.states, rows.mask, LENGTH, N, again, NULL));
  g_assert_cmpfloat (fabsf (again[0] - whole[0]), >, 1e-4f);
}

static void
test_bad_configs (void)
{
  static const char *const bad[] = {
    "{\"embedding_dim\": 11, \"n_components\": 12}", "{\"n_components\": 1}", "{\"n_components\": -5}", "{\"n_components\": \"six\"}",
    "{\"n_buckets\": 1}", "{\"n_buckets\": 1e9}", "{\"n_dot_buckets\": 0}", "{\"num_layers\": 0}", "{\"num_layers\": 100000000}",
    "{\"num_embeddings\": [7]}", "{\"embedding_dim\": 0}", "{\"num_attention_heads\": 2000000000}", "{\"attention_head_dim\": -1}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (UnclipConfig) config = config_new (bad[i]);
      g_autoptr (UnclipWeights) recording = unclip_weights_new_recording ();
      GError *error = NULL;

      g_assert_null (unclip_prior_autoregressive_construct (config, recording, &support_context, &error));
      g_assert_nonnull (strstr (error->message, "config.json"));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
}

/* Edges that fall, that are no numbers, and tensors of another size. */
static void
test_bad_weights (void)
{
  static const struct
  {
    const char *name;
    int         at;
    float       value;
  } bad[] = {
    { "bucket_edges", 1, -100 }, { "bucket_edges", 6 * 20 - 1, NAN }, { "bucket_edges", 20, INFINITY }, { "dot_edges", 5, -100 }, { "dot_edges", 0, NAN }
  };
  g_autoptr (UnclipConfig) config = config_new (CONFIG), larger = NULL;
  GError *error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (UnclipTensors) tensors = tensors_new (config);
      g_autoptr (UnclipWeights) weights = NULL;

      ((float *) unclip_tensors_find (tensors, bad[i].name)->data)[bad[i].at] = bad[i].value;
      g_assert_null (prior_new (config, tensors, &weights, &error));
      g_assert_nonnull (strstr (error->message, bad[i].name));
      support_assert_refused (&error, UNCLIP_ERROR_MODEL);
    }
  {
    g_autoptr (UnclipTensors) tensors = tensors_new (config);
    g_autoptr (UnclipWeights) weights = NULL;

    larger = config_new ("{\"num_attention_heads\": 3, \"attention_head_dim\": 5, \"num_layers\": 2, \"embedding_dim\": 11, \"num_embeddings\": 7,"
                         " \"n_components\": 6, \"n_buckets\": 20, \"n_dot_buckets\": 5}");
    g_assert_null (prior_new (larger, tensors, &weights, &error));
    support_assert_refused (&error, UNCLIP_ERROR_MODEL);
  }
}

int
main (int argc, char **argv)
{
  support_init (&argc, &argv);
  g_test_add_func ("/autoregressive/projection", test_projection);
  g_test_add_func ("/autoregressive/buckets", test_buckets);
  g_test_add_func ("/autoregressive/round-trip", test_round_trip);
  g_test_add_func ("/autoregressive/draw", test_draw);
  g_test_add_func ("/autoregressive/cache", test_cache);
  g_test_add_func ("/diffusion/padding", test_diffusion_padding);
  g_test_add_func ("/autoregressive/bad-configs", test_bad_configs);
  g_test_add_func ("/autoregressive/bad-weights", test_bad_weights);
  return g_test_run ();
}
