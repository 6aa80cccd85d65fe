/* What a model can do: whether it has every component that an edit goes through.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "run.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "family.h"

/* Stages besides those that the decoder takes by itself. */
static const struct
{
  const char  *name;
  UnclipStages stages;
  gboolean     decodes;
} edits[] = {
  { "generate", UNCLIP_STAGE_TEXT | UNCLIP_STAGE_PRIOR, TRUE },
  { "variations", UNCLIP_STAGE_IMAGE, TRUE },
  { "text-edit", UNCLIP_STAGE_TEXT | UNCLIP_STAGE_IMAGE, TRUE },
  { "interpolate", UNCLIP_STAGE_IMAGE, TRUE },
  { "mix", UNCLIP_STAGE_IMAGE, TRUE },
  { "upscale", UNCLIP_STAGE_FIRST_UPSAMPLER, FALSE },
  { "probe", UNCLIP_STAGE_TEXT | UNCLIP_STAGE_IMAGE, FALSE },
};

/* Whether a stage cannot do without, where it is gone through at all. Karlo's schedulers are known, and an upsampler has one network or two. */
static gboolean
is_needed (const UnclipMember *member)
{
  UnclipKind kind = unclip_component (member->component)->kind;

  return unclip_member_is_required (member)
         || (kind != UNCLIP_KIND_SCHEDULER && kind != UNCLIP_KIND_UPSAMPLER)
         || strcmp (member->component, UNCLIP_FIRST_UPSAMPLER) == 0;
}

/* What the model lacks of @stages, and where people get it; NULL: nothing. transfer full */
static char *
lack_of (UnclipModel *model, UnclipStages stages)
{
  const UnclipFamily *family = unclip_model_family (model);
  const UnclipMember *member;
  UnclipStages        known = UNCLIP_STAGE_NONE;

  for (guint i = 0; (member = unclip_family_member (family, i)) != NULL; i++)
    {
      known |= unclip_member_stages (member);
      if ((unclip_member_stages (member) & stages) != 0 && is_needed (member) && ! unclip_model_has (model, member->component))
        return g_strdup_printf (_("lacks %s; %s"), member->component, unclip_member_remedy (member));
    }
  return (stages & ~known) != 0 ? g_strdup (_("models of its kind have no network for it")) : NULL;
}

static void
ability_free (UnclipAbility *ability)
{
  g_free (ability->lack);
  g_free (ability);
}

GPtrArray *
unclip_model_abilities (UnclipModel *model)
{
  GPtrArray   *abilities = g_ptr_array_new_with_free_func ((GDestroyNotify) ability_free);
  BkContext    context;
  UnclipStages of_decoder;

  bk_context_init (&context, 1);
  of_decoder = UNCLIP_STAGE_DECODER | unclip_conditioner_stages (model, &context) | (unclip_conditioner_sees_captions (model) ? UNCLIP_STAGE_TEXT : 0);
  bk_context_clear (&context);
  for (guint i = 0; i < G_N_ELEMENTS (edits); i++)
    {
      UnclipAbility *ability = g_new0 (UnclipAbility, 1);

      ability->edit = edits[i].name;
      ability->lack = lack_of (model, edits[i].stages | (edits[i].decodes ? of_decoder : 0));
      g_ptr_array_add (abilities, ability);
    }
  return abilities;
}
