/* The UNet of the decoder and of the upsamplers, as its config.json says.
 *
 * Down blocks push what they compute, up blocks take it back in reverse order beside their own state.
 * A pushed tensor therefore lies from the start in a buffer that has room for that state before it: so
 * concatenation is two writes into slices of one tensor, and costs no pass of its own. What was pushed last is the
 * arena's last, too, so that its memory is free again as soon as it has been taken back.
 *
 * Source: arXiv 2204.06125, section 2.1 and appendix C; names and places of the parts as in diffusers'
 * UNet2DConditionModel and UNet2DModel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "construct.h"

#include <glib/gi18n-lib.h>

#include "timestep.h"
#include "unet-blocks.h"
#include "unet-config.h"
#include "unet-image.h"
#include "unet-transformer.h"
#include "work.h"

/* What a token that is not to be seen gets. */
#define MASKED -10000.0f

/* What looks at other pixels and at the context: the one that is the UNet's. */
typedef struct
{
  gboolean          is_transformer;
  UnclipAttention   attention;
  UnclipTransformer transformer;
} Attending;

/* One level on the way down or up: resnets, an attention behind each or behind none, a resampler. */
typedef struct
{
  int           n_layers;
  UnclipResnet *resnets;    /* [n_layers] */
  Attending    *attentions; /* [n_layers] or NULL */
  gboolean      has_resampler;
  UnclipResnet  resampler;  /* GLIDE's */
  BkConv        resampling; /* Stable Diffusion's */
} Block;

struct _UnclipUnet
{
  char             *component;
  UnclipUnetConfig  config;

  UnclipWeights    *weights; /* owned; what the layers point into */
  BkArena          *store;
  UnclipWork        work;

  UnclipTimestep    timestep;
  BkConv            conv_in, conv_out;
  Block             down[UNCLIP_UNET_MAX_LEVELS], up[UNCLIP_UNET_MAX_LEVELS];
  UnclipResnet      mid[2];
  Attending         mid_attention;
  BkNorm            norm_out;
  UnclipUnetImage   image;
  BkLinear          label1, label2;
  UnclipWork        embedding; /* of z_i */

  /* What set_context () was given. */
  int               n, t;       /* samples, tokens; n = 0: nothing yet */
  UnclipWork        keys;       /* keys and values of all attentions */
  float            *mask;       /* [n, t], what is added to the scores; NULL if none */
  float            *time;       /* [n, n_emb]; NULL if none */
};

typedef struct
{
  UnclipUnet  *unet;
  const float *x;
  int          t, n, h, w;
  float       *out;
} Call;

/* ---- layers ---------------------------------------------------------------------------------- */

static Attending
build_attending (UnclipBuilder    *builder,
                 const UnclipUnet *unet,
                 const char       *path,
                 int               level)
{
  int c = unet->config.n_channels[level], n_heads = unet->config.n_heads[level];
  int n_context = unet->config.context_width, n_groups = unet->config.style.n_groups;

  if (unet->config.is_stable)
    return (Attending) { TRUE, .transformer = unclip_transformer_build (builder, path, c, n_context, n_heads, n_groups) };
  return (Attending) { FALSE, .attention = unclip_attention_build (builder, path, c, n_context, n_heads, n_groups) };
}

/* @n_in: (array length=n_layers): channels that come into each resnet */
static void
build_block (UnclipBuilder *builder,
             UnclipUnet    *unet,
             Block         *block,
             const char    *path,
             const int     *n_in,
             int            level,
             int            h,
             UnclipResample resampler)
{
  int n_out = unet->config.n_channels[level];

  for (int i = 0; i < block->n_layers; i++)
    {
      g_autofree char *resnet = unclip_build_path (path, "resnets.%d", i);
      g_autofree char *attention = unclip_build_path (path, "attentions.%d", i);

      block->resnets[i] = unclip_resnet_build (builder, resnet, &unet->config.style, n_in[i], n_out, UNCLIP_RESAMPLE_NONE, h);
      if (block->attentions != NULL)
        block->attentions[i] = build_attending (builder, unet, attention, level);
    }

  if (block->has_resampler)
    {
      g_autofree char *name = unclip_build_path (path, resampler == UNCLIP_RESAMPLE_DOWN ? "downsamplers.0" : "upsamplers.0");

      if (! unet->config.is_stable)
        block->resampler = unclip_resnet_build (builder, name, &unet->config.style, n_out, n_out, resampler, h);
      else if (resampler == UNCLIP_RESAMPLE_DOWN)
        block->resampling = unclip_build_conv_down (builder, name, "conv", n_out, n_out, 1);
      else
        block->resampling = unclip_build_conv (builder, name, "conv", n_out, n_out, 3, 2 * h);
    }
}

static void
build_down (UnclipBuilder *builder,
            UnclipUnet    *unet)
{
  for (int i = 0; i < unet->config.n_levels; i++)
    {
      g_autofree char *path = unclip_build_path ("down_blocks", "%d", i);
      int n_in[UNCLIP_UNET_MAX_LAYERS];

      for (int j = 0; j < unet->down[i].n_layers; j++)
        n_in[j] = unet->config.n_channels[j == 0 && i > 0 ? i - 1 : i];
      build_block (builder, unet, &unet->down[i], path, n_in, i, MAX (unet->config.sample_size >> i, 1), UNCLIP_RESAMPLE_DOWN);
    }
}

static void
build_mid (UnclipBuilder *builder,
           UnclipUnet    *unet)
{
  int last = unet->config.n_levels - 1, c = unet->config.n_channels[last], h = MAX (unet->config.sample_size >> last, 1);

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *path = unclip_build_path ("mid_block", "resnets.%d", i);

      unet->mid[i] = unclip_resnet_build (builder, path, &unet->config.style, c, c, UNCLIP_RESAMPLE_NONE, h);
    }
  if (unet->config.is_conditional)
    unet->mid_attention = build_attending (builder, unet, "mid_block.attentions.0", last);
}

static void
build_up (UnclipBuilder *builder,
          UnclipUnet    *unet)
{
  int last = unet->config.n_levels - 1;

  for (int i = 0; i <= last; i++)
    {
      g_autofree char *path = unclip_build_path ("up_blocks", "%d", i);
      int level = last - i, n_in[UNCLIP_UNET_MAX_LAYERS + 1];

      for (int j = 0; j < unet->up[i].n_layers; j++)
        {
          int state = unet->config.n_channels[j == 0 && i > 0 ? level + 1 : level];
          /* The last thing that a level takes back is the one above's downsampled output. */
          int skip = unet->config.n_channels[j == unet->up[i].n_layers - 1 && level > 0 ? level - 1 : level];

          n_in[j] = state + skip;
        }
      build_block (builder, unet, &unet->up[i], path, n_in, level, MAX (unet->config.sample_size >> level, 1), UNCLIP_RESAMPLE_UP);
    }
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipUnet *unet = net;
  int c = unet->config.n_channels[0];

  unet->conv_in = unclip_build_conv (builder, "", "conv_in", unet->config.in_channels, c, 3, unet->config.sample_size);
  unet->timestep = unclip_timestep_build (builder, "time_embedding", c, unet->config.style.n_emb, unet->config.style.n_emb,
                                          unet->config.flip_sin_to_cos, unet->config.freq_shift);
  if (unet->image.dim > 0)
    unclip_unet_image_build (builder, &unet->image);
  if (unet->config.n_labels > 0)
    {
      unet->label1 = unclip_build_linear (builder, "class_embedding", "linear_1", unet->config.n_labels, unet->config.style.n_emb);
      unet->label2 = unclip_build_linear (builder, "class_embedding", "linear_2", unet->config.style.n_emb, unet->config.style.n_emb);
    }
  build_down (builder, unet);
  build_mid (builder, unet);
  build_up (builder, unet);
  unet->norm_out = unclip_build_group_norm (builder, "", "conv_norm_out", c, unet->config.style.n_groups, unet->config.style.eps);
  unet->conv_out = unclip_build_conv (builder, "", "conv_out", c, unet->config.out_channels, 3, unet->config.sample_size);
}

static void
block_init (Block   *block,
            int      n_layers,
            gboolean attends,
            gboolean has_resampler)
{
  block->n_layers = n_layers;
  block->resnets = g_new0 (UnclipResnet, n_layers);
  block->attentions = attends ? g_new0 (Attending, n_layers) : NULL;
  block->has_resampler = has_resampler;
}

static void
block_clear (Block *block)
{
  g_free (block->resnets);
  g_free (block->attentions);
}

UnclipUnet *
unclip_unet_construct (const UnclipConfig  *config,
                       UnclipWeights       *weights,
                       const char          *component,
                       BkContext           *context,
                       GError             **error)
{
  g_autoptr (UnclipUnet) unet = g_new0 (UnclipUnet, 1);
  int last;

  unet->component = g_strdup (component);
  if (! unclip_unet_config_read (config, &unet->config, error))
    return NULL;

  unet->image = (UnclipUnetImage) { unet->config.image_dim, UNCLIP_UNET_IMAGE_TOKENS, unet->config.context_width, unet->config.style.n_emb };
  last = unet->config.n_levels - 1;
  for (int i = 0; i <= last; i++)
    {
      block_init (&unet->down[i], unet->config.n_layers[i], unet->config.down_attends[i], i < last);
      block_init (&unet->up[i], unet->config.n_layers[last - i] + 1, unet->config.up_attends[i], i < last);
    }
  if (! unclip_build (context, weights, component, build, unet, &unet->store, error))
    return NULL;

  return g_steal_pointer (&unet);
}

UnclipUnet *
unclip_unet_new (UnclipModel  *model,
                 const char   *component,
                 BkContext    *context,
                 GError      **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, component, error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipUnet *unet;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, component, error);
  if (weights == NULL)
    return NULL;

  unet = unclip_unet_construct (config, weights, component, context, error);
  if (unet != NULL)
    unet->weights = g_steal_pointer (&weights);
  return unet;
}

void
unclip_unet_free (UnclipUnet *unet)
{
  if (unet == NULL)
    return;

  for (int i = 0; i < unet->config.n_levels; i++)
    {
      block_clear (&unet->down[i]);
      block_clear (&unet->up[i]);
    }
  unclip_work_clear (&unet->work);
  unclip_work_clear (&unet->keys);
  unclip_work_clear (&unet->embedding);
  g_clear_pointer (&unet->store, bk_arena_free);
  g_clear_pointer (&unet->weights, unclip_weights_free);
  g_free (unet->mask);
  g_free (unet->time);
  g_free (unet->component);
  g_free (unet);
}

int
unclip_unet_in_channels (const UnclipUnet *unet)
{
  return unet->config.in_channels;
}

int
unclip_unet_out_channels (const UnclipUnet *unet)
{
  return unet->config.out_channels;
}

int
unclip_unet_sample_size (const UnclipUnet *unet)
{
  return unet->config.sample_size;
}

int
unclip_unet_multiple (const UnclipUnet *unet)
{
  return unet->config.is_stable ? 1 : 1 << (unet->config.n_levels - 1);
}

gboolean
unclip_unet_is_conditional (const UnclipUnet *unet)
{
  return unet->config.is_conditional;
}

int
unclip_unet_context_width (const UnclipUnet *unet)
{
  return unet->config.context_width;
}

int
unclip_unet_time_width (const UnclipUnet *unet)
{
  return unet->config.n_labels > 0 ? unet->config.n_labels : unet->config.style.n_emb;
}

int
unclip_unet_image_dim (const UnclipUnet *unet)
{
  return unet->image.dim;
}

int
unclip_unet_image_tokens (const UnclipUnet *unet)
{
  return unet->image.n_tokens;
}

gsize
unclip_unet_weights_size (const UnclipUnet *unet)
{
  return bk_arena_peak (unet->store);
}

gsize
unclip_unet_working_size (const UnclipUnet *unet)
{
  return (unet->work.arena != NULL ? bk_arena_peak (unet->work.arena) : 0)
         + (unet->keys.arena != NULL ? bk_arena_peak (unet->keys.arena) : 0);
}

/* ---- z_i ---------------------------------------------------------------------------------------- */

typedef struct
{
  const UnclipUnetImage *image;
  const float           *z_i;
  int                    n;
  float                 *context, *time;
} EmbedCall;

static void
embed_image (BkArena  *arena,
             gpointer  data)
{
  const EmbedCall *call = data;
  const UnclipUnetImage *image = call->image;

  unclip_unet_image_run (image,
                         unclip_work_tensor (arena, call->context, call->n, image->n_tokens, 1, image->context_width),
                         unclip_work_tensor (arena, call->time, call->n, 1, 1, image->time_width),
                         unclip_work_tensor (arena, call->z_i, call->n, 1, 1, image->dim));
}

gboolean
unclip_unet_embed (UnclipUnet   *unet,
                   const float  *z_i,
                   int           n,
                   float        *context,
                   float        *time,
                   GError      **error)
{
  EmbedCall call = { &unet->image, z_i, n, context, time };

  g_return_val_if_fail (unet->store != NULL && unet->image.dim > 0 && n > 0, FALSE);

  return unclip_work_run (&unet->embedding, unet->store, unet->weights, unet->component, (const int[3]) { n, 0, 0 }, embed_image, &call, error)
         && unclip_check_finite (unet->component, context, (gsize) n * unet->image.n_tokens * unet->image.context_width, error)
         && unclip_check_finite (unet->component, time, (gsize) n * unet->image.time_width, error);
}

/* ---- the context ---------------------------------------------------------------------------------- */

typedef struct
{
  UnclipUnet  *unet;
  const float *context, *time; /* time: (nullable) */
} ContextCall;

static void
set_context (Attending *attending,
             BkTensor   context,
             BkArena   *arena)
{
  if (attending->is_transformer)
    unclip_transformer_set_context (&attending->transformer, context, arena);
  else
    unclip_attention_set_context (&attending->attention, context, arena);
}

/* Class labels to what is added to the time embedding, unet->time. */
static void
project_labels (BkArena           *arena,
                const ContextCall *call)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const UnclipUnet *unet = call->unet;
  BkTensor labels = unclip_work_tensor (arena, call->time, unet->n, 1, 1, unet->config.n_labels);
  BkTensor hidden = bk_scratch_tensor (&scratch, unet->n, 1, 1, unet->config.style.n_emb);

  bk_linear (hidden, labels, &unet->label1, BK_SILU);
  bk_linear (unclip_work_tensor (arena, unet->time, unet->n, 1, 1, unet->config.style.n_emb), hidden, &unet->label2, BK_IDENTITY);
}

static void
project_context (BkArena  *arena,
                 gpointer  data)
{
  const ContextCall *call = data;
  UnclipUnet *unet = call->unet;
  BkTensor context = unclip_work_tensor (arena, call->context, unet->n, unet->t, 1, unet->config.context_width);

  if (unet->config.n_labels > 0 && call->time != NULL)
    project_labels (arena, call);
  set_context (&unet->mid_attention, context, arena);
  for (int i = 0; i < unet->config.n_levels; i++)
    {
      for (int j = 0; unet->down[i].attentions != NULL && j < unet->down[i].n_layers; j++)
        set_context (&unet->down[i].attentions[j], context, arena);
      for (int j = 0; unet->up[i].attentions != NULL && j < unet->up[i].n_layers; j++)
        set_context (&unet->up[i].attentions[j], context, arena);
    }
}

gboolean
unclip_unet_set_context (UnclipUnet   *unet,
                         const float  *context,
                         const int    *context_mask,
                         const float  *time,
                         int           n,
                         int           t,
                         GError      **error)
{
  ContextCall call = { unet, context, time };

  g_return_val_if_fail (unet->store != NULL && unet->config.is_conditional && n > 0 && t > 0, FALSE);

  /* What was measured depends on the number of tokens, and keys lie where the old ones were. */
  unclip_work_clear (&unet->keys);
  unclip_work_clear (&unet->work);
  unet->n = n;
  unet->t = t;

  g_clear_pointer (&unet->mask, g_free);
  if (context_mask != NULL)
    {
      unet->mask = g_new (float, (gsize) n * t);
      for (int i = 0; i < n * t; i++)
        unet->mask[i] = context_mask[i] == 0 ? MASKED : 0.0f;
    }

  g_clear_pointer (&unet->time, g_free);
  if (time != NULL && unet->config.n_labels > 0)
    unet->time = g_new (float, (gsize) n * unet->config.style.n_emb);
  else if (time != NULL)
    unet->time = g_memdup2 (time, (gsize) n * unet->config.style.n_emb * sizeof (float));

  if (! unclip_work_run (&unet->keys, unet->store, unet->weights, unet->component, (const int[3]) { n, t, 0 }, project_context, &call, error))
    {
      unet->n = 0;
      return FALSE;
    }
  return TRUE;
}

/* ---- one forward pass ------------------------------------------------------------------------------ */

/* What the down blocks have pushed; the buffer of each begins with room for the state that will meet it. */
typedef struct
{
  BkTensor  buffers[UNCLIP_UNET_MAX_LEVELS * (UNCLIP_UNET_MAX_LAYERS + 2)];
  BkScratch scopes[UNCLIP_UNET_MAX_LEVELS * (UNCLIP_UNET_MAX_LAYERS + 2)]; /* what each is taken from */
  int       n;
} Skips;

/* Channels of the state that meets the skip number @k, counted from the first pushed. */
static int
state_channels (const UnclipUnet *unet,
                int               n_skips,
                int               k)
{
  int at = n_skips - 1 - k; /* up blocks take them back from the last */

  for (int i = 0; i < unet->config.n_levels; i++)
    {
      int level = unet->config.n_levels - 1 - i;

      if (at < unet->up[i].n_layers)
        return unet->config.n_channels[at == 0 && i > 0 ? level + 1 : level];
      at -= unet->up[i].n_layers;
    }
  g_assert_not_reached ();
}

static int
count_skips (const UnclipUnet *unet)
{
  int n = 0;

  for (int i = 0; i < unet->config.n_levels; i++)
    n += unet->up[i].n_layers;
  return n;
}

/* The slice for the next skip, [n, h, w, c]. */
static BkTensor
push (const UnclipUnet *unet,
      Skips            *skips,
      BkArena          *arena,
      int               n,
      int               h,
      int               w,
      int               c)
{
  int state = state_channels (unet, count_skips (unet), skips->n);
  BkScratch *scope = &skips->scopes[skips->n];

  *scope = bk_scratch (arena);
  skips->buffers[skips->n] = bk_scratch_tensor (scope, n, h, w, state + c);
  return bk_channels (skips->buffers[skips->n++], state, c);
}

/* The slice beside the skip that is taken back next, [n, h, w, c]. */
static BkTensor
beside_next (Skips *skips,
             int    c)
{
  return bk_channels (skips->buffers[skips->n - 1], 0, c);
}

/* emb [n, 1, 1, n_emb]: SiLU (time embedding of t + what set_context () was given). */
static void
embed (const Call *call,
       BkTensor    emb,
       BkArena    *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const UnclipUnet *unet = call->unet;
  BkTensor one = bk_scratch_tensor (&scratch, 1, 1, 1, emb.c);

  unclip_timestep_run (&unet->timestep, one, call->t, arena);
  for (int i = 0; i < emb.n; i++)
    bk_copy (bk_samples (emb, i, 1), one);
  if (unet->time != NULL)
    bk_add (emb, unclip_work_tensor (arena, unet->time, emb.n, 1, 1, emb.c));
  bk_activate (emb, BK_SILU);
}

static void
run_attending (const Attending *attending,
               BkTensor         x,
               const float     *mask,
               BkArena         *arena)
{
  if (attending->is_transformer)
    unclip_transformer_run (&attending->transformer, x, mask, arena);
  else
    unclip_attention_run (&attending->attention, x, mask, arena);
}

/* Every second pixel; where a side is odd, the last one too. */
static int
half (const UnclipUnet *unet,
      int               side)
{
  return unet->config.is_stable ? (side + 1) / 2 : side / 2;
}

static void
run_resampler (const UnclipUnet *unet,
               const Block      *block,
               BkTensor          y,
               BkTensor          x,
               gboolean          spends_x,
               BkTensor          emb,
               BkArena          *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);

  if (! unet->config.is_stable)
    unclip_resnet_run (&block->resampler, y, x, spends_x, emb, arena);
  else if (y.h <= x.h)
    bk_conv (y, x, &block->resampling, arena);
  else
    {
      BkTensor enlarged = bk_scratch_tensor (&scratch, y.n, y.h, y.w, x.c);

      bk_upsample (enlarged, x);
      bk_conv (y, enlarged, &block->resampling, arena);
    }
}

static BkTensor
run_down (const UnclipUnet *unet,
          BkTensor          x,
          BkTensor          emb,
          Skips            *skips,
          BkArena          *arena)
{
  for (int i = 0; i < unet->config.n_levels; i++)
    {
      const Block *block = &unet->down[i];
      int c = unet->config.n_channels[i];

      for (int j = 0; j < block->n_layers; j++)
        {
          BkTensor y = push (unet, skips, arena, x.n, x.h, x.w, c);

          unclip_resnet_run (&block->resnets[j], y, x, FALSE, emb, arena);
          if (block->attentions != NULL)
            run_attending (&block->attentions[j], y, unet->mask, arena);
          x = y;
        }
      if (block->has_resampler)
        {
          BkTensor y = push (unet, skips, arena, x.n, half (unet, x.h), half (unet, x.w), c);

          run_resampler (unet, block, y, x, FALSE, emb, arena);
          x = y;
        }
    }
  return x;
}

static void
run_mid (const UnclipUnet *unet,
         BkTensor          y,
         BkTensor          x,
         BkTensor          emb,
         BkArena          *arena)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  BkTensor a = bk_scratch_like (&scratch, x);

  unclip_resnet_run (&unet->mid[0], a, x, FALSE, emb, arena);
  if (unet->config.is_conditional)
    run_attending (&unet->mid_attention, a, unet->mask, arena);
  unclip_resnet_run (&unet->mid[1], y, a, TRUE, emb, arena);
}

/* The state is beside the first skip; the result goes to @y. */
static void
run_up (const UnclipUnet *unet,
        BkTensor          y,
        BkTensor          emb,
        Skips            *skips,
        BkArena          *arena)
{
  for (int i = 0; i < unet->config.n_levels; i++)
    {
      const Block *block = &unet->up[i];
      int c = unet->config.n_channels[unet->config.n_levels - 1 - i];

      for (int j = 0; j < block->n_layers; j++)
        {
          BkTensor  x = skips->buffers[--skips->n];
          BkScratch scratch = bk_scratch (arena);
          gboolean  is_last = j == block->n_layers - 1;
          BkTensor  out = ! is_last              ? beside_next (skips, c)
                          : block->has_resampler ? bk_scratch_tensor (&scratch, x.n, x.h, x.w, c)
                                                 : y;

          unclip_resnet_run (&block->resnets[j], out, x, TRUE, emb, arena);
          if (block->attentions != NULL)
            run_attending (&block->attentions[j], out, unet->mask, arena);
          if (is_last && block->has_resampler)
            run_resampler (unet, block, beside_next (skips, c), out, TRUE, emb, arena);
          bk_scratch_close (&scratch);
          bk_scratch_close (&skips->scopes[skips->n]);
        }
    }
}

static void
forward (BkArena  *arena,
         gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  UnclipUnet *unet = call->unet;
  int n = call->n, h = call->h, w = call->w, last = unet->config.n_levels - 1;
  Skips skips = { .n = 0 };

  BkTensor x = unclip_work_tensor (arena, call->x, n, h, w, unet->config.in_channels);
  BkTensor y = unclip_work_tensor (arena, call->out, n, h, w, unet->config.out_channels);
  BkTensor emb = bk_scratch_tensor (&scratch, n, 1, 1, unet->config.style.n_emb);
  BkTensor a = bk_scratch_tensor (&scratch, n, h, w, unet->config.n_channels[0]);
  BkTensor state;

  embed (call, emb, arena);

  state = push (unet, &skips, arena, n, h, w, unet->config.n_channels[0]);
  bk_conv (state, x, &unet->conv_in, arena);
  state = run_down (unet, state, emb, &skips, arena);
  run_mid (unet, beside_next (&skips, unet->config.n_channels[last]), state, emb, arena);
  run_up (unet, a, emb, &skips, arena);

  bk_group_norm (a, a, &unet->norm_out, (BkTensor) { 0 }, BK_SILU);
  bk_conv (y, a, &unet->conv_out, arena);
}

gboolean
unclip_unet_predict (UnclipUnet   *unet,
                     const float  *x,
                     int           t,
                     int           n,
                     int           h,
                     int           w,
                     float        *out,
                     GError      **error)
{
  Call call = { unet, x, t, n, h, w, out };
  int multiple = unclip_unet_multiple (unet);

  g_return_val_if_fail (unet->store != NULL && n > 0 && (! unet->config.is_conditional || n == unet->n), FALSE);

  if (h < multiple || w < multiple || h % multiple != 0 || w % multiple != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("The %s works on sides that are multiples of %d; %d × %d are not"), unet->component, multiple, w, h);
      return FALSE;
    }

  return unclip_work_run (&unet->work, unet->store, unet->weights, unet->component, (const int[3]) { n, h, w }, forward, &call, error)
         && unclip_check_finite (unet->component, out, (gsize) n * h * w * unet->config.out_channels, error);
}
