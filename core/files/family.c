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

static const UnclipFamily families[] = {
  { { "UnCLIPPipeline", "UnCLIPImageVariationPipeline" }, karlo, UNCLIP_CODEC_IDENTITY, UNCLIP_CONDITIONER_TEXT_PROJ },
};

const UnclipFamily *
unclip_family_at (guint i)
{
  return i < G_N_ELEMENTS (families) ? &families[i] : NULL;
}

const UnclipFamily *
unclip_family_named (const char *class_name, const char *path, GError **error)
{
  g_autoptr (GString) known = g_string_new (NULL);

  if (class_name == NULL)
    return &families[0];
  for (guint i = 0; i < G_N_ELEMENTS (families); i++)
    for (guint k = 0; k < G_N_ELEMENTS (families[i].class_names) && families[i].class_names[k] != NULL; k++)
      {
        if (strcmp (families[i].class_names[k], class_name) == 0)
          return &families[i];
        g_string_append_printf (known, "%s%s", known->len > 0 ? ", " : "", families[i].class_names[k]);
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
  return unclip_component (member->component)->is_required && ! member->is_optional;
}

const char *
unclip_member_remedy (const UnclipMember *member)
{
  return member->remedy != NULL ? _(member->remedy) : unclip_component_remedy (unclip_component (member->component));
}
