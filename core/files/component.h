/* The components of a model: the table of those that there are, and what the networks see of one, its config and weights.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "config.h"
#include "model.h"
#include "weights.h"

G_BEGIN_DECLS

/* ---- the table: component.c ---------------------------------------------------------------- */

/* What lies in a component's folder: whose code reads it. */
typedef enum
{
  UNCLIP_KIND_TOKENIZER,
  UNCLIP_KIND_FEATURE_EXTRACTOR,
  UNCLIP_KIND_SCHEDULER,
  UNCLIP_KIND_TEXT_TOWER,
  UNCLIP_KIND_IMAGE_TOWER,
  UNCLIP_KIND_PRIOR,
  UNCLIP_KIND_PRIOR_AUTOREGRESSIVE,
  UNCLIP_KIND_TEXT_PROJ,
  UNCLIP_KIND_UNET,
  UNCLIP_KIND_UPSAMPLER, /* a UNet, too, but one that a picture conditions */
  UNCLIP_KIND_AUTOENCODER,
  UNCLIP_N_KINDS
} UnclipKind;

/* The stages that a job goes through. */
typedef enum
{
  UNCLIP_STAGE_NONE = 0,
  UNCLIP_STAGE_TEXT = 1 << 0,
  UNCLIP_STAGE_IMAGE = 1 << 1,
  UNCLIP_STAGE_PRIOR = 1 << 2,
  UNCLIP_STAGE_DECODER = 1 << 3,
  UNCLIP_STAGE_FIRST_UPSAMPLER = 1 << 4,
  UNCLIP_STAGE_SECOND_UPSAMPLER = 1 << 5,
  UNCLIP_STAGE_PRIOR_AUTOREGRESSIVE = 1 << 6,
  UNCLIP_STAGES_EDIT = UNCLIP_STAGE_TEXT | UNCLIP_STAGE_IMAGE | UNCLIP_STAGE_DECODER
} UnclipStages;

/**
 * UnclipComponent:
 * @name: of its folder
 * @config: file that must be there; a tokenizer may have tokenizer.json in its place
 * @weights: (nullable): file of its weights, as unclip synth writes it; %NULL: it has none
 * @library: what model_index.json says of it, as diffusers does
 * @class_name: likewise
 * @stages: those that need it
 * @is_required: without it nothing works; else some jobs do
 * @remedy: (nullable): where people get it, to be translated; %NULL: from the model's own repository
 */
typedef struct
{
  const char  *name;
  UnclipKind   kind;
  const char  *config, *weights;
  const char  *library, *class_name;
  UnclipStages stages;
  gboolean     is_required;
  const char  *remedy;
} UnclipComponent;

/* Row @i of the table, in the order in which a job comes by them; %NULL after the last. */
const UnclipComponent *unclip_component_at     (guint i);
/* %NULL: there is no such component. */
const UnclipComponent *unclip_component        (const char *name);
/* The one of @kind that a stage of component @name needs, too: its scheduler. */
const UnclipComponent *unclip_component_beside (const char *name, UnclipKind kind);
/* The remedy's sentence, translated. @component: (nullable) */
const char            *unclip_component_remedy (const UnclipComponent *component);

/* ---- of a model: model.c -------------------------------------------------------------------- */

/* Folder of a component; %UNCLIP_ERROR_MISSING names it and says where people get it (image_encoder:
 * openai/clip-vit-large-patch14 fits Karlo; --component image_encoder=DIR). transfer none. */
const char    *unclip_model_component_dir (UnclipModel *model, const char *component, GError **error);
gboolean       unclip_model_has           (UnclipModel *model, const char *component);
/* Adds what tells one component from another to @sum: its config, its weights' names, shapes and first bytes; nothing if it
 * cannot be read. */
void           unclip_model_digest        (UnclipModel *model, const char *component, GChecksum *sum);
/* config.json, scheduler_config.json or preprocessor_config.json of it, whichever the component has; transfer full. */
UnclipConfig  *unclip_model_config        (UnclipModel *model, const char *component, GError **error);
UnclipWeights *unclip_model_weights       (UnclipModel *model, const char *component, GError **error);
/* The same model, of whose weights only the headers are looked at: networks that are made of it only measure. transfer full. */
UnclipModel   *unclip_model_look_at       (UnclipModel *model);
gboolean       unclip_model_is_looked_at  (UnclipModel *model);
/* unclip_model_info(), as far as files alone can tell. */
GPtrArray     *unclip_model_files         (UnclipModel *model);
/* A default that the model itself recommends (model_index.json, "_unclip_defaults"), else @fallback. Opening the model
 * has checked it, if it is in the list of model.c, to which a new one is added with its range. */
double         unclip_model_default       (UnclipModel *model, const char *name, double fallback);

/* The same of a picture's z_i [@dim]: far from all that the model was made for. @note: (out) (nullable) (transfer full)
 * Errors: %UNCLIP_ERROR_MODEL: the model's statistics are of another width. */
gboolean       unclip_model_note_picture  (UnclipModel *model, const float *z_i, int dim, char **note, GError **error);

G_END_DECLS
