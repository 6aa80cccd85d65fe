/* The text projection: what the decoder sees of z_i and of the caption.
 *
 * z_i enters twice: added to the timestep embedding, together with z_t, and as a few context tokens
 * before those of the caption.
 *
 * Source: arXiv 2204.06125, section 2.1; names and places of the parts as in diffusers' UnCLIPTextProjModel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include "build.h"
#include "work.h"

struct _UnclipTextProj
{
  int            dim;           /* of z_i, z_t and the text tower's states */
  int            n_extra;       /* context tokens made from z_i */
  int            context_width;
  int            time_width;

  UnclipWeights *weights;       /* owned; what the layers point into */
  BkArena       *store;
  UnclipWork     work;

  const float   *unconditional; /* [dim] */
  BkLinear       z_i_to_time, z_t_to_time, z_i_to_tokens, project_text;
  BkNorm         text_norm;
};

typedef struct
{
  UnclipTextProj *proj;
  const float    *z_i, *z_t, *text_states;
  int             n, t;
  float          *context, *time;
} Call;

static gboolean
read_config (UnclipTextProj      *proj,
             const UnclipConfig  *config,
             GError             **error)
{
  return unclip_config_int (config, "clip_embeddings_dim", 768, 1, 65536, &proj->dim, error)
         && unclip_config_int (config, "clip_extra_context_tokens", 4, 1, 1024, &proj->n_extra, error)
         && unclip_config_int (config, "cross_attention_dim", -1, 1, 65536, &proj->context_width, error)
         && unclip_config_int (config, "time_embed_dim", -1, 1, 65536, &proj->time_width, error);
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipTextProj *proj = net;

  proj->unconditional = unclip_build_values (builder, "learned_classifier_free_guidance_embeddings", 1, proj->dim);
  proj->z_t_to_time = unclip_build_linear (builder, "", "embedding_proj", proj->dim, proj->time_width);
  proj->z_i_to_time = unclip_build_linear (builder, "", "clip_image_embeddings_project_to_time_embeddings",
                                           proj->dim, proj->time_width);
  proj->z_i_to_tokens = unclip_build_linear (builder, "", "clip_extra_context_tokens_proj",
                                             proj->dim, proj->n_extra * proj->context_width);
  proj->project_text = unclip_build_linear (builder, "", "encoder_hidden_states_proj", proj->dim, proj->context_width);
  proj->text_norm = unclip_build_layer_norm (builder, "", "text_encoder_hidden_states_norm", proj->context_width, 1e-5f);
}

UnclipTextProj *
unclip_text_proj_construct (const UnclipConfig  *config,
                            UnclipWeights       *weights,
                            BkContext           *context,
                            GError             **error)
{
  g_autoptr (UnclipTextProj) proj = g_new0 (UnclipTextProj, 1);

  if (! read_config (proj, config, error)
      || ! unclip_build (context, weights, "text_proj", build, proj, &proj->store, error))
    return NULL;

  return g_steal_pointer (&proj);
}

UnclipTextProj *
unclip_text_proj_new (UnclipModel  *model,
                      BkContext    *context,
                      GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, "text_proj", error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipTextProj *proj;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, "text_proj", error);
  if (weights == NULL)
    return NULL;

  proj = unclip_text_proj_construct (config, weights, context, error);
  if (proj != NULL)
    proj->weights = g_steal_pointer (&weights);
  return proj;
}

void
unclip_text_proj_free (UnclipTextProj *proj)
{
  if (proj == NULL)
    return;

  unclip_work_clear (&proj->work);
  g_clear_pointer (&proj->store, bk_arena_free);
  g_clear_pointer (&proj->weights, unclip_weights_free);
  g_free (proj);
}

int
unclip_text_proj_dim (const UnclipTextProj *proj)
{
  return proj->dim;
}

int
unclip_text_proj_n_extra (const UnclipTextProj *proj)
{
  return proj->n_extra;
}

int
unclip_text_proj_context_width (const UnclipTextProj *proj)
{
  return proj->context_width;
}

int
unclip_text_proj_time_width (const UnclipTextProj *proj)
{
  return proj->time_width;
}

gsize
unclip_text_proj_weights_size (const UnclipTextProj *proj)
{
  return bk_arena_peak (proj->store);
}

const float *
unclip_text_proj_unconditional (const UnclipTextProj *proj)
{
  return proj->unconditional;
}

/* tokens [1, n_extra, context_width] of one sample; value d of token j lies at d * n_extra + j. */
static void
spread_tokens (BkTensor tokens,
               BkTensor values)
{
  if (tokens.data == NULL)
    return;

  for (int j = 0; j < tokens.h; j++)
    for (int d = 0; d < tokens.c; d++)
      tokens.data[(size_t) j * tokens.stride + d] = values.data[d * tokens.h + j];
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipTextProj *proj = call->proj;
  int n = call->n, n_extra = proj->n_extra, width = proj->context_width;

  BkTensor z_i = unclip_work_tensor (arena, call->z_i, n, 1, 1, proj->dim);
  BkTensor z_t = unclip_work_tensor (arena, call->z_t, n, 1, 1, proj->dim);
  BkTensor texts = unclip_work_tensor (arena, call->text_states, n, call->t, 1, proj->dim);
  BkTensor context = unclip_work_tensor (arena, call->context, n, n_extra + call->t, 1, width);
  BkTensor time = unclip_work_tensor (arena, call->time, n, 1, 1, proj->time_width);
  BkTensor z_i_time = bk_scratch_like (&scratch, time);
  BkTensor z_i_tokens = bk_scratch_tensor (&scratch, n, 1, 1, n_extra * width);

  bk_linear (time, z_t, &proj->z_t_to_time, BK_IDENTITY);
  bk_linear (z_i_time, z_i, &proj->z_i_to_time, BK_IDENTITY);
  bk_add (time, z_i_time);

  bk_linear (z_i_tokens, z_i, &proj->z_i_to_tokens, BK_IDENTITY);
  for (int i = 0; i < n; i++)
    {
      BkTensor sample = bk_samples (context, i, 1);
      BkTensor text = bk_rows (sample, n_extra, call->t);

      spread_tokens (bk_rows (sample, 0, n_extra), bk_samples (z_i_tokens, i, 1));
      bk_linear (text, bk_samples (texts, i, 1), &proj->project_text, BK_IDENTITY);
      bk_layer_norm (text, text, &proj->text_norm);
    }
}

gboolean
unclip_text_proj_run (UnclipTextProj  *proj,
                      const float     *z_i,
                      const float     *z_t,
                      const float     *text_states,
                      int              n,
                      int              t,
                      float           *context,
                      float           *time,
                      GError         **error)
{
  Call call = { proj, z_i, z_t, text_states, n, t, context, time };

  g_return_val_if_fail (proj->store != NULL && n > 0 && t > 0, FALSE);

  return unclip_work_run (&proj->work, proj->store, proj->weights, "text_proj", (const int[3]) { n, t, 0 }, forward, &call, error)
         && unclip_check_finite ("text_proj", context, (gsize) n * (proj->n_extra + t) * proj->context_width, error)
         && unclip_check_finite ("text_proj", time, (gsize) n * proj->time_width, error);
}
