/* From z_i and captions to what a decoder sees of them: context tokens, and what is added to the timestep's embedding.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "nets.h"

G_BEGIN_DECLS

/**
 * UnclipCaptions:
 * @length: of a caption with its padding
 * @n_tokens: of the longest, or 0: there are no captions
 * @mask: [n, n_tokens]
 * @states: [n, n_tokens, width]
 * @z_t: [n, dim]
 *
 * Captions through tokenizer and text tower, without the padding that all share: what it would come to is masked wherever it is looked at.
 */
typedef struct
{
  int    n, length, width, dim;
  int    n_tokens;
  int   *mask;
  float *states;
  float *z_t;
} UnclipCaptions;

void unclip_captions_clear (UnclipCaptions *captions);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipCaptions, unclip_captions_clear)

/* z_i and caption of one row of the decoder's condition. */
typedef struct
{
  const float *z_i; /* [dim]; NULL: what stands for no picture */
  int          caption; /* row of the captions */
} UnclipCondition;

/**
 * UnclipConditions:
 * @context: [2, n_tokens, context width of the decoder]
 * @mask: (nullable): [2, n_tokens], 1 = attend; %NULL: to all
 * @time: [2, time width of the decoder], is added to the timestep's embedding
 *
 * What the decoder is given of both rows. The arrays are owned.
 */
typedef struct
{
  float *context, *time;
  int   *mask;
  int    n_tokens;
} UnclipConditions;

void unclip_conditions_clear (UnclipConditions *conditions);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipConditions, unclip_conditions_clear)

typedef struct _UnclipConditioner UnclipConditioner;

/**
 * UnclipConditionerRow:
 * @sees_captions: whether the decoder is shown any; else they need not be encoded for it
 * @load: makes @conditioner->network, before the decoder's own is loaded
 * @free: of that
 * @fits: (nullable): whether it belongs to the decoder @unet: %UNCLIP_ERROR_MODEL names both
 * @run: from @rows, row 0 unconditional, to @out, which is empty. @captions are without tokens if the decoder is not shown any
 * @measure: on @weights that record: bytes of the network, and how many context tokens there are at most for the decoder @unet
 * @stages: (nullable): stages that load() goes through besides the decoder's own
 * @meet_tower: (nullable): a job has loaded the image tower: what load() would need it for may be done now
 */
typedef struct
{
  gboolean sees_captions;
  gboolean (*load)    (UnclipConditioner *conditioner, UnclipModel *model, BkContext *context, GError **error);
  void     (*free)    (gpointer network);
  gboolean (*fits)    (const UnclipConditioner *conditioner, const UnclipUnet *unet, GError **error);
  gboolean (*run)     (UnclipConditioner *conditioner, UnclipUnet *unet, const UnclipCaptions *captions, const UnclipCondition rows[2], UnclipConditions *out,
                       GError **error);
  gboolean (*measure) (UnclipModel *model, UnclipWeights *weights, BkContext *context, const UnclipUnet *unet, guint64 *size, int *n_tokens, GError **error);
  UnclipStages (*stages) (UnclipModel *model, const BkContext *context);
  gboolean (*meet_tower) (UnclipModel *model, UnclipImageTower *tower, BkContext *context, GError **error);
} UnclipConditionerRow;

/* That of a model. */
struct _UnclipConditioner
{
  const UnclipConditionerRow *row;
  gpointer                    network; /* owned */
};

/* Whether the decoder of @model is shown captions. */
gboolean unclip_conditioner_sees_captions (UnclipModel *model);
/* Errors: those of the networks that it takes. */
gboolean unclip_conditioner_init    (UnclipConditioner *conditioner, UnclipModel *model, BkContext *context, GError **error);
void     unclip_conditioner_clear   (UnclipConditioner *conditioner);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (UnclipConditioner, unclip_conditioner_clear)
/* As the row's. */
gboolean unclip_conditioner_fits    (const UnclipConditioner *conditioner, const UnclipUnet *unet, GError **error);
gboolean unclip_conditioner_run     (UnclipConditioner *conditioner, UnclipUnet *unet, const UnclipCaptions *captions, const UnclipCondition rows[2],
                                     UnclipConditions *out, GError **error);
gboolean unclip_conditioner_measure (UnclipModel *model, UnclipWeights *weights, BkContext *context, const UnclipUnet *unet, guint64 *size, int *n_tokens,
                                     GError **error);

UnclipStages unclip_conditioner_stages  (UnclipModel *model, const BkContext *context);
gboolean unclip_conditioner_meet_tower  (UnclipModel *model, UnclipImageTower *tower, BkContext *context, GError **error);

G_END_DECLS
