/* The autoencoders of latent diffusion on golden tensors that another engine made, with one thread and with two, in float32
 * and in bf16.
 *
 *     golden-autoencoder [--verbose] REFERENCE
 *
 * REFERENCE holds the folders of the table below; what is not there is skipped, and says so.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "unclip.h"

#include "compare.h"
#include "construct.h"
#include "level.h"
#include "tasks.h"

/* Relative L2: what an autoencoder told to run in bf16 may differ from float32's golden; MoVQ runs in float32 all the same. */
#define BF16_TOLERANCE 1e-2

typedef struct
{
  const char *name, *component, *goldens, *file, *folder;
  gboolean  (*run) (UnclipEval *eval, UnclipAutoencoder *autoencoder, GError **error);
} Case;

static const Case cases[] = {
  { "/autoencoder/kl", "vae", "goldens-stable-unclip", "vae.safetensors", "stable-unclip-tiny/vae", unclip_eval_autoencoder_kl },
  { "/autoencoder/movq-encode", "movq", "goldens-kandinsky", "movq_encode.safetensors", "kandinsky-tiny/decoder/movq",
    unclip_eval_autoencoder_movq_encode },
  { "/autoencoder/movq-decode", "movq", "goldens-kandinsky", "movq_decode.safetensors", "kandinsky-tiny/decoder/movq",
    unclip_eval_autoencoder_movq_decode },
};

static const char *reference;

static UnclipTensors *
run (const Case *one, UnclipTensors *in, const char *in_path, BkType type, int n_threads)
{
  g_autofree char *folder = g_build_filename (reference, one->folder, NULL), *path = g_build_filename (folder, "config.json", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (UnclipConfig) config = unclip_config_load (path, &error);
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipAutoencoder) autoencoder = NULL;
  UnclipOptions  options;
  BkContext      context;
  UnclipTensors *out = unclip_tensors_new ();
  UnclipEval     eval = { .context = &context, .in_path = in_path, .in = in, .out = out, .options = &options };

  g_assert_no_error (error);
  weights = unclip_weights_open (folder, &error);
  g_assert_no_error (error);
  unclip_options_init (&options);
  bk_context_init (&context, n_threads);
  context.type = type;
  context.is_exact = type == BK_F32;
  autoencoder = unclip_autoencoder_construct (config, weights, one->component, UNCLIP_AUTOENCODER_ALL, &context, &error);
  g_assert_no_error (error);
  one->run (&eval, autoencoder, &error);
  g_assert_no_error (error);
  bk_context_clear (&context);
  return out;
}

static void
test_case (gconstpointer data)
{
  const Case      *one = data;
  g_autofree char *folder = g_build_filename (reference, one->goldens, NULL), *path = g_build_filename (folder, one->file, NULL);
  g_autoptr (UnclipTensors) golden = NULL, single = NULL, both = NULL, narrow = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) names = NULL;

  if (! g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip (path);
      return;
    }
  golden = unclip_tensors_load (path, &error);
  g_assert_no_error (error);

  single = run (one, golden, path, BK_F32, 1);
  compare_table_head (one->name);
  compare_with_golden (folder, one->file, golden, single);
  both = run (one, golden, path, BK_F32, 2);
  compare_same_bits (single, both);

  narrow = run (one, golden, path, BK_BF16, 2);
  names = unclip_tensors_names (narrow);
  for (int i = 0; names[i] != NULL; i++)
    {
      const UnclipTensor *tensor = unclip_tensors_find (narrow, names[i]);

      if (tensor->dtype == UNCLIP_DTYPE_F32)
        compare_relative (names[i], unclip_tensors_find (golden, names[i]), tensor, BF16_TOLERANCE);
    }
}

int
main (int argc, char **argv)
{
  if (level_is_lacking ())
    return 0;
  g_test_init (&argc, &argv, NULL);
  if (argc != 2)
    {
      g_printerr ("Usage: golden-autoencoder [--verbose] REFERENCE\n");
      return 2;
    }
  reference = argv[1];
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, &cases[i], test_case);
  return g_test_run ();
}
