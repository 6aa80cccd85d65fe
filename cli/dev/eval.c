/* The tasks of `unclip eval`, which compares the engine with others on named tensors.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "dev.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "tasks.h"

typedef struct
{
  const char *name;
  gboolean (*run) (UnclipEval *eval, GError **error);
  gboolean    takes_tensors;
  gboolean    writes_itself;
  const char *settings[8]; /* keys that it knows */
} Task;

static const Task tasks[] = {
  { "text_encoder", unclip_eval_text_encoder, TRUE },
  { "image_encoder", unclip_eval_image_encoder, TRUE },
  { "prior", unclip_eval_prior, TRUE },
  { "prior_loop", unclip_eval_prior_loop, TRUE, FALSE, { "n_steps", "prior_n_steps", "guidance_scale", "prior_guidance_scale" } },
  { "prior_autoregressive", unclip_eval_prior_autoregressive, TRUE },
  { "prior_autoregressive_loop", unclip_eval_prior_autoregressive_loop, TRUE, FALSE, { "guidance_scale" } },
  { "text_proj", unclip_eval_text_proj, TRUE },
  { "decoder", unclip_eval_decoder, TRUE },
  { "ddim", unclip_eval_ddim, TRUE, FALSE, { "n_steps", "guidance_scale", "eta", "method", "n_iterations", "spacing", "offset" } },
  { "decoder_loop", unclip_eval_decoder_loop, TRUE, FALSE, { "n_steps", "guidance_scale" } },
  { "super_res", unclip_eval_super_res, TRUE },
  { "super_res_loop", unclip_eval_super_res_loop, TRUE, FALSE, { "n_steps", "super_res_n_steps" } },
  { "slerp", unclip_eval_slerp, TRUE },
  { "variation", unclip_eval_variation, TRUE, FALSE, { "prompt", "n_steps", "super_res_n_steps", "guidance_scale" } },
  { "text2image", unclip_eval_text2image, TRUE, FALSE,
    { "prompt", "n_steps", "prior_n_steps", "super_res_n_steps", "guidance_scale", "prior_guidance_scale" } },
  { "unet", unclip_eval_unet, TRUE },
  { "prior_loop_negative", unclip_eval_prior_loop_negative, TRUE, FALSE, { "prior_guidance_scale" } },
  { "prior_interpolate", unclip_eval_prior_interpolate, TRUE, FALSE, { "prior_guidance_scale" } },
  { "movq_encode", unclip_eval_movq_encode, TRUE },
  { "movq_decode", unclip_eval_movq_decode, TRUE },
  { "img2img", unclip_eval_img2img, TRUE, FALSE, { "n_steps", "guidance_scale" } },
  { "tokenizer", unclip_eval_tokenizer, FALSE, TRUE },
  { "preprocess", unclip_eval_preprocess, FALSE },
};

static const Task *
find_task (const char *name, GError **error)
{
  g_autofree char *known = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    if (strcmp (tasks[i].name, name) == 0)
      return &tasks[i];

  known = g_strjoinv (", ", (char **) unclip_eval_tasks ());
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("There is no task \"%s\"; there are: %s"), name, known);
  return NULL;
}

/* A setting that nobody reads would silently give other numbers than were asked for. */
static gboolean
check_settings (const Task *task, const char *const *settings, GError **error)
{
  for (int i = 0; settings != NULL && settings[i] != NULL; i++)
    {
      const char      *equals = strchr (settings[i], '=');
      g_autofree char *key = g_strndup (settings[i], equals != NULL ? (gsize) (equals - settings[i]) : strlen (settings[i]));
      gboolean         known = FALSE;

      for (guint j = 0; j < G_N_ELEMENTS (task->settings) && task->settings[j] != NULL; j++)
        known = known || strcmp (task->settings[j], key) == 0;
      if (equals == NULL || ! known)
        {
          g_autofree char *keys = g_strjoinv (", ", (char **) task->settings);

          g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The task %s cannot be told \"%s\"; what it takes as key=value: %s"),
                       task->name, settings[i], *keys != '\0' ? keys : _("nothing"));
          return FALSE;
        }
    }
  return TRUE;
}

const char *const *
unclip_eval_tasks (void)
{
  static const char *names[G_N_ELEMENTS (tasks) + 1];

  /* The same pointers every time, so that two threads may do this at once. */
  for (guint i = 0; i < G_N_ELEMENTS (tasks); i++)
    names[i] = tasks[i].name;
  return names;
}

gboolean
unclip_eval (UnclipModel         *model,
             const char          *task_name,
             const char          *in_path,
             const char          *out_path,
             const char *const   *settings,
             const UnclipImage   *image,
             const UnclipOptions *options,
             GError             **error)
{
  const Task *task = find_task (task_name, error);
  g_autoptr (UnclipTensors) in = NULL, out = NULL;
  UnclipOptions defaults;
  BkContext context;
  UnclipEval eval;
  gboolean done;

  if (task == NULL || ! check_settings (task, settings, error))
    return FALSE;
  if (in_path == NULL && (task->takes_tensors || task->writes_itself))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("The task %s needs an input file: give it with --in"), task_name);
      return FALSE;
    }
  if (task->takes_tensors)
    {
      in = unclip_tensors_load (in_path, error);
      if (in == NULL)
        return FALSE;
    }

  unclip_options_init (&defaults);
  if (options == NULL)
    options = &defaults;

  out = unclip_tensors_new ();
  eval = (UnclipEval) { model, &context, in_path, out_path, in, out, settings, image, options, 0.0, 1.0 };

  /* Engines are compared by it, so it computes in the way that loses the fewest bits, if not told otherwise. */
  if (! unclip_context_init (&context, options, error))
    return FALSE;
  context.type = options->precision == UNCLIP_PRECISION_BF16 ? BK_BF16 : BK_F32;
  context.is_exact = context.type == BK_F32;
  done = unclip_eval_check_cancelled (&eval, error) && task->run (&eval, error);
  bk_context_clear (&context);
  if (! done)
    return FALSE;
  return task->writes_itself || unclip_tensors_save (out, out_path, error);
}
