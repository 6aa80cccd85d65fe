/* Kandinsky's decoder: it sees z_i and nothing else, captions only through it.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "rows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "negative.h"

/* What stands for no picture. */
typedef struct
{
  float *z_i; /* [dim]; NULL where the model is only looked at */
  int    dim;
} Negative;

static gboolean
load (UnclipConditioner *conditioner, UnclipModel *model, BkContext *context, GError **error)
{
  Negative *negative = conditioner->network = g_new0 (Negative, 1);

  if (unclip_model_is_looked_at (model))
    return unclip_model_component_dir (model, "image_encoder", error) != NULL;
  negative->z_i = unclip_negative_embedding (model, NULL, context, &negative->dim, error);
  return negative->z_i != NULL;
}

static void
free_negative (gpointer network)
{
  Negative *negative = network;

  g_free (negative->z_i);
  g_free (negative);
}

static gboolean
fits (const UnclipConditioner *conditioner, const UnclipUnet *unet, GError **error)
{
  const Negative *negative = conditioner->network;
  int             dim = unclip_unet_image_dim (unet);

  if (dim > 0 && (negative->z_i == NULL || dim == negative->dim))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("image_encoder and decoder do not fit each other; take both from the same model"));
  return FALSE;
}

static gboolean
run (UnclipConditioner *conditioner, UnclipUnet *unet, const UnclipCaptions *captions, const UnclipCondition rows[2], UnclipConditions *out, GError **error)
{
  const Negative   *negative = conditioner->network;
  int               dim = negative->dim, n_tokens = unclip_unet_image_tokens (unet);
  g_autofree float *z_i = NULL;

  if (captions->dim != dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("The embedding has %d values, but the decoder takes %d"), captions->dim, dim);
      return FALSE;
    }
  z_i = g_new (float, 2 * dim);
  for (int i = 0; i < 2; i++)
    memcpy (z_i + i * dim, rows[i].z_i != NULL ? rows[i].z_i : negative->z_i, dim * sizeof (float));
  out->context = g_new (float, (gsize) 2 * n_tokens * unclip_unet_context_width (unet));
  out->time = g_new (float, 2 * unclip_unet_time_width (unet));
  out->n_tokens = n_tokens;
  return unclip_unet_embed (unet, z_i, 2, out->context, out->time, error);
}

static gboolean
measure (UnclipModel *model, UnclipWeights *weights, BkContext *context, const UnclipUnet *unet, guint64 *size, int *n_tokens, GError **error)
{
  *size = 0;
  *n_tokens = unclip_unet_image_tokens (unet);
  return TRUE;
}

static UnclipStages
stages (UnclipModel *model, const BkContext *context)
{
  return unclip_negative_is_kept (model, context) ? UNCLIP_STAGE_NONE : UNCLIP_STAGE_IMAGE;
}

static gboolean
meet_tower (UnclipModel *model, UnclipImageTower *tower, BkContext *context, GError **error)
{
  int               dim;
  g_autofree float *z_i = unclip_negative_embedding (model, tower, context, &dim, error);

  return z_i != NULL;
}

const UnclipConditionerRow unclip_conditioner_image = { FALSE, load, free_negative, fits, run, measure, stages, meet_tower };
