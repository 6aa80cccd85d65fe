/* The autoencoders of latent diffusion, KL and MoVQ: an encoder and a decoder of the same blocks, as their config.json says.
 *
 * A state goes to and fro between two rooms, each as large as the largest state, so that none is held longer than the next one
 * needs it: no skip leads over a level.
 *
 * Source: arXiv 2112.10752 and 2209.09002; names and places of the parts as in diffusers' AutoencoderKL and VQModel.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#include "../construct.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "../work.h"
#include "blocks.h"
#include "config.h"

/* A side of the pictures that layers are packed for; few are smaller, and sample_size of MoVQ's file is no picture's. */
#define PICTURE_SIDE 512
/* KL's log variances, as its own code clamps them. */
#define MIN_LOG_VARIANCE -30.0f
#define MAX_LOG_VARIANCE 20.0f

/* One level: resnets, an attention behind each or behind none, a resampler. */
typedef struct
{
  int                    n_layers;
  UnclipCodingResnet    *resnets;    /* [n_layers] */
  UnclipCodingAttention *attentions; /* [n_layers] or NULL */
  gboolean               has_resampler;
  BkConv                 resampler;
} Level;

/* The encoder or the decoder. */
typedef struct
{
  BkConv                conv_in, conv_out;
  BkConv                quant; /* behind conv_out or before conv_in */
  Level                 levels[UNCLIP_AUTOENCODER_MAX_LEVELS];
  UnclipCodingResnet    mid[2];
  UnclipCodingAttention mid_attention;
  UnclipSpatialNorm     norm_out;
} Half;

struct _UnclipAutoencoder
{
  char                   *component;
  UnclipAutoencoderConfig config;
  UnclipAutoencoderParts  parts;

  UnclipWeights          *weights; /* owned; what the layers point into */
  BkArena                *store;
  UnclipWork              encoding, decoding;

  Half                    encoder, decoder;
  const float            *codebook; /* [n_codes, n_latents] */
};

typedef struct
{
  UnclipAutoencoder *autoencoder;
  const float       *in;
  int                n, h, w; /* of what comes in */
  float             *out, *log_variance;
} Call;

/* ---- layers ---------------------------------------------------------------------------------- */

static int
channels_of_moments (const UnclipAutoencoderConfig *config)
{
  return config->is_spatial ? config->n_latents : 2 * config->n_latents;
}

static void
build_level (UnclipBuilder           *builder,
             Level                   *level,
             const char              *path,
             const UnclipCodingStyle *style,
             int                      n_in,
             int                      n_out,
             int                      h)
{
  for (int i = 0; i < level->n_layers; i++)
    {
      g_autofree char *resnet = unclip_build_path (path, "resnets.%d", i);
      g_autofree char *attention = unclip_build_path (path, "attentions.%d", i);

      level->resnets[i] = unclip_coding_resnet_build (builder, resnet, style, i == 0 ? n_in : n_out, n_out, h);
      if (level->attentions != NULL)
        level->attentions[i] = unclip_coding_attention_build (builder, attention, style, n_out);
    }
}

/* @path: "encoder" or "decoder" */
static void
build_mid (UnclipBuilder           *builder,
           Half                    *half,
           const char              *path,
           const UnclipCodingStyle *style,
           int                      n_channels,
           int                      h)
{
  g_autofree char *attention = unclip_build_path (path, "mid_block.attentions.0");

  for (int i = 0; i < 2; i++)
    {
      g_autofree char *resnet = unclip_build_path (path, "mid_block.resnets.%d", i);

      half->mid[i] = unclip_coding_resnet_build (builder, resnet, style, n_channels, n_channels, h);
    }
  half->mid_attention = unclip_coding_attention_build (builder, attention, style, n_channels);
}

static void
build_encoder (UnclipBuilder                 *builder,
               Half                          *half,
               const UnclipAutoencoderConfig *config)
{
  const UnclipCodingStyle style = { .n_groups = config->n_groups, .has_old_names = ! config->is_spatial };
  int last = config->n_levels - 1, h = PICTURE_SIDE, n_moments = channels_of_moments (config);

  half->conv_in = unclip_build_conv (builder, "encoder", "conv_in", config->in_channels, config->n_channels[0], 3, h);
  for (int i = 0; i <= last; i++, h /= 2)
    {
      g_autofree char *path = unclip_build_path ("encoder.down_blocks", "%d", i);
      int c = config->n_channels[i];

      build_level (builder, &half->levels[i], path, &style, config->n_channels[MAX (i - 1, 0)], c, h);
      if (half->levels[i].has_resampler)
        half->levels[i].resampler = unclip_build_conv_down (builder, path, "downsamplers.0.conv", c, c, 0);
    }
  h *= 2;
  build_mid (builder, half, "encoder", &style, config->n_channels[last], h);
  half->norm_out = unclip_spatial_norm_build (builder, "encoder", "conv_norm_out", config->n_channels[last], &style);
  half->conv_out = unclip_build_conv (builder, "encoder", "conv_out", config->n_channels[last], n_moments, 3, h);
  half->quant = unclip_build_conv (builder, "", "quant_conv", n_moments, n_moments, 1, h);
}

static void
build_decoder (UnclipBuilder                 *builder,
               Half                          *half,
               const UnclipAutoencoderConfig *config)
{
  const UnclipCodingStyle style = {
    .n_groups = config->n_groups, .n_latents = config->is_spatial ? config->n_latents : 0, .has_old_names = ! config->is_spatial
  };
  int last = config->n_levels - 1, h = PICTURE_SIDE >> last, n = config->n_latents, c = config->n_channels[last];

  half->quant = unclip_build_conv (builder, "", "post_quant_conv", n, n, 1, h);
  half->conv_in = unclip_build_conv (builder, "decoder", "conv_in", n, c, 3, h);
  build_mid (builder, half, "decoder", &style, c, h);
  for (int i = 0; i <= last; i++, h *= 2)
    {
      g_autofree char *path = unclip_build_path ("decoder.up_blocks", "%d", i);
      int n_in = c;

      c = config->n_channels[last - i];
      build_level (builder, &half->levels[i], path, &style, n_in, c, h);
      if (half->levels[i].has_resampler)
        half->levels[i].resampler = unclip_build_conv (builder, path, "upsamplers.0.conv", c, c, 3, 2 * h);
    }
  half->norm_out = unclip_spatial_norm_build (builder, "decoder", "conv_norm_out", c, &style);
  half->conv_out = unclip_build_conv (builder, "decoder", "conv_out", c, config->out_channels, 3, h / 2);
}

static void
build (UnclipBuilder *builder,
       gpointer       net)
{
  UnclipAutoencoder *autoencoder = net;
  const UnclipAutoencoderConfig *config = &autoencoder->config;
  BkType type = builder->context->type;

  /* A picture is encoded once, or decoded once. */
  builder->runs_once = TRUE;
  /* MoVQ is float32 whatever the job's precision: in bf16 its latents were 0.6 to 1.0 % off and its pictures 1.3 to 3.2 % (relative
   * L2), KL's 0.5 and 0.4 %, and it runs once beside dozens of steps. */
  if (config->is_spatial)
    builder->context->type = BK_F32;
  if (autoencoder->parts & UNCLIP_AUTOENCODER_ENCODER)
    build_encoder (builder, &autoencoder->encoder, config);
  if (autoencoder->parts & UNCLIP_AUTOENCODER_DECODER)
    build_decoder (builder, &autoencoder->decoder, config);
  if (config->n_codes > 0 && (autoencoder->parts & UNCLIP_AUTOENCODER_CODEBOOK))
    autoencoder->codebook = unclip_build_values (builder, "quantize.embedding.weight", 2, config->n_codes, config->n_latents);
  builder->context->type = type;
}

static void
half_init (Half           *half,
           int             n_levels,
           int             n_layers,
           const gboolean *attends)
{
  for (int i = 0; i < n_levels; i++)
    {
      Level *level = &half->levels[i];

      level->n_layers = n_layers;
      level->resnets = g_new0 (UnclipCodingResnet, n_layers);
      level->attentions = attends[i] ? g_new0 (UnclipCodingAttention, n_layers) : NULL;
      level->has_resampler = i < n_levels - 1;
    }
}

static void
half_clear (Half *half)
{
  for (int i = 0; i < UNCLIP_AUTOENCODER_MAX_LEVELS; i++)
    {
      g_free (half->levels[i].resnets);
      g_free (half->levels[i].attentions);
    }
}

UnclipAutoencoder *
unclip_autoencoder_construct (const UnclipConfig      *config,
                              UnclipWeights           *weights,
                              const char              *component,
                              UnclipAutoencoderParts   parts,
                              BkContext               *context,
                              GError                 **error)
{
  g_autoptr (UnclipAutoencoder) autoencoder = g_new0 (UnclipAutoencoder, 1);

  autoencoder->component = g_strdup (component);
  autoencoder->parts = parts;
  if (! unclip_autoencoder_config_read (config, &autoencoder->config, error))
    return NULL;

  half_init (&autoencoder->encoder, autoencoder->config.n_levels, autoencoder->config.n_layers, autoencoder->config.down_attends);
  half_init (&autoencoder->decoder, autoencoder->config.n_levels, autoencoder->config.n_layers + 1, autoencoder->config.up_attends);
  if (! unclip_build (context, weights, component, build, autoencoder, &autoencoder->store, error))
    return NULL;

  return g_steal_pointer (&autoencoder);
}

UnclipAutoencoder *
unclip_autoencoder_new (UnclipModel             *model,
                        const char              *component,
                        UnclipAutoencoderParts   parts,
                        BkContext               *context,
                        GError                 **error)
{
  g_autoptr (UnclipConfig) config = unclip_model_config (model, component, error);
  g_autoptr (UnclipWeights) weights = NULL;
  UnclipAutoencoder *autoencoder;

  if (config == NULL)
    return NULL;
  weights = unclip_model_weights (model, component, error);
  if (weights == NULL)
    return NULL;

  autoencoder = unclip_autoencoder_construct (config, weights, component, parts, context, error);
  if (autoencoder != NULL)
    autoencoder->weights = g_steal_pointer (&weights);
  return autoencoder;
}

void
unclip_autoencoder_free (UnclipAutoencoder *autoencoder)
{
  if (autoencoder == NULL)
    return;

  half_clear (&autoencoder->encoder);
  half_clear (&autoencoder->decoder);
  unclip_work_clear (&autoencoder->encoding);
  unclip_work_clear (&autoencoder->decoding);
  g_clear_pointer (&autoencoder->store, bk_arena_free);
  g_clear_pointer (&autoencoder->weights, unclip_weights_free);
  g_free (autoencoder->component);
  g_free (autoencoder);
}

int
unclip_autoencoder_n_latents (const UnclipAutoencoder *autoencoder)
{
  return autoencoder->config.n_latents;
}

int
unclip_autoencoder_factor (const UnclipAutoencoder *autoencoder)
{
  return 1 << (autoencoder->config.n_levels - 1);
}

double
unclip_autoencoder_scale (const UnclipAutoencoder *autoencoder)
{
  return autoencoder->config.scale;
}

gboolean
unclip_autoencoder_has_variance (const UnclipAutoencoder *autoencoder)
{
  return ! autoencoder->config.is_spatial;
}

gsize
unclip_autoencoder_weights_size (const UnclipAutoencoder *autoencoder)
{
  return bk_arena_peak (autoencoder->store);
}

gsize
unclip_autoencoder_working_size (const UnclipAutoencoder *autoencoder)
{
  return (autoencoder->encoding.arena != NULL ? bk_arena_peak (autoencoder->encoding.arena) : 0)
         + (autoencoder->decoding.arena != NULL ? bk_arena_peak (autoencoder->decoding.arena) : 0);
}

/* ---- a pass ---------------------------------------------------------------------------------------- */

/* The state, and the room that it is not in. */
typedef struct
{
  BkArena *arena;
  float   *room, *other; /* NULL while measuring */
  BkTensor x;            /* in room */
  BkTensor z;            /* latents, for spatial norms */
} State;

/* Bytes of the largest state on the way from or to pictures of @h x @w pixels. */
static gsize
largest_state (const UnclipAutoencoderConfig *config,
               int                            n,
               int                            h,
               int                            w)
{
  gsize most = 0;

  for (int i = 0; i < config->n_levels; i++)
    {
      /* What comes in is as wide as a neighbour. */
      int c = MAX (config->n_channels[i], config->n_channels[MAX (i - 1, 0)]);

      c = MAX (c, config->n_channels[MIN (i + 1, config->n_levels - 1)]);
      most = MAX (most, (gsize) n * (h >> i) * (w >> i) * c);
    }
  return most * sizeof (float);
}

/* @h, @w: of the picture */
static State
state_begin (BkArena                       *arena,
             const UnclipAutoencoderConfig *config,
             int                            n,
             int                            h,
             int                            w)
{
  gsize size = largest_state (config, n, h, w);
  State state = { .arena = arena };

  state.room = bk_arena_alloc (arena, size);
  state.other = bk_arena_alloc (arena, size);
  return state;
}

/* A tensor in the other room. */
static BkTensor
beside (const State *state,
        int          h,
        int          w,
        int          c)
{
  return bk_arena_tensor (state->arena, state->other, state->x.n, h, w, c);
}

/* @y, which is in the other room, is the state now. */
static void
go_on (State    *state,
       BkTensor  y)
{
  float *room = state->room;

  state->room = state->other;
  state->other = room;
  state->x = y;
}

static void
run_resnet (State                    *state,
            const UnclipCodingResnet *resnet)
{
  BkTensor other = beside (state, state->x.h, state->x.w, resnet->n_out);

  unclip_coding_resnet_run (resnet, state->x, other, state->z, state->arena);
  if (resnet->n_in != resnet->n_out)
    go_on (state, other);
}

static void
run_level (State       *state,
           const Level *level)
{
  for (int i = 0; i < level->n_layers; i++)
    {
      run_resnet (state, &level->resnets[i]);
      if (level->attentions != NULL)
        unclip_coding_attention_run (&level->attentions[i], state->x, state->z, state->arena);
    }
}

static void
run_mid (State      *state,
         const Half *half)
{
  run_resnet (state, &half->mid[0]);
  unclip_coding_attention_run (&half->mid_attention, state->x, state->z, state->arena);
  run_resnet (state, &half->mid[1]);
}

static void
run_conv (State        *state,
          const BkConv *conv,
          int           h,
          int           w)
{
  BkTensor y = beside (state, h, w, conv->n_out);

  bk_conv (y, state->x, conv, state->arena);
  go_on (state, y);
}

static void
upsample (State *state)
{
  BkTensor y = beside (state, 2 * state->x.h, 2 * state->x.w, state->x.c);

  bk_upsample (y, state->x);
  go_on (state, y);
}

static void
clamp_log_variance (BkTensor x)
{
  for (size_t i = 0; x.data != NULL && i < (size_t) x.n * x.h * x.w * x.c; i++)
    x.data[i] = fminf (fmaxf (x.data[i], MIN_LOG_VARIANCE), MAX_LOG_VARIANCE);
}

static void
encode (BkArena  *arena,
        gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipAutoencoderConfig *config = &call->autoencoder->config;
  const Half *half = &call->autoencoder->encoder;
  int n = call->n, h = call->h, w = call->w, n_latents = config->n_latents;
  State state = state_begin (arena, config, n, h, w);
  BkTensor mean, moments, log_variance;

  state.x = unclip_work_tensor (arena, call->in, n, h, w, config->in_channels);
  run_conv (&state, &half->conv_in, h, w);
  for (int i = 0; i < config->n_levels; i++)
    {
      run_level (&state, &half->levels[i]);
      if (half->levels[i].has_resampler)
        run_conv (&state, &half->levels[i].resampler, state.x.h / 2, state.x.w / 2);
    }
  run_mid (&state, half);
  unclip_spatial_norm_run (&half->norm_out, state.x, state.x, state.z, BK_SILU, arena);

  h = state.x.h;
  w = state.x.w;
  moments = bk_scratch_tensor (&scratch, n, h, w, channels_of_moments (config));
  state.z = bk_scratch_like (&scratch, moments);
  bk_conv (state.z, state.x, &half->conv_out, arena);
  bk_conv (moments, state.z, &half->quant, arena);
  mean = unclip_work_tensor (arena, call->out, n, h, w, n_latents);
  bk_copy (mean, bk_channels (moments, 0, n_latents));
  if (call->log_variance == NULL)
    return;
  log_variance = unclip_work_tensor (arena, call->log_variance, n, h, w, n_latents);
  bk_copy (log_variance, bk_channels (moments, n_latents, n_latents));
  clamp_log_variance (log_variance);
}

static void
decode (BkArena  *arena,
        gpointer  data)
{
  g_auto (BkScratch) scratch = bk_scratch (arena);
  const Call *call = data;
  const UnclipAutoencoderConfig *config = &call->autoencoder->config;
  const Half *half = &call->autoencoder->decoder;
  int n = call->n, h = call->h, w = call->w, factor = unclip_autoencoder_factor (call->autoencoder);
  State state = state_begin (arena, config, n, h * factor, w * factor);

  state.z = unclip_work_tensor (arena, call->in, n, h, w, config->n_latents);
  state.x = bk_scratch_like (&scratch, state.z);
  bk_conv (state.x, state.z, &half->quant, arena);
  run_conv (&state, &half->conv_in, h, w);
  run_mid (&state, half);
  for (int i = 0; i < config->n_levels; i++)
    {
      run_level (&state, &half->levels[i]);
      if (half->levels[i].has_resampler)
        {
          upsample (&state);
          run_conv (&state, &half->levels[i].resampler, state.x.h, state.x.w);
        }
    }
  unclip_spatial_norm_run (&half->norm_out, state.x, state.x, state.z, BK_SILU, arena);
  bk_conv (unclip_work_tensor (arena, call->out, n, h * factor, w * factor, config->out_channels), state.x, &half->conv_out, arena);
}

gboolean
unclip_autoencoder_encode (UnclipAutoencoder  *autoencoder,
                           const float        *x,
                           int                 n,
                           int                 h,
                           int                 w,
                           float              *mean,
                           float              *log_variance,
                           GError            **error)
{
  Call call = { autoencoder, x, n, h, w, mean, log_variance };
  int factor = unclip_autoencoder_factor (autoencoder);
  gsize n_values = (gsize) n * (h / factor) * (w / factor) * autoencoder->config.n_latents;

  g_return_val_if_fail ((autoencoder->parts & UNCLIP_AUTOENCODER_ENCODER) && n > 0, FALSE);
  g_return_val_if_fail (log_variance == NULL || unclip_autoencoder_has_variance (autoencoder), FALSE);

  if (h < factor || w < factor || h % factor != 0 || w % factor != 0)
    {
      g_set_error (error, UNCLIP_ERROR, UNCLIP_ERROR_ARGUMENT,
                   _("The %s works on sides that are multiples of %d; %d × %d are not"), autoencoder->component, factor, w, h);
      return FALSE;
    }

  return unclip_work_run (&autoencoder->encoding, autoencoder->store, autoencoder->weights, autoencoder->component, (const int[3]) { n, h, w },
                          encode, &call, error)
         && unclip_check_finite (autoencoder->component, mean, n_values, error)
         && (log_variance == NULL || unclip_check_finite (autoencoder->component, log_variance, n_values, error));
}

gboolean
unclip_autoencoder_decode (UnclipAutoencoder  *autoencoder,
                           const float        *z,
                           int                 n,
                           int                 h,
                           int                 w,
                           float              *x,
                           GError            **error)
{
  Call call = { autoencoder, z, n, h, w, x };
  int factor = unclip_autoencoder_factor (autoencoder);

  g_return_val_if_fail ((autoencoder->parts & UNCLIP_AUTOENCODER_DECODER) && n > 0 && h > 0 && w > 0, FALSE);

  return unclip_work_run (&autoencoder->decoding, autoencoder->store, autoencoder->weights, autoencoder->component, (const int[3]) { n, h, w },
                          decode, &call, error)
         && unclip_check_finite (autoencoder->component, x, (gsize) n * h * w * factor * factor * autoencoder->config.out_channels, error);
}

void
unclip_autoencoder_quantise (const UnclipAutoencoder *autoencoder,
                             const float             *z,
                             int                      n_pixels,
                             int                     *indices,
                             float                   *quantised)
{
  int c = autoencoder->config.n_latents;

  g_return_if_fail (autoencoder->codebook != NULL);

  for (int i = 0; i < n_pixels; i++, z += c, quantised += c)
    {
      double least = G_MAXDOUBLE;

      indices[i] = 0;
      for (int k = 0; k < autoencoder->config.n_codes; k++)
        {
          const float *code = autoencoder->codebook + (size_t) k * c;
          double distance = 0;

          for (int j = 0; j < c; j++)
            distance += ((double) z[j] - code[j]) * ((double) z[j] - code[j]);
          if (distance < least)
            {
              least = distance;
              indices[i] = k;
            }
        }
      memcpy (quantised, autoencoder->codebook + (size_t) indices[i] * c, c * sizeof (float));
    }
}
