/* The families of models that we run: what a pipeline's name in model_index.json stands for.
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */
#pragma once

#include "component.h"

G_BEGIN_DECLS

/* Between pictures and the decoder's states: rows of ../stages/codec.c. */
typedef enum
{
  UNCLIP_CODEC_IDENTITY, /* the decoder works on pictures */
  UNCLIP_CODEC_MOVQ,     /* on the latents of component "movq" */
  UNCLIP_N_CODECS
} UnclipCodecKind;

/* What the decoder sees of z_i and captions: rows of ../stages/conditioner.c. */
typedef enum
{
  UNCLIP_CONDITIONER_TEXT_PROJ, /* Karlo's: text_proj mixes both */
  UNCLIP_CONDITIONER_IMAGE,     /* Kandinsky's: z_i alone */
  UNCLIP_N_CONDITIONERS
} UnclipConditionerKind;

typedef enum
{
  UNCLIP_NEED_AS_TABLE,
  UNCLIP_NEED_ALWAYS,
  UNCLIP_NEED_SOMETIMES
} UnclipMemberNeed;

/**
 * UnclipMember:
 * @component: of the table in component.c
 * @part: (nullable): the repository of several that it lies in
 * @folder: (nullable): where it lies; %NULL: in one of its own name
 * @need: whether nothing works without it, in the place of the table's is_required
 * @remedy: (nullable): in the place of the table's
 * @stages: in the place of the table's, if there are any
 *
 * A component of a family.
 */
typedef struct
{
  const char      *component, *part, *folder;
  UnclipMemberNeed need;
  const char      *remedy;
  UnclipStages     stages;
} UnclipMember;

/* What _class_name of a model_index.json says: a model of the family, or that @part of one. */
typedef struct
{
  const char *class_name, *part;
} UnclipPipeline;

/* What is taken where neither the caller nor the model says anything: a name of "_unclip_defaults". */
typedef struct
{
  const char *name;
  double      value;
} UnclipFamilyDefault;

/**
 * UnclipFamily:
 * @pipelines: to the first without a name; the first family's also stands for none
 * @members: (array zero-terminated=1): its components
 * @defaults: (nullable) (array zero-terminated=1): in the place of Karlo's
 */
typedef struct
{
  UnclipPipeline             pipelines[4];
  const UnclipMember        *members;
  UnclipCodecKind            codec;
  UnclipConditionerKind      conditioner;
  const UnclipFamilyDefault *defaults;
} UnclipFamily;

/* Row @i of the table; %NULL after the last. */
const UnclipFamily *unclip_family_at    (guint i);
/* @class_name: (nullable). @part: (out) (nullable). Errors: %UNCLIP_ERROR_MODEL names it and @path, which says so. */
const UnclipFamily *unclip_family_named (const char *class_name, const char *path, const char **part, GError **error);
/* Component @i of the family, in the table's order; %NULL after the last. */
const UnclipMember  *unclip_family_member (const UnclipFamily *family, guint i);
/* %NULL: the family has no such component. */
const UnclipMember  *unclip_family_find  (const UnclipFamily *family, const char *component);
/* Its default of that name, else @fallback. */
double               unclip_family_default (const UnclipFamily *family, const char *name, double fallback);

const char  *unclip_member_folder      (const UnclipMember *member);
UnclipStages unclip_member_stages      (const UnclipMember *member);
gboolean     unclip_member_is_required (const UnclipMember *member);
/* The remedy's sentence, translated. */
const char  *unclip_member_remedy      (const UnclipMember *member);

/* That which the model's model_index.json names. */
const UnclipFamily *unclip_model_family (UnclipModel *model);

G_END_DECLS
