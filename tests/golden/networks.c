/* Networks of latent diffusion, each made from its own folder, and loops of them, on golden tensors that another engine made: with one
 * thread and with two, in float32 and in bf16.
 *
 *     golden-networks [--verbose] REFERENCE
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

/* Relative L2: what a network told to run in bf16 may differ from float32's golden; MoVQ runs in float32 all the same. Stable
 * unCLIP's tiny UNet, whose heads are 8 wide, misses the 1 % of all others where inputs are rounded, too: 1.3 and 1.4 %. */
#define BF16_TOLERANCE 1e-2
#define BF16_TOLERANCE_UNET 1.5e-2

typedef struct
{
  const char *name, *goldens, *file, *model;
  gboolean  (*run) (UnclipEval *eval, const char *model);
  double      bf16_tolerance; /* 0: not looked at, as what bf16 changes adds up in a loop */
} Case;

static const char *reference;

/* ---- from a folder ------------------------------------------------------------------------------ */

/* Config and weights of a component: transfer full. */
static void
load (const char *model, const char *component, UnclipConfig **config, UnclipWeights **weights)
{
  g_autofree char *folder = g_build_filename (model, component, NULL), *path = g_build_filename (folder, "config.json", NULL);
  g_autoptr (GError) error = NULL;

  *config = unclip_config_load (path, &error);
  g_assert_no_error (error);
  *weights = unclip_weights_open (folder, &error);
  g_assert_no_error (error);
}

static gboolean
run_autoencoder (UnclipEval *eval, const char *model, const char *component, gboolean (*run) (UnclipEval *, UnclipAutoencoder *, GError **))
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipAutoencoder) autoencoder = NULL;
  g_autoptr (GError) error = NULL;

  load (model, component, &config, &weights);
  autoencoder = unclip_autoencoder_construct (config, weights, component, UNCLIP_AUTOENCODER_ALL, eval->context, &error);
  g_assert_no_error (error);
  run (eval, autoencoder, &error);
  g_assert_no_error (error);
  return TRUE;
}

static gboolean
run_kl (UnclipEval *eval, const char *model)
{
  return run_autoencoder (eval, model, "vae", unclip_eval_autoencoder_kl);
}

static gboolean
run_movq_encode (UnclipEval *eval, const char *model)
{
  return run_autoencoder (eval, model, "decoder/movq", unclip_eval_autoencoder_movq_encode);
}

static gboolean
run_movq_decode (UnclipEval *eval, const char *model)
{
  return run_autoencoder (eval, model, "decoder/movq", unclip_eval_autoencoder_movq_decode);
}

/* Stable unCLIP's text tower has no projection. */
static gboolean
run_text_tower (UnclipEval *eval, const char *model)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipTextTower) tower = NULL;
  g_autoptr (GError) error = NULL;
  int             dims[2] = { -1, -1 };
  g_autofree int *ids = unclip_eval_ints (eval, "input_ids", 2, dims, &error);
  float          *states;

  g_assert_no_error (error);
  load (model, "text_encoder", &config, &weights);
  tower = unclip_text_tower_construct (config, weights, eval->context, &error);
  g_assert_no_error (error);
  g_assert_cmpint (unclip_text_tower_dim (tower), ==, 0);
  states = unclip_eval_add (eval, "last_hidden_state", 3, (int[]) { dims[0], dims[1], unclip_text_tower_width (tower) }, &error);
  g_assert_no_error (error);
  unclip_text_tower_encode (tower, ids, dims[0], dims[1], states, NULL, &error);
  g_assert_no_error (error);
  return TRUE;
}

static gboolean
run_unet (UnclipEval *eval, const char *model)
{
  g_autoptr (UnclipConfig) config = NULL;
  g_autoptr (UnclipWeights) weights = NULL;
  g_autoptr (UnclipUnet) unet = NULL;
  g_autoptr (GError) error = NULL;

  load (model, "unet", &config, &weights);
  unet = unclip_unet_construct (config, weights, "decoder", eval->context, &error);
  g_assert_no_error (error);
  unclip_eval_stable_unet (eval, unet, &error);
  g_assert_no_error (error);
  return TRUE;
}

static gboolean
run_loops (UnclipEval *eval, const char *model, gboolean (*run) (UnclipEval *, UnclipUnet *, UnclipSchedule *, UnclipAutoencoder *, GError **))
{
  g_autoptr (UnclipConfig) config = NULL, vae_config = NULL;
  g_autoptr (UnclipWeights) weights = NULL, vae_weights = NULL;
  g_autoptr (UnclipUnet) unet = NULL;
  g_autoptr (UnclipAutoencoder) autoencoder = NULL;
  /* What scheduler_config.json says. */
  g_autoptr (UnclipSchedule) schedule = unclip_schedule_new (UNCLIP_BETAS_SCALED_LINEAR, 0.00085, 0.012, 1000);
  g_autoptr (GError) error = NULL;

  schedule->prediction = UNCLIP_PREDICTION_V;
  schedule->spacing = UNCLIP_SPACING_LEADING;
  schedule->offset = 1;
  schedule->last_alpha_bar = schedule->alpha_bar[0];
  load (model, "unet", &config, &weights);
  load (model, "vae", &vae_config, &vae_weights);
  unet = unclip_unet_construct (config, weights, "decoder", eval->context, &error);
  g_assert_no_error (error);
  autoencoder = unclip_autoencoder_construct (vae_config, vae_weights, "vae", UNCLIP_AUTOENCODER_DECODER, eval->context, &error);
  g_assert_no_error (error);
  run (eval, unet, schedule, autoencoder, &error);
  g_assert_no_error (error);
  return TRUE;
}

static gboolean
run_sampler_loop (UnclipEval *eval, const char *model)
{
  return run_loops (eval, model, unclip_eval_stable_sampler_loop);
}

static gboolean
run_ddim (UnclipEval *eval, const char *model)
{
  return run_loops (eval, model, unclip_eval_stable_ddim);
}

static const Case cases[] = {
  { "/networks/kl", "goldens-stable-unclip", "vae.safetensors", "stable-unclip-tiny", run_kl, BF16_TOLERANCE },
  { "/networks/movq-encode", "goldens-kandinsky", "movq_encode.safetensors", "kandinsky-tiny", run_movq_encode, BF16_TOLERANCE },
  { "/networks/movq-decode", "goldens-kandinsky", "movq_decode.safetensors", "kandinsky-tiny", run_movq_decode, BF16_TOLERANCE },
  { "/networks/stable-text-tower", "goldens-stable-unclip", "text_encoder.safetensors", "stable-unclip-tiny", run_text_tower, BF16_TOLERANCE },
  { "/networks/stable-unet", "goldens-stable-unclip", "unet.safetensors", "stable-unclip-tiny", run_unet, BF16_TOLERANCE_UNET },
  { "/networks/stable-sampler-loop", "goldens-stable-unclip", "sampler_loop.safetensors", "stable-unclip-tiny", run_sampler_loop },
  { "/networks/stable-ddim", "goldens-stable-unclip", "ddim.safetensors", "stable-unclip-tiny", run_ddim },
};

/* ---- the tests -------------------------------------------------------------------------------------- */

static UnclipTensors *
run (const Case *one, UnclipTensors *in, const char *in_path, BkType type, int n_threads)
{
  g_autofree char *model = g_build_filename (reference, one->model, NULL);
  UnclipOptions    options;
  BkContext        context;
  UnclipTensors   *out = unclip_tensors_new ();
  UnclipEval       eval = { .context = &context, .in_path = in_path, .in = in, .out = out, .options = &options };

  unclip_options_init (&options);
  bk_context_init (&context, n_threads);
  context.type = type;
  context.is_exact = type == BK_F32;
  one->run (&eval, model);
  bk_context_clear (&context);
  return out;
}

static void
check_bf16 (const Case *one, UnclipTensors *golden, const char *path)
{
  g_autoptr (UnclipTensors) narrow = run (one, golden, path, BK_BF16, 2);
  g_auto (GStrv) names = unclip_tensors_names (narrow);

  for (int i = 0; names[i] != NULL; i++)
    {
      const UnclipTensor *tensor = unclip_tensors_find (narrow, names[i]);

      if (tensor->dtype == UNCLIP_DTYPE_F32)
        compare_relative (names[i], unclip_tensors_find (golden, names[i]), tensor, one->bf16_tolerance);
    }
}

static void
test_case (gconstpointer data)
{
  const Case      *one = data;
  g_autofree char *folder = g_build_filename (reference, one->goldens, NULL), *path = g_build_filename (folder, one->file, NULL);
  g_autoptr (UnclipTensors) golden = NULL, single = NULL, both = NULL;
  g_autoptr (GError) error = NULL;

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
  if (one->bf16_tolerance > 0)
    check_bf16 (one, golden, path);
}

int
main (int argc, char **argv)
{
  if (level_is_lacking ())
    return 0;
  g_test_init (&argc, &argv, NULL);
  if (argc != 2)
    {
      g_printerr ("Usage: golden-networks [--verbose] REFERENCE\n");
      return 2;
    }
  reference = argv[1];
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_test_add_data_func (cases[i].name, &cases[i], test_case);
  return g_test_run ();
}
