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
  UNCLIP_N_CODECS
} UnclipCodecKind;

/* What the decoder sees of z_i and captions: rows of ../stages/conditioner.c. */
typedef enum
{
  UNCLIP_CONDITIONER_TEXT_PROJ, /* Karlo's: text_proj mixes both */
  UNCLIP_N_CONDITIONERS
} UnclipConditionerKind;

/**
 * UnclipMember:
 * @component: of the table in component.c
 * @folder: (nullable): where it lies; %NULL: in one of its own name
 * @is_optional: what is required elsewhere and not here
 * @remedy: (nullable): in the place of the table's
 * @stages: in the place of the table's, if there are any
 *
 * A component of a family.
 */
typedef struct
{
  const char  *component, *folder;
  gboolean     is_optional;
  const char  *remedy;
  UnclipStages stages;
} UnclipMember;

/**
 * UnclipFamily:
 * @class_names: _class_name of its model_index.json, to the first %NULL; the first family's also stands for none
 * @members: (array zero-terminated=1): its components
 */
typedef struct
{
  const char           *class_names[4];
  const UnclipMember    *members;
  UnclipCodecKind       codec;
  UnclipConditionerKind conditioner;
} UnclipFamily;

/* Row @i of the table; %NULL after the last. */
const UnclipFamily *unclip_family_at    (guint i);
/* @class_name: (nullable). Errors: %UNCLIP_ERROR_MODEL names it and @path, which says so. */
const UnclipFamily *unclip_family_named (const char *class_name, const char *path, GError **error);
/* Component @i of the family, in the table's order; %NULL after the last. */
const UnclipMember  *unclip_family_member (const UnclipFamily *family, guint i);
/* %NULL: the family has no such component. */
const UnclipMember  *unclip_family_find  (const UnclipFamily *family, const char *component);

const char  *unclip_member_folder      (const UnclipMember *member);
UnclipStages unclip_member_stages      (const UnclipMember *member);
gboolean     unclip_member_is_required (const UnclipMember *member);
/* The remedy's sentence, translated. */
const char  *unclip_member_remedy      (const UnclipMember *member);

/* That which the model's model_index.json names. */
const UnclipFamily *unclip_model_family (UnclipModel *model);

G_END_DECLS
