/* unclip mix: several pictures and captions become one.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "cmd.h"

#include <glib/gi18n.h>
#include <string.h>

static const CmdHelp help = {
  .usage = "--image A.png=W … --text TEXT=W … --out F.png",
  .summary = N_("Makes one picture of 2 to 8 pictures and captions: what they mean, weighted. W is a number from\n"
                "-100 to 100 behind the last \"=\", 1 if there is none; a negative one leads away. All together have to\n"
                "add up to more than 0. With --count N the pictures are F-1.png … F-N.png."),
  .examples = N_("Examples:\n"
                 "  unclip mix --image apple.png --image pear.png=0.5 --out fruit.png\n"
                 "  unclip mix --image room.png --text \"a blue sofa=0.7\" --text \"a red sofa=-0.3\" --keep-structure --fit --out sofa.png"),
  .takes = CMD_TAKES_PICTURE | CMD_TAKES_METHOD | CMD_TAKES_NOISE_LEVEL | CMD_TAKES_METADATA,
};

/* A weight is what reads as a number; a name may well have "=" in it otherwise. */
static gboolean
is_weight (const char *text)
{
  char *end;

  g_ascii_strtod (text, &end);
  return *end == '\0';
}

/* Cuts "NAME=W" behind the name, and reads W. */
static gboolean
split (char        *text,
       const char  *option,
       double      *weight,
       GError     **error)
{
  char *equals = strrchr (text, '=');

  *weight = 1;
  if (equals == NULL || ! is_weight (equals + 1))
    return TRUE;
  *equals = '\0';
  return cmd_double (equals + 1, option, -100, 100, weight, error);
}

/* What the options name; arrays in their order, pictures first. */
typedef struct
{
  UnclipIngredient ingredients[8];
  int              n;
  UnclipImage     *pictures[8];
} Mixture;

static void
mixture_clear (Mixture *mixture)
{
  for (guint i = 0; i < G_N_ELEMENTS (mixture->pictures); i++)
    unclip_image_free (mixture->pictures[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Mixture, mixture_clear)

/* @paths and @texts: without their weights from then on. */
static gboolean
read_weights (Mixture  *mixture,
              char    **paths,
              char    **texts,
              GError  **error)
{
  int n = (paths != NULL ? g_strv_length (paths) : 0) + (texts != NULL ? g_strv_length (texts) : 0);

  if (n < 2 || n > (int) G_N_ELEMENTS (mixture->ingredients))
    {
      g_set_error (error, CMD_ERROR, CMD_ERROR_USAGE, _("--image and --text have to be given from 2 to %d times together, not %d"),
                   (int) G_N_ELEMENTS (mixture->ingredients), n);
      return FALSE;
    }
  for (; paths != NULL && *paths != NULL; paths++)
    if (! split (*paths, "--image", &mixture->ingredients[mixture->n++].weight, error))
      return FALSE;
  for (; texts != NULL && *texts != NULL; texts++, mixture->n++)
    {
      if (! cmd_text (texts, "--text", error) || ! split (*texts, "--text", &mixture->ingredients[mixture->n].weight, error))
        return FALSE;
      mixture->ingredients[mixture->n].y = *texts;
    }
  return TRUE;
}

/* @original: (out) (nullable): the first one as it is. @is_generated: whether all of them are a model's */
static gboolean
read_pictures (Mixture        *mixture,
               char          **paths,
               const CmdJob   *job,
               CmdPicture    **original,
               gboolean       *is_generated,
               GError        **error)
{
  *is_generated = TRUE;
  for (int i = 0; paths != NULL && paths[i] != NULL; i++)
    {
      gboolean is_this = FALSE;

      mixture->pictures[i] = cmd_picture_read_reduced (paths[i], &job->options, &is_this, i == 0 ? original : NULL, error);
      if (mixture->pictures[i] == NULL)
        return FALSE;
      mixture->ingredients[i].x = mixture->pictures[i];
      *is_generated &= is_this;
    }
  return TRUE;
}

/* Captions and weights as they were understood; pictures' names are a user's own. */
static void
note_settings (CmdJob         *job,
               const Mixture  *mixture)
{
  JsonArray *weights = json_array_new (), *texts = json_array_new ();

  for (int i = 0; i < mixture->n; i++)
    {
      json_array_add_double_element (weights, mixture->ingredients[i].weight);
      if (mixture->ingredients[i].y != NULL)
        json_array_add_string_element (texts, mixture->ingredients[i].y);
    }
  json_object_set_array_member (job->settings, "weights", weights);
  json_object_set_array_member (job->settings, "texts", texts);
}

gboolean
cmd_mix (CmdJob  *job,
         int      argc,
         char   **argv,
         GError **error)
{
  g_auto (GStrv) paths = NULL;
  g_auto (GStrv) texts = NULL;
  g_autofree char *count_text = NULL, *out = NULL;
  g_auto (Mixture) mixture = { 0 };
  g_autoptr (CmdPicture) original = NULL;
  g_autoptr (CmdOutput) output = NULL;
  g_autoptr (GPtrArray) results = NULL;
  int      count = 1;
  gboolean keeps_structure = FALSE, fit = FALSE, is_generated;
  const GOptionEntry entries[] = {
    { "image", 'i', 0, G_OPTION_ARG_FILENAME_ARRAY, &paths, N_("A picture and its weight; may be repeated"), N_("FILE=W") },
    { "text", 't', 0, G_OPTION_ARG_FILENAME_ARRAY, &texts, N_("A caption and its weight; may be repeated"), N_("TEXT=W") },
    { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, N_("The picture that is written; - is stdout, as PNG"), N_("F.png") },
    { "count", 'n', 0, G_OPTION_ARG_STRING, &count_text, N_("How many, 1 to 64 (default: 1)"), N_("N") },
    { "keep-structure", 0, 0, G_OPTION_ARG_NONE, &keeps_structure, N_("Keep the layout of the first picture, whose noise it is made from"), NULL },
    { "fit", 0, 0, G_OPTION_ARG_NONE, &fit, N_("With --keep-structure: bring the result to the first picture's own size and shape"), NULL },
    { NULL }
  };

  if (! cmd_job_parse (job, &help, entries, argc, argv, error)
      || ! read_weights (&mixture, paths, texts, error)
      || ! cmd_int (count_text, "--count", 1, 64, &count, error)
      || ! cmd_require (out, "--out", error))
    return FALSE;
  if (fit && ! keeps_structure)
    {
      g_set_error_literal (error, CMD_ERROR, CMD_ERROR_USAGE, _("--fit is for --keep-structure, which was not given"));
      return FALSE;
    }
  note_settings (job, &mixture);
  json_object_set_int_member (job->settings, "count", count);
  json_object_set_boolean_member (job->settings, "keep_structure", keeps_structure);

  output = cmd_output_new_file (job, out, ".png", count, error);
  if (output == NULL)
    return FALSE;
  if (! read_pictures (&mixture, paths, job, fit ? &original : NULL, &is_generated, error) || ! cmd_job_open_model (job, error))
    return FALSE;
  results = unclip_mix (job->model, mixture.ingredients, mixture.n, keeps_structure, count, &job->options, error);
  if (results == NULL)
    return FALSE;
  return cmd_job_save (job, output, results, keeps_structure ? 1 : 0, original, ! is_generated, error);
}
