/* See fingerprint.h and model.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fingerprint.h"
#include "family.h"

/* A component that is not there adds nothing. */
static void
digest (UnclipModel *model, const UnclipMember *member, GChecksum *sum)
{
  const UnclipComponent *component = unclip_component (member->component);

  if (! unclip_model_has (model, component->name))
    return;
  if (component->kind == UNCLIP_KIND_TOKENIZER)
    {
      g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (model, NULL);

      if (tokenizer != NULL)
        unclip_tokenizer_digest (tokenizer, sum);
    }
  else
    unclip_model_digest (model, component->name, sum);
}

static char *
digits (GChecksum *sum)
{
  return g_strndup (g_checksum_get_string (sum), 16);
}

char *
unclip_model_fingerprint (UnclipModel *model)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const UnclipMember *member;

  for (guint i = 0; (member = unclip_family_member (unclip_model_family (model), i)) != NULL; i++)
    digest (model, member, sum);
  return digits (sum);
}

char *
unclip_stage_fingerprint (UnclipModel *model, UnclipStages stage)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  const UnclipMember *member;

  for (guint i = 0; (member = unclip_family_member (unclip_model_family (model), i)) != NULL; i++)
    if ((unclip_member_stages (member) & stage) != 0)
      digest (model, member, sum);
  if (stage == UNCLIP_STAGE_SECOND_UPSAMPLER)
    {
      /* Where its steps begin. */
      g_autofree char *first = g_strdup_printf ("%d", (int) unclip_model_default (model, "super_res_1024_first_timestep", -1));

      g_checksum_update (sum, (const guchar *) first, -1);
    }
  return digits (sum);
}
