/* Eval task for DDIM: inversion of a picture, the way back, and sampling from noise, in named cases.
 *
 * A case's name says all that it needs, as parts with dots between: "s3" guidance, "eta0.5", "trailing",
 * "offset1", a method of inversion, and at the end "n10" steps. Its outputs are "invert.CASE",
 * "roundtrip.CASE" and "sample.CASE". So a file may ask for cases of its own by its tensors' names.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "tasks.h"

#include <glib/gi18n-lib.h>
#include <string.h>

enum
{
  INVERT = 1 << 0,
  ROUNDTRIP = 1 << 1,
  SAMPLE = 1 << 2
};

static const char *const kinds[] = { "invert.", "roundtrip.", "sample." };

/* What the manifest lists. */
static const struct
{
  const char *name;
  int         outputs;
} usual[] = {
  { "s1.n10", INVERT | ROUNDTRIP | SAMPLE },
  { "s1.n20", INVERT | ROUNDTRIP | SAMPLE },
  { "s3.n10", INVERT | ROUNDTRIP | SAMPLE },
  { "s3.n20", INVERT | ROUNDTRIP | SAMPLE },
  { "eta0.5.n10", SAMPLE },
  { "eta1.n10", SAMPLE },
  { "trailing.n10", INVERT },
  { "offset1.n10", INVERT | SAMPLE },
};

static const struct
{
  const char        *name;
  UnclipInvertMethod method;
} methods[] = {
  { "ddim", UNCLIP_INVERT_DDIM },
  { "fixed_point", UNCLIP_INVERT_FIXED_POINT },
  { "bdia", UNCLIP_INVERT_BDIA },
  { "residuals", UNCLIP_INVERT_RESIDUALS },
  { "ddpm", UNCLIP_INVERT_DDPM },
};

typedef struct
{
  char              *name;
  int                outputs;
  double             guidance_scale, eta;
  UnclipSpacing      spacing;
  int                offset, n_steps;
  UnclipInvertMethod method;
} Case;

static void
case_free (Case *c)
{
  g_free (c->name);
  g_free (c);
}

/* What all cases share. */
typedef struct
{
  UnclipEval          *eval;
  UnclipUnet          *unet;
  UnclipSchedule      *schedule;
  UnclipEvalCondition  condition;
  float               *x0, *xT, *noises; /* NULL where the file has none; [n_rows, size, size, 3], and for every step */
  int                  n_rows, size, c, n_noises, n_iterations;
} Job;

static void
job_clear (Job *job)
{
  g_clear_pointer (&job->unet, unclip_unet_free);
  g_clear_pointer (&job->schedule, unclip_schedule_free);
  unclip_eval_condition_clear (&job->condition);
  g_clear_pointer (&job->x0, g_free);
  g_clear_pointer (&job->xT, g_free);
  g_clear_pointer (&job->noises, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Job, job_clear)

/* ---- cases and their names ------------------------------------------------------------- */

/* @prefix and a number; @text moves behind both and the dot that may follow. */
static gboolean
skip_number (const char **text, const char *prefix, double min, double max, double *out)
{
  const char *digits = *text + strlen (prefix), *dot;
  char       *end;
  double      value;

  if (! g_str_has_prefix (*text, prefix) || ! g_ascii_isdigit (*digits))
    return FALSE;
  value = g_ascii_strtod (digits, &end);
  /* "3.n10": the dot is taken for the number's own. */
  dot = end[-1] == '.' ? end - 1 : end;
  if ((*dot != '.' && *dot != '\0') || ! (value >= min && value <= max))
    return FALSE;
  *out = value;
  *text = *dot == '.' ? dot + 1 : dot;
  return TRUE;
}

static gboolean
skip_word (const char **text, const char *word)
{
  gsize length = strlen (word);

  if (strncmp (*text, word, length) != 0 || ((*text)[length] != '.' && (*text)[length] != '\0'))
    return FALSE;
  *text += length + ((*text)[length] == '.');
  return TRUE;
}

static gboolean
skip_method (const char **text, UnclipInvertMethod *method)
{
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (skip_word (text, methods[i].name))
      {
        *method = methods[i].method;
        return TRUE;
      }
  return FALSE;
}

/* %NULL if @name is none. */
static Case *
case_new (const char *name, int max_steps)
{
  Case       *c = g_new0 (Case, 1);
  const char *text = name;
  double      n_steps = 0, offset = 0;

  c->guidance_scale = 1.0;
  while (*text != '\0')
    if (skip_word (&text, "trailing"))
      c->spacing = UNCLIP_SPACING_TRAILING;
    else if (! skip_method (&text, &c->method)
             && ! skip_number (&text, "offset", 0, max_steps, &offset)
             && ! skip_number (&text, "eta", 0, 1, &c->eta)
             && ! skip_number (&text, "s", 0, 1000, &c->guidance_scale)
             && ! skip_number (&text, "n", 1, max_steps, &n_steps))
      break;

  c->name = g_strdup (name);
  c->n_steps = (int) n_steps;
  c->offset = (int) offset;
  if (*text == '\0' && c->n_steps > 0)
    return c;
  case_free (c);
  return NULL;
}

static void
add_case (GPtrArray *cases, const char *name, int outputs, int max_steps)
{
  Case *c;

  for (guint i = 0; i < cases->len; i++)
    {
      c = g_ptr_array_index (cases, i);
      if (strcmp (c->name, name) == 0)
        {
          c->outputs |= outputs;
          return;
        }
    }
  c = case_new (name, max_steps);
  if (c == NULL)
    return;
  c->outputs = outputs;
  g_ptr_array_add (cases, c);
}

/* The name of the case that settings and options ask for; "" if they ask for none. */
static char *
case_of_settings (const UnclipEval *eval, int max_steps, GError **error)
{
  g_autoptr (GString) name = g_string_new (NULL);
  const char *method = unclip_eval_setting (eval, "method"), *spacing = unclip_eval_setting (eval, "spacing");
  const char *word = method;
  int         n_steps = eval->options->n_steps, offset;
  double      eta, guidance_scale = eval->options->guidance_scale;
  char        number[G_ASCII_DTOSTR_BUF_SIZE];
  UnclipInvertMethod known;

  if (! unclip_eval_setting_int (eval, "n_steps", n_steps, 1, max_steps, &n_steps, error)
      || ! unclip_eval_setting_int (eval, "offset", 0, 0, max_steps - 1, &offset, error)
      || ! unclip_eval_setting_double (eval, "eta", 0.0, 0.0, 1.0, &eta, error)
      || ! unclip_eval_setting_double (eval, "guidance_scale", guidance_scale, 0, 1000, &guidance_scale, error))
    return NULL;
  if (method != NULL && (! skip_method (&word, &known) || *word != '\0'))
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("method=%s: must be ddim, fixed_point, bdia, residuals or ddpm"), method);
      return NULL;
    }
  if (spacing != NULL && strcmp (spacing, "leading") != 0 && strcmp (spacing, "trailing") != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT, _("spacing=%s: must be leading or trailing"), spacing);
      return NULL;
    }
  if (n_steps == 0 && guidance_scale < 0 && eta == 0 && offset == 0 && method == NULL && spacing == NULL)
    return g_strdup ("");

  if (method != NULL)
    g_string_append_printf (name, "%s.", method);
  if (guidance_scale >= 0)
    g_string_append_printf (name, "s%s.", g_ascii_formatd (number, sizeof number, "%g", guidance_scale));
  if (eta > 0)
    g_string_append_printf (name, "eta%s.", g_ascii_formatd (number, sizeof number, "%g", eta));
  if (g_strcmp0 (spacing, "trailing") == 0)
    g_string_append (name, "trailing.");
  if (offset > 0)
    g_string_append_printf (name, "offset%d.", offset);
  if (name->len == 0)
    g_string_append (name, "s1.");
  g_string_append_printf (name, "n%d", n_steps > 0 ? n_steps : MIN (10, max_steps));
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* The manifest's, the file's and the settings'. */
static GPtrArray *
list_cases (const Job *job, GError **error)
{
  g_autoptr (GPtrArray) cases = g_ptr_array_new_with_free_func ((GDestroyNotify) case_free);
  int              max_steps = job->schedule->n_train;
  g_autofree char *of_settings = case_of_settings (job->eval, max_steps, error);
  g_auto (GStrv)   names = unclip_tensors_names (job->eval->in);

  if (of_settings == NULL)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (usual); i++)
    add_case (cases, usual[i].name, usual[i].outputs, max_steps);

  /* As many steps as there is noise for. */
  if (job->n_noises > 0)
    for (int i = 0; i < 2; i++)
      {
        g_autofree char *name = g_strdup_printf ("%s.n%d", i == 0 ? "eta0.5" : "eta1", job->n_noises);

        add_case (cases, name, SAMPLE, max_steps);
      }

  for (int i = 0; names[i] != NULL; i++)
    for (guint j = 0; j < G_N_ELEMENTS (kinds); j++)
      if (g_str_has_prefix (names[i], kinds[j]))
        add_case (cases, names[i] + strlen (kinds[j]), 1 << j, max_steps);

  if (*of_settings != '\0')
    add_case (cases, of_settings, INVERT | ROUNDTRIP | SAMPLE, max_steps);
  return g_steal_pointer (&cases);
}

/* Sampling with other timesteps than the plain ones starts from what the same timesteps inverted to. */
static gboolean
samples_inverted (const Case *c)
{
  return c->offset > 0 || c->spacing == UNCLIP_SPACING_TRAILING;
}

/* What of @c the tensors in the file allow. */
static int
possible (const Job *job, const Case *c)
{
  int outputs = c->outputs;
  int needed = c->method == UNCLIP_INVERT_DDPM ? c->n_steps : c->n_steps - 1; /* the last step's factor is 0 */

  if (job->x0 == NULL)
    outputs &= samples_inverted (c) ? 0 : ~(INVERT | ROUNDTRIP);
  if (job->xT == NULL && ! samples_inverted (c))
    outputs &= ~SAMPLE;
  /* Inversion itself is without noise. */
  if (c->method == UNCLIP_INVERT_DDPM && job->n_noises < needed)
    outputs = 0;
  if (c->eta > 0 && job->n_noises < needed)
    outputs &= INVERT;
  return outputs;
}

/* ---- running one ------------------------------------------------------------------------ */

/* One loop over one row, and where its states go. */
typedef struct
{
  const Job  *job;
  int         row;
  int         n_loops, n_done; /* of this case and row */
  const char *stage;
  float      *trajectory;      /* [n_steps, n_rows, size, size, c] */
} Run;

static gsize
state_size (const Job *job)
{
  return (gsize) job->size * job->size * job->c;
}

static void
given_noise (int step, float *out, gsize n, gpointer data)
{
  const Run *run = data;

  memcpy (out, run->job->noises + ((gsize) step * run->job->n_rows + run->row) * n, n * sizeof (float));
}

static gboolean
record (int step, int n_steps, const float *x, const float *x_0, gpointer data, GError **error)
{
  Run  *run = data;
  gsize n = state_size (run->job);

  memcpy (run->trajectory + ((gsize) (step - 1) * run->job->n_rows + run->row) * n, x, n * sizeof (float));
  return unclip_eval_step (run->job->eval, run->stage,
                           (run->row * run->n_loops + run->n_done) * n_steps + step, run->job->n_rows * run->n_loops * n_steps, error);
}

/* @trajectories: of inversion, roundtrip and sample; NULL for what is not wanted. */
static gboolean
run_row (const Job *job, const Case *c, int row, const int *timesteps, float *const trajectories[3], GError **error)
{
  g_auto (UnclipGuidedDecoder) guided = { 0 };
  g_autoptr (UnclipTrace) trace = NULL;
  gsize             n = state_size (job);
  g_autofree float *x = g_new (float, n);
  Run               run = { job, row };
  UnclipProcess     process = {
    .schedule = job->schedule,
    .n = n,
    .timesteps = timesteps,
    .n_steps = c->n_steps,
    .predict = unclip_guided_decoder_predict,
    .predict_data = &guided,
    .noise = given_noise,
    .noise_data = &run,
    .after = record,
    .after_data = &run,
  };

  if (! unclip_eval_guided_decoder (&guided, job->unet, &job->condition, row, job->size, c->guidance_scale, error))
    return FALSE;

  for (int i = 0; i < 3; i++)
    run.n_loops += trajectories[i] != NULL;
  if (trajectories[0] != NULL)
    {
      run.stage = "inversion";
      run.trajectory = trajectories[0];
      trace = unclip_invert_trace (&process, job->x0 + row * n, c->method, job->n_iterations, error);
      if (trace == NULL)
        return FALSE;
      run.n_done++;
    }
  if (trajectories[1] != NULL)
    {
      run.stage = "decoder";
      run.trajectory = trajectories[1];
      if (! unclip_trace_sample (&process, trace, c->eta, 1.0, x, error))
        return FALSE;
      run.n_done++;
    }
  if (trajectories[2] != NULL)
    {
      run.stage = "decoder";
      run.trajectory = trajectories[2];
      memcpy (x, samples_inverted (c) ? trace->x_T : job->xT + row * n, n * sizeof (float));
      if (! unclip_ddim_sample (&process, x, c->eta, error))
        return FALSE;
    }
  return TRUE;
}

/* Timesteps as the loop visits them: inversion rises. */
static gboolean
add_timesteps (UnclipEval *eval, const char *name, const int *falling, int n, gboolean rises, GError **error)
{
  g_autofree char *full = g_strconcat (name, ".timesteps", NULL);
  g_autofree int  *values = g_new (int, n);

  for (int i = 0; i < n; i++)
    values[i] = falling[rises ? n - 1 - i : i];
  return unclip_eval_add_ints (eval, full, values, n, error);
}

static gboolean
run_case (const Job *job, const Case *c, GError **error)
{
  int               outputs = possible (job, c), dims[5] = { c->n_steps, job->n_rows, job->c, job->size, job->size };
  gboolean          inverts = (outputs & (INVERT | ROUNDTRIP)) != 0 || ((outputs & SAMPLE) != 0 && samples_inverted (c));
  g_autofree int   *timesteps = unclip_timesteps_ddim (job->schedule, c->n_steps, c->spacing, c->offset);
  gsize             size = (gsize) c->n_steps * job->n_rows * state_size (job);
  g_autofree float *all = unclip_eval_new (3 * size, error);
  float            *states[3] = { NULL };

  /* An offset comes with set_alpha_to_one False, but for Karlo's, whose last step goes to alpha_bar 1. */
  job->schedule->last_alpha_bar = c->offset > 0 && ! job->schedule->has_table_steps ? job->schedule->alpha_bar[0] : 1.0f;
  if (all == NULL)
    return FALSE;
  for (int i = 0; i < 3; i++)
    if ((outputs & 1 << i) != 0 || (i == 0 && inverts))
      states[i] = all + i * size;
  for (int row = 0; row < job->n_rows; row++)
    if (! run_row (job, c, row, timesteps, states, error))
      return FALSE;

  for (int i = 0; i < 3; i++)
    {
      g_autofree char *name = g_strconcat (kinds[i], c->name, NULL);

      if ((outputs & 1 << i) == 0)
        continue;
      if (! unclip_eval_add_pictures (job->eval, name, states[i], 5, dims, error))
        return FALSE;
      if (1 << i != ROUNDTRIP && c->eta == 0 && ! add_timesteps (job->eval, name, timesteps, c->n_steps, 1 << i == INVERT, error))
        return FALSE;
    }
  return TRUE;
}

/* ---- the task ------------------------------------------------------------------------------ */

/* Pictures of the first such tensor decide about rows and size. */
static gboolean
read_pictures (Job *job, const char *name, float **out, GError **error)
{
  int dims[4] = { job->n_rows > 0 ? job->n_rows : -1, job->c, job->size > 0 ? job->size : -1, job->size > 0 ? job->size : -1 };

  if (! unclip_eval_has (job->eval, name))
    return TRUE;
  *out = unclip_eval_pictures (job->eval, name, 4, dims, error);
  if (*out == NULL)
    return FALSE;
  if (dims[2] != dims[3])
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s: \"%s\" has pictures of %d × %d, but they must be square"),
                   job->eval->in_path, name, dims[3], dims[2]);
      return FALSE;
    }
  job->n_rows = dims[0];
  job->size = dims[2];
  return TRUE;
}

static gboolean
read_job (Job *job, UnclipEval *eval, GError **error)
{
  const UnclipTensor *noises;
  int                 dims[5] = { -1 };

  job->eval = eval;
  job->unet = unclip_unet_new (eval->model, "decoder", eval->context, error);
  if (job->unet == NULL)
    return FALSE;
  job->c = dims[2] = unclip_unet_in_channels (job->unet);
  if (! unclip_eval_setting_int (eval, "n_iterations", 5, 0, 1000, &job->n_iterations, error)
      || ! unclip_eval_condition_read (&job->condition, eval, job->unet, error)
      || ! read_pictures (job, "x0", &job->x0, error)
      || ! read_pictures (job, "xT", &job->xT, error))
    return FALSE;
  if (job->x0 == NULL && job->xT == NULL)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_FILE, _("%s has neither \"x0\" to invert nor \"xT\" to sample from"), eval->in_path);
      return FALSE;
    }
  if (! unclip_eval_check_pairs (eval, "encoder_hidden_states", job->condition.n_rows, job->n_rows, error))
    return FALSE;
  noises = unclip_tensors_find (eval->in, "noises");
  if (noises != NULL && noises->n > 0)
    {
      dims[1] = job->n_rows;
      dims[3] = dims[4] = job->size;
      job->noises = unclip_eval_pictures (eval, "noises", 5, dims, error);
      if (job->noises == NULL)
        return FALSE;
      job->n_noises = dims[0];
    }

  job->schedule = unclip_stage_schedule (eval->model, "decoder_scheduler", error);
  if (job->schedule == NULL)
    return FALSE;
  /* DDIM has tables and prediction from the decoder's scheduler, but never clips and ignores the variance. */
  job->schedule->clip = job->schedule->threshold_ratio = 0;
  return TRUE;
}

/* Row @row: @x0 inverted under its own embedding, and sampled under the mean of both that its pair has; the last state is @x. */
static gboolean
edit_row (Job *job, const Case *c, int row, const int *timesteps, const float *z_i, float *x, GError **error)
{
  int               dim = unclip_unet_image_dim (job->unet), n_tokens = job->condition.n_tokens;
  g_autofree float *pair = unclip_eval_pair (z_i, job->condition.n_rows, row, dim * sizeof (float));
  g_autofree float *mean = g_new (float, 2 * dim);
  g_auto (UnclipGuidedDecoder) own = { 0 };
  g_auto (UnclipGuidedDecoder) other = { 0 };
  g_auto (UnclipEvalCondition) between = { .n_rows = 2, .n_tokens = n_tokens, .context_width = job->condition.context_width, .time_width = job->condition.time_width };
  g_autoptr (UnclipTrace) trace = NULL;
  UnclipProcess     process = {
    .schedule = job->schedule, .n = state_size (job), .timesteps = timesteps, .n_steps = c->n_steps,
    .predict = unclip_guided_decoder_predict, .predict_data = &own,
  };

  between.context = g_new (float, (gsize) 2 * n_tokens * between.context_width);
  between.time = g_new (float, (gsize) 2 * between.time_width);
  for (int i = 0; i < dim; i++)
    mean[i] = mean[dim + i] = (pair[i] + pair[dim + i]) / 2;
  if (! unclip_unet_embed (job->unet, mean, 2, between.context, between.time, error)
      || ! unclip_eval_guided_decoder (&own, job->unet, &job->condition, row, job->size, 1.0, error)
      || (trace = unclip_invert_trace (&process, job->x0 + row * process.n, UNCLIP_INVERT_DDIM, 0, error)) == NULL
      || ! unclip_eval_guided_decoder (&other, job->unet, &between, 0, job->size, 1.0, error))
    return FALSE;
  process.predict_data = &other;
  memcpy (x, trace->x_T, process.n * sizeof (float));
  return unclip_ddim_sample (&process, x, 0, error);
}

/* Output edited.CASE of a decoder that z_i alone conditions. */
static gboolean
edit (Job *job, const Case *c, GError **error)
{
  g_autofree int   *timesteps = unclip_timesteps_ddim (job->schedule, c->n_steps, c->spacing, c->offset);
  g_autofree char  *name = g_strconcat ("edited.", c->name, NULL);
  g_autofree float *x = unclip_eval_new (job->n_rows * state_size (job), error);
  const float      *z_i = unclip_eval_floats (job->eval, "image_embeds", 2, (int[]) { job->condition.n_rows, unclip_unet_image_dim (job->unet) }, error);

  if (x == NULL || z_i == NULL)
    return FALSE;
  job->schedule->last_alpha_bar = 1.0f;
  for (int row = 0; row < job->n_rows; row++)
    if (! edit_row (job, c, row, timesteps, z_i, x + row * state_size (job), error))
      return FALSE;
  return unclip_eval_add_pictures (job->eval, name, x, 4, (int[]) { job->n_rows, job->c, job->size, job->size }, error);
}

gboolean
unclip_eval_ddim (UnclipEval *eval, GError **error)
{
  g_auto (Job) job = { 0 };
  g_autoptr (GPtrArray) cases = NULL;

  if (! read_job (&job, eval, error))
    return FALSE;
  cases = list_cases (&job, error);
  if (cases == NULL)
    return FALSE;
  for (guint i = 0; i < cases->len; i++)
    {
      eval->from = (double) i / cases->len;
      eval->to = (i + 1.0) / cases->len;
      if (! run_case (&job, g_ptr_array_index (cases, i), error))
        return FALSE;
    }
  if (unclip_unet_image_dim (job.unet) > 0 && job.x0 != NULL)
    for (guint i = 0; i < cases->len; i++)
      if (strcmp (((const Case *) g_ptr_array_index (cases, i))->name, "s1.n10") == 0 && ! edit (&job, g_ptr_array_index (cases, i), error))
        return FALSE;
  return TRUE;
}
