/* See family.h. A row for each.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "family.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static const UnclipMember karlo[] = {
  { "tokenizer" }, { "text_encoder" }, { "feature_extractor" }, { "image_encoder" }, { "prior" }, { "prior_scheduler" },
  { "prior_autoregressive" }, { "text_proj" }, { "decoder" }, { "decoder_scheduler" }, { "super_res_first" }, { "super_res_last" },
  { "super_res_scheduler" }, { "super_res_1024" }, { "super_res_1024_scheduler" }, { NULL }
};

/* Kandinsky 2.2 comes in two repositories, each with a scheduler. Captions reach its decoder only as z_i, and pictures need none. */
#define OF_PRIOR N_("for Kandinsky 2.2 it is in kandinsky-community/kandinsky-2-2-prior; name its folder with --prior-model DIR")
#define OF_DECODER N_("for Kandinsky 2.2 it is in kandinsky-community/kandinsky-2-2-decoder; name its folder with --model DIR")

static const UnclipMember kandinsky[] = {
  { "tokenizer", "prior", NULL, UNCLIP_NEED_SOMETIMES, OF_PRIOR, UNCLIP_STAGE_TEXT },
  { "text_encoder", "prior", NULL, UNCLIP_NEED_SOMETIMES, OF_PRIOR, UNCLIP_STAGE_TEXT },
  { "feature_extractor", "prior", "image_processor", UNCLIP_NEED_AS_TABLE, OF_PRIOR },
  { "image_encoder", "prior", NULL, UNCLIP_NEED_ALWAYS, OF_PRIOR },
  { "prior", "prior", NULL, UNCLIP_NEED_AS_TABLE, OF_PRIOR },
  { "prior_scheduler", "prior", "scheduler", UNCLIP_NEED_ALWAYS, OF_PRIOR },
  { "decoder", "decoder", "unet", UNCLIP_NEED_ALWAYS, OF_DECODER },
  { "decoder_scheduler", "decoder", "scheduler", UNCLIP_NEED_ALWAYS, OF_DECODER },
  { "movq", "decoder", NULL, UNCLIP_NEED_ALWAYS, OF_DECODER },
  { NULL }
};

static const UnclipFamilyDefault kandinsky_defaults[] = { { "decoder_guidance_scale", 4 }, { "generate_steps", 50 }, { NULL } };

static const UnclipFamily families[] = {
  { { { "UnCLIPPipeline" }, { "UnCLIPImageVariationPipeline" } }, karlo, UNCLIP_CODEC_IDENTITY, UNCLIP_CONDITIONER_TEXT_PROJ },
  { { { "KandinskyV22Pipeline", "decoder" }, { "KandinskyV22Img2ImgPipeline", "decoder" }, { "KandinskyV22PriorPipeline", "prior" } },
    kandinsky, UNCLIP_CODEC_MOVQ, UNCLIP_CONDITIONER_IMAGE, kandinsky_defaults },
};

const UnclipFamily *
unclip_family_at (guint i)
{
  return i < G_N_ELEMENTS (families) ? &families[i] : NULL;
}

const UnclipFamily *
unclip_family_named (const char *class_name, const char *path, const char **part, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  *part = NULL;
  if (class_name == NULL)
    return &families[0];
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (guint k = 0; k < G_N_ELEMENTS (families[i].pipelines) && families[i].pipelines[k].class_name != NULL; k++)
      {
        const UnclipPipeline *pipeline = &families[i].pipelines[k];

        *part = pipeline->part;
        if (strcmp (pipeline->class_name, class_name) == 0)
          return &families[i];
        g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", pipeline->class_name);
      }
  {
    g_autofree char *excerpt = unclip_error_excerpt (class_name);

    g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s is a model of the kind \"%s\", which this program does not run; it runs %s"), path, excerpt, known->str);
  }
  return NULL;
}

const UnclipMember *
unclip_family_member (const UnclipFamily *family, guint i)
{
  const UnclipMember *member = family->members;

  while (member->component != NULL && i > 0)
    {
      member++;
      i--;
    }
  return member->component != NULL ? member : NULL;
}

const UnclipMember *
unclip_family_find (const UnclipFamily *family, const char *component)
{
  for (const UnclipMember *member = family->members; member->component != NULL; member++)
    if (strcmp (member->component, component) == 0)
      return member;
  return NULL;
}

double
unclip_family_default (const UnclipFamily *family, const char *name, double fallback)
{
  for (const UnclipFamilyDefault *row = family->defaults; row != NULL && row->name != NULL; row++)
    if (strcmp (row->name, name) == 0)
      return row->value;
  return fallback;
}

const char *
unclip_member_folder (const UnclipMember *member)
{
  return member->folder != NULL ? member->folder : member->component;
}

UnclipStages
unclip_member_stages (const UnclipMember *member)
{
  return member->stages != UNCLIP_STAGE_NONE ? member->stages : unclip_component (member->component)->stages;
}

gboolean
unclip_member_is_required (const UnclipMember *member)
{
  return member->need == UNCLIP_NEED_ALWAYS || (member->need == UNCLIP_NEED_AS_TABLE && unclip_component (member->component)->is_required);
}

const char *
unclip_member_remedy (const UnclipMember *member)
{
  return member->remedy != NULL ? _(member->remedy) : unclip_component_remedy (unclip_component (member->component));
}
