/* See fingerprint.h and model.h.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "fingerprint.h"

#include <string.h>

/* A component that is not there adds nothing. */
static void
digest (UnclipModel *model, const char *component, GChecksum *sum)
{
  if (! unclip_model_has (model, component))
    return;
  if (strcmp (component, "tokenizer") == 0)
    {
      g_autoptr (UnclipTokenizer) tokenizer = unclip_tokenizer_new (model, NULL);

      if (tokenizer != NULL)
        unclip_tokenizer_digest (tokenizer, sum);
    }
  else
    unclip_model_digest (model, component, sum);
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
  const char *component;

  for (guint i = 0; (component = unclip_model_component (i)) != NULL; i++)
    digest (model, component, sum);
  return digits (sum);
}

char *
unclip_stage_fingerprint (UnclipModel *model, UnclipStages stage)
{
  static const struct
  {
    UnclipStages stage;
    const char  *component;
  } used[] = {
    { UNCLIP_STAGE_DECODER, "tokenizer" },
    { UNCLIP_STAGE_DECODER, "text_encoder" },
    { UNCLIP_STAGE_DECODER, "text_proj" },
    { UNCLIP_STAGE_DECODER, "decoder" },
    { UNCLIP_STAGE_DECODER, "decoder_scheduler" },
    { UNCLIP_STAGE_FIRST_UPSAMPLER, UNCLIP_FIRST_UPSAMPLER },
    { UNCLIP_STAGE_FIRST_UPSAMPLER, "super_res_last" },
    { UNCLIP_STAGE_FIRST_UPSAMPLER, "super_res_scheduler" },
    { UNCLIP_STAGE_SECOND_UPSAMPLER, UNCLIP_SECOND_UPSAMPLER },
    { UNCLIP_STAGE_SECOND_UPSAMPLER, "super_res_1024_scheduler" },
  };
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < G_N_ELEMENTS (used); i++)
    if (used[i].stage == stage)
      digest (model, used[i].component, sum);
  if (stage == UNCLIP_STAGE_SECOND_UPSAMPLER)
    {
      /* Where its steps begin. */
      g_autofree char *first = g_strdup_printf ("%d", (int) unclip_model_default (model, "super_res_1024_first_timestep", -1));

      g_checksum_update (sum, (const guchar *) first, -1);
    }
  return digits (sum);
}
