/* See conditioner.h. A row for each: the model's family says which is its own.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "conditioner.h"

#include "rows.h"

static const UnclipConditionerRow *const rows[UNCLIP_N_CONDITIONERS] = {
  [UNCLIP_CONDITIONER_TEXT_PROJ] = &unclip_conditioner_text_proj,
  [UNCLIP_CONDITIONER_IMAGE] = &unclip_conditioner_image,
};

static const UnclipConditionerRow *
row_of (UnclipModel *model)
{
  return rows[unclip_model_family (model)->conditioner];
}

void
unclip_captions_clear (UnclipCaptions *captions)
{
  g_clear_pointer (&captions->mask, g_free);
  g_clear_pointer (&captions->states, g_free);
  g_clear_pointer (&captions->z_t, g_free);
}

void
unclip_conditions_clear (UnclipConditions *conditions)
{
  g_clear_pointer (&conditions->context, g_free);
  g_clear_pointer (&conditions->mask, g_free);
  g_clear_pointer (&conditions->time, g_free);
}

gboolean
unclip_conditioner_sees_captions (UnclipModel *model)
{
  return row_of (model)->sees_captions;
}

gboolean
unclip_conditioner_init (UnclipConditioner *conditioner, UnclipModel *model, BkContext *context, GError **error)
{
  *conditioner = (UnclipConditioner) { row_of (model) };
  return conditioner->row->load (conditioner, model, context, error);
}

void
unclip_conditioner_clear (UnclipConditioner *conditioner)
{
  if (conditioner->network != NULL)
    conditioner->row->free (conditioner->network);
  conditioner->network = NULL;
}

gboolean
unclip_conditioner_fits (const UnclipConditioner *conditioner, const UnclipUnet *unet, GError **error)
{
  return conditioner->row->fits == NULL || conditioner->row->fits (conditioner, unet, error);
}

gboolean
unclip_conditioner_run (UnclipConditioner *conditioner, UnclipUnet *unet, const UnclipCaptions *captions, const UnclipCondition rows_of_two[2],
                        UnclipConditions *out, GError **error)
{
  *out = (UnclipConditions) { NULL };
  return conditioner->row->run (conditioner, unet, captions, rows_of_two, out, error);
}

gboolean
unclip_conditioner_measure (UnclipModel *model, UnclipWeights *weights, BkContext *context, const UnclipUnet *unet, guint64 *size, int *n_tokens, GError **error)
{
  return row_of (model)->measure (model, weights, context, unet, size, n_tokens, error);
}

UnclipStages
unclip_conditioner_stages (UnclipModel *model, const BkContext *context)
{
  return row_of (model)->stages != NULL ? row_of (model)->stages (model, context) : UNCLIP_STAGE_NONE;
}

gboolean
unclip_conditioner_meet_tower (UnclipModel *model, UnclipImageTower *tower, BkContext *context, GError **error)
{
  return row_of (model)->meet_tower == NULL || row_of (model)->meet_tower (model, tower, context, error);
}
