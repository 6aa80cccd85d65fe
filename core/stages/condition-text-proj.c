/* Karlo's decoder: the text projection mixes z_i and the caption.
 *
 * Source: arXiv 2204.06125, section 2.1.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "rows.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "network.h"

static gboolean
load (UnclipConditioner *conditioner, UnclipModel *model, BkContext *context, GError **error)
{
  conditioner->network = unclip_text_proj_new (model, context, error);
  return conditioner->network != NULL;
}

static void
free_network (gpointer network)
{
  unclip_text_proj_free (network);
}

static gboolean
fits (const UnclipConditioner *conditioner, const UnclipUnet *unet, GError **error)
{
  const UnclipTextProj *proj = conditioner->network;

  if (unclip_unet_is_conditional (unet)
      && unclip_text_proj_context_width (proj) == unclip_unet_context_width (unet)
      && unclip_text_proj_time_width (proj) == unclip_unet_time_width (unet))
    return TRUE;
  g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("text_proj and decoder do not fit each other; take both from the same model"));
  return FALSE;
}

/* Tokens of the longer of two captions: what others of the job are as long as is not to change a bit of these. */
static int
n_tokens_of (const UnclipCaptions *captions, const UnclipCondition *rows)
{
  int n = 1;

  for (int i = 0; i < 2; i++)
    for (int j = n; j < captions->n_tokens; j++)
      if (captions->mask[rows[i].caption * captions->n_tokens + j] != 0)
        n = j + 1;
  return n;
}

static gboolean
run (UnclipConditioner *conditioner, UnclipUnet *unet, const UnclipCaptions *captions, const UnclipCondition rows[2], UnclipConditions *out, GError **error)
{
  UnclipTextProj *proj = conditioner->network;
  int    dim = captions->dim, t = n_tokens_of (captions, rows), n_extra = unclip_text_proj_n_extra (proj), n_tokens = n_extra + t;
  gsize  n_states = (gsize) t * captions->width, n_all = (gsize) captions->n_tokens * captions->width;
  g_autofree float *z_i = NULL, *z_t = NULL, *states = NULL;

  if (unclip_text_proj_dim (proj) != dim || captions->width != dim)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_MODEL, _("%s and text_encoder do not fit each other; take both from the same model"), "text_proj");
      return FALSE;
    }
  z_i = g_new (float, 2 * dim);
  z_t = g_new (float, 2 * dim);
  states = g_new (float, 2 * n_states);
  out->context = g_new (float, (gsize) 2 * n_tokens * unclip_text_proj_context_width (proj));
  out->time = g_new (float, 2 * unclip_text_proj_time_width (proj));
  out->mask = g_new (int, 2 * n_tokens);
  out->n_tokens = n_tokens;
  for (int i = 0; i < 2; i++)
    {
      const float *of_row = rows[i].z_i != NULL ? rows[i].z_i : unclip_text_proj_unconditional (proj);

      memcpy (z_i + i * dim, of_row, dim * sizeof (float));
      memcpy (z_t + i * dim, captions->z_t + rows[i].caption * dim, dim * sizeof (float));
      memcpy (states + i * n_states, captions->states + rows[i].caption * n_all, n_states * sizeof (float));
      for (int j = 0; j < n_tokens; j++)
        out->mask[i * n_tokens + j] = j < n_extra ? 1 : captions->mask[rows[i].caption * captions->n_tokens + j - n_extra];
    }
  return unclip_text_proj_run (proj, z_i, z_t, states, 2, t, out->context, out->time, error);
}

static gboolean
measure (UnclipModel *model, UnclipWeights *weights, BkContext *context, const UnclipUnet *unet, guint64 *size, int *n_tokens, GError **error)
{
  g_autoptr (UnclipTextTower) tower = unclip_network_measured (model, "text_encoder", weights, context, error);
  g_autoptr (UnclipTextProj) proj = tower != NULL ? unclip_network_measured (model, "text_proj", weights, context, error) : NULL;

  if (proj == NULL)
    return FALSE;
  *size = unclip_text_proj_weights_size (proj);
  *n_tokens = unclip_text_proj_n_extra (proj) + unclip_text_tower_length (tower);
  return TRUE;
}

const UnclipConditionerRow unclip_conditioner_text_proj = { TRUE, load, free_network, fits, run, measure };
