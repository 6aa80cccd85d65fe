/* unclip bench: the speed of one network.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"
#include "dev.h"

#include <glib/gi18n.h>

static const CmdHelp help = {
  .usage = "MODEL COMPONENT",
  .summary = N_("Measures one forward pass of a network on random data: text_encoder, image_encoder, prior,\n"
                "text_proj, decoder, movq, super_res_first, super_res_last or super_res_1024. A first pass is not counted."),
  .examples = N_("Examples:\n"
                 "  unclip bench toybox decoder\n"
                 "  unclip bench ~/karlo-v1-alpha prior --batch 2 --repeat 5 --json"),
  .takes = CMD_TAKES_COMPONENTS | CMD_TAKES_THREADS,
  .n_operands = 2,
  .n_required = 2,
};

static void
print_json (const char        *component,
            const UnclipBench *bench)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "component", component);
  json_object_set_string_member (object, "precision", bench->precision);
  json_object_set_string_member (object, "cpu_level", bench->cpu_level);
  json_object_set_int_member (object, "threads", bench->n_threads);
  json_object_set_int_member (object, "batch", bench->n_batch);
  json_object_set_int_member (object, "size", bench->size);
  json_object_set_int_member (object, "repeat", bench->n_repeat);
  json_object_set_double_member (object, "median_s", bench->median_s);
  json_object_set_double_member (object, "min_s", bench->min_s);
  json_object_set_double_member (object, "gflop", bench->gflop);
  json_object_set_double_member (object, "gflop_per_s", bench->gflop_per_s);
  json_object_set_double_member (object, "non_gemm_share", bench->non_gemm_share);
  json_object_set_double_member (object, "peak_rss_mb", bench->peak_rss_mb);
  cmd_print_json (object);
}

static void
print_text (const char        *component,
            const UnclipBench *bench)
{
  g_print (_("%s: %s, CPU level %s, threads %d, batch %d, size %d\n"),
           component, bench->precision, bench->cpu_level, bench->n_threads, bench->n_batch, bench->size);
  g_print (_("median %.4f s, best %.4f s of %d; %.2f GFLOP, %.1f GFLOP/s; %.0f%% outside GEMM; at most %.0f MB in memory\n"),
           bench->median_s, bench->min_s, bench->n_repeat, bench->gflop, bench->gflop_per_s, 100 * bench->non_gemm_share,
           bench->peak_rss_mb);
}

gboolean
cmd_bench (CmdJob  *job,
           int      argc,
           char   **argv,
           GError **error)
{
  g_autofree char *batch_text = NULL, *size_text = NULL, *repeat_text = NULL;
  int         n_batch = 0, size = 0, n_repeat = 3, component;
  UnclipBench bench;
  const GOptionEntry entries[] = {
    { "batch", 0, 0, G_OPTION_ARG_STRING, &batch_text, N_("How many at once, 1 to 64 (default: as the pipeline has it)"), N_("N") },
    { "size", 0, 0, G_OPTION_ARG_STRING, &size_text, N_("Side of the pictures, 1 to 4096 (default: as the pipeline has it)"), N_("PX") },
    { "repeat", 0, 0, G_OPTION_ARG_STRING, &repeat_text, N_("How often, 1 to 1000 (default: 3)"), N_("N") },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! cmd_choice (job->operands[1], "COMPONENT", unclip_bench_components (), &component, error)
      || ! cmd_int (batch_text, "--batch", 1, 64, &n_batch, error)
      || ! cmd_int (size_text, "--size", 1, 4096, &size, error)
      || ! cmd_int (repeat_text, "--repeat", 1, 1000, &n_repeat, error))
    return FALSE;

  job->model_name = g_strdup (job->operands[0]);
  if (! cmd_job_open_model (job, error)
      || ! unclip_bench (job->model, job->operands[1], n_batch, size, n_repeat, &job->options, &bench, error))
    return FALSE;
  cmd_progress_clear (&job->progress);
  if (job->json)
    print_json (job->operands[1], &bench);
  else
    print_text (job->operands[1], &bench);
  return TRUE;
}
